"""Flip rates as people read them, in text and in HTML."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from qa_nlp.counterfactuals.rates import FlipRate
from qa_nlp.counterfactuals.rows import KindCount
from qa_nlp.display.formats import counted, percent, signed
from qa_nlp.display.tables import html_table, paragraphs, text_table

__all__ = ["html_overview", "text_overview"]

_CAPTION: Final = "Grades of counterfactual transcripts"
_TITLES: Final = ("kind", "criterion", "grades", "flips", "flipped", "mean shift", "mean distance")


def text_overview(rates: Sequence[FlipRate], counts: Sequence[KindCount]) -> str:
    """Write flip rates and what they rest on as lines of text.

    Parameters
    ----------
    rates : sequence of FlipRate
        By kind and criterion.
    counts : sequence of KindCount
        By kind.

    Returns
    -------
    str
        A caption, a line for each kind, and a table where there are rates.
    """
    table = text_table(_cells(rates), range(2, len(_TITLES))) if rates else []
    return "\n".join([_CAPTION, *_remarks(counts), *table])


def html_overview(rates: Sequence[FlipRate], counts: Sequence[KindCount]) -> str:
    """Write flip rates and what they rest on as HTML; all texts are escaped.

    Parameters
    ----------
    rates : sequence of FlipRate
        By kind and criterion.
    counts : sequence of KindCount
        By kind.

    Returns
    -------
    str
        A table where there are rates, and a paragraph for each kind.
    """
    table = html_table(_cells(rates), _CAPTION) if rates else ""
    return table + paragraphs(_remarks(counts))


def _remarks(counts: Sequence[KindCount]) -> list[str]:
    return [
        f"{count.kind}: {counted(count.changed, 'transcript')} changed (turns of "
        f"{' and '.join(count.roles)}), {count.unchanged:,} without such words, "
        f"{count.no_lists:,} in a language without lists, {count.unscored:,} not scored"
        for count in counts
    ]


def _cells(rates: Sequence[FlipRate]) -> list[list[str]]:
    body = [
        [
            rate.group["kind"],
            rate.group["criterion"],
            f"{rate.n:,}",
            f"{rate.flips:,}",
            percent(rate.flip_rate),
            "" if rate.mean_shift is None else signed(rate.mean_shift),
            "" if rate.mean_distance is None else f"{rate.mean_distance:.2f}",
        ]
        for rate in rates
    ]
    return [list(_TITLES), *body]

"""A study in a notebook cell or a terminal: the four answers, then one row for each criterion."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qa_nlp.agreement.estimate_text import estimate_text
from qa_nlp.agreement.estimates import Estimate
from qa_nlp.display.formats import spoken
from qa_nlp.display.tables import html_table, paragraphs, text_table

__all__ = ["study_html", "study_text"]

_HEADS = ("criterion", "verdict", "items", "machine and people", "two people", "change")


def study_text(study: Mapping[str, Any]) -> str:
    """Draw a study as plain text.

    Parameters
    ----------
    study : mapping
        With estimates as `Estimate`.

    Returns
    -------
    str
        Several lines.
    """
    lines = [f"{one['question']}\n  {one['answer']}" for one in study["answers"]]
    return "\n".join([*lines, "", *text_table(_cells(study), right=(2,))])


def study_html(study: Mapping[str, Any]) -> str:
    """Draw a study for a notebook cell.

    Parameters
    ----------
    study : mapping
        With estimates as `Estimate`.

    Returns
    -------
    str
        HTML without script.
    """
    texts = [f"{one['question']} {one['answer']}" for one in study["answers"]]
    caption = "Quadratic kappa, with its interval"
    return paragraphs(texts) + html_table(_cells(study), caption, row_heads=True)


def _cells(study: Mapping[str, Any]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [_HEADS]
    for one in study["criteria"]:
        figures = (
            one["machine_human"]["quadratic_kappa"],
            one["human_human"]["quadratic_kappa"],
            one["degradation"]["quadratic_kappa"],
        )
        rows.append(
            (
                spoken(one["criterion"]),
                one["verdict"].decision.value,
                f"{one['counts']['graded']:,}",
                *map(_shown, figures),
            )
        )
    return rows


def _shown(figure: Estimate) -> str:
    return "–" if figure.value is None else estimate_text(figure)

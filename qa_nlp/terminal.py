"""Scorecards as a terminal shows them: a table of many, and one with its evidence."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from qa_nlp.scorecard import Evidence, Grade, GradeStatus, Scorecard, TotalStatus
from qa_nlp.scorecards import shown_level

__all__ = ["card_view", "console", "overview", "plain"]

# What moves the cursor, changes colours, ends a line or turns the reading direction around.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
_STYLES: Final = {
    TotalStatus.FINAL: "bold",
    TotalStatus.PROVISIONAL: "yellow",
    TotalStatus.PENDING_REVIEW: "magenta",
    TotalStatus.FAILED: "bold red",
    TotalStatus.NONE: "dim",
}
_WEAK: Final = 0.35
_STRONG: Final = 0.7
_WIDEST_ID: Final = 40
_PIPE_WIDTH: Final = 120


def plain(text: object) -> str:
    r"""Give text as one line without what could steer a terminal or turn the reading direction.

    Parameters
    ----------
    text : object
        Words of a transcript, an id or the like.

    Returns
    -------
    str
        Of the same length: white space is a space, other control characters are a dot.

    Examples
    --------
    >>> plain("red \x1b[31malert")
    'red ·[31malert'
    """
    return _CONTROL.sub(lambda found: " " if found[0].isspace() else "·", str(text))


def overview(
    scored: Sequence[Scorecard], errors: Sequence[Scorecard] = (), *, width: int = _PIPE_WIDTH
) -> RenderableType:
    """Give one line for each scorecard, then what could not be scored and why.

    Parameters
    ----------
    scored : sequence of Scorecard
        Cards with grades.
    errors : sequence of Scorecard, default ()
        Cards of transcripts that could not be scored.
    width : int, default 120
        Columns of the screen. Where the levels of all criteria do not fit, the criteria with few
        points are named instead.

    Returns
    -------
    rich renderable
        A table and a list.
    """
    parts: list[RenderableType] = []
    if scored:
        table = _level_table(scored)
        # Measured on a screen of any width, so that nothing is cut to fit before it is measured.
        endless = Console(width=100_000)
        fits = Measurement.get(endless, endless.options, table).minimum <= width
        parts.append(table if fits else _weakness_table(scored))
    if errors:
        parts.append(_line(("not scored", "bold")))
    for card in errors:
        reason = card.error or ""
        told = reason if card.transcript_id in reason else f"{card.transcript_id}: {reason}"
        parts.append(Padding(_line((told, "red")), (0, 0, 0, 2)))
    return Group(*parts)


def _level_table(cards: Sequence[Scorecard]) -> Table:
    criteria = list(dict.fromkeys(g.criterion for card in cards for g in card.grades))
    table = _table()
    for criterion in criteria:
        table.add_column(plain(criterion).replace("_", " "))
    for card in cards:
        by_criterion = {grade.criterion: grade for grade in card.grades}
        levels = [_level(by_criterion.get(criterion)) for criterion in criteria]
        table.add_row(*_row_head(card), *levels)
    return table


def _weakness_table(cards: Sequence[Scorecard]) -> Table:
    table = _table()
    table.add_column("weak points")
    for card in cards:
        weak = [g.criterion.replace("_", " ") for g in card.grades if _level_style(g) == "red"]
        table.add_row(*_row_head(card), _line(", ".join(weak)))
    return table


def _table() -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("transcript", no_wrap=True, max_width=_WIDEST_ID)
    table.add_column("total", justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    return table


def _row_head(card: Scorecard) -> list[Text]:
    identifier = _line(card.transcript_id)
    identifier.truncate(_WIDEST_ID, overflow="ellipsis")
    return [identifier, _line(_number(card.total)), _status(card)]


def _status(card: Scorecard) -> Text:
    return _line((card.total_status.value.replace("_", " "), _STYLES[card.total_status]))


def _level(grade: Grade | None) -> Text:
    return Text() if grade is None else _line((shown_level(grade), _level_style(grade)))


def _level_style(grade: Grade) -> str:
    if grade.status is not GradeStatus.GRADED:
        return "dim"
    if not grade.points or not grade.possible:
        return "red"
    share = grade.points / grade.possible
    return "green" if share >= _STRONG else "red" if share < _WEAK else ""


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _line(*parts: str | tuple[str, str]) -> Text:
    """Assemble a line, in which nothing from a file can do more than be read."""
    text = Text.assemble(*parts)
    text.plain = plain(text.plain)
    return text


def card_view(card: Scorecard) -> RenderableType:
    """Give one scorecard with all grades, reasons and evidence.

    Parameters
    ----------
    card : Scorecard
        The scorecard.

    Returns
    -------
    rich renderable
        Several lines.
    """
    head = _line(
        (card.transcript_id, "bold"),
        f"  {card.rubric} {card.rubric_version}, {card.channel or 'any channel'}, "
        f"{card.language or 'unknown language'}, {card.turn_count} turns",
    )
    if card.error is not None:
        return Group(head, _line((f"not scored: {card.error}", "red")))
    total = [("total ", ""), (_number(card.total), _STYLES[card.total_status]), ("  ", "")]
    total.append((card.total_status.value.replace("_", " "), ""))
    if card.total_interval is not None:
        low, high = card.total_interval
        total.append((f", likely between {low:.1f} and {high:.1f} once a person has looked", ""))
    parts: list[RenderableType] = [head, _line(*total)]
    if card.critical_failures:
        failed = ", ".join(card.critical_failures)
        otherwise = _number(card.total_without_critical)
        parts.append(_line((f"failed on {failed} (otherwise {otherwise})", "red")))
    for grade in card.grades:
        parts.extend(_grade_lines(grade))
    uncalibrated = not any(grade.calibrated for grade in card.grades)
    basis = "the rubric's own weights, no human grades" if uncalibrated else "human grades"
    parts += [Text(), _line((f"based on {basis}; fingerprint {card.fingerprint}", "dim"))]
    return Group(*parts)


def _grade_lines(grade: Grade) -> list[RenderableType]:
    chances = "  ".join(f"{level} {chance:.2f}" for level, chance in grade.probabilities.items())
    head = _line(
        (grade.criterion.replace("_", " "), "bold"),
        "  ",
        (shown_level(grade), _level_style(grade)),
        (f"   {chances}" if chances else "", "dim"),
    )
    lines: list[RenderableType] = [Text(), head]
    if grade.reason:
        lines.append(Padding(_line((grade.reason, "yellow")), (0, 0, 0, 2)))
    if grade.evidence:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(justify="right", no_wrap=True)
        table.add_column()
        for item in grade.evidence:
            style = "green" if item.contribution > 0 else "red"
            table.add_row(_line((f"{item.contribution:+.2f}", style)), _evidence_line(item))
        lines.append(Padding(table, (0, 0, 0, 2)))
    return lines


def _evidence_line(item: Evidence) -> Text:
    parts: list[tuple[str, str]] = [(item.signal, "")]
    if item.turn is not None:
        parts.append((f"  turn {item.turn}", "dim"))
    if item.quote:
        parts.append((f"  “{' '.join(item.quote.split())}”", ""))
    if item.note:
        parts.append((f"  ({item.note})", "dim"))
    return _line(*parts)


def console(*, stderr: bool = False) -> Console:
    """Give a console that prints words as they are, without markup.

    Parameters
    ----------
    stderr : bool, default False
        Print to standard error.

    Returns
    -------
    rich.console.Console
        As wide as the terminal, or 120 columns where the output goes elsewhere.
    """
    stream = sys.stderr if stderr else sys.stdout
    known = stream.isatty() or "COLUMNS" in os.environ
    width = None if known else _PIPE_WIDTH
    return Console(stderr=stderr, width=width, markup=False, highlight=False, emoji=False)

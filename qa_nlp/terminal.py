"""Scorecards as a terminal shows them: a table of many, and one with its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from qa_nlp.scorecard import Evidence, Grade, GradeStatus, Scorecard, TotalStatus
from qa_nlp.scorecards import shown_level

__all__ = ["card_view", "overview_table", "plain"]

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_STYLES: Final = {
    TotalStatus.FINAL: "bold",
    TotalStatus.PROVISIONAL: "yellow",
    TotalStatus.PENDING_REVIEW: "magenta",
    TotalStatus.FAILED: "bold red",
    TotalStatus.NONE: "dim",
}


def plain(text: object) -> str:
    """Take out what could steer a terminal or turn the reading direction around.

    Parameters
    ----------
    text : object
        Words of a transcript, an id or the like.

    Returns
    -------
    str
        Safe to print.

    Examples
    --------
    >>> plain("red " + chr(27) + "[31malert")
    'red ·[31malert'
    """
    return _CONTROL.sub("·", str(text))


def overview_table(cards: Iterable[Scorecard], *, most: int | None = None) -> RenderableType:
    """Give one line for each scorecard.

    Parameters
    ----------
    cards : iterable of Scorecard
        In order.
    most : int, optional
        Show at most so many.

    Returns
    -------
    rich renderable
        A table, with a line below where cards were left out.
    """
    chosen = list(cards)
    shown = chosen[:most]
    criteria = list(dict.fromkeys(g.criterion for card in shown for g in card.grades))
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("transcript", no_wrap=True)
    table.add_column("total", justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    for criterion in criteria:
        table.add_column(criterion.replace("_", " "))
    for card in shown:
        table.add_row(*_overview_row(card, criteria))
    left_out = len(chosen) - len(shown)
    note = Text(f"… and {left_out} more", style="dim") if left_out > 0 else Text()
    return Group(table, note) if left_out > 0 else table


def _overview_row(card: Scorecard, criteria: list[str]) -> list[Text]:
    identifier = Text(plain(card.transcript_id))
    if card.error is not None:
        return [identifier, Text("-"), Text(f"error: {plain(card.error)}", style="red")]
    by_criterion = {grade.criterion: grade for grade in card.grades}
    status = Text(card.total_status.value.replace("_", " "), style=_STYLES[card.total_status])
    cells = []
    for criterion in criteria:
        grade = by_criterion.get(criterion)
        cells.append(Text("" if grade is None else shown_level(grade), style=_level_style(grade)))
    return [identifier, Text(_number(card.total)), status, *cells]


def _level_style(grade: Grade | None) -> str:
    if grade is None or grade.status is not GradeStatus.GRADED:
        return "dim"
    if not grade.points or not grade.possible:
        return "red"
    share = grade.points / grade.possible
    return "green" if share >= 0.7 else "red" if share < 0.35 else ""


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


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
    head = Text.assemble((plain(card.transcript_id), "bold"), f"  {card.rubric} ")
    head.append(f"{card.rubric_version}, {card.channel or 'any channel'}, ")
    head.append(f"{card.language or 'unknown language'}, {card.turn_count} turns")
    if card.error is not None:
        return Group(head, Text(f"error: {plain(card.error)}", style="red"))
    total = Text.assemble("total ", (_number(card.total), _STYLES[card.total_status]))
    total.append(f"  {card.total_status.value.replace('_', ' ')}")
    if card.total_interval is not None:
        low, high = card.total_interval
        total.append(f", between {low:.1f} and {high:.1f} once a person has looked")
    parts: list[RenderableType] = [head, total]
    if card.critical_failures:
        failed = ", ".join(card.critical_failures)
        parts.append(Text(f"failed on {failed} (otherwise {_number(card.total_without_critical)})"))
    for grade in card.grades:
        parts.extend(_grade_lines(grade))
    uncalibrated = not any(grade.calibrated for grade in card.grades)
    basis = "the rubric's own weights, no human grades" if uncalibrated else "human grades"
    parts.append(Text(f"based on {basis}; fingerprint {card.fingerprint}", style="dim"))
    return Group(*parts)


def _grade_lines(grade: Grade) -> list[RenderableType]:
    line = Text.assemble("\n", (grade.criterion.replace("_", " "), "bold"), "  ")
    line.append(shown_level(grade), style=_level_style(grade))
    if grade.probabilities:
        chances = "  ".join(
            f"{level} {chance:.2f}" for level, chance in grade.probabilities.items()
        )
        line.append(f"   {chances}", style="dim")
    lines: list[RenderableType] = [line]
    if grade.reason:
        lines.append(Padding(Text(plain(grade.reason), style="yellow"), (0, 0, 0, 2)))
    lines.extend(Padding(_evidence_line(item), (0, 0, 0, 2)) for item in grade.evidence)
    return lines


def _evidence_line(item: Evidence) -> Text:
    style = "green" if item.contribution > 0 else "red"
    line = Text.assemble((f"{item.contribution:+6.2f}", style), f"  {item.signal}  ")
    if item.turn is not None:
        line.append(f"turn {item.turn}: ", style="dim")
    if item.quote:
        line.append(f"“{plain(' '.join(item.quote.split()))}” ")
    if item.note:
        line.append(f"({plain(item.note)})", style="dim")
    return line


def console(*, stderr: bool = False) -> Console:
    """Give a console that prints words as they are, without markup.

    Parameters
    ----------
    stderr : bool, default False
        Print to standard error.

    Returns
    -------
    rich.console.Console
        Ready to print.
    """
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)

"""What a terminal shows: a table of scorecards, one with its evidence, and what was learnt."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rich.console import Console, Group, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from qa_nlp.display.card import calibration_words, contribution_words, level_set_words
from qa_nlp.scorecard import Evidence, Grade, GradeStatus, Scorecard, TotalStatus
from qa_nlp.scorecards import shown_level

if TYPE_CHECKING:
    from qa_nlp.calibration.summary import CalibrationSummary, CriterionSummary

__all__ = ["calibration_view", "card_view", "console", "overview", "plain", "progress_bar"]

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
_MOST_MOVED: Final = 4
_MOVED: Final = 0.05
_MOST_RATERS: Final = 20
_STRICTNESS: Final = ((0.1, "about as strict as"), (0.4, "a little {} than"), (1.0, "{} than"))
_ROUGH: Final = 1000


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
        total.append((f", {_interval_words(card, *card.total_interval)}", ""))
    parts: list[RenderableType] = [head, _line(*total)]
    if card.critical_failures:
        failed = ", ".join(card.critical_failures)
        otherwise = _number(card.total_without_critical)
        parts.append(_line((f"failed on {failed} (otherwise {otherwise})", "red")))
    for grade in card.grades:
        parts.extend(_grade_lines(grade))
    basis = calibration_words(card)
    begin = f"{basis} Fingerprint" if basis else "fingerprint"
    parts += [Text(), _line((f"{begin} {card.fingerprint}", "dim"))]
    return Group(*parts)


def _interval_words(card: Scorecard, low: float, high: float) -> str:
    if card.total_status is TotalStatus.FINAL:
        return f"9 of 10 people's totals would lie between {low:.1f} and {high:.1f}"
    return f"likely between {low:.1f} and {high:.1f} once a person has looked"


def _grade_lines(grade: Grade) -> list[RenderableType]:
    chances = "  ".join(f"{level} {chance:.2f}" for level, chance in grade.probabilities.items())
    head = _line(
        (grade.criterion.replace("_", " "), "bold"),
        "  ",
        (shown_level(grade), _level_style(grade)),
        (f"   {chances}" if chances else "", "dim"),
        ("   calibrated" if grade.calibrated else "", "dim"),
    )
    lines: list[RenderableType] = [Text(), head]
    if grade.reason:
        lines.append(Padding(_line((grade.reason, "yellow")), (0, 0, 0, 2)))
    if sure := level_set_words(grade):
        lines.append(Padding(_line(sure), (0, 0, 0, 2)))
    if grade.evidence:
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(justify="right", no_wrap=True)
        table.add_column()
        for item in grade.evidence:
            style = "green" if item.contribution > 0 else "red"
            table.add_row(_line((f"{item.contribution:+.2f}", style)), _evidence_line(item))
        lines.append(Padding(table, (0, 0, 0, 2)))
    if moved := _moved_without_words(grade):
        lines.append(Padding(_line((f"also: {moved}", "dim")), (0, 0, 0, 2)))
    return lines


def _moved_without_words(grade: Grade) -> str:
    """Give the strongest contributions for which no evidence stands above."""
    told = {item.signal for item in grade.evidence}
    silent = [
        (name, value)
        for name, value in grade.contributions.items()
        if name not in told and abs(value) >= _MOVED
    ]
    silent.sort(key=lambda pair: -abs(pair[1]))
    return "; ".join(
        f"{value:+.2f} {contribution_words(name)}" for name, value in silent[:_MOST_MOVED]
    )


def _evidence_line(item: Evidence) -> Text:
    parts: list[tuple[str, str]] = [(item.signal, "")]
    if item.turn is not None:
        parts.append((f"  turn {item.turn}", "dim"))
    if item.quote:
        parts.append((f"  “{' '.join(item.quote.split())}”", ""))
    if item.note:
        parts.append((f"  ({item.note})", "dim"))
    return _line(*parts)


def calibration_view(summary: CalibrationSummary) -> RenderableType:
    """Give what calibration changed: agreement before and after, and how strict each rater is.

    Parameters
    ----------
    summary : CalibrationSummary
        What `Scorer.calibrate` measured out of fold.

    Returns
    -------
    rich renderable
        A table, what it means, and a line for each rater where two or more are known.
    """
    notes = Table.grid(padding=(0, 1, 0, 0))
    for note in _calibration_notes(summary):
        notes.add_row(Text("·", "dim"), _line(note))
    parts: list[RenderableType] = [_agreement_table(summary.criteria), Text(), notes]
    raters = _rater_lines(summary.criteria)
    if raters:
        parts += [Text(), _line(("raters", "bold")), *map(_line, raters)]
    return Group(*parts)


def _agreement_table(rows: Sequence[CriterionSummary]) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 1))
    table.add_column("\ncriterion", no_wrap=True, max_width=_WIDEST_ID)
    for title in ("\ngraded", "same level\nbefore", "\nafter", "QWK\nbefore", "\nafter"):
        table.add_column(title, justify="right", no_wrap=True)
    for title in ("levels in a\n90 % set", "left to\na person"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(
            _line(row.criterion.replace("_", " ")),
            f"{row.transcripts:,}",
            _share(row.exact_before),
            _share(row.exact_after),
            _kappa(row.kappa_before),
            _kappa(row.kappa_after),
            "–" if row.levels_in_set is None else f"{row.levels_in_set:.1f}",
            _share(row.abstained),
        )
    return table


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _kappa(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _calibration_notes(summary: CalibrationSummary) -> list[str]:
    notes = [
        "Same level: how often the machine's level is the one a rater gave. QWK "
        "(quadratically weighted kappa): 0 = no better than chance, 1 = always the same; far "
        "misses count more. 90 % set: the levels that nine of ten raters' grades fall into.",
        *summary.notes,
    ]
    few = [row.criterion for row in summary.criteria if row.learnt_from == "too few grades"]
    if few:
        notes.append(
            f"Too few grades to learn {', '.join(few)}: the rubric's own settings go on grading."
        )
    if 0 < summary.transcripts < _ROUGH:
        # 95 % margin of a share at its widest, 1.96 × √(¼ ÷ n)
        margin = 98 / summary.transcripts**0.5
        notes.append(
            f"On {summary.transcripts:,} conversations these shares are known to about "
            f"±{margin:.0f} points; smaller differences say little."
        )
    return notes


def _rater_lines(rows: Sequence[CriterionSummary]) -> list[str]:
    """Say how strict each rater is over all criteria, the farthest from the average first."""
    by_rater: dict[str, dict[str, float]] = {}
    for row in rows:
        for rater, value in row.severities.items():
            by_rater.setdefault(rater, {})[row.criterion] = value
    if len(by_rater) < 2:
        return []
    order = sorted(by_rater, key=lambda name: (-abs(_average(by_rater[name])), name))
    lines = [_rater_line(name, by_rater[name]) for name in order[:_MOST_RATERS]]
    if len(order) > _MOST_RATERS:
        lines.append(f"… and {len(order) - _MOST_RATERS:,} more, nearer to the average")
    lines.append(
        "(+1 logit: of two neighbouring levels between which the average rater is undecided, this "
        "rater gives the worse one in 73 % of cases)"
    )
    return lines


def _rater_line(rater: str, severities: Mapping[str, float]) -> str:
    mean = _average(severities)
    word = "stricter" if mean > 0 else "more lenient"
    known = (text for least, text in _STRICTNESS if abs(mean) < least)
    words = next(known, "much {} than").format(word)
    most = max(severities, key=lambda criterion: abs(severities[criterion]))
    where = f"most on {most.replace('_', ' ')}, {severities[most]:+.2f}"
    return f"{rater} is {words} the average rater ({mean:+.2f} logits on average; {where})"


def _average(values: Mapping[str, float]) -> float:
    return sum(values.values()) / len(values)


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


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """Draw a bar on standard error, with a description, a count and the time.

    Yields
    ------
    rich.progress.Progress
        Without a task.
    """
    words = TextColumn("{task.description}")
    columns = (words, BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console(stderr=True)) as bar:
        yield bar

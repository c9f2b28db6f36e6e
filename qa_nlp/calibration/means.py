"""Mean scores of teams, agents and periods, from machine scores of all and human grades of some."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from scipy import stats

from qa_nlp.calibration.borrowed_mean import Borrowing
from qa_nlp.calibration.graded_sample import FEWEST
from qa_nlp.calibration.human_scores import TOTAL, human_scores
from qa_nlp.calibration.mean_table import COLUMNS, GroupMean, MeanTable
from qa_nlp.calibration.prediction_powered import (
    Interval,
    MeanEstimate,
    Population,
    prediction_powered_mean,
)
from qa_nlp.calibration.review_sample import ReviewSample
from qa_nlp.card_groups import group_values, usable_cards
from qa_nlp.display.formats import counted
from qa_nlp.errors import GradesError, did_you_mean
from qa_nlp.grades import Grades, read_grades
from qa_nlp.scorecard import Scorecard

__all__ = ["estimate_means"]

ENOUGH: Final = 10
"""Graded transcripts from which a group stands on its own grades."""

_SUSPICIOUS: Final = 0.01
_Part: TypeAlias = tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class _Unit:
    """A transcript: its machine score, and its human one where it was graded."""

    card: Scorecard
    machine: float
    graded: bool
    human: float | None
    weight: float | None = None


def estimate_means(
    cards: Iterable[Scorecard],
    grades: Any,
    by: str | Sequence[str] | None = None,
    *,
    score: str = TOTAL,
    population: Population = "given",
    sample: ReviewSample | str | Path | None = None,
    level: float = 0.95,
) -> MeanTable:
    """Estimate mean human scores of groups from machine scores of all and human grades of some.

    The machine's score of a transcript used in calibration is its out-of-fold one. The total is the
    one without critical failures; `human_totals` says whose total counts. Several raters' scores of
    a transcript are averaged; each known rater counts once. A transcript that people graded N/A is
    outside the mean of a criterion, and one that the machine has no score for is left out.

    Groups with fewer than 10 graded transcripts, or fewer than 3 independent ones, borrow the
    rectifier of all groups (see `Borrowing`). A group is ranked only where its interval
    overlaps no other group's.

    Parameters
    ----------
    cards : iterable of Scorecard
        Of all transcripts.
    grades : Grades, path or table
        Whatever `read_grades` reads.
    by : str or sequence of str, optional
        Metadata keys, "language", "channel", or "month", "week" or "day" of the start. Default: one
        mean of all.
    score : str, default "total"
        The total (0 to 100), or a criterion's id (its value scale).
    population : {"given", "process"}, default "given"
        Means of these transcripts, or of the process that brings forth such transcripts.
    sample : ReviewSample, str or pathlib.Path, optional
        How the graded transcripts were drawn, or the file that says so. Default: at random.
    level : float, default 0.95
        Of confidence.

    Returns
    -------
    MeanTable
        Best mean first.

    Raises
    ------
    GradesError
        When no card has a score, the score or a key of `by` is unknown, a key is the name of a
        column of the table, a grade is no level of its criterion, two cards have one transcript id,
        or fewer than 3 independent transcripts were graded.

    Examples
    --------
    >>> from qa_nlp.scorecard import Grade, GradeStatus
    >>> values = {"poor": 1.0, "fair": 2.0, "good": 3.0}
    >>> def card(i):
    ...     tone = Grade("tone", GradeStatus.GRADED, expected=1 + i % 3, level_values=values)
    ...     return Scorecard(f"c{i}", f"c{i}", "demo", "1", grades=(tone,))
    >>> rows = [(f"c{i}", "tone", "Ana", list(values)[i % 3]) for i in range(12)]
    >>> grades = Grades.from_rows(rows)
    >>> table = estimate_means([card(i) for i in range(60)], grades, score="tone")
    >>> round(table[0].mean, 3), table[0].graded, table[0].transcripts
    (2.0, 12, 60)
    """
    keys = () if by is None else (by,) if isinstance(by, str) else tuple(by)
    given = list(cards)
    usable = usable_cards(given)
    criteria = {TOTAL, *(grade.criterion for card in usable for grade in card.grades)}
    if score not in criteria:
        raise GradesError(f"no scorecard has a criterion {score!r}{did_you_mean(score, criteria)}")
    human = read_grades(grades)
    drawn = ReviewSample.read(sample) if isinstance(sample, (str, Path)) else sample
    people = human_scores(usable, human, score)
    units = _units(usable, people, score)
    if not units:
        raise GradesError(f"none of {len(given)} scorecards has a machine score of {score!r}")
    units, warnings = _weigh(units, drawn)
    parts = group_values([unit.card for unit in units], keys)
    taken = [key for key in keys if key in COLUMNS]
    if taken:
        raise GradesError(f"{taken[0]!r} is a column of the table of means; rename that metadata")
    members: dict[_Part, list[_Unit]] = {}
    for unit, part in zip(units, parts, strict=True):
        members.setdefault(part, []).append(unit)
    scored = [pair for pair in zip(units, parts, strict=True) if pair[0].human is not None]
    estimator = _Estimator(keys, scored, population, level)
    return MeanTable(
        tuple(_ranked(estimator.row(part, own) for part, own in members.items())),
        keys,
        score,
        population,
        level,
        _note(units, len(given) - len(usable), len(usable) - len(units), people),
        (*_strangers(human, given), *warnings),
    )


def _machine(card: Scorecard, score: str) -> float | None:
    if score == TOTAL:
        return card.total_without_critical if card.fold is None else card.total_out_of_fold
    for grade in card.grades if card.fold is None else card.out_of_fold:
        if grade.criterion == score:
            return grade.expected
    return None


def _units(
    cards: Sequence[Scorecard], people: Mapping[str, Sequence[float | None]], score: str
) -> list[_Unit]:
    units = []
    for card in cards:
        machine = _machine(card, score)
        if machine is not None:
            scores = people.get(card.transcript_id, ())
            known = [one for one in scores if one is not None]
            human = sum(known) / len(known) if known else None
            units.append(_Unit(card, machine, bool(scores), human))
    return units


def _weigh(units: list[_Unit], sample: ReviewSample | None) -> tuple[list[_Unit], list[str]]:
    """Attach weights to the graded, and say what casts doubt on how they were drawn."""
    if sample is None:
        return units, _not_random(units)
    weights, warnings = sample.weights, []
    outside = [unit for unit in units if unit.graded and unit.card.transcript_id not in weights]
    if outside:
        warnings.append(
            f"{counted(len(outside), 'graded transcript')} not in the review sample "
            f"(first: {outside[0].card.transcript_id!r}); their grades are left out, since the "
            "chance with which they were chosen is unknown"
        )
    missing = len(weights) - sum(u.graded and u.card.transcript_id in weights for u in units)
    if missing:
        warnings.append(
            f"{counted(missing, 'transcript')} of the review sample have no complete human grade; "
            "the means hold if these are missing at random"
        )
    if sample.population != len(units):
        warnings.append(
            f"the review sample was drawn from {sample.population} transcripts, but "
            f"{len(units)} have a score"
        )
    even = max(weights.values()) - min(weights.values()) < 1e-9
    weighed = []
    for unit in units:
        weight = weights.get(unit.card.transcript_id)
        if weight is None:
            weighed.append(replace(unit, graded=False, human=None))
        else:
            weighed.append(replace(unit, weight=None if even else weight))
    return weighed, warnings


def _not_random(units: Sequence[_Unit]) -> list[str]:
    """Compare the machine's scores of graded and other transcripts (Welch's test)."""
    graded = np.array([unit.machine for unit in units if unit.graded])
    others = np.array([unit.machine for unit in units if not unit.graded])
    spread = np.sqrt((np.var(graded) + np.var(others)) / 2) if graded.size and others.size else 0.0
    if min(graded.size, others.size) < FEWEST or spread == 0:
        return []
    chance = float(stats.ttest_ind(graded, others, equal_var=False).pvalue)
    if not chance < _SUSPICIOUS:
        return []
    difference = (graded.mean() - others.mean()) / spread
    return [
        "the graded transcripts were not chosen at random: the machine scores them "
        f"{abs(difference):.2f} standard deviations {'higher' if difference > 0 else 'lower'} than "
        f"the others (p = {chance:.2g}); draw them with sample_for_review and pass 'sample'"
    ]


@dataclass(frozen=True, eq=False)
class _Estimator:
    """Means of groups; `scored` are the transcripts with a human score, with their groups."""

    by: Sequence[str]
    scored: Sequence[tuple[_Unit, _Part]]
    population: Population
    level: float

    def row(self, part: _Part, own: Sequence[_Unit]) -> GroupMean:
        """Estimate the mean of a group from its own grades, or from those of all where few."""
        graded = [unit for unit in own if unit.human is not None]
        independent = len({unit.card.group_id for unit in graded})
        short = len(graded) < ENOUGH or independent < FEWEST
        borrows = short and len(self.scored) > len(graded)
        alone = None if borrows and independent < FEWEST else self._alone(own)
        machine = [unit.machine for unit in own]
        mean: Interval
        if alone is None or borrows:
            mean, lambda_ = self._borrowing.mean(part, machine, self.population, self.level)
            note = f"{len(graded)} graded here: borrows the rectifier of all groups"
        else:
            mean, lambda_ = alone, alone.lambda_
            note = "few grades" if short else ""
        return GroupMean(
            dict(zip(self.by, part, strict=True)),
            *(mean.value, mean.low, mean.high),
            *_human(alone, graded),
            float(np.mean(machine)),
            len(graded),
            len(own),
            lambda_,
            borrows,
            note,
        )

    @cached_property
    def _borrowing(self) -> Borrowing:
        units = [unit for unit, _ in self.scored]
        return Borrowing.of(
            [unit.human or 0.0 for unit in units],
            [unit.machine for unit in units],
            [own for _, own in self.scored],
            _weights(units),
            [unit.card.group_id for unit in units],
        )

    def _alone(self, own: Sequence[_Unit]) -> MeanEstimate:
        graded = [unit for unit in own if unit.graded]
        weights = _weights(graded)
        return prediction_powered_mean(
            _domain(graded, weights),
            [unit.machine for unit in graded],
            [unit.machine for unit in own],
            weights=weights,
            groups=[unit.card.group_id for unit in graded],
            groups_all=[unit.card.group_id for unit in own],
            population=self.population,
            level=self.level,
        )


def _weights(units: Sequence[_Unit]) -> list[float] | None:
    known = [unit.weight for unit in units if unit.weight is not None]
    return known if known and len(known) == len(units) else None


def _domain(graded: Sequence[_Unit], weights: Sequence[float] | None) -> list[float]:
    """Give scores whose mean is that of the transcripts to which the criterion applies.

    Those graded N/A get the mean, and the others lie away from it by their distance divided by
    the share that applies: the linearised variable of a domain mean (Särndal, Swensson and Wretman,
    1992, section 5.8), so that which transcripts apply is a matter of chance as well.
    """
    known = np.array([unit.human is not None for unit in graded])
    values = np.array([0.0 if unit.human is None else unit.human for unit in graded])
    if not known.any():
        raise GradesError("no human grades to estimate a mean from; check ids and levels")
    weight = np.ones(values.size) if weights is None else np.array(weights)
    mean = np.average(values[known], weights=weight[known])
    share = weight[known].sum() / weight.sum()
    return [float(v) for v in mean + known * (values - mean) / share]


def _human(
    alone: MeanEstimate | None, graded: Sequence[_Unit]
) -> tuple[float | None, float | None, float | None]:
    if alone is not None:
        return alone.human_only.value, alone.human_only.low, alone.human_only.high
    if not graded:
        return None, None, None
    values = [unit.human or 0.0 for unit in graded]
    return float(np.average(values, weights=_weights(graded))), None, None


def _ranked(rows: Iterable[GroupMean]) -> list[GroupMean]:
    """Sort groups, best first, and rank those whose interval overlaps no other's."""
    ordered = sorted(rows, key=lambda row: (-row.mean, [str(v) for v in row.group.values()]))
    if len(ordered) < 2:
        return ordered
    ranked = []
    for place, row in enumerate(ordered, start=1):
        apart = all(
            other.high < row.low or row.high < other.low for other in ordered if other is not row
        )
        ranked.append(replace(row, rank=place if apart else None))
    return ranked


def _note(units: Sequence[_Unit], errors: int, unscored: int, people: Mapping[str, object]) -> str:
    held_out = sum(unit.card.fold is not None for unit in units)
    graded = [unit for unit in units if unit.graded]
    unseen = sum(unit.card.fold is not None for unit in graded)
    outside = sum(unit.human is None for unit in graded)
    partly = sum(u.card.transcript_id in people and not u.graded for u in units)
    parts = [
        f"{counted(len(graded), 'graded transcript')} of {len(units)}; {unseen} of the graded and "
        f"{held_out} of all have the score of a model that saw no grade of their group",
        f"{counted(outside, 'transcript')} graded N/A, outside the mean" if outside else "",
        f"{counted(partly, 'transcript')} with grades that do not count: not all of the card by "
        "one person, or not in the sample"
        if partly
        else "",
        f"{counted(errors, 'card')} with an error left out" if errors else "",
        f"{counted(unscored, 'card')} without a machine score left out" if unscored else "",
    ]
    return "; ".join(part for part in parts if part)


def _strangers(grades: Grades, cards: Sequence[Scorecard]) -> list[str]:
    """Warn of grades that belong to no card or to no criterion of the cards."""
    found = []
    ids = {card.transcript_id for card in cards}
    criteria = {grade.criterion for card in cards for grade in card.grades}
    for what, given, known in (
        ("transcripts without a scorecard", grades.transcript_ids, ids),
        ("criteria that no scorecard has", grades.criteria, criteria),
    ):
        strange = [name for name in given if name not in known]
        if strange:
            shown = ", ".join(repr(name) for name in list(dict.fromkeys(strange))[:3])
            found.append(f"{counted(len(strange), 'grade')} of {what} left out, such as {shown}")
    return found

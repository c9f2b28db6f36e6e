"""What calibration changed, in a table that a QA lead understands: agreement before and after."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from qa_nlp.calibration.calibrator import Calibrator
from qa_nlp.calibration.conformal import ALPHA, LEAST_GROUPS
from qa_nlp.calibration.grading import middle_level
from qa_nlp.calibration.human_scores import human_totals
from qa_nlp.calibration.rollup import DECIMALS
from qa_nlp.display.tables import html_table, paragraphs, text_table
from qa_nlp.grades import Grades
from qa_nlp.rubric import Criterion, Rubric
from qa_nlp.scorecard import Grade, GradeStatus, Scorecard
from qa_nlp.scorecards import to_library

__all__ = ["CalibrationSummary", "CriterionSummary", "summarise"]

_TITLES: Final = {
    "criterion": "criterion",
    "transcripts": "graded",
    "grades": "grades",
    "raters": "raters",
    "exact_before": "same level, before",
    "exact_after": "after",
    "kappa_before": "QWK, before",
    "kappa_after": "after",
    "levels_in_set": "levels in a 90 % set",
    "abstained": "left to a person",
    "learnt_from": "learnt from",
}


@dataclass(frozen=True, slots=True)
class CriterionSummary:
    """What calibration changed on one criterion; all figures are out of fold.

    Parameters
    ----------
    criterion : str
        Its id.
    transcripts, grades, raters : int
        Graded transcripts, grades other than N/A, known raters.
    exact_before, exact_after : float or None
        Share of grades whose level the machine gives, or would give, with the rubric's own model
        and after calibration.
    kappa_before, kappa_after : float or None
        Quadratically weighted kappa of the same.
    levels_in_set : float or None
        Mean number of levels in a set.
    covered : float or None
        Share of grades inside their set.
    abstained : float or None
        Share of transcripts that calibration leaves to a person.
    learnt_from : str
        ``"signals"``, ``"signals and text"`` or ``"too few grades"``.
    strength : float or None
        Of the pull towards the rubric's weights.
    severities : mapping of str to float
        Logits by which each known rater is stricter than the average.
    """

    criterion: str
    transcripts: int
    grades: int
    raters: int
    exact_before: float | None
    exact_after: float | None
    kappa_before: float | None
    kappa_after: float | None
    levels_in_set: float | None
    covered: float | None
    abstained: float | None
    learnt_from: str
    strength: float | None
    severities: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class CalibrationSummary:
    """What calibration changed.

    Parameters
    ----------
    criteria : tuple of CriterionSummary
        In the rubric's order.
    transcripts : int
        Graded transcripts.
    total_error : float or None
        How far a person's total lies from the machine's in nine of ten.
    warnings : tuple of str, default ()
        What to keep in mind about the grades.
    """

    criteria: tuple[CriterionSummary, ...]
    transcripts: int
    total_error: float | None
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give the summary as JSON-ready values.

        Returns
        -------
        dict
            All fields.
        """
        return {
            "criteria": [asdict(row) for row in self.criteria],
            "transcripts": self.transcripts,
            "total_error": self.total_error,
            "warnings": list(self.warnings),
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> CalibrationSummary:
        """Read a summary back.

        Parameters
        ----------
        row : mapping
            What `to_dict` gave.

        Returns
        -------
        CalibrationSummary
            An equal one.
        """
        criteria = tuple(CriterionSummary(**part) for part in row["criteria"])
        return cls(criteria, row["transcripts"], row["total_error"], tuple(row["warnings"]))

    def to_frame(self, library: str = "pandas") -> Any:
        """Give one row for each criterion.

        Parameters
        ----------
        library : {"pandas", "polars", "arrow"}, default "pandas"
            What to return.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            The fields of `CriterionSummary` but the severities.
        """
        rows = [asdict(row) for row in self.criteria]
        for row in rows:
            del row["severities"]
        return to_library(rows, library, list(rows[0]) if rows else [])

    def cells(self) -> list[list[str]]:
        """Give the table that is shown, titles first.

        Returns
        -------
        list of list of str
            One row for each criterion.
        """
        body = [[_shown(name, getattr(row, name)) for name in _TITLES] for row in self.criteria]
        return [list(_TITLES.values()), *body]

    @property
    def notes(self) -> tuple[str, ...]:
        """What the table means, and what to keep in mind."""
        lines = [
            "All figures are out of fold: each conversation is graded by a model that saw no grade "
            "of it."
        ]
        if self.total_error is not None:
            lines.append(
                f"In nine of ten conversations a person's total lies within {self.total_error:.0f} "
                "points of the machine's."
            )
        return (*lines, *self.warnings)

    def __str__(self) -> str:
        table = text_table(self.cells(), right=range(1, len(_TITLES)))
        return "\n".join([*table, "", *self.notes])

    def _repr_html_(self) -> str:
        return html_table(self.cells()) + paragraphs(self.notes)


def _shown(name: str, value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        percent = name in ("exact_before", "exact_after", "abstained")
        return f"{value:.0%}" if percent else f"{value:.2f}"
    return str(value)


def summarise(
    rubric: Rubric,
    calibrator: Calibrator,
    before: Sequence[Scorecard],
    after: Sequence[Scorecard],
    grades: Grades,
    warnings: tuple[str, ...] = (),
) -> CalibrationSummary:
    """Compare people's grades with the machine's before and after calibration, out of fold.

    Parameters
    ----------
    rubric : Rubric
        The questions.
    calibrator : Calibrator
        What was learnt.
    before, after : sequence of Scorecard
        Of the same graded transcripts; those after calibration with out-of-fold grades.
    grades : Grades
        People's.
    warnings : tuple of str, default ()
        What to keep in mind about them.

    Returns
    -------
    CalibrationSummary
        The table.
    """
    plain = {card.transcript_id: card.grades for card in before}
    unseen = {card.transcript_id: card.out_of_fold for card in after}
    rows = tuple(
        _criterion(position, criterion, calibrator, plain, unseen, grades)
        for position, criterion in enumerate(rubric.criteria)
    )
    return CalibrationSummary(rows, len(after), _total_error(after, grades), warnings)


def _criterion(
    position: int,
    criterion: Criterion,
    calibrator: Calibrator,
    before: Mapping[str, Sequence[Grade]],
    after: Mapping[str, Sequence[Grade]],
    grades: Grades,
) -> CriterionSummary:
    given = grades.of(criterion).applicable()
    kept = [
        (identifier, int(level))
        for identifier, level in zip(given.transcript_ids, given.levels, strict=True)
        if identifier in after
    ]
    learnt = calibrator.criteria.get(criterion.id)
    mine = {name: own[position] for name, own in after.items()}
    exact_before, kappa_before = _agreement(
        criterion, [(before[name][position], level) for name, level in kept]
    )
    exact_after, kappa_after = _agreement(criterion, [(mine[name], level) for name, level in kept])
    if learnt is None:
        text = "too few grades"
    else:
        text = "signals and text" if learnt.model.text else "signals"
    graded = {name for name, _ in kept}
    sets = [
        (len(mine[name].level_set), criterion.levels[level].id in mine[name].level_set)
        for name, level in kept
        if mine[name].level_set
    ]
    return CriterionSummary(
        criterion.id,
        len(graded),
        len(kept),
        len({rater for rater in given.raters if rater is not None}),
        exact_before,
        None if learnt is None else exact_after,
        kappa_before,
        None if learnt is None else kappa_after,
        _mean([size for size, _ in sets]),
        _mean([inside for _, inside in sets]),
        _mean([mine[name].status is GradeStatus.ABSTAINED for name in graded]),
        text,
        None if learnt is None else learnt.strength,
        {} if learnt is None else learnt.severities,
    )


def _agreement(
    criterion: Criterion, pairs: Sequence[tuple[Grade, int]]
) -> tuple[float | None, float | None]:
    names = [level.id for level in criterion.levels]
    found = [
        (middle_level(np.array(list(grade.probabilities.values()))), level)
        for grade, level in pairs
        if grade.probabilities
    ]
    if not found:
        return None, None
    # here, since what it brings takes a while to load, and scoring needs none of it
    from qa_nlp.agreement.statistics import quadratic_kappa

    machine, people = np.array(found, dtype=np.int64).T
    kappa = quadratic_kappa(machine, people, len(names))
    return _mean((machine == people).tolist()), None if math.isnan(kappa) else round(
        kappa, DECIMALS
    )


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), DECIMALS) if len(values) else None


def _total_error(cards: Sequence[Scorecard], grades: Grades) -> float | None:
    """Give the conformal 90 % quantile of how far people's totals lie from the machine's."""
    gaps = sorted(_gaps(cards, grades))
    place = math.ceil((len(gaps) + 1) * (1 - ALPHA))
    if len(gaps) < LEAST_GROUPS or place > len(gaps):
        return None
    return round(gaps[place - 1], DECIMALS)


def _gaps(cards: Sequence[Scorecard], grades: Grades) -> Iterator[float]:
    totals = human_totals(cards, grades)
    random = np.random.default_rng(0)
    for card in sorted(cards, key=lambda one: one.transcript_id):
        given = sorted(totals.get(card.transcript_id, []))
        if given and card.total_out_of_fold is not None:
            yield abs(given[int(random.integers(len(given)))] - card.total_out_of_fold)

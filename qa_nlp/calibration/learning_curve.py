"""Agreement with people against the number of graded conversations learnt from.

For each size, conversations are drawn at random, a model learns from their grades, and the other
conversations are graded by it: no figure uses a grade predicted by a model that saw a grade of the
same group. The answers of all draws are pooled before kappa is computed, as in the summary of a
calibration, because the kappa of one small test part is biased downwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.agreement.statistics import kappa_of_table
from qa_nlp.calibration.calibrator import LEAST_GRADED
from qa_nlp.calibration.criterion_data import CriterionData
from qa_nlp.calibration.curve_chart import CurvePoint, chart
from qa_nlp.calibration.curve_draws import RESAMPLES, draw, resample
from qa_nlp.calibration.curve_fit import Plan, interval, plan
from qa_nlp.display.tables import paragraphs, text_table
from qa_nlp.errors import GradesError
from qa_nlp.scorecards import to_library

__all__ = ["CurvePoint", "LearningCurve", "check_sizes", "default_sizes", "study"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

LARGEST_SHARE: Final = 0.75
"""Of the graded conversations; the others are needed to test."""

_LEAST_USABLE: Final = 0.5
_CLOSE: Final = 0.8
_TITLES: Final = ("criterion", "graded", "QWK", "95 % interval", "levels off")
_NOTE: Final = (
    "Agreement (QWK) on conversations that were not learnt from; 0 graded conversations: the "
    "rubric as it is. Intervals are for the average of many calibrations of that size."
)


def default_sizes(groups: int) -> tuple[int, ...]:
    """Choose how many graded conversations to learn from.

    Parameters
    ----------
    groups : int
        Graded conversations there are.

    Returns
    -------
    tuple of int
        0, then 10 and its doubles, and three quarters of the conversations.

    Examples
    --------
    >>> default_sizes(200), default_sizes(12)
    ((0, 10, 20, 40, 80, 150), (0,))
    """
    largest = int(LARGEST_SHARE * groups)
    sizes = [0]
    size = LEAST_GRADED
    while size < _CLOSE * largest:
        sizes.append(size)
        size *= 2
    if largest >= LEAST_GRADED:
        sizes.append(largest)
    return tuple(sizes)


def study(
    data: CriterionData,
    sizes: Sequence[int] | None = None,
    repeats: int = 20,
    seed: int = 0,
    progress: Callable[[], None] = lambda: None,
) -> tuple[tuple[CurvePoint, ...], Plan]:
    """Measure the learning curve of one criterion, and extrapolate it.

    The interval is a percentile bootstrap over groups (Efron & Tibshirani 1993, "An Introduction
    to the Bootstrap") and, with them, over draws: all sizes share the resampled groups, so the
    shape of the curve, on which the plan rests, is not blurred by what moves all sizes alike.

    Parameters
    ----------
    data : CriterionData
        Its grades.
    sizes : sequence of int, optional
        Graded conversations to learn from; default: `default_sizes`. Those above three quarters
        of the conversations are left out.
    repeats : int, default 20
        Draws for each size. A larger draw holds the smaller ones of the same repeat.
    seed : int, default 0
        Of the draws.
    progress : callable, optional
        Called after each draw of all sizes.

    Returns
    -------
    tuple of (tuple of CurvePoint, Plan)
        The curve by size, empty where people gave one and the same level almost throughout; and
        what more grades would bring.

    Raises
    ------
    ValueError
        When a size is no whole number from 0, or `repeats` is below 2.
    """
    check_sizes(sizes, repeats)
    name = data.criterion.id
    groups = data.graded_groups
    given = default_sizes(len(groups)) if sizes is None else sorted(set(sizes))
    tried = [int(size) for size in given if size <= LARGEST_SHARE * len(groups)]
    if len(np.unique(data.level[data.level >= 0])) < 2 or not tried:
        verdict = Plan(name, len(groups), "few" if not tried else "same")
        return (), verdict
    tested = draw(data, groups, tried, repeats, seed, progress)
    levels = len(data.criterion.levels)
    tables = [drawn.sum(axis=(0, 1)).reshape(levels, levels) for drawn in tested]
    kappas = np.array([kappa_of_table(table) for table in tables])
    replicates = resample(tested, levels, seed)
    replicates = replicates[np.isfinite(replicates).all(axis=1)]
    if len(replicates) < _LEAST_USABLE * RESAMPLES or not np.isfinite(kappas).all():
        return (), Plan(name, len(groups), "same")
    low, high = interval(replicates)
    points = tuple(
        CurvePoint(
            name,
            size,
            float(kappas[place]),
            float(low[place]),
            float(high[place]),
            _mean_distance(tables[place]),
        )
        for place, size in enumerate(tried)
    )
    return points, plan(name, len(groups), np.array(tried), kappas, replicates)


def _mean_distance(table: Array) -> float:
    machine, people = np.indices(table.shape)
    return float((np.abs(machine - people) * table).sum() / table.sum())


def check_sizes(sizes: Sequence[int] | None, repeats: int) -> None:
    """Refuse sizes and numbers of draws that make no sense.

    Parameters
    ----------
    sizes : sequence of int, optional
        How many conversations to learn from.
    repeats : int
        Draws for each size.

    Raises
    ------
    ValueError
        When a size is no whole number from 0, there is none, or `repeats` is below 2.
    """
    if repeats < 2:
        raise ValueError(f"repeats is {repeats}; draw at least twice, better 10 times or more")
    if sizes is None:
        return
    for size in sizes:
        if size < 0 or size != int(size):
            raise ValueError(f"a size is {size}; give whole numbers of conversations, from 0")
    if not len(sizes):
        raise ValueError("sizes is empty; give numbers of conversations, or None for the default")


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """Agreement against the number of graded conversations, and what more would bring.

    Parameters
    ----------
    points : tuple of CurvePoint
        By criterion in the rubric's order, then by size.
    plans : tuple of Plan
        One for each criterion that has grades.

    Examples
    --------
    >>> point = CurvePoint("tone", 40, 0.5, 0.4, 0.6, 0.3)
    >>> curve = LearningCurve((point,), (Plan("tone", 60, "few"),))
    >>> curve.advice
    ("Too few graded conversations (60) to tell what more would bring on 'tone'.",)
    """

    points: tuple[CurvePoint, ...]
    plans: tuple[Plan, ...]

    @classmethod
    def of(
        cls,
        criteria: Iterable[CriterionData],
        sizes: Sequence[int] | None = None,
        repeats: int = 20,
        seed: int = 0,
        progress: Callable[[int, int], None] | None = None,
    ) -> LearningCurve:
        """Measure the learning curve of every criterion that has enough grades.

        Parameters
        ----------
        criteria : iterable of CriterionData
            Their grades; those without grades are passed over.
        sizes, repeats, seed
            See `study`.
        progress : callable, optional
            Called with the number of draws done and of all.

        Returns
        -------
        LearningCurve
            The curves; a criterion with grades on fewer than 10 conversations has a plan only.

        Raises
        ------
        GradesError
            When no criterion has grades on 10 conversations.
        ValueError
            When a size is no whole number from 0, or `repeats` is below 2.
        """
        check_sizes(sizes, repeats)
        given = [data for data in criteria if (data.level >= 0).any()]
        graded = [len(data.graded_groups) for data in given]
        if max(graded, default=0) < LEAST_GRADED:
            raise GradesError(
                f"no criterion has grades on {LEAST_GRADED} conversations or more, so there is no "
                "learning curve; grade more conversations"
            )
        total = repeats * sum(size >= LEAST_GRADED for size in graded)
        done = [0]

        def step() -> None:
            done[0] += 1
            if progress is not None:
                progress(done[0], total)

        points: list[CurvePoint] = []
        plans: list[Plan] = []
        for data, size in zip(given, graded, strict=True):
            if size < LEAST_GRADED:
                plans.append(Plan(data.criterion.id, size, "few"))
                continue
            own, outlook = study(data, sizes, repeats, seed, step)
            points += own
            plans.append(outlook)
        return cls(tuple(points), tuple(plans))

    @property
    def advice(self) -> tuple[str, ...]:
        """What more graded conversations would bring, a sentence for each criterion."""
        return tuple(one.advice for one in self.plans)

    def to_frame(self, library: str = "pandas") -> Any:
        """Give one row for each point.

        Parameters
        ----------
        library : {"pandas", "polars", "arrow"}, default "pandas"
            What to return.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            The fields of `CurvePoint`.

        Raises
        ------
        ValueError
            When the library is another.
        """
        fields = list(CurvePoint.__dataclass_fields__)
        return to_library([asdict(point) for point in self.points], library, fields)

    def to_dict(self) -> dict[str, Any]:
        """Give the curves as JSON-ready values.

        Returns
        -------
        dict
            Points and plans.
        """
        return {
            "points": [asdict(point) for point in self.points],
            "plans": [one.to_dict() for one in self.plans],
        }

    def __str__(self) -> str:
        rows = (
            (
                point.criterion,
                f"{point.n:,}",
                f"{point.kappa:.2f}",
                f"{point.low:.2f} to {point.high:.2f}",
                f"{point.error:.2f}",
            )
            for point in self.points
        )
        table = text_table([_TITLES, *rows], right=range(1, len(_TITLES)))
        return "\n".join([*table, "", _NOTE, *self.advice])

    def _repr_html_(self) -> str:
        charts = "".join(
            chart(one, [point for point in self.points if point.criterion == one.criterion])
            for one in self.plans
        )
        notes = paragraphs([f"{_NOTE} Dashed: extrapolated.", *self.advice])
        return f"<div>{charts}</div>{notes}"

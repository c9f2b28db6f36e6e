"""Agreement with people against the number of graded conversations learnt from.

For each size, conversations are drawn at random, a model learns from their grades, and the other
conversations are graded by it: no figure uses a grade predicted by a model that saw a grade of the
same group. The answers of all draws are pooled before kappa is computed, as in the summary of a
calibration, because the kappa of one small test part is biased downwards.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.agreement.statistics import quadratic_kappa
from qa_nlp.calibration.calibrator import LEAST_GRADED
from qa_nlp.calibration.criterion_data import CriterionData
from qa_nlp.calibration.curve_fit import COVERAGE, RESAMPLES, Plan, draw, plan, resample
from qa_nlp.errors import GradesError
from qa_nlp.scorecards import to_library

__all__ = [
    "CurvePoint",
    "LearningCurve",
    "check_sizes",
    "default_sizes",
    "learning_curve",
    "study",
]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

LARGEST_SHARE: Final = 0.75
"""Of the graded conversations; the others are needed to test."""

_LEAST_USABLE: Final = 0.5
_CLOSE: Final = 0.8
_NAMES: Final = ("criterion", "n", "kappa", "low", "high", "error")
_TITLES: Final = ("criterion", "graded", "QWK", "95 % interval", "levels off")


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Agreement after learning from a number of graded conversations.

    Parameters
    ----------
    criterion : str
        Its id.
    n : int
        Graded conversations (groups) learnt from; 0: the rubric's own model.
    kappa : float
        Quadratically weighted kappa with each human grade, pooled over the draws.
    low, high : float
        95 % interval of the agreement to expect on average over calibrations on `n` conversations.
        It covers which conversations happened to be graded, to test and to learn from, and the
        limited number of draws. It is not a range for a single calibration, which varies more, and
        it knows nothing of conversations or raters that are unlike these.
    error : float
        Mean distance from a human grade, in levels.
    """

    criterion: str
    n: int
    kappa: float
    low: float
    high: float
    error: float


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


def learning_curve(
    data: CriterionData, sizes: Sequence[int] | None = None, repeats: int = 20, seed: int = 0
) -> tuple[CurvePoint, ...]:
    """Measure the learning curve of one criterion.

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

    Returns
    -------
    tuple of CurvePoint
        By size; empty where people gave one and the same level almost throughout.

    Raises
    ------
    ValueError
        When a size is no whole number from 0, or `repeats` is below 2.
    """
    return study(data, sizes, repeats, seed)[0]


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
    data, sizes, repeats, seed
        See `learning_curve`.
    progress : callable, optional
        Called after each draw of all sizes.

    Returns
    -------
    tuple of (tuple of CurvePoint, Plan)
        The curve, and what more grades would bring.

    Raises
    ------
    ValueError
        When a size is no whole number from 0, or `repeats` is below 2.
    """
    check_sizes(sizes, repeats)
    name = data.criterion.id
    groups = np.unique(data.groups[data.item[data.level >= 0]])
    given = default_sizes(len(groups)) if sizes is None else sorted(set(sizes))
    tried = [int(size) for size in given if size <= LARGEST_SHARE * len(groups)]
    if len(np.unique(data.level[data.level >= 0])) < 2 or not tried:
        verdict = Plan(name, len(groups), "few" if not tried else "same")
        return (), verdict
    tested = draw(data, groups, tried, repeats, seed, progress)
    levels = len(data.criterion.levels)
    kappas = np.array([quadratic_kappa(one.machine, one.people, levels) for one in tested])
    replicates = resample(tested, levels, seed)
    replicates = replicates[np.isfinite(replicates).all(axis=1)]
    if len(replicates) < _LEAST_USABLE * RESAMPLES or not np.isfinite(kappas).all():
        return (), Plan(name, len(groups), "same")
    share = 100 * (1 - COVERAGE) / 2
    low, high = np.percentile(replicates, [share, 100 - share], axis=0)
    points = tuple(
        CurvePoint(
            name,
            size,
            float(kappas[place]),
            float(low[place]),
            float(high[place]),
            float(np.abs(tested[place].machine - tested[place].people).mean()),
        )
        for place, size in enumerate(tried)
    )
    return points, plan(name, len(groups), np.array(tried), kappas, replicates)


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
            See `learning_curve`.
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
        graded = [len(np.unique(data.groups[data.item[data.level >= 0]])) for data in given]
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
        return to_library([asdict(point) for point in self.points], library, list(_NAMES))

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
        cells = [
            _TITLES,
            *(
                (
                    point.criterion,
                    f"{point.n:,}",
                    f"{point.kappa:.2f}",
                    f"{point.low:.2f} to {point.high:.2f}",
                    f"{point.error:.2f}",
                )
                for point in self.points
            ),
        ]
        widths = [max(len(row[column]) for row in cells) for column in range(len(_TITLES))]
        lines = [
            "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
            for row in cells
        ]
        return "\n".join([*lines, "", NOTE, *self.advice])

    def _repr_html_(self) -> str:
        charts = "".join(
            _chart(one, [point for point in self.points if point.criterion == one.criterion])
            for one in self.plans
        )
        advice = "".join(f"<p>{escape(text)}</p>" for text in self.advice)
        return f"<div>{charts}</div><p>{escape(NOTE)} Dashed: extrapolated.</p>{advice}"


NOTE: Final = (
    "Agreement (QWK) on conversations that were not learnt from; 0 graded conversations: the "
    "rubric as it is. Intervals are for the average of many calibrations of that size."
)

_WIDTH, _HEIGHT = 460, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 28, 44
_LEAST_TICK = 24  # pixels between two numbers under the axis


def _chart(outlook: Plan, points: Sequence[CurvePoint]) -> str:
    """Draw one criterion's curve, and dashed what the plan expects, as inline SVG."""
    if not points:
        return ""
    ahead = _ahead(outlook)
    most = max([points[-1].n, *(n for n, _ in ahead)])
    least = min(0.0, math.floor(10 * min(point.low for point in points)) / 10)

    def place(n: float, kappa: float) -> tuple[float, float]:
        along = math.sqrt(n / most) if most else 0.0  # sizes double: their roots lie evenly
        up = (min(max(kappa, least), 1.0) - least) / (1.0 - least)
        x = _LEFT + along * (_WIDTH - _LEFT - _RIGHT)
        return round(x, 1), round(_HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM), 1)

    name = escape(outlook.criterion)
    band = [place(p.n, p.high) for p in points] + [place(p.n, p.low) for p in reversed(points)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        f'viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" font-family="sans-serif" font-size="11" '
        f'fill="currentColor"><title>Learning curve of {name}</title>',
        f'<text x="{_LEFT}" y="16" font-size="13" font-weight="bold">{name}</text>',
        *_axes(place, least, sorted({p.n for p in points} | {n for n, _ in ahead[1:]})),
        f'<polygon points="{_path(band)}" fill="#2a78b8" fill-opacity="0.2"/>',
        _line([place(p.n, p.kappa) for p in points]),
        _line([place(n, kappa) for n, kappa in ahead], ' stroke-dasharray="5 4"'),
    ]
    for point in points:
        x, y = place(point.n, point.kappa)
        ends = place(point.n, point.low)[1], place(point.n, point.high)[1]
        parts.append(
            f'<line x1="{x}" x2="{x}" y1="{ends[0]}" y2="{ends[1]}" stroke="#2a78b8" '
            f'stroke-opacity="0.5"/>'
            f'<circle cx="{x}" cy="{y}" r="3.5" fill="#2a78b8"><title>{point.n:,} graded: '
            f"{point.kappa:.2f} ({point.low:.2f} to {point.high:.2f})</title></circle>"
        )
    return "".join([*parts, "</svg>"])


def _ahead(outlook: Plan) -> list[tuple[int, float]]:
    if outlook.more is None or outlook.kappa is None or outlook.reached is None:
        return []
    now = outlook.graded
    return [(now, outlook.kappa), (now + outlook.more, outlook.reached)]


def _axes(
    place: Callable[[float, float], tuple[float, float]], least: float, sizes: Sequence[int]
) -> list[str]:
    """Draw grid lines with their numbers, and name the axes."""
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = []
    for tenth in range(math.ceil(5 * least) * 2, 11, 2):
        y = place(0, tenth / 10)[1]
        parts.append(
            f'<line x1="{_LEFT}" x2="{right}" y1="{y}" y2="{y}" stroke="currentColor" '
            f'stroke-opacity="{0.5 if not tenth else 0.15}"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{tenth / 10:.1f}</text>'
        )
    last = -math.inf
    for size in sizes:
        x = place(size, 0)[0]
        if x - last >= _LEAST_TICK:
            parts.append(f'<text x="{x}" y="{bottom + 15}" text-anchor="middle">{size:,}</text>')
            last = x
    middle = (_LEFT + right) / 2
    return [
        *parts,
        f'<text x="{middle}" y="{_HEIGHT - 8}" text-anchor="middle">graded conversations</text>',
        f'<text transform="translate(14 {(bottom + _TOP) / 2}) rotate(-90)" '
        'text-anchor="middle">agreement (QWK)</text>',
    ]


def _path(places: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in places)


def _line(places: Sequence[tuple[float, float]], dash: str = "") -> str:
    return (
        f'<polyline points="{_path(places)}" fill="none" stroke="#2a78b8" stroke-width="2"{dash}/>'
    )

"""How agreement grows with the number of grades: draws, a law, and what more grades would bring.

Agreement after learning from n conversations is described by an inverse power law,
``limit - drop / n ** exponent`` (Cortes, Jackel, Solla, Vapnik & Denker 1993, "Learning curves:
asymptotic values and rate of convergence"; Figueroa, Zeng-Treitler, Kandula & Ngo 2012, "Predicting
sample size required for classification performance"). The exponent is 0.5 or 1, whichever fits
better: a handful of points does not bear a third free number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from qa_nlp.calibration.criterion_data import CriterionData
from qa_nlp.calibration.fitting import fit_model
from qa_nlp.calibration.grading import middle_level

__all__ = [
    "COVERAGE",
    "FARTHEST",
    "GAINS",
    "RESAMPLES",
    "LeftOut",
    "Plan",
    "PowerLaw",
    "draw",
    "fit_power_law",
    "plan",
    "resample",
]

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Verdict = Literal["more", "little", "unsure", "few", "same"]

COVERAGE: Final = 0.95
"""Of every interval of a learning curve."""

RESAMPLES: Final = 400
"""Of groups and draws, for intervals."""

EXPONENTS: Final = (0.5, 1.0)
GAINS: Final = (0.05, 0.02)
"""Gains in kappa that are looked for, the first that is within reach."""

FARTHEST: Final = 3.0
"""Times the present number of graded conversations beyond which nothing is said."""

LEAST_POINTS: Final = 3
"""Sizes above 0 that a curve needs: with two, any law fits."""

_SURE_GAIN: Final = 0.01
_LEAST_VARIANCE: Final = 1e-6
_STEP: Final = 10


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """Grades of the groups left out of each draw of one size.

    Parameters
    ----------
    counts : ndarray of float64, shape (draws, groups, levels * levels)
        How often each pair of levels occurs; machine times levels plus person.
    machine, people : ndarray of int64, shape (grades of all draws,)
        Positions of levels, from 0.
    """

    counts: Array
    machine: Index
    people: Index


def draw(
    data: CriterionData,
    groups: Index,
    sizes: Sequence[int],
    repeats: int,
    seed: int,
    progress: Callable[[], None] = lambda: None,
) -> list[LeftOut]:
    """Learn from draws of each size and grade the other groups.

    Parameters
    ----------
    data : CriterionData
        The grades.
    groups : ndarray of int64, shape (groups,)
        Those with a grade other than N/A, in increasing order.
    sizes : sequence of int
        How many groups to learn from, each below the number of groups.
    repeats : int
        Draws; a larger draw holds the smaller ones of the same repeat.
    seed : int
        Of the draws.
    progress : callable, optional
        Called after each repeat.

    Returns
    -------
    list of LeftOut
        By size.
    """
    found: list[list[tuple[Array, Index, Index]]] = [[] for _ in sizes]
    for repeat in range(repeats):
        order = np.random.default_rng([seed, repeat]).permutation(groups)
        for place, size in enumerate(sizes):
            if size or not repeat:  # the rubric's own model is the same in every draw
                found[place].append(_test(data, groups, order[:size]))
            else:
                found[place].append(found[place][0])
        progress()
    return [
        LeftOut(
            np.array([counts for counts, _, _ in draws]),
            np.concatenate([machine for _, machine, _ in draws]),
            np.concatenate([people for _, _, people in draws]),
        )
        for draws in found
    ]


def _test(data: CriterionData, groups: Index, chosen: Index) -> tuple[Array, Index, Index]:
    inside = np.isin(data.groups, chosen)
    model = fit_model(_seen(data, inside), held_out=0).model if len(chosen) else data.prior
    tested = (data.level >= 0) & ~inside[data.item]
    item, people = data.item[tested], data.level[tested]
    rows, place = np.unique(item, return_inverse=True)
    machine = np.array([middle_level(one) for one in data.chances(model, rows)])[place]
    levels = len(data.criterion.levels)
    cell = np.searchsorted(groups, data.groups[item]) * levels**2 + machine * levels + people
    counts = np.bincount(cell, minlength=len(groups) * levels**2).astype(np.float64)
    return counts.reshape(len(groups), levels**2), machine, people


def _seen(data: CriterionData, inside: NDArray[np.bool_]) -> CriterionData:
    """Hold out all other rows; what text models keep for reuse must not outlive one draw."""
    views, turns = data.views, data.turns
    return replace(
        data,
        folds=np.where(inside, 1, 0),
        views=None if views is None else views.fresh(),
        turns=None if turns is None else replace(turns, views=turns.views.fresh()),
    )


def resample(tested: Sequence[LeftOut], levels: int, seed: int) -> Array:
    """Give kappa on resampled groups and draws, the same ones for all sizes.

    All draws come from the same groups, which the resampling, done after learning, does not see.
    Kappa averaged over draws is a U-statistic of the groups (Hoeffding 1948, "A class of statistics
    with asymptotically normal distribution"): its variance for this reason is about n ÷ groups
    times that between calibrations, by which the replicates are widened.

    Parameters
    ----------
    tested : sequence of LeftOut
        By size.
    levels : int
        How many levels there are.
    seed : int
        Of the resampling.

    Returns
    -------
    ndarray of float64, shape (resamples, sizes)
        NaN where a resample has no kappa.
    """
    repeats, groups, _ = tested[0].counts.shape
    random = np.random.default_rng([seed, repeats, 1])
    times = random.multinomial(groups, np.full(groups, 1 / groups), RESAMPLES).astype(np.float64)
    draws = random.multinomial(repeats, np.full(repeats, 1 / repeats), RESAMPLES)
    found = []
    for one in tested:
        pooled = np.zeros((RESAMPLES, levels**2))
        for repeat, counts in enumerate(one.counts):
            pooled += draws[:, repeat, None] * (times @ counts)
        kappas = _kappas(pooled.reshape(-1, levels, levels))
        fixed = _kappas((times @ one.counts.sum(axis=0)).reshape(-1, levels, levels))
        single = _kappas(one.counts.sum(axis=1).reshape(-1, levels, levels))
        tested_groups = float(np.mean((one.counts.sum(axis=2) > 0).sum(axis=1)))
        between = _learning_variance(single, _variance(fixed), tested_groups, groups)
        found.append(_widened(kappas, (1.0 - tested_groups / groups) * between))
    return np.array(found).T


def _variance(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.var(ddof=1)) if len(known) > 1 else 0.0


def _learning_variance(single: Array, fixed: float, tested: float, groups: int) -> float:
    """Give the variance between calibrations, without that of their test parts."""
    return max(0.0, _variance(single) - fixed * (groups - tested) / tested)


def _widened(kappas: Array, more: float) -> Array:
    """Spread values around their median so that their variance grows by as much."""
    spread = _variance(kappas)
    if spread <= 0.0:
        return kappas
    middle = float(np.nanmedian(kappas))
    return np.clip(middle + (kappas - middle) * math.sqrt(1.0 + more / spread), -1.0, 1.0)


def _kappas(tables: Array) -> Array:
    """Give the quadratically weighted kappa of each table, NaN where it has none."""
    place = np.arange(tables.shape[1])
    gap = (place[:, None] - place[None, :]) ** 2
    total = tables.sum(axis=(1, 2))
    observed = (gap * tables).sum(axis=(1, 2)) * total
    expected = np.einsum("bi,ij,bj->b", tables.sum(axis=2), gap, tables.sum(axis=1))
    usable = expected > 0
    return np.where(usable, 1.0 - observed / np.where(usable, expected, 1.0), np.nan)


@dataclass(frozen=True, slots=True)
class PowerLaw:
    """Agreement as a function of the number of graded conversations.

    Parameters
    ----------
    limit : float
        Agreement after endlessly many; at most 1.
    drop : float
        What is missing after one; at least 0.
    exponent : float
        How fast that shrinks.
    """

    limit: float
    drop: float
    exponent: float

    def at(self, n: float) -> float:
        """Give the agreement after a number of graded conversations.

        Parameters
        ----------
        n : float
            Above 0.

        Returns
        -------
        float
            Kappa.

        Examples
        --------
        >>> round(PowerLaw(0.7, 2.0, 0.5).at(100), 6)
        0.5
        """
        return float(self.limit - self.drop / n**self.exponent)

    def reaching(self, kappa: float) -> float:
        """Give the number of graded conversations after which an agreement is reached.

        Parameters
        ----------
        kappa : float
            The agreement.

        Returns
        -------
        float
            Infinite where it is never reached.

        Examples
        --------
        >>> round(PowerLaw(0.7, 2.0, 0.5).reaching(0.6)), PowerLaw(0.7, 2.0, 0.5).reaching(0.8)
        (400, inf)
        """
        if kappa >= self.limit:
            return math.inf
        return float((self.drop / (self.limit - kappa)) ** (1.0 / self.exponent))


def fit_power_law(sizes: Index, kappas: Array, weights: Array) -> PowerLaw:
    """Fit a power law by weighted least squares, with ``drop >= 0`` and ``limit <= 1``.

    Parameters
    ----------
    sizes : ndarray of int64, shape (points,)
        Graded conversations, above 0.
    kappas : ndarray of float64, shape (points,)
        Agreement after each.
    weights : ndarray of float64, shape (points,)
        One divided by the variance of each.

    Returns
    -------
    PowerLaw
        Of the exponents 0.5 and 1, the one that leaves the smaller residuals.

    Examples
    --------
    >>> sizes = np.array([10, 40, 160])
    >>> law = fit_power_law(sizes, 0.7 - 2 / np.sqrt(sizes), np.ones(3))
    >>> round(law.limit, 6), round(law.drop, 6), law.exponent
    (0.7, 2.0, 0.5)
    """
    laws = [_with_exponent(sizes, kappas, weights, exponent) for exponent in EXPONENTS]
    return min(laws, key=lambda law: float(weights @ _residuals(law, sizes, kappas) ** 2))


@dataclass(frozen=True, slots=True)
class Plan:
    """What more graded conversations would bring on one criterion.

    Parameters
    ----------
    criterion : str
        Its id.
    graded : int
        Graded conversations there are.
    verdict : {"more", "little", "unsure", "few", "same"}
        More would help; would hardly help; cannot be told because the curve is too uncertain,
        because there are too few graded conversations, or because people gave one level only.
    more : int, optional
        How many more the figures below are about; None where nothing can be told. Together with
        those there are, at most 3 times as many as now.
    kappa, reached : float, optional
        Agreement expected of all present grades, and of `more` in addition.
    low, high : float, optional
        95 % range of `reached`.
    gain_low, gain_high : float, optional
        95 % range of ``reached - kappa``; narrower, since which conversations happened to be
        graded moves both alike.
    """

    criterion: str
    graded: int
    verdict: Verdict
    more: int | None = None
    kappa: float | None = None
    reached: float | None = None
    low: float | None = None
    high: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None

    @property
    def advice(self) -> str:
        """The plan as a sentence."""
        if self.verdict == "few":
            return (
                f"Too few graded conversations ({self.graded:,}) to tell what more would bring on "
                f"{self.criterion!r}."
            )
        if self.verdict == "same":
            return (
                f"People gave {self.criterion!r} one and the same level almost throughout "
                f"({self.graded:,} conversations); what more grades would bring cannot be told."
            )
        outcome = (
            f"from {self.kappa:.2f} to about {self.reached:.2f} ({self.low:.2f} to {self.high:.2f};"
            f" a gain of {self.gain_low:.2f} to {self.gain_high:.2f})"
        )
        if self.verdict == "more":
            sure = self.gain_low is not None and self.gain_low >= _SURE_GAIN
            return (
                f"About {self.more:,} more graded conversations {'would' if sure else 'may'} raise "
                f"the agreement on {self.criterion!r} {outcome}."
            )
        if self.verdict == "little":
            return (
                f"More grades would hardly help on {self.criterion!r}: {self.more:,} more graded "
                f"conversations would take the agreement {outcome}."
            )
        return (
            f"It cannot be told yet whether more grades would help on {self.criterion!r}: "
            f"{self.more:,} more graded conversations would take the agreement {outcome}."
        )

    def to_dict(self) -> dict[str, Any]:
        """Give the plan as JSON-ready values.

        Returns
        -------
        dict
            All fields and the advice.
        """
        return {**asdict(self), "advice": self.advice}


def plan(criterion: str, graded: int, sizes: Index, kappas: Array, replicates: Array) -> Plan:
    """Extrapolate a learning curve to what more graded conversations would bring.

    The first of the gains 0.05 and 0.02 that the fitted law reaches with at most 3 times the
    present number is told; where neither is, what 3 times the present number would bring.

    Parameters
    ----------
    criterion : str
        Its id.
    graded : int
        Graded conversations there are.
    sizes : ndarray of int64, shape (points,)
        Graded conversations learnt from; 0 is left out of the fit.
    kappas : ndarray of float64, shape (points,)
        Agreement after each.
    replicates : ndarray of float64, shape (replicates, points)
        The same curve on resampled conversations; the law is fitted anew to each, and the ranges
        are percentiles of what those laws say.

    Returns
    -------
    Plan
        The plan; "few" where fewer than three sizes above 0 could be tried.

    Examples
    --------
    >>> sizes = np.array([0, 20, 40, 80, 150])
    >>> kappas = 0.7 - 2 / np.sqrt(np.maximum(sizes, 1))
    >>> noise = np.random.default_rng(0).normal(0, 0.01, (200, 5))
    >>> found = plan("resolution", 200, sizes, kappas, kappas + noise)
    >>> found.verdict, found.more, round(found.kappa, 2), round(found.reached, 2)
    ('more', 280, 0.56, 0.61)
    """
    above = sizes > 0
    if above.sum() < LEAST_POINTS:
        return Plan(criterion, graded, "few")
    sizes, kappas, replicates = sizes[above], kappas[above], replicates[:, above]
    weights = 1.0 / np.maximum(replicates.var(axis=0), _LEAST_VARIANCE)
    law = fit_power_law(sizes, kappas, weights)
    total, in_reach = _target(law, graded)
    laws = [fit_power_law(sizes, row, weights) for row in replicates]
    reached = np.array([one.at(total) for one in laws])
    gains = reached - np.array([one.at(graded) for one in laws])
    share = 100 * (1 - COVERAGE) / 2
    low, high = np.percentile(reached, [share, 100 - share]).tolist()
    gain_low, gain_high = np.percentile(gains, [share, 100 - share]).tolist()
    verdict: Verdict = "more" if in_reach else "little" if gain_high < GAINS[0] else "unsure"
    return Plan(
        criterion,
        graded,
        verdict,
        total - graded,
        law.at(graded),
        law.at(total),
        low,
        high,
        gain_low,
        gain_high,
    )


def _target(law: PowerLaw, graded: int) -> tuple[int, bool]:
    """Choose a number of conversations to speak of, and tell whether a gain is reached by it."""
    farthest = int(FARTHEST * graded)
    for gain in GAINS:
        needed = law.reaching(law.at(graded) + gain)
        if needed <= farthest:
            more = _STEP * math.ceil((needed - graded) / _STEP)
            return min(graded + more, farthest), True
    return farthest, False


def _with_exponent(sizes: Index, kappas: Array, weights: Array, exponent: float) -> PowerLaw:
    x = sizes.astype(np.float64) ** -exponent
    share = weights / weights.sum()
    mean_x, mean = float(share @ x), float(share @ kappas)
    spread = float(share @ (x - mean_x) ** 2)
    drop = -float(share @ ((x - mean_x) * (kappas - mean))) / spread if spread > 0 else 0.0
    if drop <= 0:
        return PowerLaw(min(mean, 1.0), 0.0, exponent)
    if mean + drop * mean_x > 1:
        return PowerLaw(1.0, max(0.0, float(share @ (x * (1 - kappas)) / (share @ x**2))), exponent)
    return PowerLaw(mean + drop * mean_x, drop, exponent)


def _residuals(law: PowerLaw, sizes: Index, kappas: Array) -> Array:
    return np.asarray(kappas - law.limit + law.drop / sizes**law.exponent)

"""How agreement grows with the number of grades: a law, and what more grades would bring.

Agreement after learning from n conversations is described by an inverse power law,
``limit - drop / n ** exponent`` (Cortes, Jackel, Solla, Vapnik & Denker 1993, "Learning curves:
asymptotic values and rate of convergence"; Figueroa, Zeng-Treitler, Kandula & Ngo 2012, "Predicting
sample size required for classification performance"). The exponent is 0.5 or 1, whichever fits
better: a handful of points does not bear a third free number.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "FARTHEST",
    "GAINS",
    "Plan",
    "PowerLaw",
    "fit_power_law",
    "interval",
    "plan",
]

Array = NDArray[np.float64]
Index = NDArray[np.int64]
Verdict = Literal["more", "little", "unsure", "few", "same"]

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
_ENDS: Final = (2.5, 97.5)  # percentiles


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


def interval(replicates: Array) -> Array:
    """Give the ends of the 95 % interval.

    Parameters
    ----------
    replicates : ndarray of float64, shape (replicates, ...)
        A value, or values, on resampled conversations.

    Returns
    -------
    ndarray of float64, shape (2, ...)
        Low and high.

    Examples
    --------
    >>> interval(np.arange(401.0))
    array([ 10., 390.])
    """
    return np.percentile(replicates, _ENDS, axis=0)


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
    low, high = interval(reached).tolist()
    gain_low, gain_high = interval(gains).tolist()
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

"""How strict each rater is, from arrays of grades.

The grade of an item (one transcript on one criterion) by a rater follows a cumulative logit model
(McCullagh 1980, "Regression Models for Ordinal Data") with a facet for raters (Linacre 1989,
"Many-Facet Rasch Measurement")::

    P(grade >= k) = logistic(offset + caseload + u - severity - cut k),   u ~ N(0, sigma^2)

``u`` is what the offset does not tell about an item; it is integrated out by Gauss-Hermite
quadrature. ``caseload``, the mean over an item's grades of one free number for each rater, absorbs
that some people are given harder work (Mundlak 1978, "On the Pooling of Time Series and Cross
Section Data"). Severities are so learnt only from items that several people graded; where people
share no item, their difference is left to the prior ``severity ~ N(0, tau^2)`` and its width. The
grade of an unknown person counts as an item of its own: it tells nothing of anybody's severity.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from qa_nlp.calibration.rater_likelihood import Likelihood
from qa_nlp.calibration.rater_rows import Rows, checked_rows, components

__all__ = ["TAU_PRIOR", "Severities", "fit_severities"]

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

TAU_PRIOR: Final = (0.5, 0.6)
"""Median of tau in logits, and standard deviation of its logarithm: 95 % within .15 and 1.6."""

_ATTENUATION: Final = (16 * np.sqrt(3) / (15 * np.pi)) ** 2
_TAU_GRID: Final = np.geomspace(0.02, 5.0, 120)


@dataclass(frozen=True, slots=True, eq=False)
class Severities:
    """How strict each of R raters is.

    Parameters
    ----------
    severity : ndarray of float64, shape (R,)
        Logits above the average rater; greater than 0 is stricter. Each connected group of raters
        has mean 0, or, under random allocation, all raters together.
    standard_error : ndarray of float64, shape (R,)
        In logits, against the average of all raters. It contains the prior spread of what the data
        cannot tell: the mean severity of a connected group where there are several groups.
    covariance : ndarray of float64, shape (R, R)
        Of the severities; differences of raters have errors of their own.
    sigma : float
        Spread of item effects in logits.
    sigma_estimated : bool
        Whether items with several grades told sigma; it is `DEFAULT_SIGMA` or was given otherwise.
    tau : float
        Spread of severities in logits.
    cutpoints : tuple of ndarray of float64, shapes (n_levels - 1,)
        By criterion, increasing; for an item of the average caseload.
    caseload : ndarray of float64, shape (n,)
        What the raters' caseloads add to each grade, in logits.
    component : ndarray of int64, shape (R,)
        Number of the rater's connected group, from 0; raters of two groups share no item.
    rows : Rows
        The grades, as they were given.
    """

    severity: Floats
    standard_error: Floats
    covariance: Floats
    sigma: float
    sigma_estimated: bool
    tau: float
    cutpoints: tuple[Floats, ...]
    caseload: Floats
    component: Integers
    rows: Rows

    @property
    def marginal(self) -> Floats:
        """Severities on the scale of a model without item effects, shape (R,).

        Divided by ``sqrt(1 + c^2 sigma^2)`` with ``c = 16 sqrt(3) / (15 pi)`` (Zeger, Liang and
        Albert 1988, "Models for Longitudinal Data").
        """
        return np.asarray(self.severity / np.sqrt(1 + _ATTENUATION * self.sigma**2))


def fit_severities(
    levels: ArrayLike,
    items: ArrayLike,
    raters: ArrayLike,
    n_levels: int | Sequence[int],
    offsets: ArrayLike | None = None,
    criteria: ArrayLike | None = None,
    *,
    random_allocation: bool = False,
    sigma: float | None = None,
    tau: float | None = None,
) -> Severities:
    """Estimate how strict each rater is.

    Cutpoints, caseloads and sigma are fitted by penalised marginal likelihood, severities by
    empirical Bayes: tau maximises its Laplace marginal likelihood times a log-normal prior
    (`TAU_PRIOR`), and severities and their errors are averaged over the posterior of tau.

    Parameters
    ----------
    levels : array_like of int, shape (n,)
        Position of the level, 0 = worst.
    items : array_like of int, shape (n,)
        Which item was graded.
    raters : array_like of int, shape (n,)
        Who graded it, from 0; -1 = an unknown person.
    n_levels : int or sequence of int
        Levels of the criterion, or of each criterion.
    offsets : array_like of float, shape (n,), optional
        Logits already known of each grade's item, -1,000 to 1,000.
    criteria : array_like of int, shape (n,), optional
        Criterion of each grade, from 0.
    random_allocation : bool, default False
        Whether it was left to chance who graded what. Then caseloads are alike, grades of items
        that one person alone graded count too, and all raters are compared.
    sigma, tau : float, optional
        Fixed spreads in logits; estimated where not given.

    Returns
    -------
    Severities
        Independent of the order of the rows. With one rater, severity and error are 0.

    Raises
    ------
    GradesError
        When the arrays do not fit together or a level is out of range.

    Examples
    --------
    >>> strict, lenient = [0, 0, 1, 1, 1, 2] * 5, [1, 1, 1, 2, 2, 2] * 5
    >>> fit = fit_severities(strict + lenient, [*range(30)] * 2, [0] * 30 + [1] * 30, 3)
    >>> fit.severity.round(1), fit.component
    (array([ 1.7, -1.7]), array([0, 0]))
    """
    rows = checked_rows(levels, items, raters, n_levels, offsets, criteria)
    count = int(rows.rater.max(initial=-1)) + 1
    likelihood = Likelihood(rows, count, not random_allocation, sigma)
    start = TAU_PRIOR[0] if tau is None else tau
    theta, spread = likelihood.approach(start), start
    for _ in range(8):
        theta = likelihood.maximise(theta, spread)
        told = _Told.of(*likelihood.profile(theta, spread))
        before, spread = spread, told.most_likely_tau() if tau is None else tau
        if abs(np.log(spread / before)) < 0.01:
            break
    mean, covariance = told.posterior(_TAU_GRID if tau is None else np.array([tau]))
    component = components(rows, count)
    comparable = np.zeros_like(component) if random_allocation else component
    severity = mean - _group_means(mean, comparable)
    covariance = _centred(covariance)
    caseload, cutpoints = likelihood.locate(theta, mean - severity)
    return Severities(
        severity=severity,
        standard_error=np.sqrt(np.maximum(np.diag(covariance), 0.0)),
        covariance=covariance,
        sigma=likelihood.sigma(theta),
        sigma_estimated=likelihood.free_sigma,
        tau=float(spread),
        cutpoints=cutpoints,
        caseload=caseload,
        component=component,
        rows=rows,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Told:
    """What is told of the severities b, ``exp(score' b - b' precision b / 2)``, by eigenvectors."""

    values: Floats
    vectors: Floats
    along: Floats

    @classmethod
    def of(cls, precision: Floats, score: Floats) -> _Told:
        values, vectors = np.linalg.eigh(precision)
        return cls(np.maximum(values, 0.0)[:, None], vectors, (vectors.T @ score)[:, None])

    def log_evidence(self, tau: Floats) -> Floats:
        """Log of the Laplace marginal likelihood of tau times its prior, up to a constant."""
        shrunk = 1 + tau**2 * self.values
        fit = 0.5 * (self.along**2 * tau**2 / shrunk - np.log(shrunk)).sum(axis=0)
        prior = -0.5 * (np.log(tau / TAU_PRIOR[0]) / TAU_PRIOR[1]) ** 2
        return np.asarray(fit + prior)

    def most_likely_tau(self) -> float:
        found = optimize.minimize_scalar(
            lambda log_tau: -self.log_evidence(np.exp(np.array([log_tau])))[0],
            bounds=(np.log(_TAU_GRID[0]), np.log(_TAU_GRID[-1])),
            method="bounded",
            options={"xatol": 1e-8},
        )
        return float(np.exp(found.x))

    def posterior(self, grid: Floats) -> tuple[Floats, Floats]:
        """Mean and covariance of the severities, averaged over a grid of tau."""
        log = self.log_evidence(grid)
        weight = np.exp(log - log.max())
        weight /= weight.sum()
        spread = 1 / (self.values + 1 / grid**2)
        means = spread * self.along
        mean = means @ weight
        off = means - mean[:, None]
        inner = np.diag(spread @ weight) + (off * weight) @ off.T
        return self.vectors @ mean, np.asarray(self.vectors @ inner @ self.vectors.T)


def _group_means(values: Floats, group: Integers) -> Floats:
    sums = np.bincount(group, weights=values)
    return np.asarray((sums / np.bincount(group))[group] if len(group) else values)


def _centred(covariance: Floats) -> Floats:
    """Give the covariance of differences from the mean of all raters."""
    if not len(covariance):
        return covariance
    covariance = covariance - covariance.mean(axis=0, keepdims=True)
    return np.asarray(covariance - covariance.mean(axis=1, keepdims=True))

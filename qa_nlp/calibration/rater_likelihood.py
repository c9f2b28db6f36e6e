"""The marginal likelihood of grades under the model of `qa_nlp.calibration.rater_model`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, optimize, sparse
from scipy.special import expit, log_expit

from qa_nlp.calibration.rater_rows import Rows, patterns, rater_shares

__all__ = ["DEFAULT_SIGMA", "NODES", "Likelihood", "State", "evaluate"]

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]

DEFAULT_SIGMA: Final = 1.0
"""Spread of item effects in logits where no item was graded twice."""

_DIFFUSE: Final = 10.0  # standard deviation of first cutpoints and caseloads: in effect free
_GAP_SPREAD: Final = 2.0  # of the logarithm of the gap between cutpoints, around 1 logit
_SIGMA_SPREAD: Final = 1.0  # of the logarithm of sigma, around 1 logit
_FAR: Final = 10.0  # of these logarithms: where the search for a start ends
NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(25)
_LOG_WEIGHTS: Final = np.log(_WEIGHTS / _WEIGHTS.sum())


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """The model at one point, for n grades of I items at each of `NODES`.

    Parameters
    ----------
    reached, passed : ndarray of float64, shape (n, nodes)
        P(grade at least its level), P(grade above its level).
    pull : ndarray of float64, shape (n,)
        What the gap between the cutpoints beside the level adds to their derivatives.
    posterior : ndarray of float64, shape (I, nodes)
        Of the item effects.
    log_likelihood : ndarray of float64, shape (I,)
        Marginal.
    """

    reached: Floats
    passed: Floats
    pull: Floats
    posterior: Floats
    log_likelihood: Floats


def evaluate(eta: Floats, lower: Floats, upper: Floats, starts: Integers, sigma: float) -> State:
    """Integrate item effects out.

    Parameters
    ----------
    eta, lower, upper : ndarray of float64, shape (n,)
        Logits of each grade, and the cutpoints below and above its level (infinite at the ends).
        The grades of an item stand together.
    starts : ndarray of int64, shape (I,)
        First grade of each item.
    sigma : float
        Spread of item effects.

    Returns
    -------
    State
        With ``P(level) = F(a) - F(b) = F(a) F(-b) (1 - exp(b - a))``, which loses no digits.
    """
    effects = sigma * NODES
    above = (eta - lower)[:, None] + effects
    below = (eta - upper)[:, None] + effects
    gap = upper - lower
    room = -np.expm1(-gap)
    chances = log_expit(above) + log_expit(-below) + np.log(room)[:, None]
    joint = np.add.reduceat(chances, starts, axis=0) + _LOG_WEIGHTS
    most = joint.max(axis=1)
    posterior = np.exp(joint - most[:, None])
    total = posterior.sum(axis=1)
    posterior /= total[:, None]
    pull = np.exp(-gap) / room
    return State(expit(above), expit(below), pull, posterior, np.log(total) + most)


@dataclass(frozen=True, slots=True, eq=False)
class _Point:
    """The model at some parameters, with what all derivatives there need."""

    theta: Floats
    state: State
    slopes: Floats  # by eta, the lower and the upper cutpoint, shape (3, n, nodes)
    weight: Floats  # posterior of the item effects times the number of such items, (n, nodes)


class Likelihood:
    """Marginal likelihood of grades, with derivatives.

    Parameters are, in this order: for each criterion the first cutpoint and the logarithms of the
    gaps; caseloads; severities; the logarithm of sigma where it is free. Items that got the same
    grades by the same raters are held once, with their number. The Hessian follows Louis 1982,
    "Finding the Observed Information Matrix when Using the EM Algorithm".

    Parameters
    ----------
    rows : Rows
        The grades, at least one.
    raters : int
        How many known raters there are; one alone has no parameters.
    caseloads : bool
        Whether each rater has a caseload.
    sigma : float, optional
        Fixed spread of item effects; where None, it is free if an item has several grades.
    """

    def __init__(self, rows: Rows, raters: int, caseloads: bool, sigma: float | None) -> None:
        self._rows = rows
        self._known = raters
        self.free_sigma = sigma is None and bool((np.bincount(rows.item) > 1).any())
        self._fixed_sigma = DEFAULT_SIGMA if sigma is None else sigma
        ends = np.cumsum(rows.n_levels - 1)
        self._parts = [slice(a, b) for a, b in zip([0, *ends[:-1]], ends, strict=True)]
        self._cuts = int(ends[-1])
        self._case = rater_shares(rows, raters, caseloads)
        self._severities = raters if raters > 1 else 0
        self.size = self._cuts + self._case.shape[1] + self._severities + self.free_sigma
        self._items = patterns(rows)
        kept = self._items.kept
        self._lower, self._upper = self._neighbours(rows.level[kept], rows.criterion[kept])
        self._offset = rows.offset[kept]
        self._jacobian = self._blocks(rows.rater[kept], self._case[kept])
        self._index_scores()
        self._last: _Point | None = None

    def _neighbours(self, level: Integers, criterion: Integers) -> tuple[Integers, Integers]:
        """Positions in (-inf, all cutpoints, inf) of the cutpoints beside each level."""
        first = np.array([part.start for part in self._parts])[criterion]
        lower = np.where(level == 0, 0, first + level)
        top = level == self._rows.n_levels[criterion] - 1
        return lower, np.where(top, self._cuts + 1, first + level + 1)

    def _blocks(self, rater: Integers, case: sparse.csr_array) -> sparse.csr_array:
        """Derive eta, the lower and the upper cutpoint by all but sigma, (3 n, parameters)."""
        n = len(rater)
        theirs = np.flatnonzero(rater >= 0) if self._severities else np.empty(0, dtype=np.int64)
        shape = (n, self._severities)
        severity = sparse.csr_array((-np.ones(len(theirs)), (theirs, rater[theirs])), shape=shape)
        empty = sparse.csr_array((n, int(self.free_sigma)))
        eta = sparse.hstack([sparse.csr_array((n, self._cuts)), case, severity, empty])
        cuts = []
        for places in (self._lower, self._upper):
            inner = np.flatnonzero((places > 0) & (places <= self._cuts))
            entries = (np.ones(len(inner)), (inner, places[inner] - 1))
            cuts.append(sparse.csr_array(entries, shape=(n, self.size)))
        return sparse.csr_array(sparse.vstack([eta, *cuts]))

    def sigma(self, theta: Floats) -> float:
        """Spread of item effects."""
        return float(np.exp(theta[-1])) if self.free_sigma else self._fixed_sigma

    def _linear(self, theta: Floats) -> Floats:
        """Turn gaps into cutpoints; the rest stays."""
        linear = theta.copy()
        for part in self._parts:
            linear[part][1:] = theta[part][0] + np.cumsum(np.exp(theta[part][1:]))
        return linear

    def _chain(self, theta: Floats) -> Floats:
        """Derive the linear parameters by the free ones."""
        chain = np.eye(self.size)
        for part in self._parts:
            block = np.tril(np.ones((part.stop - part.start,) * 2))
            block[:, 1:] *= np.exp(theta[part][1:])
            chain[part, part] = block
        if self.free_sigma:
            chain[-1, -1] = np.exp(theta[-1])
        return chain

    def start(self) -> Floats:
        """Cutpoints from the shares of the levels; the rest 0."""
        theta = np.zeros(self.size)
        for number, part in enumerate(self._parts):
            mine = self._rows.criterion == number
            count = np.bincount(self._rows.level[mine], minlength=self._rows.n_levels[number]) + 0.5
            below = np.cumsum(count)[:-1] / count.sum()
            cuts = np.log(below / (1 - below)) - self._rows.offset[mine].sum() / max(1, mine.sum())
            theta[part] = np.concatenate([cuts[:1], np.log(np.diff(cuts))])
        return theta

    def _at(self, theta: Floats) -> _Point:
        """Evaluate the model, unless this is where it was evaluated last."""
        if self._last is None or not np.array_equal(self._last.theta, theta):
            linear = self._linear(theta)
            cuts = np.concatenate([[-np.inf], linear[: self._cuts], [np.inf]])
            eta = self._offset + self._jacobian[: len(self._offset)] @ linear
            lower, upper = cuts[self._lower], cuts[self._upper]
            state = evaluate(eta, lower, upper, self._items.starts, self.sigma(theta))
            slopes = np.empty((3, *state.reached.shape))
            np.subtract(1 - state.reached, state.passed, out=slopes[0])
            np.subtract(state.reached, 1 + state.pull[:, None], out=slopes[1])
            np.add(state.passed, state.pull[:, None], out=slopes[2])
            heavy = self._items.weight[:, None] * state.posterior
            weight = np.repeat(heavy, self._items.lengths, axis=0)
            self._last = _Point(theta.copy(), state, slopes, weight)
        return self._last

    def value(self, theta: Floats) -> tuple[float, Floats]:
        """Log-likelihood and its gradient."""
        point = self._at(theta)
        mean = np.einsum("bnm,nm->bn", point.slopes, point.weight)
        gradient = self._jacobian.T @ mean.ravel()
        if self.free_sigma:
            gradient[-1] = np.einsum("nm,nm,m->", point.slopes[0], point.weight, NODES)
        value = float(self._items.weight @ point.state.log_likelihood)
        return value, gradient @ self._chain(theta)

    def information(self, theta: Floats) -> Floats:
        """Minus the Hessian of the log-likelihood, shape (parameters, parameters)."""
        point = self._at(theta)
        hessian = self._expected_curvature(point) + self._score_covariance(point)
        chain = self._chain(theta)
        free = chain.T @ hessian @ chain
        _, gradient = self.value(theta)
        for part in self._parts:
            curved = np.arange(part.start + 1, part.stop)
            free[curved, curved] += gradient[curved]
        if self.free_sigma:
            free[-1, -1] += gradient[-1]
        return np.asarray(-(free + free.T) / 2)

    def _expected_curvature(self, point: _Point) -> Floats:
        """Posterior mean of the second derivatives, were the item effects known."""
        state, weight = point.state, point.weight
        above = state.reached * (1 - state.reached) * weight
        below = state.passed * (1 - state.passed) * weight
        mass = weight.sum(axis=1)
        bend = state.pull * (1 + state.pull) * mass
        a, b = above.sum(axis=1), below.sum(axis=1)
        diagonals = [[-a - b, a, b], [a, -a - bend, bend], [b, bend, -b - bend]]
        middle = sparse.block_array([[sparse.diags_array(d) for d in row] for row in diagonals])
        curvature = (self._jacobian.T @ middle @ self._jacobian).toarray()
        if self.free_sigma:
            a, b = above @ NODES, below @ NODES
            cross = self._jacobian.T @ np.concatenate([-a - b, a, b])
            cross[-1] = -float(((above + below) @ NODES**2).sum())
            curvature[-1, :] = curvature[:, -1] = cross
        return np.asarray(curvature)

    def _score_covariance(self, point: _Point) -> Floats:
        """Sum over items of the posterior covariance of their scores."""
        posterior = point.state.posterior
        entries = self._gather @ point.slopes.reshape(-1, len(NODES))
        if self.free_sigma:
            entries[self._sigma_entries] *= NODES
        share = np.repeat(posterior, np.diff(self._score_rows), axis=0)
        mean = np.einsum("nm,nm->n", entries, share)
        nodes = self._crossed(entries, self._items.weight * posterior.T)
        return nodes - self._crossed(mean[:, None], self._items.weight[None, :])

    def _crossed(self, scores: Floats, weight: Floats) -> Floats:
        """Add up weight times the outer product of each item's score, at each node."""
        times = scores.shape[1]
        rows = (np.arange(times)[:, None] * self._score_rows[-1] + self._score_rows[:-1]).ravel()
        rows = np.append(rows, times * self._score_rows[-1])
        columns = np.tile(self._score_columns, times)
        shape = (times * len(self._items.weight), self.size)
        left = sparse.csr_array((scores.T.ravel(), columns, rows), shape=shape)
        heavy = scores.T.ravel() * np.repeat(weight.ravel(), np.diff(rows))
        right = sparse.csr_array((heavy, columns, rows), shape=shape)
        return np.asarray((left.T @ right).toarray())

    def _index_scores(self) -> None:
        """Find which parameters each item's score touches, and the slopes that add up to it."""
        n, items = len(self._offset), len(self._items.weight)
        item = np.repeat(np.arange(items), self._items.lengths)
        touched = self._jacobian.tocoo()
        row, column, value = touched.row, touched.col, touched.data
        if self.free_sigma:
            row = np.concatenate([row, np.arange(n)])
            column = np.concatenate([column, np.full(n, self.size - 1)])
            value = np.concatenate([value, np.ones(n)])
        key, entry = np.unique(item[row % n] * self.size + column, return_inverse=True)
        shape = (len(key), 3 * n)
        self._gather = sparse.csr_array((value, (entry, row)), shape=shape)
        self._score_columns = key % self.size
        self._score_rows = np.searchsorted(key, np.arange(items + 1) * self.size)
        self._sigma_entries = self._score_columns == self.size - 1

    @property
    def _logarithms(self) -> NDArray[np.bool_]:
        """Which parameters are logarithms, so that a long step would overflow."""
        logarithm = np.zeros(self.size, dtype=bool)
        for part in self._parts:
            logarithm[part][1:] = True
        logarithm[self.size - self.free_sigma :] = True
        return logarithm

    def _penalty(self, tau: float) -> Floats:
        """Prior precision of each parameter, all with mean 0."""
        precision = np.full(self.size, _DIFFUSE**-2)
        for part in self._parts:
            precision[part][1:] = _GAP_SPREAD**-2
        precision[self._severity_part] = tau**-2
        if self.free_sigma:
            precision[-1] = _SIGMA_SPREAD**-2
        return precision

    @property
    def _severity_part(self) -> slice:
        first = self._cuts + self._case.shape[1]
        return slice(first, first + self._severities)

    def loss(self, theta: Floats, tau: float) -> tuple[float, Floats]:
        """Give minus the penalised log-likelihood, and its gradient."""
        penalty = self._penalty(tau)
        value, gradient = self.value(theta)
        return 0.5 * float(penalty @ theta**2) - value, penalty * theta - gradient

    def approach(self, tau: float) -> Floats:
        """Come near the greatest penalised likelihood, by L-BFGS."""

        def loss(theta: Floats) -> tuple[float, Floats]:
            return self.loss(theta, tau)

        found = optimize.minimize(
            loss,
            self.start(),
            method="L-BFGS-B",
            jac=True,
            bounds=[(-_FAR, _FAR) if log else (None, None) for log in self._logarithms],
            options={"maxiter": 500, "gtol": 1e-3, "ftol": 1e-5},
        )
        return np.asarray(found.x, dtype=float)

    def maximise(self, theta: Floats, tau: float) -> Floats:
        """Give the parameters of the greatest penalised likelihood, by Newton steps from near."""
        penalty = np.diag(self._penalty(tau))
        for _ in range(50):
            value, gradient = self.loss(theta, tau)
            step = _descent(self.information(theta) + penalty, gradient)
            step = step / max(1.0, np.abs(step[self._logarithms]).max(initial=0.0))
            for _ in range(40):
                if self.loss(theta - step, tau)[0] <= value + 1e-9:
                    break
                step = step / 2
            else:
                break
            theta = theta - step
            if np.abs(step).max(initial=0.0) < 1e-8:
                break
        return theta

    def profile(self, theta: Floats, tau: float) -> tuple[Floats, Floats]:
        """Give the severities' Gaussian likelihood once all else is profiled out.

        Precision (R, R) and score (R,) of ``exp(score' b - b' precision b / 2)``.
        """
        if not self._severities:
            return np.zeros((self._known, self._known)), np.zeros(self._known)
        part = self._severity_part
        mine = np.zeros(self.size, dtype=bool)
        mine[part] = True
        full = self.information(theta) + np.diag(np.where(mine, 0.0, self._penalty(tau)))
        cross = full[np.ix_(~mine, mine)]
        rest = linalg.solve(full[np.ix_(~mine, ~mine)], cross, assume_a="sym")
        precision = full[np.ix_(mine, mine)] - cross.T @ rest
        precision = (precision + precision.T) / 2
        return precision, precision @ theta[part] + theta[part] / tau**2

    def locate(self, theta: Floats, shift: Floats) -> tuple[Floats, tuple[Floats, ...]]:
        """Give each grade's caseload, of mean 0, shape (n,), and each criterion's cutpoints.

        `shift`, shape (R,), is what was taken off the severities; it goes to the caseloads, and
        their mean to the cutpoints, so that every grade keeps its logits.
        """
        first = self._cuts
        caseload = self._case @ theta[first : first + self._case.shape[1]]
        caseload = caseload - np.append(shift, 0.0)[self._rows.rater]
        linear = self._linear(theta) - caseload.mean()
        return caseload - caseload.mean(), tuple(linear[part] for part in self._parts)


def _descent(curvature: Floats, gradient: Floats) -> Floats:
    """Newton step; where the curvature is not positive definite, by its absolute values."""
    try:
        return np.asarray(linalg.cho_solve(linalg.cho_factor(curvature), gradient))
    except linalg.LinAlgError:
        values, vectors = np.linalg.eigh(curvature)
        size = np.maximum(np.abs(values), 1e-6 * np.abs(values).max())
        return np.asarray(vectors @ (vectors.T @ gradient / size))

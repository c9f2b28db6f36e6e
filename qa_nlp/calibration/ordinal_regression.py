"""Penalised cumulative-logit regression with a prior centre.

``P(level >= k) = logistic(sum_j coef_j x_j + offset - cutpoint_k)`` (McCullagh 1980, "Regression
Models for Ordinal Data"). Coefficients and cutpoints are pulled to a stated centre instead of to 0,
so that few grades move a model a little and many decide: the posterior mode under independent
normal priors (Gelman et al. 2008, "A weakly informative default prior distribution for logistic and
other regression models").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from qa_nlp.calibration.ordinal import cutpoints_of, level_probabilities, penalised_loss
from qa_nlp.errors import GradesError

__all__ = ["OrdinalRegression"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

_LEAST_GAP: Final = 1e-9
_TOLERANCE: Final = 1e-5
_MOST_STEPS: Final = 500
_FLAT: Final = 1e-8
"""Penalty on what nothing else holds, so that a level nobody used has a finite cutpoint."""


class OrdinalRegression(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Cumulative-logit regression whose penalty is centred on prior weights and cutpoints.

    A missing value (NaN) adds nothing to the sum, as a value of 0 does: center the columns so that
    0 speaks neither for nor against.

    Parameters
    ----------
    strength : float or array-like of shape (features,), default 1.0
        Penalty ``strength / 2 * (coef - prior_coef) ** 2``, in units of one observation's
        log-likelihood; 0 for none.
    prior_coef : array-like of shape (features,), optional
        Centre of the penalty; default: 0.
    prior_cutpoints : array-like of shape (levels - 1,), optional
        Increasing; centre for the cutpoints. Default: no centre, and the levels are those seen.
    shift_strength, gap_strength : float, default 0.0
        Penalty on how far the cutpoints move together, and on how far the logarithm of each gap
        between neighbouring ones moves.
    signs : array-like of shape (features,), optional
        1: the coefficient may not fall below 0, -1: not rise above, 0: free.

    Attributes
    ----------
    classes_ : ndarray, shape (levels,)
        The levels, worst first.
    coef_ : ndarray of float64, shape (features,)
        Logits for one unit of each column.
    cutpoints_ : ndarray of float64, shape (levels - 1,)
        Increasing.
    n_features_in_ : int
        Columns seen in `fit`.

    Examples
    --------
    >>> x = np.array([[-1.0], [-0.5], [0.0], [0.5], [1.0], [0.2]])
    >>> model = OrdinalRegression(prior_coef=[2.0], prior_cutpoints=[-1.0, 1.0])
    >>> model.fit(x, [0, 0, 1, 2, 2, 1]).predict(x).tolist()
    [0, 0, 1, 2, 2, 1]
    """

    def __init__(
        self,
        strength: float | Sequence[float] | Array = 1.0,
        *,
        prior_coef: Sequence[float] | Array | None = None,
        prior_cutpoints: Sequence[float] | Array | None = None,
        shift_strength: float = 0.0,
        gap_strength: float = 0.0,
        signs: Sequence[int] | Index | None = None,
    ) -> None:
        self.strength = strength
        self.prior_coef = prior_coef
        self.prior_cutpoints = prior_cutpoints
        self.shift_strength = shift_strength
        self.gap_strength = gap_strength
        self.signs = signs

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        offset: ArrayLike | None = None,
    ) -> OrdinalRegression:
        """Fit to graded observations.

        Parameters
        ----------
        X : array-like, shape (n, features)
            NaN = not measured.
        y : array-like, shape (n,)
            Levels. With prior cutpoints these are positions, 0 to levels - 1.
        sample_weight : array-like, shape (n,), optional
            Weight of each observation; default: 1.
        offset : array-like, shape (n,), optional
            Known logits, such as minus the severity of a rater; default: 0.

        Returns
        -------
        OrdinalRegression
            Itself.

        Raises
        ------
        GradesError
            When shapes do not fit, a value is infinite, or fewer than two levels are known.
        """
        x = _features(X)
        levels = np.asarray(y)
        n, features = x.shape
        if levels.shape != (n,):
            raise GradesError(f"{n} rows of signals, but {levels.shape} grades; one grade a row")
        if self.prior_cutpoints is None:
            self.classes_, positions = np.unique(levels, return_inverse=True)
            counts = np.bincount(positions) / max(n, 1)
            center = _logit(np.cumsum(counts)[:-1])
        else:
            center = np.asarray(self.prior_cutpoints, dtype=np.float64)
            self.classes_, positions = np.arange(len(center) + 1), levels.astype(np.int64)
            if n and (positions.min() < 0 or positions.max() > len(center)):
                raise GradesError(f"levels must be positions from 0 to {len(center)}")
        if len(center) < 1:
            raise GradesError("all grades are the same level; give at least two, or a prior")
        weight = _vector(sample_weight, n, 1.0)
        self.n_features_in_ = features
        prior = self._prior(features)
        strength = np.broadcast_to(np.asarray(self.strength, dtype=np.float64), (features,))
        gaps = np.log(np.maximum(np.diff(center), _LEAST_GAP))
        start = np.concatenate([prior, center[:1], gaps])
        held = (strength, start, max(self.shift_strength, _FLAT), max(self.gap_strength, _FLAT))
        found = minimize(
            penalised_loss,
            start,
            (x, positions.astype(np.int64), weight, _vector(offset, n, 0.0), *held),
            jac=True,
            method="L-BFGS-B",
            bounds=self._bounds(features, len(center)),
            options={"maxiter": _MOST_STEPS, "ftol": 1e-11, "gtol": _TOLERANCE},
        )
        self.coef_ = np.asarray(found.x[:features])
        self.cutpoints_ = cutpoints_of(found.x[features:])
        return self

    def decision_function(self, X: ArrayLike, offset: ArrayLike | None = None) -> Array:
        """Give the logits of observations, before any cutpoint.

        Parameters
        ----------
        X : array-like, shape (n, features)
            NaN = not measured.
        offset : array-like, shape (n,), optional
            Known logits.

        Returns
        -------
        ndarray of float64, shape (n,)
            Higher = better.
        """
        check_is_fitted(self)
        x = _features(X)
        return np.asarray(x @ self.coef_ + _vector(offset, len(x), 0.0))

    def predict_proba(self, X: ArrayLike, offset: ArrayLike | None = None) -> Array:
        """Give the probability of each level.

        Parameters
        ----------
        X : array-like, shape (n, features)
            NaN = not measured.
        offset : array-like, shape (n,), optional
            Known logits.

        Returns
        -------
        ndarray of float64, shape (n, levels)
            Worst level first; rows sum to 1.
        """
        return level_probabilities(self.decision_function(X, offset), self.cutpoints_)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Give the most probable level of each observation.

        Parameters
        ----------
        X : array-like, shape (n, features)
            NaN = not measured.

        Returns
        -------
        ndarray, shape (n,)
            Of `classes_`.
        """
        return np.asarray(self.classes_[self.predict_proba(X).argmax(axis=1)])

    def _prior(self, features: int) -> Array:
        if self.prior_coef is None:
            return np.zeros(features)
        prior = np.asarray(self.prior_coef, dtype=np.float64)
        if prior.shape != (features,):
            raise GradesError(f"{features} columns, but a prior for {prior.shape}")
        return prior

    def _bounds(self, features: int, cuts: int) -> list[tuple[float | None, float | None]]:
        signs = np.zeros(features) if self.signs is None else np.asarray(self.signs)
        sides: dict[int, tuple[float | None, float | None]] = {1: (0.0, None), -1: (None, 0.0)}
        free: tuple[float | None, float | None] = (None, None)
        # a gap of e^20 logits is as good as endless, and keeps the optimiser in range
        gap: tuple[float | None, float | None] = (-20.0, 20.0)
        return [*(sides.get(int(sign), free) for sign in signs), free, *[gap] * (cuts - 1)]


def _features(values: ArrayLike) -> Array:
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 2:
        raise GradesError(f"signals must be a table of rows and columns, not of shape {x.shape}")
    if np.isinf(x).any():
        raise GradesError("a signal is infinite; write NaN for what was not measured")
    return np.where(np.isnan(x), 0.0, x)


def _vector(values: ArrayLike | None, size: int, default: float) -> Array:
    if values is None:
        return np.full(size, default)
    vector = np.asarray(values, dtype=np.float64)
    if vector.shape != (size,) or not np.isfinite(vector).all():
        raise GradesError(f"expected {size} finite numbers, got shape {vector.shape}")
    return vector


def _logit(shares: Array) -> Array:
    return np.asarray(np.log(shares) - np.log1p(-shares))

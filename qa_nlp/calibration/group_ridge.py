"""Ridge regression whose strength is chosen by leaving out one group at a time, in closed form.

Hoerl & Kennard 1970, "Ridge regression"; for the left-out predictions Allen 1974 ("PRESS") and, for
groups, Hastie, Tibshirani & Friedman 2009, "The Elements of Statistical Learning", section 7.10.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["STRENGTHS", "GroupRidge", "RidgeBasis"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

STRENGTHS: Final = tuple(float(10**power) for power in np.arange(-2.0, 2.51, 0.5))
"""Penalties tried, each times the mean squared length of the rows."""

_NEGLIGIBLE: Final = 1e-9
_CERTAIN: Final = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class GroupRidge:
    """A fitted ridge regression.

    Parameters
    ----------
    coef : ndarray of float64, shape (columns,)
        Weights of the columns.
    intercept : float
        Added to the sum.
    penalty : float
        The chosen one.
    left_out : ndarray of float64, shape (n,)
        Prediction of each row by the fit to all other groups.
    loss : float
        Mean squared error of those.
    """

    coef: Array
    intercept: float
    penalty: float
    left_out: Array
    loss: float

    def predict(self, x: Array) -> Array:
        """Predict rows.

        Parameters
        ----------
        x : ndarray, shape (m, columns)
            New rows.

        Returns
        -------
        ndarray of float64, shape (m,)
            Predictions.
        """
        return np.asarray(x @ self.coef + self.intercept)


class RidgeBasis:
    """The part of a ridge regression that does not depend on what is predicted.

    Parameters
    ----------
    x : ndarray, shape (n, columns)
        Without NaN, on comparable scales: columns are centred, not scaled.
    groups : ndarray of int64, shape (n,)
        What is left out together.

    Examples
    --------
    >>> x = np.arange(12.0)[:, None]
    >>> fit = RidgeBasis(x, np.arange(12)).fit(2 * x[:, 0] + 1)
    >>> bool(abs(fit.coef[0] - 2) < 0.1)
    True
    """

    def __init__(self, x: Array, groups: Index) -> None:
        self._mean = x.mean(axis=0)
        self._rotation, self._values, self._scores = _rotated(x - self._mean)
        order = np.argsort(groups, kind="stable")
        self._parts = np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)
        self._unit = max(float(self._values.sum()) / len(x), _NEGLIGIBLE)

    def fit(self, y: Array) -> GroupRidge:
        """Fit, with the penalty under which left-out groups are predicted best.

        Parameters
        ----------
        y : ndarray, shape (n,)
            What to predict.

        Returns
        -------
        GroupRidge
            The fit.
        """
        middle = float(y.mean())
        target = y - middle
        along = self._scores.T @ target
        best: tuple[float, float, Array] | None = None
        for strength in STRENGTHS:
            penalty = strength * self._unit
            shrunk = self._scores / (self._values + penalty)
            left = self._left_out(target - shrunk @ along, shrunk)
            loss = float(left @ left) / len(y)
            if best is None or loss < best[0]:
                best = (loss, penalty, left)
        assert best is not None
        loss, penalty, left = best
        coef = self._rotation @ (along / (self._values + penalty))
        return GroupRidge(coef, middle - float(self._mean @ coef), penalty, y - left, loss)

    def _left_out(self, residual: Array, shrunk: Array) -> Array:
        """Give the residual of each row under the fit to all other groups."""
        size = len(residual)
        if len(self._parts) == size:
            leverage = np.einsum("ij,ij->i", shrunk, self._scores) + 1.0 / size
            return np.asarray(residual / np.maximum(1.0 - leverage, _CERTAIN))
        left = np.empty_like(residual)
        for part in self._parts:
            hat = shrunk[part] @ self._scores[part].T + 1.0 / size
            left[part] = np.linalg.solve(np.eye(len(part)) * (1 + _CERTAIN) - hat, residual[part])
        return left


def _rotated(rows: Array) -> tuple[Array, Array, Array]:
    """Give the directions of the rows, their squared lengths, and the rows along them."""
    if len(rows) >= rows.shape[1]:
        values, rotation = np.linalg.eigh(rows.T @ rows)
        return rotation, np.maximum(values, 0.0), rows @ rotation
    values, left = np.linalg.eigh(rows @ rows.T)
    kept = values > _NEGLIGIBLE * max(float(values[-1]), _NEGLIGIBLE)
    lengths = np.sqrt(values[kept])
    rotation = rows.T @ (left[:, kept] / lengths)
    return rotation, values[kept], left[:, kept] * lengths

"""Accuracy figures with 95 % intervals that draw whole groups again, never single texts.

Every figure is a function of one weight a text, so that a resample is a set of weights: how often
the group of each text was drawn (Field & Welsh 2007, "Bootstrapping clustered data").
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ROUNDS",
    "Figure",
    "accuracy",
    "average_precision",
    "cluster_bootstrap",
    "confusion",
    "f1",
    "macro_f1",
    "quadratic_kappa",
]

Array = NDArray[np.float64]

ROUNDS: Final = 1000
"""Resamples behind each interval."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and its 95 % interval.

    Parameters
    ----------
    value, low, high : float
        Estimate, 2.5 % and 97.5 % quantile of the resamples.

    Examples
    --------
    >>> print(Figure(0.8312, 0.8049, 0.8551))
    0.83 (0.80 to 0.86)
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.2f} ({self.low:.2f} to {self.high:.2f})"

    def to_dict(self) -> dict[str, float]:
        """Give the figure as JSON-ready values.

        Returns
        -------
        dict
            ``value``, ``low``, ``high``, to 4 decimals.
        """
        return {name: round(getattr(self, name), 4) for name in ("value", "low", "high")}


def cluster_bootstrap(
    groups: Sequence[str],
    measure: Callable[[Array], Mapping[str, float]],
    *,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> dict[str, Figure]:
    """Measure figures, and how far they move when other groups are drawn.

    Parameters
    ----------
    groups : sequence of str
        Of each text, what it shares with others: its writer, its conversation.
    measure : callable
        Weights of the texts -> figures by name. All figures of a call are paired: a difference of
        two of them is measured on the same resamples. A resample with a NaN is drawn again.
    rounds : int, default 1000
        Number of resamples.
    seed : int, default 0
        Of the random numbers.

    Returns
    -------
    dict of str to Figure
        By name.

    Raises
    ------
    ValueError
        When a figure cannot be measured even on all texts.

    Examples
    --------
    >>> hits = np.array([1.0, 0.0, 1.0, 1.0])
    >>> share = lambda weights: {"share": float(weights @ hits / weights.sum())}
    >>> cluster_bootstrap(["a", "a", "b", "c"], share)["share"].value
    0.75
    """
    _, number = np.unique(np.asarray(groups), return_inverse=True)
    size = int(number.max()) + 1
    estimate = measure(np.ones(len(groups)))
    if not all(map(math.isfinite, estimate.values())):
        missing = sorted(name for name, value in estimate.items() if not math.isfinite(value))
        raise ValueError(f"cannot be measured: {', '.join(missing)}")
    random = np.random.default_rng(seed)
    draws: list[list[float]] = []
    while len(draws) < rounds:
        counts = random.multinomial(size, np.full(size, 1 / size))
        drawn = measure(counts[number].astype(np.float64))
        if all(map(math.isfinite, drawn.values())):
            draws.append([drawn[name] for name in estimate])
    low, high = np.quantile(np.array(draws), [0.025, 0.975], axis=0)
    return {
        name: Figure(value, float(low[index]), float(high[index]))
        for index, (name, value) in enumerate(estimate.items())
    }


def confusion(
    truth: NDArray[np.int64], answer: NDArray[np.int64], classes: int, weights: Array
) -> Array:
    """Count how often each class was given for each true class.

    Parameters
    ----------
    truth, answer : ndarray of int64, shape (n,)
        Class of each text, from 0.
    classes : int
        How many there are.
    weights : ndarray, shape (n,)
        Of each text.

    Returns
    -------
    ndarray of float64, shape (classes, classes)
        True class by given class.
    """
    cells = np.bincount(truth * classes + answer, weights, classes * classes)
    return np.asarray(cells.reshape(classes, classes), dtype=np.float64)


def accuracy(matrix: Array) -> float:
    """Give the share of right answers of a confusion matrix.

    Parameters
    ----------
    matrix : ndarray, shape (classes, classes)
        True class by given class.

    Returns
    -------
    float
        0 to 1.
    """
    return float(np.trace(matrix) / matrix.sum())


def macro_f1(matrix: Array) -> float:
    """Give the mean F1 of the classes of a confusion matrix; 0 for a class never met nor given.

    Parameters
    ----------
    matrix : ndarray, shape (classes, classes)
        True class by given class.

    Returns
    -------
    float
        0 to 1.
    """
    both = matrix.sum(axis=0) + matrix.sum(axis=1)
    return float(np.mean(2 * np.diag(matrix) / np.maximum(both, 1e-12)))


def quadratic_kappa(matrix: Array) -> float:
    """Give the quadratically weighted kappa of ordered classes (Cohen 1968, "Weighted kappa").

    Parameters
    ----------
    matrix : ndarray, shape (classes, classes)
        True class by given class.

    Returns
    -------
    float
        1 for agreement, 0 for what chance gives; NaN where only one class occurs.
    """
    levels = np.arange(len(matrix))
    gap = (levels[:, None] - levels[None, :]) ** 2
    chance = np.outer(matrix.sum(axis=1), matrix.sum(axis=0)) / matrix.sum()
    expected = float((gap * chance).sum())
    return 1 - float((gap * matrix).sum()) / expected if expected > 0 else math.nan


def f1(hits: NDArray[np.bool_], said: NDArray[np.bool_], weights: Array) -> float:
    """Give the F1 of one yes-or-no answer.

    Parameters
    ----------
    hits, said : ndarray of bool, shape (n,)
        What is true, and what was answered.
    weights : ndarray, shape (n,)
        Of each text.

    Returns
    -------
    float
        0 to 1; NaN where nothing is true.
    """
    true, given = float(weights @ hits), float(weights @ said)
    return 2 * float(weights @ (hits & said)) / (true + given) if true > 0 else math.nan


def average_precision(hits: NDArray[np.bool_], scores: Array, weights: Array) -> float:
    """Give the average precision of a ranking; equal scores share one rank.

    Parameters
    ----------
    hits : ndarray of bool, shape (n,)
        What is true.
    scores : ndarray of float64, shape (n,)
        Higher = more likely.
    weights : ndarray, shape (n,)
        Of each text.

    Returns
    -------
    float
        0 to 1; NaN where nothing is true.
    """
    order = np.argsort(-scores, kind="stable")
    ends = np.append(np.flatnonzero(np.diff(scores[order])), len(scores) - 1)
    true = np.cumsum(weights[order] * hits[order])[ends]
    given = np.cumsum(weights[order])[ends]
    if true[-1] <= 0:
        return math.nan
    precision = true / np.maximum(given, 1e-12)
    return float((np.diff(true, prepend=0.0) * precision).sum() / true[-1])

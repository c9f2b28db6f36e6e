"""Figures with intervals: a bootstrap over whole clusters, from sums that each cluster adds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse, stats

from qa_nlp.display.formats import counted

__all__ = ["FEW_CLUSTERS", "ROUNDS", "TOO_FEW_CLUSTERS", "Bootstrap", "Estimate"]

Array = NDArray[np.float64]

ROUNDS: Final = 1000
"""Resamples, unless told otherwise."""

FEW_CLUSTERS: Final = 20
"""Below so many clusters, Student's t takes the place of percentiles."""

TOO_FEW_CLUSTERS: Final = 5
"""From so few clusters no interval is given."""

_SPARSE: Final = 0.2
"""Share of sums other than 0 below which they are added up one by one."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval, or why there is none.

    Parameters
    ----------
    value : float, optional
        The figure; None where it is undefined.
    low, high : float, optional
        Ends of the interval; None where there is none.
    n : int
        Items that it is made of.
    clusters : int
        Groups of items that were resampled as one.
    reason : str, optional
        Why the figure or its interval is missing.
    warning : str, optional
        What makes the interval less certain than others.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    clusters: int = 0
    reason: str | None = None
    warning: str | None = None

    def within(self, low: float, high: float) -> Estimate:
        """Cut the interval where the figure cannot lie.

        Parameters
        ----------
        low, high : float
            The least and the most that it can be.

        Returns
        -------
        Estimate
            The same otherwise.

        Examples
        --------
        >>> Estimate(0.95, 0.88, 1.02).within(0, 1).high
        1
        """
        if self.low is None or self.high is None:
            return self
        return replace(self, low=max(self.low, low), high=min(self.high, high))

    def to_dict(self) -> dict[str, Any]:
        """Give the estimate as JSON-ready values.

        Returns
        -------
        dict
            All fields; numbers to 4 decimals.
        """
        numbers = {
            name: None if (number := getattr(self, name)) is None else round(number, 4)
            for name in ("value", "low", "high")
        }
        return asdict(self) | numbers


class Bootstrap:
    """Resamples of whole clusters, the same for every figure of a study.

    Rows of one cluster are drawn together, since conversations of one agent, or grades of one
    conversation, are more alike than others (Efron and Tibshirani, 1993, "An Introduction to the
    Bootstrap", ch. 8; Field and Welsh, 2007, "Bootstrapping clustered data").

    Parameters
    ----------
    clusters : sequence
        What each row belongs to.
    rounds : int, default 1000
        How many resamples.
    seed : int, default 0
        Of the draws; the same seed gives the same intervals.
    level : float, default 0.95
        Of confidence.

    Examples
    --------
    >>> import numpy as np
    >>> bootstrap = Bootstrap(range(100))
    >>> hits = np.arange(100.0)[:, None] % 2
    >>> draws = bootstrap.sums(np.hstack([hits, np.ones((100, 1))]))
    >>> share = bootstrap.estimate(draws[:, 0] / draws[:, 1], n=100)
    >>> share.value, 0.38 < share.low < 0.42, 0.58 < share.high < 0.62
    (0.5, True, True)
    """

    def __init__(
        self,
        clusters: Sequence[Any] | NDArray[Any],
        rounds: int = ROUNDS,
        seed: int = 0,
        level: float = 0.95,
    ) -> None:
        places = {cluster: at for at, cluster in enumerate(dict.fromkeys(clusters))}
        self.codes = np.array([places[cluster] for cluster in clusters], dtype=np.int64)
        self.size = len(places)
        self.rounds = rounds
        self.level = level
        random = np.random.default_rng(seed)
        drawn = random.multinomial(self.size, np.full(self.size, 1 / max(self.size, 1)), rounds)
        # A row for each cluster, since most figures are of some of the clusters only.
        self._weights = np.ones((self.size, rounds + 1))
        self._weights[:, 1:] = drawn.T

    def by_cluster(self, parts: Array, codes: NDArray[np.int64] | None = None) -> Array:
        """Add up rows by cluster.

        Parameters
        ----------
        parts : ndarray, shape (n, d)
            What each row adds.
        codes : ndarray of int64, shape (n,), optional
            The cluster of each row, as in `codes`; default: those of the rows given at first.

        Returns
        -------
        ndarray of float64, shape (clusters, d)
            Sums.
        """
        owner = self.codes if codes is None else codes
        columns = [np.bincount(owner, column, minlength=self.size) for column in parts.T]
        return np.array(columns, dtype=np.float64).reshape(parts.shape[1], self.size).T

    def draws(self, per_cluster: Array) -> Array:
        """Give the sums over all clusters, and over those of each resample.

        Parameters
        ----------
        per_cluster : ndarray, shape (clusters, ...)
            What each cluster adds.

        Returns
        -------
        ndarray of float64, shape (rounds + 1, ...)
            First all data as they are.
        """
        flat = per_cluster.reshape(self.size, -1)
        filled = np.count_nonzero(flat)
        if filled < _SPARSE * flat.size:
            sums = self.draws_of_sparse(sparse.csr_array(flat))
        else:
            used = np.flatnonzero(flat.any(axis=1))
            all_used = len(used) == self.size
            weights = self._weights if all_used else self._weights[used]
            sums = (flat[used].T @ weights).T
        return np.ascontiguousarray(sums).reshape(-1, *per_cluster.shape[1:])

    def sums(self, parts: Array, codes: NDArray[np.int64] | None = None) -> Array:
        """Add up rows on all data, and on each resample.

        Parameters
        ----------
        parts, codes
            As `by_cluster` takes them.

        Returns
        -------
        ndarray of float64, shape (rounds + 1, d)
            First all data as they are.
        """
        return self.draws(self.by_cluster(parts, codes))

    def draws_of_sparse(self, per_cluster: sparse.csr_array) -> Array:
        """Give the sums over all clusters, and over those of each resample, of many columns.

        Parameters
        ----------
        per_cluster : scipy.sparse.csr_array, shape (clusters, d)
            What each cluster adds, mostly nothing.

        Returns
        -------
        ndarray of float64, shape (rounds + 1, d)
            First all data as they are.
        """
        return np.asarray((per_cluster.T @ self._weights).T)

    def estimate(
        self, draws: ArrayLike, n: int, clusters: int | None = None, reason: str | None = None
    ) -> Estimate:
        """Make a figure with its interval from its values on all data and on each resample.

        Parameters
        ----------
        draws : array_like, shape (rounds + 1,)
            First on all data; NaN where undefined.
        n : int
            Items that it is made of.
        clusters : int, optional
            Clusters that add to it; default: all.
        reason : str, optional
            Why the figure is undefined, where it is.

        Returns
        -------
        Estimate
            With percentiles of the resamples, further out the fewer clusters there are (Hesterberg,
            2015, "What Teachers Should Know About the Bootstrap", the expanded percentile
            interval); from 6 to 19 clusters with Student's t times their standard deviation;
            without an interval below that.
        """
        numbers = np.asarray(draws, dtype=np.float64)
        clusters = self.size if clusters is None else clusters
        value = float(numbers[0])
        if not math.isfinite(value):
            return Estimate(None, n=n, clusters=clusters, reason=reason or "it is undefined here")
        if clusters <= TOO_FEW_CLUSTERS:
            few = f"no interval from {counted(clusters, 'group')} of conversations"
            return Estimate(value, n=n, clusters=clusters, reason=few)
        usable = numbers[1:][np.isfinite(numbers[1:])]
        if len(usable) < self.rounds / 2:
            rare = "no interval: undefined in most resamples, since too little varies"
            return Estimate(value, n=n, clusters=clusters, reason=rare)
        # Resamples vary by (clusters - 1) / clusters of the variance of a mean.
        wider = math.sqrt(clusters / (clusters - 1))
        reach = wider * float(stats.t.ppf((1 + self.level) / 2, clusters - 1))
        if clusters >= FEW_CLUSTERS:
            tail = float(stats.norm.sf(reach))
            low, high = np.quantile(usable, (tail, 1 - tail))
            return Estimate(value, float(low), float(high), n, clusters)
        reach *= float(usable.std(ddof=1))
        warning = f"only {clusters} groups of conversations: the interval is rough"
        return Estimate(value, value - reach, value + reach, n, clusters, warning=warning)

"""Whether the machine errs differently by group, and what its grades owe to length.

Three questions after Loukina, Madnani and Zechner, 2019, "The many dimensions of algorithmic
fairness in educational applications", each answered by least squares on group membership: do
squared errors differ by group (`overall_score_accuracy`), do signed errors
(`overall_score_difference`), do signed errors among items with equal human grades
(`conditional_score_difference`)? An error is machine less human. `holm` corrects p-values for their
number; `partial_correlation` takes a third quantity, such as length, out of a correlation.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from qa_nlp.agreement.moments import number_columns, pearson, ratio_or_nan
from qa_nlp.errors import GradesError

__all__ = [
    "GroupCoefficient",
    "GroupEffect",
    "conditional_score_difference",
    "holm",
    "overall_score_accuracy",
    "overall_score_difference",
    "partial_correlation",
    "partial_correlation_of_correlations",
]

Array: TypeAlias = NDArray[np.float64]

# Sums of squares below this part of the whole are what rounding leaves of nothing.
_ROUNDING: Final = 1e-12

# A coefficient is told by the data when its unit vector lies in the span of the rows this closely.
_ESTIMABLE: Final = 1e-8


@dataclass(frozen=True, slots=True)
class GroupCoefficient:
    """How much a group differs from the reference group.

    Parameters
    ----------
    group : str
        Its name.
    n : int
        Its items.
    coefficient : float
        The difference, in the unit of the errors or of their squares; NaN where it cannot be told
        apart from human grades that only this group has.
    low, high : float
        Ends of its interval; NaN where there is none.
    p_value : float
        That it is 0; not corrected for the number of groups.
    """

    group: str
    n: int
    coefficient: float
    low: float
    high: float
    p_value: float


@dataclass(frozen=True, slots=True)
class GroupEffect:
    """What group membership explains of the machine's errors.

    Parameters
    ----------
    share : float
        Share of variance (R²) that it explains, from 0 to 1; for a conditional difference what it
        adds to the share that human grades explain. NaN where errors do not vary.
    adjusted_share : float
        The same from adjusted R², as in RSMTool 11.2: about 0 where groups do not differ.
    p_value : float
        That groups do not differ (F-test); NaN where it cannot be told.
    reference : str, optional
        The largest group, with which others are compared; of equally large ones the first by name.
    n : int
        Items of all groups.
    groups : tuple of GroupCoefficient
        The other groups, largest first.
    """

    share: float
    adjusted_share: float
    p_value: float
    reference: str | None
    n: int
    groups: tuple[GroupCoefficient, ...]

    def to_dict(self) -> dict[str, Any]:
        """Give the effect as JSON-ready values; None where a number is undefined.

        Returns
        -------
        dict
            All fields, groups as a list of dicts.
        """
        fields = asdict(self)
        groups = [_without_nan(group) for group in fields.pop("groups")]
        return {**_without_nan(fields), "groups": groups}


@dataclass(frozen=True, slots=True)
class _Fit:
    """A least-squares fit."""

    coefficients: Array
    residuals: Array
    inverse: Array
    squares: float
    rank: int


def overall_score_accuracy(
    human: ArrayLike,
    machine: ArrayLike,
    groups: Sequence[Hashable],
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
) -> GroupEffect:
    """Tell whether the machine's squared errors differ by group.

    Parameters
    ----------
    human, machine : array_like, shape (n,)
        Two numbers for each item; NaN = missing.
    groups : sequence, length n
        Group of each item; None = unknown, and the item counts nowhere.
    clusters : sequence, length n, optional
        What each item belongs to, such as an agent: intervals and p-values then allow for items of
        one cluster being alike (Liang and Zeger, 1986, "Longitudinal data analysis using
        generalized linear models"; small-sample factor C / (C - 1) times (n - 1) / (n - k), and
        C - 1 degrees of freedom, for C clusters and k coefficients).
    level : float, default 0.95
        Of the intervals.

    Returns
    -------
    GroupEffect
        Coefficients are differences of mean squared error.

    Raises
    ------
    GradesError
        When columns differ in length.

    Examples
    --------
    >>> effect = overall_score_accuracy([1, 2, 3, 1, 2], [2, 2, 3, 3, 2], list("aaabb"))
    >>> effect.reference, effect.groups[0].group, round(effect.groups[0].coefficient, 3)
    ('a', 'b', 1.667)
    """
    sample = _Sample.of(human, machine, groups, clusters)
    return _group_effect(sample.error**2, sample, None, level)


def overall_score_difference(
    human: ArrayLike,
    machine: ArrayLike,
    groups: Sequence[Hashable],
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
) -> GroupEffect:
    """Tell whether the machine grades some groups higher than people do, and others lower.

    Parameters
    ----------
    human, machine, groups, clusters, level
        As in `overall_score_accuracy`.

    Returns
    -------
    GroupEffect
        Coefficients are differences of mean error; above 0 where the machine favours the group
        beside the reference group.

    Raises
    ------
    GradesError
        When columns differ in length.

    Examples
    --------
    >>> effect = overall_score_difference([1, 2, 3, 1, 2], [2, 2, 3, 3, 2], list("aaabb"))
    >>> round(effect.groups[0].coefficient, 3), round(effect.share, 3)
    (0.667, 0.167)
    """
    sample = _Sample.of(human, machine, groups, clusters)
    return _group_effect(sample.error, sample, None, level)


def conditional_score_difference(
    human: ArrayLike,
    machine: ArrayLike,
    groups: Sequence[Hashable],
    clusters: Sequence[Hashable] | None = None,
    level: float = 0.95,
) -> GroupEffect:
    """Tell whether the machine favours a group among items that people grade alike.

    Human grades enter as categories, so that their relation to errors need not be a line. Means of
    several raters make many categories: round them to levels first.

    Parameters
    ----------
    human, machine, groups, clusters, level
        As in `overall_score_accuracy`.

    Returns
    -------
    GroupEffect
        Coefficients are differences of mean error at equal human grades; shares are what groups
        add to human grades.

    Raises
    ------
    GradesError
        When columns differ in length.

    Examples
    --------
    >>> human, machine = [1, 1, 2, 2, 1, 2], [1, 2, 2, 2, 2, 3]
    >>> effect = conditional_score_difference(human, machine, list("aaaabb"))
    >>> round(effect.groups[0].coefficient, 3), round(effect.share, 3)
    (0.75, 0.5)
    """
    sample = _Sample.of(human, machine, groups, clusters)
    return _group_effect(sample.error, sample, sample.human, level)


def holm(p_values: ArrayLike) -> Array:
    """Correct p-values for their number.

    The chance that any true "no difference" is called a difference stays below the line that is
    drawn (Holm, 1979, "A simple sequentially rejective multiple test procedure").

    Parameters
    ----------
    p_values : array_like, shape (n,)
        From 0 to 1; NaN = not tested, stays NaN and does not count.

    Returns
    -------
    ndarray of float64, shape (n,)
        Corrected p-values, none below the given ones.

    Raises
    ------
    GradesError
        When a p-value is not between 0 and 1.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    array([0.03, 0.06, 0.06])
    """
    (values,) = number_columns(p_values)
    tested = np.flatnonzero(~np.isnan(values))
    if ((values[tested] < 0) | (values[tested] > 1)).any():
        raise GradesError("a p-value lies between 0 and 1")
    order = tested[np.argsort(values[tested], kind="stable")]
    raised = values[order] * np.arange(len(order), 0, -1)
    corrected = np.full(len(values), np.nan)
    corrected[order] = np.minimum(np.maximum.accumulate(raised), 1.0)
    return corrected


def partial_correlation(x: ArrayLike, y: ArrayLike, given: ArrayLike) -> float:
    """Give the correlation of what other quantities leave of x and of y.

    Parameters
    ----------
    x, y : array_like, shape (n,)
        Two numbers for each item; NaN = missing.
    given : array_like, shape (n,) or (n, d)
        What is taken out of both by least squares, such as the number of words.

    Returns
    -------
    float
        From -1 to 1; NaN where x or y is nothing but a line in what is given.

    Raises
    ------
    GradesError
        When columns differ in length.

    Examples
    --------
    >>> round(partial_correlation([1, 2, 3, 5], [1, 3, 2, 6], [1, 2, 3, 4]), 3)
    0.802
    """
    table = np.asarray(given, dtype=np.float64)
    others = [table] if table.ndim < 2 else list(table.T)
    columns = np.column_stack(number_columns(x, y, *others))
    columns = columns[~np.isnan(columns).any(axis=1)]
    if not len(columns):
        return math.nan
    columns = columns - np.median(columns, axis=0)
    scale = np.abs(columns).max(axis=0)
    columns = columns / np.where(scale > 0, scale, 1.0)
    known = np.column_stack([np.ones(len(columns)), columns[:, 2:]])
    slopes, _, _, _ = np.linalg.lstsq(known, columns[:, :2], rcond=None)
    left = columns[:, :2] - known @ slopes
    # What least squares leaves of a line is rounding, and rounding correlates with anything.
    if ((left**2).sum(axis=0) <= _ROUNDING * (columns[:, :2] ** 2).sum(axis=0)).any():
        return math.nan
    return pearson(left[:, 0], left[:, 1])


def partial_correlation_of_correlations(xy: ArrayLike, xz: ArrayLike, yz: ArrayLike) -> Array:
    """Give the correlation of x and y without z from the three correlations of pairs.

    (r_xy - r_xz r_yz) / √((1 - r_xz²)(1 - r_yz²)) (Yule, 1907, "On the theory of correlation for
    any number of variables, treated by a new system of notation"): `partial_correlation` for one
    quantity that is given, in a form that can be bootstrapped.

    Parameters
    ----------
    xy, xz, yz : array_like, shape (...)
        Correlations.

    Returns
    -------
    ndarray of float64, shape (...)
        From -1 to 1; NaN where x or y is nothing but a line in z.

    Examples
    --------
    >>> round(float(partial_correlation_of_correlations(0.5, 0.6, 0.6)), 3)
    0.219
    """
    first, second = (np.asarray(each, dtype=np.float64) for each in (xz, yz))
    left = (1 - first**2) * (1 - second**2)
    left = np.where(left > _ROUNDING, left, 0.0)
    shared = np.asarray(xy, dtype=np.float64) - first * second
    return np.clip(ratio_or_nan(shared, np.sqrt(left)), -1.0, 1.0)


@dataclass(frozen=True, slots=True)
class _Sample:
    """Items whose grades and groups are known."""

    human: Array
    error: Array
    codes: NDArray[np.int64]
    names: tuple[str, ...]
    clusters: NDArray[np.int64] | None

    @classmethod
    def of(
        cls,
        human: ArrayLike,
        machine: ArrayLike,
        groups: Sequence[Hashable],
        clusters: Sequence[Hashable] | None,
    ) -> _Sample:
        first, second = number_columns(human, machine)
        for what, column in (("groups", groups), ("clusters", clusters)):
            if column is not None and len(column) != len(first):
                raise GradesError(f"{len(column)} {what} for {len(first)} items: give one for each")
        named = np.array([_is_known(group) for group in groups], dtype=bool)
        known = np.flatnonzero(~(np.isnan(first) | np.isnan(second)) & named)
        labels = [str(groups[at]) for at in known.tolist()]
        sizes = {name: 0 for name in sorted(labels)}
        for name in labels:
            sizes[name] += 1
        # Sorting keeps the order by name among groups of one size.
        names = sorted(sizes, key=lambda name: -sizes[name])
        place = {name: at for at, name in enumerate(names)}
        codes = np.array([place[name] for name in labels], dtype=np.int64)
        kept = None if clusters is None else _codes([clusters[at] for at in known.tolist()])
        return cls(first[known], (second - first)[known], codes, tuple(names), kept)


def _group_effect(
    outcome: Array, sample: _Sample, given: Array | None, level: float
) -> GroupEffect:
    """Compare a fit on groups (and what is given) with one without groups."""
    n, count = len(outcome), len(sample.names)
    reference = sample.names[0] if count else None
    if count < 2:
        return GroupEffect(math.nan, math.nan, math.nan, reference, n, ())
    others = (sample.codes[:, None] == np.arange(1, count)).astype(np.float64)
    null = np.ones((n, 1))
    if given is not None:
        categories = np.unique(given)[1:]
        null = np.hstack([null, (given[:, None] == categories).astype(np.float64)])
    design = np.hstack([null, others])
    places = np.arange(null.shape[1], design.shape[1])
    small, full = _fit(null, outcome), _fit(design, outcome)
    spread = float(((outcome - outcome.mean()) ** 2).sum())
    varies = spread > _ROUNDING * float((outcome**2).sum())
    shares, adjusted = zip(*(_explained(each, spread, n) for each in (small, full)), strict=True)
    covariance, freedom = _covariance(design, full, sample.clusters)
    told = _told_apart(design, full)[places]
    if sample.clusters is None:
        p_value = _f_test(small, full, n, _ROUNDING * spread)
    else:
        p_value = _wald_test(full.coefficients, covariance, places[told], freedom)
    return GroupEffect(
        shares[1] - shares[0] if varies else math.nan,
        adjusted[1] - adjusted[0] if varies else math.nan,
        p_value if varies else math.nan,
        reference,
        n,
        tuple(
            _coefficient(
                sample.names[at + 1],
                int(others[:, at].sum()),
                float(full.coefficients[place]) if told[at] else math.nan,
                math.sqrt(max(float(covariance[place, place]), 0.0)),
                freedom,
                level,
            )
            for at, place in enumerate(places)
        ),
    )


def _coefficient(
    group: str, n: int, value: float, error: float, freedom: int, level: float
) -> GroupCoefficient:
    if freedom < 1 or not math.isfinite(error + value):
        return GroupCoefficient(group, n, value, math.nan, math.nan, math.nan)
    reach = float(stats.t.ppf((1 + level) / 2, freedom)) * error
    p_value = 2 * float(stats.t.sf(abs(value) / error, freedom)) if error > 0 else math.nan
    return GroupCoefficient(group, n, value, value - reach, value + reach, p_value)


def _fit(design: Array, outcome: Array) -> _Fit:
    gram = design.T @ design
    inverse = np.asarray(np.linalg.pinv(gram, hermitian=True), dtype=np.float64)
    coefficients = inverse @ (design.T @ outcome)
    residuals = outcome - design @ coefficients
    rank = int(np.linalg.matrix_rank(gram, hermitian=True))
    return _Fit(coefficients, residuals, inverse, float(residuals @ residuals), rank)


def _explained(fit: _Fit, spread: float, n: int) -> tuple[float, float]:
    """Give R² and adjusted R²."""
    left = fit.squares / spread if spread > 0 else math.nan
    free = n - fit.rank
    return 1 - left, 1 - left * (n - 1) / free if free > 0 else math.nan


def _covariance(design: Array, fit: _Fit, clusters: NDArray[np.int64] | None) -> tuple[Array, int]:
    """Give the covariance of coefficients, and the degrees of freedom of their tests."""
    n = len(design)
    free = n - fit.rank
    if clusters is None:
        return fit.inverse * (fit.squares / free if free > 0 else math.nan), free
    size = int(clusters.max(initial=-1)) + 1
    if size < 2 or free < 1:
        return np.full_like(fit.inverse, math.nan), 0
    scores = design * fit.residuals[:, None]
    summed = np.column_stack([np.bincount(clusters, each, minlength=size) for each in scores.T])
    factor = size / (size - 1) * (n - 1) / free
    return fit.inverse @ (summed.T @ summed) @ fit.inverse * factor, size - 1


def _f_test(small: _Fit, full: _Fit, n: int, nothing: float) -> float:
    more, free = full.rank - small.rank, n - full.rank
    if more < 1 or free < 1:
        return math.nan
    gain = small.squares - full.squares
    if full.squares <= nothing:
        return 0.0 if gain > nothing else math.nan
    return float(stats.f.sf(gain / more / (full.squares / free), more, free))


def _wald_test(
    coefficients: Array, covariance: Array, places: NDArray[np.int64], freedom: int
) -> float:
    block = covariance[np.ix_(places, places)]
    count = len(places)
    if not count or freedom < 1 or not np.isfinite(block).all():
        return math.nan
    if np.linalg.matrix_rank(block, hermitian=True) < count:
        return math.nan
    values = coefficients[places]
    statistic = float(values @ np.linalg.solve(block, values)) / count
    return float(stats.f.sf(statistic, count, freedom))


def _told_apart(design: Array, fit: _Fit) -> NDArray[np.bool_]:
    """Say which coefficients the data determine, whatever the others are."""
    span = fit.inverse @ (design.T @ design)
    return np.asarray(np.abs(span - np.eye(len(span))).max(axis=1) < _ESTIMABLE)


def _codes(values: Sequence[Hashable]) -> NDArray[np.int64]:
    place = {value: at for at, value in enumerate(dict.fromkeys(values))}
    return np.array([place[value] for value in values], dtype=np.int64)


def _is_known(group: Hashable) -> bool:
    return group is not None and group == group  # NaN differs from itself


def _without_nan(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value
        for name, value in fields.items()
    }

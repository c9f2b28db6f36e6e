"""Agreement of people, and of a machine with single people, on all data and on every resample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.agreement_ratings import MISSING, graded_by_several
from qa_nlp.agreement.chance import (
    adjacent_of_tables,
    alpha_of_tables,
    exact_of_tables,
    kappas_of_tables,
)
from qa_nlp.agreement.estimates import Bootstrap, Estimate
from qa_nlp.agreement.gwet import gwet_ac2_of_tables, item_shares
from qa_nlp.agreement.moments import (
    binned,
    item_moments,
    mean_absolute_error_of_moments,
    pearson_of_moments,
    spearman_of_tables,
    standardised_mean_difference_of_moments,
)
from qa_nlp.agreement.pair_tables import Pairs, cluster_tables, human_pairs, machine_pairs
from qa_nlp.agreement.true_score import icc_1_of_moments, prmse_of_moments, rating_moments

__all__ = [
    "DEGRADATIONS",
    "degradation_draws",
    "estimates",
    "machine_draws",
    "people_draws",
    "prmse_draws",
    "table_draws",
    "to_dicts",
]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

DEGRADATIONS: Final = ("exact", "quadratic kappa", "Pearson's r")
"""What is compared between machine and people on one side, and people on the other."""

_BINS: Final = 50


def table_draws(bootstrap: Bootstrap, pairs: Pairs, levels: int) -> Array:
    """Count pairs of levels.

    Parameters
    ----------
    bootstrap : Bootstrap
        Of all items.
    pairs : Pairs
        Of some of them.
    levels : int
        How many there are.

    Returns
    -------
    ndarray of float64, shape (rounds + 1, levels, levels)
        On all data, then on each resample.
    """
    return bootstrap.draws(cluster_tables(pairs, bootstrap.codes, bootstrap.size, levels))


def people_draws(bootstrap: Bootstrap, ratings: Index, levels: int) -> dict[str, Array]:
    """Measure how far people agree, over all ordered pairs of raters of an item.

    Parameters
    ----------
    bootstrap : Bootstrap
        Of the items.
    ratings : ndarray of int64, shape (items, raters)
        Positions of levels; below 0 where there is none.
    levels : int
        How many there are.

    Returns
    -------
    dict of str to ndarray of float64, shape (rounds + 1,)
        By figure, on all data and then on each resample. Every pair counts 1, but for the ordinal
        alpha, where an item counts as many as it has grades, and AC2, where it counts 1.
    """
    pooled, coincidences, by_item = (
        table_draws(bootstrap, human_pairs(ratings, weight), levels)
        for weight in ("pairs", "krippendorff", "item")
    )
    places = np.arange(levels, dtype=np.float64)
    shares = bootstrap.sums(item_shares(ratings, levels))
    return {
        "exact": exact_of_tables(pooled),
        "adjacent": adjacent_of_tables(pooled),
        "quadratic kappa": kappas_of_tables(pooled),
        "ordinal alpha": alpha_of_tables(coincidences, "ordinal"),
        "ICC(1)": icc_1_of_moments(_rating_draws(bootstrap, ratings, places)),
        "AC2": gwet_ac2_of_tables(by_item, "quadratic", shares=shares),
    }


def machine_draws(
    bootstrap: Bootstrap, ratings: Index, machine: Index, expected: Array, values: Array
) -> dict[str, Array]:
    """Measure how far a machine agrees with single people; each item counts 1.

    Parameters
    ----------
    bootstrap : Bootstrap
        Of the items.
    ratings : ndarray of int64, shape (items, raters)
        Positions of levels; below 0 where there is none.
    machine : ndarray of int64, shape (items,)
        Positions of levels that the machine gave.
    expected : ndarray, shape (items,)
        What it expects, on the values of the levels.
    values : ndarray, shape (levels,)
        Of the levels.

    Returns
    -------
    dict of str to ndarray of float64, shape (rounds + 1,)
        By figure, on all data and then on each resample. Shares and kappa are of the levels, the
        other figures of the expected value.
    """
    pairs = machine_pairs(ratings, machine)
    tables = table_draws(bootstrap, pairs, len(values))
    ranked = Pairs(pairs.item, pairs.first, binned(expected, _BINS)[pairs.item], pairs.weight)
    sums = _moment_draws(bootstrap, pairs, expected[pairs.item], values)
    return {
        "exact": exact_of_tables(tables),
        "adjacent": adjacent_of_tables(tables),
        "quadratic kappa": kappas_of_tables(tables),
        "Pearson's r": pearson_of_moments(sums),
        "Spearman's rho": spearman_of_tables(
            table_draws(bootstrap, ranked, max(_BINS, len(values)))
        ),
        "mean absolute error": mean_absolute_error_of_moments(sums),
        "SMD": standardised_mean_difference_of_moments(sums),
    }


def degradation_draws(
    bootstrap: Bootstrap, ratings: Index, machine: Index, expected: Array, values: Array
) -> dict[str, Array]:
    """Measure by how much a machine agrees less with single people than these with each other.

    Parameters
    ----------
    bootstrap, ratings, machine, expected, values
        As `machine_draws` takes them.

    Returns
    -------
    dict of str to ndarray of float64, shape (rounds + 1,)
        For each of `DEGRADATIONS`, machine minus people, below 0 where people agree better. Both
        sides are of the items with two grades or more, and each item counts 1 on both: a disputed
        item with many raters must not count more for people than for the machine.
    """
    shared = np.where(graded_by_several(ratings)[:, None], ratings, MISSING)
    by_machine, by_people = machine_pairs(shared, machine), human_pairs(shared, "item")
    one, two = (table_draws(bootstrap, pairs, len(values)) for pairs in (by_machine, by_people))
    of_machine = _moment_draws(bootstrap, by_machine, expected[by_machine.item], values)
    of_people = _moment_draws(bootstrap, by_people, values[by_people.second], values)
    found = (
        exact_of_tables(one) - exact_of_tables(two),
        kappas_of_tables(one) - kappas_of_tables(two),
        pearson_of_moments(of_machine) - pearson_of_moments(of_people),
    )
    return dict(zip(DEGRADATIONS, found, strict=True))


def prmse_draws(bootstrap: Bootstrap, ratings: Index, expected: Array, values: Array) -> Array:
    """Measure the share of the variance of true scores that a machine explains.

    Parameters
    ----------
    bootstrap, ratings, expected, values
        As `machine_draws` takes them.

    Returns
    -------
    ndarray of float64, shape (rounds + 1,)
        On all data, then on each resample.
    """
    return prmse_of_moments(_rating_draws(bootstrap, ratings, values, expected))


def _rating_draws(
    bootstrap: Bootstrap, ratings: Index, values: Array, expected: Array | None = None
) -> Array:
    numbers = np.where(ratings >= 0, values[np.maximum(ratings, 0)], np.nan)
    middle = float(values.mean())
    machine = None if expected is None else expected - middle
    return bootstrap.sums(rating_moments(numbers - middle, machine))


def _moment_draws(bootstrap: Bootstrap, pairs: Pairs, second: Array, values: Array) -> Array:
    middle = float(values.mean())
    moments = item_moments(values[pairs.first] - middle, second - middle, pairs.weight)
    return bootstrap.sums(moments, bootstrap.codes[pairs.item])


def estimates(
    bootstrap: Bootstrap, draws: Mapping[str, Array], counted: NDArray[np.bool_]
) -> dict[str, Estimate]:
    """Give each figure its interval.

    Parameters
    ----------
    bootstrap : Bootstrap
        That made the draws.
    draws : mapping of str to ndarray, shape (rounds + 1,)
        By figure.
    counted : ndarray of bool, shape (items,)
        Which items the figures are of.

    Returns
    -------
    dict of str to Estimate
        By figure.
    """
    items, clusters = int(counted.sum()), len(np.unique(bootstrap.codes[counted]))
    return {name: bootstrap.estimate(row, items, clusters) for name, row in draws.items()}


def to_dicts(found: Mapping[str, Estimate]) -> dict[str, dict[str, Any]]:
    """Give estimates as JSON-ready values.

    Parameters
    ----------
    found : mapping of str to Estimate
        By figure.

    Returns
    -------
    dict of str to dict
        By figure.
    """
    return {name: estimate.to_dict() for name, estimate in found.items()}

"""Agreement of people, and of a machine with single people, on all data and on every resample."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.agreement_ratings import MISSING
from qa_nlp.agreement import figures as study_figures
from qa_nlp.agreement.estimates import Bootstrap, Estimate
from qa_nlp.agreement.joined import Answers, Joined
from qa_nlp.agreement.material import EACH, Material, compared_with
from qa_nlp.agreement.pair_tables import Pairs, cluster_tables
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

_CRITERION: Final = "grade"
_PEOPLE: Final = {
    "exact": "exact",
    "adjacent": "adjacent",
    "quadratic kappa": "quadratic_kappa",
    "ordinal alpha": "krippendorff_alpha",
    "AC2": "gwet_ac2",
}
_MACHINE: Final = {
    "exact": "exact",
    "adjacent": "adjacent",
    "quadratic kappa": "quadratic_kappa",
    "Pearson's r": "pearson",
    "Spearman's rho": "spearman",
    "mean absolute error": "mean_absolute_error",
    "SMD": "standardised_mean_difference",
}
"""What the study calls the figures."""


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
    places = np.arange(levels, dtype=np.float64)
    found = study_figures.human_draws(*_study(bootstrap, ratings, places))
    draws = {name: found[own] for name, own in _PEOPLE.items()}
    return draws | {"ICC(1)": icc_1_of_moments(_rating_draws(bootstrap, ratings, places))}


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
    material, answers = _study(bootstrap, ratings, values, machine, expected)
    found = study_figures.machine_draws(material, material.compared[answers.criterion])
    return {name: found[own] for name, own in _MACHINE.items()}


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
    found = study_figures.degradation_draws(*_study(bootstrap, ratings, values, machine, expected))
    return {name: found[_MACHINE[name]] for name in DEGRADATIONS}


def _study(
    bootstrap: Bootstrap,
    ratings: Index,
    values: Array,
    machine: Index | None = None,
    expected: Array | None = None,
) -> tuple[Material, Answers]:
    """Give the grades in the form in which a study works on them, against each person."""
    rows = len(ratings)
    level = np.full(rows, MISSING) if machine is None else machine
    number = np.full(rows, np.nan) if expected is None else expected
    answers = Answers(
        _CRITERION,
        tuple(map(str, range(len(values)))),
        values,
        False,
        np.arange(rows),
        level,
        level,
        number,
        np.full((rows, len(values)), np.nan),
        ratings,
        np.full_like(ratings, -1),
    )
    joined = Joined((), (), (answers,), (), (), int((ratings >= 0).sum()), unknown_raters=True)
    compared = {_CRITERION: compared_with(answers, joined, EACH)}
    return Material(joined, EACH, bootstrap, bootstrap.codes, compared), answers


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

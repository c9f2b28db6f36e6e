"""The figures of one criterion, on all data and on each resample."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from qa_nlp.agreement.chance import (
    adjacent_of_tables,
    alpha_of_tables,
    cohen_kappa_of_tables,
    exact_of_tables,
    gwet_ac1_of_tables,
    gwet_ac2_of_tables,
    undefined_reason,
)
from qa_nlp.agreement.estimates import Bootstrap, Estimate
from qa_nlp.agreement.gwet import item_shares
from qa_nlp.agreement.joined import Answers
from qa_nlp.agreement.material import Compared, Material
from qa_nlp.agreement.moments import (
    binned,
    mean_absolute_error_of_moments,
    pearson_of_moments,
    root_mean_squared_error_of_moments,
    spearman_of_tables,
    standardised_mean_difference_of_moments,
)
from qa_nlp.agreement.pair_tables import both_orders, human_pairs, machine_pairs
from qa_nlp.agreement.verdicts.more_grades import least_share

__all__ = [
    "NOTHING",
    "NO_VARIATION",
    "Draws",
    "as_share",
    "degradation_draws",
    "estimates",
    "human_draws",
    "machine_draws",
    "number_draws",
    "spearman_draws",
    "table_draws",
]

Array: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]
Draws: TypeAlias = dict[str, Array]
"""Figures by name, each on all data and then on each resample."""

_OF_TABLES: Final[Mapping[str, Callable[[Array], Array]]] = {
    "exact": exact_of_tables,
    "adjacent": adjacent_of_tables,
    "cohen_kappa": lambda tables: cohen_kappa_of_tables(tables, "nominal"),
    "linear_kappa": lambda tables: cohen_kappa_of_tables(tables, "linear"),
    "quadratic_kappa": lambda tables: cohen_kappa_of_tables(tables, "quadratic"),
    "gwet_ac1": gwet_ac1_of_tables,
    "gwet_ac2": gwet_ac2_of_tables,
}
_OF_MOMENTS: Final[Mapping[str, Callable[[Array], Array]]] = {
    "pearson": pearson_of_moments,
    "mean_absolute_error": mean_absolute_error_of_moments,
    "root_mean_squared_error": root_mean_squared_error_of_moments,
    "standardised_mean_difference": standardised_mean_difference_of_moments,
}
NOTHING: Final = "there is no item to compare"
"""Why a figure of no items is undefined."""

NO_VARIATION: Final = "one side's grades do not vary here"
"""Why a figure that compares how grades vary is undefined."""

_SHARES: Final = ("exact", "adjacent")
_BOTH_WAYS: Final = (-1.0, 1.0)
_ANY: Final = (-math.inf, math.inf)
_RANGES: Final[Mapping[str, tuple[float, float]]] = {
    **dict.fromkeys((*_OF_TABLES, "krippendorff_alpha", "pearson", "spearman"), _BOTH_WAYS),
}
"""Where figures of agreement that are no shares can lie; differences of them can lie elsewhere."""


def table_draws(tables: Array) -> Draws:
    """Give the figures on levels.

    Parameters
    ----------
    tables : ndarray, shape (..., k, k)
        Counted pairs of levels.

    Returns
    -------
    dict of str to ndarray
        Exact and adjacent agreement, kappas, ordinal alpha, AC1 and AC2.
    """
    found = {name: of(tables) for name, of in _OF_TABLES.items()}
    found["krippendorff_alpha"] = alpha_of_tables(both_orders(tables), "ordinal")
    return found


def number_draws(moments: Array) -> Draws:
    """Give the figures on numbers.

    Parameters
    ----------
    moments : ndarray, shape (..., d)
        Sums of `item_moments`.

    Returns
    -------
    dict of str to ndarray
        Pearson's r, errors and the standardised difference of means.
    """
    return {name: of(moments) for name, of in _OF_MOMENTS.items()}


def spearman_draws(
    bootstrap: Bootstrap, codes: Index, human: Array, machine: Array, weight: Array
) -> Array:
    """Give Spearman's rank correlation of binned numbers.

    Parameters
    ----------
    bootstrap : Bootstrap
        The resamples.
    codes : ndarray of int64, shape (n,)
        The cluster of each pair.
    human, machine : ndarray of float64, shape (n,)
        The numbers of each pair.
    weight : ndarray of float64, shape (n,)
        What each pair counts.

    Returns
    -------
    ndarray of float64, shape (rounds + 1,)
        NaN where one side does not vary.
    """
    first, second = binned(human), binned(machine)
    rows, columns = (int(bins.max(initial=0)) + 1 for bins in (first, second))
    cells = (codes, first * columns + second)
    counts = sparse.csr_array((weight, cells), (bootstrap.size, rows * columns))
    tables = bootstrap.draws_of_sparse(counts)
    return spearman_of_tables(tables.reshape(-1, rows, columns))


def machine_draws(material: Material, compared: Compared) -> Draws:
    """Give how the machine agrees with the reference.

    Parameters
    ----------
    material : Material
        Of the study.
    compared : Compared
        Of a criterion, or of some of its rows.

    Returns
    -------
    dict of str to ndarray
        All figures.
    """
    tables = material.tables(compared.levels, compared.answers)
    numbers = (compared.human, compared.machine)
    pairs = compared.levels
    moments = material.moments(compared.answers, pairs.item, numbers, pairs.weight)
    found = table_draws(tables) | number_draws(moments)
    codes = material.codes(compared.answers)[pairs.item]
    found["spearman"] = spearman_draws(material.bootstrap, codes, *numbers, pairs.weight)
    return found


def human_draws(material: Material, answers: Answers) -> Draws:
    """Give how two people who graded the same item agree.

    Parameters
    ----------
    material : Material
        Of the study.
    answers : Answers
        Of a criterion.

    Returns
    -------
    dict of str to ndarray
        Over all ordered pairs of raters; alpha and Gwet's with their authors' weights.
    """
    pairs = human_pairs(answers.human)
    numbers = (answers.values[pairs.first], answers.values[pairs.second])
    found = table_draws(material.tables(pairs, answers))
    found["pearson"] = pearson_of_moments(
        material.moments(answers, pairs.item, numbers, pairs.weight)
    )
    # Gwet averages over items, however many pairs each has; single grades tell of the levels, too.
    by_item = material.tables(human_pairs(answers.human, "item"), answers)
    rows = np.arange(len(answers.items))
    shares = material.sums(answers, rows, item_shares(answers.human, len(answers.levels)))
    found["gwet_ac1"] = gwet_ac1_of_tables(by_item, shares)
    found["gwet_ac2"] = gwet_ac2_of_tables(by_item, shares=shares)
    coincidences = material.tables(human_pairs(answers.human, "krippendorff"), answers)
    found["krippendorff_alpha"] = alpha_of_tables(coincidences, "ordinal")
    return found


def degradation_draws(material: Material, answers: Answers) -> Draws:
    """Give what is lost when the machine takes the place of one of two people.

    The machine is compared with each single person who graded an item, and people with each other,
    on the same items: those that two or more people and the machine graded. Each item counts 1.

    Parameters
    ----------
    material : Material
        Of the study.
    answers : Answers
        Of a criterion.

    Returns
    -------
    dict of str to ndarray
        Exact agreement, quadratic kappa and Pearson's r of the machine minus those of two people.
    """
    both = np.zeros(len(answers.items), dtype=bool)
    both[answers.double_graded] = True
    people = np.where((both & (answers.machine >= 0))[:, None], answers.human, -1)
    with_machine, among = machine_pairs(people, answers.machine), human_pairs(people, "item")
    found: list[Draws] = []
    for pairs, second in (
        (with_machine, answers.number[with_machine.item]),
        (among, answers.values[among.second]),
    ):
        tables = material.tables(pairs, answers)
        numbers = (answers.values[pairs.first], second)
        moments = material.moments(answers, pairs.item, numbers, pairs.weight)
        found.append(
            {
                "exact": exact_of_tables(tables),
                "quadratic_kappa": cohen_kappa_of_tables(tables, "quadratic"),
                "pearson": pearson_of_moments(moments),
            }
        )
    of_machine, of_people = found
    return {name: of_machine[name] - of_people[name] for name in of_machine}


def estimates(
    material: Material,
    answers: Answers,
    draws: Draws,
    items: Index,
    table: Array | None = None,
    labels: Sequence[str] | None = None,
    nothing: str = NOTHING,
    bounded: bool = True,
) -> dict[str, Estimate]:
    """Make figures with intervals.

    Parameters
    ----------
    material : Material
        Of the study.
    answers : Answers
        Of a criterion.
    draws : dict of str to ndarray
        On all data and on each resample.
    items : ndarray of int64
        Rows that they are made of.
    table : ndarray, shape (k, k), optional
        Counted pairs on all data; tells why a figure is undefined.
    labels : sequence of str, optional
        What the levels are called.
    nothing : str, default `NOTHING`
        Why figures are undefined where there are no items.
    bounded : bool, default True
        Whether intervals end where such a figure can lie; False for differences of two.

    Returns
    -------
    dict of str to Estimate
        By name.
    """
    reason: str | None = NO_VARIATION
    if not len(items):
        reason = nothing
    elif table is not None:
        reason = undefined_reason(table, labels or answers.levels) or NO_VARIATION
    found = {name: material.of_items(of, answers, items, reason) for name, of in draws.items()}
    if not bounded:
        return found
    level = material.bootstrap.level
    return {
        name: as_share(one, level) if name in _SHARES else one.within(*_RANGES.get(name, _ANY))
        for name, one in found.items()
    }


def as_share(found: Estimate, level: float, cases: float | None = None) -> Estimate:
    """Keep an interval among shares, and give it a width where every resample is the same.

    A share of 0 or 1 is 0 or 1 in every resample, however few cases there are: 6 of 6 would look
    certain. There the other end is Wilson's (`least_share`).

    Parameters
    ----------
    found : Estimate
        From 0 to 1.
    level : float
        Of confidence.
    cases : float, optional
        Independent cases that it is made of; default: its clusters.

    Returns
    -------
    Estimate
        The same otherwise.

    Examples
    --------
    >>> sure = as_share(Estimate(1.0, 1.0, 1.0, n=16, clusters=16), 0.95)
    >>> round(sure.low, 2), sure.high
    (0.81, 1.0)
    """
    if found.low is None or found.low != found.high or found.value not in (0.0, 1.0):
        return found.within(0.0, 1.0)
    least = least_share(1.0, int(found.clusters if cases is None else cases), level)
    return replace(found, low=least) if found.value else replace(found, high=1.0 - least)

"""Agreement on levels against scikit-learn, statsmodels, and figures that were published."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from qa_nlp.agreement import statistics
from qa_nlp.agreement.chance import AlphaMetric
from qa_nlp.agreement.gwet import item_shares
from qa_nlp.agreement.level_agreement import ratings_table
from qa_nlp.agreement.level_gaps import LevelWeights, level_gaps
from qa_nlp.agreement.pair_tables import both_orders, cross_tables, item_tables
from qa_nlp.agreement.statistics import (
    adjacent_agreement,
    alpha_of_tables,
    cohen_kappa,
    cohen_kappa_of_tables,
    exact_agreement,
    exact_of_tables,
    gwet_ac1,
    gwet_ac1_of_tables,
    gwet_ac2,
    gwet_ac2_of_tables,
    kappas_of_tables,
    krippendorff_alpha,
    linear_kappa,
    quadratic_kappa,
    undefined_reason,
)
from qa_nlp.errors import GradesError

Array = NDArray[Any]
LEVELS = 5
# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", parts C and D: four observers,
# twelve units; irrCAC 1.0 (Gwet 2019) has the same grades as "cac.raw4raters".
FOUR_OBSERVERS = (
    np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
            [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
        ]
    ).T
    - 1
)
# Two abstractors and 100 patients: irrCAC 1.0 (Gwet 2019), "cont3x3abstractors".
ABSTRACTORS = np.array([[13, 0, 0], [0, 20, 7], [0, 4, 56]])

two_raters = arrays(
    np.int64, st.tuples(st.integers(2, 40), st.just(2)), elements=st.integers(0, LEVELS - 1)
)
complete = arrays(
    np.int64,
    st.tuples(st.integers(2, 15), st.integers(3, 5)),
    elements=st.integers(0, LEVELS - 1),
)
some_ratings = arrays(
    np.int64,
    st.tuples(st.integers(1, 15), st.integers(3, 5)),
    elements=st.integers(-2, LEVELS - 1),
)
some_tables = arrays(
    np.float64, (LEVELS, LEVELS), elements=st.integers(0, 9).map(lambda count: count / 4)
)
of_ratings: dict[str, Callable[..., float]] = {
    name: getattr(statistics, name)
    for name in (
        *("exact_agreement", "adjacent_agreement", "cohen_kappa", "linear_kappa"),
        *("quadratic_kappa", "krippendorff_alpha", "gwet_ac1", "gwet_ac2"),
    )
}
of_tables: dict[str, Callable[..., Array]] = {
    name: getattr(statistics, name) for name in statistics.__all__ if name.endswith("_of_tables")
}


@pytest.mark.parametrize(
    ("weights", "name"), [("nominal", None), ("linear", "linear"), ("quadratic", "quadratic")]
)
@given(ratings=two_raters)
def test_kappa_of_two_raters_is_that_of_scikit_learn(
    ratings: Array, weights: LevelWeights, name: str | None
) -> None:
    from sklearn.metrics import cohen_kappa_score

    assume(len(np.unique(ratings)) > 1)

    found = cohen_kappa(ratings, LEVELS, weights=weights)

    oracle = cohen_kappa_score(*ratings.T, labels=np.arange(LEVELS), weights=name)
    assert found == pytest.approx(oracle)


@pytest.mark.parametrize("weights", ["linear", "quadratic"])
@given(table=some_tables)
def test_kappa_uses_the_values_of_levels_as_statsmodels_does(
    table: Array, weights: Literal["linear", "quadratic"]
) -> None:
    from statsmodels.stats.inter_rater import cohens_kappa

    values = [0.0, 1.0, 4.0, 5.0, 10.0]
    found = float(cohen_kappa_of_tables(table, weights, values))
    assume(not math.isnan(found))

    oracle = cohens_kappa(table, weights=np.array(values), wt=weights, return_results=False)
    assert found == pytest.approx(float(oracle))


@given(ratings=complete)
def test_kappa_of_many_raters_is_that_of_fleiss_when_all_rate_all(ratings: Array) -> None:
    from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

    assume(len(np.unique(ratings)) > 1)
    counts, _ = aggregate_raters(ratings, LEVELS)

    assert cohen_kappa(ratings) == pytest.approx(fleiss_kappa(counts, method="fleiss"))


@given(ratings=two_raters)
def test_linear_and_quadratic_kappa_are_the_weighted_ones(ratings: Array) -> None:
    for kappa, weights in ((linear_kappa, "linear"), (quadratic_kappa, "quadratic")):
        expected = cohen_kappa(ratings, LEVELS, weights=weights)  # type: ignore[arg-type]
        assert kappa(ratings, LEVELS) == pytest.approx(expected, nan_ok=True)


@given(ratings=two_raters)
def test_quadratic_kappa_takes_a_table_or_two_gradings(ratings: Array) -> None:
    found = quadratic_kappa(ratings, levels=LEVELS)

    assert quadratic_kappa(ratings[:, 0], ratings[:, 1], LEVELS) == pytest.approx(
        found, nan_ok=True
    )
    assert quadratic_kappa(ratings) == pytest.approx(found, nan_ok=True)


@given(ratings=two_raters)
def test_quadratic_kappa_stays_when_the_scale_is_reversed(ratings: Array) -> None:
    turned = quadratic_kappa(LEVELS - 1 - ratings, LEVELS)

    assert turned == pytest.approx(quadratic_kappa(ratings, LEVELS), nan_ok=True)


@pytest.mark.parametrize(
    ("metric", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)]
)
def test_alpha_is_the_published_one_when_grades_are_missing(
    metric: AlphaMetric, published: float
) -> None:
    assert krippendorff_alpha(FOUR_OBSERVERS, metric=metric) == pytest.approx(published, abs=5e-4)


def test_alpha_of_two_observers_and_yes_or_no_is_the_published_one() -> None:
    """Krippendorff 2011, part A: 10 units, alpha .095."""
    one, other = "0100000010", "1110010000"
    ratings = np.array([[int(level) for level in pair] for pair in zip(one, other, strict=True)])

    assert krippendorff_alpha(ratings, metric="nominal") == pytest.approx(0.095, abs=5e-4)


@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval"])
@given(ratings=some_ratings)
def test_alpha_is_the_definition_written_out(ratings: Array, metric: AlphaMetric) -> None:
    """Disagreement within items over that of all grades, in plain loops over pairs of grades."""
    items = [[g for g in row if g >= 0] for row in ratings.tolist()]
    items = [row for row in items if len(row) > 1]
    pool = [g for row in items for g in row]
    assume(len(set(pool)) > 1)

    def cost(one: int, other: int) -> float:
        if metric == "nominal":
            return float(one != other)
        if metric == "interval":
            return float((one - other) ** 2)
        low, high = sorted((one, other))
        between = sum(low <= g <= high for g in pool)
        return float((between - (pool.count(low) + pool.count(high)) / 2) ** 2)

    within = sum(
        cost(*pair) / (len(row) - 1) for row in items for pair in itertools.permutations(row, 2)
    )
    overall = sum(cost(*pair) for pair in itertools.permutations(pool, 2))

    found = krippendorff_alpha(ratings, LEVELS, metric=metric)
    assert found == pytest.approx(1 - within / (overall / (len(pool) - 1)))


def test_alpha_of_people_and_machine_is_that_of_two_raters() -> None:
    ratings = np.array([[0, 1], [2, 2], [1, 1], [2, 1], [0, -1]])
    crossed = cross_tables(ratings[:, :1], ratings[:, 1], 3).sum(axis=0)

    assert float(alpha_of_tables(both_orders(crossed))) == pytest.approx(
        krippendorff_alpha(ratings)
    )


def test_alpha_uses_the_values_of_levels_when_they_are_intervals() -> None:
    ratings = FOUR_OBSERVERS[:, 2:]
    worth = [2.0, 4.0, 6.0, 8.0, 10.0]

    stretched = krippendorff_alpha(ratings, metric="interval", values=worth)

    assert stretched == pytest.approx(krippendorff_alpha(ratings, metric="interval"))


def test_first_coefficient_of_gwet_is_the_published_one_of_two_raters() -> None:
    """By hand: .89 agree; shares .13, .255, .615; chance = sum of p (1 - p) / 2 = .269925.

    (.89 - .269925) / (1 - .269925) = .8493305, as irrCAC 1.0 prints it.
    """
    assert float(gwet_ac1_of_tables(ABSTRACTORS)) == pytest.approx(0.8493305, abs=5e-8)


def test_second_coefficient_of_gwet_is_that_derived_by_hand() -> None:
    """Quadratic credit is 1, .75, 0, so 11 near misses cost .25 each: 1 - .0275 agree.

    The mean credit of two levels is (3 + 4 * .75) / 6 = 1 per p (1 - p), so chance is .53985.
    """
    by_hand = (1 - 0.0275 - 0.53985) / (1 - 0.53985)

    assert float(gwet_ac2_of_tables(ABSTRACTORS)) == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("weights", "published"),
    [("nominal", 0.77544), ("linear", 0.859), ("ordinal", 0.899), ("quadratic", 0.914)],
)
def test_coefficients_of_gwet_are_the_published_ones_when_raters_are_many(
    weights: LevelWeights, published: float
) -> None:
    """The figures of irrCAC 0.4.2 (Fergadis, for Python), to the decimals that they print."""
    digits = 5e-6 if weights == "nominal" else 5e-4

    found = gwet_ac2(FOUR_OBSERVERS, LEVELS, weights=weights)

    assert found == pytest.approx(published, abs=digits)


def test_agreement_of_gwet_is_the_mean_over_items_when_raters_are_many() -> None:
    """irrCAC 1.0: .81818 agree, averaged over the 11 items with a pair."""
    tables = item_tables(FOUR_OBSERVERS, LEVELS, "item").sum(axis=0)

    assert tables.sum() == pytest.approx(11)
    assert float(exact_of_tables(tables)) == pytest.approx(0.81818, abs=5e-6)


@given(ratings=some_ratings)
def test_margin_of_pairs_is_that_of_shares_when_every_item_has_a_pair(ratings: Array) -> None:
    paired = ratings[(ratings >= 0).sum(axis=1) > 1]
    tables = item_tables(paired, LEVELS, "item").sum(axis=0)

    found = float(gwet_ac2_of_tables(tables))

    assert found == pytest.approx(gwet_ac2(paired, LEVELS), nan_ok=True)
    assert tables.sum(axis=0) == pytest.approx(item_shares(paired, LEVELS).sum(axis=0))


def test_coefficient_of_gwet_stays_high_when_a_level_is_rare() -> None:
    """The paradox of kappa (Feinstein and Cicchetti 1990): 98 of 100 agree, kappa is below 0."""
    table = np.array([[0, 1], [1, 98]])

    assert float(cohen_kappa_of_tables(table)) < 0
    assert float(gwet_ac1_of_tables(table)) > 0.97


def test_coefficient_of_gwet_counts_levels_that_nobody_gave() -> None:
    ratings = [[0, 0], [0, 1], [1, 1]]

    assert gwet_ac1(ratings, 3) > gwet_ac1(ratings, 2)


@given(table=some_tables)
def test_exact_and_adjacent_agreement_are_counted_shares(table: Array) -> None:
    assume(table.sum() > 0)
    cells = list(np.ndindex(table.shape))
    same = sum(table[i, j] for i, j in cells if i == j)
    near = sum(table[i, j] for i, j in cells if abs(i - j) <= 1)

    assert float(of_tables["exact_of_tables"](table)) == pytest.approx(same / table.sum())
    assert float(of_tables["adjacent_of_tables"](table)) == pytest.approx(near / table.sum())


def test_exact_and_adjacent_agreement_count_every_pair_of_raters_once() -> None:
    ratings = [[0, 0, 2], [1, 2, -1], [3, -1, -1]]

    assert exact_agreement(ratings, 4) == pytest.approx(1 / 4)
    assert adjacent_agreement(ratings, 4) == pytest.approx(2 / 4)


@pytest.mark.parametrize("name", of_ratings)
@given(ratings=some_ratings, seed=st.integers(0, 99))
def test_statistic_ignores_the_order_of_items_and_of_raters(
    ratings: Array, name: str, seed: int
) -> None:
    random = np.random.default_rng(seed)
    moved = random.permuted(random.permutation(ratings), axis=1)

    found = of_ratings[name](moved, LEVELS)

    assert found == pytest.approx(of_ratings[name](ratings, LEVELS), nan_ok=True)


@pytest.mark.parametrize("name", of_ratings)
@given(ratings=two_raters)
def test_statistic_of_two_raters_ignores_who_is_first(ratings: Array, name: str) -> None:
    found = of_ratings[name](ratings[:, ::-1], LEVELS)

    assert found == pytest.approx(of_ratings[name](ratings, LEVELS), nan_ok=True)


@pytest.mark.parametrize("name", of_ratings)
@given(
    levels=arrays(np.int64, st.integers(2, 20), elements=st.integers(0, LEVELS - 1)),
    raters=st.integers(2, 4),
)
def test_statistic_is_one_when_all_agree_and_levels_vary(
    levels: Array, raters: int, name: str
) -> None:
    assume(len(np.unique(levels)) > 1)

    assert of_ratings[name](np.repeat(levels[:, None], raters, axis=1), LEVELS) == 1.0


@pytest.mark.parametrize("name", of_ratings)
@pytest.mark.parametrize("ratings", [np.empty((0, 2)), [[1, -1], [-1, 2]], [[1], [2]]])
def test_statistic_is_undefined_without_a_pair(name: str, ratings: object) -> None:
    assert math.isnan(of_ratings[name](ratings, LEVELS))


@pytest.mark.parametrize("ratings", [[[2, 2]] * 3, [[2, 2, 2]] * 3])
def test_kappas_and_alpha_are_undefined_when_one_level_is_given_throughout(
    ratings: list[list[int]],
) -> None:
    for name in ("cohen_kappa", "linear_kappa", "quadratic_kappa", "krippendorff_alpha"):
        assert math.isnan(of_ratings[name](ratings, 3)), name
    assert exact_agreement(ratings, 3) == gwet_ac1(ratings, 3) == gwet_ac2(ratings, 3) == 1.0


def test_coefficient_of_gwet_is_undefined_when_there_is_one_level_only() -> None:
    assert math.isnan(gwet_ac2([[0, 0], [0, 0]], 1))


@pytest.mark.parametrize("name", of_tables)
@given(tables=arrays(np.float64, (2, 3, 3, 3), elements=st.integers(0, 5).map(float)))
def test_statistic_of_many_tables_is_that_of_each(tables: Array, name: str) -> None:
    tables = both_orders(tables)

    found = of_tables[name](tables)

    assert found.shape == (2, 3)
    for place in np.ndindex(2, 3):
        assert found[place] == pytest.approx(float(of_tables[name](tables[place])), nan_ok=True)


@given(table=some_tables)
def test_reason_is_given_exactly_when_agreement_beyond_chance_is_undefined(
    table: Array,
) -> None:
    for kappa in (cohen_kappa_of_tables, kappas_of_tables):
        assert math.isnan(float(kappa(table))) == (undefined_reason(table) is not None)


def test_reason_is_a_sentence_for_people() -> None:
    same = np.diag([0, 4, 0])

    assert undefined_reason(np.zeros((3, 3))) == "no item has two grades to compare"
    assert undefined_reason(same) == (
        "both gave one and the same level throughout, so agreement beyond chance is undefined"
    )
    assert undefined_reason(same, ["no", "partly", "yes"], who="all raters") == (
        "all raters gave 'partly' throughout, so agreement beyond chance is undefined"
    )
    assert undefined_reason(np.diag([1, 4, 0])) is None


def test_default_number_of_levels_is_that_of_the_highest_one_given() -> None:
    assert ratings_table([[0, 2], [1, 1]]).shape == (3, 3)
    assert ratings_table([[0, 2], [1, 1]], 5).shape == (5, 5)


def test_level_beyond_the_scale_is_refused() -> None:
    with pytest.raises(GradesError, match="row 1, column 0: 3 is not the position of one of 3"):
        cohen_kappa([[0, 1], [3, 1]], 3)
    with pytest.raises(GradesError, match="1 level or more, not 0"):
        cohen_kappa([[-1, -1]], 0)


def test_unknown_name_is_refused_with_what_is_near() -> None:
    with pytest.raises(ValueError, match="unknown weights 'quadratc'; did you mean 'quadratic'"):
        cohen_kappa([[0, 1]], weights="quadratc")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unknown metric 'ordnal'; did you mean 'ordinal'"):
        krippendorff_alpha([[0, 1]], metric="ordnal")  # type: ignore[arg-type]


def test_values_are_refused_when_they_are_not_one_per_level() -> None:
    with pytest.raises(ValueError, match="2 values for 3 levels"):
        level_gaps(3, "linear", [0.0, 1.0])


def test_statistics_name_everything_once_in_order() -> None:
    assert statistics.__all__ == sorted(set(statistics.__all__))
    assert all(hasattr(statistics, name) for name in statistics.__all__)

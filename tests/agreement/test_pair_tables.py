"""Pairs of grades and their tables: every pair once, whatever is missing, and summed by cluster."""

from __future__ import annotations

import itertools
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from qa_nlp.agreement.gwet import item_shares
from qa_nlp.agreement.pair_tables import (
    PairWeight,
    both_orders,
    cluster_tables,
    cross_tables,
    human_pairs,
    item_tables,
    machine_pairs,
)
from qa_nlp.errors import GradesError

Array = NDArray[Any]
LEVELS = 4
shapes = st.tuples(st.integers(0, 12), st.integers(1, 5))
some_ratings = shapes.flatmap(lambda shape: arrays(np.int64, shape, elements=st.integers(-2, 3)))
weights: list[PairWeight] = ["pairs", "item", "krippendorff"]


def counted_one_by_one(ratings: Array, weight: PairWeight) -> Array:
    """Count pairs in plain loops, the independent way."""
    tables = np.zeros((len(ratings), LEVELS, LEVELS))
    for table, row in zip(tables, ratings.tolist(), strict=True):
        known = [level for level in row if level >= 0]
        m = len(known)
        for first, second in itertools.permutations(range(m), 2):
            count = {"pairs": 1.0, "item": 1 / (m * (m - 1)), "krippendorff": 1 / (m - 1)}[weight]
            table[known[first], known[second]] += count
    return tables


@pytest.mark.parametrize("weight", weights)
@given(ratings=some_ratings)
def test_item_tables_count_every_ordered_pair_of_raters(ratings: Array, weight: PairWeight) -> None:
    found = item_tables(ratings, LEVELS, weight)

    assert found == pytest.approx(counted_one_by_one(ratings, weight))


@pytest.mark.parametrize(
    ("weight", "counts"),
    [("pairs", [0, 2, 6]), ("item", [0, 1, 1]), ("krippendorff", [0, 2, 3])],
)
def test_item_weighs_what_was_asked_for(weight: PairWeight, counts: list[int]) -> None:
    ratings = [[1, -1, -1], [0, 2, -1], [0, 1, 2]]

    assert item_tables(ratings, 3, weight).sum(axis=(1, 2)) == pytest.approx(counts)


@given(ratings=some_ratings)
def test_pairs_are_the_same_when_missing_grades_are_nan(ratings: Array) -> None:
    with_nan = np.where(ratings < 0, np.nan, ratings)

    assert np.array_equal(item_tables(with_nan, LEVELS), item_tables(ratings, LEVELS))


@given(ratings=some_ratings, machine=st.integers(-2, 3))
def test_cross_tables_weigh_each_item_with_both_grades_as_one(ratings: Array, machine: int) -> None:
    grades = np.full(len(ratings), machine)
    known = np.asarray((ratings >= 0).any(axis=1) & (machine >= 0))

    tables = cross_tables(ratings, grades, LEVELS)

    assert tables.sum(axis=(1, 2)) == pytest.approx(known.astype(float))
    shares = item_shares(ratings, LEVELS) * known[:, None]
    assert tables.sum(axis=2) == pytest.approx(shares)


@pytest.mark.parametrize(("weight", "total"), [("item", 2.0), ("pairs", 3.0)])
def test_machine_pairs_weigh_what_was_asked_for(
    weight: Literal["item", "pairs"], total: float
) -> None:
    pairs = machine_pairs([[0, 1], [2, -1], [1, 1]], [0, 1, -1], weight)

    assert pairs.weight.sum() == total
    assert pairs.item.tolist() == [0, 0, 1]


@given(ratings=some_ratings, data=st.data())
def test_cluster_tables_are_the_sums_of_item_tables(ratings: Array, data: st.DataObject) -> None:
    codes = data.draw(arrays(np.int64, len(ratings), elements=st.integers(0, 2)))

    found = cluster_tables(human_pairs(ratings), codes, 3, LEVELS)

    tables = item_tables(ratings, LEVELS)
    assert found == pytest.approx(
        np.array([tables[codes == code].sum(axis=0) for code in range(3)])
    )


@given(ratings=some_ratings)
def test_table_of_human_pairs_is_symmetric(ratings: Array) -> None:
    table = item_tables(ratings, LEVELS).sum(axis=0)

    assert np.array_equal(table, table.T)


def test_both_orders_give_the_table_of_coincidences_of_two_raters() -> None:
    ratings = np.array([[0, 1], [2, 2], [1, 0], [1, -1]])
    crossed = cross_tables(ratings[:, :1], ratings[:, 1], 3)

    assert both_orders(crossed) == pytest.approx(item_tables(ratings, 3, "krippendorff"))


def test_pairs_of_one_hundred_thousand_items_take_no_loop() -> None:
    random = np.random.default_rng(0)
    ratings = random.integers(-1, 5, (100_000, 3))

    tables = cluster_tables(human_pairs(ratings), random.integers(0, 500, 100_000), 500, 5)

    grades = (ratings >= 0).sum(axis=1)
    assert tables.sum() == (grades * (grades - 1)).sum()


def test_pairs_are_none_when_no_item_has_two_grades() -> None:
    assert human_pairs([[1], [2]]).item.size == 0
    assert human_pairs(np.empty((0, 3))).item.size == 0
    assert machine_pairs([[1], [-1]], [-1, 1]).item.size == 0


@pytest.mark.parametrize(
    ("ratings", "message"),
    [
        ([[0, 1.5]], "row 0, column 1: 1.5 is not the position of a level"),
        ([[0, 1], [np.inf, 1]], "row 1, column 0: inf is not"),
        ([[0, 5000]], "5000 is not the position of a level .* not values"),
        ([["yes", "no"]], "must be positions of levels"),
        ([[None, object()]], "must be positions of levels"),
        ([0, 1, 2], "not shape .*column_stack"),
    ],
)
def test_ratings_are_refused_when_they_are_no_positions(ratings: object, message: str) -> None:
    with pytest.raises(GradesError, match=message):
        human_pairs(ratings)  # type: ignore[arg-type]


def test_message_holds_no_text_of_the_data() -> None:
    with pytest.raises(GradesError) as refused:
        human_pairs([["what Mrs Hill said", "no"]])

    assert "Hill" not in str(refused.value)
    assert refused.value.__suppress_context__


def test_position_beyond_the_levels_is_refused() -> None:
    with pytest.raises(GradesError, match="position 3 is beyond a scale of 3 levels"):
        item_tables([[0, 3]], 3)
    with pytest.raises(GradesError, match="row 0, column 1: 3 is not the position of one of 3"):
        item_shares([[0, 3]], 3)


def test_machine_grades_are_refused_when_they_are_not_one_per_item() -> None:
    with pytest.raises(GradesError, match=r"machine grades of shape \(3,\) for 2 items"):
        machine_pairs([[0], [1]], [0, 1, 1])


@pytest.mark.parametrize(
    "pair", [human_pairs, lambda ratings, name: machine_pairs(ratings, [], name)]
)
def test_unknown_weight_is_refused_with_what_is_near(pair: object) -> None:
    with pytest.raises(ValueError, match="unknown weight 'itm'; did you mean 'item'"):
        pair(np.empty((0, 2)), "itm")  # type: ignore[operator]

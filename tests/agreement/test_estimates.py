"""Intervals: whole clusters are drawn, and few of them give Student's t or nothing."""

from __future__ import annotations

import json
import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse, stats

from qa_nlp.agreement.estimates import Bootstrap, Estimate


def mean_draws(bootstrap: Bootstrap, values: np.ndarray) -> np.ndarray:
    parts = np.column_stack([values, np.ones(len(values))])
    sums = bootstrap.draws(bootstrap.by_cluster(parts))
    with np.errstate(invalid="ignore"):
        return np.asarray(sums[:, 0] / sums[:, 1])


def test_by_cluster_adds_rows_of_one_cluster_when_they_are_apart() -> None:
    bootstrap = Bootstrap(["b", "a", "b"], 100)

    assert bootstrap.codes.tolist() == [0, 1, 0]
    assert bootstrap.by_cluster(np.array([[1.0, 2], [3, 4], [5, 6]])).tolist() == [[6, 8], [3, 4]]


def test_draws_give_all_data_first_when_asked() -> None:
    bootstrap = Bootstrap(range(30), 100)
    values = np.random.default_rng(1).normal(size=(30, 3))

    assert bootstrap.draws(values)[0] == pytest.approx(values.sum(axis=0))


def test_draws_are_sums_over_whole_clusters_drawn_with_replacement_when_resampled() -> None:
    bootstrap = Bootstrap(range(12), 400, seed=3)
    counts = bootstrap.draws(np.eye(12))

    assert counts[0].tolist() == [1] * 12
    assert (counts[1:].sum(axis=1) == 12).all()
    assert counts[1:].mean(axis=0) == pytest.approx(np.ones(12), abs=0.2)
    assert counts[1:].var() == pytest.approx(1 - 1 / 12, abs=0.1)


@pytest.mark.parametrize("filled", [1, 3, 25])
def test_draws_are_the_same_when_added_up_densely_sparsely_or_in_a_loop(filled: int) -> None:
    random = np.random.default_rng(filled)
    bootstrap = Bootstrap(range(50), 100)
    table = random.normal(size=(50, 25)) * (random.random((50, 25)) < filled / 25)
    weights = bootstrap.draws(np.eye(50))
    looped = np.array([sum(w * row for w, row in zip(own, table, strict=True)) for own in weights])

    assert bootstrap.draws(table) == pytest.approx(looped)
    assert bootstrap.draws_of_sparse(sparse.csr_array(table)) == pytest.approx(looped)
    assert bootstrap.draws(table.reshape(50, 5, 5)) == pytest.approx(looped.reshape(-1, 5, 5))


def test_estimate_is_the_same_when_made_twice_and_differs_with_the_seed() -> None:
    values = np.random.default_rng(2).normal(size=40)
    first, again, other = (
        (own := Bootstrap(range(40), 200, seed)).estimate(mean_draws(own, values), 40)
        for seed in (0, 0, 1)
    )

    assert first == again
    assert first.value == other.value
    assert first.low != other.low


def test_estimate_gives_expanded_percentiles_when_there_are_20_clusters() -> None:
    values = np.random.default_rng(3).normal(size=20)
    bootstrap = Bootstrap(range(20), 1000)
    draws = mean_draws(bootstrap, values)
    found = bootstrap.estimate(draws, 20)

    assert found.value == pytest.approx(values.mean())
    # Hesterberg 2015, with t(.975; 19) = 2.0930 from tables
    tail = statistics.NormalDist().cdf(-((20 / 19) ** 0.5) * 2.0930)
    ends = np.quantile(draws[1:], (tail, 1 - tail))
    assert (found.low, found.high) == pytest.approx(tuple(ends), rel=1e-3)
    assert found.warning is None


def test_estimate_is_that_of_a_t_test_with_a_warning_when_clusters_are_few() -> None:
    values = np.random.default_rng(4).normal(size=19)
    bootstrap = Bootstrap(range(19), 20_000)
    found = bootstrap.estimate(mean_draws(bootstrap, values), 19)
    # the bootstrap divides by n where the t-test divides by n - 1, which is put right
    low, high = stats.t.interval(0.95, 18, values.mean(), stats.sem(values))

    assert found.low is not None
    assert found.low == pytest.approx(low, abs=0.02)
    assert found.high == pytest.approx(high, abs=0.02)
    assert found.warning == "only 19 groups of conversations: the interval is rough"


@pytest.mark.parametrize(("clusters", "named"), [(5, "5 groups"), (1, "1 group ")])
def test_estimate_has_no_interval_but_a_reason_when_clusters_are_five_or_fewer(
    clusters: int, named: str
) -> None:
    bootstrap = Bootstrap(np.arange(60) % clusters, 100)
    found = bootstrap.estimate(mean_draws(bootstrap, np.arange(60.0)), 60)

    assert (found.low, found.high) == (None, None)
    assert found.value == pytest.approx(29.5)
    assert found.reason is not None
    assert f"no interval from {named}" in f"{found.reason} "


def test_estimate_counts_the_clusters_of_its_own_items_when_told() -> None:
    bootstrap = Bootstrap(range(100), 100)
    found = bootstrap.estimate(np.ones(101), 4, clusters=4)

    assert found.low is None
    assert found.clusters == 4


def test_estimate_says_why_when_it_is_undefined() -> None:
    bootstrap = Bootstrap(range(30), 100)

    assert bootstrap.estimate(np.full(101, math.nan), 0, 0, "nobody did") == Estimate(
        None, n=0, clusters=0, reason="nobody did"
    )
    assert bootstrap.estimate(np.full(101, math.nan), 0).reason == "it is undefined here"


def test_estimate_has_no_interval_when_most_resamples_are_undefined() -> None:
    bootstrap = Bootstrap(range(30), 100)
    draws = np.full(101, math.nan)
    draws[:40] = 0.5
    found = bootstrap.estimate(draws, 30)

    assert (found.value, found.low) == (0.5, None)
    assert found.reason is not None
    assert "undefined in most resamples" in found.reason


def test_estimate_is_wider_when_conversations_of_a_cluster_are_alike() -> None:
    values = np.repeat(np.random.default_rng(5).normal(size=50), 4)
    alone, together = Bootstrap(range(200), 500), Bootstrap(np.arange(200) // 4, 500)
    one = alone.estimate(mean_draws(alone, values), 200)
    all_of_one = together.estimate(mean_draws(together, values), 200)

    assert one.low is not None
    assert one.high is not None
    assert all_of_one.low is not None
    assert all_of_one.high is not None
    assert (all_of_one.high - all_of_one.low) / (one.high - one.low) == pytest.approx(2, rel=0.2)


@given(st.floats(-2, 2), st.floats(-2, 2), st.floats(-2, 2))
def test_within_keeps_the_value_and_cuts_the_interval_when_it_reaches_out(
    value: float, one: float, two: float
) -> None:
    low, high = sorted((one, two))
    found = Estimate(value, low, high).within(-1, 1)

    assert found.value == value
    assert found.low == max(low, -1)
    assert found.high == min(high, 1)


def test_to_dict_is_json_when_nothing_is_known() -> None:
    empty = Estimate(None, reason="none")

    assert json.loads(json.dumps(empty.to_dict(), allow_nan=False))["value"] is None
    assert Estimate(0.123456, 0.1, 0.2).to_dict()["value"] == 0.1235

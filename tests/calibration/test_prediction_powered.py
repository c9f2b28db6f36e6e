"""Prediction-powered means: exact laws, closed forms, and coverage by simulation."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats
from sklearn.linear_model import LinearRegression

from qa_nlp.calibration.borrowed_mean import Borrowing
from qa_nlp.calibration.prediction_powered import prediction_powered_mean
from qa_nlp.errors import GradesError

Vector = NDArray[np.float64]
Codes = NDArray[np.int_]


def _pair(kind: str, size: int, rng: np.random.Generator) -> tuple[Vector, Vector]:
    """Give human grades and machine scores of a whole population."""
    quality = rng.normal(size=size)
    if kind == "normal":
        return quality, 0.7 * quality + np.sqrt(0.51) * rng.normal(size=size)
    if kind == "useless":
        return quality, rng.normal(size=size)
    if kind == "mostly threes":
        cuts = [quality < -2, quality < -1, quality < 1.1, quality < 2]
        levels = np.select(cuts, [1.0, 2.0, 3.0, 4.0], 5.0)
        return levels, levels + 0.8 * rng.normal(size=size)
    two = np.where(rng.random(size) < 0.6, 5.0, 2.0)
    return two, two + 1.2 * rng.normal(size=size)


def test_mean_is_exactly_unbiased_over_every_simple_random_sample() -> None:
    rng = np.random.default_rng(3)
    human, machine = rng.exponential(size=9), rng.normal(size=9) ** 2
    estimates = [
        prediction_powered_mean(human[list(s)], machine[list(s)], machine).value
        for s in itertools.combinations(range(9), 5)
    ]
    assert np.mean(estimates) == pytest.approx(human.mean(), abs=1e-12)


def test_slopes_are_those_of_least_squares_on_the_other_groups() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=12), rng.normal(size=12)
    groups = ["a", "a", "b", "c", "c", "c", "d", "e", "f", "g", "h", "h"]
    weights = rng.uniform(1, 4, 12)
    keys = np.array(groups)
    slopes = np.array(
        [
            LinearRegression().fit(x[keys != k][:, None], y[keys != k], weights[keys != k]).coef_[0]
            for k in groups
        ]
    )
    estimate = prediction_powered_mean(y, x, x, weights=weights, groups=groups)
    assert estimate.lambda_ == pytest.approx(np.average(slopes, weights=weights))


def test_value_is_the_regression_estimator_but_for_what_cross_fitting_takes_away() -> None:
    rng = np.random.default_rng(5)
    human, machine = _pair("normal", 40_000, rng)
    drawn = rng.choice(human.size, 5_000, replace=False)
    slope = stats.linregress(machine[drawn], human[drawn]).slope
    classical = human[drawn].mean() + slope * (machine.mean() - machine[drawn].mean())
    estimate = prediction_powered_mean(human[drawn], machine[drawn], machine)
    assert estimate.value == pytest.approx(classical, abs=2e-5)
    assert estimate.lambda_ == pytest.approx(slope, abs=1e-5)


def test_process_equals_the_ppi_plus_plus_formula_in_large_samples() -> None:
    rng = np.random.default_rng(6)
    y, x = _pair("normal", 9_000, rng)
    n, rest = 3_000, 6_000
    graded, ungraded = slice(0, n), slice(n, None)
    covariance = np.cov(y[graded], x[graded])[0, 1]
    weight = covariance / ((1 + n / rest) * np.var(x))  # Angelopoulos, Duchi and Zrnic, eq. 7
    value = weight * x[ungraded].mean() + np.mean(y[graded] - weight * x[graded])
    error = np.sqrt(
        weight**2 * np.var(x[ungraded]) / rest + np.var(y[graded] - weight * x[graded]) / n
    )
    estimate = prediction_powered_mean(y[graded], x[graded], x, population="process")
    assert estimate.value == pytest.approx(value, abs=0.05 * error)
    assert estimate.standard_error == pytest.approx(error, rel=0.01)


def test_human_only_is_students_interval_with_the_finite_population_correction() -> None:
    y = np.array([1.0, 4, 3, 3, 5, 2])
    estimate = prediction_powered_mean(y, np.arange(6.0), np.arange(24.0))
    expected = stats.t.interval(0.95, 5, y.mean(), stats.sem(y) * np.sqrt(1 - 6 / 24))
    assert (estimate.human_only.low, estimate.human_only.high) == pytest.approx(expected)
    process = prediction_powered_mean(y, np.arange(6.0), np.arange(24.0), population="process")
    expected = stats.t.interval(0.95, 5, y.mean(), stats.sem(y))
    assert (process.human_only.low, process.human_only.high) == pytest.approx(expected)


def test_interval_is_the_mean_itself_when_every_transcript_is_graded() -> None:
    rng = np.random.default_rng(2)
    y, x = rng.normal(size=30), rng.normal(size=30) ** 2
    estimate = prediction_powered_mean(y, x, x)
    assert estimate.value == pytest.approx(y.mean(), abs=1e-12)
    assert estimate.width == 0


def test_weights_that_are_equal_change_nothing() -> None:
    rng = np.random.default_rng(2)
    y, x = rng.normal(size=20), rng.normal(size=80)
    plain = prediction_powered_mean(y, x[:20], x)
    assert prediction_powered_mean(y, x[:20], x, weights=np.full(20, 4.0)) == plain


def test_groups_that_repeat_a_transcript_count_once() -> None:
    rng = np.random.default_rng(4)
    y, x = rng.normal(size=25), rng.normal(size=100)
    x[:25] += y
    once = prediction_powered_mean(y, x[:25], x)
    twice = prediction_powered_mean(
        np.repeat(y, 2), np.repeat(x[:25], 2), np.repeat(x, 2), groups=list(np.repeat(range(25), 2))
    )
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high))


@pytest.mark.parametrize("population", ["given", "process"])
def test_repeated_groups_of_all_count_once_for_both_populations(population: Any) -> None:
    rng = np.random.default_rng(4)
    y, x = rng.normal(size=25), rng.normal(size=100)
    once = prediction_powered_mean(y, x[:25], x, population=population)
    twice = prediction_powered_mean(
        np.repeat(y, 2),
        np.repeat(x[:25], 2),
        np.repeat(x, 2),
        groups=list(np.repeat(range(25), 2)),
        groups_all=list(np.repeat(range(100), 2)),
        population=population,
    )
    assert twice.width == pytest.approx(once.width, rel=0.02)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000),
    st.floats(0.1, 50),
    st.floats(-100, 100),
    st.sampled_from([-3.0, 0.01, 20.0]),
)
def test_estimate_follows_the_scale_of_grades_and_not_that_of_scores(
    seed: int, scale: float, shift: float, stretch: float
) -> None:
    rng = np.random.default_rng(seed)
    y, x = rng.normal(size=15), rng.normal(size=60)
    base = prediction_powered_mean(y, x[:15], x)
    moved = prediction_powered_mean(
        scale * y + shift, stretch * x[:15] + shift, stretch * x + shift
    )
    assert moved.value == pytest.approx(scale * base.value + shift, rel=1e-6, abs=1e-6)
    assert moved.width == pytest.approx(scale * base.width, rel=1e-6)


def test_estimate_does_not_depend_on_the_order() -> None:
    rng = np.random.default_rng(9)
    y, x = rng.normal(size=30), rng.normal(size=90)
    order = rng.permutation(30)
    one = prediction_powered_mean(y, x[:30], x)
    other = prediction_powered_mean(y[order], x[:30][order], x[::-1])
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-12)


def test_machine_scores_all_alike_leave_the_human_grades_alone() -> None:
    estimate = prediction_powered_mean([1, 2, 3, 4, 5], [3] * 5, [3] * 50)
    assert (estimate.lambda_, estimate.value) == (0, 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"population": "al"}, "unknown population"),
        ({"level": 95}, "between 0 and 1"),
        ({"machine": [1, 2]}, "machine has 2 entries for 4 human grades"),
        ({"human": [1, 2, np.nan, 4]}, r"human\[2\] is nan"),
        ({"machine_all": [1, 2, 3]}, "the graded ones included"),
        ({"weights": [1, 0.5, 1, 1]}, r"weights\[1\] is 0.5"),
        ({"groups": ["a", "a", "b", "b"]}, "at least 3"),
        ({"groups_all": ["a"]}, "groups_all has 1 entries"),
        ({"human": [[1, 2, 3, 4]]}, "one-dimensional"),
    ],
)
def test_error_says_what_is_wrong(change: dict[str, Any], message: str) -> None:
    fields: dict[str, Any] = {
        "human": [1, 2, 3, 4],
        "machine": [1, 2, 3, 4],
        "machine_all": range(8),
    }
    fields |= change
    arrays = [fields.pop(name) for name in ("human", "machine", "machine_all")]
    with pytest.raises(GradesError, match=message):
        prediction_powered_mean(*arrays, **fields)


def _study(
    kind: str, size: int, n: int, runs: int, population: Any = "given", seed: int = 0
) -> tuple[float, float, float, float]:
    """Give coverage, human-only coverage, width ratio and the ratio aimed at."""
    rng = np.random.default_rng(seed)
    given_pair = _pair(kind, size, rng)
    inside = own = 0
    widths, own_widths = [], []
    for _ in range(runs):
        y, x = given_pair if population == "given" else _pair(kind, size, rng)
        target = y.mean() if population == "given" else _PROCESS_MEANS[kind]
        s = rng.choice(size, n, replace=False)
        estimate = prediction_powered_mean(y[s], x[s], x, population=population)
        inside += estimate.low <= target <= estimate.high
        own += estimate.human_only.low <= target <= estimate.human_only.high
        widths.append(estimate.width)
        own_widths.append(estimate.human_only.width)
    y, x = given_pair
    share = 0 if population == "given" else n / size
    aim = np.sqrt(1 - np.corrcoef(y, x)[0, 1] ** 2 * (1 - share))
    return inside / runs, own / runs, float(np.mean(widths) / np.mean(own_widths)), float(aim)


_PROCESS_MEANS = {"normal": 0.0, "useless": 0.0, "two levels": 3.8}


@pytest.mark.slow
def test_coverage_and_width_hold_on_a_scale_of_mostly_threes() -> None:
    coverage, _, ratio, aim = _study("mostly threes", 2_000, 100, 1_000)
    assert 0.93 <= coverage <= 0.97
    assert ratio == pytest.approx(aim, abs=0.03)


def test_useless_scores_widen_the_interval_by_less_than_three_per_cent() -> None:
    _, _, ratio, _ = _study("useless", 1_000, 30, 600)
    assert ratio <= 1.03


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["normal", "useless", "mostly threes", "two levels"])
@pytest.mark.parametrize(
    ("size", "n"), [(178, 30), (178, 100), (2_000, 30), (2_000, 100), (2_000, 300)]
)
def test_coverage_is_95_per_cent_for_given_transcripts(kind: str, size: int, n: int) -> None:
    coverage, _, ratio, aim = _study(kind, size, n, 4_000, seed=n + size)
    assert 0.93 <= coverage <= 0.967
    assert ratio - aim <= 0.04


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["normal", "useless", "two levels"])
@pytest.mark.parametrize(("size", "n"), [(178, 30), (178, 100), (600, 300)])
def test_coverage_is_95_per_cent_for_the_process(kind: str, size: int, n: int) -> None:
    coverage, _, ratio, aim = _study(kind, size, n, 4_000, "process", seed=n)
    assert 0.935 <= coverage <= 0.965
    assert ratio == pytest.approx(aim, abs=0.035)


def _clusters(rng: np.random.Generator, number: int) -> tuple[Vector, Vector, Codes]:
    owners = np.repeat(np.arange(number), rng.integers(1, 5, number))
    shared = rng.normal(size=number)[owners]
    bias = rng.normal(size=number)[owners]
    human = shared + 0.5 * rng.normal(size=owners.size)
    return human, shared + bias + 0.5 * rng.normal(size=owners.size), owners


@pytest.mark.slow
@pytest.mark.parametrize("population", ["given", "process"])
def test_coverage_holds_when_groups_are_drawn_whole(population: Any) -> None:
    rng = np.random.default_rng(8)
    fixed = _clusters(rng, 150)
    inside = 0
    for _ in range(800):
        y, x, owners = fixed if population == "given" else _clusters(rng, 150)
        kept = np.isin(owners, rng.choice(150, 50, replace=False))
        estimate = prediction_powered_mean(
            y[kept],
            x[kept],
            x,
            groups=list(owners[kept]),
            groups_all=list(owners),
            population=population,
        )
        inside += estimate.low <= (y.mean() if population == "given" else 0) <= estimate.high
    assert 0.925 <= inside / 800 <= 0.975


def _parts(rng: np.random.Generator, between: float) -> tuple[Vector, Vector, Codes]:
    parts = np.repeat(np.arange(8), 40)
    human = rng.normal(size=320)
    bias = between * rng.normal(size=8)[parts]
    return human, human + bias + 0.6 * rng.normal(size=320), parts


@pytest.mark.slow
@pytest.mark.parametrize("between", [0.0, 0.5])
def test_borrowed_mean_covers_whether_or_not_parts_differ(between: float) -> None:
    rng = np.random.default_rng(12)
    inside = 0
    for _ in range(500):
        y, x, parts = _parts(rng, between)
        drawn = np.concatenate(
            [rng.choice(np.flatnonzero(parts == p), 4 if p == 0 else 12, False) for p in range(8)]
        )
        own = parts == 0
        mean, _ = Borrowing.of(y[drawn], x[drawn], list(parts[drawn])).mean(0, x[own])
        inside += mean.low <= y[own].mean() <= mean.high
    assert inside / 500 >= 0.93


def test_borrowed_mean_is_exact_when_the_part_is_graded_whole() -> None:
    rng = np.random.default_rng(1)
    y, x = rng.normal(size=30), rng.normal(size=30)
    parts = ["small"] * 5 + ["large"] * 25
    mean, _ = Borrowing.of(y, x, parts).mean("small", x[:5])
    assert mean.value == pytest.approx(y[:5].mean())
    assert mean.width == 0


def test_borrowed_mean_adds_the_rectifier_to_the_machine_mean() -> None:
    x = np.arange(20.0)
    mean, weight = Borrowing.of(2 * x + 7, x, ["a", "b"] * 10).mean("c", [1.0, 3.0])
    assert weight == pytest.approx(2)
    assert mean.value == pytest.approx(11)


@pytest.mark.parametrize(
    ("scores", "message"), [([], "0 machine scores"), ([1.0], "one for each transcript")]
)
def test_borrowed_mean_refuses_fewer_scores_than_graded(scores: list[float], message: str) -> None:
    everybody = Borrowing.of([1, 2, 3, 4], [1, 2, 3, 5], ["a", "a", "b", "b"])

    with pytest.raises(GradesError, match=message):
        everybody.mean("a", scores)

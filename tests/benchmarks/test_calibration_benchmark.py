"""The pure parts of the calibration benchmark, on invented numbers."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from benchmarks.parts.calibration_few import draw_rows, summarise
from benchmarks.parts.calibration_figures import (
    constant_width,
    drawn_kappa,
    drawn_worst_share,
    limit_of_others,
    others_mean,
    single_reliability,
)
from benchmarks.parts.calibration_kept import once
from benchmarks.parts.calibration_level_sets import split_rows
from benchmarks.parts.calibration_means import simulate
from benchmarks.parts.calibration_methods import METHODS, OWN, levels_of_chances
from benchmarks.parts.calibration_results import calibration_targets
from benchmarks.parts.calibration_setfit import level_pairs
from benchmarks.parts.calibration_sets import GradedSet, take
from benchmarks.parts.calibration_speed import invented
from benchmarks.parts.resampling import Resampler

GROUPS = [str(number // 3) for number in range(60)]
RANDOM = np.random.default_rng(0)
SCORE = np.round(RANDOM.normal(size=60), 1)
TRUTH = np.clip(np.round(3 + SCORE + RANDOM.normal(size=60)), 1, 5)
BAD = TRUTH <= 2


def drawn_rows(resample: int) -> NDArray[np.int64]:
    """Give the rows of a resample, each as often as it was drawn."""
    counts = Resampler(GROUPS, rounds=20).totals(np.eye(60))[resample]
    return np.repeat(np.arange(60), counts.astype(np.int64))


@pytest.mark.parametrize("resample", [0, 1, 7])
def test_drawn_kappa_equals_sklearn_on_the_drawn_rows(resample: int) -> None:
    rows = drawn_rows(resample)
    one, two = TRUTH.astype(int) - 1, np.clip(np.round(3 + SCORE), 1, 5).astype(int) - 1
    found = drawn_kappa(Resampler(GROUPS, rounds=20), one, two, 5)[resample]
    expected = cohen_kappa_score(one[rows], two[rows], weights="quadratic")
    assert found == pytest.approx(expected)


def test_drawn_worst_share_counts_the_tenth_that_scores_highest() -> None:
    score = np.arange(20.0)
    hit = np.isin(np.arange(20), [19, 3, 4, 5])
    found = drawn_worst_share(Resampler([str(n) for n in range(20)], rounds=1), score, hit)
    assert found[0] == pytest.approx((1 / 2) / (4 / 20))


def test_drawn_worst_share_takes_a_part_of_equal_scores() -> None:
    hit = np.arange(20) < 4
    found = drawn_worst_share(Resampler([str(n) for n in range(20)], rounds=1), np.ones(20), hit)
    assert found[0] == pytest.approx(1.0)


def test_constant_width_is_the_least_of_all_mixtures_of_two_sets() -> None:
    shares = np.array([0.02, 0.13, 0.55, 0.25, 0.05])
    sets = [(b - a, shares[a:b].sum()) for a, b in itertools.combinations(range(6), 2)]
    for coverage in (0.5, 0.7, 0.9, 0.97):
        mixed = [
            low + (high - low) * (coverage - one) / (two - one)
            for (low, one), (high, two) in itertools.product(sets, sets)
            if one < coverage <= two
        ]
        assert constant_width(shares, coverage) == pytest.approx(min(mixed))


def test_constant_width_is_that_of_a_set_when_it_covers_exactly() -> None:
    assert constant_width([0.1, 0.2, 0.6, 0.1], 0.8) == pytest.approx(2.0)


def test_others_mean_leaves_each_grade_out() -> None:
    found = others_mean(np.array([0, 1, 0, 0]), np.array([1.0, 4.0, 2.0, 6.0]))
    assert found[[0, 2, 3]].tolist() == [4.0, 3.5, 1.5]
    assert np.isnan(found[1])


def test_single_reliability_equals_the_kappa_of_all_ordered_pairs() -> None:
    item = np.repeat(np.arange(15), [2, 3, 4] * 5)
    value = np.random.default_rng(1).integers(1, 6, len(item)) + np.float64(item // 6)
    pairs = [
        (value[a], value[b])
        for a, b in itertools.permutations(range(len(item)), 2)
        if item[a] == item[b]
    ]
    one, two = np.array(pairs).T.astype(int)
    expected = cohen_kappa_score(one, two, weights="quadratic")
    assert single_reliability(item, value) == pytest.approx(expected)


def test_limit_of_others_is_what_the_true_value_correlates_with() -> None:
    random = np.random.default_rng(2)
    quality = random.normal(size=20_000)
    item = np.repeat(np.arange(20_000), 3)
    value = quality[item] + random.normal(size=len(item)) * 1.5
    reached = np.corrcoef(quality[item], others_mean(item, value))[0, 1]
    assert limit_of_others(item, value) == pytest.approx(reached, abs=0.01)


def test_split_rows_keeps_groups_whole() -> None:
    groups = np.repeat(np.arange(10), 3)
    first, second = split_rows(groups, 0.6, 4)
    assert len(first) == 18
    assert not set(groups[first]) & set(groups[second])


def test_draw_rows_gives_one_of_a_group() -> None:
    groups = np.repeat(np.arange(30), 4)
    rows = draw_rows(groups, 12, 3)
    assert len(set(groups[rows])) == 12


def test_take_gives_the_chances_of_the_same_transcripts_and_their_grades() -> None:
    (data,) = invented(1, 40)
    rows = np.array([30, 2, 17])
    taken = take(data, rows)
    everything = data.chances(data.prior, rows)
    assert np.allclose(taken.chances(taken.prior, np.arange(3)), everything)
    assert taken.level[taken.drawn].tolist() == data.level[rows].tolist()


def test_levels_of_chances_reads_expected_middle_and_bad() -> None:
    told = levels_of_chances(np.array([[0.1, 0.5, 0.4]]), np.array([1.0, 2.0, 5.0]))
    assert told.expected[0] == pytest.approx(3.1)
    assert told.level[0] == 1
    assert told.bad[0] == pytest.approx(0.6)


def test_simulate_covers_and_is_as_narrow_as_the_correlation_says() -> None:
    random = np.random.default_rng(3)
    human = random.normal(size=400)
    machine = human + random.normal(size=400)
    found = simulate(human, machine, 100, "given", 300)
    assert 90 < found["coverage"] <= 99
    assert found["width ratio"] == pytest.approx(found["ideal"], abs=0.03)


def test_level_pairs_wants_as_many_of_one_level_as_of_two() -> None:
    levels = np.array([0, 0, 1, 2, 2, 2])
    pairs = level_pairs(levels, 0)
    assert sum(wanted for *_, wanted in pairs) == len(pairs) / 2
    assert all((levels[a] == levels[b]) == bool(wanted) for a, b, wanted in pairs)


def test_summarise_pairs_leads_draw_by_draw() -> None:
    draws = [
        {name: {"rho": 0.1 * seed + (0.2 if name == OWN else 0.0)} for name in METHODS}
        for seed in range(5)
    ]
    lead = summarise(draws)["leads"]["logistic regression"]["rho"]
    assert (lead["value"], lead["low"], lead["high"]) == (0.2, 0.2, 0.2)


def test_calibration_targets_are_those_of_the_parts_that_are_there() -> None:
    (target,) = calibration_targets({"speed": {"seconds": 7.0}})
    assert target.met


def test_calibration_targets_of_few_grades_name_the_best_baseline() -> None:
    draws = [
        {name: {"rho": {OWN: 0.5, "gradient boosting": 0.45}.get(name, 0.3)} for name in METHODS}
        for _ in range(2)
    ]
    cells = {"all": {"rho": 0.55}, "50": summarise(draws)}
    share, lead = calibration_targets({"few": {"SGD turns": cells}})
    assert share.met
    assert share.value == pytest.approx(0.5 / 0.55, abs=1e-4)
    assert "gradient boosting" in lead.name
    assert lead.value == pytest.approx(0.05)


def test_once_measures_again_only_when_something_has_changed(tmp_path: Path) -> None:
    (data,) = invented(1, 10)
    graded = GradedSet("SGD turns", data, np.ones(10), np.array(["en"] * 10), "abc")
    calls: list[int] = []

    def measure() -> int:
        calls.append(1)
        return len(calls)

    found = [once("few", graded, repeats, measure, tmp_path) for repeats in (5, 5, 6)]
    assert found == [1, 1, 2]

"""Calibration error and Brier skill: worked examples, scikit-learn, and what must hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.calibration import calibration_curve

from benchmarks.parts.calibration import BINS, brier_skill, calibration_error, equal_mass_bins
from benchmarks.parts.resampling import Resampler

Array = NDArray[np.float64]


def both(positive: Array) -> Array:
    return np.column_stack([1 - positive, positive])


def test_calibration_error_of_a_worked_example() -> None:
    # 30 texts at .2, of which 12 hold (.4), and 30 at .8, of which 24 hold (.8): two full bins
    positive = np.repeat([0.2, 0.8], 30)
    holds = np.concatenate([np.arange(30) < 12, np.arange(30) < 24])

    found = calibration_error(both(positive), both(holds.astype(float)) > 0, exclusive=True)

    assert found.raw == pytest.approx(0.5 * abs(0.4 - 0.2) + 0.5 * abs(0.8 - 0.8))


def test_calibration_error_is_the_mean_over_classes() -> None:
    probabilities = np.tile([0.5, 0.5, 0.0], (20, 1))
    labels = np.tile([True, False, False], (20, 1))

    found = calibration_error(probabilities, labels, exclusive=True)

    assert found.raw == pytest.approx((0.5 + 0.5 + 0.0) / 3)


def test_calibration_error_equals_that_of_scikit_learns_curve() -> None:
    random = np.random.default_rng(0)
    positive = random.random(150 * BINS)
    holds = random.random(150 * BINS) < positive**2

    found = calibration_error(positive[:, None], holds[:, None], exclusive=False)

    observed, stated = calibration_curve(holds, positive, n_bins=BINS, strategy="quantile")
    assert found.raw == pytest.approx(np.abs(observed - stated).mean(), abs=1e-9)


def test_calibration_error_less_chance_is_about_0_when_labels_follow_the_probabilities() -> None:
    random = np.random.default_rng(1)
    positive = random.random(2000)
    holds = random.random(2000) < positive

    found = calibration_error(both(positive), both(holds.astype(float)) > 0, exclusive=True)

    assert found.raw > 0.01
    assert abs(found.excess) < 0.01
    assert found.chance < found.chance_high


@pytest.mark.parametrize("exclusive", [True, False])
def test_calibration_error_of_drawn_labels_is_0_when_probabilities_are_certain(
    exclusive: bool,
) -> None:
    certain = np.eye(3)[np.arange(30) % 3]

    found = calibration_error(certain, certain > 0, exclusive=exclusive)

    assert (found.raw, found.chance) == (0.0, 0.0)


def test_calibration_error_does_not_depend_on_the_order_of_texts() -> None:
    random = np.random.default_rng(2)
    positive = np.round(random.random(100), 1)
    holds = random.random(100) < positive
    order = random.permutation(100)

    before = calibration_error(positive[:, None], holds[:, None], exclusive=False).raw
    after = calibration_error(positive[order, None], holds[order, None], exclusive=False).raw

    assert before == pytest.approx(after)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=80), st.integers(1, 15))
def test_bins_hold_at_most_their_share_unless_probabilities_are_equal(
    drawn: list[int], bins: int
) -> None:
    probabilities = np.array(drawn) / 8

    found = equal_mass_bins(probabilities, bins)

    assert ((found >= 0) & (found < bins)).all()
    for value in np.unique(probabilities):
        assert len(np.unique(found[probabilities == value])) == 1
    assert (np.diff(found[np.argsort(probabilities, kind="stable")]) >= 0).all()


def test_bins_are_equally_full_when_all_probabilities_differ() -> None:
    found = equal_mass_bins(np.random.default_rng(3).random(45))

    assert np.bincount(found).tolist() == [3] * BINS


def test_brier_skill_of_a_worked_example() -> None:
    positive, holds = np.array([0.9, 0.8, 0.3, 0.1]), np.array([True, True, False, False])

    skill = brier_skill(Resampler(list("abcd"), rounds=5), positive[:, None], holds[:, None])

    distance = metrics.brier_score_loss(holds, positive)
    assert skill[0] == pytest.approx(1 - distance / 0.25)


def test_brier_skill_is_0_for_the_base_rates_and_1_for_certainty() -> None:
    labels = np.eye(3, dtype=bool)[[0, 0, 1, 2]]
    resampler = Resampler(list("abcd"), rounds=5)

    rates = np.tile(labels.mean(axis=0), (4, 1))
    assert brier_skill(resampler, rates, labels)[0] == pytest.approx(0.0)
    assert brier_skill(resampler, labels.astype(float), labels)[0] == 1.0

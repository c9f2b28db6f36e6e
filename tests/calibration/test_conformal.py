"""Sets of levels: how often they hold a person's grade, and what they always are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from qa_nlp.calibration.conformal import ALPHA, RARITY, LevelSets, conformity
from qa_nlp.calibration.ordinal import level_probabilities

Array = NDArray[np.float64]
CUTS = np.array([-1.5, 0.0, 1.5])


@st.composite
def sets(draw: st.DrawFn) -> tuple[LevelSets, list[Array], int]:
    """Draw scores of a few folds, some of them empty, and the chances of one transcript."""
    random = np.random.default_rng(draw(st.integers(0, 10_000)))
    levels, folds = draw(st.integers(2, 5)), draw(st.integers(1, 4))
    sizes = [draw(st.sampled_from([0, 1, 12, 60])) for _ in range(folds)]
    found = LevelSets(
        tuple(random.random(size) for size in sizes),
        tuple(1.0 / random.integers(1, 4, size) for size in sizes),
        tuple(random.dirichlet(np.ones(levels)) + 1e-3 for _ in range(folds)),
    )
    chances = [random.dirichlet(np.ones(levels)) for _ in range(folds)]
    return found, chances, draw(st.integers(0, levels - 1))


@given(sets(), st.floats(0.01, 0.5), st.floats(0.01, 0.5))
def test_set_holds_its_level_and_is_nested_in_alpha(
    case: tuple[LevelSets, list[Array], int], one: float, other: float
) -> None:
    found, chances, level = case

    first, last = found.members(chances, level, alpha=min(one, other))
    inner_first, inner_last = found.members(chances, level, alpha=max(one, other))

    assert 0 <= first <= inner_first <= level <= inner_last <= last < len(chances[0])


@given(sets())
def test_fold_of_the_transcript_does_not_count(case: tuple[LevelSets, list[Array], int]) -> None:
    found, chances, level = case
    without = len(chances) - 1
    emptied = LevelSets(
        (*found.scores[:-1], np.zeros(0)), (*found.weights[:-1], np.zeros(0)), found.frequencies
    )

    assert found.members(chances, level, without=without) == emptied.members(
        chances, level, without=without
    )


@given(sets())
def test_set_of_a_graded_transcript_asks_no_model_that_saw_its_grade(
    case: tuple[LevelSets, list[Array], int],
) -> None:
    """Only the model of its own fold may speak: all others learnt from the transcript's grade."""
    found, chances, level = case
    turned = [chance[::-1] for chance in chances[:-1]] + chances[-1:]
    without = len(chances) - 1

    assert found.members(chances, level, without=without) == found.members(
        turned, level, without=without
    )


def test_set_is_all_levels_when_there_are_too_few_groups() -> None:
    few = LevelSets((np.ones(8),), (np.ones(8),), (np.full(4, 0.25),))

    # 1 / (1 + 8) > .1: the level itself cannot be excluded, however badly it fits
    assert few.members([np.array([0.97, 0.01, 0.01, 0.01])], 0) == (0, 3)
    assert few.groups == 8


def test_set_is_that_computed_by_hand() -> None:
    scores = np.linspace(0.1, 1.9, 19)  # of 19 groups
    found = LevelSets((scores,), (np.ones(19),), (np.ones(3),))

    # (1 + how many scores are at most .15, .25 and .6) / 20 = .1, .15 and .35; above .1 is inside
    assert found.members([np.array([0.15, 0.25, 0.6])], 2) == (1, 2)


def test_group_counts_once_however_many_transcripts_it_has() -> None:
    one = LevelSets((np.array([0.3, 0.9]),), (np.ones(2),), (np.ones(2),))
    many = LevelSets((np.array([0.3] * 5 + [0.9]),), (np.array([0.2] * 5 + [1]),), (np.ones(2),))
    chances = [np.array([0.2, 0.8])]

    assert many.groups == pytest.approx(one.groups)
    for alpha in np.linspace(0.05, 0.95, 19) + 0.003:
        assert many.members(chances, 1, alpha=alpha) == one.members(chances, 1, alpha=alpha)


def test_conformity_judges_a_rare_level_more_mildly() -> None:
    found = conformity(np.array([[0.5, 0.5]]), np.array([0.1, 0.9]))

    assert found[0, 0] / found[0, 1] == pytest.approx(9**RARITY)


def simulated(seed: int, groups: int, folds: int, noise: float) -> float:
    """Give the share of new grades inside their sets, for models of folds that differ a little."""
    random = np.random.default_rng(seed)
    shifts = random.normal(scale=noise, size=folds)

    def draw(size: int) -> tuple[Array, NDArray[np.int64]]:
        logits = random.normal(scale=1.5, size=size)
        return logits, np.searchsorted(CUTS, logits + random.logistic(size=size))

    scores, frequency = [], np.full(4, 0.25)
    for shift in shifts:
        logits, level = draw(groups // folds)
        fit = conformity(level_probabilities(logits + shift, CUTS), frequency)
        scores.append(fit[np.arange(len(level)), level])
    found = LevelSets(
        tuple(scores), tuple(np.ones(len(one)) for one in scores), (frequency,) * folds
    )
    logits, level = draw(100)
    inside = 0
    for logit, given_level in zip(logits, level, strict=True):
        chances = [level_probabilities(np.array([logit + shift]), CUTS)[0] for shift in shifts]
        # the machine's own level would widen the set: the least likely one is not told
        first, last = found.members(chances, int(np.mean(chances, axis=0).argmax()))
        inside += first <= given_level <= last
    return inside / 100


@pytest.mark.parametrize(("groups", "folds", "noise"), [(40, 10, 0.3), (100, 5, 0.0)])
def test_sets_hold_as_many_grades_as_stated(groups: int, folds: int, noise: float) -> None:
    covered = [simulated(seed, groups, folds, noise) for seed in range(40)]

    error = float(np.std(covered)) / np.sqrt(len(covered))
    assert np.mean(covered) + 3 * error >= 1 - ALPHA
    assert np.mean(covered) >= 1 - ALPHA - 0.01


def test_set_is_wider_when_the_model_is_unsure() -> None:
    found = LevelSets((np.linspace(0.2, 1, 50),), (np.ones(50),), (np.ones(4),))

    # of 51 scores five are at most .26
    assert found.members([np.array([0.97, 0.01, 0.01, 0.01])], 0) == (0, 0)
    assert found.members([np.array([0.3, 0.3, 0.28, 0.12])], 0) == (0, 2)

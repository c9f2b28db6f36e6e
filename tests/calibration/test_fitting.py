"""Fitting one criterion: directions hold, and choices are made without what is held out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_nlp.calibration.criterion_data import CriterionData
from qa_nlp.calibration.fitting import fit_model, level_frequencies, split_groups
from qa_nlp.calibration.model import CriterionModel
from qa_nlp.rubric import Criterion
from qa_nlp.signals.base import SignalSpec

SPECS = {name: SignalSpec(name, "", "share", 0, 1, 0, 1) for name in ("test.a", "test.b", "test.c")}


def criterion(
    levels: int,
    directions: Mapping[str, str],
    weight: float = 2.0,
    cutpoints: list[float] | None = None,
) -> Criterion:
    return Criterion.model_validate(
        {
            "id": "one",
            "question": "Was it good?",
            "levels": [{"id": f"l{number}", "value": number} for number in range(levels)],
            "cutpoints": cutpoints,
            "signals": [
                {"signal": name, "direction": direction, "threshold": 0.5, "weight": weight}
                for name, direction in directions.items()
            ],
        }
    )


def data(
    question: Criterion, seed: int, size: int, *, raters: int = 1, missing: float = 0.1
) -> CriterionData:
    """Draw signals, and grades that know nothing of them."""
    random = np.random.default_rng(seed)
    prior = CriterionModel.of(question, SPECS)
    positions = random.uniform(-0.5, 0.5, (size, len(prior.terms)))
    positions[random.random(positions.shape) < missing] = np.nan
    item = np.repeat(np.arange(size), raters)
    return CriterionData(
        question,
        prior,
        np.arange(size),
        positions,
        np.zeros(size, dtype=np.bool_),
        np.arange(size),
        split_groups(np.arange(size), 5, 1),
        item,
        np.tile(np.arange(raters), size) if raters > 1 else item * 0,
        random.integers(0, len(question.levels), len(item)),
        np.arange(size) * raters,
    )


directions = st.dictionaries(
    st.sampled_from(list(SPECS)), st.sampled_from(["more", "less"]), min_size=1
)


@given(
    directions,
    st.integers(2, 5),
    st.integers(0, 10_000),
    st.sampled_from([0, 1, 5, 30]),
    st.floats(0.1, 8.0),
    st.integers(1, 2),
)
@settings(max_examples=40)
def test_raising_a_signal_never_lowers_a_level_in_its_stated_direction(
    stated: dict[str, str], levels: int, seed: int, size: int, weight: float, raters: int
) -> None:
    random = np.random.default_rng(seed)
    cutpoints = sorted(random.uniform(-4, 4, levels - 1).tolist())
    question = criterion(levels, stated, weight, cutpoints)
    model = fit_model(data(question, seed, size, raters=raters)).model

    values = {name: float(random.uniform(-1, 2)) for name in SPECS}
    for name, direction in stated.items():
        reached = [
            model.probabilities(sum(model.contributions({**values, name: value}).values()))[
                ::-1
            ].cumsum()
            for value in (np.linspace(-1, 2, 7) if direction == "more" else np.linspace(2, -1, 7))
        ]
        assert (np.diff(np.array(reached), axis=0) >= -1e-12).all()


ONE = criterion(3, {"test.a": "more", "test.b": "less"})


def test_prior_is_kept_when_there_are_no_grades() -> None:
    found = fit_model(data(ONE, 0, 0))

    assert found.model.terms == CriterionModel.of(ONE, SPECS).terms
    assert found.model.cutpoints == pytest.approx((-1.0, 1.0))
    assert (found.transcripts, found.grades, dict(found.severities)) == (0, 0, {})


def told(seed: int, size: int) -> CriterionData:
    """Draw grades that follow the first signal alone."""
    random = np.random.default_rng(seed)
    found = data(ONE, seed, size, missing=0.0)
    logits = 8 * found.positions[:, 0] + random.logistic(size=size)
    return replace(found, level=np.searchsorted([-1.0, 1.0], logits))


def test_few_grades_move_a_weight_a_little_and_many_decide() -> None:
    weights = {size: fit_model(told(1, size)).model.terms for size in (10, 200)}

    first = {size: terms[0].weight for size, terms in weights.items()}
    assert 1.0 < first[10] < first[200]
    assert 5.5 < first[200] < 9.5  # the truth is 8, the rubric's 2
    assert abs(weights[200][1].weight) < 1.0  # the rubric's -2 is wrong


def test_grades_of_a_held_out_fold_change_nothing() -> None:
    one = told(2, 60)
    own = one.folds == 3
    other = replace(one, level=np.where(own, 2 - one.level, one.level))

    assert fit_model(one, 3).model == fit_model(other, 3).model
    assert fit_model(one, 2).model != fit_model(other, 2).model


def test_answers_of_not_applicable_are_left_out() -> None:
    one = told(3, 30)
    outside = np.arange(30) < 10

    found = fit_model(replace(one, level=np.where(outside, -1, one.level)))

    assert (found.transcripts, found.grades) == (20, 20)


def test_two_levels_that_nobody_used_stay_possible() -> None:
    question = criterion(4, {"test.a": "more"})
    one = data(question, 4, 50)
    model = fit_model(replace(one, level=np.minimum(one.level, 1))).model

    chances = model.probabilities(0.0)
    assert (np.diff(model.cutpoints) > 0).all()
    assert (chances > 0).all()
    assert chances[2:].sum() < 0.1


def test_absence_that_tells_something_is_learnt_and_rare_absence_is_not() -> None:
    one = told(5, 40)
    positions = one.positions.copy()
    positions[:15, 1] = np.nan
    positions[:3, 0] = np.nan
    level = np.where(np.arange(40) < 15, 0, 2)

    model = fit_model(replace(one, positions=positions, level=level)).model

    assert set(model.absent) == {"test.b"}
    assert model.absent["test.b"] < -0.5
    parts = model.contributions({"test.a": 0.5, "test.b": math.nan})
    assert parts["test.b (not measured)"] == model.absent["test.b"]


@given(st.lists(st.integers(0, 8), min_size=1, max_size=40), st.integers(1, 12), st.integers(0, 9))
def test_groups_are_dealt_evenly_and_never_torn(owners: list[int], folds: int, seed: int) -> None:
    groups = np.array(owners)
    found = split_groups(groups, folds, seed)

    fold_of = {group: set(found[groups == group].tolist()) for group in set(owners)}
    assert all(len(where) == 1 for where in fold_of.values())
    counts = np.bincount([next(iter(where)) for where in fold_of.values()])
    assert len(counts) == min(folds, len(fold_of))
    assert counts.max() - counts.min() <= 1


def test_frequencies_are_shares_and_none_is_zero() -> None:
    found = level_frequencies(np.array([0, 0, 1, 1, 1]), 4)

    assert found == pytest.approx(np.array([2.25, 3.25, 0.25, 0.25]) / 6)
    assert level_frequencies(np.zeros(0, dtype=np.int64), 4) == pytest.approx([0.25] * 4)

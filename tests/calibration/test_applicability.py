"""Whether a criterion applies: the rubric's rule first, then what people say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from qa_nlp.calibration.applicability import UNSURE, Applicability
from qa_nlp.calibration.criterion_data import CriterionData
from qa_nlp.calibration.model import CriterionModel, Term
from qa_nlp.rubric import Criterion

COLUMN = "test.a"
MODEL = CriterionModel((Term(COLUMN, 0.5, 1.0, 2.0),), (0.0,))
CRITERION = Criterion.model_validate(
    {
        "id": "one",
        "question": "Was it good?",
        "levels": [{"id": "no", "value": 0}, {"id": "yes", "value": 1}],
        "signals": [{"signal": COLUMN, "threshold": 0.5, "weight": 2}],
    }
)


def data(
    outside: NDArray[np.bool_],
    rule: NDArray[np.bool_] | None = None,
    values: NDArray[np.float64] | None = None,
) -> CriterionData:
    rows = np.arange(len(outside))
    places = np.zeros(len(outside)) if values is None else np.clip(values - 0.5, -1, 1)
    return CriterionData(
        CRITERION,
        MODEL,
        rows,
        places[:, None],
        np.zeros(len(outside), dtype=np.bool_) if rule is None else rule,
        rows,
        rows % 5,
        rows,
        rows * 0 - 1,
        np.where(outside, -1, 1),
        rows,
    )


def chance(model: Applicability, value: float = 0.5, *, rule: bool = False) -> float:
    return model.probability(MODEL, {COLUMN: value}, rule=rule)


NOBODY = np.zeros(40, dtype=np.bool_)
FIRST = np.arange(40) < 20


def test_rule_is_followed_nineteen_times_in_twenty_before_any_grade() -> None:
    model = Applicability.fit(data(NOBODY[:0]))

    assert chance(model, rule=True) == pytest.approx(1 / (1 + math.exp(-3)), abs=1e-4)
    assert chance(model, rule=False) == pytest.approx(1 / (1 + math.exp(3)), abs=1e-4)
    assert chance(model, rule=True) > UNSURE[1]
    assert chance(model, rule=False) < UNSURE[0]


@pytest.mark.parametrize("size", [10, 40])
def test_criterion_applies_when_the_rule_is_silent_and_nobody_graded_it_away(size: int) -> None:
    assert chance(Applicability.fit(data(NOBODY[:size]))) < 0.1


def test_rule_that_people_follow_is_kept() -> None:
    model = Applicability.fit(data(FIRST, FIRST))

    assert chance(model, rule=True) > 0.9
    assert chance(model, rule=False) < 0.1


def test_rule_that_people_ignore_is_unlearnt() -> None:
    model = Applicability.fit(data(NOBODY, FIRST))

    assert chance(model, rule=True) < UNSURE[0]


def test_rule_never_speaks_for_a_grade_even_where_people_turn_it_round() -> None:
    model = Applicability.fit(data(~FIRST, FIRST))

    assert model.rule >= 0
    assert chance(model, rule=True) >= chance(model, rule=False)


def test_share_of_grades_that_were_not_applicable_is_learnt_without_a_rule() -> None:
    often = Applicability.fit(data(np.arange(200) % 2 == 0))
    seldom = Applicability.fit(data(np.arange(200) % 10 == 0))

    assert 0.35 < chance(often) < 0.55
    assert 0.04 < chance(seldom) < 0.15


def test_signal_that_tells_what_is_not_applicable_is_learnt() -> None:
    values = np.where(FIRST, 1.4, -0.4)

    model = Applicability.fit(data(FIRST, values=values))

    assert chance(model, 1.4) > 0.65
    assert chance(model, -0.4) < 0.35


def test_absence_of_a_signal_that_tells_what_is_not_applicable_is_learnt() -> None:
    values = np.where(FIRST, np.nan, 0.5)

    model = Applicability.fit(data(FIRST, values=values))

    assert chance(model, math.nan) > chance(model, 0.5) + 0.3


def test_few_answers_teach_the_rule_only() -> None:
    model = Applicability.fit(data(np.arange(40) < 9))

    assert model.signals == model.absent == ()


def test_held_out_fold_is_not_looked_at() -> None:
    own = np.arange(40) % 5 == 2
    one, other = data(FIRST, FIRST), data(FIRST ^ own, FIRST)

    assert Applicability.fit(one, 2) == Applicability.fit(other, 2)
    assert Applicability.fit(one, 1) != Applicability.fit(other, 1)
    assert Applicability.fit(one) != Applicability.fit(other)

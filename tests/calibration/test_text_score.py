"""The score of the text as a whole: what it finds, and that noise teaches it nothing."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from qa_nlp.calibration.ordinal_regression import OrdinalRegression
from qa_nlp.calibration.text_score import TextTerm, TextViews, fit_texts
from qa_nlp.signals.summary import VIEWS, Summary
from qa_nlp.transcript import Role

Array = NDArray[np.float64]
WIDTH = 8


def told(seed: int, size: int, width: int = WIDTH) -> list[Summary]:
    random = np.random.default_rng(seed)
    rows = random.normal(size=(size, 1, 6, width)).astype(np.float32)
    return [Summary(row, (Role.AGENT,)) for row in rows]


def test_score_finds_what_the_text_tells() -> None:
    summaries = told(1, 120)
    y = np.array([float(one.rows[0, 3, 0]) for one in summaries])  # the mean turn of the agent
    views = TextViews(summaries)

    (fit,) = fit_texts(views, np.arange(120), np.arange(120), y)

    assert np.corrcoef(fit.left_out, y)[0, 1] > 0.95
    assert "agent" in VIEWS[fit.term.view]


def test_score_of_a_graded_conversation_is_that_of_the_fit() -> None:
    """Scaled rows and unscaled weights must say the same."""
    summaries = told(2, 50)
    y = np.array([float(one.rows[0, 2, 1]) for one in summaries]) * 7 + 3
    (fit,) = fit_texts(TextViews(summaries), np.arange(50), np.arange(50), y)

    scores = np.array([fit.term.score(one) for one in summaries])

    assert scores.mean() == pytest.approx(0.0, abs=0.01)
    assert np.corrcoef(scores, y)[0, 1] > 0.95
    assert scores.std() == pytest.approx(1.0, abs=0.2)


def test_score_is_cut_at_four_standard_deviations() -> None:
    (summary,) = told(3, 1)
    size = len(summary.view("whole"))

    high = TextTerm("text.whole", "whole", np.zeros(size), 99.0, 0.5)

    assert high.score(summary) == 4.0
    assert high.contribution(summary) == 2.0
    assert TextTerm("text.whole", "whole", np.zeros(size), -99.0, 0.5).score(summary) == -4.0


def test_score_after_each_turn_is_averaged_over_the_turns_of_a_role() -> None:
    rows = np.zeros((3, 6, 2), dtype=np.float32)
    rows[:, 2, 0] = [1, 2, 3]  # the customer's mean turn, first column
    summary = Summary(rows, (Role.CUSTOMER, Role.AGENT, Role.CUSTOMER))
    coef = np.array([1.0, 0.0, 0.0, 0.0])

    assert TextTerm("t", "whole", coef, 0.0, turns_of=Role.CUSTOMER).score(summary) == 2.0
    assert TextTerm("t", "whole", coef, 0.0, turns_of=Role.AGENT).score(summary) == 2.0
    assert TextTerm("t", "whole", coef, 0.0).score(summary) == 3.0
    assert TextTerm("t", "whole", coef, 5.0, turns_of=Role.BOT).score(summary) == 0.0


def test_equal_grades_teach_no_score() -> None:
    assert fit_texts(TextViews(told(4, 20)), np.arange(20), np.arange(20), np.full(20, 2.0)) == ()


def test_column_that_never_changes_gets_no_weight() -> None:
    summaries = [Summary(one.rows * ([1] * 7 + [0]), one.roles) for one in told(5, 40)]
    y = np.array([float(one.rows[0, 3, 0]) for one in summaries])

    (fit,) = fit_texts(TextViews(summaries), np.arange(40), np.arange(40), y)

    assert np.isfinite(fit.term.coef).all()
    assert (fit.term.coef.reshape(-1, WIDTH)[:, 7] == 0).all()


def noise(seed: int, size: int, group: int) -> tuple[float, float, float]:
    """Give, on pure noise: correlation of the left-out score with y, its weight, loss it adds."""
    random = np.random.default_rng(1000 + seed)
    groups = (np.arange(size) // group).astype(np.int64)
    shared = random.normal(size=groups.max() + 1)[groups]
    y = np.clip(np.round(1.5 + shared + random.normal(size=size) * 0.5), 0, 3)
    views = TextViews(told(seed, size, 24), views=["whole", "last"])
    (fit,) = fit_texts(views, np.arange(size), groups, y)
    spread = float(np.std(fit.left_out))
    correlation = float(np.corrcoef(fit.left_out, y)[0, 1]) if spread > 1e-12 else 0.0
    model = OrdinalRegression(4.0, prior_cutpoints=[-2, 0, 2], shift_strength=0.05, signs=[1])
    model.fit(fit.left_out[:, None], y.astype(np.int64))
    fresh = told(seed + 5000, 200, 24)
    new = np.array([[fit.term.score(one)] for one in fresh])
    return correlation, float(model.coef_[0]), float(model.coef_[0] * new.std())


@pytest.mark.parametrize("group", [1, 3])
def test_noise_teaches_next_to_nothing(group: int) -> None:
    found = np.array([noise(seed, 60, group) for seed in range(40)])

    correlation, weight, moved = found.T
    error = correlation.std() / np.sqrt(len(correlation))
    assert correlation.mean() <= 3 * error
    assert np.median(weight) < 0.1
    assert np.median(moved) < 0.1  # logits by which a new conversation is moved

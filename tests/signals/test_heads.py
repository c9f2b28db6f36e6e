"""Heads of every kind: logits, pooling, probabilities, values and labels, each by an oracle."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, softmax
from scipy.stats import norm

from qa_nlp.artifacts import read_artifact
from qa_nlp.encoding import CustomEncoder, load_encoder
from qa_nlp.signals.answers import TextHead, check_head, pool_logits, pooled_answers
from qa_nlp.signals.heads import Array, Head, heads_of, log_odds, read_heads
from qa_nlp.signals.tasks import EMOTIONS, TASKS, check_task, task_values
from tests.builders import HashEncoder
from tests.tiny_models import ACTS, FEATURES, WIDTH, task_entries, write_encoder

finite = st.floats(-60, 60)


def array(rows: Iterable[Any]) -> Array:
    return np.array(list(rows), dtype=np.float64)


def head_of(task: str, outputs: int, **changed: Any) -> Head:
    """Build a head whose logits are the rows themselves, without calibration."""
    known = TASKS[task]
    fields: dict[str, Any] = {
        "kind": known.kind,
        "pooling": known.pooling,
        "classes": known.classes,
        "weight": np.eye(outputs),
        "bias": np.zeros(outputs),
        "scale": np.ones(outputs),
        "shift": np.zeros(outputs),
        **changed,
    }
    return Head(task, **fields)


SENTIMENT = head_of("sentiment", 3)
MOODS = head_of("emotion_group", 3, classes=("anger", "joy", "neutral"))
LEVELS = head_of("explorations", 2, thresholds=(0.5, 0.4))
POLITENESS = head_of("politeness", 1, spread=0.5)


def test_sentence_logits_are_the_linear_function_of_the_rows() -> None:
    head = head_of("sentiment", 3, weight=array([[1, 2], [0, 1], [3, 0]]), bias=array([0, 1, -1]))

    logits = head.sentence_logits(np.array([[1, 10]], dtype=np.float32))

    assert logits.tolist() == [[21, 11, 2]]


@given(st.floats(-15, 15), st.floats(-15, 15))
def test_sentence_logits_of_levels_are_those_of_at_least_1_and_at_least_2(
    first: float, second: float
) -> None:
    rows = np.array([[first, second]], dtype=np.float32)

    logits = LEVELS.sentence_logits(rows)

    a, b = expit(rows[0].astype(np.float64))
    np.testing.assert_allclose(expit(logits[0]), [a, a * b], rtol=1e-9)


def test_sentence_logits_of_levels_are_finite_whatever_the_row() -> None:
    rows = np.array([[900, 900], [-900, -900], [900, -900], [-900, 900]], dtype=np.float32)

    assert np.isfinite(LEVELS.sentence_logits(rows)).all()


def test_log_odds_of_certainty_is_finite() -> None:
    assert np.isfinite(log_odds(array([0.0, -1e-300, -800.0]))).all()


OWNER = np.array([0, 0, 2, 2])
LOGITS = array([[1, -4], [3, 2], [5, 5], [0, 9]])


def test_mean_pooling_weights_each_sentence_by_its_share() -> None:
    pooled = pool_logits("mean", LOGITS, OWNER, array([0.25, 0.75, 0.5, 0.5]), 3)

    np.testing.assert_array_equal(pooled, [[2.5, 0.5], [np.nan] * 2, [2.5, 7]])


def test_strongest_pooling_takes_the_maximum_of_each_column() -> None:
    pooled = pool_logits("strongest", LOGITS, OWNER, array([0.25, 0.75, 0.5, 0.5]), 3)

    np.testing.assert_array_equal(pooled, [[3, 2], [np.nan] * 2, [5, 9]])


def test_share_of_a_sentence_is_its_part_of_the_characters() -> None:
    logits = array([[0, 0, 4], [8, 0, 0]])

    found = pooled_answers(SENTIMENT, logits, np.array([0, 0]), np.array([30, 10]), 1)

    expected = softmax([2, 0, 3])
    np.testing.assert_allclose(found.probabilities[0], expected, atol=1e-6)
    assert found.values[0] == pytest.approx(expected[2] - expected[0], abs=2e-6)


@pytest.mark.parametrize("head", [SENTIMENT, MOODS, LEVELS, POLITENESS], ids=lambda h: h.kind)
def test_text_without_sentences_has_no_answer(head: Head) -> None:
    columns = len(head.bias)

    found = pooled_answers(head, np.zeros((1, columns)), np.array([1]), np.array([4]), 3)

    assert np.isnan(found.probabilities[[0, 2]]).all()
    assert np.isnan(found.values[[0, 2]]).all()
    assert found.labels[[0, 2]].tolist() == [None, None]
    assert np.isfinite(found.probabilities[1]).all()
    assert found.labels[1] is not None


@pytest.mark.parametrize("head", [SENTIMENT, MOODS, LEVELS, POLITENESS], ids=lambda h: h.kind)
def test_no_texts_have_no_answers(head: Head) -> None:
    none = np.array([], dtype=np.int64)

    found = pooled_answers(head, np.zeros((0, len(head.bias))), none, none, 0)

    assert found.probabilities.shape == (0, len(head.classes))
    assert found.labels.shape == found.values.shape == (0,)


@given(st.lists(st.tuples(finite, finite, finite), min_size=1, max_size=6))
def test_sentence_alone_is_a_text_of_one_sentence(rows: list[tuple[float, float, float]]) -> None:
    logits = array(rows)
    places = np.arange(len(rows))

    found = pooled_answers(SENTIMENT, logits, places, places + 1, len(rows))

    np.testing.assert_array_equal(found.probabilities, SENTIMENT.probabilities(logits))
    assert found.labels.tolist() == SENTIMENT.labels(logits).tolist()


def test_calibration_scales_and_shifts_pooled_logits() -> None:
    head = head_of("sentiment", 3, scale=array([2, 1, 0.5]), shift=array([0, 1, -1]))

    found = head.probabilities(array([[1, 2, 4]]))

    np.testing.assert_allclose(found, [softmax([2, 3, 1])], atol=1e-6)


def test_classes_are_a_softmax_whose_label_is_the_likeliest() -> None:
    logits = array([[0, 0, 3], [2, 1, 1]])

    found = SENTIMENT.probabilities(logits)

    np.testing.assert_allclose(found, softmax(logits, axis=1), atol=1e-6)
    assert SENTIMENT.labels(logits).tolist() == ["positive", "negative"]
    np.testing.assert_allclose(SENTIMENT.values(logits), found[:, 2] - found[:, 0], atol=1e-9)


def test_labels_are_all_at_or_above_their_threshold_or_else_the_likeliest() -> None:
    head = head_of("emotion_group", 3, classes=MOODS.classes, thresholds=(0.5, 0.2, 0.9))
    logits = array([[0, 0, 0], [-3, -2, -1], [1, -9, 3]])

    found = head.probabilities(logits)

    np.testing.assert_allclose(found, expit(logits), atol=1e-6)
    assert head.labels(logits).tolist() == [
        ("anger", "joy"),
        ("neutral",),
        ("anger", "neutral"),
    ]
    np.testing.assert_array_equal(head.values(logits), found.max(axis=1))


@given(finite, finite)
def test_levels_are_shares_of_what_lies_between_the_questions(first: float, second: float) -> None:
    logits = array([[first, second]])

    (shares,) = LEVELS.probabilities(logits)

    one, two = expit(first), min(expit(second), expit(first))
    np.testing.assert_allclose(shares, [1 - one, one - two, two], atol=1e-6)
    assert (shares >= 0).all()
    assert LEVELS.values(logits)[0] == pytest.approx(one + two, abs=5e-6)


@pytest.mark.parametrize(
    ("first", "second", "level"),
    [(0.49, 0.39, "0"), (0.5, 0.39, "1"), (0.5, 0.4, "2"), (0.45, 0.41, "2"), (0.3, 0.9, "0")],
)
def test_level_is_the_highest_whose_question_reaches_its_threshold(
    first: float, second: float, level: str
) -> None:
    chances = array([first, second])
    logits = np.log(chances / (1 - chances))

    assert LEVELS.labels(logits[None]).tolist() == [level]


@given(st.floats(-9, 9))
def test_politeness_is_the_normal_distribution_of_the_score(score: float) -> None:
    logits = array([[score]])

    found = POLITENESS.probabilities(logits)

    np.testing.assert_allclose(found[0, 1], norm.cdf(score / 0.5), atol=1e-6)
    np.testing.assert_allclose(found.sum(), 1, atol=2e-6)
    np.testing.assert_allclose(POLITENESS.values(logits), [norm.cdf(score)], atol=1e-6)
    expected = "polite" if found[0, 1] >= 0.5 else "impolite"
    assert POLITENESS.labels(logits).tolist() == [expected]


def test_act_has_the_classes_of_its_artefact_and_the_highest_probability_as_value() -> None:
    head = head_of("act", 2, classes=ACTS)

    assert head.labels(array([[0, 1]])).tolist() == ["confirm"]
    assert head.values(array([[0, 1]]))[0] == pytest.approx(softmax([0, 1])[1], abs=1e-6)


@given(st.lists(st.floats(-700, 700), min_size=3, max_size=3))
def test_numbers_have_six_decimals_whatever_the_logits(row: list[float]) -> None:
    for head in (SENTIMENT, MOODS):
        found = head.probabilities(array([row]))

        np.testing.assert_array_equal(found, np.round(found, 6))
        assert ((found >= 0) & (found <= 1)).all()


def test_heads_of_an_artefact_answer_every_task_with_its_shapes(tmp_path: Path) -> None:
    heads = read_heads(read_artifact(write_encoder(tmp_path)))

    assert list(heads) == list(TASKS)
    for task, head in heads.items():
        outputs = {"ordinal": 2, "score": 1}.get(head.kind, len(head.classes))
        assert head.task == task
        assert head.weight.shape == (outputs, WIDTH + FEATURES)
        assert {head.bias.shape, head.scale.shape, head.shift.shape} == {(outputs,)}
        assert head.weight.dtype == head.scale.dtype == np.float64
    assert heads["emotion"].classes == EMOTIONS
    assert heads["emotion"].thresholds == (0.5,) * 28
    assert heads["explorations"].thresholds == (0.5, 0.4)
    assert heads["politeness"].spread == 0.7
    assert heads["sentiment"].scale.tolist() == [1.25] * 3


def test_heads_of_the_shipped_encoder_are_for_known_tasks_with_their_classes() -> None:
    heads = heads_of(load_encoder("en"))

    assert {"sentiment", "emotional_reactions", "interpretations", "explorations"} <= set(heads)
    for task, head in heads.items():
        assert head.classes == (TASKS[task].classes or head.classes)
        assert head.pooling == TASKS[task].pooling


def test_encoder_of_ones_own_has_no_heads() -> None:
    assert heads_of(CustomEncoder(HashEncoder())) == {}


def test_artefact_without_tasks_has_no_heads(tmp_path: Path) -> None:
    assert read_heads(read_artifact(write_encoder(tmp_path, tasks={}))) == {}


def test_head_is_a_text_head_that_wants_rows() -> None:
    assert isinstance(SENTIMENT, TextHead)
    assert SENTIMENT.reads_vectors
    with pytest.raises(ValueError, match="'sentiment' reads the rows of an encoder"):
        SENTIMENT.logits(["Hello."], None)


def test_fingerprint_of_a_head_follows_from_its_numbers() -> None:
    assert SENTIMENT.fingerprint == head_of("sentiment", 3).fingerprint
    assert SENTIMENT.fingerprint != head_of("sentiment", 3, shift=array([0, 0, 1])).fingerprint
    assert LEVELS.fingerprint != head_of("explorations", 2, thresholds=(0.5, 0.5)).fingerprint


def test_check_head_names_both_tasks_when_they_differ() -> None:
    with pytest.raises(ValueError, match="answers 'sentiment', not 'act'"):
        check_head(SENTIMENT, "act")


def test_check_head_says_what_a_head_is_when_a_folder_is_given() -> None:
    with pytest.raises(TypeError, match=r"not str; for a folder .* HFClassifier\(folder, 'act'\)"):
        check_head("some/folder", "act")  # type: ignore[arg-type]


@pytest.mark.parametrize("task", ["sentimnet", "", None])
def test_check_task_lists_near_names_when_there_is_no_such_task(task: Any) -> None:
    with pytest.raises(ValueError, match=r"unknown task .*sentiment"):
        check_task(task)


def test_manifest_entries_of_the_tests_follow_the_table_of_tasks() -> None:
    assert task_entries().keys() == TASKS.keys()


@pytest.mark.parametrize(
    ("task", "chances", "value"),
    [
        ("sentiment", [0.2, 0.1, 0.7], 0.5),
        ("politeness", [0.4, 0.6], 0.6),
        ("explorations", [0.5, 0.25, 0.25], 0.75),
        ("act", [0.2, 0.8], 0.8),
    ],
)
def test_task_values_come_down_to_one_number(task: str, chances: list[float], value: float) -> None:
    classes = TASKS[task].classes or ACTS

    assert task_values(task, classes, array([chances])) == pytest.approx([value])

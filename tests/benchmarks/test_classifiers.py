"""Sets, baselines, goals and tables of the classifier benchmark, without weights or data sets."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.parts.baselines import majority, single_task, vader, vader_classes
from benchmarks.parts.evaluation import Result, evaluate
from benchmarks.parts.goals import Goal, reached, unmeasured
from benchmarks.parts.maia_sets import maia_turns, read_utterances
from benchmarks.parts.result_tables import goal_table, tables, worse_than_baselines
from benchmarks.parts.shipped import Answers, columns_for
from benchmarks.parts.similarity import linked_groups
from benchmarks.parts.task_sets import TaskSet
from benchmarks.parts.trained import Words, best_thresholds, cross_validated
from benchmarks.parts.unseen_sets import retweet_key
from benchmarks.record import Target

SENTIMENTS = ("negative", "neutral", "positive")


def sentiment_set(**changes: Any) -> TaskSet:
    texts = ("bad", "plain", "good", "worse", "great", "awful")
    whole = TaskSet(
        name="reviews",
        language="en",
        task="sentiment",
        kind="classes",
        classes=SENTIMENTS,
        texts=texts,
        groups=texts,
        truth=np.array([0, 1, 2, 0, 2, 0]),
        source="reviews",
        positions=(0, 1, 2, 3, 4, 5),
    )
    return replace(whole, **changes)


def result(**changes: Any) -> Result:
    measure: dict[str, float | None] = {"value": 0.8, "low": 0.7, "high": 0.9}
    lead: dict[str, float | None] = {"value": -0.1, "low": -0.2, "high": -0.05}
    whole = Result(
        data="GoEmotions, dev",
        language="en",
        task="sentiment",
        texts=100,
        groups=90,
        figures={"en": {"macro-F1": measure}, "frozen": {"macro-F1": measure}},
        leads={"en": {"frozen": {"macro-F1": lead}}},
        detail={"sets": ["GoEmotions, dev"]},
    )
    return replace(whole, **changes)


class Fixed:
    """Answers every task from one table of probabilities."""

    def __init__(self, **tasks: tuple[tuple[str, ...], list[list[float]]]) -> None:
        self.tasks = tasks

    def answers(self, texts: tuple[str, ...], task: str) -> Answers:
        classes, rows = self.tasks[task]
        return Answers(classes, np.zeros(len(texts)), np.array(rows))


def test_limited_set_keeps_the_same_texts_whatever_their_order() -> None:
    data = sentiment_set()
    turned = sentiment_set(texts=data.texts[::-1], truth=data.truth[::-1])

    kept, kept_turned = data.limited(3), turned.limited(3)

    assert sorted(kept.texts) == sorted(kept_turned.texts)
    assert [data.texts[row] for row in kept.positions] == list(kept.texts)
    assert kept.truth.tolist() == [data.truth[row] for row in kept.positions]
    assert data.limited(6) is data


@pytest.mark.parametrize(
    ("kind", "truth", "answer"),
    [
        ("classes", [0, 2, 2], [2, 2, 2]),
        ("levels", [1, 1, 0], [1, 1, 1]),
        ("score", [0.1, 2.0, 3.0], [0, 0, 0]),
        ("ranking", [True, False, True], [0, 0, 0]),
        ("labels", [[True, False], [True, True], [True, False]], [[True, False]] * 3),
    ],
)
def test_majority_gives_every_text_the_same(kind: Any, truth: list[Any], answer: Any) -> None:
    data = sentiment_set(kind=kind, texts=("a", "b", "c"), truth=np.array(truth))

    assert majority(data).tolist() == answer


def test_best_threshold_reaches_the_highest_f1_of_any() -> None:
    random = np.random.default_rng(0)
    chances = np.round(random.random((60, 1)), 1)
    holds = random.random((60, 1)) < chances

    def f1(cut: float) -> float:
        said = chances >= cut
        return float(2 * (said & holds).sum() / (said.sum() + holds.sum()))

    (cut,) = best_thresholds(chances, holds)

    assert f1(cut) == max(f1(other) for other in np.unique(chances))


def test_best_threshold_is_a_half_for_a_label_that_never_holds() -> None:
    assert best_thresholds(np.array([[0.2], [0.4]]), np.zeros((2, 1), dtype=bool)) == [0.5]


def test_vader_has_three_classes_where_there_is_a_neutral_one() -> None:
    data = sentiment_set()

    assert vader_classes(np.array([-0.5, 0.0, 0.05, -0.05, 0.9, -0.04]), data).tolist() == [
        *(0, 1, 2),
        *(0, 2, 1),
    ]


def test_vader_has_no_neutral_class_where_there_is_none() -> None:
    data = sentiment_set(classes=("negative", "positive"), truth=np.array([0, 1, 1]))

    assert vader_classes(np.array([-0.01, 0.0, 0.01]), data).tolist() == [0, 1, 1]


def test_vader_tells_praise_from_blame() -> None:
    praise, blame = vader(["What a great help, I love it!", "This is awful, I hate it."])

    assert praise > 0.05 > -0.05 > blame


def test_cross_validated_answers_come_from_models_of_other_groups() -> None:
    texts = tuple(f"{word} number {row}" for row in range(20) for word in ("awful", "lovely"))
    truth = np.array([0, 2] * 20)
    data = sentiment_set(texts=texts, truth=truth, groups=tuple(f"{row // 4}" for row in range(40)))

    found = cross_validated(Words(), data)

    assert found is not None
    assert found.answer.tolist() == truth.tolist()
    assert found.probabilities.shape == (40, 3)


def test_cross_validated_is_left_out_when_a_class_is_too_small() -> None:
    assert cross_validated(Words(), sentiment_set()) is None


@pytest.mark.parametrize(
    ("task", "kind", "logits", "answer"),
    [
        ("sentiment", "classes", [[0.0, 2.0, 1.0], [3.0, 0.0, 0.0]], [0, 1]),
        ("explorations", "levels", [[1.0, -1.0], [2.0, 0.5]], [2, 1]),
        ("politeness", "score", [[0.25], [-1.5]], [-1.5, 0.25]),
        ("emotion", "labels", [[-0.5, -3.0], [-4.0, -3.0]], [[False, True], [True, False]]),
    ],
)
def test_single_task_answers_are_those_of_the_positions(
    tmp_path: Path, task: str, kind: Any, logits: list[list[float]], answer: list[Any]
) -> None:
    path = tmp_path / "reviews.npz"
    arrays: dict[str, Any] = {task: np.array(logits)}
    np.savez(path, **arrays)
    data = sentiment_set(task=task, kind=kind, positions=(1, 0))

    found = single_task(data, path)

    assert found is not None
    assert found.tolist() == answer


def test_single_task_is_left_out_when_nothing_was_stored(tmp_path: Path) -> None:
    path = tmp_path / "reviews.npz"
    assert single_task(sentiment_set(), path) is None
    np.savez(path, politeness=np.zeros((6, 1)))
    assert single_task(sentiment_set(), path) is None


def test_single_task_refuses_predictions_of_another_test_part(tmp_path: Path) -> None:
    path = tmp_path / "reviews.npz"
    np.savez(path, sentiment=np.zeros((5, 3)))

    with pytest.raises(ValueError, match="5 texts"):
        single_task(sentiment_set(), path)


def test_ranking_scores_come_from_the_heads_behind_them() -> None:
    levels = ("0", "1", "2")
    groups = ("anger", "frustration", "disappointment", "anxiety")
    classifier = Fixed(
        emotional_reactions=(levels, [[0.5, 0.5, 0.0]]),
        interpretations=(levels, [[0.0, 0.5, 0.5]]),
        sentiment=(SENTIMENTS, [[0.7, 0.2, 0.1]]),
        emotion_group=(groups, [[0.1, 0.3, 0.2, 0.9]]),
    )

    scores = {
        name: columns_for(name, classifier, ("text",))[0]
        for name in ("empathy", "emotional_reactions", "upset", "anxiety", "valence", "P(negative)")
    }

    assert scores == pytest.approx(
        {
            "empathy": 1.5,
            "emotional_reactions": 0.5,
            "upset": 0.3,
            "anxiety": 0.9,
            "valence": 0.6,
            "P(negative)": 0.7,
        }
    )


def chat(**turn: Any) -> list[dict[str, Any]]:
    base = {"floor": "outbound", "text_src": ["Hi.", "Sorry!"], "text_mt": ["Oi.", "Desculpe!"]}
    return [{"id": 7, "turns": [base | turn]}]


def test_maia_gives_the_english_side_of_each_speaker(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    written = {"floor": "inbound", "text_src": ["Oi."], "text_mt": ["Hi."], "Emotion": [6]}
    path.write_text(json.dumps([*chat(Emotion=[2, 0]), *chat(**written)]), encoding="utf-8")

    found = read_utterances(path)

    assert [(item.english, item.original, item.label, item.is_agent) for item in found] == [
        ("Hi.", "Oi.", "neutral", True),
        ("Sorry!", "Desculpe!", "empathy", True),
        ("Hi.", "Oi.", "anger", False),
    ]
    assert {item.chat for item in found} == {"a 7"}


@pytest.mark.parametrize("emotions", [[], None, [2], [2, 0, 0], [-1, 22], [None, None]])
def test_maia_leaves_out_lists_of_another_length_and_slips(tmp_path: Path, emotions: Any) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(chat(Emotion=emotions)), encoding="utf-8")

    assert read_utterances(path) == []


def test_maia_politeness_is_read_of_agents_turns_that_have_one(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    turns = [
        *chat(Politeness=1.0),
        *chat(Politeness=None),
        *chat(Politeness=-1),
        *chat(Politeness=0, floor="inbound"),
    ]
    path.write_text(json.dumps(turns), encoding="utf-8")

    (found,) = maia_turns(path)

    assert (found.english, found.label) == ("Hi.\nSorry!", "1")


def test_retweet_key_keeps_what_near_equal_tweets_share() -> None:
    first = retweet_key("RT @user: Банк повысил ставку до 17%! http://t.co/a")

    assert first == retweet_key("@other Банк повысил ставку до 10,5 % https://t.co/b")
    assert first != retweet_key("Оператор повысил тариф")
    assert retweet_key("@user 123") != ""


def test_linked_groups_join_pairs_through_others() -> None:
    assert linked_groups(["a", "c", "b", "x"], ["b", "d", "c", "y"]) == ["0", "0", "0", "1"]


def test_evaluate_takes_leads_on_the_same_resamples() -> None:
    data = sentiment_set()
    answers: dict[str, NDArray[Any]] = {"en": data.truth, "majority": majority(data)}

    found = evaluate(data, answers, {"en": ["majority", "missing"], "none": []}, rounds=50)

    assert found.figures["en"]["accuracy"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert list(found.leads) == ["en"]
    assert found.leads["en"]["majority"]["accuracy"]["value"] == 0.5
    assert found.detail == {"counts": {"negative": 3, "neutral": 1, "positive": 2}}
    assert Result(**json.loads(json.dumps(found.to_dict()))) == found


@pytest.mark.parametrize(
    ("goal", "value", "met"),
    [
        (Goal("en", "GoEmotions, dev", "sentiment", "macro-F1", ">= 0.72"), 0.8, True),
        (Goal("en", "GoEmotions, dev", "sentiment", "macro-F1", "> 0.75", bound="low"), 0.7, False),
        (
            Goal("en", "GoEmotions, dev", "sentiment", "macro-F1", ">= -0.01", over="frozen"),
            -0.1,
            False,
        ),
    ],
)
def test_goal_is_compared_with_its_figure(goal: Goal, value: float, met: bool) -> None:
    target = goal.target([result()])

    assert target is not None
    assert (target.value, target.met) == (value, met)


def test_goals_without_a_figure_are_named_and_are_no_targets() -> None:
    targets, missing = reached([result()]), unmeasured([result()])

    assert [target.name for target in targets] == [
        "en: sentiment on GoEmotions, dev, macro-F1",
    ]
    assert "en: sentiment on airline tweets, macro-F1" in missing


def test_cost_and_size_of_an_artefact_are_targets() -> None:
    measures = {
        "heads / encoding": {"value": 0.02, "low": None, "high": None},
        "artefact, MB": {"value": 12.5, "low": None, "high": None},
    }

    targets = reached([result(task="cost", figures={"en": measures})])

    assert [(target.name, target.met) for target in targets] == [
        ("en: heads / encoding", True),
        ("en: artefact, MB", False),
    ]


def test_worse_than_baselines_lists_negative_leads_and_whether_they_are_certain() -> None:
    (found,) = worse_than_baselines([result()])

    assert (found["method"], found["baseline"], found["value"]) == ("en", "frozen", -0.1)
    assert found["certain"] is True


def test_tables_show_each_artefact_its_figures_beside_baselines() -> None:
    calibrated = result(
        data="own test part",
        task="calibration: sentiment",
        figures={
            "en": {
                "ECE": {"value": 0.0312, "low": None, "high": None},
                "ECE less that of drawn labels": {"value": 0.0104, "low": None, "high": None},
                "Brier skill": {"value": 0.4, "low": 0.3, "high": 0.5},
            }
        },
    )

    found = tables([result(), calibrated])

    assert set(found) == {"encoder-en", "encoder-en.calibration"}
    assert found["encoder-en"].rows == [
        [
            *("GoEmotions, dev", "en", "sentiment", "100", "macro-F1"),
            *("0.80 (0.70 to 0.90)", "", "", "0.80", "", ""),
        ]
    ]
    assert found["encoder-en.calibration"].rows == [
        ["sentiment", "GoEmotions, dev", "100", "0.031", "0.010", "0.40 (0.30 to 0.50)"]
    ]


def test_goal_table_says_what_was_reached() -> None:
    table = goal_table(
        [
            Target("en: r", 0.71, 0.68, 0.74, ">= 0.7"),
            Target("en: lead", -0.0012, -0.004, 0.002, ">= 0"),
            Target("en: calibration: act, ECE", 0.01, goal="<= 0.03"),
        ]
    )

    assert table.rows == [
        ["en: r", "0.71 (0.68 to 0.74)", ">= 0.7", "yes"],
        ["en: lead", "-0.001 (-0.004 to 0.002)", ">= 0", "no"],
    ]


def test_tables_compare_what_never_saw_epitome_with_what_never_saw_it() -> None:
    def measures(value: float) -> dict[str, dict[str, float | None]]:
        return {"QWK": {"value": value, "low": None, "high": None}}

    epitome = result(
        data="EPITOME, test part",
        task="explorations",
        figures={
            "en": measures(0.6),
            "en-research": measures(0.8),
            "TF-IDF": measures(0.7),
            "TF-IDF without EPITOME": measures(0.4),
            "frozen": measures(0.5),
            "frozen without EPITOME": measures(0.3),
            "single-task": measures(0.75),
        },
        leads={},
    )

    found = tables([epitome])

    assert list(found["encoder-en"].rows[0][5:]) == ["0.60", "", "0.40", "0.30", "", "0.75"]
    assert list(found["encoder-en-research"].rows[0][5:]) == [
        *("0.80", "", "0.70", "0.50", "0.75", ""),
    ]

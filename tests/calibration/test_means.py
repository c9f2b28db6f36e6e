"""Means by group: whose scores count, what is borrowed, what is warned of, and coverage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qa_nlp.calibration.mean_table import MeanTable
from qa_nlp.calibration.means import estimate_means
from qa_nlp.calibration.prediction_powered import prediction_powered_mean
from qa_nlp.calibration.review_sample import sample_for_review
from qa_nlp.errors import GradesError
from qa_nlp.grades import Grades
from qa_nlp.scorecard import Grade, GradeStatus, Scorecard

VALUES = {"poor": 1.0, "fair": 2.0, "good": 3.0}
POINTS = {"poor": 0.0, "fair": 4.0, "good": 10.0}
NAMES = list(VALUES)


def tone(expected: float | None, criterion: str = "tone", **fields: Any) -> Grade:
    status = GradeStatus.GRADED if expected is not None else GradeStatus.NOT_APPLICABLE
    return Grade(
        criterion,
        fields.pop("status", status),
        expected=expected,
        level_values=VALUES,
        level_points=POINTS,
        **fields,
    )


def card(number: int, expected: float | None, **fields: Any) -> Scorecard:
    identifier = f"c{number:03d}"
    return Scorecard(
        identifier,
        fields.pop("group_id", identifier),
        "demo",
        "1",
        grades=fields.pop("grades", (tone(expected),)),
        **fields,
    )


def world(
    size: int = 400, agents: int = 4, noise: float = 0.4, seed: int = 0
) -> tuple[list[Scorecard], np.ndarray[Any, np.dtype[np.int_]]]:
    """Give cards of several agents and the level that people would give."""
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, 3, size)
    cards = [
        card(
            i,
            float(levels[i] + 1 + noise * rng.normal()),
            metadata={"agent_id": f"a{i % agents}"},
            started_at=f"2025-0{1 + i % 2}-15T10:00:00Z",
        )
        for i in range(size)
    ]
    return cards, levels


def graded(levels: Any, which: Any) -> Grades:
    rows = [(f"c{i:03d}", "tone", "Ana", NAMES[levels[i]]) for i in which]
    return Grades.from_rows(rows)


def tone_means(cards: Any, grades: Any, by: Any = None, **options: Any) -> MeanTable:
    return estimate_means(cards, grades, by, score="tone", **options)


def test_estimate_means_is_the_prediction_powered_mean_of_the_arrays() -> None:
    cards, levels = world()
    which = np.random.default_rng(1).choice(400, 60, replace=False)
    row = tone_means(cards, graded(levels, which))[0]
    machine = np.array([c.grades[0].expected for c in cards])
    expected = prediction_powered_mean(levels[which] + 1, machine[which], machine)
    assert (row.mean, row.low, row.high) == pytest.approx(
        (expected.value, expected.low, expected.high)
    )
    assert (row.graded, row.transcripts, row.borrowed) == (60, 400, False)


def test_out_of_fold_grades_stand_in_for_those_that_saw_the_answer() -> None:
    cards, levels = world(200)
    honest = tone_means(cards, graded(levels, range(50)))
    flattered = [
        card(
            i,
            float(levels[i] + 1),
            fold=0,
            out_of_fold=(tone(c.grades[0].expected),),
        )
        if i < 50
        else c
        for i, c in enumerate(cards)
    ]
    table = tone_means(flattered, graded(levels, range(50)))
    assert (table[0].low, table[0].high) == (honest[0].low, honest[0].high)
    assert (
        "50 of the graded and 50 of all have the score of a model that saw no grade" in table.note
    )


def test_random_grades_learnt_by_heart_do_not_narrow_the_interval() -> None:
    rng = np.random.default_rng(3)
    levels = rng.integers(0, 3, 300)
    cards = [
        card(i, float(levels[i] + 1), fold=0, out_of_fold=(tone(float(rng.normal(2, 0.1))),))
        if i < 100
        else card(i, float(rng.normal(2, 0.1)))
        for i in range(300)
    ]
    row = tone_means(cards, graded(levels, range(100)))[0]
    assert row.human_low is not None
    assert row.human_high is not None
    assert row.high - row.low > 0.97 * (row.human_high - row.human_low)


def test_levels_may_be_written_as_values() -> None:
    cards, levels = world(100)
    rows = [(f"c{i:03d}", "tone", "Ana", int(levels[i]) + 1) for i in range(30)]
    assert tone_means(cards, Grades.from_rows(rows)) == tone_means(cards, graded(levels, range(30)))


def test_known_rater_counts_once_and_unknown_ones_for_each_grade() -> None:
    cards, levels = world(100)
    base = [(f"c{i:03d}", "tone", "Ana", NAMES[levels[i]]) for i in range(1, 30)]
    known = [("c000", "tone", "Ana", 1), ("c000", "tone", "Ana", 1), ("c000", "tone", "Ben", 3)]
    unknown = [("c000", "tone", None, 1), ("c000", "tone", None, 1), ("c000", "tone", None, 3)]
    means = [
        tone_means(cards, Grades.from_rows([*base, *rows]))[0].human_mean
        for rows in (known, unknown)
    ]
    assert means[0] is not None
    assert means[1] is not None
    assert means[0] - means[1] == pytest.approx((2 - 5 / 3) / 30)


def test_total_takes_raters_who_answered_the_whole_card() -> None:
    def whole(number: int) -> Scorecard:
        grades = (tone(2.0), tone(2.0, "pace"), tone(None, "hold"))
        return card(number, 2.0, grades=grades, total_without_critical=50.0 + number % 7)

    rows: list[tuple[str, str, str, str]] = []
    for i in range(20):
        rows += [(f"c{i:03d}", "tone", "Ana", "good"), (f"c{i:03d}", "pace", "Ana", "fair")]
        rows += [(f"c{i:03d}", "tone", "Ben", "poor")]
    rows += [("c020", "tone", "Ana", "good"), ("c020", "pace", "Ana", "N/A")]
    rows += [("c021", "tone", "Ana", "good")]
    table = estimate_means([whole(i) for i in range(60)], Grades.from_rows(rows))
    assert table[0].human_mean == pytest.approx((20 * 70 + 100) / 21)
    assert table[0].graded == 21
    assert "1 transcript with grades that do not count" in table.note


def test_small_groups_borrow_and_say_so() -> None:
    cards, levels = world()
    which = [i for i in range(200) if i % 4 or i < 20]
    table = tone_means(cards, graded(levels, which), "agent_id")
    rows = {row.group["agent_id"]: row for row in table.rows}
    assert [rows[f"a{i}"].borrowed for i in range(4)] == [True, False, False, False]
    assert "5 graded here: borrows the rectifier of all groups" in rows["a0"].note


def test_group_without_grades_borrows_everything() -> None:
    cards, levels = world()
    table = tone_means(cards, graded(levels, [i for i in range(200) if i % 4]), "agent_id")
    row = next(row for row in table.rows if row.group["agent_id"] == "a0")
    assert (row.borrowed, row.graded, row.human_mean) == (True, 0, None)
    assert row.low < levels[::4].mean() + 1 < row.high


def test_groups_are_ranked_only_where_intervals_lie_apart() -> None:
    rng = np.random.default_rng(0)
    levels = np.where(np.arange(600) % 3 == 0, 2, np.where(rng.random(600) < 0.5, 0, 1))
    cards = [
        card(i, levels[i] + 1 + 0.2 * rng.normal(), metadata={"agent_id": f"a{i % 3}"})
        for i in range(600)
    ]
    table = tone_means(cards, graded(levels, range(90)), "agent_id")
    assert [row.rank for row in table.rows] == [1, None, None]
    assert table[0].group["agent_id"] == "a0"


def test_several_keys_and_months_make_groups() -> None:
    cards, levels = world()
    table = tone_means(cards, graded(levels, range(200)), ["month", "agent_id"])
    assert {tuple(row.group.values()) for row in table.rows} == {
        ("2025-01", "a0"),
        ("2025-02", "a1"),
        ("2025-01", "a2"),
        ("2025-02", "a3"),
    }


def test_graded_for_being_bad_is_warned_of_and_a_random_draw_is_not() -> None:
    cards, levels = world()
    worst = np.argsort([c.grades[0].expected or 0 for c in cards])[:60]
    (warning,) = tone_means(cards, graded(levels, worst)).warnings
    assert "not chosen at random" in warning
    assert "standard deviations lower" in warning
    drawn = np.random.default_rng(5).choice(400, 60, replace=False)
    assert tone_means(cards, graded(levels, drawn)).warnings == ()


def test_grades_without_a_card_or_criterion_are_counted() -> None:
    cards, levels = world(100)
    rows = [(f"c{i:03d}", "tone", "Ana", NAMES[levels[i]]) for i in range(30)]
    rows += [("x1", "tone", "Ana", "good"), ("c001", "tempo", "Ana", "good")]
    warnings = tone_means(cards, Grades.from_rows(rows)).warnings
    assert "1 grade of transcripts without a scorecard left out, such as 'x1'" in warnings
    assert "1 grade of criteria that no scorecard has left out, such as 'tempo'" in warnings


def test_cards_with_an_error_are_left_out_and_counted() -> None:
    cards, levels = world(100)
    broken = Scorecard("bad", "bad", "demo", "1", error="empty")
    table = tone_means([*cards, broken], graded(levels, range(30)))
    assert table[0].transcripts == 100
    assert "1 card with an error left out" in table.note


@pytest.mark.slow
def test_not_applicable_grades_are_outside_the_mean_without_bias() -> None:
    rng = np.random.default_rng(7)
    inside = np.arange(600) % 3 > 0
    levels = np.where(inside, rng.integers(0, 3, 600), 0)
    cards = [card(i, levels[i] + 1 + 0.3 * rng.normal()) for i in range(600)]
    hits = 0
    for _ in range(100):
        rows = [
            (f"c{i:03d}", "tone", "Ana", NAMES[levels[i]] if inside[i] else "N/A")
            for i in rng.choice(600, 90, replace=False)
        ]
        row = tone_means(cards, Grades.from_rows(rows))[0]
        hits += row.low <= levels[inside].mean() + 1 <= row.high
    assert hits >= 89


@pytest.mark.slow
def test_sample_file_gives_weights_that_undo_the_preference(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    levels = rng.integers(0, 3, 300)
    doubt = np.where(levels == 0, 0.6, 0.1)
    cards = [
        card(
            i,
            None,
            grades=(
                tone(
                    float(levels[i] + 1 + 0.5 * rng.normal()),
                    probabilities={"poor": doubt[i], "fair": 0.0, "good": 1 - doubt[i]},
                    possible=1.0,
                ),
            ),
        )
        for i in range(300)
    ]
    means, hits = [], 0
    for seed in range(50):
        sample = sample_for_review(cards, 60, "uncertain", seed=seed)
        grades = graded(levels, [int(i[1:]) for i in sample.ids])
        path = sample.write(tmp_path / "sample.csv")
        row = tone_means(cards, grades, sample=path)[0]
        means.append(row.human_mean)
        hits += row.low <= levels.mean() + 1 <= row.high
    assert np.mean(np.array(means, dtype=float)) == pytest.approx(levels.mean() + 1, abs=0.05)
    assert hits >= 44


def test_sample_that_was_not_graded_whole_is_warned_of() -> None:
    cards, levels = world(200)
    sample = sample_for_review(cards, 40)
    drawn = [int(i[1:]) for i in sample.ids]
    stranger = next(i for i in range(200) if i not in drawn)
    table = tone_means(cards, graded(levels, [*drawn[:35], stranger]), sample=sample)
    assert table[0].graded == 35
    assert any("1 graded transcript not in the review sample" in text for text in table.warnings)
    assert any("5 transcripts of the review sample" in text for text in table.warnings)


def test_table_shows_itself_and_escapes_html() -> None:
    rng = np.random.default_rng(0)
    cards = [card(i, rng.normal(), metadata={"team": "<b>x</b>"}) for i in range(40)]
    table = tone_means(cards, graded(np.ones(40, dtype=int), range(20)), "team")
    assert "<b>" not in table._repr_html_()
    assert "&lt;b&gt;x&lt;/b&gt;" in table._repr_html_()
    assert "20 of 40" in repr(table)
    assert table.to_frame().loc[0, "team"] == "<b>x</b>"
    assert table.to_frame("arrow").column_names[:3] == ["team", "mean", "low"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"score": "tne"}, "did you mean 'tone'"),
        ({"score": "tone", "by": "agent"}, "did you mean 'agent_id'"),
        ({"score": "tone", "population": "proces"}, "did you mean 'process'"),
        ({"score": "tone", "level": 95}, "between 0 and 1"),
        ({"score": "total"}, "machine score of 'total'"),
    ],
)
def test_error_names_what_is_unknown(options: dict[str, Any], message: str) -> None:
    cards, levels = world(60)
    with pytest.raises(GradesError, match=message):
        estimate_means(cards, graded(levels, range(30)), **options)


@pytest.mark.parametrize("key", ["note", "mean", "graded", "rank"])
def test_error_names_a_key_that_is_a_column_of_the_table(key: str) -> None:
    cards = [card(i, 2.0 + i % 2, metadata={key: "x", "agent_id": "a"}) for i in range(30)]
    with pytest.raises(GradesError, match=f"'{key}' is a column of the table of means"):
        tone_means(cards, graded(np.ones(30, dtype=int), range(20)), ["agent_id", key])


def test_error_names_the_place_of_an_unknown_level() -> None:
    cards, _ = world(60)
    with pytest.raises(GradesError, match=r"row 1: criterion 'tone' has no level 'god'.*'good'"):
        tone_means(cards, Grades.from_rows([("c000", "tone", "Ana", "god")]))


def test_error_says_that_more_grades_are_needed() -> None:
    cards, levels = world(60)
    with pytest.raises(GradesError, match="at least 3"):
        tone_means(cards, graded(levels, range(2)))
    with pytest.raises(GradesError, match="no human grades"):
        tone_means(cards, graded(levels, []))


def test_error_names_a_transcript_with_two_cards() -> None:
    cards, levels = world(60)
    with pytest.raises(GradesError, match="two scorecards of transcript 'c000'"):
        tone_means([*cards, cards[0]], graded(levels, range(20)))

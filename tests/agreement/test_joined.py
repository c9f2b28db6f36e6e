"""Joining machine and human grades: who counts, who does not, and why."""

from __future__ import annotations

import numpy as np
import pytest

from qa_nlp.agreement.join import join
from qa_nlp.agreement.joined import ABSTAINED, MISSING, NOT_APPLICABLE, Joined
from qa_nlp.errors import GradesError
from qa_nlp.grades import Grades
from qa_nlp.scorecard import Scorecard
from tests.agreement.study_world import Row, card, graded, leveled_cards, plain_grade, rows_of


def joined_of(cards: list[Scorecard], rows: list[Row]) -> Joined:
    return join(cards, Grades.from_rows(rows))


def reasons(joined: Joined) -> dict[str, int]:
    return {row.reason: row.count for row in joined.exclusions}


def test_join_puts_grades_side_by_side_when_orders_differ() -> None:
    cards = leveled_cards(["poor", "good", "fair"])
    rows = [*rows_of(["fair", None, "good"], "Ben"), *rows_of(["poor", "good", None], "Ana")]
    (answers,) = joined_of(cards, rows[::-1]).answers

    assert answers.machine.tolist() == [0, 2, 1]
    assert [sorted(row) for row in answers.human.tolist()] == [[0, 1], [MISSING, 2], [MISSING, 2]]
    assert answers.double_graded.tolist() == [0]


def test_join_knows_who_gave_which_grade_when_raters_are_several() -> None:
    joined = joined_of(
        leveled_cards(["poor"]), [*rows_of(["good"], "Ben"), *rows_of(["fair"], None)]
    )
    (answers,) = joined.answers
    given = {
        (joined.raters[rater] if rater >= 0 else None): level
        for rater, level in zip(answers.rater[0], answers.human[0], strict=True)
    }

    assert given == {"Ben": 2, None: 1}
    assert joined.unknown_raters
    assert joined.used == 2


def test_join_tells_na_abstained_and_levels_apart_when_all_occur() -> None:
    cards = leveled_cards(["poor", None, "?"])
    (answers,) = joined_of(cards, rows_of(["N/A", "fair", "good"])).answers

    assert answers.machine.tolist() == [0, NOT_APPLICABLE, ABSTAINED]
    assert answers.likely.tolist() == [0, NOT_APPLICABLE, ABSTAINED]
    assert answers.human.ravel().tolist() == [NOT_APPLICABLE, 1, 2]
    assert np.isnan(answers.number).tolist() == [False, True, True]


def test_join_takes_the_median_level_as_likely_when_the_machine_abstained_with_chances() -> None:
    from qa_nlp.scorecard import GradeStatus

    cards = [card("c000", graded("tone", (0.2, 0.2, 0.6), status=GradeStatus.ABSTAINED))]
    (answers,) = joined_of(cards, rows_of(["good"])).answers

    assert (answers.machine[0], answers.likely[0]) == (ABSTAINED, 2)


def test_join_uses_out_of_fold_grades_when_the_card_was_calibrated_on() -> None:
    own, unseen = plain_grade("tone", "good", calibrated=True), plain_grade("tone", "poor")
    cards = [
        card("c000", own, fold=0, out_of_fold=(unseen,)),
        card("c001", own),
    ]
    joined = joined_of(cards, rows_of(["fair", "fair"]))

    assert joined.answers[0].machine.tolist() == [0, 2]
    assert joined.grades[0]["tone"] is unseen


def test_join_leaves_out_a_grade_with_a_reason_when_it_was_learnt_and_has_none_out_of_fold() -> (
    None
):
    learnt, prior = plain_grade("tone", "good", calibrated=True), plain_grade("steps", "good")
    cards = [card("c000", learnt, prior, fold=1), card("c001", plain_grade("tone", "good"))]
    rows = [*rows_of(["good", "good"]), *rows_of(["good"], criterion="steps")]
    joined = joined_of(cards, rows)

    assert {one.criterion: one.items.tolist() for one in joined.answers} == {
        "tone": [1],
        "steps": [0],
    }
    assert reasons(joined) == {
        "tone: learnt from this conversation, no out-of-fold grade": 1,
        "tone: the machine has learnt from it, without an out-of-fold grade": 1,
    }
    assert joined.used == 2


def test_join_accounts_for_every_human_grade_when_many_are_left_out() -> None:
    cards = [
        *leveled_cards(["poor", "fair", "good"]),
        Scorecard("broken", "broken", "demo", "1", error="too long"),
        card("other", plain_grade("steps", "good")),
    ]
    rows: list[Row] = [
        *rows_of(["poor", "fair", "good"]),
        ("nobody", "tone", "Ana", "good"),
        ("broken", "tone", "Ana", "good"),
        ("c000", "tine", "Ana", "good"),
        ("c000", "tone", "Ben", "great"),
        ("other", "tone", "Ana", "good"),
        ("c001", "tone", "Ana", "fair"),
        ("c002", "tone", "Cleo", "poor"),
        ("c002", "tone", "Cleo", "fair"),
        ("c002", "tone", "Cleo", "good"),
    ]
    joined = joined_of(cards, rows)
    found = reasons(joined)
    grades = {one.reason: one for one in joined.exclusions if one.what == "grades"}

    assert joined.used + sum(one.count for one in grades.values()) == len(rows)
    assert found["no scorecard of this transcript"] == 1
    assert found["the transcript was not scored"] == 1
    assert found["the transcript could not be scored"] == 1
    assert found["the scorecards have no criterion 'tine'; did you mean 'tone'?"] == 1
    assert found["the scorecard of this transcript has no criterion 'tone'"] == 1
    assert found["the same grade by the same rater again"] == 1
    assert found["one rater gave two levels: neither counts"] == 3
    assert grades["one rater gave two levels: neither counts"].examples == (
        "row 10",
        "row 11",
        "row 12",
    )
    assert any("no level 'great'" in reason for reason in found)


def test_join_keeps_both_grades_when_unknown_people_agree_or_not() -> None:
    rows = [*rows_of(["poor"], None), *rows_of(["poor"], None), *rows_of(["good"], None)]
    (answers,) = joined_of(leveled_cards(["poor"]), rows).answers

    assert sorted(answers.human[0].tolist()) == [0, 0, 2]


def test_join_reads_levels_by_value_when_people_wrote_numbers() -> None:
    (answers,) = joined_of(leveled_cards(["poor", "fair"]), rows_of(["0", "1.0"])).answers

    assert answers.human.ravel().tolist() == [0, 1]


def test_join_matches_beginnings_by_their_own_id_when_turns_were_graded() -> None:
    cards = [
        card("c1#3", plain_grade("tone", "fair"), group_id="c1"),
        card("c1", plain_grade("tone", "good")),
    ]
    joined = joined_of(cards, [("c1#3", "tone", "Ana", "fair")])

    assert joined.graded.tolist() == [0]
    assert joined.answers[0].machine.tolist() == [1]


@pytest.mark.parametrize(
    ("cards", "rows", "words"),
    [
        ([], rows_of(["poor"]), "there are no scorecards without an error"),
        (leveled_cards(["poor"]), [], "there are no human grades"),
        (
            [Scorecard("c000", "c000", "demo", "1", error="no turns")],
            rows_of(["poor"]),
            "there are no scorecards without an error",
        ),
        (leveled_cards(["poor"]), [("x", "tone", "Ana", "poor")], "no transcript has both"),
        (
            leveled_cards(["poor"]),
            rows_of(["poor"], criterion="tune"),
            "no graded criterion is on the scorecards; did you mean 'tone'?",
        ),
        (leveled_cards(["poor"]), rows_of(["awful"]), "no human grade can be used"),
        (
            leveled_cards(["poor"]),
            [*rows_of(["poor"]), *rows_of(["good"])],
            "one rater gave two levels",
        ),
        (
            [card("c000", plain_grade("tone", "poor", calibrated=True), fold=0)],
            rows_of(["poor"]),
            "without an out-of-fold grade",
        ),
        (
            [*leveled_cards(["poor"]), *leveled_cards(["good"])],
            rows_of(["poor"]),
            "two scorecards of transcript 'c000'",
        ),
        (
            [card("c000", plain_grade("tone", "great"))],
            rows_of(["poor"]),
            "the level 'great', which is none of its levels",
        ),
    ],
)
def test_join_says_what_is_wrong_when_nothing_can_be_compared(
    cards: list[Scorecard], rows: list[Row], words: str
) -> None:
    with pytest.raises(GradesError, match=words.replace("?", r"\?")):
        joined_of(cards, rows)


def test_join_names_both_cards_when_their_levels_differ() -> None:
    cards = [
        card("one", plain_grade("tone", "poor")),
        card("two", plain_grade("tone", "poor", level_values={"poor": 0.0, "good": 1.0})),
    ]

    with pytest.raises(GradesError, match="'tone' has other levels on the scorecard of 'two'"):
        joined_of(cards, [("one", "tone", "Ana", "poor")])


def test_join_asks_for_tables_elsewhere_when_given_something_else() -> None:
    with pytest.raises(GradesError, match="not a scorecard but dict"):
        join([{"transcript_id": "c"}], Grades.from_rows(rows_of(["poor"])))  # type: ignore[list-item]

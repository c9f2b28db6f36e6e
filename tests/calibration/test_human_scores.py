"""What people scored each transcript: whose total counts, and what it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.calibration.human_scores import TOTAL, human_scores, human_totals
from qa_nlp.errors import GradesError
from qa_nlp.grades import Grades
from qa_nlp.scorecard import Grade, GradeStatus, Scorecard

VALUES = {"poor": 1.0, "fair": 2.0, "good": 3.0}
POINTS = {"poor": 0.0, "fair": 4.0, "good": 10.0}
HOLD = {"no": 0.0, "yes": 2.0}


def card(identifier: str = "c1", hold: GradeStatus = GradeStatus.ABSTAINED) -> Scorecard:
    grades = (
        Grade("tone", GradeStatus.GRADED, level_values=VALUES, level_points=POINTS),
        Grade("hold", hold, level_values={"no": 0.0, "yes": 1.0}, level_points=HOLD),
    )
    return Scorecard(identifier, identifier, "demo", "1", grades=grades)


def totals(
    *rows: tuple[str, str, str | None, object], cards: list[Scorecard] | None = None
) -> object:
    return human_totals(cards or [card()], Grades.from_rows(rows))


def test_total_is_the_share_of_possible_points_for_each_person() -> None:
    assert totals(
        ("c1", "tone", "Ana", "fair"),
        ("c1", "hold", "Ana", "yes"),
        ("c1", "tone", "Ben", 3),
        ("c1", "hold", "Ben", "N/A"),
    ) == {"c1": [50.0, 100.0]}


def test_total_needs_every_criterion_that_was_graded_or_abstained_on() -> None:
    row = ("c1", "tone", "Ana", "fair")
    assert totals(row) == {}
    assert totals(row, cards=[card(hold=GradeStatus.NOT_APPLICABLE)]) == {"c1": [40.0]}


def test_total_averages_what_one_person_answered_twice_and_takes_unknown_people_as_one() -> None:
    rows = [("c1", "hold", rater, "no") for rater in ("Ana", None)]
    rows += [("c1", "tone", rater, level) for rater in ("Ana", None) for level in ("poor", "good")]
    assert totals(*rows) == {"c1": [pytest.approx(100 * 5 / 12)] * 2}


def test_total_is_missing_where_nothing_was_applicable_or_no_points_are_possible() -> None:
    assert totals(("c1", "tone", "Ana", "N/A"), ("c1", "hold", "Ana", "N/A")) == {}
    free = Grade(
        "tone", GradeStatus.GRADED, level_values=VALUES, level_points=dict.fromkeys(VALUES, 0.0)
    )
    empty = Scorecard("c1", "c1", "demo", "1", grades=(free,))
    assert totals(("c1", "tone", "Ana", "good"), cards=[empty]) == {}


def test_scores_hold_transcripts_that_nobody_answered_whole_and_what_was_not_applicable() -> None:
    grades = Grades.from_rows(
        [("c1", "tone", "Ana", "fair"), ("c2", "tone", "Ana", "N/A"), ("c3", "tone", "Ana", "good")]
    )
    cards = [card("c1"), card("c2")]
    assert human_scores(cards, grades, TOTAL) == {"c1": [], "c2": []}
    assert human_scores(cards, grades, "tone") == {"c1": [2.0], "c2": [None]}


def test_cards_with_an_error_have_no_scores_and_two_of_a_transcript_are_refused() -> None:
    broken = Scorecard("c1", "c1", "demo", "1", error="empty")
    rows = [("c1", "tone", "Ana", "good"), ("c1", "hold", "Ana", "yes")]
    assert totals(*rows, cards=[broken]) == {}
    assert totals(*rows, cards=[broken, card()]) == {"c1": [100.0]}
    with pytest.raises(GradesError, match="two scorecards of transcript 'c1'"):
        totals(*rows, cards=[card(), card()])


def test_level_that_is_none_is_refused_with_its_place() -> None:
    with pytest.raises(GradesError, match=r"row 1: criterion 'tone' has no level 'god'.*'good'"):
        totals(("c1", "tone", "Ana", "god"))


def test_an_id_comes_before_a_value_however_the_number_is_written() -> None:
    values = {"1.0": 0.0, "2.0": 1.0, "3.0": 2.0}
    tone = Grade("tone", GradeStatus.GRADED, level_values=values, level_points=values)
    cards = [Scorecard(name, name, "demo", "1", grades=(tone,)) for name in ("c1", "c2", "c3")]
    levels = [("c1", "1.0"), ("c2", 2), ("c3", "0")]
    grades = Grades.from_rows([(name, "tone", "Ana", level) for name, level in levels])
    assert human_scores(cards, grades, "tone") == {"c1": [0.0], "c2": [1.0], "c3": [0.0]}
    assert human_scores(cards, grades, TOTAL) == {"c1": [0.0], "c2": [50.0], "c3": [0.0]}


@pytest.mark.parametrize("level", ["N/A", "good"])
@pytest.mark.parametrize("score", [TOTAL, "nonsense"])
def test_a_criterion_that_no_card_has_counts_for_nothing(score: str, level: str) -> None:
    foreign = ("c1", "nonsense", "Ana", level)
    assert human_scores([card()], Grades.from_rows([foreign]), score) == {}
    own = [("c1", "tone", "Ana", "good"), ("c1", "hold", "Ana", "no")]
    both = Grades.from_rows([*own, foreign, ("c1", "nonsense", "Ben", level)])
    assert human_totals([card()], both) == {"c1": [pytest.approx(100 * 10 / 12)]}


@given(st.lists(st.tuples(st.sampled_from(list(POINTS)), st.sampled_from(list(HOLD))), min_size=1))
def test_totals_are_those_of_the_points_written_out(people: list[tuple[str, str]]) -> None:
    rows = [("c1", "tone", f"r{i}", tone) for i, (tone, _) in enumerate(people)]
    rows += [("c1", "hold", f"r{i}", hold) for i, (_, hold) in enumerate(people)]
    expected = [100 * (POINTS[tone] + HOLD[hold]) / 12 for tone, hold in people]
    assert totals(*rows) == {"c1": pytest.approx(expected)}

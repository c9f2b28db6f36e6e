"""From grades to calibrated scorecards, end to end on a small world without weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import qa_nlp as qa
from qa_nlp.errors import GradesError
from qa_nlp.grades import Grades
from qa_nlp.grades_check import check_grades
from qa_nlp.rubric import Rubric
from qa_nlp.scorecard import GradeStatus
from qa_nlp.scorer import Scorer
from qa_nlp.transcript import Role, Transcript, Turn
from tests.builders import HashEncoder
from tests.graded_world import (
    CALLS,
    GRADES,
    LEVELS,
    RUBRIC,
    Row,
    by_length,
    conversations,
    plain,
    turned_round,
)


@pytest.fixture(scope="module")
def calibrated() -> Scorer:
    """Give a scorer that learnt from 36 conversations."""
    return plain().calibrate(CALLS, Grades.from_rows(GRADES))


def test_calibrate_gives_a_new_scorer_and_leaves_the_old_one(calibrated: Scorer) -> None:
    scorer = plain()
    before = scorer.fingerprint

    other = scorer.calibrate(CALLS, Grades.from_rows(GRADES))

    assert scorer.calibrator is None
    assert scorer.fingerprint == before != other.fingerprint
    assert other.fingerprint == calibrated.fingerprint


def test_calibrated_cards_say_so_and_carry_what_was_said_out_of_fold(calibrated: Scorer) -> None:
    stranger = conversations(1, 7, prefix="new")
    cards = calibrated.score([*CALLS, *stranger])

    for card in cards[:36]:
        assert card.fold is not None
        (unseen,) = card.out_of_fold
        assert unseen.calibrated
        assert not unseen.evidence
        assert card.total_out_of_fold == pytest.approx(50 * (unseen.points or 0), abs=1e-3)
    assert cards[36].fold is None
    assert cards[36].out_of_fold == ()
    assert cards[36].grades[0].calibrated
    assert cards[36].grades[0].level_set


def test_calibration_learns_what_people_look_at(calibrated: Scorer) -> None:
    assert calibrated.summary is not None
    (row,) = calibrated.summary.criteria

    assert (row.transcripts, row.grades, row.raters) == (36, 36, 1)
    assert row.kappa_after is not None
    assert row.kappa_after > 0.5
    assert calibrated.calibrator is not None
    first, second = calibrated.calibrator.criteria["length"].model.terms
    assert first.weight >= 0
    assert second.weight >= 0


def test_order_of_conversations_and_grades_does_not_matter(calibrated: Scorer) -> None:
    other = plain().calibrate(CALLS[::-1], Grades.from_rows(GRADES[::-1]))

    assert other.fingerprint == calibrated.fingerprint


def test_order_of_the_grades_of_two_raters_does_not_matter() -> None:
    rows = [*by_length(CALLS[:14], 1), *by_length(CALLS[:14], 2, "Ben")]

    one = plain().calibrate(CALLS, Grades.from_rows(rows))
    other = plain().calibrate(CALLS, Grades.from_rows(rows[::-1]))

    assert one.fingerprint == other.fingerprint


def test_card_is_the_same_alone_as_in_a_batch(calibrated: Scorer) -> None:
    together = calibrated.score(CALLS)

    assert calibrated.score_one(CALLS[5]) == together[5]
    assert calibrated.score(CALLS[::-1])[30] == together[5]


def test_out_of_fold_grade_does_not_change_when_the_grades_of_its_group_do() -> None:
    """The central promise, to the last digit shown."""
    calls = conversations(30, 3, group=2)
    rows = by_length(calls)
    own = {one.id for one in calls if one.group_id == "cg004"}
    turned = turned_round(rows, own)

    before = plain().calibrate(calls, Grades.from_rows(rows)).score(calls)
    after = plain().calibrate(calls, Grades.from_rows(turned)).score(calls)

    for one, other in zip(before, after, strict=True):
        mine, yours = one.out_of_fold[0], other.out_of_fold[0]
        if one.group_id == "cg004":
            assert mine.probabilities == yours.probabilities
            assert mine.expected == yours.expected
            assert mine.contributions == yours.contributions
            assert one.total_out_of_fold == other.total_out_of_fold
        elif one.fold != before[8].fold:
            assert mine.probabilities != yours.probabilities


def test_grades_of_no_conversation_given_are_refused_with_near_ids() -> None:
    rows = [(f"c{number:03d}x", "length", "Ana", "poor") for number in range(12)]

    with pytest.raises(GradesError, match=r"none of the 12 graded ids .* did you mean 'c00"):
        plain().calibrate(CALLS, Grades.from_rows(rows))


def test_five_grades_are_refused_with_the_remedy() -> None:
    with pytest.raises(GradesError, match="10 conversations or more; grade more"):
        plain().calibrate(CALLS, Grades.from_rows(GRADES[:5]))


def test_unknown_criteria_and_levels_are_named_together() -> None:
    rows = [*GRADES, ("c001", "lenght", "Ana", "poor"), ("c001", "length", "Ben", "fare")]

    with pytest.raises(GradesError, match=r"'lenght'.*did you mean 'length'") as caught:
        plain().calibrate(CALLS, Grades.from_rows(rows))

    assert "did you mean 'fair'" in str(caught.value)


def test_grades_that_are_all_equal_pull_the_prior_and_are_warned_of() -> None:
    rows = Grades.from_rows([(name, c, r, "good") for name, c, r, _ in GRADES])

    scorer = plain().calibrate(CALLS, rows)

    assert check_grades(rows, scorer.rubric).warnings
    grades = [card.grades[0] for card in scorer.score(CALLS)]
    assert min(grade.probabilities["good"] for grade in grades) > 0.5
    assert all(0 < grade.probabilities["poor"] < 0.2 for grade in grades)


def test_level_that_nobody_used_keeps_a_chance() -> None:
    rows = [(name, c, r, "poor" if level == "fair" else level) for name, c, r, level in GRADES]

    scorer = plain().calibrate(CALLS, Grades.from_rows(rows))

    for card in scorer.score(CALLS):
        chances = list(card.grades[0].probabilities.values())
        assert all(math.isfinite(chance) and chance >= 0 for chance in chances)
        assert sum(chances) == pytest.approx(1.0, abs=2e-4)


def test_each_of_several_agents_is_graded_on_their_own() -> None:
    calls = []
    for number, one in enumerate(conversations(16, 5)):
        half = len(one.turns) // 2
        turns = [
            replace(turn, agent_id="ann" if place < half else "ben")
            if turn.role is Role.AGENT
            else turn
            for place, turn in enumerate(one.turns)
        ]
        calls.append(Transcript(f"d{number:02d}", tuple(turns), language="en"))
    views = [view for one in calls for view in one.by_agent()]

    scorer = plain().calibrate(calls, Grades.from_rows(by_length(views)))

    assert scorer.summary is not None
    assert scorer.summary.transcripts == len(views)
    cards = scorer.score(calls)
    assert any("@ben" in card.transcript_id for card in cards)
    folds = {
        card.group_id: {c.fold for c in cards if c.group_id == card.group_id} for card in cards
    }
    assert len(folds) == 16
    assert all(len(found) == 1 for found in folds.values())


def test_grade_of_a_turn_speaks_of_the_conversation_up_to_it() -> None:
    views = [one.prefix(turn) for one in CALLS[:14] for turn in (1, len(one.turns) - 1)]

    scorer = plain().calibrate(CALLS, Grades.from_rows(by_length(views)))

    assert scorer.summary is not None
    assert scorer.summary.transcripts == 28
    assert scorer.calibrator is not None
    assert len(scorer.calibrator.fold_of) == 14
    card = scorer.score_one(CALLS[3])
    assert card.fold == scorer.score_one(views[6]).fold is not None


def test_several_grades_by_unknown_people_all_count() -> None:
    rows = [row for seed in range(3) for row in by_length(CALLS[:12], seed, "")]

    scorer = plain().calibrate(CALLS, Grades.from_rows(rows))

    assert scorer.summary is not None
    (found,) = scorer.summary.criteria
    assert (found.transcripts, found.grades, found.raters) == (12, 36, 0)
    assert not found.severities


def test_grades_of_a_rubric_that_few_conversations_answer_can_be_scored() -> None:
    """A criterion whose grades lie in few folds, beside one graded everywhere."""
    text = RUBRIC + RUBRIC[RUBRIC.index("      - id: length") :].replace("length", "calm")
    scorer = Scorer(Rubric.from_yaml(text), encoder=HashEncoder())
    few = [(name, "calm", r, level) for name, _, r, level in GRADES[:10]]

    cards = scorer.calibrate(CALLS, Grades.from_rows([*GRADES, *few])).score(CALLS)

    assert all(card.error is None and len(card.out_of_fold) == 2 for card in cards)


def test_conversation_unlike_all_graded_ones_is_left_to_a_person(calibrated: Scorer) -> None:
    short = Transcript(
        "s", (Turn(Role.AGENT, "Fine."), Turn(Role.CUSTOMER, "Fine.")), language="en"
    )

    for odd in (short, replace(CALLS[0], id="ro", group_id="ro", language="ro")):
        grade = calibrated.score_one(odd).grades[0]
        assert grade.status is GradeStatus.ABSTAINED
        assert "graded" in (grade.reason or "")


def random_grades(calls: Sequence[Transcript], seed: int) -> list[Row]:
    random = np.random.default_rng(seed)
    return [(one.id, "length", "Ana", LEVELS[random.integers(3)]) for one in calls]


@pytest.mark.slow
def test_calibration_does_not_praise_itself_on_noise() -> None:
    """Random grades: kappa out of fold is about 0, sets and means cover as often as stated."""
    kappas, covered, hits = [], [], []
    for seed in range(40):
        calls = conversations(60, seed)
        truth = random_grades(calls, 500 + seed)
        scorer = plain().calibrate(calls, Grades.from_rows(truth[:36]))
        assert scorer.summary is not None
        (row,) = scorer.summary.criteria
        kappas.append(row.kappa_after or 0.0)
        covered.append(row.covered or 0.0)
        table = qa.estimate_means(
            scorer.score(calls), Grades.from_rows(truth[:36]), score="length", population="given"
        )
        mean = float(np.mean([LEVELS.index(level) for *_, level in truth]))
        hits.append(table[0].low <= mean <= table[0].high)

    error = float(np.std(kappas)) / math.sqrt(len(kappas))
    assert np.mean(kappas) <= 3 * error
    share = float(np.std(covered)) / math.sqrt(len(covered))
    assert np.mean(covered) == pytest.approx(0.9, abs=0.015 + 3 * share)
    assert sum(hits) >= 34  # at 95 % fewer than 34 of 40 come about once in 300


@pytest.mark.slow
@pytest.mark.parametrize("number", [3, 29], ids=["graded whole too", "graded in parts only"])
def test_out_of_fold_grade_does_not_know_the_grades_of_turns_of_its_group(number: int) -> None:
    """The central promise, where parts of conversations were graded beside whole ones."""
    calls = conversations(30, 11)
    parts = [one.prefix(turn) for one in calls for turn in (1, 3)]
    rows = [*by_length(calls[:28]), *by_length(parts, 5)]
    own = calls[number]
    turned = turned_round(rows, {name for name, *_ in rows if name.startswith(f"{own.id}#")})

    one = plain().calibrate(calls, Grades.from_rows(rows)).score_one(own)
    other = plain().calibrate(calls, Grades.from_rows(turned)).score_one(own)

    assert one.fold is not None
    assert one.out_of_fold[0].probabilities == other.out_of_fold[0].probabilities
    assert one.out_of_fold[0].contributions == other.out_of_fold[0].contributions


@pytest.mark.parametrize("item", ["a transcript", None, {"id": "c1", "turns": []}])
def test_what_is_no_transcript_is_refused_by_its_type(item: Any) -> None:
    with pytest.raises(TypeError, match=f"expected a Transcript, not {type(item).__name__}"):
        plain().calibrate([*CALLS, item], Grades.from_rows(GRADES))

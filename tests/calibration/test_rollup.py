"""From grades to a total: every rule on hand-built grades, and what holds for any grades."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.calibration.rollup import Total, roll_up
from qa_nlp.rubric import Rubric
from qa_nlp.scorecard import Evidence, Grade, GradeStatus, SectionScore, TotalStatus

_SIGNALS = "signals: [{signal: test.a, threshold: 0.5, weight: 1}]"
RUBRIC = Rubric.from_yaml(
    f"""\
format_version: 1
id: demo
version: "1"
name: Demo
sections:
  - id: talk
    name: Talk
    criteria:
      - id: tone
        question: How was the tone?
        weight: 2
        levels:
          - {{id: poor, value: 1, points: 0}}
          - {{id: fair, value: 2, points: 2}}
          - {{id: good, value: 3, points: 3}}
        {_SIGNALS}
      - id: pace
        question: How was the pace?
        levels: [{{id: bad, value: 0, points: 1}}, {{id: fine, value: 1, points: 4}}]
        {_SIGNALS}
  - id: duty
    name: Duty
    criteria:
      - id: notice
        question: Was the notice read out?
        critical: true
        levels: [{{id: breach, value: 0}}, {{id: met, value: 1}}]
        {_SIGNALS}
      - id: promise
        question: Was nothing promised?
        critical: true
        auto_fail_at: 0.8
        levels: [{{id: breach, value: 0}}, {{id: met, value: 1}}]
        {_SIGNALS}
"""
)
SAID = Evidence("phrase.guarantee", -2.0, 3, 0, 12, "I guarantee.")
NOT_FOUND = Evidence("phrase.notice", -2.0, note="not found in 9 sentences of the agent")


def grade(
    criterion: str,
    *chances: float,
    status: GradeStatus = GradeStatus.GRADED,
    evidence: tuple[Evidence, ...] = (),
) -> Grade:
    """Build a grade with the points that follow from the probabilities of its levels."""
    form = RUBRIC.criterion(criterion)
    ids = [level.id for level in form.levels]
    best = max(range(len(ids)), key=lambda position: chances[position])
    points = sum(c * level.points for c, level in zip(chances, form.levels, strict=True))
    return Grade(
        criterion,
        status,
        ids[best] if status is GradeStatus.GRADED else None,
        dict(zip(ids, chances, strict=True)),
        points=round(form.weight * points, 4),
        possible=round(form.weight * form.possible, 4),
        critical=form.critical,
        evidence=evidence,
    )


def abstained(criterion: str, *chances: float, **fields: Any) -> Grade:
    return grade(criterion, *chances, status=GradeStatus.ABSTAINED, **fields)


def outside(criterion: str) -> Grade:
    critical = RUBRIC.criterion(criterion).critical
    return Grade(criterion, GradeStatus.NOT_APPLICABLE, critical=critical, reason="does not apply")


def total_of(**changed: Grade) -> Total:
    """Roll up tone (2 × 2.5 of 2 × 3), pace (4 of 4), notice and promise (1 of 1 each)."""
    usual = {
        "tone": grade("tone", 0.0, 0.5, 0.5),
        "pace": grade("pace", 0.0, 1.0),
        "notice": grade("notice", 0.0, 1.0),
        "promise": grade("promise", 0.0, 1.0),
    }
    return roll_up(RUBRIC, tuple({**usual, **changed}.values()))


def test_total_is_the_share_of_possible_points_that_is_expected() -> None:
    total = total_of()

    # (2 × 2.5 + 4 + 1 + 1) of (6 + 4 + 1 + 1)
    assert total.value == pytest.approx(100 * 11 / 12, abs=5e-5)
    assert total.without_critical == total.value
    assert (total.status, total.interval) == (TotalStatus.FINAL, None)
    assert total.critical_failures == ()


def test_sections_are_in_the_order_of_the_rubric_with_their_own_share() -> None:
    assert total_of().sections == (
        SectionScore("talk", 90.0, 9.0, 10.0),
        SectionScore("duty", 100.0, 2.0, 2.0),
    )


def test_criterion_that_does_not_apply_leaves_numerator_and_denominator() -> None:
    total = total_of(pace=outside("pace"))

    assert total.value == 87.5  # (5 + 1 + 1) of (6 + 1 + 1)
    assert total.sections[0] == SectionScore("talk", 83.3333, 5.0, 6.0)
    assert total.status is TotalStatus.FINAL


def test_section_has_no_score_when_none_of_its_criteria_applies() -> None:
    total = total_of(tone=outside("tone"), pace=outside("pace"))

    assert total.sections[0] == SectionScore("talk", None, 0.0, 0.0)
    assert total.value == 100.0


def test_there_is_no_total_when_nothing_applies() -> None:
    nothing = {name: outside(name) for name in ("tone", "pace", "notice", "promise")}

    total = total_of(**nothing)

    assert (total.value, total.without_critical, total.interval) == (None, None, None)
    assert total.status is TotalStatus.NONE
    assert [section.total for section in total.sections] == [None, None]


def test_abstained_criterion_stays_in_with_its_expected_points() -> None:
    total = total_of(tone=abstained("tone", 0.25, 0.5, 0.25))

    assert total.value == 79.1667  # (2 × 1.75 + 4 + 1 + 1) of 12
    assert total.status is TotalStatus.PROVISIONAL


def test_provisional_interval_runs_from_the_worst_to_the_best_plausible_level() -> None:
    total = total_of(tone=abstained("tone", 0.25, 0.5, 0.25))

    assert total.interval == (50.0, 100.0)  # 2 × 0 and 2 × 3 of the tone's points


def test_provisional_interval_leaves_out_levels_in_the_tails() -> None:
    total = total_of(tone=abstained("tone", 0.04, 0.93, 0.03))

    assert total.interval is not None
    assert total.value is not None
    # only "fair" is plausible, 2 × 2 + 6 of 12, but 2 × 1.95 is what is expected
    assert total.interval == (total.value, 83.3333)
    assert total.value == 82.5


def test_intervals_of_several_abstained_criteria_add_up() -> None:
    total = total_of(
        tone=abstained("tone", 0.25, 0.5, 0.25),
        pace=abstained("pace", 0.5, 0.5),
    )

    assert total.interval == (25.0, 100.0)  # (0 + 1 + 2) and (6 + 4 + 2) of 12


@pytest.mark.parametrize("evidence", [SAID, NOT_FOUND], ids=["words", "searched"])
def test_critical_criterion_fails_the_card_when_it_is_sure_and_proved(evidence: Evidence) -> None:
    total = total_of(notice=grade("notice", 0.95, 0.05, evidence=(evidence,)))

    assert (total.value, total.status) == (0.0, TotalStatus.FAILED)
    assert total.critical_failures == ("notice",)
    assert total.without_critical == pytest.approx(100 * 10.05 / 12, abs=5e-5)
    assert total.interval is None


def test_card_fails_without_quotes_when_the_evidence_points_at_words() -> None:
    spoken = Evidence("rule.profanity", -2.0, 3, 0, 12)

    total = total_of(notice=grade("notice", 1.0, 0.0, evidence=(spoken,)))

    assert total.status is TotalStatus.FAILED


@pytest.mark.parametrize(
    "evidence",
    [
        (),
        (Evidence("phrase.notice", 2.0, 3, 0, 12, "On tape."),),
        (Evidence("conduct.turns", -2.0, note="31 agent turns"),),
        (Evidence("phrase.notice", -2.0),),
    ],
    ids=["none", "for the agent", "only a measurement", "no scope stated"],
)
def test_card_waits_for_a_person_when_a_sure_failure_is_not_proved(
    evidence: tuple[Evidence, ...],
) -> None:
    total = total_of(notice=grade("notice", 0.99, 0.01, evidence=evidence))

    assert total.status is TotalStatus.PENDING_REVIEW
    assert total.critical_failures == ()


@pytest.mark.parametrize(
    ("fail", "status"),
    [
        (0.0499, TotalStatus.FINAL),
        (0.05, TotalStatus.PENDING_REVIEW),
        (0.5, TotalStatus.PENDING_REVIEW),
        (0.9499, TotalStatus.PENDING_REVIEW),
        (0.95, TotalStatus.FAILED),
    ],
)
def test_status_follows_the_probability_that_a_critical_criterion_failed(
    fail: float, status: TotalStatus
) -> None:
    total = total_of(notice=grade("notice", fail, 1 - fail, evidence=(SAID,)))

    assert total.status is status


@pytest.mark.parametrize(
    ("fail", "status"), [(0.79, TotalStatus.PENDING_REVIEW), (0.8, TotalStatus.FAILED)]
)
def test_criterion_fails_the_card_from_its_own_auto_fail_at(
    fail: float, status: TotalStatus
) -> None:
    total = total_of(promise=grade("promise", fail, 1 - fail, evidence=(SAID,)))

    assert total.status is status


def test_pending_total_is_the_expected_one_and_its_interval_starts_at_zero() -> None:
    total = total_of(notice=grade("notice", 0.5, 0.5, evidence=(SAID,)))

    assert total.value == 87.5  # (5 + 4 + 0.5 + 1) of 12
    assert total.interval == (0.0, 87.5)
    assert total.without_critical == 87.5


def test_abstained_critical_criterion_never_fails_the_card() -> None:
    total = total_of(notice=abstained("notice", 0.99, 0.01, evidence=(SAID,)))

    assert total.status is TotalStatus.PENDING_REVIEW


def test_abstained_critical_criterion_leaves_the_card_pending_when_failing_is_unlikely() -> None:
    total = total_of(notice=abstained("notice", 0.01, 0.99))

    assert total.status is TotalStatus.PENDING_REVIEW
    assert total.interval == (0.0, 91.6667)  # 12 less one point of the tone's


def test_critical_criterion_that_does_not_apply_cannot_fail_the_card() -> None:
    total = total_of(notice=outside("notice"))

    assert total.status is TotalStatus.FINAL


def test_criterion_that_is_not_critical_cannot_fail_the_card() -> None:
    total = total_of(tone=grade("tone", 1.0, 0.0, 0.0, evidence=(SAID,)))

    assert (total.status, total.value) == (TotalStatus.FINAL, 50.0)


def test_failure_outranks_what_is_open() -> None:
    total = total_of(
        tone=abstained("tone", 0.25, 0.5, 0.25),
        notice=grade("notice", 0.99, 0.01, evidence=(SAID,)),
        promise=grade("promise", 0.5, 0.5),
    )

    assert (total.status, total.value, total.interval) == (TotalStatus.FAILED, 0.0, None)
    assert total.critical_failures == ("notice",)


def test_doubt_about_a_critical_criterion_outranks_an_abstention() -> None:
    total = total_of(
        tone=abstained("tone", 0.25, 0.5, 0.25),
        notice=grade("notice", 0.5, 0.5),
    )

    assert total.status is TotalStatus.PENDING_REVIEW


def test_all_criteria_that_failed_the_card_are_named_in_order() -> None:
    total = total_of(
        promise=grade("promise", 1.0, 0.0, evidence=(SAID,)),
        notice=grade("notice", 1.0, 0.0, evidence=(NOT_FOUND,)),
    )

    assert total.critical_failures == ("notice", "promise")


def shares(size: int) -> st.SearchStrategy[list[float]]:
    """Give probabilities that sum to about 1, with four decimals as on a scorecard."""
    counts = st.lists(st.integers(0, 10_000), min_size=size, max_size=size).filter(any)
    return counts.map(lambda found: [round(count / sum(found), 4) for count in found])


@st.composite
def any_grades(draw: st.DrawFn) -> tuple[Grade, ...]:
    grades = []
    for criterion in RUBRIC.criteria:
        status = draw(st.sampled_from(GradeStatus))
        if status is GradeStatus.NOT_APPLICABLE:
            grades.append(outside(criterion.id))
            continue
        chances = draw(shares(len(criterion.levels)))
        evidence = tuple(draw(st.lists(st.sampled_from([SAID, NOT_FOUND]), max_size=1)))
        grades.append(grade(criterion.id, *chances, status=status, evidence=evidence))
    return tuple(grades)


@given(any_grades())
def test_interval_contains_the_total_whatever_the_grades(grades: tuple[Grade, ...]) -> None:
    total = roll_up(RUBRIC, grades)

    open_ = total.status in (TotalStatus.PROVISIONAL, TotalStatus.PENDING_REVIEW)
    assert (total.interval is not None) is open_
    if total.interval is not None:
        assert total.value is not None
        low, high = total.interval
        assert 0 <= low <= total.value <= high <= 100.01


@given(any_grades())
def test_total_lies_between_0_and_100_and_is_missing_only_when_nothing_applies(
    grades: tuple[Grade, ...],
) -> None:
    total = roll_up(RUBRIC, grades)

    applied = [item for item in grades if item.status is not GradeStatus.NOT_APPLICABLE]
    assert (total.value is None) is (not applied)
    if total.value is not None:
        assert 0 <= total.value <= 100.01  # probabilities with four decimals sum to 1 ± .0002


@given(any_grades())
def test_failed_total_is_0_and_names_critical_criteria(grades: tuple[Grade, ...]) -> None:
    total = roll_up(RUBRIC, grades)

    assert (total.status is TotalStatus.FAILED) is bool(total.critical_failures)
    if total.critical_failures:
        assert total.value == 0.0
        assert set(total.critical_failures) <= {"notice", "promise"}

"""What is found in human grades before anything is learnt from them."""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_nlp.calibration import calibrator, fitting, text_score
from qa_nlp.errors import GradesError
from qa_nlp.grades import Grades
from qa_nlp.grades_check import check_grades
from qa_nlp.grades_report import GradesFinding, GradesReport
from qa_nlp.grades_tables import LEAST_CHOSEN, LEAST_LEARNT, LEAST_TEXT
from qa_nlp.rubric import Rubric
from qa_nlp.samples import load_samples
from qa_nlp.scorecard import Scorecard
from qa_nlp.transcript import Transcript, Turn
from tests.pace import takes_less_than

RUBRIC = Rubric.load("service_excellence")
IDS = [criterion.id for criterion in RUBRIC.criteria]
LEVELS = ["poor", "fair", "good", "excellent"]


def check(*rows: tuple[Any, ...], transcripts: Any = None) -> GradesReport:
    return check_grades(Grades.from_rows(rows), RUBRIC, transcripts)


def found(report: GradesReport, kind: str) -> list[GradesFinding]:
    return [finding for finding in report.findings if finding.kind == kind]


def only(report: GradesReport, kind: str) -> GradesFinding:
    (finding,) = found(report, kind)
    return finding


def clean(transcripts: int = 48) -> list[tuple[str, str, str, str]]:
    return [
        (f"c{t}", criterion, rater, LEVELS[(t + (rater == "Ben" and t % 4 == 0)) % 4])
        for t in range(transcripts)
        for criterion in IDS
        for rater in ("Ana", "Ben")
    ]


def conversation(identifier: str, *agents: str) -> Transcript:
    turns = [Turn("customer", "Hi"), *(Turn("agent", "Hello", agent_id=a) for a in agents)]
    return Transcript(identifier, turns)


# what is wrong


def test_sound_grades_have_no_findings() -> None:
    report = check(*clean(), transcripts=[f"c{t}" for t in range(48)])
    assert report.findings == ()
    assert report.ok
    assert report.summary == "480 grades of 48 transcripts on 5 criteria by 2 raters"
    assert "nothing to remark" in str(report)


def test_sample_grades_are_sound() -> None:
    samples = load_samples()
    assert check_grades(samples.grades, "service_excellence", samples).findings == ()


def test_unknown_criterion_and_level_are_errors_with_near_matches() -> None:
    report = check(
        ("c1", "empaty", "Ana", "good"),
        ("c1", "empathy", "Ana", "god"),
        ("c2", "empathy", "Ana", "god"),
        ("c2", "empathy", "Ana", 7),
    )
    assert not report.ok
    assert len(report.errors) == 3
    criterion = only(report, "unknown criterion")
    assert "did you mean 'empathy'" in criterion.message
    assert criterion.places == ("row 1",)
    near, far = found(report, "unknown level")
    assert "criterion 'empathy' has no level 'god'; did you mean 'good'" in near.message
    assert (near.count, near.places) == (2, ("row 2", "row 3"))
    assert "no level '7'" in far.message
    assert report.findings[: len(report.errors)] == report.errors


def test_many_unknown_levels_are_summed_up() -> None:
    report = check(*((f"c{i}", "empathy", "Ana", f"words {i}") for i in range(100)))
    findings = found(report, "unknown level")
    assert len(findings) == 11
    assert sum(finding.count for finding in findings) == 100
    assert "90 more that are no level; check that the right column" in findings[-1].message


def test_repeated_rows_of_known_raters_warn_and_of_unknown_people_are_noted() -> None:
    report = check(
        ("c1", "empathy", "Ana", "good"),
        ("c1", "empathy", "Ana", 3),  # the value of good
        ("c1", "empathy", "Ben", "good"),
        ("c1", "knowledge", None, "good"),
        ("c1", "knowledge", None, "good"),
    )
    known, unknown = found(report, "duplicate")
    assert (known.severity, known.count, known.places) == ("warning", 1, ("row 2",))
    assert (unknown.severity, unknown.count, unknown.places) == ("note", 1, ("row 5",))
    assert not found(report, "contradiction")


def test_one_rater_who_gives_one_item_different_levels_is_a_contradiction() -> None:
    report = check(
        ("c1", "empathy", "Ana", "good"),
        ("c1", "empathy", "Ana", "poor"),
        ("c1", "empathy", "Ana", "N/A"),
        ("c2", "empathy", None, "good"),
        ("c2", "empathy", None, "poor"),
    )
    finding = only(report, "contradiction")
    assert (finding.severity, finding.count) == ("warning", 1)
    assert finding.places == ("row 2", "row 3")


def test_criteria_that_nothing_can_be_learnt_about_are_named() -> None:
    rows = [(f"c{t}", "empathy", "Ana", "good") for t in range(50)]
    rows += [(f"c{t}", "knowledge", "Ana", "N/A") for t in range(50)]
    rows += [(f"c{t}", "follow_up", "Ana", LEVELS[t % 2]) for t in range(50)]
    report = check(*rows)
    assert "'empathy': every grade is 'good'" in only(report, "one level only").message
    assert "'knowledge' has no grade but N/A" in only(report, "N/A only").message
    unused = only(report, "levels never used")
    assert "'follow_up': nobody gave 'good', 'excellent'" in unused.message
    without = [finding.message for finding in found(report, "criterion without grades")]
    assert len(without) == 2
    assert "'responsiveness'" in without[0]
    assert report.ok


def test_few_transcripts_are_noted() -> None:
    finding = found(check(*clean(39)), "few transcripts")
    assert len(finding) == len(IDS)
    assert finding[0].message.startswith("'responsiveness' has 39 graded transcripts: the rubric's")
    assert "at fixed strengths; from 40 on, cross-validation may change" in finding[0].message
    assert not found(check(*clean(40)), "few transcripts")


@pytest.mark.parametrize("transcripts", [1, 9, 10])
def test_below_ten_transcripts_nothing_is_said_to_be_fitted(transcripts: int) -> None:
    message = found(check(*clean(transcripts)), "few transcripts")[0].message
    stays = "the rubric's model stays; from 10 on, it is fitted to the grades"
    assert message.endswith(stays) is (transcripts < 10)
    assert ("at fixed strengths" in message) is (transcripts >= 10)


def test_unknown_and_hardly_grading_raters_are_noted() -> None:
    report = check(*clean(), ("c1", "empathy", None, "good"), ("c1", "empathy", "Cy", "good"))
    assert only(report, "unknown raters").count == 1
    assert only(report, "few grades by a rater").message.startswith("'Cy' gave fewer than 5")


# raters who share nothing


def test_disconnected_raters_are_listed_by_group() -> None:
    pairs = [("c1", "Ana"), ("c1", "Ben"), ("c2", "Ben"), ("c2", "Cy"), ("c3", "Di"), ("c3", None)]
    finding = only(check(*((i, "empathy", r, "good") for i, r in pairs)), "disconnected raters")
    assert finding.count == 2
    assert "('Ana', 'Ben', 'Cy'); ('Di')" in finding.message


def test_unknown_people_and_not_applicable_link_nobody() -> None:
    rows = [
        ("c1", "Ana", "N/A"),
        ("c1", "Ben", "N/A"),
        ("c2", "Ana", "good"),
        ("c3", "Ben", "good"),
    ]
    report = check(*((i, "empathy", r, level) for i, r, level in rows))
    assert only(report, "disconnected raters").count == 2
    alone = check(("c1", "empathy", "Ana", "good"), ("c2", "empathy", None, "good"))
    assert not found(alone, "disconnected raters")


@settings(max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 5)), min_size=1))
def test_groups_of_raters_are_the_connected_components(links: list[tuple[int, int]]) -> None:
    groups = {f"R{rater}": {f"R{rater}"} for _, rater in links}
    for (item, one), (other, two) in itertools.combinations(links, 2):
        if item == other and groups[f"R{one}"] is not groups[f"R{two}"]:
            merged = groups[f"R{one}"] | groups[f"R{two}"]
            groups.update(dict.fromkeys(merged, merged))
    number = len({id(group) for group in groups.values()})
    report = check(*((f"c{item}", "empathy", f"R{rater}", "good") for item, rater in links))
    assert sum(f.count for f in found(report, "disconnected raters")) == (
        number if number > 1 else 0
    )


# transcripts


def test_unmatched_transcripts_warn_with_near_matches() -> None:
    rows = [("call-17", "empathy", "Ana", "good"), ("call-l8", "empathy", "Ana", "good")]
    report = check(*rows, transcripts=["call-17", "call-18"])
    finding = only(report, "unmatched transcript")
    assert (finding.severity, finding.count, finding.places) == ("warning", 1, ("row 2",))
    assert "1 of 2 graded transcripts is not among" in finding.message
    assert "'call-l8'; did you mean 'call-18'" in finding.message


def test_no_matching_transcript_at_all_is_an_error() -> None:
    report = check(("17", "empathy", "Ana", "good"), transcripts=[conversation("a")])
    assert only(report, "unmatched transcript").severity == "error"
    assert "the right column is read as transcript_id" in report.errors[0].message


@pytest.mark.parametrize(
    ("identifier", "matches"),
    [
        ("c1@A1", True), ("c1@A2", True), ("c1@A3", False), ("c1#0", True), ("c1#2", True),
        ("c1#3", False), ("c1#x", False), ("c1@A1#2", True), ("c1#2@A1", True), ("c1#3@A1", False),
        ("c1#1@A3", False), ("c2@A1", False), ("c2@b@c.org", True), ("c2#1@b@c.org", True),
        ("c2#1", True), ("c2", True), ("c2#", False), ("@A1", False),
    ],
)  # fmt: skip
def test_ids_of_agents_and_turns_match_where_the_transcript_has_them(
    identifier: str, matches: bool
) -> None:
    transcripts = [conversation("c1", "A1", "A2"), conversation("c2", "b@c.org")]
    report = check((identifier, "empathy", "Ana", "good"), transcripts=transcripts)
    assert bool(found(report, "unmatched transcript")) is not matches


def test_every_id_that_transcripts_give_themselves_matches() -> None:
    call = conversation("c@1#2", "A1", "A2")
    views = [*call.by_agent(), call.prefix(1), call.prefix(2).by_agent()[0]]
    views += [view.prefix(2) for view in call.by_agent()]
    report = check(*((v.id, "empathy", "Ana", "good") for v in views), transcripts=[call])
    assert not found(report, "unmatched transcript")


@pytest.mark.parametrize("by_agent", [False, True])
def test_a_grade_of_a_conversation_with_several_agents_must_name_one(by_agent: bool) -> None:
    call = conversation("c1", "A1", "A2")
    report = check(
        ("c1", "empathy", "Ana", "good"), transcripts=call.by_agent() if by_agent else [call]
    )
    assert not found(report, "unmatched transcript")
    assert "write 'c1@A" in only(report, "several agents").message


def test_scorecards_are_matched_by_their_ids() -> None:
    cards = [
        Scorecard("c1@A1", "c1", "demo", "1", metadata={"agent_id": "A1"}, turn_count=4),
        Scorecard("c2", "c2", "demo", "1", metadata={"agent_id": "A2"}, turn_count=4),
    ]
    ids = ["c1@A1", "c1", "c2", "c2@A2", "c2#3", "c2#4", "c2@A1"]
    report = check(*((i, "empathy", "Ana", "good") for i in ids), transcripts=cards)
    assert only(report, "unmatched transcript").places == ("row 6", "row 7")
    assert only(report, "several agents").places == ("row 2",)


def test_bare_ids_match_any_agent_and_turn() -> None:
    ids = ["c1", "c1@A1", "c1#7", "c1#7@A1", "c1@A1#7"]
    report = check(*((i, "empathy", "Ana", "good") for i in ids), transcripts=["c1"])
    assert not found(report, "unmatched transcript")


def test_transcripts_of_another_kind_are_an_error() -> None:
    with pytest.raises(GradesError, match="item 1 is a int"):
        check(("c1", "empathy", "Ana", "good"), transcripts=[17])


# tables


def test_tables_count_usable_grades_once() -> None:
    report = check(
        ("c1", "empathy", "Ana", "poor"),
        ("c1", "empathy", "Ana", "poor"),
        ("c1", "empathy", "Ben", 4),
        ("c2", "empathy", "Ben", "N/A"),
        ("c3", "empathy", "Ben", "god"),
        ("c2", "knowledge", None, "fair"),
    )
    counts = {(row["criterion"], row["level"]): row["count"] for row in report.levels}
    assert counts["empathy", "poor"] == counts["empathy", "excellent"] == 1
    assert counts["empathy", "N/A"] == counts["knowledge", "fair"] == 1
    assert sum(counts.values()) == 4
    assert report.raters == [
        {"rater": "Ana", "grades": 1, "transcripts": 1, "mean_relative_level": 0.0},
        {"rater": "Ben", "grades": 2, "transcripts": 2, "mean_relative_level": 1.0},
        {"rater": None, "grades": 1, "transcripts": 1, "mean_relative_level": 0.3333},
    ]


GRADE = st.tuples(
    st.sampled_from(["c1", "c2", "c3"]),
    st.sampled_from(IDS[:2]),
    st.sampled_from(["Ana", "Ben", "Cy", None]),
    st.sampled_from([*LEVELS, "N/A"]),
)


@pytest.mark.slow
@settings(max_examples=25)
@given(st.lists(GRADE, min_size=1, unique_by=lambda row: row[:3]))
def test_exact_agreement_is_that_of_all_pairs_written_out(rows: list[tuple[Any, ...]]) -> None:
    items: dict[tuple[str, str], list[str]] = defaultdict(list)
    for transcript, criterion, rater, level in rows:
        if rater is not None:
            items[criterion, transcript].append(level)
    for row in check(*rows).double_graded:
        answers = [given for (asked, _), given in items.items() if asked == row["criterion"]]
        pairs = [pair for given in answers for pair in itertools.combinations(given, 2)]
        assert row["transcripts"] == sum(len(given) > 1 for given in answers)
        assert row["pairs"] == len(pairs)
        if pairs:
            same = sum(one == two for one, two in pairs) / len(pairs)
            assert row["exact_agreement"] == pytest.approx(same, abs=5e-5)
        else:
            assert row["exact_agreement"] is None


def test_a_level_and_its_value_agree() -> None:
    report = check(("c1", "empathy", "Ana", "good"), ("c1", "empathy", "Ben", 3))
    assert report.double_graded[2]["exact_agreement"] == 1.0


@pytest.mark.slow
@settings(max_examples=25)
@given(st.lists(GRADE), st.randoms())
def test_tables_do_not_depend_on_the_order_of_rows(rows: list[Any], random: Any) -> None:
    unique = list({row[:3]: row for row in rows}.values())
    shuffled = random.sample(unique, len(unique))
    one, two = check(*unique).to_dict(), check(*shuffled).to_dict()
    for name in ("levels", "raters", "double_graded", "learnable", "summary"):
        assert one[name] == two[name]


NOTHING = "nothing is learnt: the rubric's model stays"
SHIFTS = (
    "where the levels begin, a factor on the rubric's weights and a small shift of each, "
    "at a fixed strength"
)
TEXT = (
    "where the levels begin, a factor on the rubric's weights, a small shift of each and a score "
    "of the text, at fixed strengths"
)
CHOSEN = (
    "where the levels begin, the weights of the signals and a score of the text, at strengths "
    "that cross-validation may change"
)
MOST = (
    "where the levels begin, the weights of the signals and a score of the text; as a rule of "
    "thumb, the weights follow the grades where these disagree with the rubric"
)


@pytest.mark.parametrize(
    ("transcripts", "statement"),
    [
        (0, NOTHING), (2, NOTHING), (9, NOTHING), (10, SHIFTS), (19, SHIFTS), (20, TEXT),
        (39, TEXT), (40, CHOSEN), (149, CHOSEN), (150, MOST),
    ],
)  # fmt: skip
def test_what_can_be_learnt_is_stated_by_the_number_of_transcripts(
    transcripts: int, statement: str
) -> None:
    rows = [(f"c{t}", "empathy", "Ana", LEVELS[t % 4]) for t in range(transcripts)]
    rows.append(("c0", "empathy", "Ben", "N/A"))
    learnable = {row["criterion"]: row for row in check(*rows).learnable}
    assert learnable["empathy"]["transcripts"] == transcripts
    assert learnable["empathy"]["statement"] == statement


def test_limits_of_what_can_be_learnt_are_those_of_calibration() -> None:
    assert LEAST_LEARNT == calibrator.LEAST_GRADED
    assert LEAST_TEXT == text_score._FEW_GROUPS
    assert LEAST_CHOSEN == fitting.FEW


def test_nothing_is_learnt_from_one_level_however_often() -> None:
    rows = [(f"c{t}", "empathy", "Ana", "good") for t in range(200)]
    assert "nothing about what tells" in check(*rows).learnable[2]["statement"]


# the report


def test_report_of_no_grades_says_so() -> None:
    report = check()
    assert [finding.kind for finding in report.findings] == ["criterion without grades"] * 5
    assert report.raters == []
    assert "0 grades" in str(report)
    assert "<table>" in report._repr_html_()


def test_report_is_plain_data_and_text() -> None:
    report = check(*clean(4), ("c9", "empathy", None, "god"), transcripts=["c1"])
    assert json.loads(json.dumps(report.to_dict())) == report.to_dict()
    assert report.to_dict()["ok"] is False
    text = str(report)
    assert "error: unknown level: criterion 'empathy'" in text
    assert "[row 41]" in text
    assert "What can be learnt" in text
    assert report.errors + report.warnings + report.notes == report.findings


def test_text_of_the_errors_has_a_line_for_each_with_its_place() -> None:
    report = check(("c1", "empaty", "Ana", "good"), ("c1", "empathy", "Ana", "god"))
    first, second = report.error_text.splitlines()
    assert first.startswith("unknown level: criterion 'empathy' has no level 'god'")
    assert first.endswith("[row 2]")
    assert second.startswith("unknown criterion: ")
    assert second.endswith("[row 1]")
    assert check(*clean()).error_text == ""


def test_html_of_the_report_is_escaped() -> None:
    report = check(("<b>c1", "<i>", "<script>alert(1)</script>", "good"),
                   ("c1", "empathy", "<u>", "<p>"), ("c1", "empathy", "<u>", "good"),
                   transcripts=["c1"])  # fmt: skip
    page = report._repr_html_()
    for tag in ("<b>", "<i>", "<script>", "<u>"):
        assert tag not in page
    assert "&lt;u&gt;" in page


@pytest.mark.slow
def test_a_million_grades_are_checked_in_fifteen_seconds() -> None:
    number = 1_000_000
    grades = Grades(
        [f"call-{i // 10}" for i in range(number)],
        [IDS[i % 5] for i in range(number)],
        [f"R{i % 30}" for i in range(number)],
        [LEVELS[i % 4] for i in range(number)],
    )
    with takes_less_than(15):
        report = check_grades(grades, RUBRIC, (f"call-{i}" for i in range(60_000)))
    assert only(report, "unmatched transcript").count == 40_000


@pytest.mark.slow
def test_wrongly_mapped_columns_of_a_large_file_do_not_stall() -> None:
    number = 200_000
    numbers = [str(i) for i in range(number)]
    grades = Grades(["c1"] * number, ["empathy"] * number, numbers, [f"n{i}" for i in numbers])
    with takes_less_than(15):
        assert sum(f.count for f in check_grades(grades, RUBRIC).errors) == number

"""From measured signals to grades: what is asked, what is left to a person, and the evidence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from qa_nlp.calibration.grading import Grader, Measured, grade_criteria
from qa_nlp.calibration.model import CriterionModel
from qa_nlp.rubric import Rubric
from qa_nlp.scorecard import Grade, GradeStatus
from qa_nlp.signals.base import SignalSpec, Span
from qa_nlp.transcript import Transcript
from tests.builders import chat

SPECS = {
    name: SignalSpec(name, "", "share", 0, 1, 0, 1, scoped=True)
    for name in ("test.a", "test.b", "test.c")
}
CHAT = chat("c1", "customer: Hi, it is broken.", "agent: I am sorry to hear that.", channel="chat")
NAN = math.nan


def criterion(identifier: str = "one", **fields: Any) -> dict[str, Any]:
    return {
        "id": identifier,
        "question": "Was it good?",
        "levels": [{"id": "no", "value": 0}, {"id": "yes", "value": 1}],
        "signals": [{"signal": "test.a", "threshold": 0.5, "weight": 4}],
        **fields,
    }


def grades_of(
    *criteria: dict[str, Any],
    values: Mapping[str, float] | None = None,
    spans: Mapping[str, Sequence[Span]] | None = None,
    transcript: Transcript = CHAT,
    language: str | None = "en",
    encoded: bool = True,
    quotes: bool = True,
    **form: Any,
) -> tuple[Grade, ...]:
    rubric = Rubric.model_validate(
        {
            "format_version": 1,
            "id": "demo",
            "version": "1",
            "name": "Demo",
            "sections": [{"id": "all", "name": "All", "criteria": list(criteria)}],
            **form,
        }
    )
    models = {item.id: CriterionModel.of(item, SPECS) for item in rubric.criteria}
    columns = {"test.a": 1.0, "test.b": 0.0, "test.c": 0.0, **(values or {})}
    evidence = {name: tuple((spans or {}).get(name, ())) for name in columns}
    measured = Measured(transcript, language, encoded, columns, evidence)
    return grade_criteria(Grader(rubric, models), measured, quotes=quotes)


def test_grade_holds_what_follows_from_its_signals() -> None:
    # logit 4 × (1 - 0.5) = 2, so P(yes) = 1 / (1 + e^-2) = 0.880797
    (grade,) = grades_of(
        criterion(weight=2, levels=[{"id": "no", "value": 1}, {"id": "yes", "value": 5}])
    )

    assert (grade.status, grade.level) == (GradeStatus.GRADED, "yes")
    assert grade.probabilities == {"no": 0.1192, "yes": 0.8808}
    assert grade.expected == 4.5232  # 1 × .119203 + 5 × .880797
    assert grade.points == 9.0464
    assert grade.possible == 10.0
    assert grade.contributions == {"test.a": 2.0}
    assert grade.reason is None
    assert not grade.calibrated


def test_grades_come_in_the_order_of_the_rubric() -> None:
    grades = grades_of(criterion("b"), criterion("a"), criterion("c"))

    assert [grade.criterion for grade in grades] == ["b", "a", "c"]


def test_grade_says_whether_its_criterion_is_critical() -> None:
    grades = grades_of(criterion("a", critical=True), criterion("b"))

    assert [grade.critical for grade in grades] == [True, False]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"channels": ["voice"]}, "asked only on voice; this is chat"),
        ({"channels": ["voice", "email"]}, "asked only on voice and email; this is chat"),
        ({"languages": ["ro", "ru"]}, "asked only in ro, ru; this is en"),
    ],
)
def test_criterion_does_not_apply_on_another_channel_or_in_another_language(
    fields: dict[str, Any], reason: str
) -> None:
    (grade,) = grades_of(criterion(critical=True, **fields))

    scale = {"no": 0.0, "yes": 1.0}
    assert grade == Grade(
        "one",
        GradeStatus.NOT_APPLICABLE,
        level_values=scale,
        level_points=scale,
        critical=True,
        reason=reason,
    )


@pytest.mark.parametrize("fields", [{"channels": ["chat"]}, {"languages": ["en"]}])
def test_criterion_applies_on_its_channel_and_in_its_language(fields: dict[str, Any]) -> None:
    (grade,) = grades_of(criterion(**fields))

    assert grade.status is GradeStatus.GRADED


def test_criterion_is_asked_when_channel_and_language_are_unknown() -> None:
    (grade,) = grades_of(
        criterion(channels=["voice"], languages=["ro"]),
        transcript=chat("c1", "agent: Hello!"),
        language=None,
    )

    assert grade.status is GradeStatus.GRADED


PARENT = criterion("parent")
CHILD = criterion(
    "child",
    applies_if={"criterion": "parent", "levels": ["yes"]},
    signals=[{"signal": "test.b", "threshold": 0.5, "weight": 4}],
)


def test_child_is_graded_when_its_parent_has_a_stated_level() -> None:
    _, child = grades_of(PARENT, CHILD, values={"test.a": 1.0})

    assert (child.status, child.level) == (GradeStatus.GRADED, "no")


def test_child_does_not_apply_when_its_parent_has_another_level() -> None:
    _, child = grades_of(PARENT, CHILD, values={"test.a": 0.0})

    assert child.status is GradeStatus.NOT_APPLICABLE
    assert child.reason == "asked only where 'parent' is yes; it is no"


def test_child_does_not_apply_when_its_parent_does_not() -> None:
    _, child = grades_of({**PARENT, "channels": ["voice"]}, CHILD)

    assert child.status is GradeStatus.NOT_APPLICABLE
    assert child.reason == "asked only where 'parent' applies"


def test_child_is_left_to_a_person_when_its_parent_is() -> None:
    parent, child = grades_of(PARENT, CHILD, values={"test.a": NAN})

    assert parent.status is child.status is GradeStatus.ABSTAINED
    assert child.level is None
    assert child.reason == "depends on 'parent', which a person must answer first"
    assert child.points is not None
    assert child.probabilities["no"] > 0.8  # what the machine would expect stays visible


def test_grandchild_is_left_to_a_person_when_its_grandparent_is() -> None:
    grandchild = {
        **CHILD,
        "id": "grandchild",
        "applies_if": {"criterion": "child", "levels": ["no"]},
    }

    *_, last = grades_of(PARENT, CHILD, grandchild, values={"test.a": NAN})

    assert last.status is GradeStatus.ABSTAINED
    assert last.reason == "depends on 'child', which a person must answer first"


@pytest.mark.parametrize(
    ("bound", "value", "applies"),
    [
        ({"above": 0.5}, 0.6, False),
        ({"above": 0.5}, 0.5, True),
        ({"below": 0.5}, 0.4, False),
        ({"below": 0.5}, 0.5, True),
        ({"above": 0.5}, NAN, True),
        ({"below": 0.5}, NAN, True),
    ],
)
def test_criterion_does_not_apply_when_a_bound_is_passed(
    bound: dict[str, float], value: float, applies: bool
) -> None:
    (grade,) = grades_of(
        criterion(not_applicable_if=[{"signal": "test.c", **bound}]), values={"test.c": value}
    )

    assert (grade.status is not GradeStatus.NOT_APPLICABLE) is applies


def test_reason_names_the_bound_that_was_passed_and_the_value() -> None:
    (grade,) = grades_of(
        criterion(
            not_applicable_if=[{"signal": "test.b", "above": 0.5, "within": "first 2 turns"}]
        ),
        values={"test.b [first 2 turns]": 0.875},
    )

    assert grade.reason == "does not apply: test.b [first 2 turns] is above 0.5 (0.88)"


@pytest.mark.parametrize(("exception", "applies"), [(0.9, True), (0.1, False), (NAN, False)])
def test_criterion_applies_after_all_when_the_exception_to_a_bound_holds(
    exception: float, applies: bool
) -> None:
    bound = {"signal": "test.b", "below": 0.5, "unless": {"signal": "test.c", "above": 0.5}}

    (grade,) = grades_of(
        criterion(not_applicable_if=[bound]), values={"test.b": 0.0, "test.c": exception}
    )

    assert (grade.status is GradeStatus.GRADED) is applies


def test_criterion_does_not_apply_when_one_of_several_bounds_is_passed() -> None:
    bounds = [{"signal": "test.b", "above": 0.5}, {"signal": "test.c", "above": 0.5}]

    (grade,) = grades_of(criterion(not_applicable_if=bounds), values={"test.c": 1.0})

    assert grade.status is GradeStatus.NOT_APPLICABLE


@pytest.mark.parametrize(
    ("least", "reason"),
    [
        ({"turns": 3}, "too short: 2 turns, 3 are needed"),
        ({"agent_words": 7}, "too short: the agent says 6 words, 7 are needed"),
        ({"customer_words": 5}, "too short: the customer says 4 words, 5 are needed"),
    ],
)
@pytest.mark.parametrize("whose", ["criterion", "rubric"])
def test_criterion_is_left_to_a_person_when_the_conversation_is_too_short(
    least: dict[str, int], reason: str, whose: str
) -> None:
    if whose == "criterion":
        (grade,) = grades_of(criterion(minimum_size=least))
    else:
        (grade,) = grades_of(criterion(), minimum_size=least)

    assert (grade.status, grade.reason) == (GradeStatus.ABSTAINED, reason)


def test_criterion_is_graded_when_the_conversation_is_just_long_enough() -> None:
    least = {"turns": 2, "agent_words": 6, "customer_words": 4}

    (grade,) = grades_of(criterion(minimum_size=least), minimum_size=least)

    assert grade.status is GradeStatus.GRADED


def test_criterion_that_does_not_apply_stays_so_when_the_conversation_is_too_short() -> None:
    (grade,) = grades_of(criterion(channels=["voice"]), minimum_size={"turns": 9})

    assert grade.status is GradeStatus.NOT_APPLICABLE


TWO_SIGNALS = [
    {"signal": "test.a", "threshold": 0.5, "weight": 3},
    {"signal": "test.b", "threshold": 0.5, "weight": 2},
]


def test_criterion_is_left_to_a_person_when_no_signal_was_measured() -> None:
    (grade,) = grades_of(criterion(), values={"test.a": NAN})

    assert grade.status is GradeStatus.ABSTAINED
    assert grade.reason == "too little to go by: of its signals none could be measured"
    assert grade.probabilities == {"no": 0.5, "yes": 0.5}
    assert (grade.points, grade.possible) == (0.5, 1.0)
    assert not grade.contributions
    assert not grade.evidence


def test_criterion_is_left_to_a_person_when_signals_of_little_weight_were_measured() -> None:
    (grade,) = grades_of(criterion(signals=TWO_SIGNALS), values={"test.a": NAN, "test.b": 1.0})

    assert grade.status is GradeStatus.ABSTAINED
    assert grade.reason == "too little to go by: of its signals only test.b could be measured"


def test_criterion_is_graded_when_signals_of_most_weight_were_measured() -> None:
    (grade,) = grades_of(criterion(signals=TWO_SIGNALS), values={"test.a": 1.0, "test.b": NAN})

    assert grade.status is GradeStatus.GRADED


@pytest.mark.parametrize(("language", "named"), [("ro", "ro"), (None, "unknown")])
def test_reason_names_the_language_when_its_text_cannot_be_measured(
    language: str | None, named: str
) -> None:
    (grade,) = grades_of(criterion(), values={"test.a": NAN}, language=language, encoded=False)

    assert grade.reason == f"text signals cannot be measured in this language yet ({named})"


@pytest.mark.parametrize(
    ("value", "status"), [(0.58, GradeStatus.ABSTAINED), (0.62, GradeStatus.GRADED)]
)
def test_criterion_is_left_to_a_person_when_no_level_is_likely_enough(
    value: float, status: GradeStatus
) -> None:
    # of two levels one needs 1.2 / 2 = .6: a logit of ln(.6 / .4) = .405 = 4 × (.601 - .5)
    (grade,) = grades_of(criterion(), values={"test.a": value})

    assert grade.status is status
    if status is GradeStatus.ABSTAINED:
        assert grade.reason == "not sure enough: the likeliest level has a probability of 0.58"
        assert grade.level is None


PRIVATE = chat(
    "c1",
    "customer: Mail ann@example.com or call 4471 0923, thanks. Bye.",
    "agent: I will write to ann@example.com today.",
)


def test_evidence_is_sorted_by_how_much_it_contributes() -> None:
    spans = {
        "test.a": [Span(0.25, 0, 0, 4), Span(0.75, 1, 0, 6)],
        "test.b": [Span(1.0, note="searched in vain")],
    }

    (grade,) = grades_of(
        criterion(signals=TWO_SIGNALS), values={"test.a": 1.0, "test.b": 0.0}, spans=spans
    )

    # test.a adds 3 × .5 = 1.5 in parts of 1/4 and 3/4, test.b 2 × -.5
    found = [(item.signal, item.contribution) for item in grade.evidence]
    assert found == [("test.a", 1.125), ("test.b", -1.0), ("test.a", 0.375)]


def test_evidence_points_into_the_transcript_and_quotes_it_masked() -> None:
    text = PRIVATE.turns[0].text
    spans = {"test.a": [Span(1.0, 0, 0, text.index(" Bye"), "what was said")]}

    (grade,) = grades_of(criterion(), spans=spans, transcript=PRIVATE)

    (item,) = grade.evidence
    assert (item.turn, item.start, item.end) == (0, 0, text.index(" Bye"))
    assert item.quote == "Mail ••••••••••••••• or call •••••••••, thanks."
    assert item.note == "what was said"
    words = PRIVATE.turns[0].text[item.start : item.end]
    assert words == "Mail ann@example.com or call 4471 0923, thanks."


def test_quote_is_masked_when_its_span_cuts_an_address_in_two() -> None:
    text = PRIVATE.turns[1].text
    inside = text.index("@") + 1
    spans = {"test.a": [Span(0.5, 1, 0, inside), Span(0.5, 1, inside, len(text))]}

    (grade,) = grades_of(criterion(), spans=spans, transcript=PRIVATE)

    assert [item.quote for item in grade.evidence] == [
        "I will write to ••••",
        "••••••••••• today.",
    ]


def test_evidence_has_no_quote_when_something_was_searched_in_vain() -> None:
    (grade,) = grades_of(criterion(), spans={"test.a": [Span(1.0, note="9 turns searched")]})

    (item,) = grade.evidence
    assert (item.turn, item.start, item.end, item.quote) == (None, None, None, None)
    assert item.note == "9 turns searched"


def test_evidence_keeps_its_spans_but_no_words_when_quotes_are_off() -> None:
    spans = {"test.a": [Span(1.0, 0, 0, 4, "start")]}

    (grade,) = grades_of(criterion(), spans=spans, transcript=PRIVATE, quotes=False)

    (item,) = grade.evidence
    assert (item.turn, item.start, item.end, item.quote) == (0, 0, 4, None)


def test_evidence_is_left_out_when_it_contributes_nothing() -> None:
    spans = {"test.a": [Span(1.0, 0, 0, 4)], "test.b": [Span(1.0, 1, 0, 6)]}

    (grade,) = grades_of(
        criterion(signals=TWO_SIGNALS), values={"test.a": 1.0, "test.b": 0.5}, spans=spans
    )

    assert [item.signal for item in grade.evidence] == ["test.a"]


def test_evidence_is_the_eight_strongest_when_there_is_more() -> None:
    spans = {"test.a": [Span(number / 100, 0, 0, 4) for number in range(1, 13)]}

    (grade,) = grades_of(criterion(), spans=spans)

    assert [item.contribution for item in grade.evidence] == [
        round(2 * number / 100, 4) for number in range(12, 4, -1)
    ]

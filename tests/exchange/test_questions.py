"""The questions that annotation tools ask, whatever the tool."""

from __future__ import annotations

import pytest

from qa_nlp.errors import RubricError, TranscriptError
from qa_nlp.exchange.dialogue import graded_conversations, shown_turns
from qa_nlp.exchange.questions import rubric_questions
from qa_nlp.rubric import Rubric
from qa_nlp.transcript import Transcript, Turn
from tests.exchange.builders import call, form


@pytest.mark.parametrize(
    ("condition", "offered"),
    [
        ("", False),
        (": not_applicable_if: [{signal: conduct.hold_time, above: 20}]", True),
        (": channels: [voice]", True),
        (": languages: [en]", True),
        (": minimum_size: {turns: 4}", True),
        (": applies_if: {criterion: tone, levels: [good]}", True),
    ],
)
def test_questions_offer_not_applicable_only_where_the_rubric_states_a_condition(
    condition: str, offered: bool
) -> None:
    asked = rubric_questions(form("tone", f"thanks{condition}"), ())[1]

    levels = [answer.level for answer in asked.answers]

    assert levels == ["poor", "good", *(["N/A"] if offered else [])]


def test_questions_tell_when_a_conditional_criterion_is_asked() -> None:
    rubric = form("tone", "thanks: applies_if: {criterion: tone, levels: [poor, good]}")

    guidance = rubric_questions(rubric, ())[1].guidance

    assert guidance == "Asked only where 'tone' is poor or good; otherwise N/A."


def test_questions_have_another_name_where_the_tool_needs_theirs() -> None:
    asked = rubric_questions(form("comment", "tone"), {"comment"})

    assert [(one.name, one.criterion) for one in asked] == [
        ("comment_", "comment"),
        ("tone", "tone"),
    ]


def test_questions_are_refused_when_two_would_have_one_name() -> None:
    with pytest.raises(RubricError, match=r"'Tone' and 'tone' would both be called 'tone'"):
        rubric_questions(form("Tone", "tone"), (), str.lower)


@pytest.mark.parametrize("name", ["service_excellence", "support_call", "compliance"])
def test_questions_of_shipped_rubrics_are_their_criteria_in_order(name: str) -> None:
    rubric = Rubric.load(name)

    asked = rubric_questions(rubric, ())

    assert [one.criterion for one in asked] == [one.id for one in rubric.criteria]
    for one, criterion in zip(asked, rubric.criteria, strict=True):
        assert one.text == criterion.question
        assert [answer.level for answer in one.answers][: len(criterion.levels)] == [
            level.id for level in criterion.levels
        ]


def test_shown_turns_leave_out_turns_without_words_and_control_characters() -> None:
    said = shown_turns(call("c1", "One\x07", "  ", "Two"), mask=False)

    assert said == [("customer", "One\ufffd"), ("customer", "Two")]


def test_shown_turns_are_refused_when_nothing_was_said() -> None:
    with pytest.raises(TranscriptError, match=r"'c1'.*no turn holds any words"):
        shown_turns(call("c1", "", " "), mask=True)


def test_conversation_with_two_agents_is_graded_once_for_each() -> None:
    turns = [Turn("agent", "Hello", agent_id="A1"), Turn("agent", "Hi", agent_id="A2")]

    views = graded_conversations([Transcript("c1", turns), call("c2")])

    assert [view.id for view in views] == ["c1@A1", "c1@A2", "c2"]
    assert shown_turns(views[0], mask=True) == [("agent", "Hello"), ("unknown", "Hi")]


def test_conversations_are_refused_when_two_have_one_id() -> None:
    with pytest.raises(TranscriptError, match=r"'c1'.*two conversations have this id"):
        graded_conversations([call("c1"), call("c1")])

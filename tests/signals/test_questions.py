"""Questions with and without punctuation."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.signals.questions import (
    count_questions,
    is_unpunctuated,
    question_openings,
    question_spans,
)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("", "en", []),
        ("Hello. Who is it? Fine.", "en", ["Who is it?"]),
        ("Really?! Are you sure???", "en", ["Really?!", "Are you sure???"]),
        ("See site.example/find?order=7&by=me now.", "en", []),
        ("Did you see site.example/find?order=7 today?", "en", None),
        ("هل أنت بخير؟", "ar", None),
        ("你好吗？", "zh", None),
        ("Πώς μπορώ να βοηθήσω;", "el", None),
        ("Wait; what I meant", "en", []),
    ],
)
def test_question_spans_finds_sentences_with_a_mark(
    text: str, language: str, expected: list[str] | None
) -> None:
    found = [text[start:end] for start, end in question_spans(text, language)]

    assert found == ([text] if expected is None else expected)


@given(
    st.lists(
        st.sampled_from([*"aZ0 ?!.,;\n\"')(/=&", "who", "Mr.", "? ", "a?b=", "？", "👋"]),
        max_size=30,
    ).map("".join)
)
def test_count_questions_agrees_with_question_spans(text: str) -> None:
    assert count_questions(text, "en") == len(question_spans(text, "en"))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], True),
        (["hello there", "it was 3.50 at site.example"], True),
        (["hello there", "yes."], False),
        (["he said 'no.' twice"], False),
        (["what?"], False),
        (["你好。我是"], False),
        (["thank you!"], True),
    ],
)
def test_is_unpunctuated_looks_for_marks_and_full_stops(texts: list[str], expected: bool) -> None:
    assert is_unpunctuated(texts) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("okay so what is your name", ["what is your name"]),
        ("hi what’s your name", ["what’s your name"]),
        ("is there anything else", ["is there anything else"]),
        ("let me check could you hold the line", ["could you hold the line"]),
        (
            "may i have the number or would you rather wait",
            ["may i have the number or", "would you rather wait"],
        ),
        ("how many boxes did you get", ["how many boxes did you get"]),
        ("that's all done is that correct", ["is that correct"]),
        ("all booked anything else for tonight", ["anything else for tonight"]),
    ],
)
def test_question_openings_finds_questions_without_punctuation(
    text: str, expected: list[str]
) -> None:
    assert [text[start:end] for start, end in question_openings(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "good to have you with us",
        "what i can do is refund it",
        "i can do you a new one",
        "what i'll do i'll call them",
        "what a shame",
        "do it over two days then",
        "do that now please",
        "the problem is that your card expired",
        "you can see how it works",
        "we'll have you back online soon",
        "if there's anything else let me know",
    ],
)
def test_question_openings_leaves_statements_alone(text: str) -> None:
    assert question_openings(text) == []


@given(st.lists(st.sampled_from(["can you", "what is", "i", "to", "the", " "]), max_size=40))
def test_question_openings_gives_spans_in_order_that_do_not_overlap(words: list[str]) -> None:
    text = " ".join(words)
    spans = question_openings(text)

    assert all(start < end <= len(text) for start, end in spans)
    assert all(one[1] <= other[0] for one, other in pairwise(spans))


def test_question_spans_ends_soon_when_a_turn_is_all_marks() -> None:
    text = f"what{'?' * 50_000} and why?"

    assert question_spans(text)[-1] == (50_005, len(text))

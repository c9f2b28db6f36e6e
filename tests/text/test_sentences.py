"""Sentences cover every word once, in order, whatever the text; and few are cut wrongly."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import spacy
from hypothesis import example, given
from hypothesis import strategies as st

from qa_nlp.text import sentences as sentence_module
from qa_nlp.text.sentences import sentence_spans, sentence_table
from qa_nlp.transcript import Role
from tests.builders import chat


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello! How are you?", ["Hello!", "How are you?"]),
        ("It broke. Again.", ["It broke.", "Again."]),
        ("Wait... what?! Really?", ["Wait... what?!", "Really?"]),
        ("One line\nanother line", ["One line", "another line"]),
        ("One.\n\n  Two.\r\nThree", ["One.", "Two.", "Three"]),
        ("  Hello.  ", ["Hello."]),
        ("That is 3.50 in all.", ["That is 3.50 in all."]),
        ("Да. Я понял! Спасибо…", ["Да.", "Я понял!", "Спасибо…"]),
        ("مرحبا؟ نعم.", ["مرحبا؟", "نعم."]),
        ("no stop at all", ["no stop at all"]),
        ("", []),
        (" \n\t ", []),
        ("...", ["..."]),
        ("🙂", ["🙂"]),
    ],
)
def test_sentences_are_those_a_reader_sees(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Is this Mr. Bell?",
        "Ask Dr. Mrs. Bell about it.",
        "It is order no. 5 of two, nr.7 in your list.",
        "Vorbesc cu dna. Pop?",
        "Fala com a Sra. Lopes?",
    ],
)
def test_title_does_not_end_a_sentence(text: str) -> None:
    assert sentences(text) == [text]


def test_answer_no_ends_a_sentence() -> None:
    assert sentences("No. I never said that. No.") == ["No.", "I never said that.", "No."]


def test_title_at_the_end_of_the_text_ends_with_it() -> None:
    assert sentences("It is fine. He is a Dr.") == ["It is fine.", "He is a Dr."]


def test_word_that_ends_like_a_title_ends_a_sentence() -> None:
    assert sentences("I took the tram to the farm. Bell was there.") == [
        "I took the tram to the farm.",
        "Bell was there.",
    ]


def test_stretch_without_a_full_stop_is_cut_after_60_words() -> None:
    words = [f"word{number}" for number in range(130)]

    found = sentences(" ".join(words))

    assert [len(piece.split()) for piece in found] == [60, 60, 10]
    assert " ".join(found).split() == words


def test_word_without_end_is_cut_after_200_characters() -> None:
    assert [end - start for start, end in sentence_spans("x" * 60 * 200 + "y" * 450)] == [
        60 * 200,
        450,
    ]


anything = st.text(max_size=120)
speech = st.lists(
    st.sampled_from(
        ["Hello", "no", "Mr.", "Dr.", "yes!", "what?", "...", "\n", "\u2028", "3.5", "…", "?!"]
    ),
    max_size=90,
).map(" ".join)


@given(anything | speech)
@example("a.\u2028b")
@example("Mr.")
@example("Mr. " * 70)
@example("!" * 300)
def test_spans_are_in_order_and_hold_every_word_once(text: str) -> None:
    spans = sentence_spans(text)

    end_of_last = 0
    for start, end in spans:
        assert end_of_last <= start < end <= len(text)
        assert not text[start].isspace()
        assert not text[end - 1].isspace()
        end_of_last = end
    covered = "".join(text[start:end] for start, end in spans)
    assert "".join(covered.split()) == "".join(text.split())


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit",
    ["word ", "This is one. ", "x", "!", "a.", "Mr. ", "a\n", "…", "Hi!! ", '"."', "a.\u2028"],
    ids=repr,
)
def test_sentences_take_linear_time_when_a_turn_is_a_megabyte(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    began = time.perf_counter()

    spans = sentence_spans(text)

    assert time.perf_counter() - began < 60  # quadratic: hours
    assert spans[0][0] == 0
    assert spans[-1][1] == len(text.rstrip())


ONE = chat("c1", "agent: Hello. Hello.", "system: Joined.", "customer: Hello.  Is  this\tit?")
TWO = chat("c2", "bot: Menu.", "agent: Hello.")


def test_table_has_a_row_for_each_sentence_and_each_distinct_text_once() -> None:
    table = sentence_table([ONE, TWO])

    assert table.texts == ("Hello.", "Is this it?")
    assert len(table) == 5
    assert table.transcript.tolist() == [0, 0, 0, 0, 1]
    assert table.turn.tolist() == [0, 0, 2, 2, 1]
    assert table.start.tolist() == [0, 7, 0, 8, 0]
    assert table.end.tolist() == [6, 13, 6, 20, 6]
    assert table.text.tolist() == [0, 0, 0, 1, 0]
    assert table.offsets.tolist() == [0, 4, 5]


def test_table_holds_the_roles_that_are_asked_for() -> None:
    table = sentence_table([ONE, TWO], roles=[Role.SYSTEM, Role.BOT])

    assert table.texts == ("Joined.", "Menu.")


def test_table_leaves_out_transcripts_that_are_not_included() -> None:
    table = sentence_table([ONE, TWO], included=[False, True])

    assert table.transcript.tolist() == [1]
    assert table.offsets.tolist() == [0, 0, 1]


@pytest.mark.parametrize("transcripts", [[], [chat("c1", "agent: ")]], ids=["none", "no words"])
def test_table_is_empty_when_nothing_is_said(transcripts: list[object]) -> None:
    table = sentence_table(transcripts)  # type: ignore[arg-type]

    assert len(table) == 0
    assert table.texts == ()
    assert table.offsets.tolist() == [0] * (len(transcripts) + 1)
    assert table.turn.dtype == np.int64


_ODD_WORDS = st.sampled_from(
    ["Hello.", "ok", "Mr.", "a.", "U.S.", "...", ":)", "ok:)", ": (", '"Yes!"', "3.5", "x.y.z", "—"]
)
_ODD_TEXTS = st.lists(
    st.tuples(_ODD_WORDS | st.text(max_size=8), st.sampled_from([" ", "  ", "\t", "\n", ""])),
    max_size=12,
).map(lambda parts: "".join(part for pair in parts for part in pair))


@pytest.fixture(scope="module")
def fresh_ends() -> Callable[[str], list[int]]:
    splitter = spacy.blank("xx")
    splitter.add_pipe("sentencizer")

    def ends(line: str) -> list[int]:
        with splitter.memory_zone():  # forgets the line's words
            return [sentence.end_char for sentence in splitter(line).sents]

    return ends


@given(_ODD_TEXTS)
def test_sentence_ends_are_those_of_a_splitter_that_met_no_other_line(
    fresh_ends: Callable[[str], list[int]], text: str
) -> None:
    assert sentence_module._sentence_ends(text) == fresh_ends(text)


def test_splitter_does_not_grow_with_the_words_it_meets(monkeypatch: pytest.MonkeyPatch) -> None:
    sentence_module._splitter.cache_clear()
    monkeypatch.setattr(sentence_module, "MOST_STRINGS", 600)

    sizes = []
    for number in range(400):
        found = sentences(f"zorgblat{number} is here. And zorgblat{number} stays.")
        assert found == [f"zorgblat{number} is here.", f"And zorgblat{number} stays."]
        sizes.append(len(sentence_module._splitter().vocab.strings))

    assert max(sizes) < 700
    assert sizes[-1] < sizes[100]


def test_sentences_are_the_same_when_several_threads_cut_them() -> None:
    texts = [f"Order {number} is late. Why? It was due {number} days ago." for number in range(200)]
    expected = [sentence_spans(text) for text in texts]

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(sentence_spans, texts * 4))

    assert found == expected * 4


def test_table_tells_who_says_each_sentence() -> None:
    table = sentence_table([chat("c1", "agent: Hi. Yes.", "bot: Menu.", "customer: No.")])

    assert table.said_by(Role.AGENT).tolist() == [True, True, False]
    assert table.said_by(Role.BOT).tolist() == [False] * 3

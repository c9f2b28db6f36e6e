"""Rules: phrases and token patterns, where they are looked for, and what is shown."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.errors import RubricError
from qa_nlp.rubric import Rubric, Rule, column_name, shipped_rubrics
from qa_nlp.signals.base import Column, Span
from qa_nlp.signals.rules import CompiledRules, check_rules, measure_rules, rule_specs
from qa_nlp.transcript import Role, Transcript, Turn
from tests.builders import unread_batch


def rule(*patterns: Any, identifier: str = "notice", **fields: Any) -> Rule:
    return Rule(id=identifier, name="Recording notice", patterns=patterns, **fields)


def conversation(*turns: tuple[str, str], language: str | None = "en") -> Transcript:
    return Transcript(
        "c1", tuple(Turn(Role(role), text) for role, text in turns), language=language
    )


def measured(
    transcript: Transcript, *rules: Rule, within: str = "anywhere"
) -> tuple[float, tuple[Span, ...]]:
    columns = measure_rules(unread_batch([transcript]), rules, [(f"rule.{rules[0].id}", within)])
    column = columns[column_name(f"rule.{rules[0].id}", within)]
    return float(column.values[0]), column.evidence[0]


def quotes(transcript: Transcript, spans: Sequence[Span]) -> list[str]:
    return [
        transcript.turns[span.turn].text[span.start : span.end]
        for span in spans
        if span.turn is not None
    ]


CALL = conversation(
    ("agent", "Hello, Ann speaking."),
    ("customer", "This call is recorded, right?"),
    ("agent", "Yes, this call is RECORDED. I'm not joking."),
    ("customer", "Good."),
    ("agent", "Bye."),
)
RECORDED = rule("call is recorded")
COMPILED = CompiledRules([RECORDED])


# Matching


def test_measure_rules_finds_a_phrase_whatever_the_case() -> None:
    found, spans = measured(CALL, RECORDED)

    assert found == 1.0
    assert spans == (Span(1.0, 2, 10, 26),)
    assert quotes(CALL, spans) == ["call is RECORDED"]


def test_measure_rules_matches_whole_words_only() -> None:
    assert measured(conversation(("agent", "unrecorded")), rule("recorded"))[0] == 0.0


def test_measure_rules_finds_token_patterns() -> None:
    pattern = ({"LOWER": "call"}, {"OP": "{0,2}"}, {"LOWER": {"IN": ["taped", "recorded"]}})
    found, spans = measured(CALL, rule(pattern))

    assert found == 1.0
    assert quotes(CALL, spans) == ["call is RECORDED"]


@pytest.mark.parametrize(
    ("text", "phrase", "quote"),
    [
        ("Well, I’m  sorry!", "i'm sorry", "I’m  sorry"),
        ("Well, I'm sorry!", "I’m sorry", "I'm sorry"),
        ("👩‍👧 Ça va, call is\n\trecorded 👋", "call is recorded", "call is\n\trecorded"),
        ("naïve ÉCOLE", "école", "ÉCOLE"),
        ("   padded thing   ", "Padded   THING", "padded thing"),
        ("Is it 24/7?", "24/7", "24/7"),
    ],
)
def test_measure_rules_gives_spans_into_the_turn_as_it_stands(
    text: str, phrase: str, quote: str
) -> None:
    transcript = conversation(("agent", text))
    found, spans = measured(transcript, rule(phrase))

    assert found == 1.0
    assert quotes(transcript, spans) == [quote]


def test_measure_rules_shows_the_first_three_matches() -> None:
    transcript = conversation(("agent", "sorry sorry"), ("agent", "sorry"), ("agent", "sorry"))
    _, spans = measured(transcript, rule("sorry"))

    assert [(span.turn, span.start, span.end) for span in spans] == [
        (0, 0, 5),
        (0, 6, 11),
        (1, 0, 5),
    ]
    assert sum(span.share for span in spans) == pytest.approx(1.0)


def test_measure_rules_shows_the_longest_of_overlapping_matches() -> None:
    transcript = conversation(("agent", "thank you very much"))
    _, spans = measured(transcript, rule("thank you", "thank you very much", "very much"))

    assert quotes(transcript, spans) == ["thank you very much"]


def test_measure_rules_says_what_it_searched_in_vain() -> None:
    assert measured(CALL, rule("refund")) == (
        0.0,
        (Span(1.0, note="searched anywhere: 3 agent turns"),),
    )


def test_measure_rules_tells_rules_apart() -> None:
    rules = [rule("bye", identifier="farewell"), rule("hello", identifier="greeting")]
    uses = [("rule.greeting", "first 1 turn"), ("rule.farewell", "first 1 turn")]
    columns = measure_rules(unread_batch([CALL]), rules, uses)

    assert {name: column.values.tolist() for name, column in columns.items()} == {
        "rule.greeting [first 1 turn]": [1.0],
        "rule.farewell [first 1 turn]": [0.0],
    }


# Roles, scopes, languages


def test_measure_rules_searches_the_turns_of_its_role() -> None:
    _, spans = measured(CALL, rule("call is recorded", role="customer"))

    assert [span.turn for span in spans] == [1]


@pytest.mark.parametrize(
    ("within", "expected", "note"),
    [
        ("first 1 agent turn", 0.0, "searched first 1 agent turn: 1 agent turn"),
        ("first 2 agent turns", 1.0, None),
        ("last 1 agent turn", 0.0, "searched last 1 agent turn: 1 agent turn"),
        ("last 3 turns", 1.0, None),
        ("last 2 turns", 0.0, "searched last 2 turns: 1 agent turn"),
    ],
)
def test_measure_rules_looks_within_the_scope(
    within: str, expected: float, note: str | None
) -> None:
    found, spans = measured(CALL, RECORDED, within=within)

    assert found == expected
    assert [span.note for span in spans] == [note]


def test_measure_rules_finds_nothing_when_the_scope_holds_no_turn_of_the_role() -> None:
    transcript = conversation(("customer", "Hi."), ("customer", "Hm."), ("agent", "Sorry."))

    assert measured(transcript, rule("sorry"), within="first 2 turns") == (
        0.0,
        (Span(1.0, note="searched first 2 turns: 0 agent turns"),),
    )


def test_measure_rules_has_nothing_to_measure_when_nobody_has_the_role() -> None:
    found, spans = measured(conversation(("customer", "sorry")), rule("sorry"))

    assert math.isnan(found)
    assert spans == ()


@pytest.mark.parametrize("language", ["ro", None])
def test_measure_rules_has_nothing_to_measure_in_another_language(language: str | None) -> None:
    found, spans = measured(conversation(("agent", "sorry"), language=language), rule("sorry"))

    assert math.isnan(found)
    assert spans == ()


@pytest.mark.parametrize(
    ("language", "text", "phrase", "quote"),
    [
        ("ro", "Apelul este ÎNREGISTRAT.", "apelul este înregistrat", "Apelul este ÎNREGISTRAT"),
        ("ru", "Звонок Записывается!", "звонок записывается", "Звонок Записывается"),
        ("ja", "この通話は録音されています。", "録音され", "録音され"),
        ("zh", "您好，通话将被录音。", "将被录音", "将被录音"),
        ("ko", "통화가 녹음됩니다.", "통화가 녹음됩니다", "통화가 녹음됩니다"),
        ("qaa", "Vork zun dal.", "zun dal", "zun dal"),
    ],
)
def test_measure_rules_reads_many_languages_without_a_model(
    language: str, text: str, phrase: str, quote: str
) -> None:
    transcript = conversation(("agent", text), language=language)
    found, spans = measured(transcript, rule(phrase, languages=(language,)))

    assert found == 1.0
    assert quotes(transcript, spans) == [quote]


def test_measure_rules_matches_each_transcript_in_its_language() -> None:
    batch = unread_batch(
        [
            conversation(("agent", "nu")),
            conversation(("agent", "nu"), language="ro"),
            conversation(("agent", "no"), language="ro"),
        ]
    )
    columns = measure_rules(batch, [rule("nu", languages=("ro",))], [("rule.notice", "anywhere")])

    np.testing.assert_array_equal(columns["rule.notice"].values, [np.nan, 1.0, 0.0])


# Compiled rules


def test_compiled_rules_serve_many_batches() -> None:
    compiled = CompiledRules([RECORDED])
    uses = [("rule.notice", "anywhere")]

    first = measure_rules(unread_batch([CALL]), compiled, uses)["rule.notice"]
    again = measure_rules(unread_batch([CALL]), compiled, uses)["rule.notice"]

    assert first.values.tolist() == again.values.tolist() == [1.0]
    assert first.evidence == again.evidence


def test_compiled_rules_survive_pickling_for_workers() -> None:
    copy = pickle.loads(pickle.dumps(CompiledRules([RECORDED])))

    assert copy.search("en", ["call is recorded"]) == {"call is recorded": {"notice": ((0, 16),)}}


def test_compiled_rules_do_not_keep_the_words_of_transcripts() -> None:
    compiled = CompiledRules([RECORDED])
    vocabulary = compiled._finders["en"]._pipeline.vocab
    before = len(vocabulary.strings)

    compiled.search("en", [f"call is recorded zorgblat{number}" for number in range(100)])

    assert len(vocabulary.strings) == before


def test_compiled_rules_may_be_used_by_several_threads() -> None:
    compiled = CompiledRules([RECORDED])
    texts = [f"call is recorded {number}" for number in range(500)]
    counts: list[int] = []
    together = threading.Barrier(4)

    def work() -> None:
        together.wait()
        counts.append(len(compiled.search("en", texts)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counts == [500] * 4


@pytest.mark.parametrize("filler", ["word ", "x" * 120 + " ", "wordwithoutspaces", "?", "'s"])
@pytest.mark.parametrize("place", [0, 7_000])
def test_compiled_rules_find_a_phrase_in_a_long_turn(filler: str, place: int) -> None:
    padding = filler * 7_000
    text = f"{padding[:place]} call is recorded {padding[:3_000]}"

    assert COMPILED.search("en", [text])[text]["notice"] == ((place + 1, place + 17),)


@pytest.mark.parametrize("place", range(4_960, 5_010, 3))
def test_compiled_rules_find_a_phrase_where_a_long_turn_is_cut(place: int) -> None:
    padding = "word " * 2_000
    text = f"{padding[:place]} call is recorded {padding}"

    assert COMPILED.search("en", [text])[text]["notice"] == ((place + 1, place + 17),)


@given(st.lists(st.sampled_from(["call", "is", "recorded", "CALL", "no", "!", "’", "👋"])))
def test_compiled_rules_find_what_a_plain_search_finds(words: list[str]) -> None:
    text = " ".join(words)
    found = COMPILED.search("en", [text]).get(text, {}).get("notice", ())

    assert [text[start:end].lower() for start, end in found] == ["call is recorded"] * len(found)
    assert len(found) == f" {text.lower()} ".count(" call is recorded ")


def test_rules_import_no_spacy_until_they_are_compiled() -> None:
    code = (
        "import sys, qa_nlp.signals.rules as rules; rules.check_rules([]); "
        "sys.exit('spacy' in sys.modules)"
    )

    checkout = Path(__file__).resolve().parents[2]
    finished = subprocess.run([sys.executable, "-c", code], check=False, cwd=checkout)

    assert finished.returncode == 0


# For any conversation


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    text = st.sampled_from(["", "call is recorded", "Call  is\nrecorded, yes", "call is", "no"])
    turns = draw(st.lists(st.tuples(st.sampled_from(list(Role)), text), max_size=10))
    return conversation(*turns, language=draw(st.sampled_from(["en", "ro", None])))


def column(transcript: Transcript, within: str) -> Column:
    columns = measure_rules(unread_batch([transcript]), COMPILED, [("rule.notice", within)])
    return columns[column_name("rule.notice", within)]


@given(
    transcripts(),
    st.sampled_from(["first", "last"]),
    st.sampled_from(["", "agent ", "customer "]),
    st.integers(1, 10),
    st.integers(1, 10),
)
def test_measure_rules_still_finds_a_rule_when_the_scope_is_wider(
    transcript: Transcript, side: str, role: str, one: int, more: int
) -> None:
    narrow = column(transcript, f"{side} {one} {role}turns")
    wide = column(transcript, f"{side} {one + more} {role}turns")
    whole = column(transcript, "anywhere")

    assert not narrow.values[0] > wide.values[0]
    assert not wide.values[0] > whole.values[0]
    assert math.isnan(narrow.values[0]) == math.isnan(whole.values[0])


@given(transcripts())
def test_measure_rules_gives_evidence_that_points_into_the_turns(transcript: Transcript) -> None:
    answer = column(transcript, "anywhere")
    spans = answer.evidence[0]

    assert bool(spans) is not math.isnan(answer.values[0])
    assert sum(span.share for span in spans) <= 1 + 1e-9
    for span in spans:
        if span.turn is not None:
            turn = transcript.turns[span.turn]
            quote = turn.text[span.start : span.end]
            assert turn.role is Role.AGENT
            assert " ".join(quote.lower().split()) == "call is recorded"


# Checks


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (({"LOWERR": "x"},), "token 1: 'LOWERR' .* did you mean 'LOWER'"),
        (({"LOWER": "to"}, {"LEMMA": "be"}), "token 2: 'LEMMA' .* without a model"),
        (({"LOWER": 5},), "token 1, LOWER: .*dictionary"),
        (({"LOWER": "Recorded"},), "token 1: LOWER 'Recorded' never matches; .* lower case"),
        (({"LOWER": "don’t"},), "not one token but 2"),
        (({"TEXT": {"IN": ["ok", "thank you"]}},), "'thank you' never matches"),
        (({"TEXT": {"REGEX": "("}},), "not a regular expression"),
        (({"LOWER": "a", "OP": "z"},), "token 1, OP"),
        (({"LOWER": "a", "OP": "{99999999999}"},), "at most 100 times"),
        (({"LENGTH": 10**30},), "E154"),
    ],
)
def test_check_rules_names_the_rule_and_the_pattern_when_it_is_malformed(
    pattern: tuple[dict[str, object], ...], message: str
) -> None:
    with pytest.raises(RubricError, match=f"^rule 'notice', pattern 2: .*{message}"):
        check_rules([rule("fine", pattern)])


def test_check_rules_accepts_a_word_that_is_one_token_in_one_of_its_languages() -> None:
    check_rules([rule(({"LOWER": "cannot"},), languages=("en", "ro"))])


@pytest.mark.parametrize("name", sorted(shipped_rubrics()))
def test_check_rules_accepts_the_shipped_rubrics(name: str) -> None:
    check_rules(Rubric.load(name).rules)


def test_measure_rules_lists_near_matches_when_there_is_no_such_rule() -> None:
    with pytest.raises(RubricError, match=r"did you mean 'rule\.notice'"):
        measure_rules(unread_batch([CALL]), [RECORDED], [("rule.notise", "anywhere")])


def test_rule_specs_describe_each_rule_on_a_fixed_scale() -> None:
    (spec,) = rule_specs([rule("sorry", role="bot")])

    assert (spec.name, spec.low, spec.high, spec.scale, spec.scoped) == (
        "rule.notice",
        0.0,
        1.0,
        1.0,
        True,
    )
    assert spec.description.startswith("Recording notice: ")
    assert "bot" in spec.description

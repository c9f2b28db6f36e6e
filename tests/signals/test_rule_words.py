"""Texts that no rule can match are left out; those that a rule matches never are."""

from __future__ import annotations

from typing import Any

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.rubric import Rubric, Rule
from qa_nlp.signals.rule_matchers import CompiledRules
from qa_nlp.signals.rule_words import RuleWords

TOKENIZER = spacy.blank("en").tokenizer
PATTERNS: list[Any] = [
    "call is recorded",
    [{"LOWER": {"IN": ["it", "that"]}}, {"LOWER": "now", "OP": "?"}, {"lower": "works"}],
    [{"TEXT": "OK"}, {"LOWER": {"NOT_IN": ["not"]}, "OP": "{0,2}"}, {"ORTH": "done"}],
]


def may_match(text: str, *patterns: Any) -> bool:
    return RuleWords(patterns, TOKENIZER).may_match(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("This CALL is being recorded", True),  # holds the words, and no phrase
        ("This call is over", False),
        ("That now works", True),
        ("It does work", False),
        ("OK, it is done", True),
        ("", False),
    ],
)
def test_rule_words_ask_for_every_word_that_a_match_must_have(text: str, expected: bool) -> None:
    assert may_match(text, *PATTERNS) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        [{"LIKE_NUM": True}],
        [{"LOWER": "no", "OP": "*"}, {"IS_PUNCT": True}],
        [{"LOWER": {"REGEX": "^re"}}],
    ],
)
def test_rule_words_rule_out_nothing_where_a_pattern_states_no_word(pattern: Any) -> None:
    assert may_match("whatever", "call is recorded", pattern)


def test_rule_words_rule_out_everything_where_there_is_no_pattern() -> None:
    assert not may_match("whatever")


@pytest.mark.parametrize("text", ["I\u2019m sorry", "ΛΑΘΟΣ", "ΛΑΘΟΣ'Σ"])
def test_rule_words_see_through_apostrophes_and_case(text: str) -> None:
    assert may_match(text, "i'm sorry", "λάθος", "λαθος")


_WORDS = st.sampled_from(
    ["call", "is", "recorded", "CALL", "it", "that", "now", "works", "OK", "done", "not", "’s", "!"]
)


@given(st.lists(_WORDS | st.text(max_size=4), max_size=10).map(" ".join))
def test_compiled_rules_find_the_same_when_every_text_is_searched(text: str) -> None:
    found = COMPILED.search("en", [text])

    finder = COMPILED._finders["en"]
    with finder._pipeline.memory_zone():
        spans = finder._find(text)
    assert found == ({text: spans} if spans else {})


COMPILED = CompiledRules(
    [
        *Rubric.load("support_call").rules,
        *(
            Rule(id=f"rule_{number}", name="Rule", patterns=(pattern,))
            for number, pattern in enumerate(PATTERNS)
        ),
    ]
)

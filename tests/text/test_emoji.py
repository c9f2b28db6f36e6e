"""Emoji written as their names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.text.emoji import emoji_in_words

SAMPLES = {
    "thanks 👍": "thanks  thumbs up ",
    "👍🏽": " thumbs up ",
    "no ❤️ left": "no  heavy black heart  left",
    "🇷🇴": "🇷🇴",
    "© naïve – 5 €": "© naïve – 5 €",
}


@pytest.mark.parametrize("text", SAMPLES)
def test_emoji_are_named_and_all_else_is_kept(text: str) -> None:
    assert emoji_in_words(text) == SAMPLES[text]


def test_repeated_emoji_is_named_once() -> None:
    assert emoji_in_words("😡😡😡") == emoji_in_words("😡") == " pouting face "


@given(st.text(st.characters(max_codepoint=0x25FF, exclude_characters="\u200d\u20e3")))
def test_text_without_pictures_is_unchanged(text: str) -> None:
    assert emoji_in_words(text) == text


@given(st.text())
def test_naming_twice_changes_nothing_more(text: str) -> None:
    once = emoji_in_words(text)

    assert emoji_in_words(once) == once

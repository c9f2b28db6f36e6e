"""Masking hides addresses and long numbers, moves nothing, and is quick on a megabyte."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.masking import mask


@pytest.mark.parametrize(
    "private",
    ["ann@example.com", "a.b+c@mail.example.org", "44710", "4471 0923", "12-34-56", "1985/03/14"],
)
def test_mask_hides_what_identifies_when_it_stands_in_a_sentence(private: str) -> None:
    masked = mask(f"It is {private}, thanks.")

    assert masked == f"It is {'•' * len(private)}, thanks."


@pytest.mark.parametrize("harmless", ["4 of 5", "at 10:45", "room 4471", "@home", "1,200", "a@b"])
def test_mask_keeps_words_when_they_identify_nobody(harmless: str) -> None:
    assert mask(harmless) == harmless


def test_mask_hides_an_address_when_digits_stand_before_it() -> None:
    assert mask("12 345 67ann@example.com").strip("•") == " "


@given(st.text())
def test_mask_keeps_every_position_when_given_any_text(text: str) -> None:
    masked = mask(text)

    assert len(masked) == len(text)
    assert all(new in (old, "•") for old, new in zip(text, masked, strict=True))


@pytest.mark.parametrize("unit", ["a", "1a", "1 ", "a@", "a.", "@a.b", "+"])
def test_mask_takes_linear_time_when_a_turn_is_a_megabyte(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    began = time.perf_counter()

    mask(text)

    assert time.perf_counter() - began < 20  # quadratic: hours

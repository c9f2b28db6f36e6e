"""A vocabulary that an artefact carries: folding, tokens, and tensors there and back."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.artifacts import Artifact
from qa_nlp.encoding.static import StaticEncoder
from qa_nlp.encoding.unigram import SPECIAL, PieceReader, folded, piece_tensors, pieces_in
from qa_nlp.errors import ArtifactError

PIECES = [
    *((name, 0.0) for name in SPECIAL),
    *((piece, -4.0) for piece in ("▁nu", "▁не", "▁nao", "▁bun", "ul", "▁й")),
    *((letter, -9.0) for letter in ("▁", *"abcdelmnorstuйи!😡")),
]
READER = PieceReader(PIECES)
NAMES = list(READER.vocabulary)


def tokens(text: str) -> list[str]:
    (ids,) = READER.ids([text])
    return [NAMES[number] for number in ids[1:-1]]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nu", ["▁nu"]),
        ("NÃO", ["▁nao"]),
        ("bunul", ["▁bun", "ul"]),
        ("bu\u0302n", ["▁bun"]),
        ("  nu\t\n  bun ", ["▁nu", "▁bun"]),
        ("й", ["▁й"]),
        ("и", ["▁", "и"]),
        ("nu字字bun", ["▁nu", "<UNKNOWN>", *"bun"]),
        ("😡\ufe0f", ["▁", "😡"]),
        ("<START>", ["▁", "<UNKNOWN>", *"start", "<UNKNOWN>"]),
        (
            "<\U0001d412\U0001d413\U0001d400\U0001d411\U0001d413>",
            ["▁", "<UNKNOWN>", *"start", "<UNKNOWN>"],
        ),
        ("™", ["▁", *"tm"]),
        ("", []),
        (" ", []),
    ],
    ids=ascii,
)
def test_text_is_cut_into_the_likeliest_pieces(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_text_begins_and_ends_and_is_cut_at_256_tokens() -> None:
    short, long = READER.ids(["nu", "nu " * 400])

    assert short == [0, NAMES.index("▁nu"), 1]
    assert len(long) == 256
    assert (long[0], long[-1]) == (0, 1)


@given(st.text(max_size=40))
def test_folding_twice_changes_nothing(text: str) -> None:
    once = folded(text)

    assert folded(once) == once


@given(st.text(alphabet="abzîșțăâéçãõüñ ABÎȘ", max_size=30))
def test_latin_letters_lose_their_marks_whether_composed_or_not(text: str) -> None:
    plain = folded(text)

    assert plain.isascii()
    assert plain == folded(unicodedata.normalize("NFD", text))


@given(st.text(alphabet="абвгдежзийклмнопрстуфхцчшщъыьэюя ", max_size=30))
def test_russian_letters_stay(text: str) -> None:
    assert folded(text) == text
    assert folded(text.upper()) == text


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n")),
            st.floats(-30, 0, width=32),
        ),
        min_size=1,
        max_size=9,
    )
)
def test_vocabulary_survives_being_written(pieces: list[tuple[str, float]]) -> None:
    tensors = piece_tensors(pieces)

    assert {tensor.dtype for tensor in tensors.values()} == {np.dtype("u1"), np.dtype("f4")}
    assert pieces_in(tensors) == pieces


def test_artefact_without_a_vocabulary_has_none() -> None:
    assert pieces_in({"token.codes": np.zeros(3)}) is None


def test_artefact_whose_table_is_not_that_of_its_vocabulary_is_refused() -> None:
    tensors = piece_tensors(PIECES) | {"token.codes": np.zeros((7, 2), dtype=np.int8)}
    manifest = {"format_version": 2, "base": "static", "name": "x", "languages": ["ro"]}
    manifest |= {"terms": "tests only", "width": 2}

    with pytest.raises(ArtifactError, match=r"x: 7 vectors for \d+ tokens"):
        StaticEncoder(Artifact("x", manifest, tensors, "0" * 64))

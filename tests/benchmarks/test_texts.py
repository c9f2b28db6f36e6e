"""Texts as the benchmarks cut and count them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.texts import Pieces, Remembering, occurrences


class Counting:
    """An encoder that counts what it is asked for."""

    name = tier = fingerprint = terms = "counting"
    languages: frozenset[str] | None = None
    width = 2

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked.extend(texts)
        return np.array([[len(text), 1.0] for text in texts], dtype=np.float32).reshape(-1, 2)


def test_remembering_encodes_each_text_once_and_gives_rows_in_order() -> None:
    encoder = Counting()
    remembering = Remembering(encoder)

    first = remembering.encode(["aa", "b", "aa"])
    second = remembering.encode(["b", "ccc"])

    assert encoder.asked == ["aa", "b", "ccc"]
    assert first[:, 0].tolist() == [2, 1, 2]
    assert second[:, 0].tolist() == [1, 3]


def test_pieces_weigh_sentences_by_length_and_find_the_greatest_value() -> None:
    pieces = Pieces.of(["Yes. Of course I can.", "", "Yes."])
    values = np.array([1.0, 0.0])

    assert pieces.distinct == ("Yes.", "Of course I can.")
    assert pieces.mean(values[:, None])[:, 0].tolist() == [0.2, 0.0, 1.0]
    assert pieces.greatest(values[:, None])[:, 0].tolist() == [1.0, 0.0, 1.0]


def test_occurrences_match_whole_words_and_stars() -> None:
    texts = ["Apologies, I apologise!", "A pin, not a pinball", "It doesn’t", "Hi there"]

    assert occurrences(texts, ["apolog*", "pin", "doesn't"]).tolist() == [2, 1, 1, 0]

"""Random labelled examples of a phrase: half hits, half misses, from the training part of STAR."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from benchmarks.parts.phrase_methods import METHODS, Finder
from benchmarks.parts.star_phrases import PHRASES, Phrase, Typed
from benchmarks.parts.texts import Array
from qa_nlp.phrase_bank import PhraseBankFile, with_labels

__all__ = ["Draw", "draw_examples", "enough_hits", "few_shot_scores"]

_LANGUAGE: Final = "en"


@dataclass(frozen=True, slots=True)
class Draw:
    """Labelled examples of one phrase.

    Parameters
    ----------
    texts : tuple of str
        The hits first.
    labels : tuple of bool
        Which are hits.
    """

    texts: tuple[str, ...]
    labels: tuple[bool, ...]


def enough_hits(training: Typed, phrase: Phrase, size: int) -> bool:
    """Tell whether the training part has the hits that a draw needs.

    Parameters
    ----------
    training : Typed
        Where examples are drawn from.
    phrase : Phrase
        Whose examples.
    size : int
        How many, hits and misses together.

    Returns
    -------
    bool
        False when there are fewer.
    """
    return int(training.hits(phrase.label).sum()) >= _half(size)


def draw_examples(training: Typed, phrase: Phrase, size: int, number: int) -> Draw:
    """Draw labelled examples.

    Parameters
    ----------
    training : Typed
        Where they are drawn from.
    phrase : Phrase
        Whose label makes a hit; misses are any other texts.
    size : int
        How many; of an odd number one more is a hit.
    number : int
        Of the draw; the same number gives the same examples.

    Returns
    -------
    Draw
        Without repeats.
    """
    random = np.random.default_rng([PHRASES.index(phrase), size, number])
    is_hit = training.hits(phrase.label)
    hits = random.choice(np.flatnonzero(is_hit), _half(size), replace=False)
    misses = random.choice(np.flatnonzero(~is_hit), size - _half(size), replace=False)
    chosen = [*hits.tolist(), *misses.tolist()]
    return Draw(
        tuple(training.texts[row] for row in chosen), tuple(row < len(hits) for row in range(size))
    )


def _half(size: int) -> int:
    return (size + 1) // 2


def few_shot_scores(
    finder: Finder,
    phrases: Sequence[Phrase],
    banks: Sequence[PhraseBankFile],
    training: Typed,
    *,
    size: int,
    draws: int,
) -> dict[str, Array]:
    """Score texts with banks that were taught: hits become samples and misses look-alikes.

    Parameters
    ----------
    finder : Finder
        The texts.
    phrases : sequence of Phrase
        What is looked for; only its own bank is taught.
    banks : sequence of PhraseBankFile
        All of them.
    training : Typed
        Where examples are drawn from.
    size : int
        Labelled examples of a draw.
    draws : int
        How many draws.

    Returns
    -------
    dict of str to ndarray of float64, shape (draws, texts, phrases)
        By name of the method.
    """
    examples = {
        phrase: [draw_examples(training, phrase, size, number) for number in range(draws)]
        for phrase in phrases
    }
    # all at once, since an encoder fills up its batches
    finder.encoder.encode(
        [text for found in examples.values() for draw in found for text in draw.texts]
    )
    by_phrase = [
        [finder.scores(phrase, _taught(banks, phrase, draw)) for draw in examples[phrase]]
        for phrase in phrases
    ]
    return {
        method: np.stack(
            [np.stack([draw[method] for draw in found]) for found in by_phrase], axis=2
        )
        for method in METHODS
    }


def _taught(banks: Sequence[PhraseBankFile], phrase: Phrase, draw: Draw) -> list[PhraseBankFile]:
    return [
        with_labels(bank, draw.texts, draw.labels, _LANGUAGE) if bank.id == phrase.bank else bank
        for bank in banks
    ]

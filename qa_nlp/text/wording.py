"""Marks of a sentence's wording that sentence vectors hardly hold: negation and question.

Own lists of English, Romanian, Russian and Portuguese words; in other languages only a question
mark tells.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["MARKS", "wording_marks"]

MARKS: Final = ("negation", "question")
"""What the columns of `wording_marks` tell."""

_NEGATION: Final = r"""\b(?:
        not|no|never|cannot|cant|dont|wont|didnt|doesnt|isnt|without|unable|none|nobody|nothing|nor
      | neither|refuse[sd]?|\w+n['’]t
      | nu|n-\w+|nici|niciodat[aă]|niciun|nicio|f[aă]r[aă]|nimic|nimeni
      | не|нет|ни|никогда|нельзя|без|никак|ничего|никто|невозможно
      | n[aã]o|nunca|nem|sem|nenhum|nenhuma|nada|jamais|ningu[eé]m|tampouco
    )\b"""
_QUESTION: Final = r"""\? | ^\W*(?:(?:and|so|ok|okay|great|thanks|alright)\W+)?(?:
        what|when|where|who|why|how|which|can|could|may|would|will|do|does|did|is|are|have|has|shall
    )\b"""
_SEARCHES: Final = tuple(
    re.compile(pattern, re.IGNORECASE | re.VERBOSE).search for pattern in (_NEGATION, _QUESTION)
)
_PLAIN_SEARCHES: Final = tuple(
    re.compile(pattern, re.VERBOSE).search for pattern in (_NEGATION, _QUESTION)
)
"""The same for ASCII in lower case, which is several times as fast as to ignore case."""


def wording_marks(texts: Sequence[str]) -> NDArray[np.float64]:
    """Tell of each sentence whether it holds a negation and whether it asks.

    Parameters
    ----------
    texts : sequence of str
        Sentences.

    Returns
    -------
    ndarray of float64, shape (n, 2)
        1 where there is such a mark, else 0; columns as in `MARKS`.

    Examples
    --------
    >>> wording_marks(["I can't offer a refund.", "Could I have your name"]).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    found = [_marks(text) for text in texts]
    return np.array(found, dtype=np.float64).reshape(len(texts), len(MARKS))


def _marks(text: str) -> list[bool]:
    if text.isascii():
        lower = text.lower()
        return [search(lower) is not None for search in _PLAIN_SEARCHES]
    return [search(text) is not None for search in _SEARCHES]

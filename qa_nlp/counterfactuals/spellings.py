"""The ways in which people write a word and, alike, its counterpart."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

__all__ = ["spellings"]

_APOSTROPHE: Final = "'"
_TYPOGRAPHIC: Final = "’"


def spellings(first: str, second: str, one_way: bool = False) -> Iterator[tuple[str, str]]:
    """Write two counterparts alike: in lower case, in capitals, with capital first letters.

    Parameters
    ----------
    first, second : str
        One or more words each.
    one_way : bool, default False
        Whether only the first is looked for. Else a typographic apostrophe is, only where both
        have as many, so that the way back finds what stood there.

    Yields
    ------
    tuple of (str, str)
        Counterparts; no spelling twice.

    Examples
    --------
    >>> list(spellings("o senhor", "a senhora"))[2:]
    [('O senhor', 'A senhora'), ('o Senhor', 'a Senhora'), ('O Senhor', 'A Senhora')]
    >>> len(list(spellings("it isn't", "it ain't"))), len(list(spellings("don't", "dont")))
    (10, 3)
    """
    counts = first.count(_APOSTROPHE), second.count(_APOSTROPHE)
    signs = [_APOSTROPHE]
    if counts[0] and (one_way or counts[0] == counts[1]):
        signs.append(_TYPOGRAPHIC)
    writings = [str.lower, str.upper, _sentence]
    if first.count(" ") == second.count(" "):  # else "Going to" and "Gonna" would be two of one
        writings += [_last, _title]
    seen: set[str] = set()
    for sign in signs:
        for write in writings:
            one, other = (write(word).replace(_APOSTROPHE, sign) for word in (first, second))
            if one not in seen:
                seen.add(one)
                yield one, other


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:].lower()


def _last(words: str) -> str:
    before, blank, last = words.lower().rpartition(" ")
    return before + blank + _sentence(last)


def _title(words: str) -> str:
    return " ".join(map(_sentence, words.split(" ")))

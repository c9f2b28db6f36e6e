"""What counts as a word."""

from __future__ import annotations

from typing import Final

__all__ = ["UNSPACED_LANGUAGES", "count_words"]

UNSPACED_LANGUAGES: Final = frozenset({"bo", "dz", "ja", "km", "lo", "my", "th", "yue", "zh"})
"""Languages written without spaces between words, where words cannot be counted this way."""


def count_words(text: str) -> int:
    """Count the words of a text: stretches between white space.

    Parameters
    ----------
    text : str
        Any text in a language that puts spaces between words.

    Returns
    -------
    int
        0 for an empty text.

    Examples
    --------
    >>> count_words("Good morning,  Mr. Bell!")
    4
    """
    return len(text.split())

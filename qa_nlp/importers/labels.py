"""Speaker labels at the beginning of a text: ``Agent: Good morning!``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final

from qa_nlp.importers.roles import role_of_label
from qa_nlp.transcript import Role

__all__ = ["split_label", "trusted_labels"]

_MOST_WORDS: Final = 5
# The second colon is the full-width one of Chinese and Japanese.
_LABEL: Final = re.compile(r"\s*([^\W_][^:\uff1a\n\t<>{}\"]{0,39}?)\s*[:\uff1a](?:\s+|$)")


def split_label(text: str) -> tuple[str | None, str]:
    """Split what may be a speaker label from the words that follow.

    Parameters
    ----------
    text : str
        One line or caption.

    Returns
    -------
    tuple of (str or None) and str
        Label and words; None and the text where it does not begin like a label.

    Examples
    --------
    >>> split_label("Agent (Maren): Good morning!"), split_label("See https://example.org")
    (('Agent (Maren)', 'Good morning!'), (None, 'See https://example.org'))
    """
    match = _LABEL.match(text)
    if match is None or len(match[1].split()) > _MOST_WORDS:
        return None, text
    return match[1], text[match.end() :]


def trusted_labels(candidates: Iterable[str | None]) -> frozenset[str]:
    """Tell the speakers of a file from words that only happen to precede a colon.

    Parameters
    ----------
    candidates : iterable of (str or None)
        First part of `split_label` for every line.

    Returns
    -------
    frozenset of str
        Those that state a role or occur more than once.

    Examples
    --------
    >>> sorted(trusted_labels(["Agent", "Note", "Maren", None, "Maren"]))
    ['Agent', 'Maren']
    """
    counts = Counter(label for label in candidates if label is not None)
    return frozenset(
        label
        for label, count in counts.items()
        if count > 1 or role_of_label(label) is not Role.UNKNOWN
    )

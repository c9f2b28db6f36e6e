"""Emoji in words, for encoders whose vocabulary has none.

The names are those of the Unicode standard, as the standard library holds them.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["emoji_in_words"]

_PICTURES: Final = re.compile("([\u2600-\u27bf\u2b50\u2b55\U0001f300-\U0001faff])\\1*")
"""A picture, however often it is repeated."""
_MODIFIERS: Final = re.compile("[\u200d\u20e3\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
"""Joiners, variation selectors and skin tones, which add nothing to the name."""


def emoji_in_words(text: str) -> str:
    """Write each emoji as its name.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The text with names in lower case in place of emoji; a picture repeated is named once.

    Examples
    --------
    >>> emoji_in_words("Still waiting 😡😡😡")
    'Still waiting  pouting face '
    """
    if text.isascii():
        return text
    return _PICTURES.sub(_name, _MODIFIERS.sub("", text))


def _name(match: re.Match[str]) -> str:
    name = unicodedata.name(match[1], "").removesuffix(" SIGN").lower()
    return f" {name} " if name else match[0]

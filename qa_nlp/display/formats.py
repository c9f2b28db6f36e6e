"""Give words, numbers and times the form in which people read them."""

from __future__ import annotations

import math
import re
from typing import Final

from qa_nlp.masking import mask

__all__ = [
    "clean",
    "counted",
    "decimals",
    "minutes",
    "percent",
    "shortened",
    "shown_words",
    "signed",
    "spoken",
    "unit",
]

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def clean(text: str) -> str:
    """Give a text without control characters, which HTML cannot hold.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        Of the same length; a carriage return is a space, other control characters are a sign.
    """
    return _CONTROL.sub(lambda found: " " if found[0] == "\r" else "\ufffd", text)


def shown_words(text: str) -> str:
    """Give words from a transcript as they may be shown: masked, without control characters.

    Parameters
    ----------
    text : str
        The words.

    Returns
    -------
    str
        Of the same length, so that character spans stay right.

    Examples
    --------
    >>> shown_words("It is 447 109 23.")
    'It is ••••••••••.'
    """
    return clean(mask(text))


def spoken(identifier: str) -> str:
    """Give an identifier as words.

    Parameters
    ----------
    identifier : str
        Of a criterion, section or level.

    Returns
    -------
    str
        Its words.

    Examples
    --------
    >>> spoken("follow_up")
    'Follow up'
    """
    words = " ".join(clean(identifier).replace("_", " ").split())
    return words[:1].upper() + words[1:]


def minutes(seconds: float) -> str:
    """Give a time as minutes and seconds.

    Parameters
    ----------
    seconds : float
        Since the start of the conversation.

    Returns
    -------
    str
        ``m:ss``, cut to the whole second.

    Examples
    --------
    >>> minutes(83.9)
    '1:23'
    """
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def percent(probability: float) -> str:
    """Give a probability in whole per cent.

    Parameters
    ----------
    probability : float
        0 to 1.

    Returns
    -------
    str
        Such as ``64 %``; what is above 0 never reads as 0.

    Examples
    --------
    >>> percent(0.637), percent(0.001)
    ('64 %', '<1 %')
    """
    value = unit(probability)
    return "<1 %" if 0 < value < 0.005 else f"{100 * value:.0f} %"


def signed(value: float) -> str:
    """Give a number with its sign and two decimals.

    Parameters
    ----------
    value : float
        Any number.

    Returns
    -------
    str
        With a real minus sign.

    Examples
    --------
    >>> signed(1.239), signed(-0.001)
    ('+1.24', '0.00')
    """
    text = f"{value:+.2f}".replace("-", "\N{MINUS SIGN}")
    return text[1:] if text[1:] == "0.00" else text


def decimals(value: float, most: int = 2) -> str:
    """Give a number without needless zeros.

    Parameters
    ----------
    value : float
        Any number.
    most : int, default 2
        How many decimals to keep.

    Returns
    -------
    str
        The number.

    Examples
    --------
    >>> decimals(2.50), decimals(4.0)
    ('2.5', '4')
    """
    text = f"{value:.{most}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def counted(number: int, noun: str, many: str | None = None) -> str:
    """Give a number with its noun.

    Parameters
    ----------
    number : int
        How many.
    noun : str
        In the singular.
    many : str, optional
        In the plural; default: with an s.

    Returns
    -------
    str
        Both.

    Examples
    --------
    >>> counted(1, "turn"), counted(100_000, "turn"), counted(2, "criterion", "criteria")
    ('1 turn', '100,000 turns', '2 criteria')
    """
    return f"{number:,} {noun if number == 1 else many or noun + 's'}"


def shortened(value: object, most: int = 60) -> str:
    """Give any value as short text.

    Parameters
    ----------
    value : object
        None gives an empty text.
    most : int, default 60
        Characters to keep.

    Returns
    -------
    str
        The text.
    """
    text = "" if value is None else clean(str(value))
    return text if len(text) <= most else text[: most - 1] + "…"


def unit(value: float) -> float:
    """Keep a number between 0 and 1, so that no bar leaves its frame.

    Parameters
    ----------
    value : float
        Any number.

    Returns
    -------
    float
        0 to 1; 0 where it is not finite.
    """
    return min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0

"""Tell the language of a conversation that does not state it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from qa_nlp.transcript import Role, Transcript

if TYPE_CHECKING:
    from lingua import LanguageDetector

__all__ = ["DETECTED_LANGUAGES", "detect_language", "language_of"]

DETECTED_LANGUAGES: Final = ("en", "ro", "ru", "pt", "es", "fr", "de", "it", "nl", "pl", "uk")
"""What is told apart; the more languages, the less sure each answer."""

_ENOUGH: Final = 2000
_SURE: Final = 0.6


@functools.cache
def _detector() -> LanguageDetector:
    from lingua import IsoCode639_1, LanguageDetectorBuilder

    codes = [getattr(IsoCode639_1, code.upper()) for code in DETECTED_LANGUAGES]
    return LanguageDetectorBuilder.from_iso_codes_639_1(*codes).build()


def detect_language(text: str) -> str | None:
    """Tell the language of a text.

    Parameters
    ----------
    text : str
        Any words; the first 2,000 characters are looked at.

    Returns
    -------
    str or None
        ISO 639-1 code, or None when no language reaches a confidence of .6.

    Examples
    --------
    >>> detect_language("Good morning, how can I help you with your order today?")
    'en'
    >>> detect_language("12345") is None
    True
    """
    head = text[:_ENOUGH]
    if not any(character.isalpha() for character in head):
        return None
    best = _detector().compute_language_confidence_values(head)[0]
    return best.language.iso_code_639_1.name.lower() if best.value >= _SURE else None


def language_of(transcript: Transcript) -> str | None:
    """Give the stated language of a transcript, else the detected one.

    Parameters
    ----------
    transcript : Transcript
        The conversation.

    Returns
    -------
    str or None
        ISO 639-1 code; None when it cannot be told.
    """
    if transcript.language is not None:
        return transcript.language
    parts: list[str] = []
    length = 0
    for turn in transcript.turns:
        if turn.role is not Role.SYSTEM:
            parts.append(turn.text[:_ENOUGH])
            length += len(parts[-1])
            if length >= _ENOUGH:
                break
    return detect_language(" ".join(parts))

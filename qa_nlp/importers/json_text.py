"""JSON text to values, refusing what is broken by its place and never by its words."""

from __future__ import annotations

import json
from typing import Any, NoReturn, TypeAlias

from qa_nlp.errors import TranscriptError

__all__ = ["Json", "is_json", "parse_json"]

Json: TypeAlias = Any
"""What a JSON file holds; nothing is known about it until it has been looked at."""


def parse_json(text: str, source: str, line: int | None = None) -> Json:
    """Parse JSON, and say precisely where it is broken without quoting it.

    Parameters
    ----------
    text : str
        A whole file, or one line of it.
    source : str
        What messages call the file.
    line : int, optional
        1-based number of the line that `text` is; default: `text` is the whole file.

    Returns
    -------
    object
        The value.

    Raises
    ------
    TranscriptError
        When it is truncated, malformed, nested too deeply, or holds NaN or Infinity.
    """
    place = source if line is None else f"{source}:{line}"
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        row = error.lineno if line is None else line
        cut = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        what = "the JSON ends too early; was the file cut off?" if cut else f"no JSON ({error.msg})"
        raise TranscriptError(
            f"{what} (line {row}, column {error.colno})", source=f"{source}:{row}"
        ) from None
    except RecursionError:
        raise TranscriptError("the JSON is nested too deeply to be read", source=place) from None
    except ValueError as error:
        # Raised by _refuse_constant, and by Python for integers of thousands of digits.
        reason = error.args[0] if isinstance(error, _ConstantError) else "a number is too long"
        raise TranscriptError(f"{reason}", source=place) from None


class _ConstantError(ValueError):
    """NaN and the infinities are no JSON."""


def _refuse_constant(name: str) -> NoReturn:
    raise _ConstantError(f"{name} is not a JSON value; use null for a number that is missing")


def is_json(text: str) -> bool:
    """Say whether a text is one JSON value.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    bool
        False where `parse_json` would raise.
    """
    try:
        parse_json(text, "")
    except TranscriptError:
        return False
    return True

"""The errors this library raises, and the one way to write "did you mean".

::

    QaNlpError
    ├── TranscriptError    (ValueError)   a conversation that cannot be read or is malformed
    ├── RubricError        (ValueError)   a rubric or phrase bank that does not make sense
    ├── GradesError        (ValueError)   human grades that cannot be used
    ├── ArtifactError      (ValueError)   weights or saved files that are missing, foreign, damaged
    └── MissingExtraError  (ImportError)  an optional dependency that is not installed

    TranscriptWarning      (UserWarning)  conversations that were left out of a batch

A message says what is wrong, where, and what to do about it. No message holds the words of a
transcript.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterable
from types import ModuleType

__all__ = [
    "ArtifactError",
    "GradesError",
    "MissingExtraError",
    "QaNlpError",
    "RubricError",
    "TranscriptError",
    "TranscriptWarning",
    "did_you_mean",
    "near_matches",
    "require",
]


class QaNlpError(Exception):
    """Base of every error that qa_nlp raises on purpose."""


class TranscriptError(QaNlpError, ValueError):
    """A conversation cannot be read, or breaks an invariant of `Transcript`.

    Parameters
    ----------
    message : str
        What is wrong and what to do.
    source : str, optional
        Where: ``file:line``.
    transcript_id : str, optional
        Which conversation, when it is known.
    """

    def __init__(
        self, message: str, *, source: str | None = None, transcript_id: str | None = None
    ) -> None:
        self.message = message
        self.source = source
        self.transcript_id = transcript_id
        place = [source] if source else []
        if transcript_id is not None:
            place.append(f"transcript {transcript_id!r}")
        super().__init__(f"{', '.join(place)}: {message}" if place else message)

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.message, self.source, self.transcript_id))

    def at(self, source: str, transcript_id: str | None = None) -> TranscriptError:
        """Give the same error with its place added, where it had none.

        Parameters
        ----------
        source : str
            ``file:line``.
        transcript_id : str, optional
            Which conversation.

        Returns
        -------
        TranscriptError
            A new error.
        """
        return TranscriptError(
            self.message,
            source=self.source or source,
            transcript_id=self.transcript_id if self.transcript_id is not None else transcript_id,
        )

    def about(self, transcript_id: str) -> TranscriptError:
        """Give the same error with the conversation it is about, where it named none.

        Parameters
        ----------
        transcript_id : str
            Which conversation.

        Returns
        -------
        TranscriptError
            A new error.
        """
        named = self.transcript_id if self.transcript_id is not None else transcript_id
        return TranscriptError(self.message, source=self.source, transcript_id=named)


class TranscriptWarning(UserWarning):
    """Some conversations, or a plugin that reads them, had to be left out."""


def _rebuild(
    kind: type[TranscriptError], message: str, source: str | None, transcript_id: str | None
) -> TranscriptError:
    return kind(message, source=source, transcript_id=transcript_id)


class RubricError(QaNlpError, ValueError):
    """A rubric, rule or phrase bank is malformed or names something that does not exist."""


class GradesError(QaNlpError, ValueError):
    """Human grades cannot be used as they are."""


class ArtifactError(QaNlpError, ValueError):
    """Weights, scorecards or a saved scorer are missing, foreign or damaged."""


class MissingExtraError(QaNlpError, ImportError):
    """An optional dependency is not installed; the message holds the pip line."""


def did_you_mean(name: str, known: Iterable[str], most: int = 3) -> str:
    """Give the tail of an error message: near matches of a misspelt name.

    Parameters
    ----------
    name : str
        What was written.
    known : iterable of str
        What exists.
    most : int, default 3
        How many near matches to list.

    Returns
    -------
    str
        ``"; did you mean 'a' or 'b'?"``, or the first names that exist when nothing is near.

    Examples
    --------
    >>> did_you_mean("greting", ["greeting", "farewell"])
    "; did you mean 'greeting'?"
    """
    names = sorted(set(known))
    near = near_matches(name, names, most)
    if near or not names:
        return near
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"; known: {shown}"


def near_matches(name: str, known: Iterable[str], most: int = 3) -> str:
    """Give the tail of an error message where something is near a misspelt name.

    Parameters
    ----------
    name : str
        What was written.
    known : iterable of str
        What exists.
    most : int, default 3
        How many near matches to list.

    Returns
    -------
    str
        ``"; did you mean 'a' or 'b'?"``, or nothing.

    Examples
    --------
    >>> near_matches("greting", ["greeting", "farewell"]), near_matches("xyz", ["greeting"])
    ("; did you mean 'greeting'?", '')
    """
    near = difflib.get_close_matches(name, sorted(set(known)), n=most, cutoff=0.6)
    return f"; did you mean {' or '.join(map(repr, near))}?" if near else ""


def require(module: str, extra: str) -> ModuleType:
    """Import an optional dependency, or say how to install it.

    Parameters
    ----------
    module : str
        Dotted module name.
    extra : str
        The extra of qa_nlp that brings it.

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    MissingExtraError
        When it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        top = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != top:
            raise
        raise MissingExtraError(
            f"{top!r} is not installed; run: pip install 'qa_nlp[{extra}]'", name=top
        ) from error

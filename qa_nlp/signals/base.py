"""What a signal is, and what every signal may look at.

A signal is a number measured on a transcript, in a stated range, with a typical range that ships
with it: nothing is ever standardised on the user's own batch. NaN says that there was nothing to
measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qa_nlp.text.sentences import SentenceTable
from qa_nlp.transcript import Transcript

__all__ = ["Batch", "Column", "SignalSpec", "Span"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SignalSpec:
    """What a signal measures and on which scale.

    Parameters
    ----------
    name : str
        ``family.name``.
    description : str
        What it measures, for a person.
    unit : str
        ``probability``, ``seconds``, ``share`` and the like.
    low, high : float
        Range of possible values (``inf`` where there is no bound).
    typical_low, typical_high : float
        Where most conversations lie: the fixed scale on which weights are stated.
    scoped : bool, default False
        Whether a rubric may say ``within``.
    source : str, default ""
        Author, year, title of the method, where it has one.
    """

    name: str
    description: str
    unit: str
    low: float
    high: float
    typical_low: float
    typical_high: float
    scoped: bool = False
    source: str = ""

    @property
    def scale(self) -> float:
        """Width of the typical range."""
        return self.typical_high - self.typical_low


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a transcript that explains a signal's value.

    Parameters
    ----------
    share : float
        Part of the signal's effect it explains, 0 to 1; the shares of a value sum to at most 1.
    turn, start, end : int, optional
        Characters of a turn; all None where something was searched in vain.
    note : str, optional
        What was searched or measured.
    raises : bool, optional
        Whether it raises the signal's value or lowers it; None where it just shows the value. A
        stretch that pulls against the grade is no evidence for it.
    """

    share: float
    turn: int | None = None
    start: int | None = None
    end: int | None = None
    note: str | None = None
    raises: bool | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A signal measured on a batch.

    Parameters
    ----------
    values : ndarray of float64, shape (transcripts,)
        NaN where there was nothing to measure.
    evidence : sequence of tuple of Span
        For each transcript, most telling first.
    """

    values: Array
    evidence: Sequence[tuple[Span, ...]]


@dataclass(frozen=True, slots=True)
class Batch:
    """What signals are measured on: transcripts, their sentences, and one encoding of these.

    Parameters
    ----------
    transcripts : tuple of Transcript
        The conversations.
    languages : tuple of (str or None)
        Stated or detected language of each.
    encoded : ndarray of bool, shape (transcripts,)
        Whether the encoder reads the transcript's language; the others have no rows in `sentences`.
    sentences : SentenceTable
        Sentences of agents and customers.
    vectors : ndarray of float32, shape (distinct sentences, width)
        Unit vectors of ``sentences.texts``.
    heads : mapping of str to ndarray, shape (distinct sentences, classes)
        Class probabilities of each classifier.
    """

    transcripts: tuple[Transcript, ...]
    languages: tuple[str | None, ...]
    encoded: NDArray[np.bool_]
    sentences: SentenceTable
    vectors: NDArray[np.float32]
    heads: Mapping[str, Array]

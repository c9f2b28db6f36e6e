"""What a signal is, and what every signal may look at.

A signal is a number measured on a transcript, in a stated range, with a typical range that ships
with it: nothing is ever standardised on the user's own batch. NaN says that there was nothing to
measure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from qa_nlp.signals.answers import Answers
from qa_nlp.text.sentences import SentenceTable
from qa_nlp.transcript import Transcript

__all__ = ["Batch", "Column", "Measured", "SignalSpec", "Span", "columns_of"]

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


Measured = tuple[float, tuple[Span, ...]]
"""The value of a signal on one transcript, and its evidence."""


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
    turn_of : ndarray of int64, shape (sentences,)
        Row of each sentence's turn in the answers on turns.
    turn_answers : mapping of str to Answers
        What each classifier tells about each turn that has sentences, as `classify` would.
    features : ndarray of float32, shape (distinct sentences, any)
        What else the encoder tells of each sentence; no columns where it tells nothing else.
    """

    transcripts: tuple[Transcript, ...]
    languages: tuple[str | None, ...]
    encoded: NDArray[np.bool_]
    sentences: SentenceTable
    vectors: NDArray[np.float32]
    heads: Mapping[str, Array]
    turn_of: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    turn_answers: Mapping[str, Answers] = field(default_factory=dict)
    features: NDArray[np.float32] = field(
        default_factory=lambda: np.zeros((0, 0), dtype=np.float32)
    )


def columns_of(
    specs: Iterable[SignalSpec], measured: Sequence[Mapping[str, Measured]]
) -> dict[str, Column]:
    """Line up what was measured on each transcript of a batch.

    Parameters
    ----------
    specs : iterable of SignalSpec
        The signals.
    measured : sequence of mapping of str to (float, tuple of Span)
        For each transcript, the signals that could be measured.

    Returns
    -------
    dict of str to Column
        One column for each signal; NaN and no evidence where it could not be measured.

    Examples
    --------
    >>> spec = SignalSpec("demo.size", "Size.", "words", 0, 9, 1, 5)
    >>> columns_of([spec], [{"demo.size": (4.0, ())}, {}])["demo.size"].values
    array([ 4., nan])
    """
    nothing: Measured = (np.nan, ())
    columns = {}
    for spec in specs:
        found = [one.get(spec.name, nothing) for one in measured]
        values = np.array([value for value, _ in found], dtype=np.float64)
        columns[spec.name] = Column(values, [spans for _, spans in found])
    return columns

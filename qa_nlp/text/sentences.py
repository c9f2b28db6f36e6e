"""Cut turns into sentences, and keep a whole batch of them in one flat table."""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.transcript import Role, Transcript

if TYPE_CHECKING:
    from spacy.language import Language

__all__ = ["SentenceTable", "sentence_spans", "sentence_table"]

MOST_WORDS: Final = 60
"""Where stretches without a full stop, as in raw speech recognition, are cut."""

_INNER_STOP: Final = re.compile(r"[.!?…。؟।]\s*\S|\n\s*\S")
_WORD: Final = re.compile(r"\S+")
_LONGEST_WORD: Final = 200
_ENDLESS_WORD: Final = re.compile(r"\S{100,}")
_EVERYTHING: Final = 1 << 31

MOST_STRINGS: Final = 10_000
"""Strings that spaCy's vocabulary may hold, its own 300 included, before a new one takes over."""
_LOCK: Final = threading.Lock()


@functools.cache
def _splitter() -> Language:
    import spacy

    # The rule-based sentencizer; "xx" keeps abbreviations and punctuation language-neutral.
    splitter = spacy.blank("xx")
    splitter.add_pipe("sentencizer")
    splitter.max_length = _EVERYTHING
    return splitter


def sentence_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Cut a text into sentences.

    Line breaks end a sentence. What has no full stop for 60 words is cut there; a word of more
    than 200 characters is cut too. Spans hold no white space at their ends, and none is empty.

    Parameters
    ----------
    text : str
        The words of one turn.

    Returns
    -------
    tuple of (int, int)
        Character spans, in order, that do not overlap.

    Examples
    --------
    >>> text = "Hello! Is this about Mr. Bell's order?"
    >>> [text[start:end] for start, end in sentence_spans(text)]
    ['Hello!', "Is this about Mr. Bell's order?"]
    """
    return tuple(
        piece
        for start, end in _rough_spans(text)
        for piece in _pieces(text, start, end)
        if piece[0] < piece[1]
    )


def _rough_spans(text: str) -> Iterator[tuple[int, int]]:
    if _INNER_STOP.search(text) is None:
        yield 0, len(text)
        return
    offset = 0
    for line in text.splitlines(keepends=True):
        if _INNER_STOP.search(line) is None:
            yield offset, offset + len(line)
        else:
            yield from _joined_titles(line, offset)
        offset += len(line)


_TITLE_ROOM: Final = 8
_TITLE: Final = re.compile(r"(?:^|\s)(?:mr|mrs|ms|dr|st|sr|sra|dna|dl)\.$", re.IGNORECASE)
_NUMBER: Final = re.compile(r"(?:^|\s)(?:no|nr)\.$", re.IGNORECASE)


def _joined_titles(line: str, offset: int) -> Iterator[tuple[int, int]]:
    """Split a line with spaCy, mending cuts behind a title ("Mr. Bell", "no. 5")."""
    # spaCy takes quadratic time over a word that is all punctuation; dull its inside.
    dulled = _ENDLESS_WORD.sub(lambda word: word[0][-1].rjust(len(word[0]), "x"), line)
    begin = 0
    for end in _sentence_ends(dulled):
        tail = line[max(begin, end - _TITLE_ROOM) : end]
        is_number = _NUMBER.search(tail) and line[end : end + 2].strip()[:1].isdigit()
        if is_number or _TITLE.search(tail):
            continue
        yield offset + begin, offset + end
        begin = end
    if begin < len(line):
        yield offset + begin, offset + len(line)


def _sentence_ends(line: str) -> list[int]:
    # spaCy's store of words is neither safe between threads nor bounded. Words it knows are quick,
    # so it is thrown away only when it has grown large.
    with _LOCK:
        splitter = _splitter()
        ends = [sentence.end_char for sentence in splitter(line).sents]
        if len(splitter.vocab.strings) > MOST_STRINGS:
            _splitter.cache_clear()
    return ends


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    rough = text[start:end]
    # most sentences need no cut, which is told faster than where their words stand
    if len(rough) <= _LONGEST_WORD and len(rough.split()) <= MOST_WORDS:
        first = start + len(rough) - len(rough.lstrip())
        yield first, first + len(rough.strip())
        return
    words = [
        (first, min(first + _LONGEST_WORD, word.end()))
        for word in _WORD.finditer(text, start, end)
        for first in range(word.start(), word.end(), _LONGEST_WORD)
    ]
    for index in range(0, len(words), MOST_WORDS):
        chunk = words[index : index + MOST_WORDS]
        yield chunk[0][0], chunk[-1][1]


_ROLES: Final = {role: place for place, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class SentenceTable:
    """All sentences of a batch, one row each, and their distinct texts.

    Parameters
    ----------
    transcript, turn : ndarray of int64, shape (sentences,)
        Position of the transcript in the batch, and of the turn in the transcript.
    start, end : ndarray of int64, shape (sentences,)
        Character span in the turn's text.
    text : ndarray of int64, shape (sentences,)
        Position in `texts`.
    speaker : ndarray of int64, shape (sentences,)
        Position of the turn's role in `Role`.
    texts : tuple of str
        Each distinct sentence once.
    offsets : ndarray of int64, shape (transcripts + 1,)
        Rows ``offsets[i]:offsets[i + 1]`` belong to transcript ``i``.
    """

    transcript: NDArray[np.int64]
    turn: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    text: NDArray[np.int64]
    speaker: NDArray[np.int64]
    texts: tuple[str, ...]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.text)

    def said_by(self, role: Role) -> NDArray[np.bool_]:
        """Tell which sentences a role says.

        Parameters
        ----------
        role : Role
            Who.

        Returns
        -------
        ndarray of bool, shape (sentences,)
            True where it does.
        """
        return np.asarray(self.speaker == _ROLES[role])


def sentence_table(
    transcripts: Sequence[Transcript],
    roles: Iterable[Role] = (Role.AGENT, Role.CUSTOMER),
    included: Sequence[bool] | None = None,
) -> SentenceTable:
    """Cut the turns of a batch into one flat table of sentences.

    Parameters
    ----------
    transcripts : sequence of Transcript
        The batch.
    roles : iterable of Role, default agent and customer
        Whose turns.
    included : sequence of bool, optional
        Which transcripts; the others get no rows.

    Returns
    -------
    SentenceTable
        In the order of transcripts, turns and sentences.
    """
    wanted = frozenset(roles)
    known: dict[str, int] = {}
    rows: list[tuple[int, int, int, int, int, int]] = []
    offsets = [0]
    for number, transcript in enumerate(transcripts):
        if included is None or included[number]:
            for index, turn in enumerate(transcript.turns):
                if turn.role in wanted:
                    speaker = _ROLES[turn.role]
                    for start, end in sentence_spans(turn.text):
                        text = known.setdefault(" ".join(turn.text[start:end].split()), len(known))
                        rows.append((number, index, start, end, text, speaker))
        offsets.append(len(rows))
    # each column on its own, since one that is strided is slow to go through
    number, index, start, end, text, speaker = np.ascontiguousarray(
        np.array(rows, dtype=np.int64).reshape(-1, 6).T
    )
    first_rows = np.array(offsets, dtype=np.int64)
    return SentenceTable(number, index, start, end, text, speaker, tuple(known), first_rows)

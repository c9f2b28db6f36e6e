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
    splitter = _splitter()
    # the zone frees spaCy's store of words, which is neither bounded nor safe between threads
    with _LOCK, splitter.memory_zone():
        return [sentence.end_char for sentence in splitter(line).sents]


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    words = [
        (first, min(first + _LONGEST_WORD, word.end()))
        for word in _WORD.finditer(text, start, end)
        for first in range(word.start(), word.end(), _LONGEST_WORD)
    ]
    for index in range(0, len(words), MOST_WORDS):
        chunk = words[index : index + MOST_WORDS]
        yield chunk[0][0], chunk[-1][1]


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
    texts: tuple[str, ...]
    offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.text)


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
    rows: list[tuple[int, int, int, int, int]] = []
    offsets = [0]
    for number, transcript in enumerate(transcripts):
        if included is None or included[number]:
            for index, turn in enumerate(transcript.turns):
                if turn.role in wanted:
                    for start, end in sentence_spans(turn.text):
                        text = " ".join(turn.text[start:end].split())
                        rows.append((number, index, start, end, known.setdefault(text, len(known))))
        offsets.append(len(rows))
    columns = np.array(rows, dtype=np.int64).reshape(-1, 5).T
    first_rows = np.array(offsets, dtype=np.int64)
    return SentenceTable(
        columns[0], columns[1], columns[2], columns[3], columns[4], tuple(known), first_rows
    )

"""What a turn is worth, which is the answer on its whole text, and its strongest sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa_nlp.signals.answers import Answers, TextHead, pooled_answers
from qa_nlp.signals.base import Array, Batch, Span
from qa_nlp.text.sentences import SentenceTable
from qa_nlp.transcript import Role, Transcript

__all__ = [
    "Sentence",
    "SpokenTurns",
    "answers_on_turns",
    "is_long",
    "turns_of",
]

Index = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that stands for its turn.

    Parameters
    ----------
    value : float
        What was measured on it, or on its turn.
    turn, start, end : int
        Characters of a turn.
    text : int
        Position among the batch's distinct sentences.
    """

    value: float
    turn: int
    start: int
    end: int
    text: int

    def span(self, note: str, share: float = 1.0, *, raises: bool | None = None) -> Span:
        """Give the sentence as evidence.

        Parameters
        ----------
        note : str
            What was measured.
        share : float, default 1
            Part of the signal's effect that it explains.
        raises : bool, optional
            Whether it raises the signal's value or lowers it.

        Returns
        -------
        Span
            Its characters.
        """
        return Span(share, self.turn, self.start, self.end, note, raises=raises)


@dataclass(frozen=True, slots=True, eq=False)
class SpokenTurns:
    """The turns of one role in a batch; those without words are left out.

    Parameters
    ----------
    batch : Batch
        The batch.
    rows : ndarray of int64, shape (sentences of the role,)
        Rows of ``batch.sentences``.
    begins : ndarray of int64, shape (turns,)
        Where in `rows` each turn begins.
    turns : ndarray of int64, shape (turns,)
        Position of each in its transcript.
    offsets : list of int, length transcripts + 1
        Turns ``offsets[i]:offsets[i + 1]`` belong to transcript ``i``.
    """

    batch: Batch
    rows: Index
    begins: Index
    turns: Index
    offsets: list[int]

    @classmethod
    def of(cls, batch: Batch, role: Role) -> SpokenTurns:
        """Find the turns of a role.

        Parameters
        ----------
        batch : Batch
            The batch.
        role : Role
            Whose.

        Returns
        -------
        SpokenTurns
            In order.
        """
        table = batch.sentences
        rows = np.flatnonzero(table.said_by(role))
        owner = batch.turn_of[rows]
        begins = np.flatnonzero(np.diff(owner, prepend=-1))
        first = rows[begins]
        offsets = np.searchsorted(first, table.offsets).tolist()
        return cls(batch, rows, begins, table.turn[first], offsets)

    def by_transcript(self, values: NDArray[Any]) -> list[dict[int, float]]:
        """Give each transcript its part of what was measured on the turns.

        Parameters
        ----------
        values : ndarray, shape (turns,)
            One for each.

        Returns
        -------
        list of dict of int to float
            For each transcript, turn to value; in order.
        """
        turns, found = self.turns.tolist(), values.tolist()
        return [dict(zip(turns[own], found[own], strict=True)) for own in self._slices()]

    def answers(self, values: Array) -> Array:
        """Choose from what is told of all turns of the batch.

        Parameters
        ----------
        values : ndarray, shape (turns that have sentences, any)
            From ``batch.turn_answers``.

        Returns
        -------
        ndarray, shape (turns, any)
            That of these turns.
        """
        return np.asarray(values[self.batch.turn_of[self.rows[self.begins]]])

    def speaking(
        self, of_turns: Array, of_sentences: Array, column: Index | None = None
    ) -> list[dict[int, Sentence]]:
        """Let the strongest sentence of each turn speak for what the turn is worth.

        Parameters
        ----------
        of_turns : ndarray of float64, shape (turns,)
            What each is worth.
        of_sentences : ndarray of float64, shape (distinct sentences,) or (distinct sentences, any)
            What tells the strongest sentence.
        column : ndarray of int64, shape (turns,), optional
            Which column tells it, where there are several.

        Returns
        -------
        list of dict of int to Sentence
            For each transcript, turn to its strongest sentence, the first of several, with the
            value of the turn; in order.
        """
        text = self.batch.sentences.text[self.rows]
        lengths = np.diff(self.begins, append=len(self.rows))
        strength = (
            of_sentences[text] if column is None else of_sentences[text, np.repeat(column, lengths)]
        )
        greatest = np.repeat(np.maximum.reduceat(strength, self.begins), lengths)
        behind = len(self.rows)
        places = np.where(strength < greatest, behind, np.arange(behind))
        chosen = self.rows[np.minimum.reduceat(places, self.begins)]
        spoken = self._sentences(chosen, of_turns)
        return [{one.turn: one for one in spoken[own]} for own in self._slices()]

    def strongest(self, of_sentences: Array) -> list[list[Sentence]]:
        """Find the strongest sentences of each transcript.

        Parameters
        ----------
        of_sentences : ndarray of float64, shape (distinct sentences, columns)
            What to compare.

        Returns
        -------
        list of list of Sentence
            For each transcript and column the sentence with the highest value, the first of
            several; an empty list where the role says nothing.
        """
        table = self.batch.sentences
        found: list[list[Sentence]] = []
        for low, high in self._row_ranges():
            rows = self.rows[low:high]
            if not len(rows):
                found.append([])
                continue
            values = of_sentences[table.text[rows]]
            places = values.argmax(axis=0)
            found.append(
                self._sentences(rows[places], np.take_along_axis(values, places[None], axis=0)[0])
            )
        return found

    def sentence_counts(self) -> list[int]:
        """Count the sentences of the role in each transcript.

        Returns
        -------
        list of int
            One for each.
        """
        return [high - low for low, high in self._row_ranges()]

    def _slices(self) -> Iterator[slice]:
        return map(slice, self.offsets[:-1], self.offsets[1:])

    def _row_ranges(self) -> Iterator[tuple[int, int]]:
        ends = [*self.begins.tolist(), len(self.rows)]
        bounds = [ends[place] for place in self.offsets]
        return pairwise(bounds)

    def _sentences(self, rows: Index, values: Array) -> list[Sentence]:
        table = self.batch.sentences
        columns = (table.turn, table.start, table.end, table.text)
        return list(map(Sentence, values.tolist(), *(column[rows].tolist() for column in columns)))


def turns_of(table: SentenceTable) -> NDArray[np.int64]:
    """Give each sentence the number of its turn, over a whole batch.

    Parameters
    ----------
    table : SentenceTable
        The sentences.

    Returns
    -------
    ndarray of int64, shape (sentences,)
        Number of the turn of each, from 0 on, in the order of the table.
    """
    begins = np.ones(len(table), dtype=np.bool_)
    begins[1:] = (np.diff(table.transcript) != 0) | (np.diff(table.turn) != 0)
    return np.cumsum(begins) - 1


def answers_on_turns(
    table: SentenceTable, heads: Mapping[str, TextHead], logits: Mapping[str, Array]
) -> dict[str, Answers]:
    """Answer for turns as for any texts, by the logits of their sentences.

    Parameters
    ----------
    table : SentenceTable
        The sentences.
    heads : mapping of str to TextHead
        By task.
    logits : mapping of str to ndarray of float64, shape (distinct sentences, columns)
        What each head gave for the distinct sentences.

    Returns
    -------
    dict of str to Answers
        By task; rows as `turns_of` numbers them.
    """
    owner, length = turns_of(table), table.end - table.start
    turns = int(owner[-1]) + 1 if len(table) else 0
    return {
        task: pooled_answers(head, logits[task][table.text], owner, length, turns)
        for task, head in heads.items()
    }


def is_long(transcript: Transcript, turn: int, fewest_words: int) -> bool:
    """Tell whether a turn has enough words for a judgement.

    Parameters
    ----------
    transcript : Transcript
        The conversation.
    turn : int
        Position of the turn.
    fewest_words : int
        Words between white space that it needs, from 1 on.

    Returns
    -------
    bool
        True where it has them.
    """
    # the words beyond those needed are left in one piece
    return len(transcript.turns[turn].text.split(None, fewest_words - 1)) >= fewest_words

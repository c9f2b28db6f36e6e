"""What a turn is worth, which is the answer on its whole text, and its strongest sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qa_nlp.signals.answers import Answers, TextHead, pooled_answers
from qa_nlp.signals.base import Array, Batch, Span
from qa_nlp.text.sentences import SentenceTable
from qa_nlp.transcript import Role

__all__ = [
    "Sentence",
    "answers_on_turns",
    "long_turns",
    "speaking_sentences",
    "strongest_sentences",
    "turn_rows",
    "turn_values",
    "turns_of",
]


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


def turn_rows(batch: Batch, position: int, role: Role) -> dict[int, list[int]]:
    """Find the sentences of each turn of one role.

    Parameters
    ----------
    batch : Batch
        The batch.
    position : int
        Which transcript.
    role : Role
        Whose turns.

    Returns
    -------
    dict of int to list of int
        Turn to rows of ``batch.sentences``, in order; turns without words are left out.
    """
    table = batch.sentences
    turns = batch.transcripts[position].turns
    rows: dict[int, list[int]] = {}
    for row in range(table.offsets[position], table.offsets[position + 1]):
        turn = int(table.turn[row])
        if turns[turn].role is role:
            rows.setdefault(turn, []).append(row)
    return rows


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


def turn_values(batch: Batch, position: int, values: Array, role: Role) -> dict[int, float]:
    """Give a value of each turn of one role.

    Parameters
    ----------
    batch : Batch
        The batch.
    position : int
        Which transcript.
    values : ndarray, shape (turns that have sentences,)
        From ``batch.turn_answers``.
    role : Role
        Whose turns.

    Returns
    -------
    dict of int to float
        In order; turns without words are left out.
    """
    return {
        turn: float(values[batch.turn_of[rows[0]]])
        for turn, rows in turn_rows(batch, position, role).items()
    }


def speaking_sentences(
    batch: Batch, position: int, values: Array, of_sentences: Array, role: Role
) -> dict[int, Sentence]:
    """Let the strongest sentence of each turn of one role speak for what the turn is worth.

    Parameters
    ----------
    batch : Batch
        The batch.
    position : int
        Which transcript.
    values : ndarray, shape (turns that have sentences,)
        From ``batch.turn_answers``.
    of_sentences : ndarray, shape (distinct sentences,)
        What tells the strongest sentence.
    role : Role
        Whose turns.

    Returns
    -------
    dict of int to Sentence
        Turn to its strongest sentence, with the value of the turn; in order.
    """
    worth = turn_values(batch, position, values, role)
    strongest = strongest_sentences(batch, position, of_sentences, role)
    return {turn: replace(one, value=worth[turn]) for turn, one in strongest.items()}


def strongest_sentences(
    batch: Batch, position: int, values: Array, role: Role
) -> dict[int, Sentence]:
    """Find the sentence with the highest value in each turn of one role.

    Parameters
    ----------
    batch : Batch
        The batch.
    position : int
        Which transcript.
    values : ndarray, shape (distinct sentences,)
        What to compare.
    role : Role
        Whose turns.

    Returns
    -------
    dict of int to Sentence
        Turn to its strongest sentence, the first of several; in order.
    """
    table = batch.sentences
    strongest = {}
    for turn, rows in turn_rows(batch, position, role).items():
        row = max(rows, key=lambda row: values[table.text[row]])
        text = int(table.text[row])
        strongest[turn] = Sentence(
            float(values[text]), turn, int(table.start[row]), int(table.end[row]), text
        )
    return strongest


def long_turns(batch: Batch, position: int, fewest_words: int) -> frozenset[int]:
    """Find the turns that have enough words for a judgement.

    Parameters
    ----------
    batch : Batch
        The batch.
    position : int
        Which transcript.
    fewest_words : int
        Words between white space that a turn needs.

    Returns
    -------
    frozenset of int
        The turns, of any role.
    """
    turns = batch.transcripts[position].turns
    return frozenset(
        index for index, turn in enumerate(turns) if len(turn.text.split()) >= fewest_words
    )

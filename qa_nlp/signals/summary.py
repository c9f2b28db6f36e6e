"""A conversation's vectors in a few stretches, from which a calibrator may learn.

Each turn is the mean of its sentences' vectors and features, followed by what the classifiers say
of them. A conversation is then six such rows: the last turn and the mean turn of the customer and
of the agent, and the mean of the first and of the last turns. No words can be read back from the
few weights that a calibrator keeps of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from qa_nlp.signals.base import Batch
from qa_nlp.transcript import Role

__all__ = ["VIEWS", "Summarised", "Summary", "summaries"]

Array = NDArray[np.float64]

Summarised = Literal["no", "end", "turns"]
"""Whether texts are summarised: not at all, at their end, or after each of their turns too."""

_TASKS: Final = (
    "sentiment",
    "emotion_group",
    "politeness",
    "emotional_reactions",
    "interpretations",
    "explorations",
)
_EDGE: Final = 4
"""Turns that are the opening, and the closing."""

_BLOCKS: Final = ("customer_last", "agent_last", "customer", "agent", "opening", "closing")

VIEWS: Final = MappingProxyType(
    {
        "whole": ("customer", "agent"),
        "last": ("customer_last", "agent_last"),
        "last and whole": ("customer_last", "agent_last", "customer", "agent"),
        "parts": ("customer", "agent", "opening", "closing", "customer_last"),
    }
)
"""Stretches that a calibrator may look at together."""


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """Summary of one conversation after each of its turns.

    Parameters
    ----------
    rows : ndarray of float32, shape (turns, blocks, width)
        After each turn; all 0 for what nobody said yet. Without turns that could be read: no rows.
    roles : tuple of Role
        Who said each of these turns.
    encoder : str, default ""
        Fingerprint of what encoded the sentences; rows of different encoders cannot be compared.
    """

    rows: NDArray[np.float32]
    roles: tuple[Role, ...]
    encoder: str = ""

    def view(self, name: str) -> Array:
        """Give some stretches of the whole conversation, one after the other.

        Parameters
        ----------
        name : str
            Of `VIEWS`.

        Returns
        -------
        ndarray of float64, shape (stretches of the view * width,)
            Their rows; 0 where nothing could be read.
        """
        blocks = [_BLOCKS.index(block) for block in VIEWS[name]]
        if not len(self.rows):
            return np.zeros(len(blocks) * self.rows.shape[2])
        return self.rows[-1, blocks].astype(np.float64).ravel()

    def at_end(self) -> Summary:
        """Give the summary of the whole conversation only.

        Returns
        -------
        Summary
            Its last row.
        """
        return Summary(self.rows[-1:].copy(), self.roles[-1:], self.encoder)

    def turn_views(self, name: str, role: Role) -> Array:
        """Give a view after each turn of one speaker.

        Parameters
        ----------
        name : str
            Of `VIEWS`.
        role : Role
            After whose turns.

        Returns
        -------
        ndarray of float64, shape (turns of that role, columns of the view)
            In order.
        """
        blocks = [_BLOCKS.index(block) for block in VIEWS[name]]
        turns = [turn for turn, said_by in enumerate(self.roles) if said_by is role]
        return (
            self.rows[turns][:, blocks]
            .astype(np.float64)
            .reshape(len(turns), len(blocks) * self.rows.shape[2])
        )


def summaries(batch: Batch, *, every_turn: bool) -> list[Summary]:
    """Summarise the conversations of a batch.

    Parameters
    ----------
    batch : Batch
        With sentence vectors and class probabilities.
    every_turn : bool
        Whether to summarise after each turn, or at the end only.

    Returns
    -------
    list of Summary
        One for each transcript.
    """
    told = [batch.heads[task] for task in _TASKS if task in batch.heads]
    features = [batch.features] if batch.features.size else []
    distinct = np.hstack([batch.vectors, *features, *told]).astype(np.float64)
    table = batch.sentences
    found = []
    for position, transcript in enumerate(batch.transcripts):
        rows = slice(table.offsets[position], table.offsets[position + 1])
        turns, owner = np.unique(table.turn[rows], return_inverse=True)
        sums = np.zeros((len(turns), distinct.shape[1]))
        np.add.at(sums, owner, distinct[table.text[rows]])
        means = sums / np.bincount(owner, minlength=len(turns))[:, None]
        roles = tuple(transcript.turns[turn].role for turn in turns)
        found.append(_summary(means, roles, every_turn=every_turn))
    return found


def _summary(turns: Array, roles: tuple[Role, ...], *, every_turn: bool) -> Summary:
    size, width = turns.shape
    if size == 0:
        return Summary(np.zeros((0, len(_BLOCKS), width), dtype=np.float32), ())
    numbers = np.arange(size)
    sides = []
    for role in (Role.CUSTOMER, Role.AGENT):
        said = np.array([one is role for one in roles])
        count = np.cumsum(said)
        mean = np.cumsum(turns * said[:, None], axis=0) / np.maximum(count, 1)[:, None]
        last = np.maximum.accumulate(np.where(said, numbers, -1))
        sides.append((np.where(last[:, None] >= 0, turns[np.maximum(last, 0)], 0.0), mean))
    total = np.vstack([np.zeros(width), np.cumsum(turns, axis=0)])
    ends = numbers + 1
    opening = total[np.minimum(ends, _EDGE)] / np.minimum(ends, _EDGE)[:, None]
    begins = np.maximum(ends - _EDGE, 0)
    closing = (total[ends] - total[begins]) / (ends - begins)[:, None]
    (customer_last, customer), (agent_last, agent) = sides
    blocks = (customer_last, agent_last, customer, agent, opening, closing)
    kept = slice(None) if every_turn else slice(-1, None)
    rows = np.stack([block[kept] for block in blocks], axis=1).astype(np.float32)
    return Summary(rows, roles[kept])

"""How the agent answers feelings: three mechanisms of empathy, and the chances taken or missed.

The mechanisms are those of Sharma, Miner, Atkins & Althoff 2020, "A Computational Approach to
Understanding Empathy Expressed in Text-Based Mental Health Support": emotional reactions (warmth),
interpretations (understanding put into words) and explorations (interest in what was not said),
each none (0), weak (1) or strong (2).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from qa_nlp.signals.base import Array, Batch, Column, SignalSpec, Span
from qa_nlp.signals.sentiment import turn_means, valence
from qa_nlp.transcript import Role

__all__ = ["EMPATHY", "MECHANISMS", "expected_levels", "measure_empathy"]

MECHANISMS: Final = ("emotional_reactions", "interpretations", "explorations")
EMOTIONAL: Final = -0.35
"""A customer's turn of this valence or below asks for an empathic answer."""
FEWEST_WORDS: Final = 3
"""A turn of fewer words, a bare no or a goodbye, asks for no empathic answer."""
ANSWERED: Final = 0.7
"""Expected level of a reaction or interpretation from which an agent's turn answers a feeling."""

_SOURCE: Final = "Mechanisms: Sharma, Miner, Atkins & Althoff 2020."

EMPATHY: Final = (
    *(
        SignalSpec(
            f"empathy.{mechanism}",
            f"Expected level of {mechanism.replace('_', ' ')} in the agent's strongest sentence.",
            "level", 0, 2, 0, 1.5, source=_SOURCE,
        )
        for mechanism in MECHANISMS
    ),
    SignalSpec(
        "empathy.answered_share",
        "Share of the customer's emotional turns that the agent's next turn answers with empathy.",
        "share", 0, 1, 0, 1, source="Own definition on those mechanisms.",
    ),
)  # fmt: skip


def expected_levels(batch: Batch, mechanism: str) -> Array:
    """Give the expected level of a mechanism for each distinct sentence.

    Parameters
    ----------
    batch : Batch
        With a head of the mechanism's name (classes 0, 1, 2).
    mechanism : str
        One of `MECHANISMS`.

    Returns
    -------
    ndarray of float64, shape (distinct sentences,)
        0 to 2.
    """
    probabilities = batch.heads[mechanism]
    return np.asarray(probabilities[:, 1] + 2 * probabilities[:, 2])


def measure_empathy(batch: Batch) -> dict[str, Column]:
    """Measure the agent's empathy.

    Parameters
    ----------
    batch : Batch
        With the heads ``sentiment`` and the three mechanisms.

    Returns
    -------
    dict of str to Column
        One column for each of `EMPATHY`; NaN where the agent says nothing, and for the share of
        answers where the customer shows no feeling that asks for one.
    """
    levels = {mechanism: expected_levels(batch, mechanism) for mechanism in MECHANISMS}
    columns = {f"empathy.{name}": _strongest(batch, values) for name, values in levels.items()}
    caring = np.maximum(levels["emotional_reactions"], levels["interpretations"])
    columns["empathy.answered_share"] = _answered(batch, caring)
    return columns


def _strongest(batch: Batch, levels: Array) -> Column:
    table = batch.sentences
    values = np.full(len(batch.transcripts), np.nan)
    evidence: list[tuple[Span, ...]] = [()] * len(values)
    for position, transcript in enumerate(batch.transcripts):
        rows = [
            row
            for row in range(table.offsets[position], table.offsets[position + 1])
            if transcript.turns[table.turn[row]].role is Role.AGENT
        ]
        if rows:
            best = max(rows, key=lambda row: levels[table.text[row]])
            level = float(levels[table.text[best]])
            values[position] = level
            note = f"strongest of {len(rows)}: level {level:.1f} of 2"
            start, end = int(table.start[best]), int(table.end[best])
            evidence[position] = (
                Span(1.0, int(table.turn[best]), start, end, note, raises=True),
                Span(1.0, note=f"no sentence of {len(rows)} above level {level:.1f}", raises=False),
            )
    return Column(values, evidence)


def _answered(batch: Batch, caring: Array) -> Column:
    values = np.full(len(batch.transcripts), np.nan)
    evidence: list[tuple[Span, ...]] = [()] * len(values)
    scores = valence(batch)
    for position, transcript in enumerate(batch.transcripts):
        feelings = turn_means(batch, position, scores, Role.CUSTOMER)
        emotional = [
            turn
            for turn, value in feelings.items()
            if value <= EMOTIONAL and len(transcript.turns[turn].text.split()) >= FEWEST_WORDS
        ]
        answers = _best_sentences(batch, position, caring)
        asked = [(turn, _next_agent_turn(batch, position, turn)) for turn in emotional]
        asked = [(turn, answer) for turn, answer in asked if answer is not None]
        if not asked:
            continue
        taken = [(turn, a) for turn, a in asked if a in answers and answers[a][0] >= ANSWERED]
        missed = [turn for turn, a in asked if a not in answers or answers[a][0] < ANSWERED]
        values[position] = len(taken) / len(asked)
        spans = [
            Span(
                1 / len(missed),
                turn,
                0,
                len(transcript.turns[turn].text),
                "feeling not answered",
                raises=False,
            )
            for turn in missed
        ]
        for turn, answer in taken:
            _, start, end = answers[answer]
            note = f"answers turn {turn}"
            spans.append(Span(1 / len(taken), answer, start, end, note, raises=True))
        evidence[position] = tuple(spans)
    return Column(values, evidence)


def _best_sentences(
    batch: Batch, position: int, levels: Array
) -> dict[int | None, tuple[float, int, int]]:
    """For each turn of the agent, the sentence with the highest level: (level, start, end)."""
    table = batch.sentences
    turns = batch.transcripts[position].turns
    best: dict[int | None, tuple[float, int, int]] = {}
    for row in range(table.offsets[position], table.offsets[position + 1]):
        turn = int(table.turn[row])
        if turns[turn].role is Role.AGENT:
            found = (float(levels[table.text[row]]), int(table.start[row]), int(table.end[row]))
            if turn not in best or found[0] > best[turn][0]:
                best[turn] = found
    return best


def _next_agent_turn(batch: Batch, position: int, turn: int) -> int | None:
    """Give the agent's turn that follows before the customer speaks again; None at the end."""
    turns = batch.transcripts[position].turns
    for index in range(turn + 1, len(turns)):
        if turns[index].role is Role.AGENT:
            return index
        if turns[index].role is Role.CUSTOMER:
            return None
    return None

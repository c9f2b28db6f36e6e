"""How the agent answers feelings: three mechanisms of empathy, and the chances taken or missed.

The mechanisms are those of Sharma, Miner, Atkins & Althoff 2020, "A Computational Approach to
Understanding Empathy Expressed in Text-Based Mental Health Support": emotional reactions (warmth),
interpretations (understanding put into words) and explorations (interest in what was not said),
each none (0), weak (1) or strong (2).
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Final

import numpy as np

from qa_nlp.signals.base import Array, Batch, Column, Measured, SignalSpec, Span, columns_of
from qa_nlp.signals.emotion import SHOWN, negative_emotion
from qa_nlp.signals.turns import Sentence, SpokenTurns, is_long
from qa_nlp.transcript import Role, Transcript

__all__ = ["EMPATHY", "MECHANISMS", "emotional_turns", "expected_levels", "measure_empathy"]

MECHANISMS: Final = ("emotional_reactions", "interpretations", "explorations")
_CARING: Final = MECHANISMS[:2]
"""What answers a feeling; interest alone does not."""
EMOTIONAL: Final = -0.35
"""A customer's turn of this valence or below asks for an empathic answer."""
FEWEST_WORDS: Final = 3
"""A turn of fewer words, a bare no or a goodbye, asks for no empathic answer and has no tone."""
ANSWERED: Final = 0.7
"""Expected level of a reaction or interpretation from which an agent's turn answers a feeling."""

_SOURCE: Final = (
    'Mechanisms: Sharma, Miner, Atkins & Althoff 2020, "A Computational Approach to Understanding '
    'Empathy Expressed in Text-Based Mental Health Support".'
)
_OWN: Final = "Own definition on the mechanisms of Sharma, Miner, Atkins & Althoff 2020."

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
        "share", 0, 1, 0, 1, source=_OWN,
    ),
    SignalSpec(
        "empathy.missed",
        "Number of the customer's emotional turns that the agent's next turn answers without "
        "empathy.",
        "turns", 0, inf, 0, 3, source=_OWN,
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


def emotional_turns(batch: Batch) -> list[dict[int, int]]:
    """Find the customer's emotional turns, and the turns of the agent that answer them.

    A turn is emotional from a valence of `EMOTIONAL` downwards, or where it shows a negative
    emotion, and has at least `FEWEST_WORDS` words. Where the customer goes on, or the conversation
    ends, before the agent speaks, there is nothing to judge.

    Parameters
    ----------
    batch : Batch
        With the head ``sentiment`` or ``emotion_group``, or both.

    Returns
    -------
    list of dict of int to int
        For each transcript, emotional turn to the agent's turn that follows it; in order.
    """
    answers = batch.turn_answers
    spoken = SpokenTurns.of(batch, Role.CUSTOMER)
    emotional = np.zeros(len(spoken.turns), dtype=np.bool_)
    if "sentiment" in answers:
        emotional |= spoken.answers(answers["sentiment"].values) <= EMOTIONAL
    if "emotion_group" in answers:
        emotional |= spoken.answers(negative_emotion(batch)) >= SHOWN
    found = []
    for transcript, felt in zip(batch.transcripts, spoken.by_transcript(emotional), strict=True):
        next_turns = {
            turn: _next_agent_turn(transcript, turn)
            for turn, strongly in felt.items()
            if strongly and is_long(transcript, turn, FEWEST_WORDS)
        }
        found.append({turn: after for turn, after in next_turns.items() if after is not None})
    return found


def measure_empathy(batch: Batch) -> dict[str, Column]:
    """Measure the agent's empathy.

    Parameters
    ----------
    batch : Batch
        The conversations.

    Returns
    -------
    dict of str to Column
        One column for each of `EMPATHY`; NaN where the agent says nothing, and without the head
        that it needs. What is said about answers is NaN where the customer says nothing, the share
        of answers also where the customer shows no feeling that asks for one.
    """
    spoken = SpokenTurns.of(batch, Role.AGENT)
    levels = {
        mechanism: expected_levels(batch, mechanism)
        for mechanism in MECHANISMS
        if mechanism in batch.heads
    }
    measured: list[dict[str, Measured]] = [{} for _ in batch.transcripts]
    if levels:
        strongest = spoken.strongest(np.column_stack(list(levels.values())))
        for own, best, count in zip(measured, strongest, spoken.sentence_counts(), strict=True):
            own |= _mechanisms(dict(zip(levels, best, strict=False)), count)
    reads_feelings = not batch.heads.keys().isdisjoint({"sentiment", "emotion_group"})
    if reads_feelings and levels.keys() >= set(_CARING):
        caring = np.maximum(*(levels[name] for name in _CARING))
        turns = np.maximum(*(batch.turn_answers[name].values for name in _CARING))
        said = spoken.speaking(spoken.answers(turns), caring)
        heard = SpokenTurns.of(batch, Role.CUSTOMER).sentence_counts()
        for position, feelings in enumerate(emotional_turns(batch)):
            if said[position] and heard[position]:
                transcript = batch.transcripts[position]
                measured[position] |= _answers(transcript, said[position], feelings)
    return columns_of(EMPATHY, measured)


def _mechanisms(strongest_of: Mapping[str, Sentence], count: int) -> dict[str, Measured]:
    found: dict[str, Measured] = {}
    for mechanism, best in strongest_of.items():
        strongest = f"strongest of {count}: level {best.value:.1f} of 2"
        none = f"no sentence of {count} above level {best.value:.1f}"
        found[f"empathy.{mechanism}"] = (
            best.value,
            (best.span(strongest, raises=True), Span(1.0, note=none, raises=False)),
        )
    return found


def _answers(
    transcript: Transcript, said: Mapping[int, Sentence], feelings: Mapping[int, int]
) -> dict[str, Measured]:
    taken = [
        (turn, said[answer])
        for turn, answer in feelings.items()
        if answer in said and said[answer].value >= ANSWERED
    ]
    answered = {turn for turn, _ in taken}
    missed = [(turn, answer) for turn, answer in feelings.items() if turn not in answered]
    found = {"empathy.missed": _missed(transcript, taken, missed)}
    if feelings:
        found["empathy.answered_share"] = _answered_share(transcript, taken, missed)
    return found


def _answered_share(
    transcript: Transcript, taken: list[tuple[int, Sentence]], missed: list[tuple[int, int]]
) -> Measured:
    spans = [
        _whole(transcript, turn, "feeling not answered", 1 / len(missed), raises=False)
        for turn, _ in missed
    ]
    spans += [
        answer.span(f"answers turn {turn}", 1 / len(taken), raises=True) for turn, answer in taken
    ]
    return len(taken) / (len(taken) + len(missed)), tuple(spans)


def _missed(
    transcript: Transcript, taken: list[tuple[int, Sentence]], missed: list[tuple[int, int]]
) -> Measured:
    spans = []
    share = 0.5 / max(1, len(missed))
    for turn, answer in missed:
        note = f"no empathy for turn {turn}"
        spans.append(_whole(transcript, turn, "feeling not answered", share, raises=True))
        spans.append(_whole(transcript, answer, note, share, raises=True))
    spans += [
        answer.span(f"answers turn {turn}", 1 / len(taken), raises=False) for turn, answer in taken
    ]
    if not taken and not missed:
        spans.append(Span(1.0, note="no feeling that asks for an answer", raises=False))
    return float(len(missed)), tuple(spans)


def _whole(transcript: Transcript, turn: int, note: str, share: float, *, raises: bool) -> Span:
    return Span(share, turn, 0, len(transcript.turns[turn].text), note, raises=raises)


def _next_agent_turn(transcript: Transcript, turn: int) -> int | None:
    """Give the agent's turn that follows before the customer speaks again; None at the end."""
    turns = transcript.turns
    for index in range(turn + 1, len(turns)):
        if turns[index].role is Role.AGENT:
            return index
        if turns[index].role is Role.CUSTOMER:
            return None
    return None

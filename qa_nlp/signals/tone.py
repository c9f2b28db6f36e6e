"""How the agent sounds: politeness and warmth, on the whole and at the worst moment.

Politeness is the score of Danescu-Niculescu-Mizil, Sudhof, Jurafsky, Leskovec & Potts 2013, "A
Computational Approach to Politeness with Application to Social Factors", whose mean is 0 and whose
standard deviation is 1, as its normal CDF: .5 is as polite as the average request.

Warmth is the expected level of emotional reactions, which Sharma, Miner, Atkins & Althoff 2020
define as expressing warmth, compassion and concern. Gratitude and satisfaction are left out: every
script thanks for the call and is happy to help.
"""

from __future__ import annotations

from typing import Final

from qa_nlp.signals.base import Batch, Column, Measured, SignalSpec, Span, columns_of
from qa_nlp.signals.empathy import FEWEST_WORDS, emotional_turns, expected_levels
from qa_nlp.signals.turns import Sentence, long_turns, speaking_sentences, turn_values
from qa_nlp.transcript import Role

__all__ = ["TONE", "measure_tone"]

_POLITENESS: Final = (
    "Score: Danescu-Niculescu-Mizil, Sudhof, Jurafsky, Leskovec & Potts 2013, "
    '"A Computational Approach to Politeness with Application to Social Factors".'
)
_WARMTH: Final = (
    "Emotional reactions: Sharma, Miner, Atkins & Althoff 2020, "
    '"A Computational Approach to Understanding Empathy Expressed in Text-Based Mental Health '
    'Support".'
)

TONE: Final = (
    SignalSpec(
        "tone.politeness.mean",
        "Mean politeness of the agent's turns of three words or more; .5 is average.",
        "politeness", 0, 1, 0.4, 0.8, source=_POLITENESS,
    ),
    SignalSpec(
        "tone.politeness.worst",
        "Politeness of the agent's least polite turn of three words or more; .5 is average.",
        "politeness", 0, 1, 0.1, 0.6, source=_POLITENESS,
    ),
    SignalSpec(
        "tone.warmth",
        "Mean over the agent's turns of three words or more of the expected level of emotional "
        "reactions in the strongest sentence.",
        "level", 0, 2, 0, 0.6, source=_WARMTH,
    ),
    SignalSpec(
        "tone.coldest",
        "Expected level of emotional reactions in the agent's coldest answer to an emotional turn "
        "of the customer, where warmth is called for.",
        "level", 0, 2, 0, 1, source=_WARMTH,
    ),
)  # fmt: skip


def measure_tone(batch: Batch) -> dict[str, Column]:
    """Measure the agent's tone.

    Parameters
    ----------
    batch : Batch
        The conversations.

    Returns
    -------
    dict of str to Column
        One column for each of `TONE`; NaN where the agent has no turn of three words, for the
        coldest answer where there is no emotional turn to answer, and without the head that it
        needs.
    """
    measured: list[dict[str, Measured]] = [{} for _ in batch.transcripts]
    if "politeness" in batch.turn_answers:
        for position in range(len(measured)):
            measured[position] |= _politeness(batch, position)
    if "emotional_reactions" in batch.heads:
        turns = batch.turn_answers["emotional_reactions"].values
        sentences = expected_levels(batch, "emotional_reactions")
        for position, feelings in enumerate(emotional_turns(batch)):
            warm = speaking_sentences(batch, position, turns, sentences, Role.AGENT)
            measured[position] |= _warmth(batch, position, warm) | _coldest(warm, feelings)
    return columns_of(TONE, measured)


def _politeness(batch: Batch, position: int) -> dict[str, Measured]:
    polite = batch.turn_answers["politeness"].values
    said = turn_values(batch, position, polite, Role.AGENT)
    judged = long_turns(batch, position, FEWEST_WORDS)
    turns = {turn: value for turn, value in said.items() if turn in judged}
    if not turns:
        return {}

    def span(turn: int, what: str, *, raises: bool | None = None) -> Span:
        text = batch.transcripts[position].turns[turn].text
        return Span(1.0, turn, 0, len(text), f"{what}: politeness {turns[turn]:.2f}", raises=raises)

    best, worst = max(turns, key=turns.__getitem__), min(turns, key=turns.__getitem__)
    extremes = (
        span(best, "most polite turn", raises=True),
        span(worst, "least polite turn", raises=False),
    )
    return {
        "tone.politeness.mean": (sum(turns.values()) / len(turns), extremes),
        "tone.politeness.worst": (turns[worst], (span(worst, "least polite turn"),)),
    }


def _warmth(batch: Batch, position: int, warm: dict[int, Sentence]) -> dict[str, Measured]:
    judged = long_turns(batch, position, FEWEST_WORDS)
    turns = [sentence for turn, sentence in warm.items() if turn in judged]
    if not turns:
        return {}
    best = max(turns, key=lambda sentence: sentence.value)
    spans = (
        best.span(f"warmest of {len(turns)} turns: level {best.value:.1f} of 2", raises=True),
        Span(1.0, note=f"no turn of {len(turns)} above level {best.value:.1f}", raises=False),
    )
    return {"tone.warmth": (sum(one.value for one in turns) / len(turns), spans)}


def _coldest(warm: dict[int, Sentence], feelings: dict[int, int]) -> dict[str, Measured]:
    answers = [(warm[answer], turn) for turn, answer in feelings.items() if answer in warm]
    if not answers:
        return {}
    coldest, turn = min(answers, key=lambda answer: answer[0].value)
    note = f"coldest answer to a feeling, in turn {turn}: level {coldest.value:.1f} of 2"
    return {"tone.coldest": (coldest.value, (coldest.span(note),))}

"""How the agent sounds: politeness and warmth, on the whole and at the worst moment.

Politeness is the score of Danescu-Niculescu-Mizil, Sudhof, Jurafsky, Leskovec & Potts 2013, "A
Computational Approach to Politeness with Application to Social Factors", whose mean is 0 and whose
standard deviation is 1, as its normal CDF: .5 is as polite as the average request.

Warmth is the expected level of emotional reactions, which Sharma, Miner, Atkins & Althoff 2020
define as expressing warmth, compassion and concern. Gratitude and satisfaction are left out: every
script thanks for the call and is happy to help.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from qa_nlp.signals.base import Batch, Column, Measured, SignalSpec, Span, columns_of
from qa_nlp.signals.empathy import FEWEST_WORDS, emotional_turns, expected_levels
from qa_nlp.signals.turns import Sentence, SpokenTurns, is_long
from qa_nlp.transcript import Role, Transcript

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
    spoken = SpokenTurns.of(batch, Role.AGENT)
    if "politeness" in batch.turn_answers:
        polite = spoken.by_transcript(spoken.answers(batch.turn_answers["politeness"].values))
        for position, transcript in enumerate(batch.transcripts):
            measured[position] |= _politeness(transcript, polite[position])
    if "emotional_reactions" in batch.heads:
        turns = spoken.answers(batch.turn_answers["emotional_reactions"].values)
        said = spoken.speaking(turns, expected_levels(batch, "emotional_reactions"))
        for position, feelings in enumerate(emotional_turns(batch)):
            warm = _warmth(batch.transcripts[position], said[position])
            measured[position] |= warm | _coldest(said[position], feelings)
    return columns_of(TONE, measured)


def _politeness(transcript: Transcript, polite: Mapping[int, float]) -> dict[str, Measured]:
    turns = {
        turn: value for turn, value in polite.items() if is_long(transcript, turn, FEWEST_WORDS)
    }
    if not turns:
        return {}

    def span(turn: int, what: str, *, raises: bool | None = None) -> Span:
        text = transcript.turns[turn].text
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


def _warmth(transcript: Transcript, warm: Mapping[int, Sentence]) -> dict[str, Measured]:
    turns = [one for turn, one in warm.items() if is_long(transcript, turn, FEWEST_WORDS)]
    if not turns:
        return {}
    best = max(turns, key=lambda sentence: sentence.value)
    spans = (
        best.span(f"warmest of {len(turns)} turns: level {best.value:.1f} of 2", raises=True),
        Span(1.0, note=f"no turn of {len(turns)} above level {best.value:.1f}", raises=False),
    )
    return {"tone.warmth": (sum(one.value for one in turns) / len(turns), spans)}


def _coldest(warm: Mapping[int, Sentence], feelings: Mapping[int, int]) -> dict[str, Measured]:
    answers = [(warm[answer], turn) for turn, answer in feelings.items() if answer in warm]
    if not answers:
        return {}
    coldest, turn = min(answers, key=lambda answer: answer[0].value)
    note = f"coldest answer to a feeling, in turn {turn}: level {coldest.value:.1f} of 2"
    return {"tone.coldest": (coldest.value, (coldest.span(note),))}

"""How the conversation was led: who talks how much, who waits how long, what is asked.

The agent is whoever has the role ``agent``; bots, the system and unknown speakers are not. All
definitions are this project's own and are stated in the description of each signal; `timing` and
`questions` hold the details.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import chain
from math import inf, nan
from types import MappingProxyType
from typing import Final

import numpy as np

from qa_nlp.signals.base import Batch, Column, SignalSpec, Span
from qa_nlp.signals.questions import (
    count_questions,
    is_unpunctuated,
    question_openings,
    question_spans,
)
from qa_nlp.signals.timing import Stretch, duration, overlaps, response_times, silences
from qa_nlp.text.words import UNSPACED_LANGUAGES, count_words
from qa_nlp.transcript import Role, Transcript, Turn

__all__ = ["CONDUCT", "SHORTEST_HOLD", "measure_conduct"]

SHORTEST_HOLD: Final = 15.0
"""Seconds of silence from which a silence is taken for a hold."""

_MOST_SPANS: Final = 3


def _spec(
    name: str, unit: str, typical: tuple[float, float], description: str, high: float = inf
) -> SignalSpec:
    return SignalSpec(
        f"conduct.{name}", description, unit, 0.0, high, *typical, source="own definition"
    )


CONDUCT: Final[tuple[SignalSpec, ...]] = (
    _spec(
        "agent_talk_share",
        "share",
        (0.3, 0.7),
        "Words of the agent as a share of the words of agent and customer; nothing to measure "
        "where one of them has no turn, or in languages without spaces between words.",
        high=1.0,
    ),
    _spec("turns", "turns", (6.0, 40.0), "Number of turns of agent and customer."),
    _spec(
        "agent_words_per_turn",
        "words",
        (8.0, 32.0),
        "Words of the agent divided by the agent's turns; nothing to measure in languages without "
        "spaces between words.",
    ),
    _spec(
        "agent_questions",
        "questions",
        (0.0, 8.0),
        "Number of the agent's sentences with a question mark. Where a whole conversation has no "
        "question mark and no full stop, as raw speech recognition leaves it, English question "
        "openings are counted and other languages are not measured.",
    ),
    _spec(
        "response_time_median",
        "seconds",
        (0.0, 60.0),
        "Median time from the customer's turn (voice: its end; chat and e-mail: its start) to the "
        "start of the agent's turn that follows it.",
    ),
    _spec(
        "response_time_longest",
        "seconds",
        (0.0, 180.0),
        "Longest of the times whose median is conduct.response_time_median.",
    ),
    _spec(
        "longest_silence",
        "seconds",
        (0.0, 60.0),
        "Longest time between two turns in which nobody speaks (voice only).",
    ),
    _spec(
        "overlap_share",
        "share",
        (0.0, 0.1),
        "Share of the duration in which agent and customer both speak (voice only).",
        high=1.0,
    ),
    _spec(
        "hold_time",
        "seconds",
        (0.0, 180.0),
        f"Sum of the silences of {SHORTEST_HOLD:g} seconds or more (voice only).",
    ),
    _spec(
        "duration",
        "seconds",
        (60.0, 900.0),
        "Time from the first to the last moment in which agent or customer speak or write.",
    ),
)
"""The conduct signals; none has a scope."""

Measured = tuple[float, tuple[Span, ...]]
_NOTHING: Final[Measured] = (nan, ())


def measure_conduct(batch: Batch, names: Collection[str]) -> dict[str, Column]:
    """Measure conduct signals.

    Parameters
    ----------
    batch : Batch
        The conversations.
    names : collection of str
        Which signals; names of other families are left out.

    Returns
    -------
    dict of str to Column
        By name, in the order of `CONDUCT`.
    """
    wanted = [spec.name for spec in CONDUCT if spec.name in names]
    values = np.full((len(wanted), len(batch.transcripts)), nan)
    evidence: list[list[tuple[Span, ...]]] = [[] for _ in wanted]
    pairs = zip(batch.transcripts, batch.languages, strict=True)
    for position, (transcript, language) in enumerate(pairs):
        facts = _Facts(transcript, language)
        for row, name in enumerate(wanted):
            values[row, position], spans = _MEASURES[name](facts)
            evidence[row].append(spans)
    return {name: Column(values[row], tuple(evidence[row])) for row, name in enumerate(wanted)}


class _Facts:
    """What several signals of one conversation need, each found out at most once."""

    def __init__(self, transcript: Transcript, language: str | None) -> None:
        self.transcript = transcript
        self.language = language

    @cached_property
    def agent(self) -> list[Turn]:
        return [turn for turn in self.transcript.turns if turn.role is Role.AGENT]

    @cached_property
    def customer(self) -> list[Turn]:
        return [turn for turn in self.transcript.turns if turn.role is Role.CUSTOMER]

    @cached_property
    def agent_words(self) -> int:
        return sum(count_words(turn.text) for turn in self.agent)

    @cached_property
    def answers(self) -> list[Stretch]:
        return response_times(self.transcript)

    @cached_property
    def gaps(self) -> list[Stretch]:
        return silences(self.transcript)

    @cached_property
    def duration(self) -> float | None:
        return duration(self.transcript)

    @property
    def spaced(self) -> bool:
        return self.language not in UNSPACED_LANGUAGES

    def whole_turn(self, index: int, note: str, share: float = 1.0) -> Span:
        return Span(share, index, 0, len(self.transcript.turns[index].text), note)


def _talk_share(facts: _Facts) -> Measured:
    if not facts.agent or not facts.customer or not facts.spaced:
        return _NOTHING
    said = facts.agent_words
    total = said + sum(count_words(turn.text) for turn in facts.customer)
    if total == 0:
        return _NOTHING
    return said / total, _note(f"agent: {said} of {_counted(total, 'word')}")


def _turns(facts: _Facts) -> Measured:
    agent, customer = len(facts.agent), len(facts.customer)
    if agent + customer == 0:
        return _NOTHING
    note = f"{_counted(agent, 'agent turn')}, {_counted(customer, 'customer turn')}"
    return float(agent + customer), _note(note)


def _words_per_turn(facts: _Facts) -> Measured:
    agent = len(facts.agent)
    if not agent or not facts.spaced:
        return _NOTHING
    note = f"{_counted(facts.agent_words, 'word')} in {_counted(agent, 'agent turn')}"
    return facts.agent_words / agent, _note(note)


def _questions(facts: _Facts) -> Measured:
    if not facts.agent:
        return _NOTHING
    language = facts.language
    spoken = (turn.text for turn in chain(facts.agent, facts.customer))
    unpunctuated = is_unpunctuated(spoken, language)
    if unpunctuated and language != "en":
        return _NOTHING
    total = 0
    found: list[Span] = []
    for index, turn in enumerate(facts.transcript.turns):
        if turn.role is not Role.AGENT:
            continue
        spans = question_openings(turn.text) if unpunctuated else ()
        count = len(spans) if unpunctuated else count_questions(turn.text, language)
        total += count
        if count and len(found) < _MOST_SPANS:
            spans = spans or question_spans(turn.text, language)
            found += [Span(1.0, index, start, end) for start, end in spans]
    if total == 0:
        return 0.0, _note(f"no question in {_counted(len(facts.agent), 'agent turn')}")
    return float(total), tuple(replace(span, share=1 / total) for span in found[:_MOST_SPANS])


def _response_time_median(facts: _Facts) -> Measured:
    times = [answer.seconds for answer in facts.answers]
    if not times:
        return _NOTHING
    median = statistics.median(times)
    return median, _note(f"median of {_counted(len(times), 'response time')}: {median:.1f} s")


def _response_time_longest(facts: _Facts) -> Measured:
    if not facts.answers:
        return _NOTHING
    longest = _longest(facts.answers)
    note = f"answered after {longest.seconds:.1f} s"
    return longest.seconds, (facts.whole_turn(longest.turn, note),)


def _longest_silence(facts: _Facts) -> Measured:
    if not facts.gaps:
        return _NOTHING
    longest = _longest(facts.gaps)
    if longest.seconds == 0:
        return 0.0, _note("no silence between turns")
    note = f"after {longest.seconds:.1f} s of silence"
    return longest.seconds, (facts.whole_turn(longest.turn, note),)


def _hold_time(facts: _Facts) -> Measured:
    if not facts.gaps:
        return _NOTHING
    holds = [gap for gap in facts.gaps if gap.seconds >= SHORTEST_HOLD]
    if not holds:
        return 0.0, _note(f"no silence of {SHORTEST_HOLD:g} s or more")
    total = sum(hold.seconds for hold in holds)
    shown = sorted(holds, key=lambda hold: -hold.seconds)[:_MOST_SPANS]
    return total, tuple(
        facts.whole_turn(
            hold.turn,
            f"after {hold.seconds:.1f} s of silence, of {total:.1f} s on hold",
            hold.seconds / total,
        )
        for hold in shown
    )


def _overlap_share(facts: _Facts) -> Measured:
    whole, both = facts.duration, overlaps(facts.transcript)
    if whole is None or both is None:
        return _NOTHING
    if not both:
        return 0.0, _note(f"no overlap in {whole:.1f} s")
    total = sum(stretch.seconds for stretch in both)
    longest = _longest(both)
    note = f"overlaps for {longest.seconds:.1f} s; {total:.1f} of {whole:.1f} s in all"
    span = facts.whole_turn(longest.turn, note, longest.seconds / total)
    # Sums of floats may pass the whole by a rounding error.
    return min(1.0, total / whole), (span,)


def _duration(facts: _Facts) -> Measured:
    seconds = facts.duration
    if seconds is None:
        return _NOTHING
    return seconds, _note(f"{seconds:.1f} s from first to last")


def _longest(stretches: list[Stretch]) -> Stretch:
    """Give the longest stretch, the first of several."""
    return max(stretches, key=lambda stretch: stretch.seconds)


def _note(text: str) -> tuple[Span, ...]:
    return (Span(1.0, note=text),)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


_MEASURES: Final[Mapping[str, Callable[[_Facts], Measured]]] = MappingProxyType(
    {
        "conduct.agent_talk_share": _talk_share,
        "conduct.turns": _turns,
        "conduct.agent_words_per_turn": _words_per_turn,
        "conduct.agent_questions": _questions,
        "conduct.response_time_median": _response_time_median,
        "conduct.response_time_longest": _response_time_longest,
        "conduct.longest_silence": _longest_silence,
        "conduct.overlap_share": _overlap_share,
        "conduct.hold_time": _hold_time,
        "conduct.duration": _duration,
    }
)

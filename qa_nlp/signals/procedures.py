"""How far a conversation follows a procedure: steps aligned with what was said.

Own definition. Of each step the places where it is done are found; the alignment is the increasing
chain of places with the most steps, the longest common subsequence of procedure and conversation
(Wagner & Fischer 1974, "The String-to-String Correction Problem"), by dynamic programming. The
score is the number of steps on the chain divided by the number of steps that are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from qa_nlp.requirements import Procedure, Step
from qa_nlp.signals.base import Span
from qa_nlp.signals.events import SAID, Event, Position
from qa_nlp.signals.requirements import Heard, Outcome, evaluate, occurrences

__all__ = ["Alignment", "StepResult", "StepStatus", "align"]

_NOWHERE: Final = (-2, 0)


class StepStatus(StrEnum):
    """What became of a step."""

    DONE = "done"
    SKIPPED = "skipped"
    TOO_EARLY = "too_early"
    TOO_LATE = "too_late"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of one step.

    Parameters
    ----------
    step : Step
        The step.
    status : StepStatus
        ``not_asked`` where its `only_if` does not hold or it cannot be measured.
    event : Event, optional
        Where it was done, in order or not.
    """

    step: Step
    status: StepStatus
    event: Event | None = None


@dataclass(frozen=True, slots=True)
class Alignment:
    """A procedure laid beside a conversation.

    Parameters
    ----------
    steps : tuple of StepResult
        In the order of the procedure.
    """

    steps: tuple[StepResult, ...]

    @property
    def asked(self) -> tuple[StepResult, ...]:
        """The steps that count: neither optional nor `not_asked`."""
        return tuple(
            result
            for result in self.steps
            if result.status is not StepStatus.NOT_ASKED and not result.step.optional
        )

    @property
    def outcome(self) -> Outcome:
        """The score, what shows the steps done, and what was skipped or out of order."""
        asked = self.asked
        if not asked:
            return Outcome(math.nan)
        met, missed = [], []
        for number, result in enumerate(self.steps, start=1):
            share = 1 / len(asked) if result in asked else 0.0
            label = f"step {number} of {len(self.steps)}, {result.step.label}"
            if result.status is StepStatus.DONE:
                met.append(_span(share, result.event, f"{label}: done"))
            elif result in asked:
                missed.append(_span(share, result.event, f"{label}: {self._fault(number - 1)}"))
        done = sum(result.status is StepStatus.DONE for result in asked)
        return Outcome(done / len(asked), tuple(met), tuple(missed))

    def _fault(self, index: int) -> str:
        """Say what is wrong with a step, and where it should have been."""
        between = [
            f"{side} {result.step.label} (turn {result.event.turn})"
            for side, results in (("after", self.steps[index::-1]), ("before", self.steps[index:]))
            for result in [next((r for r in results if r.status is StepStatus.DONE), None)]
            if result is not None and result.event is not None
        ]
        where = f"; it belongs {' and '.join(between)}" if between else ""
        return f"{self.steps[index].status.value.replace('_', ' ')}{where}"


def _span(share: float, event: Event | None, note: str) -> Span:
    if event is None:
        return Span(share, note=note)
    return Span(share, event.turn, event.start, event.end, note)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a step can be done: from its beginning to the event that completes it."""

    begin: Position
    event: Event


@dataclass(frozen=True, slots=True)
class _Chain:
    """The best steps up to a place."""

    quality: tuple[int, int, float]
    places: tuple[tuple[int, _Place], ...]

    @property
    def end(self) -> Position:
        return self.places[-1][1].event.position if self.places else _NOWHERE

    def with_step(self, number: int, step: Step, place: _Place) -> _Chain:
        needed, optional, certainty = self.quality
        quality = (
            needed + (not step.optional),
            optional + step.optional,
            certainty + place.event.probability,
        )
        return _Chain(quality, (*self.places, (number, place)))


def align(procedure: Procedure, heard: Heard) -> Alignment:
    """Lay a procedure beside a conversation.

    Parameters
    ----------
    procedure : Procedure
        The steps.
    heard : Heard
        What was said.

    Returns
    -------
    Alignment
        What became of each step.
    """
    places = [_places(step, heard) for step in procedure.steps]
    chain = _best_chain(procedure.steps, places)
    on_chain = dict(chain.places)
    results = []
    for number, (step, own) in enumerate(zip(procedure.steps, places, strict=True)):
        if own is None:
            results.append(StepResult(step, StepStatus.NOT_ASKED))
        elif number in on_chain:
            results.append(StepResult(step, StepStatus.DONE, on_chain[number].event))
        elif not own:
            results.append(StepResult(step, StepStatus.SKIPPED))
        else:
            results.append(_out_of_order(step, own[0], number, chain))
    return Alignment(tuple(results))


def _places(step: Step, heard: Heard) -> list[_Place] | None:
    """Give the places where a step is completed; None where it is not asked for."""
    if step.only_if is not None and not evaluate(step.only_if, heard).value >= SAID:
        return None
    found = occurrences(step, heard)
    if found is None:
        return None
    events = [event for event, _ in found]
    enough = [
        event
        for count, event in enumerate(events, start=1)
        if (len({name for _, name in found[:count]}) if step.any_of else count) >= step.at_least
    ]
    if step.not_early:
        return [_Place(events[0].position, event) for event in enough[:1]]
    return [_Place(event.position, event) for event in enough]


def _best_chain(steps: Sequence[Step], places: Sequence[list[_Place] | None]) -> _Chain:
    """Find the chain with the most steps, then the most optional ones, then the surest."""
    chains = [_Chain((0, 0, 0.0), ())]
    for number, (step, own) in enumerate(zip(steps, places, strict=True)):
        longer = []
        for place in own or ():
            before = [chain for chain in chains if chain.end < place.begin]
            best = max(before, key=lambda chain: chain.quality)
            longer.append(best.with_step(number, step, place))
        chains += longer
    return max(chains, key=lambda chain: chain.quality)


def _out_of_order(step: Step, place: _Place, number: int, chain: _Chain) -> StepResult:
    earlier = [other for index, other in chain.places if index < number]
    early = bool(earlier) and place.begin < earlier[-1].event.position
    return StepResult(step, StepStatus.TOO_EARLY if early else StepStatus.TOO_LATE, place.event)

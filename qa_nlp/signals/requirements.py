"""Whether a conversation meets what a rubric requires: one small evaluator.

Own definition. Everything that was said or happened is an `Event` with a probability and a place.
A requirement narrows the stretch in which events count (`within`, `before`, `after`) and comes
down to one number: `said` is the probability of the best event (with `at_least: n` the n-th best),
`not_said` its complement, `all_of` the least and `any_of` the greatest of its parts (with
`at_least: n` the n-th greatest), as in the logic of Zadeh 1965, "Fuzzy sets"; `each_time` is the
least over its triggers. `before` and `after` count from the first event of that name with a
probability of at least 1/2. Where there is nothing to measure (such an event does not happen,
nobody of that role speaks, there are no times) the value is NaN; such parts of `all_of` and
`any_of` are left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from qa_nlp.requirements import IT, NamedRequirement, Requirement, silence_seconds
from qa_nlp.scope import Reach
from qa_nlp.signals.base import Span
from qa_nlp.signals.events import SAID, Event, Position
from qa_nlp.signals.timing import silences
from qa_nlp.transcript import Transcript

__all__ = [
    "Heard",
    "Outcome",
    "evaluate",
    "occurrences",
    "quoted",
    "spans_of",
    "surest_first",
]

_MOST_QUOTES: Final = 3
_BEGIN: Final = (-1, -1)
_END: Final = (1 << 60, 0)


@dataclass(frozen=True)
class Heard:
    """A conversation, and the events of each phrase and rule in it.

    Parameters
    ----------
    transcript : Transcript
        The conversation.
    events : mapping of str to sequence of Event or None
        By name of the phrase or rule, in the order of the conversation; None where it cannot be
        measured, because nobody of its role speaks or the language is not read.
    """

    transcript: Transcript
    events: Mapping[str, Sequence[Event] | None]

    def of(self, name: str) -> Sequence[Event] | None:
        """Give the events of a phrase, a rule or a silence.

        Parameters
        ----------
        name : str
            ``phrase.ID``, ``rule.ID`` or ``silence of N s``.

        Returns
        -------
        sequence of Event or None
            None where they cannot be measured.
        """
        seconds = silence_seconds(name)
        if seconds is None:
            return self.events.get(name)
        gaps = self._gaps
        if gaps is None:
            return None
        return [gap for gap in gaps if gap.seconds is not None and gap.seconds >= seconds]

    @cached_property
    def _gaps(self) -> Sequence[Event] | None:
        found = silences(self.transcript)
        if not found:
            return None
        return [Event(gap.turn, -1, -1, seconds=gap.seconds) for gap in found]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a requirement comes down to.

    Parameters
    ----------
    value : float
        0 to 1; NaN where there was nothing to measure.
    met : tuple of Span
        What shows that it is met; shares sum to at most 1.
    missed : tuple of Span
        What shows that it is not: where it should have been.
    place : tuple of int, optional
        First and last turn in which it was looked for.
    """

    value: float
    met: tuple[Span, ...] = ()
    missed: tuple[Span, ...] = ()
    place: tuple[int, int] | None = None


_UNMEASURED: Final = Outcome(math.nan)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Where to look: positions after one and before another, in some of the turns."""

    turns: frozenset[int]
    low: Position = _BEGIN
    high: Position = _END
    anchor: Event | None = None
    words: tuple[str, ...] = ()

    def holds(self, event: Event) -> bool:
        return self.low < event.position < self.high and event.turn in self.turns

    @property
    def place(self) -> tuple[int, int] | None:
        inside = [
            turn for turn in self.turns if (turn, 1 << 60) > self.low and (turn, -1) < self.high
        ]
        return (min(inside), max(inside)) if inside else None

    def __str__(self) -> str:
        if self.place is None:
            where = "no turns"
        else:
            first, last = self.place
            where = f"turn {first}" if first == last else f"turns {first} to {last}"
        return f"in {where} ({' '.join(self.words)})" if self.words else f"in {where}"


def evaluate(requirement: Requirement, heard: Heard) -> Outcome:
    """Evaluate a requirement on a conversation.

    Parameters
    ----------
    requirement : Requirement
        What must be said, or must not.
    heard : Heard
        What was said.

    Returns
    -------
    Outcome
        Its value, what shows that it is met, and where it should have been.
    """
    everything = _Stretch(frozenset(range(len(heard.transcript.turns))))
    trigger = requirement.each_time if isinstance(requirement, NamedRequirement) else None
    if trigger is None:
        return _evaluate(requirement, heard, everything, None)
    times = _times(heard.of(trigger))
    outcomes = [_evaluate(requirement, heard, everything, event) for event in times]
    return _together(outcomes)


def spans_of(outcome: Outcome) -> tuple[Span, ...]:
    """Give the evidence for a signal's value: what raises it and what lowers it.

    Parameters
    ----------
    outcome : Outcome
        Of a requirement.

    Returns
    -------
    tuple of Span
        Each marked as raising or lowering.
    """
    met = (replace(span, raises=True) for span in outcome.met)
    return (*met, *(replace(span, raises=False) for span in outcome.missed))


def occurrences(need: Requirement, heard: Heard) -> list[tuple[Event, str]] | None:
    """Give what counts as said of `said`, or of any part of `any_of`.

    Parameters
    ----------
    need : Requirement
        Made of `said`, or of `any_of` such.
    heard : Heard
        What was said.

    Returns
    -------
    list of (Event, str) or None
        In the order of the conversation, with the name of what was said; None where nothing could
        be measured.
    """
    everything = _Stretch(frozenset(range(len(heard.transcript.turns))))
    inside = _narrowed(need, heard, everything, None)
    measured = False
    found: list[tuple[Event, str]] = []
    for part in need.parts or (need,):
        stretch = inside and (inside if part is need else _narrowed(part, heard, inside, None))
        events = heard.of(part.said) if part.said is not None else None
        if stretch is None or events is None:
            continue
        measured = True
        name = str(part.said)
        found += [(e, name) for e in events if e.probability >= SAID and stretch.holds(e)]
    return sorted(found) if measured else None


def surest_first(events: Iterable[Event]) -> list[Event]:
    """Sort events by their probability, the greatest first.

    Parameters
    ----------
    events : iterable of Event
        In any order.

    Returns
    -------
    list of Event
        Of equal ones the earlier first.
    """
    return sorted(events, key=lambda event: (-event.probability, event.position))


def quoted(
    ranked: Sequence[Event], note: Callable[[Event], str], least: int = 1
) -> tuple[Span, ...]:
    """Quote the surest events that count as said, or the nearest one.

    Parameters
    ----------
    ranked : sequence of Event
        The surest first.
    note : callable
        What to say of an event.
    least : int, default 1
        How many may be quoted at least; three may always.

    Returns
    -------
    tuple of Span
        With equal shares.
    """
    shown = [e for e in ranked[: max(_MOST_QUOTES, least)] if e.probability >= SAID] or ranked[:1]
    return tuple(Span(1 / len(shown), e.turn, e.start, e.end, note(e)) for e in shown)


def _times(events: Sequence[Event] | None) -> list[Event]:
    """Give the events that count as having happened, at most one of each turn."""
    by_turn: dict[int, Event] = {}
    for event in sorted(events or ()):
        if event.probability >= SAID:
            by_turn.setdefault(event.turn, event)
    return list(by_turn.values())


def _evaluate(need: Requirement, heard: Heard, stretch: _Stretch, it: Event | None) -> Outcome:
    inside = _narrowed(need, heard, stretch, it)
    if inside is None:
        return _UNMEASURED
    if need.said is not None:
        return _said(need.said, need.at_least, heard, inside)
    if need.not_said is not None:
        found = _said(need.not_said, 1, heard, inside)
        return Outcome(1 - found.value, found.missed, found.met, found.place)
    outcomes = [_evaluate(part, heard, inside, it) for part in need.parts]
    return _together(outcomes, None if need.all_of else need.at_least)


def _narrowed(
    need: Requirement, heard: Heard, stretch: _Stretch, it: Event | None
) -> _Stretch | None:
    """Give the part of a stretch that a requirement looks at; None where it cannot be told."""
    transcript = heard.transcript
    if not need.scope.measurable(transcript):
        return None
    if need.scope.side is not None:
        inside = stretch.turns.intersection(need.scope.turns(transcript))
        stretch = replace(stretch, turns=inside, words=(*stretch.words, str(need.scope)))
    for side, name in (("before", need.before), ("after", need.after)):
        if name is None:
            continue
        times = [it] if name == IT and it is not None else _times(heard.of(name))
        if not times:
            return None
        anchor = times[0]
        words = f"{side} {_called(name, anchor)}"
        stretch = replace(stretch, anchor=anchor, words=(*stretch.words, words))
        if side == "before":
            stretch = replace(stretch, high=min(stretch.high, anchor.position))
        else:
            stretch = replace(stretch, low=max(stretch.low, anchor.position))
        if need.reach is not None:
            near = _near(transcript, anchor, need.reach, before=side == "before")
            if near is None:
                return None
            words = f"within {need.reach} {words}"
            stretch = replace(
                stretch, turns=stretch.turns & near, words=(*stretch.words[:-1], words)
            )
    return stretch


def _called(name: str, anchor: Event) -> str:
    if anchor.seconds is not None:
        return f"the silence of {anchor.seconds:.0f} s that turn {anchor.turn} ends"
    return f"turn {anchor.turn}" if name == IT else f"{name} in turn {anchor.turn}"


def _near(
    transcript: Transcript, anchor: Event, reach: Reach, *, before: bool
) -> frozenset[int] | None:
    """Give the turns at most so far from an event; its own turn is no distance."""
    turns = transcript.turns
    if reach.unit == "s":
        moment = turns[anchor.turn].start
        if moment is None:
            return None
        low = moment - (anchor.seconds or 0.0) - reach.count if before else moment
        high = moment if before else moment + reach.count
        return frozenset(
            index
            for index, turn in enumerate(turns)
            if turn.start is not None and low <= turn.start <= high
        )
    # a silence lies between two turns: the one that ends it is the first one after it
    own = anchor.turn - 1 if anchor.start < 0 and not before else anchor.turn
    ahead = range(own - 1, -1, -1) if before else range(own + 1, len(turns))
    counted = [index for index in ahead if reach.role in (None, turns[index].role)]
    farthest = counted[: reach.count][-1] if counted else own
    return frozenset(range(min(own, farthest), max(own, farthest) + 1))


def _said(name: str, at_least: int, heard: Heard, stretch: _Stretch) -> Outcome:
    events = heard.of(name)
    if events is None:
        return _UNMEASURED
    inside = surest_first(filter(stretch.holds, events))
    value = inside[at_least - 1].probability if len(inside) >= at_least else 0.0
    note = f"{name} said {stretch} with probability"
    met = quoted(inside, lambda event: f"{note} {event.probability:.2f}", at_least)
    return Outcome(value, met, (_miss(name, at_least, inside, stretch),), stretch.place)


def _miss(name: str, at_least: int, inside: Sequence[Event], stretch: _Stretch) -> Span:
    """Say where something should have been said."""
    nearest = f"nearest {inside[0].probability:.2f}" if inside else "nothing was said there"
    often = sum(event.probability >= SAID for event in inside)
    once = "not clearly said" if often else "not said"
    often_enough = f"said {often} of {at_least} times" if at_least > 1 else once
    note = f"{name} {often_enough} {stretch}; {nearest}"
    anchor = stretch.anchor
    if anchor is None or anchor.start < 0:
        return Span(1.0, note=note)
    return Span(1.0, anchor.turn, anchor.start, anchor.end, note)


def _together(outcomes: Sequence[Outcome], at_least: int | None = None) -> Outcome:
    """Put parts together: the least of those that were measured, or the n-th greatest."""
    measured = [outcome for outcome in outcomes if not math.isnan(outcome.value)]
    if not measured:
        return _UNMEASURED
    ranked = sorted(measured, key=lambda outcome: -outcome.value)
    rank = len(ranked) if at_least is None else at_least
    good = [outcome for outcome in measured if outcome.value >= SAID] or ranked[:1]
    bad = [outcome for outcome in measured if outcome.value < SAID] or ranked[-1:]
    places = [outcome.place for outcome in measured if outcome.place is not None]
    return Outcome(
        ranked[rank - 1].value if rank <= len(ranked) else 0.0,
        _shared([outcome.met for outcome in good]),
        _shared([outcome.missed for outcome in bad]),
        (min(p[0] for p in places), max(p[1] for p in places)) if places else None,
    )


def _shared(groups: Sequence[tuple[Span, ...]]) -> tuple[Span, ...]:
    return tuple(
        replace(span, share=span.share / len(groups)) for spans in groups for span in spans
    )

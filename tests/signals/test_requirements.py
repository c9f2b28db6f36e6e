"""Conditions over a conversation: what each form comes down to, and the laws they all keep."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.requirements import NamedRequirement
from qa_nlp.signals.events import Event
from qa_nlp.signals.requirements import Heard, Outcome, evaluate, spans_of
from qa_nlp.transcript import Role, Transcript, Turn

ROLES = (Role.AGENT, Role.CUSTOMER)


def talk(turns: int = 8, seconds: float | None = None) -> Transcript:
    """Agent and customer in turn, each turn so many seconds after the one before."""
    return Transcript(
        "c1",
        tuple(
            Turn(
                ROLES[index % 2],
                f"Words of turn {index}.",
                start=None if seconds is None else seconds * index,
                end=None if seconds is None else seconds * index + 1,
            )
            for index in range(turns)
        ),
        channel="voice" if seconds else None,
        language="en",
    )


def heard(
    said: Mapping[str, Sequence[tuple[int, float]] | None], transcript: Transcript | None = None
) -> Heard:
    """Build what was heard from (turn, probability) by name."""
    events = {
        name: None if places is None else [Event(turn, 0, 5, p) for turn, p in places]
        for name, places in said.items()
    }
    return Heard(transcript or talk(), events)


def need(**fields: Any) -> NamedRequirement:
    return NamedRequirement.model_validate({"id": "c", "name": "C", **fields})


def value(_said: Mapping[str, Sequence[tuple[int, float]] | None], /, **fields: Any) -> float:
    return evaluate(need(**fields), heard(_said)).value


A, B = "phrase.a", "phrase.b"


def test_said_is_the_probability_of_the_best_event() -> None:
    assert value({A: [(0, 0.3), (4, 0.8)]}, said=A) == 0.8
    assert value({A: []}, said=A) == 0.0
    assert math.isnan(value({A: None}, said=A))


def test_not_said_is_the_complement() -> None:
    assert value({A: [(0, 0.3)]}, not_said=A) == pytest.approx(0.7)
    assert value({A: []}, not_said=A) == 1.0


def test_at_least_takes_the_nth_best() -> None:
    said = {A: [(0, 0.9), (2, 0.4), (4, 0.7)]}

    assert value(said, said=A, at_least=2) == 0.7
    assert value(said, said=A, at_least=4) == 0.0


def test_scope_narrows_where_it_is_looked_for() -> None:
    said = {A: [(0, 0.9), (6, 0.6)]}

    assert value(said, said=A, within="first 1 agent turn") == 0.9
    assert value(said, said=A, within="last 2 turns") == 0.6
    assert value({A: [(4, 0.9)]}, said=A, within="first 3 turns") == 0.0


def test_all_of_is_the_least_and_any_of_the_greatest() -> None:
    said: dict[str, list[tuple[int, float]] | None] = {
        A: [(0, 0.9)],
        B: [(2, 0.2)],
        "phrase.c": None,
    }
    parts = [{"said": A}, {"said": B}, {"said": "phrase.c"}]

    assert value(said, all_of=parts) == 0.2
    assert value(said, any_of=parts) == 0.9
    assert value(said, any_of=parts, at_least=2) == 0.2
    assert value(said, any_of=parts, at_least=3) == 0.0
    assert math.isnan(value({A: None}, any_of=[{"said": A}]))


def test_before_and_after_count_from_the_first_time() -> None:
    said = {A: [(1, 0.9), (5, 0.7)], B: [(3, 0.8), (6, 0.9)]}

    assert value(said, said=A, before=B) == 0.9
    assert value(said, said=A, after=B) == 0.7
    assert value({A: [(4, 0.9)], B: [(3, 0.8)]}, said=A, before=B) == 0.0


@pytest.mark.parametrize("never", [[], [(3, 0.49)], None])
def test_before_something_never_said_there_is_nothing_to_measure(
    never: list[tuple[int, float]] | None,
) -> None:
    assert math.isnan(value({A: [(1, 0.9)], B: never}, said=A, before=B))


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        ("1 turn", 0.2),
        ("2 turns", 0.2),
        ("3 turns", 0.9),
        ("1 agent turn", 0.2),
        ("2 agent turns", 0.9),
    ],
)
def test_distance_counts_turns_from_the_other_event(within: str, expected: float) -> None:
    said = {A: [(1, 0.9), (3, 0.2)], B: [(4, 0.8)]}
    spoken_by_agent = {A: [(0, 0.9), (2, 0.2)], B: [(4, 0.8)]}

    found = value(spoken_by_agent if "agent" in within else said, said=A, before=B, within=within)

    assert found == expected


def test_distance_in_seconds_needs_times() -> None:
    said = {A: [(3, 0.9)], B: [(1, 0.8)]}
    near, far = (need(said=A, after=B, within=f"{s} s") for s in (25, 15))
    timed = heard(said, talk(seconds=10))

    assert evaluate(near, timed).value == 0.9
    assert evaluate(far, timed).value == 0.0
    assert math.isnan(evaluate(near, heard(said)).value)


def test_scope_in_seconds_counts_from_the_start() -> None:
    said = heard({A: [(3, 0.9)]}, talk(seconds=10))

    assert evaluate(need(said=A, within="first 31 s"), said).value == 0.9
    assert evaluate(need(said=A, within="30 s"), said).value == 0.0
    assert evaluate(need(said=A, within="last 41 s"), said).value == 0.9
    assert math.isnan(evaluate(need(said=A, within="30 s"), heard({A: [(3, 0.9)]})).value)


HOLD = {
    "each_time": "silence of 20 s",
    "all_of": [
        {"said": A, "before": "it", "within": "2 turns"},
        {"said": B, "after": "it", "within": "1 agent turn"},
    ],
}


def call_with_silences(*gaps: float) -> Transcript:
    """A call of turns of 5 seconds with the stated gaps before turns 1, 2, 3 and so on."""
    turns, moment = [], 0.0
    for index, gap in enumerate([0.0, *gaps]):
        moment += gap
        turns.append(Turn(ROLES[index % 2], f"Turn {index}.", start=moment, end=moment + 5))
        moment += 5
    return Transcript("c1", tuple(turns), channel="voice", language="en")


def test_each_time_holds_where_every_hold_is_announced_and_thanked_for() -> None:
    call = call_with_silences(0, 60, 0, 30, 0)

    every = heard({A: [(1, 0.9), (2, 0.8)], B: [(2, 0.7), (4, 0.9)]}, call)
    once = heard({A: [(1, 0.9)], B: [(2, 0.7), (4, 0.9)]}, call)

    assert evaluate(need(**HOLD), every).value == 0.7
    assert evaluate(need(**HOLD), once).value == 0.0


def test_each_time_without_a_hold_measures_nothing() -> None:
    said = {A: [(1, 0.9)], B: [(2, 0.9)]}

    assert math.isnan(evaluate(need(**HOLD), heard(said, call_with_silences(0, 3, 0))).value)
    assert math.isnan(evaluate(need(**HOLD), heard(said)).value)


def test_each_time_counts_a_trigger_once_a_turn() -> None:
    transcript = talk()
    twice = Heard(transcript, {A: [Event(1, 0, 3, 0.9)], B: [Event(2, 0, 3), Event(2, 4, 8)]})

    outcome = evaluate(need(each_time=B, said=A, before="it", within="1 turn"), twice)

    assert (outcome.value, len(outcome.met)) == (0.9, 1)


def test_met_condition_quotes_what_was_said() -> None:
    outcome = evaluate(need(said=A, within="first 2 turns"), heard({A: [(0, 0.9), (6, 0.9)]}))

    (span,) = outcome.met
    assert (span.turn, span.start, span.end, span.share) == (0, 0, 5, 1.0)
    assert span.note == "phrase.a said in turns 0 to 1 (first 2 turns) with probability 0.90"
    assert outcome.place == (0, 1)


def test_miss_says_where_it_should_have_been_and_quotes_what_it_should_precede() -> None:
    outcome = evaluate(need(said=A, before=B), heard({A: [(5, 0.9), (1, 0.1)], B: [(3, 0.8)]}))

    (span,) = outcome.missed
    assert (span.turn, span.start, span.end) == (3, 0, 5)
    assert span.note == (
        "phrase.a not said in turns 0 to 3 (before phrase.b in turn 3); nearest 0.10"
    )


def test_spans_say_what_they_speak_for() -> None:
    found = spans_of(evaluate(need(said=A), heard({A: [(0, 0.9)]})))
    denied = spans_of(evaluate(need(not_said=A), heard({A: [(0, 0.9)]})))

    assert [(span.turn, span.raises) for span in found] == [(0, True), (None, False)]
    assert [(span.turn, span.raises) for span in denied] == [(None, True), (0, False)]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "give exactly one of said, not_said, all_of, any_of"),
        ({"said": A, "not_said": B}, "give exactly one of"),
        ({"said": "greeting"}, "must name a phrase or a rule, such as 'phrase.greeting'"),
        ({"said": A, "within": "3 turns"}, "'3 turns' from where\\? Write 'first 3 turns'"),
        ({"said": A, "within": "the beginning"}, "cannot read the scope 'the beginning'"),
        ({"not_said": A, "at_least": 2}, "at_least goes with said and any_of alone"),
        ({"any_of": [{"said": A}], "at_least": 2}, "any_of lists only 1"),
        ({"said": A, "before": "it"}, "'it' stands for what each_time names"),
        ({"said": A, "each_time": B}, "say where: before: it, or after: it"),
        ({"said": A, "after": "silence of ages"}, "write 'silence of 20 s'"),
        ({"said": A, "after": "silence of 3 turns"}, "write 'silence of 20 s'"),
        ({"said": "silence of 20 s"}, "must name a phrase or a rule"),
    ],
)
def test_condition_that_makes_no_sense_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=message):
        need(**fields)


places = st.lists(
    st.tuples(st.integers(0, 7), st.integers(0, 20).map(lambda n: n / 20)), max_size=6
)
said_things = st.fixed_dictionaries({A: places, B: places})
scopes = st.sampled_from(["first {n} turns", "last {n} turns", "first {n} agent turns"])


def simple(requirement: Mapping[str, Any], said: Mapping[str, Any]) -> Outcome:
    return evaluate(need(**requirement), heard(said))


@given(said_things, scopes, st.integers(1, 8), st.integers(1, 8))
def test_a_wider_scope_never_makes_said_less_true(
    said: Mapping[str, Any], scope: str, one: int, other: int
) -> None:
    narrow, wide = (value(said, said=A, within=scope.format(n=n)) for n in sorted((one, other)))

    assert narrow <= wide <= value(said, said=A)


@given(said_things, st.integers(1, 5))
def test_asking_for_more_never_makes_said_more_true(said: Mapping[str, Any], n: int) -> None:
    assert value(said, said=A, at_least=n + 1) <= value(said, said=A, at_least=n)


@given(places, places, st.permutations(range(8)))
def test_order_of_turns_does_not_matter_where_none_is_asked_for(
    said: list[tuple[int, float]], other: list[tuple[int, float]], order: list[int]
) -> None:
    parts = [{"said": A}, {"not_said": B}]
    before = {A: said, B: other}
    after = {name: [(order[turn], p) for turn, p in found] for name, found in before.items()}

    assert value(before, all_of=parts) == value(after, all_of=parts)


@given(places, places, places)
def test_what_is_not_named_does_not_matter(
    said: list[tuple[int, float]], one: list[tuple[int, float]], other: list[tuple[int, float]]
) -> None:
    first = simple({"said": A, "within": "last 3 turns"}, {A: said, B: one})
    second = simple({"said": A, "within": "last 3 turns"}, {A: said, B: other})

    assert first == second


@given(said_things)
def test_de_morgan(said: Mapping[str, Any]) -> None:
    denied = value(said, all_of=[{"not_said": A}, {"not_said": B}])

    assert denied == pytest.approx(1 - value(said, any_of=[{"said": A}, {"said": B}]))


@given(said_things, st.sampled_from(["before", "after"]))
def test_an_order_never_makes_said_more_true(said: Mapping[str, Any], side: str) -> None:
    ordered = value(said, **{"said": A, side: B})

    assert math.isnan(ordered) or ordered <= value(said, said=A)


@given(said_things, st.sampled_from([None, "first 3 turns", "last 1 turn"]))
def test_value_is_a_degree_and_shares_sum_to_one(
    said: Mapping[str, Any], within: str | None
) -> None:
    outcome = simple({"any_of": [{"said": A}, {"not_said": B}], "within": within}, said)

    assert 0 <= outcome.value <= 1
    for spans in (outcome.met, outcome.missed):
        assert sum(span.share for span in spans) <= 1 + 1e-9

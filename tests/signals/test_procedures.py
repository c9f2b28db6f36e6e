"""Procedures: how conversations are laid beside their steps."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.requirements import Procedure
from qa_nlp.signals.procedures import Alignment, StepStatus, align
from tests.signals.test_requirements import heard

NAMES = ("verify", "look_up", "explain", "confirm")
DONE, SKIPPED = StepStatus.DONE, StepStatus.SKIPPED
EARLY, LATE, NOT_ASKED = StepStatus.TOO_EARLY, StepStatus.TOO_LATE, StepStatus.NOT_ASKED


def procedure(**changes: dict[str, Any]) -> Procedure:
    """Four steps, each a phrase of its own name, with changes by step."""
    steps = [{"id": name, "said": f"phrase.{name}", **changes.get(name, {})} for name in NAMES]
    return Procedure.model_validate({"id": "p", "name": "P", "steps": steps})


def aligned(said: Mapping[str, Sequence[int] | None], **changes: dict[str, Any]) -> Alignment:
    events: dict[str, list[tuple[int, float]] | None] = {
        f"phrase.{name}": [] for name in (*NAMES, "wish")
    }
    for name, turns in said.items():
        events[f"phrase.{name}"] = None if turns is None else [(turn, 0.9) for turn in turns]
    return align(procedure(**changes), heard(events))


def statuses(alignment: Alignment) -> list[StepStatus]:
    return [result.status for result in alignment.steps]


def test_steps_in_order_are_done() -> None:
    found = aligned({"verify": [0], "look_up": [2], "explain": [4], "confirm": [6]})

    assert statuses(found) == [DONE] * 4
    assert found.outcome.value == 1.0
    assert [span.turn for span in found.outcome.met] == [0, 2, 4, 6]
    assert found.outcome.met[0].note == "step 1 of 4, verify: done"


def test_step_that_never_comes_is_skipped_and_its_place_named() -> None:
    found = aligned({"verify": [0], "look_up": [2], "confirm": [6]})

    assert statuses(found) == [DONE, DONE, SKIPPED, DONE]
    assert found.outcome.value == 0.75
    (span,) = found.outcome.missed
    assert span.note == (
        "step 3 of 4, explain: skipped; "
        "it belongs after look_up (turn 2) and before confirm (turn 6)"
    )


def test_step_out_of_order_came_too_early_or_too_late() -> None:
    early = aligned({"explain": [0], "verify": [2], "look_up": [4], "confirm": [6]})
    late = aligned({"look_up": [0], "explain": [2], "confirm": [4], "verify": [6]})

    assert statuses(early) == [DONE, DONE, EARLY, DONE]
    assert statuses(late) == [LATE, DONE, DONE, DONE]
    assert early.outcome.missed[0].turn == 0


def test_step_said_again_in_its_place_counts() -> None:
    found = aligned({"explain": [0, 5], "verify": [2], "look_up": [4], "confirm": [6]})

    assert statuses(found) == [DONE] * 4


def test_step_that_must_not_be_early_is_judged_by_its_first_time() -> None:
    found = aligned(
        {"explain": [0, 5], "verify": [2], "look_up": [4], "confirm": [6]},
        explain={"not_early": True},
    )

    assert statuses(found) == [DONE, DONE, EARLY, DONE]


def test_optional_step_costs_nothing() -> None:
    without = aligned({"verify": [0], "explain": [4], "confirm": [6]}, look_up={"optional": True})
    with_it = aligned(
        {"verify": [0], "look_up": [2], "explain": [4], "confirm": [6]}, look_up={"optional": True}
    )

    assert statuses(without) == [DONE, SKIPPED, DONE, DONE]
    assert without.outcome.value == with_it.outcome.value == 1.0
    assert without.outcome.missed == ()
    assert len(with_it.outcome.met) == 4


def test_conditional_step_is_asked_for_only_where_its_condition_holds() -> None:
    only = {"confirm": {"only_if": {"said": "phrase.wish"}}}
    said = {"verify": [0], "look_up": [2], "explain": [4]}

    assert statuses(aligned(said, **only))[3] is NOT_ASKED
    assert aligned(said, **only).outcome.value == 1.0
    assert statuses(aligned({**said, "wish": [1]}, **only))[3] is SKIPPED


def test_step_done_by_several_different_things_ends_with_the_last_of_them() -> None:
    twice = {
        "verify": {
            "said": None,
            "any_of": [{"said": "phrase.verify"}, {"said": "phrase.wish"}],
            "at_least": 2,
        }
    }
    rest = {"look_up": [4], "explain": [5], "confirm": [6]}

    assert statuses(aligned({"verify": [0, 2], "wish": [3], **rest}, **twice))[0] is DONE
    assert statuses(aligned({"verify": [0, 2], **rest}, **twice))[0] is SKIPPED
    assert statuses(aligned({"verify": [0], "wish": [7], **rest}, **twice))[0] is LATE


def test_procedure_without_anything_to_measure_has_no_score() -> None:
    nothing = aligned(dict.fromkeys(NAMES))

    assert statuses(nothing) == [NOT_ASKED] * 4
    assert math.isnan(nothing.outcome.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"confirm": {"id": "verify"}}, "two steps have the id 'verify'"),
        ({name: {"optional": True} for name in NAMES}, "at least one step must not be optional"),
        ({"verify": {"said": None, "not_said": "phrase.a"}}, "a step is something said"),
    ],
)
def test_procedure_that_makes_no_sense_is_refused(
    changes: dict[str, dict[str, Any]], message: str
) -> None:
    with pytest.raises(pydantic.ValidationError, match=message):
        procedure(**changes)


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(0, 7)), max_size=12))
def test_alignment_is_an_increasing_chain_and_as_long_as_can_be(
    said: list[tuple[str, int]],
) -> None:
    places = {name: sorted({turn for other, turn in said if other == name}) for name in NAMES}

    found = aligned(dict(places))

    on_chain = [r.event.turn for r in found.steps if r.status is DONE and r.event is not None]
    assert all(a < b for a, b in itertools.pairwise(on_chain))
    assert len(on_chain) == _longest([places[name] for name in NAMES])


def _longest(places: Sequence[Sequence[int]], after: int = -1) -> int:
    """Count the most steps in increasing turns, by trying everything."""
    if not places:
        return 0
    rest = places[1:]
    return max(
        _longest(rest, after),
        *(1 + _longest(rest, turn) for turn in places[0] if turn > after),
        0,
    )

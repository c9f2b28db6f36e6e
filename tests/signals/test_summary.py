"""Summaries of conversations, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from qa_nlp.signals.summary import VIEWS, Summary, summaries
from qa_nlp.transcript import Role, Transcript
from tests.builders import batch_of, chat

SAID = {"A one.": (1.0, 0.0), "A two.": (3.0, 0.0), "C one.": (0.0, 2.0), "C two.": (0.0, 6.0)}
TALK = chat("c1", "agent: A one.", "customer: C one.", "agent: A two. A one.", "customer: C two.")
BLOCKS = ("customer_last", "agent_last", "customer", "agent", "opening", "closing")


def summary(*transcripts: Transcript, every_turn: bool = True) -> list[Summary]:
    return summaries(batch_of(transcripts, vectors=SAID), every_turn=every_turn)


def test_rows_are_those_computed_by_hand() -> None:
    (found,) = summary(TALK)

    assert found.roles == (Role.AGENT, Role.CUSTOMER, Role.AGENT, Role.CUSTOMER)
    assert found.rows.shape == (4, 6, 2)
    last = dict(zip(BLOCKS, found.rows[-1].tolist(), strict=True))
    # the agent's second turn is the mean of its two sentences: (3 + 1) / 2
    assert last["customer_last"] == [0.0, 6.0]
    assert last["agent_last"] == [2.0, 0.0]
    assert last["customer"] == [0.0, 4.0]
    assert last["agent"] == [1.5, 0.0]
    assert last["opening"] == last["closing"] == [0.75, 2.0]
    first = dict(zip(BLOCKS, found.rows[0].tolist(), strict=True))
    assert first["customer"] == first["customer_last"] == [0.0, 0.0]
    assert first["agent"] == first["opening"] == first["closing"] == [1.0, 0.0]


def test_opening_and_closing_are_the_first_and_the_last_four_turns() -> None:
    said = ["agent: A one."] * 4 + ["agent: A two."] * 4

    (found,) = summary(chat("c1", *said))

    assert found.rows[-1, 4].tolist() == [1.0, 0.0]
    assert found.rows[-1, 5].tolist() == [3.0, 0.0]


def test_summary_after_a_turn_is_that_of_the_conversation_up_to_it() -> None:
    (found,) = summary(TALK)

    for turn in range(4):
        (prefix,) = summary(TALK.prefix(turn), every_turn=False)
        assert found.rows[turn] == pytest.approx(prefix.rows[-1])


def test_summary_at_the_end_only_is_the_last_row() -> None:
    (every,), (end,) = summary(TALK), summary(TALK, every_turn=False)

    assert end.rows.shape == (1, 6, 2)
    assert (end.rows[-1] == every.rows[-1]).all()


def test_summary_does_not_depend_on_its_neighbours() -> None:
    other = chat("c2", "customer: C two.", "agent: A two.")

    together = summary(other, TALK, other)

    assert (together[1].rows == summary(TALK)[0].rows).all()


@pytest.mark.parametrize("name", list(VIEWS))
def test_view_is_its_stretches_one_after_the_other(name: str) -> None:
    (found,) = summary(TALK)

    expected = [found.rows[-1, BLOCKS.index(block)] for block in VIEWS[name]]

    assert found.view(name).tolist() == np.concatenate(expected).tolist()
    assert found.turn_views(name, Role.AGENT).shape == (2, 2 * len(VIEWS[name]))


def test_views_of_nothing_are_zero_and_empty() -> None:
    silent, _ = summary(chat("c1", "customer:  "), TALK)

    assert silent.rows.shape == (0, 6, 2)
    assert silent.view("whole").tolist() == [0.0] * 4
    assert silent.turn_views("whole", Role.AGENT).shape == (0, 4)


def test_batch_without_a_single_sentence_is_summarised() -> None:
    (silent,) = summary(chat("c1", "customer:  "))

    assert len(silent.rows) == 0


def test_turn_views_are_empty_when_a_role_says_nothing() -> None:
    (found,) = summary(chat("c1", "customer: C one."))

    assert found.turn_views("whole", Role.AGENT).shape == (0, 4)


def test_summary_at_the_end_is_the_last_row_and_keeps_no_other() -> None:
    (every,) = summary(TALK)
    (end,) = summary(TALK, every_turn=False)

    assert end.rows.tolist() == every.rows[-1:].tolist() == every.at_end().rows.tolist()
    assert end.roles == every.roles[-1:]
    assert end.rows.base is None

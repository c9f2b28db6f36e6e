"""A small world of graded conversations, scored without weights: good is what is long."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from qa_nlp.rubric import Rubric
from qa_nlp.scorer import Scorer
from qa_nlp.transcript import Role, Transcript, Turn
from tests.builders import HashEncoder

RUBRIC = """\
format_version: 1
id: demo
version: "1"
name: Demo
sections:
  - id: all
    name: All
    criteria:
      - id: length
        question: Was it long enough?
        levels: [{id: poor, value: 0}, {id: fair, value: 1}, {id: good, value: 2}]
        signals:
          - {signal: conduct.turns, threshold: 12, weight: 2}
          - {signal: conduct.agent_words_per_turn, threshold: 8, weight: 1}
"""
LEVELS = ("poor", "fair", "good")
AGENT = (
    "I will look at the green ledger now.",
    "Your parcel waits at the northern depot, and the driver has been told to call first.",
    "Thank you for waiting.",
    "The refund was sent on Monday.",
)
CUSTOMER = ("My kettle arrived broken.", "That is too late for me.", "Fine.", "Where is it?")
Row = tuple[str, str, str, str]


def conversations(
    size: int, seed: int = 0, *, group: int = 1, prefix: str = "c"
) -> list[Transcript]:
    """Build conversations of 4 to 20 turns from a few sentences."""
    random = np.random.default_rng(seed)
    found = []
    for number in range(size):
        turns = [
            Turn(Role.AGENT, AGENT[random.integers(4)])
            if place % 2
            else Turn(Role.CUSTOMER, CUSTOMER[random.integers(4)])
            for place in range(random.integers(4, 21))
        ]
        found.append(
            Transcript(
                f"{prefix}{number:03d}",
                tuple(turns),
                group_id=f"{prefix}g{number // group:03d}",
                language="en",
                metadata={"agent_id": f"A{number % 3}"},
            )
        )
    return found


def by_length(transcripts: Sequence[Transcript], seed: int = 0, rater: str = "Ana") -> list[Row]:
    """Grade conversations by the number of their turns."""
    random = np.random.default_rng(seed)
    rows = []
    for one in transcripts:
        logit = 0.6 * (len(one.turns) - 12) + random.logistic()
        level = LEVELS[int(np.searchsorted([-1.5, 1.5], logit))]
        rows.append((one.id, "length", rater, level))
    return rows


CALLS = conversations(36)
GRADES = by_length(CALLS)


def plain(**options: Any) -> Scorer:
    return Scorer(Rubric.from_yaml(RUBRIC), encoder=HashEncoder(), **options)


def turned_round(rows: Sequence[Row], own: Collection[str]) -> list[Row]:
    """Give other grades to some conversations: good to the poor, poor to the others."""
    return [
        (name, criterion, rater, ("good" if level == "poor" else "poor") if name in own else level)
        for name, criterion, rater, level in rows
    ]

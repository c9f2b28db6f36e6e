"""Conversations of words that nobody has said before, and functions that run at the same moment."""

from __future__ import annotations

import random
import string
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from qa_nlp.transcript import Role, Transcript, Turn

Given = TypeVar("Given")
Told = TypeVar("Told")

_ENDINGS = (".", "!", "?")


def fresh_call(chance: random.Random, number: int, turns: int = 6) -> Transcript:
    """Make a conversation of two sentences a turn, in invented words."""
    said = tuple(
        Turn(Role.AGENT if place % 2 else Role.CUSTOMER, f"{_sentence(chance)} {_sentence(chance)}")
        for place in range(turns)
    )
    return Transcript(f"fresh-{number}", said, language="en")


def _sentence(chance: random.Random) -> str:
    words = [
        "".join(chance.choices(string.ascii_lowercase, k=chance.randint(3, 8))) for _ in range(6)
    ]
    return " ".join(words).capitalize() + chance.choice(_ENDINGS)


def at_once(function: Callable[[Given], Told], given: Sequence[Given]) -> list[Told]:
    """Call a function in as many threads as it is given things, all of which start together."""
    gate = threading.Barrier(len(given))

    def wait_and_call(one: Given) -> Told:
        gate.wait(60)
        return function(one)

    with ThreadPoolExecutor(len(given)) as pool:
        return list(pool.map(wait_and_call, given))

"""Promised seconds, checked as a ratio: a slower or busier machine is given as much more time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# What `_work` takes on an idle core of the machine on which the promises were made.
_USUAL_SECONDS: Final = 0.12


def slowness() -> float:
    """Tell how many times longer than usual this machine takes just now; at least 1."""
    began = time.process_time()
    _work()
    return max(1.0, (time.process_time() - began) / _USUAL_SECONDS)


@contextmanager
def takes_less_than(seconds: float) -> Iterator[None]:
    """Check the processor time of a block, measured against fixed work before and after it."""
    before = slowness()
    began = time.process_time()
    yield
    took = time.process_time() - began
    allowed = seconds * (before + slowness()) / 2

    assert took < allowed, f"took {took:.2f} s; {allowed:.2f} s are allowed at this machine's pace"


def _work() -> int:
    """Write, parse and walk a list of small records: what reading files mostly does."""
    made = [{"role": "agent", "text": f"line {number}"} for number in range(40_000)]
    read = json.loads(json.dumps(made))
    return sum(len(row["text"].split()) for row in read)

"""Score thousands of conversations in a fresh process, and print by how much its memory grew.

The encoder is a stand-in, so that this takes seconds; `benchmarks.service` measures the same with
the shipped ones. A vector cache is meant to grow until it is full, so this one is small, and is
filled before the first measurement.
"""

from __future__ import annotations

import gc
import random
import sys

import psutil  # type: ignore[import-untyped]

from qa_nlp.encoding import VectorCache
from qa_nlp.scorer import Scorer
from tests.builders import HashEncoder
from tests.thread_world import fresh_call

CAPACITY = 2000
WARM_UP = 1000
CALLS = 3000


class ForgetfulEncoder(HashEncoder):
    """A stand-in that does not keep what it was asked for."""

    def encode(self, texts: list[str]) -> list[list[float]]:
        vectors = super().encode(texts)
        self.calls.clear()
        return vectors


def main(kind: str) -> None:
    """Score conversations that are all new, or the same few again and again."""
    scorer = Scorer("service_excellence", encoder=ForgetfulEncoder())
    reader = scorer._meter.reader(scorer.encoders[0])
    reader.cache = VectorCache(reader.encoder, CAPACITY)
    chance = random.Random(5)
    known = [fresh_call(chance, number) for number in range(20)]
    for number in range(WARM_UP):
        scorer.score_one(known[number % 20] if kind == "repeated" else fresh_call(chance, number))
    before = resident_bytes()
    for number in range(CALLS):
        scorer.score_one(known[number % 20] if kind == "repeated" else fresh_call(chance, number))
    print((resident_bytes() - before) / CALLS)


def resident_bytes() -> int:
    """Give the memory that this process holds, once what is not needed any more is gone."""
    gc.collect()
    return int(psutil.Process().memory_info().rss)


if __name__ == "__main__":
    main(sys.argv[1])

"""The stack that people build and ours, in turns, so that what slows the machine slows both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.parts.throughput_corpus import Corpus
from benchmarks.parts.throughput_job import Job, Ran, run_job
from benchmarks.parts.throughput_limit import gemm_rate
from benchmarks.parts.throughput_stack import BATCH, UsualStack, spread_chunks

__all__ = ["COPIES", "SHAPES", "STACKS", "Rounds", "measure_rounds"]

STACKS: Final[Mapping[str, int]] = {"stack (1)": 1, "stack (2)": BATCH}
"""Texts a call of each form of the usual stack."""

SHAPES: Final = ((1, 2), (1, 1), (2, 1))
"""Workers, and threads of each; in torch, which takes long and has no goal, the second alone."""

COPIES: Final[Mapping[str, int]] = {"torch": 1, "onnx": 2, "fast": 8}
"""How often the chats are scored by a job, the first time as they are, then varied. Several times,
where that is quick: a worker of two meets most repeated sentences anew, which counts on few."""

_SHARDS: Final = 20


@dataclass(slots=True)
class Rounds:
    """What each round gave.

    Parameters
    ----------
    segments : dict of str to list of float
        Lines of a chat a second, by form of the usual stack.
    gemm : dict of int to list of float
        Operations a second, by threads.
    jobs : dict of (str, int, int) to list of Ran
        By tier, workers and threads.
    """

    segments: dict[str, list[float]] = field(default_factory=dict)
    gemm: dict[int, list[float]] = field(default_factory=dict)
    jobs: dict[tuple[str, int, int], list[Ran]] = field(default_factory=dict)


def measure_rounds(
    corpus: Corpus, tiers: Sequence[str], rounds: int, chunk: int, two_workers: bool = True
) -> Rounds:
    """Measure everything once a round, beginning at another place each time.

    Parameters
    ----------
    corpus : Corpus
        What is scored.
    tiers : sequence of str
        Those to measure.
    rounds : int
        How many.
    chunk : int
        Lines that each form of the usual stack reads in a round.
    two_workers : bool, default True
        Whether to measure two workers, too.

    Returns
    -------
    Rounds
        A figure of each kind for each round.
    """
    found = Rounds()
    stack = UsualStack()
    chunks = spread_chunks(corpus.segments, rounds, chunk)
    steps: list[Callable[[int], None]] = []
    for name, batch in STACKS.items():

        def usual(place: int, name: str = name, batch: int = batch) -> None:
            rate = chunk / stack.seconds(chunks[place], batch)
            found.segments.setdefault(name, []).append(rate)
            print(f"  {name}: {rate:.1f} segments/s", flush=True)

        steps.append(usual)
    for tier in tiers:
        shapes = SHAPES[1:2] if tier == "torch" else SHAPES[: None if two_workers else 2]
        for workers, threads in shapes:

            def ours(_: int, shape: tuple[str, int, int] = (tier, workers, threads)) -> None:
                found.jobs.setdefault(shape, []).append(_ran(corpus, *shape))

            steps.append(ours)
    for threads in (1, 2):

        def limit(_: int, threads: int = threads) -> None:
            found.gemm.setdefault(threads, []).append(gemm_rate(threads))

        steps.append(limit)
    for place in range(rounds):
        first = place * len(steps) // rounds
        for step in (*steps[first:], *steps[:first]):
            step(place)
    return found


def _ran(corpus: Corpus, tier: str, workers: int, threads: int) -> Ran:
    conversations = len(corpus.chats) * COPIES[tier]
    path = corpus.file(conversations).path
    # Shards of a size, so that two workers end together.
    size = max(1, -(-conversations // _SHARDS))
    ran = run_job(Job(tier, workers, threads, path, conversations, shard_size=size))
    print(
        f"  {ran.job.name}: {ran.rate:.2f} conversations/s, start-up {ran.whole - ran.seconds:.1f} "
        f"s, encoding {ran.encoding:.1f} of {ran.seconds * workers:.1f} s",
        flush=True,
    )
    return ran

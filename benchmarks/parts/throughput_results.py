"""What the benchmark of throughput promises, and the tables that show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from benchmarks.parts.throughput_corpus import Corpus
from benchmarks.parts.throughput_data import Repetition
from benchmarks.parts.throughput_figures import (
    Ratio,
    cores,
    growth,
    ratios,
)
from benchmarks.parts.throughput_growth import Grown, memory_by_quarter
from benchmarks.parts.throughput_job import Ran
from benchmarks.parts.throughput_rounds import STACKS, Rounds
from benchmarks.parts.throughput_stages import stage_table
from benchmarks.record import Table, Target

__all__ = ["Found", "all_tables", "rate_table", "throughput_targets"]

GOALS: Final[Mapping[str, str]] = {
    "onnx, 2 x 1 over stack (1)": ">= 60",
    "onnx, 2 x 1 over stack (2)": ">= 40",
    "fast, 2 x 1 over stack (1)": ">= 500",
    "onnx, 1 x 1, share of the limit": ">= 0.85",
    "onnx, 1 x 2, share of the limit": ">= 0.85",
    "torch, all but encoding over onnx encoding": "<= 0.25",
    "onnx, all but encoding over onnx encoding": "<= 0.25",
    "fast, all but encoding over onnx encoding": "<= 0.25",
    "torch, two workers over one": ">= 1.8",
    "onnx, two workers over one": ">= 1.8",
    "fast, two workers over one": ">= 1.8",
}
"""By the name of a ratio; the others have none."""

GROWTH: Final = "<= 1.05"
MEMORY: Final[Mapping[str, str]] = {"en": "<= 1200", "auto": "<= 2000"}
FLAT: Final = "<= 1.05"
ALIKE: Final = "<= 0.02"

_DAILY: Final = (10**5, 10**6, 10**7, 10**8)
_NONE: Final = "–"


@dataclass(slots=True)
class Found:
    """Everything that was measured.

    Parameters
    ----------
    corpus : Corpus
        What was scored.
    rounds : Rounds
        In turns with the usual stack.
    enlarged : Repetition
        Of an enlargement, in which `corpus` is met several times.
    grown : dict of str to dict of int to list of Grown
        By tier and size.
    multilingual : dict of str to Ran
        With both encoders open, by tier.
    stages : dict of str to float
        Seconds of a job on the original by stage, beside encoding.
    """

    corpus: Corpus
    rounds: Rounds
    enlarged: Repetition
    grown: dict[str, dict[int, list[Grown]]] = field(default_factory=dict)
    multilingual: dict[str, Ran] = field(default_factory=dict)
    stages: dict[str, float] = field(default_factory=dict)

    @property
    def ratios(self) -> dict[str, Ratio]:
        """Of the rounds."""
        return ratios(self.rounds, self.corpus)


def throughput_targets(found: Found) -> list[Target]:
    """List the figures that matter, with the goals set for them.

    Parameters
    ----------
    found : Found
        What was measured; parts may be missing.

    Returns
    -------
    list of Target
        Of what is there.
    """
    return [*_rounds(found), *_enlargement(found), *_growth(found), *_memory(found)]


def _rounds(found: Found) -> Iterator[Target]:
    for name, ratio in found.ratios.items():
        shown = ratio.to_dict()
        assert shown["value"] is not None
        yield Target(name, shown["value"], shown["low"], shown["high"], GOALS.get(name))


def _enlargement(found: Found) -> Iterator[Target]:
    few, many = found.corpus.counted, found.enlarged
    for name, ratio in (
        ("distinct share", many.share / few.share),
        ("tokens of a distinct sentence", many.tokens_a_sentence / few.tokens_a_sentence),
    ):
        value = round(abs(ratio - 1), 4)
        yield Target(f"enlargement, {name}, relative difference", value, goal=ALIKE)


def _growth(found: Found) -> Iterator[Target]:
    for tier, sizes in found.grown.items():
        for name, ratio in growth(sizes, found.corpus).items():
            shown = ratio.to_dict()
            assert shown["value"] is not None
            ends = (shown["value"], shown["low"], shown["high"])
            yield Target(f"{tier}, cost of a conversation, {name}", *ends, GROWTH)
        largest = _largest(sizes)
        start = 1 - largest.seconds / largest.whole
        size = largest.job.conversations
        yield Target(f"{tier}, share of start-up in {size:,} conversations", round(start, 4))
        yield Target(f"{tier}, found in the cache, {size:,} conversations", _share(largest))


def _memory(found: Found) -> Iterator[Target]:
    jobs: dict[str, list[Ran]] = {}
    for (tier, _, _), ran in found.rounds.jobs.items():
        jobs.setdefault(tier, []).extend(ran)
    for tier, sizes in found.grown.items():
        jobs.setdefault(tier, []).extend(one.ran for many in sizes.values() for one in many)
    for tier, ran in jobs.items():
        for workers in sorted({one.job.workers for one in ran}):
            most = max((one for one in ran if one.job.workers == workers), key=lambda one: one.peak)
            size = most.job.conversations
            name = f"{tier}, MB resident, {_workers(workers)}, up to {size:,} conversations"
            # Processes share pages, and several need several times as much in any case.
            yield Target(name, round(most.peak), goal=MEMORY["en"] if workers == 1 else None)
    for tier, one in found.multilingual.items():
        size = one.job.conversations
        name = f"{tier}, MB resident with the multilingual encoder, {size:,} conversations"
        yield Target(name, round(one.peak), goal=MEMORY["auto"])
    for tier, sizes in found.grown.items():
        quarters = memory_by_quarter(_largest(sizes))
        size = _largest(sizes).job.conversations
        name = f"{tier}, memory in the last quarter of {size:,} conversations over the second"
        yield Target(name, round(quarters[-1] / quarters[1], 4), goal=FLAT)


def _largest(sizes: Mapping[int, Sequence[Grown]]) -> Ran:
    return sizes[max(sizes)][0].ran


def _share(ran: Ran) -> float:
    return round(ran.hit_rate, 4)


def _workers(number: int) -> str:
    return "one worker" if number == 1 else f"{number} workers"


def rate_table(found: Found) -> Table:
    """Draw the rates beside those of the usual stack.

    Parameters
    ----------
    found : Found
        What was measured.

    Returns
    -------
    Table
        A row for each way of scoring; two cores each, but for one worker with one thread.
    """
    columns = ["two cores (95 % interval)", "conversations/s", *(f"× {name}" for name in STACKS)]
    size, shown = found.corpus.segments_a_chat, found.ratios
    rows: list[list[str | int]] = []
    for name in STACKS:
        rate = shown[f"{name}, segments/s"]
        ends = [None if end is None else end / size for end in (rate.low, rate.high)]
        rows.append([name, _cell(Ratio(rate.value / size, *ends)), _NONE, _NONE])
    for tier, workers, threads in found.rounds.jobs:
        name = f"{tier}, {workers} x {threads}"
        over = [_cell(shown[f"{name} over {stack}"]) for stack in STACKS]
        label = f"`{tier}`, {_workers(workers)}, {threads} thread{'s'[: threads > 1]}"
        rows.append([label, _cell(shown[f"{name}, conversations/s"]), *over])
    return Table(columns, rows)


def all_tables(found: Found) -> dict[str, Table]:
    """Draw what the docs show.

    Parameters
    ----------
    found : Found
        What was measured.

    Returns
    -------
    dict of str to Table
        ``sizing``: cores for a day's conversations; ``growth``: the cost of one among many;
        ``stages``: where the time goes beside encoding.
    """
    tables = {"sizing": _sizing(found)}
    if found.grown:
        tables["growth"] = _growth_table(found)
    if found.stages:
        tables["stages"] = stage_table(found.stages, len(found.corpus.chats))
    return tables


def _sizing(found: Found) -> Table:
    """Cores = conversations a day ÷ (conversations a second on one core x 86,400), rounded up."""
    columns = ["tier", "conversations/s on a core", *(f"{size:,} a day" for size in _DAILY)]
    rows: list[list[str | int]] = []
    for tier in dict.fromkeys(tier for tier, _, _ in found.rounds.jobs):
        # With all cores busy, each of them is slower than one alone.
        shape = next(
            (one for one in ((tier, 2, 1), (tier, 1, 1)) if one in found.rounds.jobs), None
        )
        if shape is not None:
            rate = Ratio.of([ran.rate / shape[1] for ran in found.rounds.jobs[shape]]).value
            needed = [f"{cores(size, rate):,}" for size in _DAILY]
            rows.append([f"`{tier}`", _digits(rate), *needed])
    return Table(columns, rows)


def _growth_table(found: Found) -> Table:
    columns = ["tier", "conversations", "ms each", "all but encoding", "in the cache", "MB"]
    rows: list[list[str | int]] = []
    for tier, sizes in found.grown.items():
        for size, jobs in sizes.items():
            cost = Ratio.of([1000 * one.cost(found.corpus) for one in jobs]).value
            rest = Ratio.of(
                [1000 * one.parts()[0] * found.corpus.sentences_a_chat for one in jobs]
            ).value
            hits = sum(one.ran.hit_rate for one in jobs) / len(jobs)
            peak = max(one.ran.peak for one in jobs)
            cells = [_digits(cost), _digits(rest), f"{hits:.0%}", f"{peak:,.0f}"]
            rows.append([f"`{tier}`", f"{size:,}", *cells])
    return Table(columns, rows)


def _cell(ratio: Ratio) -> str:
    value = _digits(ratio.value)
    if ratio.low is None or ratio.high is None:
        return value
    return f"{value} ({_digits(ratio.low)} to {_digits(ratio.high)})"


def _digits(value: float) -> str:
    """Write a number with three digits that mean something."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"

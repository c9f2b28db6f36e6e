"""How many conversations a second, beside the stack that people build, and what many of them cost.

Run: QA_NLP_DATA=... python -m benchmarks.throughput (some 40 minutes on two idle cores, and 2 GB of
disk for a while). ``--quick`` tries everything on a few chats and records nothing, as does a choice
of ``--tiers`` or ``--rounds``.

In turns, so that what slows the machine slows all: (1) the usual stack of three models, one line of
a chat a call, (2) the same with 32 a call, and `score_files` in every tier: hashing and reading the
input, everything on a scorecard, Parquet synced to the disk. Start-up of processes is reported
apart; that of the stack does not count either.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.parts.cost import FILE
from benchmarks.parts.throughput_corpus import Corpus
from benchmarks.parts.throughput_figures import told
from benchmarks.parts.throughput_growth import measure_growth, multilingual_job
from benchmarks.parts.throughput_results import (
    Found,
    all_tables,
    rate_table,
    throughput_targets,
)
from benchmarks.parts.throughput_rounds import measure_rounds
from benchmarks.parts.throughput_stages import stage_seconds
from benchmarks.record import Measured, data_folder, record
from qa_nlp.encoding.tiers import fast_names, prepare

TIERS: Final = ("torch", "onnx", "fast")
GROWING: Final[Mapping[str, tuple[int, int]]] = {"onnx": (1, 2), "fast": (2, 1)}
"""Workers and threads of the jobs that grow, by tier."""

MODULES: Final = (
    *("corpus", "data", "figures", "growth", "hook", "job", "limit", "results", "rounds"),
    *("stack", "stages", "words"),
)
MEASURED: Final = Measured(
    weights=[
        "models/encoder-en",
        "models/encoder-multilingual",
        "models/fast-en",
        "models/phrases-en",
        "models/phrases-fast-en",
    ],
    rubrics=["rubric_prompts/rubrics/service_excellence.yaml", "rubric_prompts/phrases"],
    modules=[
        *(f"benchmarks/parts/throughput_{name}.py" for name in MODULES),
        "benchmarks/parts/conversations.py",
        "qa_nlp/batch",
        "qa_nlp/calibration",
        "qa_nlp/encoding",
        "qa_nlp/importers",
        "qa_nlp/scorecard.py",
        "qa_nlp/scorecards.py",
        "qa_nlp/scorer.py",
        "qa_nlp/signals",
        "qa_nlp/text",
    ],
    data=[FILE],
)
_COPIES: Final = 4
"""Of the chats, in the enlargement that is compared with them."""

NOTES: Final = (
    "stack (1): DistilBERT-size sentiment, RoBERTa-base-size empathy, MiniLM similarity; a line of "
    "a chat a call, two threads, inference mode, warm, cut at 128 tokens; classifiers with random "
    "weights; word pieces of MiniLM for all; no reading, no writing",
    "stack (2): the same, 32 lines a call",
    "a job, TIER, WORKERS x THREADS: score_files from an open and warm scorer with an empty cache "
    "of vectors to the end, everything included but start-up, which comes apart",
    "intervals: Student's, on logarithms of the ratios of each round",
    "limit: 21.3 MFLOP a token of the sentences encoded, filling left out, over products of "
    "[512, 384] by [384, 1536] and back with as many threads",
    "all but encoding: one thread, seconds a conversation over those of encoding in the tier onnx",
    "stages: seconds of the processor in one thread, tier fast, every vector in the cache",
    "growth: seconds of a worker for a conversation made up as the chats are",
    "memory: resident, of all processes of a job, a page shared by two counts twice",
    "sizing: cores = conversations a day / (conversations/s on a core, all cores busy, x 86,400)",
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    Parameters
    ----------
    chats : int or None
        The first so many of the data; None = all.
    rounds, chunk : int
        Rounds, and lines that each form of the usual stack reads in one.
    sizes : mapping of str to sequence of int
        Conversations of the jobs that grow, by tier.
    multilingual : int
        Conversations in four languages.
    """

    chats: int | None
    rounds: int
    chunk: int
    sizes: Mapping[str, Sequence[int]]
    multilingual: int


WHOLE: Final = Plan(
    None, 3, 96, {"onnx": (100, 1_000, 10_000), "fast": (1_000, 10_000, 100_000)}, 200
)
QUICK: Final = Plan(3, 2, 4, {"torch": (3, 6), "onnx": (3, 6), "fast": (3, 24)}, 8)


def main() -> int:
    """Measure, print and record.

    Returns
    -------
    int
        0.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiers", nargs="+", choices=TIERS, default=list(TIERS))
    parser.add_argument("--quick", action="store_true", help="a few chats; record nothing")
    parser.add_argument("--rounds", type=int, help="other than planned; record nothing")
    asked = parser.parse_args()
    data = data_folder()
    if data is None:
        print("QA_NLP_DATA names no folder with the public data sets: nothing was measured")
        return 0
    plan = QUICK if asked.quick else WHOLE
    if asked.rounds is not None:
        plan = replace(plan, rounds=asked.rounds)
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        found = _measured(plan, asked.tiers, data, Path(folder))
        print(f"{(time.monotonic() - started) / 60:.1f} minutes")
    for target in throughput_targets(found):
        verdict = {True: "reached", False: "MISSED ", None: "       "}[target.met]
        print(f"{verdict} {target.name}: {target.value} {target.goal or ''}")
    if plan is WHOLE and set(asked.tiers) == set(TIERS):
        print(f"written: {_record(found)}")
    return 0


def _measured(plan: Plan, tiers: Sequence[str], data: Path, folder: Path) -> Found:
    if "onnx" in tiers:  # else the first job would do it
        for name in ("en", "multilingual"):
            prepare(name)
    corpus = Corpus.unbabel(data, folder, plan.chats)
    print(
        f"{len(corpus.chats)} chats, {len(corpus.segments):,} lines, {corpus.counted}", flush=True
    )
    rounds = measure_rounds(corpus, tiers, plan.rounds, plan.chunk)
    found = Found(corpus, rounds, corpus.enlarged(_COPIES))
    found.stages = stage_seconds(Path(corpus.file(len(corpus.chats)).path))
    for tier in tiers:
        if tier != "fast" or "multilingual" in fast_names():
            found.multilingual[tier] = multilingual_job(corpus, tier, plan.multilingual)
        if tier in plan.sizes:
            shape = GROWING.get(tier, (1, 2))
            found.grown[tier] = measure_growth(corpus, tier, plan.sizes[tier], *shape)
    return found


def _record(found: Found) -> Path:
    corpus, rounds = found.corpus, found.rounds
    figures: dict[str, Any] = {
        "notes": list(NOTES),
        "chats": len(corpus.chats),
        "lines": len(corpus.segments),
        "counted": asdict(corpus.counted),
        f"counted, {_COPIES} copies": asdict(found.enlarged),
        "lines/s": {
            name: [round(rate, 2) for rate in all_] for name, all_ in rounds.segments.items()
        },
        "GFLOP/s": {
            threads: [round(rate / 1e9, 1) for rate in all_]
            for threads, all_ in rounds.gemm.items()
        },
        "rounds": {
            f"{tier}, {workers} x {threads}": list(told(jobs))
            for (tier, workers, threads), jobs in rounds.jobs.items()
        },
        "growth": {
            tier: [row for jobs in sizes.values() for row in told([one.ran for one in jobs])]
            for tier, sizes in found.grown.items()
        },
        "multilingual": {tier: next(told([ran])) for tier, ran in found.multilingual.items()},
        "stages, s": {stage: round(spent, 4) for stage, spent in found.stages.items()},
    }
    return record(
        "throughput",
        script=__file__,
        command="python -m benchmarks.throughput",
        targets=throughput_targets(found),
        measured=MEASURED,
        figures=figures,
        readme_table=rate_table(found),
        tables=all_tables(found),
    )


if __name__ == "__main__":
    sys.exit(main())

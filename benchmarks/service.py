"""What one conversation costs in a service: latency, threads, memory, and the cold start.

Run: python -m benchmarks.service (on two idle cores; most of it is memory in the tier torch).
``--quick`` tries everything on a few conversations and records nothing; so does a choice of
``--tiers``. Conversations have 20 turns and 30 sentences of 3 to 12 words, as long as those of the
bundled samples are, that were never said before, so that the cache of vectors does not answer.
Those of the growth of memory have 4 turns, with an invented word in each sentence and a cache that
is full from the start; pages of mapped files, such as the table of words of the tier onnx, do not
count, since there are no more of them than the files hold.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

from benchmarks.parts.service_calls import SENTENCES, TURNS
from benchmarks.parts.service_process import run_fresh
from benchmarks.parts.service_results import (
    Tier,
    cold_table,
    service_table,
    service_targets,
)
from benchmarks.record import Measured, record
from qa_nlp.encoding.tiers import TIERS, prepare

MEASURED: Final = Measured(
    weights=["models/encoder-en", "models/phrases-en"],
    rubrics=["rubric_prompts/rubrics/service_excellence.yaml", "rubric_prompts/phrases"],
    modules=[
        *(f"benchmarks/parts/service_{name}.py" for name in ("calls", "process", "results")),
        "benchmarks/parts/throughput_limit.py",
        "qa_nlp/calibration",
        "qa_nlp/encoding",
        "qa_nlp/scorer.py",
        "qa_nlp/signals",
        "qa_nlp/text",
    ],
)
ENCODER_THREADS: Final = (1, 2)
GROWTH: Final = ("fresh", "repeated")


@dataclass(frozen=True, slots=True)
class Plan:
    """How many conversations each measurement takes.

    Parameters
    ----------
    waits, together, growing : int
        For latency, for threads, and for the growth of memory.
    starts : int
        Cold starts.
    """

    waits: int
    together: int
    growing: int
    starts: int

    def of(self, tier: str) -> Plan:
        """Give the plan for a tier: fewer calls in torch, which would take an hour."""
        if tier != "torch":
            return self
        waits, together = -(-self.waits // 10), -(-self.together // 10)
        return replace(self, waits=waits, together=together, growing=-(-self.growing // 3))


WHOLE: Final = Plan(200, 64, 3_000, 5)
QUICK: Final = Plan(8, 8, 20, 1)


def main() -> int:
    """Measure, print and record.

    Returns
    -------
    int
        0.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiers", nargs="+", choices=TIERS, default=list(TIERS))
    parser.add_argument("--quick", action="store_true", help="a few calls; record nothing")
    asked = parser.parse_args()
    if "onnx" in asked.tiers:
        prepare("en")
    plan = QUICK if asked.quick else WHOLE
    tiers = [measure(name, plan.of(name)) for name in asked.tiers]
    for target in service_targets(tiers):
        verdict = {True: "reached", False: "MISSED ", None: "       "}[target.met]
        print(f"{verdict} {target.name}: {target.value} {target.goal or ''}")
    if not asked.quick and set(asked.tiers) == set(TIERS):
        print(f"written: {_record(tiers, plan)}")
    return 0


def measure(name: str, plan: Plan) -> Tier:
    """Measure one tier, each figure in a process of its own.

    Parameters
    ----------
    name : str
        The tier.
    plan : Plan
        How many conversations.

    Returns
    -------
    Tier
        What was found.
    """
    # the first start fills the system's cache of files
    run_fresh("cold", name, 1, 1)
    cold = [run_fresh("cold", name, 1, 1) for _ in range(plan.starts)]
    threads = ENCODER_THREADS if name != "fast" else ENCODER_THREADS[:1]
    told = {count: run_fresh("latency", name, count, plan.waits) for count in threads}
    waits = {count: one["seconds"] for count, one in told.items()}
    least = {count: one["least"] for count, one in told.items()}
    together = run_fresh("threads", name, 1, plan.together)
    growth = {kind: run_fresh(kind, name, 1, plan.growing)["bytes"] for kind in GROWTH}
    tier = Tier(name, waits, least, together, growth, cold)
    print(f"{name}: {tier.milliseconds(1):.0f} ms, cold {tier.first_card():.1f} s", flush=True)
    return tier


def _record(tiers: Sequence[Tier], plan: Plan) -> object:
    return record(
        "service",
        script=__file__,
        command="python -m benchmarks.service",
        targets=service_targets(tiers),
        measured=MEASURED,
        figures={
            "turns": TURNS,
            "sentences": SENTENCES,
            "interval": "95 %, by the order of the calls",
            "calls": {tier.name: asdict(plan.of(tier.name)) for tier in tiers},
            "cold start": {tier.name: list(tier.cold) for tier in tiers},
        },
        readme_table=service_table(tiers),
        tables={"cold": cold_table(tiers)},
    )


if __name__ == "__main__":
    sys.exit(main())

"""What is measured in a fresh process: latency, threads, memory, and the way to the first card."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from unittest.mock import patch

from benchmarks.record import ROOT

__all__ = ["run_fresh"]

MODULE: Final = "benchmarks.parts.service_process"
WARM_UP: Final = 10
THREADS: Final = 8
CAPACITY: Final = 2_000
STRINGS: Final = 2_000
"""Vectors in the cache, and strings in spaCy's vocabulary before it is emptied, while memory is
measured: both have been full before the first measurement."""

_FEW_TURNS: Final = 4
_FILLING: Final = 1_500
"""Calls before the first measurement, while the heap settles."""
_KNOWN: Final = 20
_RUBRIC: Final = "service_excellence"


def run_fresh(kind: str, tier: str, threads: int, count: int) -> dict[str, Any]:
    """Measure in a process of its own.

    Parameters
    ----------
    kind : {"latency", "threads", "fresh", "repeated", "cold"}
        What; `fresh` and `repeated` are the growth of memory on such conversations.
    tier : {"torch", "onnx", "fast"}
        Of the encoder.
    threads : int
        Of the encoder.
    count : int
        Conversations.

    Returns
    -------
    dict
        ``seconds`` (list) and ``least`` (a call, or None), ``differing`` (cards), ``bytes`` (a
        call), or seconds by stage.
    """
    run = subprocess.run(
        [sys.executable, "-m", MODULE, kind, tier, str(threads), str(count), str(time.time())],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": str(threads)},
        capture_output=True,
        text=True,
        check=False,
    )
    if run.returncode:
        raise RuntimeError(run.stderr)
    told: dict[str, Any] = json.loads(run.stdout)
    return told


def _cold(tier: str, threads: int, count: int, started: float) -> Mapping[str, Any]:
    """Time each stage on the way to the first card, as a service goes it."""
    moments = {"Python": time.time()}
    import qa_nlp as qa

    make = qa.Scorer
    moments["imports"] = time.time()
    scorer = make(_RUBRIC, encoder="en", tier=tier, threads=threads)
    moments["rubric and phrase banks"] = time.time()
    scorer._meter.reader(scorer.encoders[0])
    moments["encoder and classifiers"] = time.time()
    call = next(call for call in qa.load_samples() if call.language == "en")
    moments["bundled sample"] = time.time()
    scorer.score_one(call)
    moments["first score"] = time.time()
    stages = {}
    before = started
    for stage, moment in moments.items():
        stages[stage] = moment - before
        before = moment
    return stages


def _latency(tier: str, threads: int, count: int, started: float) -> Mapping[str, Any]:
    from benchmarks.parts.service_calls import fresh_call

    scorer = _scorer(tier, threads)
    seconds = []
    for seed in range(WARM_UP + count):
        call = fresh_call(seed)
        begin = time.perf_counter()
        scorer.score_one(call)
        seconds.append(time.perf_counter() - begin)
    least = _least(scorer, threads, count) if tier != "fast" else None
    return {"seconds": seconds[WARM_UP:], "least": least}


def _least(scorer: Any, threads: int, count: int) -> float:
    """Give the seconds that the matrix products of a call would take, were there nothing else."""
    from benchmarks.parts.service_calls import fresh_call
    from benchmarks.parts.throughput_limit import FLOP_A_TOKEN, gemm_rate
    from qa_nlp.text.sentences import sentence_table

    encoder = scorer._meter.reader(scorer.encoders[0]).encoder
    tokens = 0
    for seed in range(WARM_UP, WARM_UP + count):
        tokens += sum(map(len, encoder.token_ids(sentence_table([fresh_call(seed)]).texts)))
    return FLOP_A_TOKEN * tokens / count / gemm_rate(threads)


def _threads(tier: str, threads: int, count: int, started: float) -> Mapping[str, Any]:
    from benchmarks.parts.service_calls import fresh_call

    alone, together = _scorer(tier, threads), _scorer(tier, threads)
    calls = [fresh_call(seed) for seed in range(count)]
    expected = [alone.score_one(call) for call in calls]
    begin = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(together.score_one, calls))
    seconds = time.perf_counter() - begin
    differing = sum(one != other for one, other in zip(expected, found, strict=True))
    return {"differing": differing, "cards": len(found), "a second": len(found) / seconds}


def _growth(tier: str, threads: int, count: int, started: float, kind: str) -> Mapping[str, Any]:
    from benchmarks.parts.service_calls import fresh_call
    from qa_nlp.encoding import VectorCache
    from qa_nlp.text import sentences

    scorer = _scorer(tier, threads)
    reader = scorer._meter.reader(scorer.encoders[0])
    reader.cache = VectorCache(reader.encoder, CAPACITY)
    seeds = range(_FILLING + count)
    before = 0
    with patch.object(sentences, "MOST_STRINGS", STRINGS):
        for seed in seeds:
            if seed == _FILLING:
                before = _own_bytes()
            chosen = seed if kind == "fresh" else seed % _KNOWN
            scorer.score_one(fresh_call(chosen, turns=_FEW_TURNS, invented=True))
        return {"bytes": (_own_bytes() - before) / count, "own": before}


def _scorer(tier: str, threads: int) -> Any:
    from qa_nlp.scorer import Scorer

    return Scorer(_RUBRIC, encoder="en", tier=tier, threads=threads)


def _own_bytes() -> int:
    """Tell how much is resident without mapped files, which are read into memory as needed."""
    import psutil  # type: ignore[import-untyped]

    gc.collect()
    memory = psutil.Process().memory_info()
    return int(memory.rss - memory.shared)


_KINDS: Final[Mapping[str, Callable[..., Mapping[str, Any]]]] = {
    "cold": _cold,
    "latency": _latency,
    "threads": _threads,
}


def main() -> None:
    """Measure what the command line says, and print it as JSON."""
    kind, tier, threads, count, started = sys.argv[1:]
    given = (tier, int(threads), int(count), float(started))
    told = _KINDS[kind](*given) if kind in _KINDS else _growth(*given, kind)
    print(json.dumps(told))


if __name__ == "__main__":
    main()

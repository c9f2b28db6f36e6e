"""What each stage of a job costs beside encoding: every vector is in the cache already."""

from __future__ import annotations

import contextlib
import functools
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from unittest import mock

from threadpoolctl import threadpool_limits

from benchmarks.parts.throughput_hook import RUBRIC
from benchmarks.record import Table
from qa_nlp import scorer as scoring
from qa_nlp.batch import score_files, worker
from qa_nlp.encoding import VectorCache
from qa_nlp.scorer import Scorer
from qa_nlp.signals import measure

__all__ = ["REST", "stage_seconds", "stage_table"]

REST: Final = "hashing and reading the input, and all else"

_STAGES: Final[tuple[tuple[str, Any, tuple[str, ...]], ...]] = (
    ("cutting into sentences", measure, ("sentence_table",)),
    ("language", measure, ("language_of",)),
    ("looking vectors up", VectorCache, ("encode",)),
    ("classifiers", measure.SignalMeter, ("_batch",)),
    ("answers of turns", measure, ("answers_on_turns",)),
    ("phrases", measure, ("PhraseHits", "measure_phrases")),
    ("rules", measure, ("RuleHits",)),
    ("requirements", measure, ("measure_required",)),
    ("conduct", measure, ("measure_conduct",)),
    ("other signals", measure.SignalMeter, ("measure",)),
    ("grading", scoring, ("grade_criteria", "roll_up")),
    ("scorecards", Scorer, ("_score_shard", "iter_scores", "_card")),
    ("writing Parquet", worker, ("write_shard",)),
)
"""Where the functions of a stage are looked up when they are called."""

_FAMILIES: Final = {
    "customer_sentiment.": "sentiment",
    "customer_emotion.": "emotion",
    "empathy.": "empathy",
    "tone.": "tone",
}


def stage_seconds(path: Path, passes: int = 4) -> dict[str, float]:
    """Time the stages of a job of one process and thread, with all vectors at hand.

    Parameters
    ----------
    path : pathlib.Path
        The conversations.
    passes : int, default 4
        Jobs, of which the quickest counts.

    Returns
    -------
    dict of str to float
        Seconds of the processor by stage, without those of the stages inside it.
    """
    scorer = Scorer(RUBRIC, encoder="en", tier="fast")
    found: list[dict[str, float]] = []
    # threads of BLAS that wait for work would count as time of the processor
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1):
        score_files(path, Path(folder) / "warm", scorer, workers=1)
        for number in range(passes):
            with _timed() as spent:
                started = time.process_time()
                score_files(path, Path(folder) / str(number), scorer, workers=1)
                whole = time.process_time() - started
            found.append({**spent, REST: whole - sum(spent.values())})
    return min(found, key=lambda spent: sum(spent.values()))


def stage_table(seconds: Mapping[str, float], conversations: int) -> Table:
    """Draw the stages, the dearest first.

    Parameters
    ----------
    seconds : mapping of str to float
        From `stage_seconds`.
    conversations : int
        How many were scored.

    Returns
    -------
    Table
        Milliseconds a conversation, and the share of all.
    """
    whole = sum(seconds.values())
    rows: list[list[str | int]] = [
        [stage, f"{1000 * spent / conversations:.2f}", f"{spent / whole:.0%}"]
        for stage, spent in sorted(seconds.items(), key=lambda item: -item[1])
        if spent >= 0.001 * whole
    ]
    rows.append(["all", f"{1000 * whole / conversations:.2f}", "100%"])
    return Table(["stage", "ms a conversation", "share"], rows)


@contextlib.contextmanager
def _timed() -> Iterator[dict[str, float]]:
    """Time the stages of what is done meanwhile in this thread."""
    spent: defaultdict[str, float] = defaultdict(float)
    inside: list[float] = []

    def timed(stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            started = time.thread_time()
            inside.append(0.0)
            try:
                found = function(*arguments, **named)
                # what a generator does is done while it is gone through
                return list(found) if isinstance(found, Iterator) else found
            finally:
                whole = time.thread_time() - started
                spent[stage] += whole - inside.pop()
                if inside:
                    inside[-1] += whole

        return call

    with contextlib.ExitStack() as patches:
        for stage, place, names in _STAGES:
            for name in names:
                changed = timed(stage, getattr(place, name))
                patches.enter_context(mock.patch.object(place, name, changed))
        families = {
            prefix: timed(_FAMILIES[prefix], function)
            for prefix, function in measure._FAMILIES.items()
        }
        patches.enter_context(mock.patch.object(measure, "_FAMILIES", families))
        yield spent

"""Ratios of what was measured in the same round, and what they say of a day's conversations."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from scipy import stats

from benchmarks.parts.throughput_corpus import Corpus
from benchmarks.parts.throughput_growth import Grown, memory_by_quarter
from benchmarks.parts.throughput_job import Ran
from benchmarks.parts.throughput_limit import share_of_limit
from benchmarks.parts.throughput_rounds import Rounds

__all__ = ["DAY", "Ratio", "cores", "growth", "ratios", "told"]

DAY: Final = 86_400
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """A positive figure and its 95 % interval, as far as it was measured more than once.

    Parameters
    ----------
    value : float
        Geometric mean.
    low, high : float or None
        Student's interval on the logarithm; None of a single measurement.
    """

    value: float
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, values: Sequence[float]) -> Ratio:
        """Estimate from repeated measurements.

        Parameters
        ----------
        values : sequence of float
            All above 0.

        Returns
        -------
        Ratio
            Their mean and its interval.

        Examples
        --------
        >>> Ratio.of([2.0, 8.0]).value
        4.0
        """
        logs = np.log(values)
        mean = float(logs.mean())
        if len(logs) < 2:
            return cls(math.exp(mean))
        error = float(stats.sem(logs))
        half = float(stats.t.ppf(0.975, len(logs) - 1)) * error
        return cls(math.exp(mean), math.exp(mean - half), math.exp(mean + half))

    def to_dict(self) -> dict[str, float | None]:
        """Give the figure as JSON-ready values.

        Returns
        -------
        dict
            ``value``, ``low``, ``high``, to 4 significant digits.
        """
        return {
            "value": _rounded(self.value),
            "low": None if self.low is None else _rounded(self.low),
            "high": None if self.high is None else _rounded(self.high),
        }


def ratios(rounds: Rounds, corpus: Corpus) -> dict[str, Ratio]:
    """Compare what was measured, round by round.

    Parameters
    ----------
    rounds : Rounds
        What was measured.
    corpus : Corpus
        What was scored.

    Returns
    -------
    dict of str to Ratio
        By what is compared.
    """
    found = {f"{name}, segments/s": Ratio.of(rates) for name, rates in rounds.segments.items()}
    for (tier, workers, threads), jobs in rounds.jobs.items():
        name = f"{tier}, {workers} x {threads}"
        found[f"{name}, conversations/s"] = Ratio.of([ran.rate for ran in jobs])
        for stack, rates in rounds.segments.items():
            pairs = zip(jobs, rates, strict=True)
            found[f"{name} over {stack}"] = Ratio.of(
                [ran.rate * corpus.segments_a_chat / rate for ran, rate in pairs]
            )
        if workers == 1:
            found |= _of_one_worker(name, threads, jobs, rounds, corpus)
        else:
            alone = rounds.jobs[tier, 1, 1]
            found[f"{tier}, two workers over one"] = Ratio.of(
                [two.rate / one.rate for two, one in zip(jobs, alone, strict=True)]
            )
    return found | _beside_onnx(rounds)


def _of_one_worker(
    name: str, threads: int, jobs: Sequence[Ran], rounds: Rounds, corpus: Corpus
) -> dict[str, Ratio]:
    size = corpus.counted.tokens_a_sentence
    limit = [
        share_of_limit(ran.encoded * size, ran.encoding, rate)
        for ran, rate in zip(jobs, rounds.gemm[threads], strict=True)
    ]
    return {} if name.startswith("fast") else {f"{name}, share of the limit": Ratio.of(limit)}


def _beside_onnx(rounds: Rounds) -> dict[str, Ratio]:
    """Compare all but encoding, on one thread, with the encoding in the tier onnx."""
    beside = rounds.jobs.get(("onnx", 1, 1), [])
    return {
        f"{tier}, all but encoding over onnx encoding": Ratio.of(
            [
                _a_conversation(ran, ran.rest) / _a_conversation(one, one.encoding)
                for ran, one in pairs
            ]
        )
        for (tier, workers, threads), jobs in rounds.jobs.items()
        if (workers, threads) == (1, 1) and beside
        for pairs in [list(zip(jobs, beside, strict=True))]
    }


def _a_conversation(ran: Ran, seconds: float) -> float:
    return seconds / ran.job.conversations


def growth(grown: Mapping[int, Sequence[Grown]], corpus: Corpus) -> dict[str, Ratio]:
    """Compare the cost of a conversation among many with that among few.

    Parameters
    ----------
    grown : mapping of int to sequence of Grown
        By size, from few to many.
    corpus : Corpus
        What was scored.

    Returns
    -------
    dict of str to Ratio
        Growth from each size to the next and from the first to the last, plus 1, in all, of all but
        encoding, and of encoding. The interval is that of repeated jobs of the smaller size.
    """
    sizes = list(grown)
    steps = [*pairwise(sizes), *([(sizes[0], sizes[-1])] if len(sizes) > 2 else [])]
    measures: dict[str, Callable[[Grown], float]] = {
        "in all": lambda one: one.cost(corpus),
        "all but encoding": lambda one: one.parts()[0],
        "encoding": lambda one: one.parts()[1],
    }
    found = {}
    for few, many in steps:
        for name, measure in measures.items():
            after = Ratio.of([measure(one) for one in grown[many]]).value
            found[f"{few:,} to {many:,}, {name}"] = Ratio.of(
                [after / measure(one) for one in grown[few]]
            )
    return found


def cores(conversations: float, rate: float) -> int:
    """Tell how many cores score so many conversations in a day.

    Parameters
    ----------
    conversations : float
        A day.
    rate : float
        Conversations a second on one core.

    Returns
    -------
    int
        Conversations ÷ (rate x 86,400), rounded up.

    Examples
    --------
    >>> cores(1e6, 10.0)
    2
    """
    return math.ceil(conversations / (rate * DAY))


def told(jobs: Sequence[Ran]) -> Iterator[dict[str, Any]]:
    """Give jobs as JSON-ready values.

    Parameters
    ----------
    jobs : sequence of Ran
        Measured.

    Yields
    ------
    dict
        Of each.
    """
    for ran in jobs:
        yield {
            "conversations": ran.job.conversations,
            "workers": ran.job.workers,
            "threads": ran.job.threads,
            "seconds": _rounded(ran.seconds),
            "seconds with start-up": _rounded(ran.whole),
            "conversations/s": _rounded(ran.rate),
            "conversations/s with start-up": _rounded(ran.whole_rate),
            "encoding, s": _rounded(ran.encoding),
            "all but encoding, s": _rounded(ran.rest),
            "sentences encoded": ran.encoded,
            "cache hit rate": _rounded(ran.hit_rate),
            "MB by quarter": [round(size) for size in memory_by_quarter(ran)],
            "MB at most": round(ran.peak),
        }


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")

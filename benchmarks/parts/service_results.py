"""Targets and tables of the benchmark of a service."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.stats import binom

from benchmarks.record import Table, Target

__all__ = ["Tier", "cold_table", "median_interval", "service_table", "service_targets"]

_MILLI = 1000.0
_KILOBYTE = 1024.0


@dataclass(frozen=True, slots=True)
class Tier:
    """What was measured in one tier.

    Parameters
    ----------
    name : str
        The tier.
    waits : mapping of int to sequence of float
        Seconds of each warm call, by threads of the encoder.
    least : mapping of int to float or None
        Seconds of a call's matrix products alone, by threads; None where there are hardly any.
    threads : mapping
        ``differing`` cards, ``cards`` and how many ``a second``, in 8 threads.
    growth : mapping of str to float
        Bytes a call, on ``fresh`` and on ``repeated`` conversations.
    cold : sequence of mapping
        Seconds by stage, for each start.
    """

    name: str
    waits: Mapping[int, Sequence[float]]
    least: Mapping[int, float | None]
    threads: Mapping[str, Any]
    growth: Mapping[str, float]
    cold: Sequence[Mapping[str, float]]

    def milliseconds(self, threads: int, share: float = 0.5) -> float:
        """Give the wait that a share of the calls did not exceed."""
        waits = sorted(self.waits[threads])
        return _MILLI * waits[min(len(waits) - 1, math.ceil(share * len(waits)) - 1)]

    def first_card(self) -> float:
        """Give the median of the seconds from the start of Python to the first card."""
        return statistics.median(sum(stages.values()) for stages in self.cold)


def median_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """Give an interval for the median from the order of the values (Conover 1999).

    Parameters
    ----------
    values : sequence of float
        Independent draws.
    level : float, default 0.95
        At least so often the interval holds the median, where there are 6 values or more.

    Returns
    -------
    tuple of float
        Two of the values.

    Examples
    --------
    >>> median_interval(range(1, 21))
    (6, 15)
    """
    ordered = sorted(values)
    below = max(int(binom.ppf((1 - level) / 2, len(ordered), 0.5)), 1)
    return ordered[below - 1], ordered[len(ordered) - below]


def service_targets(tiers: Sequence[Tier]) -> list[Target]:
    """List the figures beside their goals.

    Parameters
    ----------
    tiers : sequence of Tier
        What was measured.

    Returns
    -------
    list of Target
        Latency of one encoder thread first.
    """
    targets = []
    for tier in tiers:
        for threads, waits in tier.waits.items():
            low, high = (_MILLI * bound for bound in median_interval(waits))
            targets.append(
                Target(
                    f"{tier.name}: median ms of a warm score_one, encoder threads: {threads}",
                    round(tier.milliseconds(threads), 1),
                    round(low, 1),
                    round(high, 1),
                    "< 60" if tier.name == "onnx" else None,
                )
            )
            least = tier.least[threads]
            if least is not None:
                name = f"{tier.name}: ms of its matrix products alone, threads: {threads}"
                targets.append(Target(name, round(_MILLI * least, 1)))
        targets += [
            Target(
                f"{tier.name}: cards of 8 threads that differ from those of one",
                tier.threads["differing"],
                goal="== 0",
            ),
            *(
                Target(
                    f"{tier.name}: KB that memory grows by a call, {kind} conversations",
                    round(grown / _KILOBYTE, 3),
                    goal="< 1",
                )
                for kind, grown in tier.growth.items()
            ),
            Target(f"{tier.name}: seconds to the first card", round(tier.first_card(), 2)),
        ]
    return targets


def service_table(tiers: Sequence[Tier]) -> Table:
    """Show latency, threads and memory by tier.

    Parameters
    ----------
    tiers : sequence of Tier
        What was measured.

    Returns
    -------
    Table
        A row for each tier and number of encoder threads.
    """
    columns = ["tier", "encoder threads", "median, ms", "p95, ms", "matrix products alone, ms"]
    columns += ["cards/s from 8 threads", "differing cards"]
    columns += ["KB a call, fresh", "KB a call, repeated"]
    rows: list[list[str | int]] = []
    for tier in tiers:
        for threads in tier.waits:
            first = threads == min(tier.waits)
            shared = [
                f"{tier.threads['a second']:.1f}",
                f"{tier.threads['differing']} of {tier.threads['cards']}",
                *(f"{grown / _KILOBYTE:.2f}" for grown in tier.growth.values()),
            ]
            waits = [tier.milliseconds(threads), tier.milliseconds(threads, 0.95)]
            least = tier.least[threads]
            rows.append(
                [
                    tier.name,
                    threads,
                    *(f"{wait:.0f}" for wait in waits),
                    "–" if least is None else f"{_MILLI * least:.0f}",
                    *(shared if first else [""] * len(shared)),
                ]
            )
    return Table(columns, rows)


def cold_table(tiers: Sequence[Tier]) -> Table:
    """Show where the time to the first card goes, by tier.

    Parameters
    ----------
    tiers : sequence of Tier
        What was measured.

    Returns
    -------
    Table
        Medians of seconds; stages are medians of their own and need not add up.
    """
    stages = list(tiers[0].cold[0])
    rows = [
        [
            tier.name,
            *(f"{statistics.median(one[stage] for one in tier.cold):.2f}" for stage in stages),
            f"{tier.first_card():.2f}",
        ]
        for tier in tiers
    ]
    return Table(["tier", *(f"{stage}, s" for stage in stages), "first card, s"], rows)

"""How long an agreement study of many conversations takes, beside a plain loop over resamples."""

from __future__ import annotations

import time
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["CONVERSATIONS", "CRITERIA", "invented_study", "loop_seconds", "measure_speed"]

CONVERSATIONS: Final = 8333
CRITERIA: Final = 12
LEVELS: Final = 5
RATERS: Final = 3
"""On the conversations graded several times; the others have one rater."""

_SEVERAL: Final = 0.2
_AGENT: Final = 40
"""Conversations of an agent."""

_CUTS: Final = (-1.6, -0.8, 0.3, 1.2)
_ROUNDS: Final = 1000
_LOOPED: Final = 25
"""Resamples of the loop that are timed; the rest takes as long each."""

Index = NDArray[np.int64]


def measure_speed(conversations: int = CONVERSATIONS, criteria: int = CRITERIA) -> dict[str, Any]:
    """Study invented grades on one thread, and time a loop of scikit-learn in the same run.

    Parameters
    ----------
    conversations, criteria : int, optional
        Size of the study.

    Returns
    -------
    dict
        Sizes, ``seconds`` of the study on the clock, ``loop seconds`` of one kappa a criterion and
        resample, extrapolated, and ``times as fast``.
    """
    from threadpoolctl import threadpool_limits

    from qa_nlp.agreement import AgreementStudy

    machine, human = invented_study(conversations, criteria)
    with threadpool_limits(limits=1):
        started = time.perf_counter()
        levels = list(range(1, LEVELS + 1))
        AgreementStudy.from_tables(machine, human, levels=levels).to_dict()
        seconds = time.perf_counter() - started
        looped = loop_seconds(conversations, criteria)
    print(f"  study {seconds:.1f} s, loop {looped:.0f} s", flush=True)
    return {
        "conversations": conversations,
        "criteria": criteria,
        "machine grades": len(machine),
        "human grades": len(human),
        "resamples": _ROUNDS,
        "seconds": round(seconds, 2),
        "loop seconds": round(looped, 1),
        "times as fast": round(looped / seconds, 1),
    }


def invented_study(
    conversations: int = CONVERSATIONS, criteria: int = CRITERIA
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make a table of machine grades and one of human grades.

    Parameters
    ----------
    conversations, criteria : int, optional
        How many; the machine grades every criterion of every conversation.

    Returns
    -------
    tuple of DataFrame
        Of the machine: transcript_id, group_id, criterion, level, expected. Of people:
        transcript_id, criterion, rater, level: three raters on the first fifth of the
        conversations, one on the others. Levels are 1 to 5.
    """
    random = np.random.default_rng(0)
    item = np.arange(conversations * criteria)
    conversation = item // criteria
    quality = random.normal(size=conversations)[conversation] + random.normal(size=len(item))
    place = quality / np.sqrt(2)
    expected = 3 + 0.8 * place + 0.5 * random.normal(size=len(item))
    machine = pd.DataFrame(
        {
            "transcript_id": _ids(conversation),
            "group_id": [f"agent-{one // _AGENT}" for one in conversation.tolist()],
            "criterion": _criteria(item, criteria),
            "level": _levels(place + 0.6 * random.normal(size=len(item))),
            "expected": np.clip(expected, 1, LEVELS),
        }
    )
    raters = np.where(conversation < _SEVERAL * conversations, RATERS, 1)
    graded = np.repeat(item, raters)
    seat = np.arange(len(graded)) - np.repeat(np.cumsum(raters) - raters, raters)
    human = pd.DataFrame(
        {
            "transcript_id": _ids(graded // criteria),
            "criterion": _criteria(graded, criteria),
            "rater": [f"rater-{one}" for one in (seat + graded // criteria % 4).tolist()],
            "level": _levels(place[graded] + 0.6 * random.normal(size=len(graded))),
        }
    )
    return machine, human


def _ids(conversation: Index) -> list[str]:
    return [f"call-{one}" for one in conversation.tolist()]


def _criteria(item: Index, criteria: int) -> list[str]:
    return [f"criterion_{one}" for one in (item % criteria).tolist()]


def _levels(score: NDArray[np.float64]) -> Index:
    return np.asarray(np.searchsorted(_CUTS, score) + 1, dtype=np.int64)


def loop_seconds(
    conversations: int = CONVERSATIONS, criteria: int = CRITERIA, looped: int = _LOOPED
) -> float:
    """Time the loop that a notebook would hold: one kappa of scikit-learn a resample.

    Parameters
    ----------
    conversations, criteria : int, optional
        Size of the study.
    looped : int, optional
        Resamples that are timed.

    Returns
    -------
    float
        Seconds for a quadratic kappa of every criterion on 1,000 resamples of conversations.
    """
    from sklearn.metrics import cohen_kappa_score

    random = np.random.default_rng(1)
    quality = random.normal(size=conversations)
    one, two = (_levels(quality + 0.6 * random.normal(size=conversations)) for _ in range(2))
    started = time.perf_counter()
    for _ in range(looped):
        rows = random.integers(0, conversations, conversations)
        cohen_kappa_score(one[rows], two[rows], weights="quadratic")
    return (time.perf_counter() - started) / looped * _ROUNDS * criteria

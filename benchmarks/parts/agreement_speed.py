"""How long an agreement study of many conversations takes, beside a plain loop over resamples."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qa_nlp.agreement.estimates import ROUNDS
from qa_nlp.agreement.study import AgreementStudy

__all__ = [
    "CONVERSATIONS",
    "CRITERIA",
    "invented_study",
    "loop_seconds",
    "measure_speed",
    "study_seconds",
]

CONVERSATIONS: Final = 8333
CRITERIA: Final = 12
LEVELS: Final = 5
RATERS: Final = 3
"""On the conversations graded several times; the others have one rater."""

_SEVERAL: Final = 0.2
_CUTS: Final = (-1.6, -0.8, 0.3, 1.2)
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
        Sizes, ``seconds`` of the study that the processor worked, which on an idle machine are
        those of the clock, ``seconds with groups`` of one that also looks at teams and languages,
        ``loop seconds`` of one kappa a criterion and resample, extrapolated, and ``times as fast``
        the plain study is.
    """
    from threadpoolctl import threadpool_limits

    tables = invented_study(conversations, criteria)
    with threadpool_limits(limits=1):
        seconds = study_seconds(*tables)
        grouped = study_seconds(*tables, by=("team", "language"))
        looped = loop_seconds(conversations, criteria)
    print(f"  study {seconds:.1f} s, with groups {grouped:.1f} s, loop {looped:.0f} s", flush=True)
    return {
        "conversations": conversations,
        "criteria": criteria,
        "machine grades": len(tables[0]),
        "human grades": len(tables[1]),
        "resamples": ROUNDS,
        "seconds": round(seconds, 2),
        "seconds with groups": round(grouped, 2),
        "loop seconds": round(looped, 1),
        "times as fast": round(looped / seconds, 1),
    }


def study_seconds(
    machine: pd.DataFrame, human: pd.DataFrame, metadata: pd.DataFrame, by: Sequence[str] = ()
) -> float:
    """Time a whole study, from tables to a dictionary, each conversation resampled by itself.

    Parameters
    ----------
    machine, human, metadata : DataFrame
        As `invented_study` gives them.
    by : sequence of str, default ()
        Columns of the metadata to group by.

    Returns
    -------
    float
        Seconds of the processor.
    """
    levels = [str(level) for level in range(1, LEVELS + 1)]
    started = time.process_time()
    study = AgreementStudy.from_tables(machine, human, levels, metadata=metadata, by=by)
    study.to_dict()
    return time.process_time() - started


def invented_study(
    conversations: int = CONVERSATIONS, criteria: int = CRITERIA
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Make tables of machine grades, of human grades, and of what is known of conversations.

    Parameters
    ----------
    conversations, criteria : int, optional
        How many; the machine grades every criterion of every conversation.

    Returns
    -------
    tuple of DataFrame
        Machine: transcript_id, criterion, level. People: transcript_id, criterion, rater, level;
        three raters on the first fifth of the conversations, one on the others. Conversations:
        transcript_id, team, language. Levels are 1 to 5.
    """
    random = np.random.default_rng(0)
    item = np.arange(conversations * criteria)
    conversation = item // criteria
    quality = random.normal(size=conversations)[conversation] + random.normal(size=len(item))
    place = quality / np.sqrt(2)
    machine = pd.DataFrame(
        {
            "transcript_id": _ids(conversation),
            "criterion": _criteria(item, criteria),
            "level": _levels(place + 0.6 * random.normal(size=len(item))),
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
    metadata = pd.DataFrame(
        {
            "transcript_id": _ids(np.arange(conversations)),
            "team": random.choice(["north", "south", "east", "west", "night"], conversations),
            "language": random.choice(["en", "ro", "pt"], conversations, p=[0.7, 0.2, 0.1]),
        }
    )
    return machine, human, metadata


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
    started = time.process_time()
    for _ in range(looped):
        rows = random.integers(0, conversations, conversations)
        cohen_kappa_score(one[rows], two[rows], weights="quadratic")
    return (time.process_time() - started) / looped * ROUNDS * criteria

"""How long it takes to learn 1,000 graded conversations on 12 criteria, once they are encoded."""

from __future__ import annotations

import time
from typing import Any, Final

import numpy as np

from benchmarks.parts.calibration_sets import RUBRICS
from benchmarks.record import ROOT
from qa_nlp.calibration.calibrator import learn_criterion
from qa_nlp.calibration.criterion_data import CriterionData
from qa_nlp.calibration.fitting import split_groups
from qa_nlp.calibration.model import CriterionModel, Term
from qa_nlp.calibration.text_score import TextViews
from qa_nlp.rubric import Rubric
from qa_nlp.signals.summary import Summary
from qa_nlp.transcript import Role

__all__ = ["invented", "measure_speed"]

CONVERSATIONS: Final = 1000
CRITERIA: Final = 12
SIGNALS: Final = 8
WIDTH: Final = 534
"""Columns of a stretch of a conversation, as the English encoder gives them."""

_BLOCKS: Final = 6
_FOLDS: Final = 5


def measure_speed() -> dict[str, Any]:
    """Learn invented criteria on one thread, the text's views shared as the library shares them.

    Returns
    -------
    dict
        ``seconds`` that the processor worked, which on an idle machine are those of the clock,
        those of the first criterion, which prepares what the others share, and ``clock seconds``.
    """
    from threadpoolctl import threadpool_limits

    every = invented(CRITERIA)
    with threadpool_limits(limits=1):
        clock, started = time.perf_counter(), time.process_time()
        ends = []
        for data in every:
            learn_criterion(data, [], _FOLDS)
            ends.append(time.process_time() - started)
        clock = time.perf_counter() - clock
    print(f"  {ends[-1]:.1f} s, first criterion {ends[0]:.1f} s, clock {clock:.1f} s", flush=True)
    return {
        "conversations": CONVERSATIONS,
        "criteria": CRITERIA,
        "seconds": round(ends[-1], 2),
        "seconds of the first": round(ends[0], 2),
        "clock seconds": round(clock, 2),
    }


def invented(criteria: int, conversations: int = CONVERSATIONS) -> list[CriterionData]:
    """Make criteria with signals, texts and grades at random.

    Parameters
    ----------
    criteria : int
        How many.
    conversations : int, default `CONVERSATIONS`
        Graded once each.

    Returns
    -------
    list of CriterionData
        Of 5 levels and 8 signals each; they share the views of the text.
    """
    random = np.random.default_rng(0)
    (criterion,) = Rubric.load(ROOT / RUBRICS["satisfaction"]).criteria
    terms = tuple(Term(signal.signal, 0.0, 1.0, 1.0) for signal in criterion.signals[:SIGNALS])
    prior = CriterionModel(terms, (-4.0, -1.5, 1.5, 4.0))
    rows = np.arange(conversations)
    text = random.normal(size=(conversations, 1, _BLOCKS, WIDTH)).astype(np.float32)
    views = TextViews([Summary(one, (Role.CUSTOMER,)) for one in text])
    weights = np.array([term.weight for term in prior.terms])
    found = []
    for _ in range(criteria):
        positions = np.clip(random.normal(size=(conversations, SIGNALS)), -1, 1)
        mood = positions @ weights + 3 * text[:, 0, 2, 0] + random.logistic(size=conversations)
        level = np.searchsorted(np.array(prior.cutpoints), mood)
        found.append(
            CriterionData(
                criterion,
                prior,
                rows,
                positions,
                np.zeros(conversations, dtype=np.bool_),
                rows,
                split_groups(rows, _FOLDS),
                rows,
                np.full(conversations, -1),
                level.astype(np.int64),
                rows,
                views,
            )
        )
    return found

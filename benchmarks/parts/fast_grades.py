"""Whether both tiers give real conversations the same grades."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.parts.conversations import FILES, read_star, read_unbabel
from benchmarks.parts.evaluation import Measures, measures_of
from benchmarks.parts.fast_tiers import ENGLISH, Pair
from benchmarks.parts.measures import rank_correlation
from benchmarks.parts.resampling import Resampler
from qa_nlp.samples import load_samples
from qa_nlp.scorecard import Grade, GradeStatus, Scorecard
from qa_nlp.scorer import Scorer

__all__ = ["FILES", "RUBRIC", "grade_agreement"]

RUBRIC: Final = "service_excellence"


def grade_agreement(pair: Pair, folder: Path, *, each: int, rounds: int) -> Measures:
    """Score conversations with both encoders and compare the scorecards.

    Parameters
    ----------
    pair : Pair
        The encoders; on English real chats are scored, else the samples of the library.
    folder : pathlib.Path
        The folder of data sets.
    each : int
        Conversations of each set.
    rounds : int
        Resamples, over conversations.

    Returns
    -------
    Measures
        ``value``, ``low`` and ``high`` of the share of grades that are the same (status and
        level), of levels that are the same where both gave one, and of Spearman's correlation of
        the totals.
    """
    chosen = []
    if pair is ENGLISH:
        for read in (read_unbabel, read_star):
            every = read(folder)
            chosen += every[:: max(1, len(every) // each)][:each]
    else:
        chosen = [sample for sample in load_samples() if sample.language in pair.languages]
    scored = [list(Scorer(RUBRIC, encoder=one).score(chosen)) for one in pair.encoders().values()]
    cards = list(zip(*scored, strict=True))
    resampler = Resampler([str(row) for row in range(len(cards))], rounds=rounds)
    totals = resampler.totals(np.array([_counts(*pair) for pair in cards], dtype=np.float64))
    found = {
        "grades that are the same": totals[:, 1] / totals[:, 0],
        "levels that are the same": totals[:, 3] / totals[:, 2],
    }
    both = [(a.total, b.total) for a, b in cards if a.total is not None and b.total is not None]
    first, second = np.array(both, dtype=np.float64).T
    kept = Resampler([str(row) for row in range(len(both))], rounds=rounds)
    found["rank correlation of totals"] = rank_correlation(kept, first, second)
    return measures_of(found)


def _counts(first: Scorecard, second: Scorecard) -> Sequence[int]:
    """Count grades, equal grades, pairs of levels, equal levels."""
    pairs: list[tuple[Grade, Grade]] = list(zip(first.grades, second.grades, strict=True))
    same = [a.status is b.status and a.level == b.level for a, b in pairs]
    graded = [
        equal
        for (a, b), equal in zip(pairs, same, strict=True)
        if a.status is b.status is GradeStatus.GRADED
    ]
    return len(pairs), sum(same), len(graded), sum(graded)

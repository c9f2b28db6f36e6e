"""Average precision, F1 and calibration error of phrases, resampled over people.

A method may have answered several times (once for each draw of labelled examples); its figure is
then the mean over the answers, and the interval is over people alone. A resample without a hit for
one of the phrases is drawn again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.bootstrap import ROUNDS, Figure, cluster_bootstrap
from benchmarks.parts.calibration import BINS, equal_mass_bins
from benchmarks.parts.texts import Array

__all__ = ["CALIBRATED", "Answer", "best_said", "phrase_figures"]

Flags = NDArray[np.bool_]
Measure = Callable[[Array], float]

CALIBRATED: Final = "qa_nlp"
"""The method whose scores are meant as probabilities."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a method says of every text and phrase, perhaps several times.

    Parameters
    ----------
    scores : ndarray of float64, shape (draws, texts, phrases) or None
        Higher = more likely; None for a method that only says yes or no.
    said : ndarray of bool, shape (draws, texts, phrases) or None
        Which phrases are found; None where only the ranking is of interest.
    """

    scores: Array | None
    said: Flags | None

    def of(self, phrases: Sequence[int]) -> Answer:
        """Give the answer for some of the phrases.

        Parameters
        ----------
        phrases : sequence of int
            Their columns.

        Returns
        -------
        Answer
            With those columns, in this order.
        """
        chosen = list(phrases)
        return Answer(
            None if self.scores is None else self.scores[:, :, chosen],
            None if self.said is None else self.said[:, :, chosen],
        )


def phrase_figures(
    wizards: Sequence[str], hits: Flags, answers: Mapping[str, Answer], *, rounds: int = ROUNDS
) -> dict[str, Figure]:
    """Measure every method, as the mean over the phrases.

    Parameters
    ----------
    wizards : sequence of str
        Who typed each text.
    hits : ndarray of bool, shape (texts, phrases)
        What is true.
    answers : mapping of str to Answer
        By name of the method.
    rounds : int, default 1000
        Number of resamples.

    Returns
    -------
    dict of str to Figure
        ``METHOD F1`` and ``METHOD AP``; ``qa_nlp ECE``, the class-wise calibration error over 15
        bins of equally many texts, which are those of all texts in every resample; and
        ``ahead of METHOD F1`` or ``AP``, what qa_nlp is better by on the same resamples.
    """
    measures: dict[str, Measure] = {}
    for method, answer in answers.items():
        if answer.said is not None:
            measures[f"{method} F1"] = _f1(hits, answer.said)
        if answer.scores is not None:
            measures[f"{method} AP"] = _average_precision(hits, answer.scores)
            if method == CALIBRATED:
                measures[f"{method} ECE"] = _calibration_error(hits, answer.scores)

    def measure(weights: Array) -> dict[str, float]:
        found = {name: each(weights) for name, each in measures.items()}
        ahead = {
            f"ahead of {name}": found[f"{CALIBRATED} {name.rpartition(' ')[2]}"] - value
            for name, value in found.items()
            if CALIBRATED in answers and not name.startswith(CALIBRATED)
        }
        return found | ahead

    return cluster_bootstrap(wizards, measure, rounds=rounds)


def best_said(hits: Flags, scores: Array) -> Flags:
    """Answer yes from the threshold that is best on these very texts: more than use could reach.

    Parameters
    ----------
    hits : ndarray of bool, shape (texts, phrases)
        What is true.
    scores : ndarray of float64, shape (texts, phrases)
        Higher = more likely.

    Returns
    -------
    ndarray of bool, shape (texts, phrases)
        With the threshold of greatest F1 for each phrase.

    Examples
    --------
    >>> hits = np.array([[True], [True], [False], [False]])
    >>> best_said(hits, np.array([[0.9], [0.4], [0.3], [0.1]]))[:, 0].tolist()
    [True, True, False, False]
    """
    order = np.argsort(-scores, axis=0, kind="stable")
    true = np.cumsum(np.take_along_axis(hits, order, axis=0), axis=0)
    given = np.arange(1, len(hits) + 1)[:, None]
    score = 2 * true / (given + true[-1])
    ordered = np.take_along_axis(scores, order, axis=0)
    # a threshold cannot stand between equal scores
    score[:-1][ordered[1:] == ordered[:-1]] = -1
    limit = np.take_along_axis(ordered, score.argmax(axis=0)[None], axis=0)
    return np.asarray(scores >= limit)


def _f1(hits: Flags, said: Flags) -> Measure:
    both = _columns(said & hits).astype(np.float64)
    given, true = _columns(said).astype(np.float64), hits.astype(np.float64)
    draws = len(said)

    def measure(weights: Array) -> float:
        of_hits = weights @ true
        if not of_hits.all():
            return float("nan")
        return float(np.mean(2 * (weights @ both) / (np.tile(of_hits, draws) + weights @ given)))

    return measure


def _average_precision(hits: Flags, scores: Array) -> Measure:
    columns = _columns(scores).T
    order = np.argsort(-columns, axis=1, kind="stable")
    ordered = np.take_along_axis(columns, order, axis=1)
    is_true = np.take_along_axis(np.tile(hits.T, (len(scores), 1)), order, axis=1)
    # equal scores share one rank: that of the last of them
    size = columns.shape[1]
    is_last = np.ones(columns.shape, dtype=bool)
    is_last[:, :-1] = ordered[:, 1:] != ordered[:, :-1]
    places = np.where(is_last, np.arange(size), size)
    last = np.minimum.accumulate(places[:, ::-1], axis=1)[:, ::-1]
    lines, ranks = np.nonzero(is_true)
    ends = last[lines, ranks]

    def measure(weights: Array) -> float:
        drawn = weights[order]
        given = np.cumsum(drawn, axis=1)
        true = np.cumsum(drawn * is_true, axis=1)
        total = true[:, -1]
        if not total.all():
            return float("nan")
        precision = true[lines, ends] / np.maximum(given[lines, ends], 1e-12)
        sums = np.bincount(lines, drawn[lines, ranks] * precision, len(columns))
        return float(np.mean(sums / total))

    return measure


def _calibration_error(hits: Flags, scores: Array) -> Measure:
    columns = _columns(scores)
    residuals = np.tile(hits, len(scores)) - columns
    cells = np.stack([equal_mass_bins(column) for column in columns.T], axis=1)
    cells += BINS * np.arange(columns.shape[1])
    count = BINS * columns.shape[1]

    def measure(weights: Array) -> float:
        sums = np.bincount(cells.ravel(), (residuals * weights[:, None]).ravel(), count)
        return float(np.abs(sums).sum() / (weights.sum() * columns.shape[1]))

    return measure


def _columns(values: NDArray[Any]) -> NDArray[Any]:
    """Put the draws side by side: (draws, texts, phrases) -> (texts, draws * phrases)."""
    return np.concatenate(list(values), axis=1)

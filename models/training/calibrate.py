"""Calibration of pooled logits and decision thresholds, both on the development fold.

Platt 1999, "Probabilistic Outputs for Support Vector Machines"; Guo et al. 2017, "On Calibration of
Modern Neural Networks"; Lipton, Elkan & Naryanaswamy 2014, "Optimal Thresholding of Classifiers to
Maximize F1 Measure": for calibrated probabilities the best threshold is half the F1 it reaches.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit, logsumexp
from sklearn.metrics import f1_score

from qa_nlp.signals.tasks import TASKS
from training.development import Answers, best_f1

Array = NDArray[np.float64]

PULL = 4.0
"""Strength, in texts, that pulls a calibration to (1, 0) and a rare label's F1 to the average."""

THRESHOLD_PULL = 0.5
"""What a threshold's distance from 0.5 costs: a small fold tempts to extreme ones."""


@dataclass(frozen=True)
class Calibration:
    """Calibrated logits are ``scale * pooled + shift``; the rest decides labels."""

    scale: Array
    shift: Array
    thresholds: tuple[float, ...] = ()
    spread: float | None = None


def calibrate(task: str, answers: Answers, mixture: Mapping[str, float]) -> Calibration:
    """Fit the calibration of one task; a text counts as ``mixture`` says of its source, or 1."""
    logits, labels = answers.labelled(task)
    sources = [item.example.source for item in answers.items if task in item.example.targets]
    weights = np.array([mixture.get(source, 1.0) for source in sources])
    kind = TASKS[task].kind
    if kind == "classes":
        return _classes(logits, np.array(labels, dtype=np.int64), weights)
    if kind == "labels":
        wanted = np.array([[k in label for k in range(logits.shape[1])] for label in labels])
        return _labels(logits, wanted.astype(np.float64), weights)
    if kind == "ordinal":
        return _ordinal(logits, np.array(labels, dtype=np.int64), weights)
    return _score(logits[:, 0], np.array(labels, dtype=np.float64))


def _classes(logits: Array, labels: NDArray[np.int64], weights: Array) -> Calibration:
    classes = logits.shape[1]

    def loss(values: Array) -> float:
        scores = values[0] * logits + values[1:]
        chosen = scores[np.arange(len(labels)), labels] - logsumexp(scores, axis=1)
        pull = PULL * ((values[0] - 1) ** 2 + (values[1:] ** 2).sum())
        return float(-(weights * chosen).sum() + pull)

    # one temperature for all classes; where there are many, no shifts: too few texts a class
    free = minimize(loss, np.r_[1.0, np.zeros(classes)], method="L-BFGS-B").x
    if classes > 10:
        single = minimize(lambda v: loss(np.r_[v, np.zeros(classes)]), np.ones(1)).x
        free = np.r_[single, np.zeros(classes)]
    return Calibration(np.full(classes, free[0]), free[1:])


def _platt(logits: Array, wanted: Array, weights: Array) -> tuple[float, float]:
    def loss(values: Array) -> float:
        scores = values[0] * logits + values[1]
        likelihood = wanted * log_expit(scores) + (1 - wanted) * log_expit(-scores)
        pull = PULL * ((values[0] - 1) ** 2 + values[1] ** 2)
        return float(-(weights * likelihood).sum() + pull)

    scale, shift = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B").x
    return float(scale), float(shift)


def _labels(logits: Array, wanted: Array, weights: Array) -> Calibration:
    fits = np.array([_platt(logits[:, k], wanted[:, k], weights) for k in range(logits.shape[1])])
    probabilities = expit(logits * fits[:, 0] + fits[:, 1])
    reached = np.array([best_f1(probabilities[:, k], wanted[:, k]) for k in range(logits.shape[1])])
    hits = wanted.sum(0)
    average = float(reached[hits >= 20].mean())
    reached = (hits * reached + PULL * average) / (hits + PULL)
    return Calibration(fits[:, 0], fits[:, 1], tuple(np.round(reached / 2, 4).tolist()))


def _ordinal(logits: Array, levels: NDArray[np.int64], weights: Array) -> Calibration:
    fits = np.array(
        [
            _platt(logits[:, k], (levels > k).astype(np.float64), weights)
            for k in range(logits.shape[1])
        ]
    )
    cumulative = expit(logits * fits[:, 0] + fits[:, 1])
    cumulative[:, 1] = cumulative.min(axis=1)
    grid = np.round(np.arange(0.2, 0.66, 0.025), 3)
    best = max(
        ((a, b) for a in grid for b in grid),
        key=lambda cuts: _quality(cumulative, levels, weights, cuts),
    )
    return Calibration(fits[:, 0], fits[:, 1], tuple(map(float, best)))


def _quality(
    cumulative: Array, levels: NDArray[np.int64], weights: Array, cuts: tuple[float, float]
) -> float:
    """Macro-F1 of the labels plus the one expected from the probabilities, less a pull to 0.5."""
    second = cumulative[:, 1] >= cuts[1]
    told = np.where(second, 2, (cumulative[:, 0] >= cuts[0]).astype(int))
    shares = np.c_[1 - cumulative[:, 0], cumulative[:, 0] - cumulative[:, 1], cumulative[:, 1]]
    shares *= weights[:, None]
    expected = np.array([shares[told == level].sum(0) for level in range(3)])
    f1 = 2 * np.diag(expected) / (expected.sum(0) + expected.sum(1))
    found = f1_score(levels, told, average="macro", zero_division=0.0, sample_weight=weights)
    return float(found + f1.mean()) - THRESHOLD_PULL * sum(abs(cut - 0.5) for cut in cuts)


def _score(logits: Array, scores: Array) -> Calibration:
    scale, shift = np.polyfit(logits, scores, 1)
    spread = float(np.std(scores - scale * logits - shift))
    return Calibration(np.array([scale]), np.array([shift]), spread=round(spread, 4))

"""Shipped classifiers of texts: one matrix product on an encoder's rows, pooled and calibrated.

Ordered levels are two questions, at least 1 and at least 2 (McCullagh 1980, "Regression Models for
Ordinal Data").
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, ndtr, softmax

from qa_nlp.artifacts import Artifact, load_artifact
from qa_nlp.encoding import Encoder
from qa_nlp.signals.answers import DECIMALS, class_names, label_sets, pool_logits
from qa_nlp.signals.tasks import Kind, Pooling, task_values

__all__ = ["Head", "heads_of", "load_heads", "log_odds", "read_heads"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

_CERTAIN: Final = -1e-12
"""Log probability at most, so that its complement has a logarithm."""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """A linear classifier on the rows of an encoder.

    Parameters
    ----------
    task : str
        What it tells.
    kind : {"classes", "labels", "ordinal", "score"}
        One answer of several, any number of answers, ordered levels, or a point on a scale.
    pooling : {"mean", "strongest"}
        How the sentences of a text are put together.
    classes : tuple of str
        Its answers, in the order of the columns of `probabilities`.
    weight : ndarray of float64, shape (outputs, width of a row)
        Weights; one output for each class, two for ordered levels, one for a score.
    bias : ndarray of float64, shape (outputs,)
        Intercepts.
    scale, shift : ndarray of float64, shape (outputs,)
        Calibration of pooled logits: ``scale * pooled + shift``.
    thresholds : tuple of float, default ()
        labels: from which probability each is given; ordinal: from which P(at least 1) and
        P(at least 2) a level is given. Where empty: 0.5.
    spread : float, optional
        score: standard deviation of the score that people give around the calibrated one.
    """

    task: str
    kind: Kind
    pooling: Pooling
    classes: tuple[str, ...]
    weight: Array
    bias: Array
    scale: Array
    shift: Array
    thresholds: tuple[float, ...] = ()
    spread: float | None = None

    @property
    def reads_vectors(self) -> bool:
        """Whether it reads the rows of an encoder: it does."""
        return True

    @property
    def fingerprint(self) -> str:
        """Hash of its numbers."""
        digest = hashlib.sha256(repr((self.classes, self.thresholds, self.spread)).encode())
        for numbers in (self.weight, self.bias, self.scale, self.shift):
            digest.update(np.ascontiguousarray(numbers, dtype="<f8").tobytes())
        return f"{self.task}:{self.kind}:{self.pooling}:{digest.hexdigest()[:16]}"

    def sentence_logits(self, rows: NDArray[np.float32]) -> Array:
        """Give the logits of sentences.

        Parameters
        ----------
        rows : ndarray of float32, shape (n, width of a row)
            From the encoder that the head was trained on.

        Returns
        -------
        ndarray of float64, shape (n, outputs)
            ordinal: of P(at least 1) and P(at least 2).
        """
        raw: Array = rows.astype(np.float64) @ self.weight.T + self.bias
        if self.kind != "ordinal":
            return raw
        # the second output is of "at least 2, given at least 1"
        return np.column_stack([raw[:, 0], log_odds(log_expit(raw[:, 0]) + log_expit(raw[:, 1]))])

    def logits(self, sentences: Sequence[str], rows: NDArray[np.float32] | None) -> Array:
        """Give the logits of sentences by their rows; see `sentence_logits`.

        Parameters
        ----------
        sentences : sequence of str
            Not looked at.
        rows : ndarray of float32, shape (n, width of a row)
            Their rows.

        Returns
        -------
        ndarray of float64, shape (n, outputs)
            One row each.
        """
        if rows is None:
            raise ValueError(f"the head for {self.task!r} reads the rows of an encoder")
        return self.sentence_logits(rows)

    def pool(self, logits: Array, owner: Index, share: Array, texts: int) -> Array:
        """Put the logits of sentences together; see `pool_logits`.

        Parameters
        ----------
        logits : ndarray of float64, shape (sentences, outputs)
            Of sentences.
        owner : ndarray of int64, shape (sentences,)
            The text of each.
        share : ndarray of float64, shape (sentences,)
            Its part of the characters of that text's sentences.
        texts : int
            How many texts.

        Returns
        -------
        ndarray of float64, shape (texts, outputs)
            NaN for a text without sentences.
        """
        return pool_logits(self.pooling, logits, owner, share, texts)

    def probabilities(self, pooled: Array) -> Array:
        """Give the probability of each class.

        Parameters
        ----------
        pooled : ndarray of float64, shape (n, outputs)
            Logits of texts, from `pool`; those of a sentence are those of a text of one sentence.

        Returns
        -------
        ndarray of float64, shape (n, classes)
            Rows sum to 1, except for labels, each of which has a probability of its own. Rounded.
        """
        calibrated = self._calibrated(pooled)
        if self.kind == "classes":
            chances = softmax(calibrated, axis=1)
        elif self.kind == "labels":
            chances = expit(calibrated)
        elif self.kind == "ordinal":
            first = expit(calibrated[:, 0])
            second = np.minimum(expit(calibrated[:, 1]), first)
            chances = np.column_stack([1 - first, first - second, second])
        else:
            polite = ndtr(calibrated[:, 0] / (self.spread or 1.0))
            chances = np.column_stack([1 - polite, polite])
        return np.round(chances, DECIMALS)

    def values(self, pooled: Array) -> Array:
        """Give the one number that each text comes down to.

        Parameters
        ----------
        pooled : ndarray of float64, shape (n, outputs)
            Logits of texts.

        Returns
        -------
        ndarray of float64, shape (n,)
            score: the share of texts below it on the scale, 0 to 1; otherwise see `task_values`.
        """
        if self.kind == "score":
            return np.round(ndtr(self._calibrated(pooled)[:, 0]), DECIMALS)
        found = task_values(self.task, self.classes, self.probabilities(pooled))
        return np.round(found, DECIMALS)

    def labels(self, pooled: Array) -> NDArray[np.object_]:
        """Give the answers.

        Parameters
        ----------
        pooled : ndarray of float64, shape (n, outputs)
            Logits of texts.

        Returns
        -------
        ndarray of object, shape (n,)
            A class each; labels: a tuple of those at or above their thresholds, or of the likeliest
            where none is. None for a text without sentences.
        """
        chances = self.probabilities(pooled)
        if self.kind == "labels":
            return label_sets(self.classes, chances, self.thresholds or (0.5,) * len(self.classes))
        if self.kind == "ordinal":
            first, second = self.thresholds or (0.5, 0.5)
            at_least = np.round(chances[:, 1] + chances[:, 2], DECIMALS)
            places = np.where(chances[:, 2] >= second, 2, np.where(at_least >= first, 1, 0))
        elif self.kind == "score":
            places = (chances[:, 1] >= 0.5).astype(np.int64)
        else:
            places = chances.argmax(axis=1)
        return class_names(self.classes, chances, places)

    def _calibrated(self, pooled: Array) -> Array:
        return self.scale * pooled + self.shift


def log_odds(log_probabilities: Array) -> Array:
    """Turn the logarithms of probabilities into logits.

    Parameters
    ----------
    log_probabilities : ndarray of float64
        At most 0.

    Returns
    -------
    ndarray of float64
        Of the same shape; finite at 0, where the probability is 1 but for what cannot be told.

    Examples
    --------
    >>> log_odds(np.log(np.array([0.25, 0.5]))).round(4)
    array([-1.0986,  0.    ])
    """
    chances = np.minimum(log_probabilities, _CERTAIN)
    return np.asarray(chances - np.log(-np.expm1(chances)))


def heads_of(encoder: Encoder) -> Mapping[str, Head]:
    """Give the shipped classifiers that read an encoder's rows.

    Parameters
    ----------
    encoder : Encoder
        Any encoder.

    Returns
    -------
    mapping of str to Head
        By task; empty for an encoder of the user's own.
    """
    artifact = getattr(encoder, "artifact", None)
    return read_heads(artifact) if isinstance(artifact, Artifact) else {}


@functools.cache
def load_heads(name: str) -> Mapping[str, Head]:
    """Read the classifiers of one shipped artefact.

    Parameters
    ----------
    name : str
        Folder below ``models``.

    Returns
    -------
    mapping of str to Head
        By task.

    Raises
    ------
    ArtifactError
        When the artefact is missing or damaged.
    """
    return read_heads(load_artifact(name))


def read_heads(artifact: Artifact) -> Mapping[str, Head]:
    """Read the classifiers of an artefact.

    Parameters
    ----------
    artifact : Artifact
        Weights and what they are for.

    Returns
    -------
    mapping of str to Head
        By task; empty where it holds none.
    """
    tasks = artifact.manifest.get("tasks", {})
    return MappingProxyType({task: _head(artifact, task, entry) for task, entry in tasks.items()})


def _head(artifact: Artifact, task: str, entry: Mapping[str, Any]) -> Head:
    def numbers(part: str) -> Array:
        return artifact.tensors[f"{task}.{part}"].astype(np.float64)

    return Head(
        task,
        entry["kind"],
        entry["pooling"],
        tuple(entry["classes"]),
        numbers("weight"),
        numbers("bias"),
        numbers("scale"),
        numbers("shift"),
        tuple(entry.get("thresholds", ())),
        entry.get("spread"),
    )

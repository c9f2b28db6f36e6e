"""Nonlinear features of an adapted encoder's states, which the heads of its artefact read."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qa_nlp.artifacts import Artifact
from qa_nlp.encoding.encoder import DECIMALS, Vectors, unit_rows

__all__ = ["Features"]


class Features:
    """Makes rows of what a BERT gives for texts, in whatever tier it runs.

    Parameters
    ----------
    artifact : Artifact
        Of an adapted encoder.
    """

    def __init__(self, artifact: Artifact) -> None:
        self._weight = artifact.tensors["features.weight"].astype(np.float64)
        self._bias = artifact.tensors["features.bias"].astype(np.float64)

    def rows(self, states: NDArray[np.float32], width: int) -> Vectors:
        """Put features beside sentence vectors.

        Parameters
        ----------
        states : ndarray of float32, shape (texts, 2 * width)
            Mean over the tokens of each text, and the state of its first token.
        width : int
            Columns of each.

        Returns
        -------
        ndarray of float32, shape (texts, width + features)
            Unit vectors of `width` columns, then the features, -1 to 1; rounded to 5 decimals.
        """
        features = np.tanh(states.astype(np.float64) @ self._weight.T + self._bias)
        rounded = np.round(features, DECIMALS).astype(np.float32)
        return np.hstack([unit_rows(states[:, :width]), rounded])

"""Sets of neighbouring levels that hold a person's grade as often as stated.

Cross-conformal prediction (Vovk 2015, "Cross-conformal predictors"): each graded transcript is
scored by the model of its own fold, which never saw its grade, and a new transcript is compared
with it under that same model. For a coverage of ``1 - alpha`` the guarantee is ``1 - 2 alpha`` for
any data whose groups are exchangeable, less a term that vanishes with the size of the folds
(Barber et al. 2021, "Predictive inference with the jackknife+"); in practice it is close to
``1 - alpha``. What is covered is the grade of one rater drawn at random.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["ALPHA", "LEAST_GROUPS", "LevelSets", "conformity"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

ALPHA: Final = 0.1
"""Share of grades that may lie outside their set."""

LEAST_GROUPS: Final = 10
"""With fewer graded conversations no set short of all levels can be stated."""

RARITY: Final = 0.35
"""How far a level is judged by its own frequency: 0 gives the narrowest sets, which leave out rare
levels; 1 covers rare levels as often as common ones, and is wide."""


def conformity(probabilities: Array, frequencies: Array) -> Array:
    """Say how well each level fits what a model expects.

    Parameters
    ----------
    probabilities : ndarray, shape (n, levels)
        By the model.
    frequencies : ndarray, shape (levels,)
        How frequent each level is among the grades it learnt from, above 0.

    Returns
    -------
    ndarray of float64, shape (n, levels)
        Higher = fits better: the probability, over the frequency to the power of `RARITY`.
    """
    return np.asarray(probabilities / frequencies**RARITY)


@dataclass(frozen=True, slots=True, eq=False)
class LevelSets:
    """How well the grades of each fold fitted the model that had not seen them.

    Parameters
    ----------
    scores : tuple of ndarray, each shape (graded transcripts of the fold,)
        Conformity of one grade of each transcript.
    weights : tuple of ndarray, of the same shapes
        1 ÷ transcripts of its group, so that a conversation counts once.
    frequencies : tuple of ndarray, each shape (levels,)
        Of the levels, in what each fold's model learnt from.
    """

    scores: tuple[Array, ...]
    weights: tuple[Array, ...]
    frequencies: tuple[Array, ...]

    @property
    def groups(self) -> float:
        """How many conversations they stand on."""
        return float(sum(weight.sum() for weight in self.weights))

    def members(
        self,
        probabilities: Sequence[Array],
        level: int,
        *,
        alpha: float = ALPHA,
        without: int | None = None,
    ) -> tuple[int, int]:
        """Give the first and the last level of the set of one transcript.

        Parameters
        ----------
        probabilities : sequence of ndarray, each shape (levels,)
            By the model of each fold.
        level : int
            The level that the transcript was given; always in its set.
        alpha : float, default `ALPHA`
            Share of grades that may lie outside.
        without : int, optional
            The fold that holds the transcript: its scores do not count, and its model alone, which
            saw no grade of the transcript, is compared with those of the others.

        Returns
        -------
        tuple of int
            Positions of levels.
        """
        fit = np.zeros(len(probabilities[0]))
        total = 1.0
        for fold, (scores, weights) in enumerate(zip(self.scores, self.weights, strict=True)):
            if fold == without:
                continue
            # the models of the other folds learnt from the grade of a transcript of `without`
            unseen = fold if without is None else without
            new = conformity(probabilities[unseen], self.frequencies[unseen])
            fit += weights @ (scores[:, None] <= new[None, :])
            total += float(weights.sum())
        inside = np.flatnonzero((1.0 + fit) / total > alpha)
        return min([level, *inside.tolist()]), max([level, *inside.tolist()])

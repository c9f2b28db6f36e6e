"""What a classifier tells about texts, as arrays and as a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa_nlp.scorecards import to_library

__all__ = ["Predictions"]


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """What a classifier tells about texts.

    Parameters
    ----------
    task : str
        What was asked.
    classes : tuple of str, length k
        The possible answers.
    labels : ndarray of object, shape (n,)
        The answer for each text; for ``emotion`` and ``emotion_group`` a tuple of answers. None for
        a text without words.
    probabilities : ndarray of float64, shape (n, k)
        Of each answer; NaN for a text without words. Rows sum to 1, except where a text may have
        several answers.
    values : ndarray of float64, shape (n,)
        The one number that each text comes down to; see `classify`.
    """

    task: str
    classes: tuple[str, ...]
    labels: NDArray[np.object_]
    probabilities: NDArray[np.float64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"Predictions(task={self.task!r}, texts={len(self)}, classes={len(self.classes)})"

    def to_frame(self, library: str = "pandas") -> Any:
        """Give a table with a row for each text.

        Parameters
        ----------
        library : {"pandas", "polars", "arrow"}, default "pandas"
            What to return.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            ``label``, ``value`` and the probability of each class.

        Raises
        ------
        ValueError
            When the library is another.
        """
        rows = [
            {
                "label": label if library == "pandas" or label is None else _plain(label),
                "value": value,
                **dict(zip(self.classes, chances, strict=True)),
            }
            for label, value, chances in zip(
                self.labels, self.values.tolist(), self.probabilities.tolist(), strict=True
            )
        ]
        return to_library(rows, library, ["label", "value", *self.classes])

    def _repr_html_(self) -> str:
        return str(self.to_frame()._repr_html_())


def _plain(label: str | tuple[str, ...]) -> str | list[str]:
    return label if isinstance(label, str) else list(label)

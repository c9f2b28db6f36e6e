"""How texts are put together for the exported graph: token after token, nothing between them.

Products of matrices see the tokens alone. Attention sees a rectangle, a row for each text, with
places that nothing attends to behind the short ones. Texts of a batch are nearly as long as each
other, so that there are few of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["FULL", "batches", "graph_inputs"]

FULL: Final = 256
"""Tokens that go through the graph together; more of them are hardly faster."""

_NOWHERE: Final = np.float32(-1e9)  # added to the score of a place with no token

_LENGTHS: Final = (16, 40, 88, 184)
"""Between texts of up to so many tokens and longer ones, a batch is cut."""


def batches(lengths: Sequence[int], threads: int, *, mixed: bool = True) -> list[list[int]]:
    """Share texts out, so that all threads have work.

    Parameters
    ----------
    lengths : sequence of int
        Tokens of each text, at least 1.
    threads : int
        How many batches are read at once, at least 1.
    mixed : bool, default True
        Whether a batch may hold texts of several lengths.

    Returns
    -------
    list of list of int
        Places in `lengths`, each once; batches of some `FULL` tokens at most, or of a text. The
        largest come first, so that no thread is left with one at the end.

    Examples
    --------
    >>> batches([5, 9, 5, 7], threads=2)
    [[3, 1], [0, 2]]
    >>> batches([5, 9, 5, 7], threads=1, mixed=False)
    [[0, 2], [1], [3]]
    """
    tokens = np.asarray(lengths, dtype=np.int64)
    rounds = -(-int(tokens.sum()) // (FULL * threads))
    aim = -(-int(tokens.sum()) // max(1, rounds * threads))
    order = np.argsort(tokens, kind="stable")
    kind = tokens[order] if not mixed else np.searchsorted(_LENGTHS, tokens[order])
    found = [
        part.tolist()
        for alike in np.split(order, np.flatnonzero(np.diff(kind)) + 1)
        for part in _parts(alike, tokens, aim)
    ]
    return sorted(found, key=lambda rows: -int(tokens[rows].sum()))


def _parts(rows: NDArray[np.int64], tokens: NDArray[np.int64], aim: int) -> Iterator[Any]:
    """Cut where the middle of a text lies in the next part; parts are equal up to a text."""
    ends = np.cumsum(tokens[rows])
    if not ends.size:
        return
    parts = -(-int(ends[-1]) // aim)
    part = (2 * ends - tokens[rows]) * parts // (2 * ends[-1])
    yield from np.split(rows, np.flatnonzero(np.diff(part)) + 1)


def graph_inputs(lengths: Sequence[int] | NDArray[np.int64]) -> Mapping[str, NDArray[Any]]:
    """Tell the graph where the tokens of a batch belong.

    Parameters
    ----------
    lengths : sequence or array of int, shape (texts,)
        Tokens of each text.

    Returns
    -------
    mapping of str to ndarray
        ``place`` (tokens,): that of each token in its text. ``where`` (texts, longest): which token
        stands in each place of the rectangle, any where there is none. ``back`` (tokens,): its
        place in the rectangle, counted along the rows. ``bias`` (texts, 1, 1, longest): 0 where
        there is a token, else far below every score.

    Examples
    --------
    >>> found = graph_inputs([1, 3])
    >>> found["where"].tolist(), found["back"].tolist(), found["place"].tolist()
    ([[0, 0, 0], [1, 2, 3]], [0, 3, 4, 5], [0, 0, 1, 2])
    """
    tokens = np.asarray(lengths)
    there = np.arange(tokens.max()) < tokens[:, None]
    where = np.zeros(there.shape, dtype=np.int64)
    where[there] = np.arange(np.count_nonzero(there))
    return {
        "place": np.nonzero(there)[1],
        "where": where,
        "back": np.flatnonzero(there),
        "bias": np.where(there, np.float32(0), _NOWHERE)[:, None, None, :],
    }

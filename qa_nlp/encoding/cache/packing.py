"""Vectors in 18 bits a number in place of 32, without losing one.

A number of a vector is a multiple of 0.00001 from -1 to 1: 17 bits for its size, one for its sign
(there are two zeros). A row holds the low 16 bits of each number, and after these the upper two of
four numbers a byte. A vector that is not of this kind is packed as the 32-bit floats it consists
of.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.encoding.encoder import DECIMALS, Vectors

__all__ = ["Rows", "packed", "packed_size", "plain", "plain_size", "unpacked"]

Rows = NDArray[np.uint8]

_SCALE: Final = np.float32(10**DECIMALS)
_CHUNK: Final = 256  # so that what lies between fits into the caches of a core
_ALL_BUT_SIGN: Final = np.uint32(0x7FFFFFFF)
_PAIRS: Final = np.arange(256)[:, None] >> np.arange(0, 8, 2) & 3
_UPPER: Final = ((_PAIRS & 1) << 16).astype(np.float32)
_DIVISOR: Final = np.where(_PAIRS & 2, -_SCALE, _SCALE).astype(np.float32)


def packed_size(columns: int) -> int:
    """Give the bytes of a packed row.

    Parameters
    ----------
    columns : int
        Numbers of a vector.

    Returns
    -------
    int
        Bytes.

    Examples
    --------
    >>> packed_size(512), plain_size(512)
    (1152, 2048)
    """
    return 2 * columns + (columns + 3) // 4


def plain_size(columns: int) -> int:
    """Give the bytes of a row of 32-bit floats.

    Parameters
    ----------
    columns : int
        Numbers of a vector.

    Returns
    -------
    int
        Bytes.
    """
    return 4 * columns


def packed(vectors: Vectors) -> Rows:
    """Pack vectors, each bit of which comes back.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, columns)
        Any numbers.

    Returns
    -------
    ndarray of uint8, shape (n, bytes)
        `packed_size` bytes a row; `plain_size` where one of the numbers is no multiple of 0.00001
        from -1 to 1.

    Examples
    --------
    >>> vectors = np.array([[0.6, -0.8]], dtype=np.float32)
    >>> rows = packed(vectors)
    >>> rows.shape, unpacked(rows, 2).tolist() == vectors.tolist()
    ((1, 5), True)
    """
    count, columns = vectors.shape
    rows = np.empty((count, packed_size(columns)), dtype=np.uint8)
    for first in range(0, count, _CHUNK):
        chosen = slice(first, first + _CHUNK)
        if not _pack(vectors[chosen], rows[chosen]):
            return plain(vectors)
    return rows


def plain(vectors: Vectors) -> Rows:
    """Give vectors as the bytes they consist of.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n, columns)
        Any numbers.

    Returns
    -------
    ndarray of uint8, shape (n, bytes)
        `plain_size` bytes a row.
    """
    bytes_ = np.ascontiguousarray(vectors, dtype="<f4").view(np.uint8)
    return bytes_.reshape(len(vectors), plain_size(vectors.shape[1]))


def unpacked(rows: Rows, columns: int) -> Vectors:
    """Give back what was packed.

    Parameters
    ----------
    rows : ndarray of uint8, shape (n, bytes)
        `packed_size` or `plain_size` bytes a row.
    columns : int
        Numbers of a vector.

    Returns
    -------
    ndarray of float32, shape (n, columns)
        The same, bit for bit.
    """
    vectors = np.empty((len(rows), columns), dtype=np.float32)
    if rows.shape[1] == plain_size(columns):
        vectors[:] = np.ascontiguousarray(rows).view("<f4")
        return vectors
    for first in range(0, len(rows), _CHUNK):
        chosen = slice(first, first + _CHUNK)
        _unpack(rows[chosen], vectors[chosen])
    return vectors


def _pack(vectors: Vectors, rows: Rows) -> bool:
    count, columns = vectors.shape
    sizes = np.abs(vectors)
    if not sizes.max(initial=0.0) <= 1:  # NaN is not either
        return False
    sizes *= _SCALE
    np.rint(sizes, out=sizes)
    numbers = sizes.astype(np.uint32)
    sizes /= _SCALE
    # Bits and not values are compared, so that nothing at all can get lost.
    bits = np.ascontiguousarray(vectors).view(np.uint32)
    if not np.array_equal(sizes.view(np.uint32), bits & _ALL_BUT_SIGN):
        return False
    rows[:, : 2 * columns] = numbers.astype("<u2").view(np.uint8)
    upper = np.zeros((count, (columns + 3) // 4 * 4), dtype=np.uint8)
    upper[:, :columns] = numbers >> 16 | bits >> 30 & 2
    four = upper.view("<u4")
    rows[:, 2 * columns :] = (four | four >> 6 | four >> 12 | four >> 18).astype(np.uint8)
    return True


def _unpack(rows: Rows, vectors: Vectors) -> None:
    count, columns = vectors.shape
    upper = rows[:, 2 * columns :]
    vectors[:] = np.ascontiguousarray(rows[:, : 2 * columns]).view("<u2")
    vectors += _UPPER.take(upper, axis=0).reshape(count, -1)[:, :columns]
    vectors /= _DIVISOR.take(upper, axis=0).reshape(count, -1)[:, :columns]

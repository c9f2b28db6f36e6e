"""How fast this machine multiplies the matrices that a MiniLM consists of."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np

__all__ = ["FLOP_A_TOKEN", "gemm_rate", "share_of_limit"]

FLOP_A_TOKEN: Final = 21.3e6
"""Six layers of 384 by 1,536, and the attention of short sentences."""

_ROWS: Final = 512
_WIDTH: Final = 384
_INNER: Final = 1536


def gemm_rate(threads: int, seconds: float = 1.0) -> float:
    """Measure products of [512, 384] by [384, 1536] and [512, 1536] by [1536, 384] in float32.

    Parameters
    ----------
    threads : int
        Of the products.
    seconds : float, default 1.0
        How long each library is measured at least.

    Returns
    -------
    float
        Operations a second of numpy or torch, whichever is faster.
    """
    import torch
    from threadpoolctl import threadpool_limits

    random = np.random.default_rng(0)
    arrays = [
        random.normal(size=size).astype(np.float32)
        for size in ((_ROWS, _WIDTH), (_WIDTH, _INNER), (_INNER, _WIDTH))
    ]
    tensors = [torch.from_numpy(array) for array in arrays]
    before = torch.get_num_threads()
    try:
        with threadpool_limits(threads), torch.inference_mode():
            torch.set_num_threads(threads)
            return max(
                _rate(lambda: _both(arrays), seconds), _rate(lambda: _both(tensors), seconds)
            )
    finally:
        torch.set_num_threads(before)


def share_of_limit(tokens: float, seconds: float, rate: float) -> float:
    """Compare an encoder with the matrix products that it cannot do without.

    Parameters
    ----------
    tokens : float
        Encoded, without what fills up batches.
    seconds : float
        That it took.
    rate : float
        Of `gemm_rate`, with as many threads.

    Returns
    -------
    float
        1 where nothing else takes time.

    Examples
    --------
    >>> round(share_of_limit(1000, 0.5, 100e9), 3)
    0.426
    """
    return FLOP_A_TOKEN * tokens / seconds / rate


def _both(matrices: list[Any]) -> Any:
    rows, there, back = matrices
    return (rows @ there) @ back


def _rate(product: Callable[[], Any], seconds: float) -> float:
    product()
    started = time.perf_counter()
    times = 0
    while (spent := time.perf_counter() - started) < seconds:
        product()
        times += 1
    return times * 2 * 2 * _ROWS * _WIDTH * _INNER / spent

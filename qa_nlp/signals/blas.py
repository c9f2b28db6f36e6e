"""Products of matrices outside the encoder on one thread."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from typing import Any, Final

__all__ = ["one_blas_thread"]

_limiting: Final = threading.Lock()


@contextlib.contextmanager
def one_blas_thread() -> Iterator[None]:
    """Have numpy multiply matrices on one thread.

    The products are small, and OpenBLAS keeps its other threads spinning for tens of milliseconds
    after each, on the cores that the encoder needs for the next conversation. The number is one for
    the whole process, so of several threads that enter at once the first sets it and gives it back;
    the others lose speed at most.
    """
    if not _limiting.acquire(blocking=False):
        yield
        return
    try:
        with _libraries().limit(limits=1, user_api="blas"):
            yield
    finally:
        _limiting.release()


@functools.cache
def _libraries() -> Any:
    """Find the libraries once, which takes milliseconds; numpy's is loaded by now."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()

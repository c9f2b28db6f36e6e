"""One thread for each worker process: a process for each core leaves no core for a second."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Final, TypeVar

__all__ = ["made_on_one_thread"]

Made = TypeVar("Made")

_ONE_THREAD: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def made_on_one_thread(make: Callable[[], Made]) -> Made:
    """Make this process compute in one thread from now on, and make a scorer in it.

    Parameters
    ----------
    make : callable
        Takes nothing.

    Returns
    -------
    object
        What it gives.
    """
    _use_one_thread()  # before anything loads torch …
    made = make()
    _use_one_thread()  # … and whatever making the scorer has loaded
    return made


def _use_one_thread() -> None:
    from threadpoolctl import threadpool_limits

    os.environ.update(_ONE_THREAD)
    threadpool_limits(1)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)

"""One thread for each worker process: a process for each core leaves no core for a second."""

from __future__ import annotations

import os
import sys
from typing import Final

__all__ = ["use_one_thread"]

_ONE_THREAD: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def use_one_thread() -> None:
    """Make this process compute in one thread: what is loaded already, and what will be."""
    from threadpoolctl import threadpool_limits

    os.environ.update(_ONE_THREAD)
    threadpool_limits(1)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)

"""One process that scores shards as they are sent and writes the results itself."""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qa_nlp.batch.lock import worker_lock
from qa_nlp.batch.manifest import ShardSummary
from qa_nlp.batch.scoring import place_of, score_all
from qa_nlp.batch.shards import Shard, read_summary, write_shard
from qa_nlp.errors import ArtifactError, QaNlpError

if TYPE_CHECKING:
    from qa_nlp.scorer import Scorer

__all__ = ["READY", "finish_shard", "work"]

READY: Final = "ready"
"""What a worker sends once it can be given a shard."""

_ONE_THREAD: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}


def finish_shard(scorer: Scorer, shard: Shard, out: Path, working: Path) -> ShardSummary:
    """Score a shard and write what comes of it.

    Parameters
    ----------
    scorer : Scorer
        What grades.
    shard : Shard
        The conversations.
    out : pathlib.Path
        The result folder.
    working : pathlib.Path
        A folder for temporary files in the same file system.

    Returns
    -------
    ShardSummary
        What was written.

    Raises
    ------
    OSError
        When the disk is full or read-only.
    """
    # Of a process that ended after it had written the shard and before it could say so.
    found = read_summary(out, shard.name)
    if found is not None:
        return found
    cards = score_all(scorer, [read.item for read in shard.conversations])
    criteria = [criterion.id for criterion in scorer.rubric.criteria]
    return write_shard(out, working, shard, cards, criteria)


def work(
    connection: Connection,
    make_scorer: Callable[[], Scorer],
    fingerprint: str,
    out: Path,
    working: Path,
) -> None:
    """Score what is sent until the process that sends ends this one, or ends itself.

    Sends `READY`, then for each shard its summary, or the exception that ends the job.

    Parameters
    ----------
    connection : multiprocessing.connection.Connection
        To the process that reads.
    make_scorer : callable
        Makes the scorer.
    fingerprint : str
        Which the scorer must have.
    out, working : pathlib.Path
        See `finish_shard`.
    """
    # Before anything loads torch: a process for each core leaves no core for a second thread.
    os.environ.update(_ONE_THREAD)
    try:
        with worker_lock(out):
            threading.Thread(target=_end_with_parent, daemon=True).start()
            _answer(connection, make_scorer, fingerprint, out, working)
    except EOFError:
        pass  # nobody is there any more
    except QaNlpError as error:
        _tell(connection, error)
    except OSError as error:
        _tell(connection, OSError(error.errno, error.strerror or str(error)))
    except Exception as error:
        _tell(connection, ArtifactError(f"a worker process failed with {place_of(error)}"))


def _tell(connection: Connection, error: Exception) -> None:
    with suppress(OSError):  # nobody is there any more
        connection.send(error)


def _answer(
    connection: Connection,
    make_scorer: Callable[[], Scorer],
    fingerprint: str,
    out: Path,
    working: Path,
) -> None:
    scorer = make_scorer()
    if scorer.fingerprint != fingerprint:
        raise ArtifactError(
            "a worker process made another scorer (with classifiers of its own?); use workers=1, "
            "or give a function that makes the scorer"
        )
    _one_thread()
    connection.send(READY)
    while True:
        connection.send(finish_shard(scorer, connection.recv(), out, working))


def _one_thread() -> None:
    from threadpoolctl import threadpool_limits

    # What was loaded before the environment was set: numpy, or all that a script imports.
    threadpool_limits(1)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)

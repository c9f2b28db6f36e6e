"""One process that scores shards as they are sent and writes the results itself."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qa_nlp.batch.lock import worker_lock
from qa_nlp.batch.manifest import ShardSummary
from qa_nlp.batch.scoring import place_of, score_all
from qa_nlp.batch.shards import Shard, read_summary, write_shard
from qa_nlp.batch.threads import made_on_one_thread
from qa_nlp.encoding.cache import CacheCounts
from qa_nlp.errors import ArtifactError, QaNlpError

if TYPE_CHECKING:
    from qa_nlp.scorer import Scorer

__all__ = ["READY", "Finished", "finish_shard", "work"]

READY: Final = "ready"
"""What a worker sends once it can be given a shard."""


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of a shard.

    Parameters
    ----------
    summary : ShardSummary
        What was written.
    vectors : CacheCounts
        How often a sentence of it had been encoded before.
    trouble : tuple of str
        Why vectors are not kept on disk any more, where that is so.
    """

    summary: ShardSummary
    vectors: CacheCounts = field(default_factory=CacheCounts)
    trouble: tuple[str, ...] = ()


def finish_shard(scorer: Scorer, shard: Shard, out: Path, working: Path) -> Finished:
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
    Finished
        What came of it.

    Raises
    ------
    OSError
        When the disk is full or read-only.
    """
    # Of a process that ended after it had written the shard and before it could say so.
    found = read_summary(out, shard.name)
    if found is not None:
        return Finished(found)
    before = scorer.cache_counts
    cards = score_all(scorer, [read.item for read in shard.conversations])
    criteria = [criterion.id for criterion in scorer.rubric.criteria]
    summary = write_shard(out, working, shard, cards, criteria)
    return Finished(summary, scorer.cache_counts - before, scorer.cache_trouble)


def work(
    connection: Connection,
    make_scorer: Callable[[], Scorer],
    fingerprint: str,
    out: Path,
    working: Path,
) -> None:
    """Score what is sent until the process that sends ends this one, or ends itself.

    Sends `READY`, then for each shard what came of it, or the exception that ends the job.

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
    scorer = made_on_one_thread(make_scorer)
    if scorer.fingerprint != fingerprint:
        raise ArtifactError(
            "a worker process made another scorer (with classifiers of its own?); use workers=1, "
            "or give a function that makes the scorer"
        )
    connection.send(READY)
    while True:
        connection.send(finish_shard(scorer, connection.recv(), out, working))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)

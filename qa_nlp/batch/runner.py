"""Score any number of files into a folder of Parquet, and go on where the last run was stopped."""

from __future__ import annotations

import errno
from collections.abc import Generator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qa_nlp.batch.job import Job, Progress
from qa_nlp.batch.lock import job_lock
from qa_nlp.batch.planning import Order
from qa_nlp.batch.pool import WorkerPool
from qa_nlp.batch.reading import Reader
from qa_nlp.batch.report import BatchProgress, BatchReport
from qa_nlp.batch.scorers import ScorerLike, scorer_maker, sendable_maker
from qa_nlp.batch.settings import Settings, worker_count
from qa_nlp.batch.shards import Shard
from qa_nlp.batch.worker import Finished, finish_shard
from qa_nlp.errors import ArtifactError
from qa_nlp.importers.files import Paths

if TYPE_CHECKING:
    from qa_nlp.scorer import Scorer

__all__ = ["score_files"]

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_KEPT: Final = "what is finished is kept, and the next run goes on from there"


def score_files(
    inputs: Paths,
    out: str | Path,
    scorer: ScorerLike = "service_excellence",
    *,
    workers: int | str = "auto",
    limit: int | None = None,
    sample: float | int | None = None,
    seed: int = 0,
    dry_run: bool = False,
    restart: bool = False,
    progress: Progress | None = None,
    format: str | None = None,
    roles: Mapping[str, str] | None = None,
    infer_roles: bool = False,
    columns: Mapping[str, str] | None = None,
    shard_size: int = 250,
) -> BatchReport:
    r"""Score the conversations of files into a folder of Parquet, in constant memory.

    Stopped at any point, the next call goes on, and the folder ends up the same, byte for byte.
    What is finished is never scored again; inputs may be added. A conversation that cannot be
    scored is an error row, and so is a file that cannot be read.

    Parameters
    ----------
    inputs : str, path-like, or iterable of those
        Files, folders and globs, as for `read_transcripts`.
    out : str or pathlib.Path
        The result folder: a new one, an empty one, or one that this function wrote.
    scorer : Scorer, str, pathlib.Path or callable, default "service_excellence"
        A scorer, the folder of a saved one, a rubric's name or path, or a function without
        arguments that makes a scorer and that other processes can import.
    workers : int or "auto", default "auto"
        Processes, each with a scorer and one thread of its own; ``"auto"``: one for each core that
        may be used; 1: this process alone. The result does not depend on it.
    limit : int, optional
        Score the first so many conversations.
    sample : float or int, optional
        Score a share (a float up to 1) or a number (an int) of all conversations, chosen by their
        ids: the same ids in any order and in any files give the same sample.
    seed : int, default 0
        Of the sample.
    dry_run : bool, default False
        Look at the inputs and at what is finished, and write nothing.
    restart : bool, default False
        Remove the result that lies there and begin anew.
    progress : callable, optional
        Called with a `BatchProgress` as shards are finished.
    format, roles, infer_roles, columns
        See `read_transcripts`.
    shard_size : int, default 250
        Conversations in a part of the result; what a kill may cost in each process.

    Returns
    -------
    BatchReport
        What came of it.

    Raises
    ------
    TranscriptError
        When an input matches nothing, or an option makes no sense.
    ArtifactError
        When the folder holds something else or the result of another scorer, of other options or of
        inputs that have changed since; when another job works there; when the disk is full or
        cannot be written to.

    Examples
    --------
    >>> import json, tempfile
    >>> from qa_nlp.samples import load_samples
    >>> folder = Path(tempfile.mkdtemp())
    >>> lines = [json.dumps(call.to_dict()) for call in load_samples()[:3]]
    >>> _ = (folder / "calls.jsonl").write_text("\n".join(lines), encoding="utf-8")
    >>> report = score_files(folder / "calls.jsonl", folder / "out", workers=1)
    >>> report.conversations, report.errors, report.finished
    (3, 0, True)
    """
    out = Path(out)
    settings = Settings.of(limit, sample, seed, shard_size)
    count = worker_count(workers)
    reader = Reader.of(inputs, format, roles, infer_roles, columns)
    made = scorer_maker(scorer)()
    order = Order(inputs, out, reader, settings, made, progress or _silence, restart)
    if dry_run:
        return order.look()
    is_new = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with job_lock(out) as working:
            job = order.begin(working)
            if count == 1:
                finish = _alone(job, made)
            else:
                send = sendable_maker(scorer, made, working)
                finish = _together(job, WorkerPool(count, (send, made.fingerprint, out, working)))
            return _run(job, finish)
    except OSError as error:
        raise ArtifactError(f"{out}: {_trouble(error)}; {_KEPT}") from error
    finally:
        if is_new:
            with suppress(OSError):  # there is something in it, unless the job never began
                out.rmdir()


def _run(job: Job, finish: Generator[tuple[Shard, Finished], None, None]) -> BatchReport:
    try:
        with closing(finish):
            for shard, finished in finish:
                job.finished(shard, finished)
    except BaseException:
        # The manifest lags behind then, and the next run looks at the shards themselves.
        with suppress(OSError):
            job.saved()
        raise
    return job.ended()


def _alone(job: Job, scorer: Scorer) -> Generator[tuple[Shard, Finished], None, None]:
    for shard in job.shards():
        yield shard, finish_shard(scorer, shard, job.out, job.working)


def _together(job: Job, pool: WorkerPool) -> Generator[tuple[Shard, Finished], None, None]:
    with pool:
        yield from pool.finish(job.shards())


def _silence(_: BatchProgress) -> None:
    pass


def _trouble(error: OSError) -> str:
    if error.errno in _FULL:
        return f"the disk is full ({error.strerror}); free space and run again"
    return f"cannot be written: {error.strerror or error}"

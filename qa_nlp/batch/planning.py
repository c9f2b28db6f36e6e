"""Begin a job: look at what lies there, at the inputs, and at whether the two fit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import qa_nlp
from qa_nlp.batch.ids import Sample, smallest_numbers
from qa_nlp.batch.inputs import Input, find_inputs, known_inputs, new_inputs
from qa_nlp.batch.job import Job, Progress
from qa_nlp.batch.lock import WORKING
from qa_nlp.batch.manifest import MANIFEST, Manifest, ShardSummary
from qa_nlp.batch.reading import Reader, ShardReader
from qa_nlp.batch.report import BatchProgress, BatchReport
from qa_nlp.batch.scorers import scorer_facts
from qa_nlp.batch.settings import Settings
from qa_nlp.batch.shards import all_shards, remove_shard
from qa_nlp.errors import ArtifactError
from qa_nlp.importers.files import Paths
from qa_nlp.scorecards import SHARDS

if TYPE_CHECKING:
    from qa_nlp.scorer import Scorer

__all__ = ["Order"]


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """What the caller asks for.

    Parameters
    ----------
    paths : str, path-like, or iterable of those
        The inputs.
    out : pathlib.Path
        The result folder.
    reader : Reader
        Reads an input.
    settings : Settings
        Which conversations to score.
    scorer : Scorer
        What grades.
    tell : callable
        Told how far the job is.
    restart : bool
        Whether to begin anew.
    """

    paths: Paths
    out: Path
    reader: Reader
    settings: Settings
    scorer: Scorer
    tell: Progress
    restart: bool

    def begin(self, working: Path) -> Job:
        """Begin the job, or go on with the one that lies there.

        Parameters
        ----------
        working : pathlib.Path
            A folder for temporary files in the result folder, which is held.

        Returns
        -------
        Job
            With its manifest on the disk, and nothing half-written beside it.

        Raises
        ------
        ArtifactError
            When something else lies there, or the scorer, an option or an input has changed.
        """
        old = self._old()
        if self.restart:
            _remove(self.out)
        inputs = self._inputs(old)
        most = self._drawn(inputs) if old is None else old.sample_most
        stale = _reopened(old, inputs)
        done = {}
        for name, summary in all_shards(self.out):
            if summary is None or summary.bundle in stale:
                remove_shard(self.out, name)
            else:
                done[name] = summary
        job = self._job(old, inputs, most, done, working)
        job.saved()
        (self.out / SHARDS).mkdir(exist_ok=True)
        return job

    def look(self) -> BatchReport:
        """Tell what the job would do, and write nothing.

        Returns
        -------
        BatchReport
            What is finished, and how much there is to do as far as that shows without reading.

        Raises
        ------
        ArtifactError
            As the job would.
        """
        old = self._old()
        inputs = self._inputs(old)
        stale = _reopened(old, inputs)
        done = {
            name: summary
            for name, summary in (() if self.restart else all_shards(self.out))
            if summary is not None and summary.bundle not in stale
        }
        most = None if old is None else old.sample_most
        job = self._job(old, inputs, most, done, self.out / WORKING)
        expected, left = self._expected(inputs, len(done))
        return replace(job.report(), expected=expected, shards_left=left)

    def _old(self) -> Manifest | None:
        # What is to be removed need not be readable, but it must be known for what it is.
        if self.restart and Manifest.is_one(self.out):
            return None
        return _known(self.out)

    def _inputs(self, old: Manifest | None) -> list[Input]:
        if old is not None:
            old.check(self._manifest(), self.out)
        self.tell(BatchProgress("checking", 0, 0, 0.0))
        found = find_inputs(self.paths, self.out)
        if old is None:
            return new_inputs(found)
        inputs = known_inputs(old.inputs, found, self.out)
        if self.settings.count is not None and len(inputs) > len(old.inputs):
            raise ArtifactError(
                f"{self.out}: a sample of {self.settings.count:,} was drawn from other inputs; "
                "choose another folder, or draw anew with --restart (restart=True)"
            )
        return inputs

    def _manifest(self) -> Manifest:
        options = {**self.reader.to_dict(), **self.settings.to_dict()}
        return Manifest(qa_nlp.__version__, scorer_facts(self.scorer), options)

    def _drawn(self, inputs: Sequence[Input]) -> int | None:
        """Draw a stated number of conversations, which takes reading all of them."""
        if self.settings.count is None:
            return None
        self.tell(BatchProgress("sampling", 0, 0, 0.0))
        every = (item.id for source in inputs for item in self.reader.read(source) if item.id)
        return smallest_numbers(every, self.settings.count, self.settings.seed)

    def _job(
        self,
        old: Manifest | None,
        inputs: Sequence[Input],
        most: int | None,
        done: dict[str, ShardSummary],
        working: Path,
    ) -> Job:
        settings = self.settings
        sample = Sample(seed=settings.seed)
        if settings.share is not None:
            sample = Sample.share(settings.share, settings.seed)
        if most is not None:
            sample = Sample(most, settings.seed)
        manifest = replace(
            self._manifest(),
            inputs=tuple(inputs),
            sample_most=most,
            finished=_is_finished(old, inputs, done),
        )
        if old is not None:
            manifest = replace(manifest, library=old.library)
        reader = ShardReader(self.reader, settings.shard_size, sample, settings.limit)
        return Job(self.out, working, manifest, reader, done, self.tell)

    def _expected(self, inputs: Sequence[Input], done: int) -> tuple[int | None, int | None]:
        """Count conversations and shards that are left, where each line holds a conversation."""
        settings = self.settings
        if settings.share is not None or any(item.lines is None for item in inputs):
            return None, None
        sizes: defaultdict[int, int] = defaultdict(int)
        for item in inputs:
            sizes[item.bundle] += item.lines or 0
        most = [n for n in (settings.limit, settings.count) if n is not None]
        if most:
            return min(sum(sizes.values()), *most), None
        shards = sum(max(1, -(-size // settings.shard_size)) for size in sizes.values())
        return sum(sizes.values()), max(0, shards - done)


def _is_finished(
    old: Manifest | None, inputs: Sequence[Input], done: dict[str, ShardSummary]
) -> bool:
    return (
        old is not None
        and old.finished
        and len(inputs) == len(old.inputs)
        and {shard.name for shard in old.shards} == set(done)
    )


def _reopened(old: Manifest | None, inputs: Sequence[Input]) -> set[int]:
    """Find the bundles of inputs that could not be read and now can."""
    if old is None:
        return set()
    unread = {item.bundle for item in old.inputs if item.sha256 is None}
    return {item.bundle for item in inputs if item.bundle in unread and item.sha256 is not None}


def _known(out: Path) -> Manifest | None:
    """Read the manifest, or see that nothing else lies there."""
    manifest = Manifest.load(out)
    if manifest is None and out.is_dir():
        others = sorted(path.name for path in out.iterdir() if path.name != WORKING)
        if others:
            raise ArtifactError(
                f"{out}: holds {others[0]!r} and no {MANIFEST} of scorecards; choose a new folder"
            )
    return manifest


def _remove(out: Path) -> None:
    """Remove an old result and nothing else; the manifest goes last, so that it can be repeated."""
    for name, _ in all_shards(out):
        remove_shard(out, name)
    folder = out / SHARDS
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    (out / MANIFEST).unlink(missing_ok=True)

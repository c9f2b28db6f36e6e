"""A job: what is to be scored, and what of it is finished."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from qa_nlp.batch.manifest import Manifest, ShardSummary
from qa_nlp.batch.reading import ShardReader
from qa_nlp.batch.report import BatchProgress, BatchReport
from qa_nlp.batch.shards import Shard, read_ids
from qa_nlp.batch.worker import Finished
from qa_nlp.encoding.cache import CacheCounts
from qa_nlp.importers.source import readable

__all__ = ["Job", "Progress"]

Progress: TypeAlias = Callable[[BatchProgress], None]
"""What is told how far a job is."""


@dataclass(slots=True)
class Job:
    """What is to be scored, and what of it is finished.

    Parameters
    ----------
    out, working : pathlib.Path
        The result folder, and a folder for temporary files in it.
    manifest : Manifest
        What the result is made of.
    reader : ShardReader
        Reads the inputs.
    done : dict of str to ShardSummary
        Finished shards by name.
    tell : callable
        Told how far the job is.
    """

    out: Path
    working: Path
    manifest: Manifest
    reader: ShardReader
    done: dict[str, ShardSummary]
    tell: Progress
    _earlier: int = 0
    _finished_bytes: float = 0.0
    _bundles: dict[int, dict[int, ShardSummary]] = field(default_factory=dict)
    _vectors: CacheCounts = field(default_factory=CacheCounts)
    _trouble: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        bundles: defaultdict[int, dict[int, ShardSummary]] = defaultdict(dict)
        for summary in self.done.values():
            bundles[summary.bundle][summary.number] = summary
        self._bundles = dict(bundles)
        self._earlier = sum(summary.conversations for summary in self.done.values())
        self._finished_bytes = sum(
            float(item.bytes or 0) for item in self.manifest.inputs if self.is_whole(item.bundle)
        )

    def is_whole(self, bundle: int) -> bool:
        """Tell whether an earlier run finished a bundle.

        Parameters
        ----------
        bundle : int
            Its number.

        Returns
        -------
        bool
            Whether all its shards are there.
        """
        shards = self._bundles.get(bundle, {})
        last = shards.get(len(shards) - 1)
        return last is not None and last.last and set(shards) == set(range(len(shards)))

    def shards(self) -> Iterator[Shard]:
        """Read what is left.

        Yields
        ------
        Shard
            Those that are not finished.
        """
        if self.manifest.finished:
            return
        for shard in self.reader.shards(self.manifest.inputs, self._used, self._count):
            if shard.name in self.done:
                self._finished_bytes += shard.bytes
            else:
                yield shard

    def _used(self, bundle: int) -> Sequence[Iterable[tuple[str, ...]]] | None:
        if not self.is_whole(bundle):
            return None
        numbered = sorted(self._bundles[bundle].items())
        return [read_ids(self.out, summary.name) for _, summary in numbered]

    def _count(self, bundle: int) -> int:
        return sum(summary.conversations for summary in self._bundles[bundle].values())

    def finished(self, shard: Shard, finished: Finished) -> None:
        """Note that a shard is finished.

        Parameters
        ----------
        shard : Shard
            What was scored.
        finished : Finished
            What came of it.
        """
        self.done[finished.summary.name] = finished.summary
        self._vectors += finished.vectors
        self._trouble.update(dict.fromkeys(finished.trouble))
        self._finished_bytes += shard.bytes
        self.tell(self._progress())

    def ended(self) -> BatchReport:
        """Note that everything is finished.

        Returns
        -------
        BatchReport
            What there is.
        """
        self.manifest = replace(self.manifest, finished=True)
        self.saved()
        return self.report()

    def saved(self) -> None:
        """Write the manifest, where it says something new."""
        shards = tuple(self.done[name] for name in sorted(self.done))
        self.manifest = replace(self.manifest, shards=shards)
        self.manifest.save(self.out, self.working)

    def report(self) -> BatchReport:
        """Tell what there is.

        Returns
        -------
        BatchReport
            Of all runs so far.
        """
        inputs = self.manifest.inputs
        left = 0 if self.manifest.finished else sum(not self.is_whole(i.bundle) for i in inputs)
        sums = {
            name: sum(getattr(summary, name) for summary in self.done.values())
            for name in ("conversations", "scorecards", "errors", "needs_review")
        }
        return BatchReport(
            out=self.out,
            inputs=len(inputs),
            inputs_left=left,
            unreadable=tuple(readable(item.path) for item in inputs if item.sha256 is None),
            shards=len(self.done),
            scored=sums["conversations"] - self._earlier,
            finished=self.manifest.finished,
            encoded=self._vectors.misses,
            remembered=self._vectors.hits,
            cache_trouble=tuple(self._trouble),
            **sums,
        )

    def _progress(self) -> BatchProgress:
        count = sum(summary.conversations for summary in self.done.values())
        total = sum(item.bytes or 0 for item in self.manifest.inputs)
        share = self._finished_bytes / total if total else 1.0
        if self.reader.limit is not None:
            share = max(share, count / self.reader.limit)
        return BatchProgress("scoring", count, self._earlier, min(1.0, share))

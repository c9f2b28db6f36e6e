"""Inputs to shards: the same conversations in the same shards, whoever reads them and when."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from qa_nlp.batch.ids import Sample, SeenIds
from qa_nlp.batch.inputs import Input
from qa_nlp.batch.shards import Conversation, Shard
from qa_nlp.errors import TranscriptError
from qa_nlp.importers import BadTranscript, ReadOptions, Transcripts, read_transcripts
from qa_nlp.importers.files import Found, Paths
from qa_nlp.importers.registry import Registry, load_registry
from qa_nlp.importers.roles import check_roles
from qa_nlp.importers.source import readable
from qa_nlp.transcript import Transcript

__all__ = ["Reader", "ShardReader"]


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """Reads one input after the other.

    Parameters
    ----------
    registry : Registry
        The importers.
    options : ReadOptions
        What the caller said.
    format : str or None
        Name of the importer for all; None = tell it from the content.
    """

    registry: Registry
    options: ReadOptions
    format: str | None

    @classmethod
    def of(
        cls,
        paths: Paths,
        format: str | None,
        roles: Mapping[str, str] | None,
        infer_roles: bool,
        columns: Mapping[str, str] | None,
    ) -> Reader:
        """Check what the caller said, as `read_transcripts` does.

        Parameters
        ----------
        paths : str, path-like, or iterable of those
            The inputs.
        format, roles, infer_roles, columns
            See `read_transcripts`.

        Returns
        -------
        Reader
            For those inputs.

        Raises
        ------
        TranscriptError
            When a path matches nothing, or a format, role or column name does not exist.
        """
        read_transcripts(paths, format, roles, infer_roles, columns)
        options = ReadOptions(check_roles(roles or {}), infer_roles, dict(columns or {}))
        return cls(load_registry(), options, format)

    def read(self, source: Input) -> Iterator[Transcript | BadTranscript]:
        """Read an input; never raise.

        Parameters
        ----------
        source : Input
            The file.

        Yields
        ------
        Transcript or BadTranscript
            In its order.
        """
        importer = None if self.format is None else self.registry.named(self.format)
        found = Found(Path(source.path), source.refusal)
        yield from Transcripts([found], self.registry, self.options, importer).iter_all()

    def to_dict(self) -> dict[str, Any]:
        """Give what decides how a file is read.

        Returns
        -------
        dict
            For the manifest.
        """
        return {
            "format": self.format,
            "roles": {label: str(role) for label, role in self.options.roles.items()},
            "infer_roles": self.options.infer_roles,
            "columns": dict(self.options.columns),
        }


@dataclass(slots=True)
class ShardReader:
    """Cuts the conversations of bundles into shards.

    Parameters
    ----------
    reader : Reader
        Reads the inputs.
    size : int
        Conversations in a shard; the last of a bundle may have fewer.
    sample : Sample
        Which conversations are scored.
    limit : int or None
        How many conversations are scored at most, the first ones.
    """

    reader: Reader
    size: int
    sample: Sample
    limit: int | None = None
    _seen: SeenIds = field(default_factory=SeenIds)
    _taken: int = 0

    def shards(
        self,
        inputs: Iterable[Input],
        finished: Callable[[int], Sequence[Iterable[tuple[str, ...]]] | None],
        counts: Callable[[int], int],
    ) -> Iterator[Shard]:
        """Read bundles that are not finished, shard by shard.

        Parameters
        ----------
        inputs : iterable of Input
            In order of their bundles.
        finished : callable
            Gives, for the number of a finished bundle, the ids that each of its shards has used up;
            None for any other.
        counts : callable
            Gives the number of conversations in a finished bundle.

        Yields
        ------
        Shard
            In order; a bundle without conversations has one, which is empty.
        """
        for bundle, members in groupby(inputs, key=lambda item: item.bundle):
            if self.limit is not None and self._taken >= self.limit:
                return
            used = finished(bundle)
            if used is None:
                yield from self._cut(bundle, list(members))
                continue
            self._taken += counts(bundle)
            for ids in used:
                for group in ids:
                    self._seen.add(group)

    def _cut(self, bundle: int, inputs: Sequence[Input]) -> Iterator[Shard]:
        source = self._limited(inputs)
        left = float(sum(item.bytes or 0 for item in inputs))
        head = list(islice(source, self.size))
        number = 0
        while True:
            # Whether a shard is the last shows only in what comes after it.
            after = list(islice(source, self.size)) if len(head) == self.size else []
            conversations = tuple(read for read, _ in head)
            weight = sum(weight for _, weight in head) if after else left
            yield Shard(bundle, number, conversations, not after, weight)
            if not after:
                return
            head, number, left = after, number + 1, left - weight

    def _limited(self, inputs: Sequence[Input]) -> Iterator[tuple[Conversation, float]]:
        for source in inputs:
            # Conversations on lines of their own share the bytes; others count with the bundle.
            each = (source.bytes or 0) / source.lines if source.lines else 0.0
            weight = 0.0
            for item in self.reader.read(source):
                weight += each
                if self.sample.takes(item.id):
                    self._taken += 1
                    yield self._checked(item, readable(source.path)), weight
                    weight = 0.0
                    if self.limit is not None and self._taken >= self.limit:
                        return

    def _checked(self, item: Transcript | BadTranscript, source: str) -> Conversation:
        if isinstance(item, BadTranscript):
            return Conversation(item, source, ())
        agents = item.agents
        own = tuple(f"{item.id}@{agent}" for agent in agents) if len(agents) > 1 else (item.id,)
        if self._seen.add(dict.fromkeys((item.id, *own))):
            return Conversation(item, source, own)
        error = TranscriptError(
            "the id was given to an earlier conversation; ids must be unique over all inputs",
            source=source,
            transcript_id=item.id,
        )
        return Conversation(BadTranscript(item.id, source, error), source, ())

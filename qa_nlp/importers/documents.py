"""What vendor importers of JSON share: one conversation a document, a list item or a line."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import ClassVar

from qa_nlp.errors import TranscriptError
from qa_nlp.importers.base import BadTranscript, ReadOptions, Source
from qa_nlp.importers.fields import Fields
from qa_nlp.importers.json_text import Json, parse_json
from qa_nlp.transcript import Transcript

__all__ = ["JsonImporter"]


class JsonImporter(ABC):
    """An importer of conversations that are JSON objects.

    The objects stand alone in a file, in a list, in a list under one of the `wrappers`, or one a
    line. A subclass says what such an object looks like and how it is read; what it raises
    becomes a `BadTranscript`, and its neighbours are read.
    """

    name: str
    wrappers: ClassVar[tuple[str, ...]] = ()

    def sniff(self, source: Source) -> bool:
        """See `Importer.sniff`.

        Parameters
        ----------
        source : Source
            The file.

        Returns
        -------
        bool
            Whether its first object is of this format.
        """
        record = source.first_record()
        if not isinstance(record, dict):
            return False
        wrapped = self._wrapped(record)
        if wrapped is not None:
            record = wrapped[1][0] if wrapped[1] else None
        return isinstance(record, dict) and self._knows(record)

    def read(self, source: Source, options: ReadOptions) -> Iterator[Transcript | BadTranscript]:
        """See `Importer.read`.

        Parameters
        ----------
        source : Source
            The file.
        options : ReadOptions
            Not looked at.

        Yields
        ------
        Transcript or BadTranscript
            One item for each conversation.
        """
        if source.is_json_lines:
            yield from self._read_lines(source)
            return
        document = source.json()
        path = ""
        if isinstance(document, dict) and (wrapped := self._wrapped(document)) is not None:
            path, document = wrapped
        if not isinstance(document, list):
            yield self._one(source, document, path, source.stem)
            return
        for index, item in enumerate(document):
            yield self._one(source, item, f"{path}[{index}]", f"{source.stem}:{index + 1}")

    @abstractmethod
    def _knows(self, record: Mapping[str, Json]) -> bool:
        """Say whether an object is a conversation of this format, whatever kinds it holds."""

    @abstractmethod
    def _own_id(self, root: Fields) -> str | None:
        """Give the conversation's own id, or None where it has none."""

    @abstractmethod
    def _convert(self, root: Fields, transcript_id: str) -> Transcript:
        """Read the conversation; raise `TranscriptError` where a value is not what it must be."""

    def _read_lines(self, source: Source) -> Iterator[Transcript | BadTranscript]:
        for number, line in source.lines():
            if not line.strip():
                continue
            try:
                record = parse_json(line, source.name, number)
            except TranscriptError as error:
                yield source.bad(error, number)
            else:
                yield self._one(source, record, "", f"{source.stem}:{number}", number)

    def _one(
        self, source: Source, record: Json, path: str, substitute: str, line: int | None = None
    ) -> Transcript | BadTranscript:
        own_id = None
        try:
            root = Fields(record, path)
            own_id = self._own_id(root)
            return self._convert(root, own_id or substitute)
        except TranscriptError as error:
            return source.bad(error, line, own_id or substitute)

    def _wrapped(self, record: Mapping[str, Json]) -> tuple[str, list[Json]] | None:
        for wrapper in self.wrappers:
            items = record.get(wrapper)
            if isinstance(items, list) and not self._knows(record):
                return wrapper, items
        return None

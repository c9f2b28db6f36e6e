"""The library's own form, as `Transcript.to_dict` writes it: one JSON object a transcript.

Source: this project. Metadata is kept exactly as the file states it, with no ``format`` added, so
that writing and reading transcripts gives the same transcripts.
"""

from __future__ import annotations

from collections.abc import Iterator

from qa_nlp.errors import TranscriptError
from qa_nlp.importers.base import BadTranscript, ReadOptions, Source
from qa_nlp.importers.json_text import Json, parse_json
from qa_nlp.transcript import Transcript

__all__ = ["OwnJson", "OwnJsonLines"]


class OwnJsonLines:
    """One transcript a line (JSON Lines); a broken line does not touch its neighbours."""

    name = "jsonl"

    def sniff(self, source: Source) -> bool:
        """See `Importer.sniff`.

        Parameters
        ----------
        source : Source
            The file.

        Returns
        -------
        bool
            Whether it holds several lines, the first of which has turns.
        """
        return source.is_json_lines and _is_own(source.first_record())

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
            One item a line; blank lines are skipped.
        """
        for number, line in source.lines():
            if not line.strip():
                continue
            try:
                yield _transcript(parse_json(line, source.name, number))
            except TranscriptError as error:
                yield source.bad(error, number)


class OwnJson:
    """One transcript, or a list of them, as one JSON value."""

    name = "json"

    def sniff(self, source: Source) -> bool:
        """See `Importer.sniff`.

        Parameters
        ----------
        source : Source
            The file.

        Returns
        -------
        bool
            Whether its first object has turns.
        """
        return not source.is_json_lines and _is_own(source.first_record())

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
            One item for each object.

        Raises
        ------
        TranscriptError
            When the file is no JSON.
        """
        document = source.json()
        for index, row in enumerate(document if isinstance(document, list) else [document]):
            try:
                yield _transcript(row)
            except TranscriptError as error:
                place = f"item {index}: " if isinstance(document, list) else ""
                yield source.bad(
                    TranscriptError(place + error.message, transcript_id=error.transcript_id)
                )


def _is_own(record: Json) -> bool:
    return isinstance(record, dict) and "turns" in record


def _transcript(row: Json) -> Transcript:
    return Transcript.from_dict(row)

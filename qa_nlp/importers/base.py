"""What an importer is: what it is given, what it yields, and how it says that it failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from qa_nlp.importers.json_text import Json, parse_json
from qa_nlp.importers.source import BadTranscript, Source
from qa_nlp.transcript import Transcript

__all__ = ["BadTranscript", "Importer", "Json", "ReadOptions", "Source", "parse_json"]


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the caller of `read_transcripts` said about the files.

    Parameters
    ----------
    roles : mapping of str to str
        Speaker label -> role. Applied after the importer, which has no need to look at it.
    infer_roles : bool
        Whether unknown roles are inferred; also done after the importer.
    columns : mapping of str to str
        Our name -> the file's column, for one-row-per-turn tables.
    """

    roles: Mapping[str, str] = field(default_factory=dict)
    infer_roles: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)


@runtime_checkable
class Importer(Protocol):
    """What turns one kind of file into transcripts.

    An importer states the role of a turn only where the file does. Everywhere else it gives
    `Role.UNKNOWN` and keeps the file's own label in `Turn.speaker`. It sets
    ``metadata["format"]`` to its name (the library's own JSON forms add nothing, so that they
    round-trip), and takes `Source.stem` as id where the file has none.
    """

    @property
    def name(self) -> str:
        """The value of ``format=`` that selects it."""

    def sniff(self, source: Source) -> bool:
        """Say whether a file is of this format, from its content only.

        Parameters
        ----------
        source : Source
            The file.

        Returns
        -------
        bool
            True when `read` should be tried.
        """

    def read(self, source: Source, options: ReadOptions) -> Iterator[Transcript | BadTranscript]:
        """Yield the conversations of a file, in its order.

        Parameters
        ----------
        source : Source
            The file.
        options : ReadOptions
            What the caller said.

        Yields
        ------
        Transcript or BadTranscript
            One item for each conversation.

        Raises
        ------
        TranscriptError
            When nothing (more) can be read; becomes one `BadTranscript` for the file.
        """

"""Transcripts of many files as one lazy sequence."""

from __future__ import annotations

import itertools
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, overload

from qa_nlp.display.tables import html_table, paragraphs
from qa_nlp.errors import TranscriptError, TranscriptWarning, did_you_mean
from qa_nlp.importers.base import BadTranscript, Importer, ReadOptions, Source
from qa_nlp.importers.columns import FIELDS
from qa_nlp.importers.files import Found, Paths, find_files
from qa_nlp.importers.reading import choose_importer, read_file
from qa_nlp.importers.registry import Registry, load_registry
from qa_nlp.importers.roles import check_roles
from qa_nlp.importers.source import readable
from qa_nlp.transcript import Transcript

__all__ = ["Transcripts", "read_transcripts"]

_FILES_SHOWN: Final = 20


def read_transcripts(
    path: Paths,
    format: str | None = None,
    roles: Mapping[str, str] | None = None,
    infer_roles: bool = False,
    columns: Mapping[str, str] | None = None,
) -> Transcripts:
    r"""Read transcripts from files, lazily.

    Parameters
    ----------
    path : str, path-like, or iterable of those
        Files, folders (with all subfolders) and glob patterns.
    format : str, optional
        Name of the importer for all files; default: each file's format is told from its content.
    roles : mapping of str to str, optional
        Speaker label -> role, such as ``{"spk_0": "agent"}``.
    infer_roles : bool, default False
        Whether roles that are still unknown are inferred from what the speakers say; the
        confidence goes to ``metadata["role_confidence"]``, and below 0.9 a role stays unknown.
    columns : mapping of str to str, optional
        For one-row-per-turn CSV and Parquet: our name -> the file's column, such as
        ``{"text": "utterance", "conversation_id": "CallID"}``. Our names are ``conversation_id,
        turn_index, role, speaker, text, start, end, agent_id, channel, language, started_at,
        group_id``. An empty column means that there is none.

    Returns
    -------
    Transcripts
        A sequence whose files are read when it is used.

    Raises
    ------
    TranscriptError
        When a path matches nothing, or a format, role or column name does not exist.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "call.txt").write_text("Agent: Good morning!\nCustomer: Hello.")
    >>> calls = read_transcripts(folder)
    >>> [(call.id, len(call.turns)) for call in calls]
    [('call', 2)]
    """
    columns = dict(columns or {})
    for name in columns:
        if name not in FIELDS:
            raise TranscriptError(f"unknown column {name!r}{did_you_mean(str(name), FIELDS)}")
    registry = load_registry()
    options = ReadOptions(check_roles(roles or {}), infer_roles, columns)
    importer = None if format is None else registry.named(format)
    return Transcripts(find_files(path), registry, options, importer)


class Transcripts(Sequence[Transcript]):
    """The transcripts of many files, read when they are asked for.

    Iterating gives one `Transcript` after the other and holds one at a time. What cannot be read
    is left out, listed in `errors`, and counted in one `TranscriptWarning` at the end.

    Parameters
    ----------
    files : sequence of Found
        What to read.
    registry : Registry
        The importers.
    options : ReadOptions
        What the caller said.
    importer : Importer, optional
        The one to use for every file; default: the one that knows the file.

    Notes
    -----
    Only ids, counts and errors are kept. ``len`` reads all files when they have not been read to
    the end yet; an index reads the one file that it falls in (all those above it, too, the first
    time).
    """

    def __init__(
        self,
        files: Sequence[Found],
        registry: Registry,
        options: ReadOptions,
        importer: Importer | None = None,
    ) -> None:
        self._files = tuple(files)
        self._registry = registry
        self._options = options
        self._importer = importer
        self._formats: dict[int, str] = {}
        self._errors: dict[tuple[int, int], BadTranscript] = {}
        # Number of transcripts in each file; complete after the first pass.
        self._counts: list[int] = []

    def __iter__(self) -> Iterator[Transcript]:
        bad = 0
        for item in self.iter_all():
            if isinstance(item, BadTranscript):
                bad += 1
            else:
                yield item
        if bad:
            warnings.warn(
                f"{bad} conversations could not be read and were left out; see .errors",
                TranscriptWarning,
                stacklevel=2,
            )

    def __len__(self) -> int:
        if len(self._counts) < len(self._files):
            for _ in self.iter_all():
                pass
        return sum(self._counts)

    @overload
    def __getitem__(self, index: int) -> Transcript: ...

    @overload
    def __getitem__(self, index: slice) -> list[Transcript]: ...

    def __getitem__(self, index: int | slice) -> Transcript | list[Transcript]:
        if isinstance(index, slice):
            return self._slice(index)
        position = index + len(self) if index < 0 else index
        item = next(self._good_from(position), None) if position >= 0 else None
        if item is None:
            raise IndexError(f"no transcript {index}; there are {len(self)}")
        return item

    def __repr__(self) -> str:
        return f"Transcripts({self._summary()})"

    def _repr_html_(self) -> str:
        cells = [("file", "format", "transcripts")]
        for number, file in enumerate(self._files[:_FILES_SHOWN]):
            count = f"{self._counts[number]}" if number < len(self._counts) else ""
            cells.append((readable(file.path), self._formats.get(number, ""), count))
        more = len(self._files) - _FILES_SHOWN
        if more > 0:
            cells.append((f"… and {more} more", "", ""))
        return paragraphs([f"Transcripts: {self._summary()}"]) + html_table(cells)

    @property
    def errors(self) -> list[BadTranscript]:
        """What could not be read in the files read so far, in their order."""
        return [self._errors[place] for place in sorted(self._errors)]

    def iter_all(self) -> Iterator[Transcript | BadTranscript]:
        """Go through everything, also through what cannot be read.

        Yields
        ------
        Transcript or BadTranscript
            In the order of the files. The second and later transcripts with the same id are bad.
        """
        file_of_id: dict[str, int] = {}
        for number in range(len(self._files)):
            good = 0
            for position, item in enumerate(self._read(number)):
                if isinstance(item, Transcript) and item.id in file_of_id:
                    item = self._duplicate(item, number, file_of_id[item.id])
                if isinstance(item, Transcript):
                    file_of_id[item.id] = number
                    good += 1
                else:
                    self._errors[number, position] = item
                yield item
            if number == len(self._counts):
                self._counts.append(good)

    def _read(self, number: int) -> Iterator[Transcript | BadTranscript]:
        found = self._files[number]
        source = Source(found.path)
        try:
            if found.refusal:
                raise TranscriptError(found.refusal)
            importer = choose_importer(source, self._registry, self._importer)
        except TranscriptError as error:
            yield source.bad(error)
            return
        except OSError as error:
            reason = f"the file cannot be read ({error.strerror}); check the disk or your rights"
            yield source.bad(TranscriptError(reason))
            return
        self._formats[number] = importer.name
        yield from read_file(source, importer, self._options)

    def _duplicate(self, item: Transcript, number: int, first: int) -> BadTranscript:
        where = "above" if first == number else f"in {readable(self._files[first].path)}"
        error = TranscriptError(
            f"the id was given to another conversation {where}; ids must be unique over all files",
            source=readable(self._files[number].path),
            transcript_id=item.id,
        )
        return BadTranscript(item.id, readable(self._files[number].path), error)

    def _good_from(self, position: int) -> Iterator[Transcript]:
        if len(self._counts) < len(self._files):
            good = (item for item in self.iter_all() if isinstance(item, Transcript))
            yield from itertools.islice(good, position, None)
            return
        for number, count in enumerate(self._counts):
            if position < count:
                yield from itertools.islice(self._good_in(number), position, None)
            position = max(0, position - count)

    def _good_in(self, number: int) -> Iterator[Transcript]:
        # Which of them are duplicates was found out when everything was read.
        for place, item in enumerate(self._read(number)):
            if isinstance(item, Transcript) and (number, place) not in self._errors:
                yield item

    def _slice(self, index: slice) -> list[Transcript]:
        start, stop, step = index.start or 0, index.stop, 1 if index.step is None else index.step
        if step > 0 and start >= 0 and stop is not None and stop >= 0:
            # The beginning of a sequence whose end nobody has seen needs no look at the rest.
            return list(itertools.islice(self._good_from(start), 0, max(0, stop - start), step))
        wanted = range(len(self))[index]
        if not wanted:
            return []
        first, last = min(wanted[0], wanted[-1]), max(wanted[0], wanted[-1])
        picked = list(itertools.islice(self._good_from(first), 0, last - first + 1, abs(step)))
        return picked if step > 0 else picked[::-1]

    def _summary(self) -> str:
        files = f"{len(self._files)} file" + ("s" if len(self._files) != 1 else "")
        if len(self._counts) < len(self._files):
            return f"{files}, not read to the end yet"
        formats = Counter(self._formats.values()).most_common()
        told = ", ".join(f"{name} {count}" for name, count in formats)
        bad = f"; {len(self._errors)} could not be read" if self._errors else ""
        return f"{sum(self._counts)} in {files}{': ' if told else ''}{told}{bad}"

"""One input file, read at most as far as asked, and what of it could not be read."""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, NoReturn

from qa_nlp.errors import TranscriptError
from qa_nlp.importers.json_text import Json, is_json, parse_json

__all__ = ["BadTranscript", "Source", "readable"]

HEAD_BYTES: Final = 64 * 1024
"""How much of a file `Source.head` holds."""

_CHUNK_BYTES: Final = 256 * 1024
# The longer mark comes first: that of UTF-32-LE begins with that of UTF-16-LE.
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_REMEDY: Final = "save or re-export it as UTF-8"


@dataclass(frozen=True, slots=True)
class BadTranscript:
    """A conversation that could not be read: data, not an exception.

    Parameters
    ----------
    id : str or None
        Its id, where that much could be read.
    source : str
        Where it stands: ``"calls.jsonl:12"``, or the file alone.
    error : TranscriptError
        What is wrong and what to do about it.
    """

    id: str | None
    source: str
    error: TranscriptError


def readable(path: str | os.PathLike[str]) -> str:
    r"""Give a path as text that can be written anywhere.

    Parameters
    ----------
    path : str or path-like
        Its name may hold bytes that are no UTF-8.

    Returns
    -------
    str
        Those bytes as ``\xff``.
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


class Source:
    """One file, read at most as far as asked.

    Parameters
    ----------
    path : Path
        The file.
    name : str, optional
        What messages call it; default: the path as given.
    """

    def __init__(self, path: Path, name: str | None = None) -> None:
        self.path = path
        self.name = readable(name if name is not None else path)

    def __repr__(self) -> str:
        return f"Source({self.name!r})"

    @property
    def stem(self) -> str:
        """File name without extension: the id of a conversation that has none of its own."""
        return readable(self.path.stem)

    def at(self, line: int | None = None) -> str:
        """Name a place in the file.

        Parameters
        ----------
        line : int, optional
            1-based.

        Returns
        -------
        str
            ``"name:line"``, or the name alone.
        """
        return self.name if line is None else f"{self.name}:{line}"

    def bad(
        self, error: TranscriptError, line: int | None = None, transcript_id: str | None = None
    ) -> BadTranscript:
        """Turn an error into an item of the result, with its place.

        Parameters
        ----------
        error : TranscriptError
            What went wrong; its own source and id win where it has them.
        line : int, optional
            1-based.
        transcript_id : str, optional
            Which conversation.

        Returns
        -------
        BadTranscript
            The item.
        """
        placed = error.at(self.at(line), transcript_id)
        return BadTranscript(placed.transcript_id, placed.source or self.name, placed)

    @cached_property
    def head_bytes(self) -> bytes:
        """The first 64 KiB as they are, for formats that are not text."""
        with self.open() as file:
            return file.read(HEAD_BYTES)

    @cached_property
    def encoding(self) -> str:
        """The codec that the byte order mark names; UTF-8 without one."""
        for mark, codec in _BYTE_ORDER_MARKS:
            if self.head_bytes.startswith(mark):
                return codec
        return "utf-8"

    @cached_property
    def head(self) -> str:
        """The first 64 KiB as text, with every line end a newline, without byte order mark.

        Raises
        ------
        TranscriptError
            When the bytes are not text in UTF-8, or in the UTF-16 or UTF-32 that their byte
            order mark promises; names the offset of the first byte that does not fit.
        """
        return next(self._decoded(HEAD_BYTES), "")

    def open(self) -> io.BufferedReader:
        """Open the file for bytes.

        Returns
        -------
        io.BufferedReader
            To be closed by the caller.

        Raises
        ------
        TranscriptError
            When the system refuses.
        """
        try:
            return self.path.open("rb")
        except OSError as error:
            raise TranscriptError(
                f"the file cannot be opened ({error.strerror}); check that it exists and that "
                "you may read it",
                source=self.name,
            ) from error

    def lines(self) -> Iterator[tuple[int, str]]:
        """Stream the lines without holding the file in memory.

        Yields
        ------
        tuple of int and str
            1-based number, and the line without its end.

        Raises
        ------
        TranscriptError
            When the bytes are not text.
        """
        number, pieces = 1, [""]
        for text in self._decoded(_CHUNK_BYTES):
            first, *others = text.split("\n")
            pieces.append(first)
            for line in others:
                yield number, "".join(pieces)
                number, pieces = number + 1, [line]
        if any(pieces):
            yield number, "".join(pieces)

    def text(self) -> str:
        """Give the whole file as text.

        Returns
        -------
        str
            With every line end a newline, without byte order mark.

        Raises
        ------
        TranscriptError
            When the bytes are not text.
        """
        return "".join(self._decoded(_CHUNK_BYTES))

    def json(self) -> Json:
        """Give the whole file parsed as one JSON value; it is parsed once.

        Returns
        -------
        object
            What the file holds.

        Raises
        ------
        TranscriptError
            When it is truncated, malformed, nested too deeply, holds NaN or Infinity, or holds
            one value a line (`is_json_lines`); says where.
        """
        if self.is_json_lines:
            raise TranscriptError(
                "the file holds one JSON value a line, where one for the whole file is expected",
                source=self.name,
            )
        return self._document

    @cached_property
    def is_json_lines(self) -> bool:
        """Whether the file holds one JSON object a line, more than one."""
        lines = [line for line in self.head.split("\n") if line.strip()]
        if not lines or not lines[0].startswith("{") or lines[0].rstrip() == "{":
            return False
        filled = (line for _, line in self.lines() if line.strip())
        if is_json(next(filled, "")):
            return next(filled, None) is not None
        # One broken line does not unmake its neighbours, so the first need not parse. A document
        # laid out over several lines breaks them where a value is still to come.
        laid_out = lines[0].rstrip().endswith((":", ",", "[", "{"))
        return not laid_out and any(is_json(line) for line in lines[1:] if line.startswith("{"))

    def first_record(self) -> Json:
        """Give the first JSON object, for `Importer.sniff`.

        Returns
        -------
        object
            The first line of JSON Lines, the first item of a list, or the whole object; None
            where the file is not JSON or cannot be parsed.
        """
        return self._first_record

    @cached_property
    def _first_record(self) -> Json:
        # Every importer asks for it, also where the file is broken.
        try:
            if not self.head.lstrip().startswith(("{", "[")):
                return None
            if self.is_json_lines:
                return self._first_line
            document = self.json()
        except TranscriptError:
            return None
        if isinstance(document, list):
            return document[0] if document else None
        return document

    @cached_property
    def _document(self) -> Json:
        return parse_json(self.text(), self.name)

    @cached_property
    def _first_line(self) -> Json:
        # A broken line is reported by `read`; the next one that parses tells the format.
        for number, line in self.lines():
            if number > 100:
                break
            try:
                if line.strip():
                    return parse_json(line, self.name, number)
            except TranscriptError:
                continue
        return None

    def _decoded(self, size: int) -> Iterator[str]:
        if self.encoding == "utf-8" and b"\0" in self.head_bytes:
            at = self.head_bytes.index(b"\0")
            raise TranscriptError(
                f"this is not text: byte {at} is zero (a binary file, or UTF-16 without byte "
                f"order mark); {_REMEDY}",
                source=self.name,
            )
        decoder = codecs.getincrementaldecoder(self.encoding)()
        newlines = io.IncrementalNewlineDecoder(decoder, translate=True)
        with self.open() as file:
            while chunk := file.read(size):
                yield self._decode(newlines, chunk, file.tell())
        # Only an incomplete character at the very end can fail here.
        yield self._decode(newlines, b"", -1)

    def _decode(self, decoder: io.IncrementalNewlineDecoder, chunk: bytes, end: int) -> str:
        try:
            return decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            end = self.path.stat().st_size if end < 0 else end
            self._refuse_encoding(end - len(error.object) + error.start)

    def _refuse_encoding(self, offset: int) -> NoReturn:
        codec = {"utf-8-sig": "utf-8"}.get(self.encoding, self.encoding).upper()
        raise TranscriptError(
            f"the text is not {codec}: byte {offset} does not fit; {_REMEDY}", source=self.name
        ) from None

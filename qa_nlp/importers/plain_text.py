"""Plain text, one conversation a file: ``Agent: …`` or ``[00:12] Customer: …``.

Source: this project; the form in which people type and paste transcripts. A line without label
continues the one above it. A word before a colon counts as a speaker when it states a role
("Agent", "Customer 2", "Клиент"), stands behind a time, or begins several lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from qa_nlp.errors import TranscriptError
from qa_nlp.importers.base import BadTranscript, ReadOptions, Source
from qa_nlp.importers.clock import CLOCK, parse_clock
from qa_nlp.importers.labels import split_label, trusted_labels
from qa_nlp.importers.roles import number_agents, role_of_label
from qa_nlp.importers.shaping import derive_ends, make_transcript
from qa_nlp.transcript import Role, Transcript, Turn

__all__ = ["PlainText"]

_TIME: Final = re.compile(
    rf"\s*(?:[\[(]\s*({CLOCK})(?:\s*(?:-|\u2013|-->|to)\s*({CLOCK}))?\s*[\])]|({CLOCK})(?=\s+\D))\s*-?\s*"
)
_TIME_BEHIND: Final = re.compile(rf"\s*([^\W_][^:\n\[(]{{0,39}}?)\s*([\[(]\s*{CLOCK}\s*[\])])\s*:")
_MOST_SNIFFED: Final = 200


@dataclass(slots=True)
class _Piece:
    """A line with a speaker, and the lines that continue it."""

    number: int
    label: str | None
    start: float | None
    end: float | None
    words: list[str] = field(default_factory=list)

    def turn(self, source: Source) -> Turn:
        try:
            return Turn(
                role=role_of_label(self.label),
                text=" ".join(filter(None, self.words)),
                speaker=self.label,
                start=self.start,
                end=self.end,
            )
        except TranscriptError as error:
            raise error.at(source.at(self.number), source.stem) from None


class PlainText:
    """Reads labelled lines; several conversations in one file are not told apart."""

    name = "text"

    def sniff(self, source: Source) -> bool:
        """See `Importer.sniff`.

        Parameters
        ----------
        source : Source
            The file.

        Returns
        -------
        bool
            Whether the first line has a label, and a speaker states a role or comes back.
        """
        lines = [line for line in source.head.split("\n") if line.strip()][:_MOST_SNIFFED]
        if not lines:
            return False
        pieces = [_parse(number, line) for number, line in enumerate(lines)]
        if pieces[0].label is None:
            return False
        labels = [piece.label for piece in pieces]
        trusted = trusted_labels(labels)
        if any(role_of_label(label) is not Role.UNKNOWN for label in trusted):
            return True
        # Names alone: most lines must be labelled, by at least two speakers who come back.
        labelled = sum(label in trusted for label in labels)
        return len(trusted) > 1 and labelled > len(lines) / 2

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
            One item; its id is the file name without extension.

        Raises
        ------
        TranscriptError
            When no line has a speaker, or a time is out of range.
        """
        lines = [
            _parse(number, line) for number, line in source.lines() if line and not line.isspace()
        ]
        trusted = trusted_labels(line.label for line in lines)
        pieces: list[_Piece] = []
        for line in lines:
            if line.start is not None or line.label in trusted:
                pieces.append(line)
            elif pieces:
                pieces[-1].words.append(_whole(line))
            else:
                raise TranscriptError(
                    "no speaker stands before the first words; write lines such as "
                    "'Agent: ...' or '[00:12] Customer: ...'",
                    source=source.at(line.number),
                    transcript_id=source.stem,
                )
        turns = derive_ends(number_agents(piece.turn(source) for piece in pieces))
        yield make_transcript(self.name, source.stem, tuple(turns))


def _parse(number: int, line: str) -> _Piece:
    # "Agent [00:12]: ..." puts the time behind the name; read it like "[00:12] Agent: ...".
    if behind := _TIME_BEHIND.match(line):
        line = f"{behind[2]} {behind[1]}: {line[behind.end() :]}"
    start, end, rest = _split_time(line)
    label, words = split_label(rest)
    return _Piece(number, label, start, end, [words.strip()])


def _split_time(line: str) -> tuple[float | None, float | None, str]:
    match = _TIME.match(line)
    start = parse_clock(match[1] or match[3]) if match else None
    if match is None or start is None:
        return None, None, line
    return start, parse_clock(match[2]) if match[2] else None, line[match.end() :]


def _whole(line: _Piece) -> str:
    return line.words[0] if line.label is None else f"{line.label}: {line.words[0]}"

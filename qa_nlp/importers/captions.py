"""Captions, one conversation a file: WebVTT and SubRip (SRT).

Sources: W3C, "WebVTT: The Web Video Text Tracks Format" (voice spans, cue settings, NOTE, STYLE and
REGION blocks, header); SRT has no standard, this reads the form that players agree on. Unverified:
the speaker prefix (``Agent: ...``) that meeting tools write into both.

Following captions of one speaker are one turn. Captions of nobody in particular stay apart. What
has captions was spoken, so the channel is voice.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from qa_nlp.errors import TranscriptError
from qa_nlp.importers.base import BadTranscript, ReadOptions, Source
from qa_nlp.importers.clock import parse_clock
from qa_nlp.importers.labels import split_label, trusted_labels
from qa_nlp.importers.roles import number_agents, role_of_label
from qa_nlp.importers.shaping import make_transcript, make_turn, shape_turns
from qa_nlp.transcript import Transcript, Turn

__all__ = ["SubRip", "WebVtt"]

_ARROW: Final = "-->"
_TIMING: Final = re.compile(r"\s*([\d:.,]+)\s*-->\s*([\d:.,]+)(?:\s.*)?")
_SRT_BEGIN: Final = re.compile(r"\s*(?:\d+\s*\n\s*)?\d{1,3}:\d{2}:\d{2}[.,]\d{1,3}\s*-->")
_VOICE: Final = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
# A tag begins with a letter, a slash or, for a time within a cue, a digit: "a < b" is no tag.
_TAG: Final = re.compile(r"</?[A-Za-z\d][^<>]*>|</>|\{\\[^{}]*\}")
_ASIDE: Final = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)(?:\s|$)")
_HEADER_LANGUAGE: Final = re.compile(r"Language:\s*(\S+)\s*", re.IGNORECASE)

_Block: TypeAlias = list[tuple[int, str]]  # numbered lines without a blank one among them


@dataclass(frozen=True, slots=True)
class _Caption:
    """What one voice says in one cue."""

    line: int
    start: float
    end: float
    voice: str | None
    text: str


class WebVtt:
    """WebVTT; the speaker is the voice span, or else a prefix such as ``Agent:``."""

    name = "webvtt"

    def sniff(self, source: Source) -> bool:
        """See `Importer.sniff`.

        Parameters
        ----------
        source : Source
            The file.

        Returns
        -------
        bool
            Whether it begins with the signature ``WEBVTT``.
        """
        return re.match(r"WEBVTT(?:[ \t\n]|$)", source.head) is not None

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
            When a cue is malformed; names its line.
        """
        blocks = list(_blocks(source))
        header = [line for _, line in blocks[0]] if blocks else []
        found = (match[1] for line in header if (match := _HEADER_LANGUAGE.fullmatch(line)))
        yield _transcript(self.name, source, blocks, next(found, None))


class SubRip:
    """SubRip; the speaker is a prefix such as ``Agent:``."""

    name = "srt"

    def sniff(self, source: Source) -> bool:
        """See `Importer.sniff`.

        Parameters
        ----------
        source : Source
            The file.

        Returns
        -------
        bool
            Whether it begins with a numbered cue, or the times of one.
        """
        return _SRT_BEGIN.match(source.head) is not None

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
            When a cue is malformed; names its line.
        """
        yield _transcript(self.name, source, _blocks(source), None)


def _transcript(
    name: str, source: Source, blocks: Iterable[_Block], language: str | None
) -> Transcript:
    captions = list(_captions(blocks, source))
    trusted = trusted_labels(split_label(c.text)[0] for c in captions if c.voice is None)
    turns = number_agents(_turn(caption, trusted) for caption in captions)
    return make_transcript(
        name, source.stem, shape_turns(turns, merge=True), channel="voice", language=language
    )


def _turn(caption: _Caption, trusted: frozenset[str]) -> Turn:
    label, words = caption.voice, caption.text
    if label is None:
        prefix, rest = split_label(caption.text)
        if prefix in trusted:
            label, words = prefix, rest
    return make_turn(
        f"the cue at line {caption.line}",
        role_of_label(label),
        words,
        speaker=label,
        start=caption.start,
        end=caption.end,
    )


def _blocks(source: Source) -> Iterator[_Block]:
    block: _Block = []
    for number, line in source.lines():
        if not line.strip():
            if block:
                yield block
            block = []
            continue
        # Careless writers leave out the blank line between two cues.
        if _ARROW in line and any(_ARROW in above for _, above in block):
            numbered = block[-1][1].strip().isdecimal()
            yield block[:-1] if numbered else block
            block = []
        block.append((number, line))
    if block:
        yield block


def _captions(blocks: Iterable[_Block], source: Source) -> Iterator[_Caption]:
    times: tuple[int, float, float] | None = None
    for block in blocks:
        if _ASIDE.match(block[0][1]):
            continue
        index = next((i for i, (_, line) in enumerate(block[:2]) if _ARROW in line), None)
        if index is not None:
            times = _times(*block[index], source)
            block = block[index + 1 :]
        elif len(block) == 1 and block[0][1].strip().isdecimal():
            continue
        # Words behind a blank line belong to the cue above it.
        if times is None:
            raise _refused("these words stand above the first cue", block[0][0], source)
        yield from _voices(block, *times)


def _times(number: int, line: str, source: Source) -> tuple[int, float, float]:
    match = _TIMING.fullmatch(line)
    start, end = (parse_clock(match[1]), parse_clock(match[2])) if match else (None, None)
    if start is None or end is None:
        raise _refused(
            "the times of this cue are no 'hh:mm:ss.mmm --> hh:mm:ss.mmm'", number, source
        )
    if end < start:
        raise _refused("this cue ends before it starts", number, source)
    return number, start, end


def _voices(block: _Block, number: int, start: float, end: float) -> Iterator[_Caption]:
    payload = " ".join(text.strip() for _, text in block)
    # "before<v Maren>hers<v Tom>his" splits into before, Maren, hers, Tom, his.
    before, *spans = _VOICE.split(payload)
    for voice, text in [("", before), *zip(spans[::2], spans[1::2], strict=True)]:
        words = " ".join(html.unescape(_TAG.sub("", text)).split())
        if words:
            yield _Caption(number, start, end, html.unescape(voice).strip() or None, words)


def _refused(reason: str, number: int, source: Source) -> TranscriptError:
    return TranscriptError(reason, source=source.at(number), transcript_id=source.stem)

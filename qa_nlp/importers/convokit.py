"""ConvoKit corpora: a folder with ``utterances.jsonl`` and its companions.

Source: ConvoKit documentation, "Data Format",
https://convokit.cornell.edu/documentation/data_format.html; ``convokit/model/utterance.py``.

Unverified: ``reply-to`` beside ``reply_to``; the older names ``user`` and ``root``; that
``timestamp`` counts seconds (the format leaves its unit to the corpus); companions whose entries
hold their metadata directly instead of under ``meta``.

The format has no field for roles. A role is taken from ``role`` in the metadata of the utterance
or of its speaker where that names one; otherwise it stays unknown. Of a conversation's metadata,
text, numbers and booleans are kept. Conversations come in the order in which they end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Final

from qa_nlp.errors import TranscriptError
from qa_nlp.importers.base import BadTranscript, ReadOptions, Source
from qa_nlp.importers.fields import Fields
from qa_nlp.importers.json_text import Json, parse_json
from qa_nlp.importers.roles import number_agents, role_of_label
from qa_nlp.importers.shaping import first_moment, make_transcript, make_turn, shape_turns
from qa_nlp.transcript import Role, Transcript, Turn

__all__ = ["ConvoKit"]

_UTTERANCES: Final = "utterances.jsonl"
_COMPANIONS: Final = ("speakers.json", "conversations.json", "corpus.json", "index.json")


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the file, and the conversation it belongs to."""

    number: int
    conversation: str
    fields: Fields
    problem: TranscriptError | None = None


@dataclass(slots=True)
class _Open:
    """A conversation whose last utterance has not been met yet."""

    turns: list[Turn] = field(default_factory=list)
    problem: tuple[int, TranscriptError] | None = None


class ConvoKit:
    """A corpus folder, found through its ``utterances.jsonl``.

    The companions in the same folder are recognised too and yield nothing of their own, so that
    reading the whole folder reports no unknown files.
    """

    name = "convokit"

    def sniff(self, source: Source) -> bool:
        """See `Importer.sniff`.

        Parameters
        ----------
        source : Source
            The file.

        Returns
        -------
        bool
            Whether its lines are utterances, or it is a companion of a file of such lines.
        """
        if _is_companion(source):
            utterances = Source(source.path.with_name(_UTTERANCES))
            return utterances.path.is_file() and _is_utterance(utterances.first_record())
        return _is_utterance(source.first_record())

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
            One item for each conversation, and one for each line that is no JSON object.
        """
        if _is_companion(source):
            return
        speakers = _companion(source, "speakers.json")
        conversations = _companion(source, "conversations.json")
        # Conversations may be mixed: the first pass finds where each ends, so that the second
        # holds only those that are open.
        ends = {line.conversation: line.number for line in _lines(source)}
        opened: dict[str, _Open] = {}
        for line in _lines(source):
            if line.problem:
                yield source.bad(line.problem, line.number)
                continue
            current = opened.setdefault(line.conversation, _Open())
            try:
                current.turns.append(_turn(line.fields, speakers))
            except TranscriptError as error:
                current.problem = current.problem or (line.number, error)
            if ends[line.conversation] == line.number:
                yield self._close(source, line.conversation, opened, conversations)

    def _close(
        self, source: Source, name: str, opened: dict[str, _Open], conversations: Fields
    ) -> Transcript | BadTranscript:
        read = opened.pop(name)
        if read.problem:
            number, error = read.problem
            return source.bad(error, number, name)
        try:
            return make_transcript(
                self.name,
                name,
                number_agents(shape_turns(read.turns, relative=True)),
                started_at=first_moment(read.turns),
                metadata=_meta(conversations.find_object(name)).scalars(),
            )
        except TranscriptError as error:
            return source.bad(error, None, name)


def _lines(source: Source) -> Iterator[_Line]:
    for number, text in source.lines():
        if not text.strip():
            continue
        try:
            fields = Fields(parse_json(text, source.name, number))
            conversation = fields.find_id("conversation_id") or fields.find_id("root")
            if conversation is None:
                raise fields.missing("conversation_id")
            yield _Line(number, conversation, fields)
        except TranscriptError as error:
            yield _Line(number, "", Fields({}), error)


def _turn(utterance: Fields, speakers: Fields) -> Turn:
    speaker = utterance.find_id("speaker") or utterance.find_id("user")
    role = role_of_label(utterance.find_object("meta").find_id("role"))
    if role is Role.UNKNOWN and speaker is not None:
        role = role_of_label(_meta(speakers.find_object(speaker)).find_id("role"))
    return make_turn(
        "text",
        role,
        utterance.take("text", str),
        speaker=speaker,
        start=utterance.find_number("timestamp", in_text=True),
    )


def _meta(entry: Fields) -> Fields:
    return entry.object("meta") if "meta" in entry else entry


def _companion(source: Source, file_name: str) -> Fields:
    path = source.path.with_name(file_name)
    # A link might lead out of the folder that the caller gave.
    if not path.is_file() or path.is_symlink():
        return Fields({})
    return Fields(Source(path, str(PurePath(source.name).with_name(file_name))).json(), file_name)


def _is_companion(source: Source) -> bool:
    return source.path.name in _COMPANIONS


def _is_utterance(record: Json) -> bool:
    return (
        isinstance(record, dict)
        and "text" in record
        and not record.keys().isdisjoint(("speaker", "user"))
        and not record.keys().isdisjoint(("conversation_id", "root"))
        and not record.keys().isdisjoint(("reply_to", "reply-to", "meta"))
    )

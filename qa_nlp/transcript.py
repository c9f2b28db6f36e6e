"""What is graded: a conversation as frozen turns, with the invariants everything else relies on."""

from __future__ import annotations

import copy
import enum
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from qa_nlp.errors import TranscriptError, did_you_mean

__all__ = ["CHANNELS", "Role", "Transcript", "Turn", "split_turn"]

CHANNELS: Final = ("voice", "chat", "email")
"""The channels a conversation may have."""

_DEPTH: Final = 100
"""How deep metadata may nest."""

_TURN_FIELDS: Final = frozenset(
    {"role", "text", "speaker", "agent_id", "start", "end", "end_derived"}
)
_TRANSCRIPT_FIELDS: Final = frozenset(
    {"id", "channel", "language", "started_at", "metadata", "turns", "group_id"}
)


class Role(enum.StrEnum):
    """Who speaks: a human agent, the customer, a machine, the system, or nobody knows."""

    AGENT = "agent"
    CUSTOMER = "customer"
    BOT = "bot"
    SYSTEM = "system"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Turn:
    """One speaker's uninterrupted stretch.

    Parameters
    ----------
    role : Role or str
        Who speaks.
    text : str
        The words; may be empty.
    speaker : str, optional
        The label or name the source gave the speaker.
    agent_id : str, optional
        Which agent, where a conversation has several; only on turns of an agent.
    start, end : float, optional
        Seconds since the start of the conversation, ``0 <= start <= end``.
    end_derived : bool, default False
        The source gave no end; `end` is the start of the following turn.

    Raises
    ------
    TranscriptError
        When a field has the wrong type or range.

    Examples
    --------
    >>> Turn("agent", "Good morning!", start=0.4, end=1.6).role
    <Role.AGENT: 'agent'>
    """

    role: Role
    text: str
    speaker: str | None = None
    agent_id: str | None = None
    start: float | None = None
    end: float | None = None
    end_derived: bool = False

    if TYPE_CHECKING:  # what may be given is wider than what is kept

        def __init__(
            self,
            role: Role | str,
            text: str,
            speaker: str | None = None,
            agent_id: str | None = None,
            start: float | None = None,
            end: float | None = None,
            end_derived: bool = False,
        ) -> None: ...

    def __post_init__(self) -> None:
        if not isinstance(self.role, Role):
            object.__setattr__(self, "role", _role(self.role))
        if not isinstance(self.text, str):
            raise TranscriptError(f"text must be a string, not {_kind(self.text)}")
        if not self.text.isascii():
            _check_unicode(self.text)
        for name in ("speaker", "agent_id"):
            value = getattr(self, name)
            if value is None:
                continue
            if not isinstance(value, str):
                raise TranscriptError(f"{name} must be a string or absent, not {_kind(value)}")
            _check_unicode(value)
        if self.agent_id is not None and self.role not in (Role.AGENT, Role.UNKNOWN):
            raise TranscriptError(
                f"agent_id is set on a turn of role {self.role.value!r}; only agents have one"
            )
        if not isinstance(self.end_derived, bool):
            raise TranscriptError(
                f"end_derived must be true or false, not {_kind(self.end_derived)}"
            )
        if self.start is not None or self.end is not None:
            self._check_times()

    def _check_times(self) -> None:
        for name in ("start", "end"):
            value = getattr(self, name)
            if value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise TranscriptError(f"{name} must be a number of seconds, not {_kind(value)}")
            try:
                seconds = float(value)
            except OverflowError:
                raise TranscriptError(f"{name} is too large for a number of seconds") from None
            if not math.isfinite(seconds) or seconds < 0:
                raise TranscriptError(f"{name} is {value}; it must be 0 or more seconds")
            object.__setattr__(self, name, seconds)
        if self.start is None:
            raise TranscriptError("a turn with an end needs a start")
        if self.end is not None and self.end < self.start:
            raise TranscriptError(f"the turn ends at {self.end} s, before its start {self.start} s")

    def to_dict(self) -> dict[str, Any]:
        """Give the turn as JSON-ready values, without the fields that are absent.

        Returns
        -------
        dict
            ``role`` and ``text``, then what is set.
        """
        row: dict[str, Any] = {"role": self.role.value, "text": self.text}
        for name in ("speaker", "agent_id", "start", "end"):
            value = getattr(self, name)
            if value is not None:
                row[name] = value
        if self.end_derived:
            row["end_derived"] = True
        return row

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Turn:
        """Read a turn from a mapping such as one parsed from JSON.

        Parameters
        ----------
        row : mapping
            At least ``role`` and ``text``.

        Returns
        -------
        Turn
            The turn.

        Raises
        ------
        TranscriptError
            When a field is missing, unknown or malformed.
        """
        if not isinstance(row, Mapping):
            raise TranscriptError(f"a turn must be an object, not {_kind(row)}")
        _check_fields(row, _TURN_FIELDS, required=("role", "text"), what="turn")
        return cls(**row)


@dataclass(frozen=True, slots=True)
class Transcript:
    """The text of one interaction: a call, a chat or an e-mail thread.

    Parameters
    ----------
    id : str
        Unique in a batch.
    turns : sequence of Turn
        In order; where turns have a start, starts never decrease. Turns may overlap in time
        (people interrupt each other).
    channel : {"voice", "chat", "email"}, optional
        How they spoke.
    language : str, optional
        ISO 639-1 code such as ``"en"``; a region (``"pt-BR"``) is cut off. Detected where absent.
    started_at : datetime or str, optional
        When it began; ISO 8601 text is parsed, a time without zone is taken as UTC.
    metadata : mapping, optional
        ``agent_id``, ``team``, ``queue``, ``customer_id``, ``csat``, ``nps``, ``ces`` and anything
        else that JSON can hold.
    group_id : str, optional
        What must stay together in every split; default: the id.

    Raises
    ------
    TranscriptError
        When an invariant is broken; the message names the turn.

    Examples
    --------
    >>> call = Transcript("c1", [Turn("agent", "Hello!"), Turn("customer", "Hi.")], channel="voice")
    >>> len(call.turns), call.word_count, call.group_id
    (2, 2, 'c1')
    """

    id: str
    turns: tuple[Turn, ...]
    channel: str | None = None
    language: str | None = None
    started_at: datetime | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    group_id: str = ""

    if TYPE_CHECKING:  # what may be given is wider than what is kept

        def __init__(
            self,
            id: str,
            turns: Iterable[Turn],
            channel: str | None = None,
            language: str | None = None,
            started_at: datetime | str | None = None,
            metadata: Mapping[str, Any] = {},
            group_id: str = "",
        ) -> None: ...

    def __post_init__(self) -> None:
        if not isinstance(self.id, str) or not self.id.strip():
            raise TranscriptError(f"the id must be a non-empty string, not {_kind(self.id)}")
        _check_unicode(self.id)
        try:
            self._normalise()
        except TranscriptError as error:
            raise TranscriptError(
                error.message, source=error.source, transcript_id=self.id
            ) from None

    def _normalise(self) -> None:
        if isinstance(self.turns, (str, bytes)) or not isinstance(self.turns, Iterable):
            raise TranscriptError(f"turns must be a list of turns, not {_kind(self.turns)}")
        object.__setattr__(self, "turns", tuple(self.turns))
        _check_turns(self.turns)
        if self.channel is not None and self.channel not in CHANNELS:
            raise TranscriptError(
                f"unknown channel {_shown(self.channel)}{did_you_mean(str(self.channel), CHANNELS)}"
            )
        object.__setattr__(self, "language", _language(self.language))
        object.__setattr__(self, "started_at", _moment(self.started_at))
        if not isinstance(self.metadata, Mapping):
            raise TranscriptError(f"metadata must be an object, not {_kind(self.metadata)}")
        frozen = MappingProxyType(_json_value(self.metadata))
        object.__setattr__(self, "metadata", frozen)
        if not isinstance(self.group_id, str):
            raise TranscriptError(f"group_id must be a string, not {_kind(self.group_id)}")
        _check_unicode(self.group_id)
        object.__setattr__(self, "group_id", self.group_id or self.id)

    def __hash__(self) -> int:
        return hash((self.id, self.group_id, len(self.turns)))

    def __reduce__(self) -> tuple[object, ...]:
        state = (
            self.id,
            self.turns,
            self.channel,
            self.language,
            self.started_at,
            dict(self.metadata),
            self.group_id,
        )
        return (Transcript, state)

    def __repr__(self) -> str:
        return (
            f"Transcript(id={self.id!r}, turns={len(self.turns)}, channel={self.channel!r}, "
            f"language={self.language!r})"
        )

    @property
    def word_count(self) -> int:
        """Number of words, split at white space, over all turns."""
        return sum(len(turn.text.split()) for turn in self.turns)

    @property
    def agents(self) -> tuple[str, ...]:
        """The human agents in order of appearance; an unmarked turn is the metadata's agent's."""
        default = self.metadata.get("agent_id")
        seen = {t.agent_id or default: None for t in self.turns if t.role is Role.AGENT}
        return tuple(str(agent) for agent in seen if agent is not None)

    def prefix(self, turn: int) -> Transcript:
        """Give the conversation up to and including one turn.

        Parameters
        ----------
        turn : int
            0-based index of the last turn to keep.

        Returns
        -------
        Transcript
            With id ``ID#TURN`` and this transcript's group_id.

        Raises
        ------
        TranscriptError
            When there is no such turn.

        Examples
        --------
        >>> chat = Transcript("c1", [Turn("customer", "Hi"), Turn("agent", "Hello")])
        >>> chat.prefix(0).id, chat.prefix(0).group_id, len(chat.prefix(0).turns)
        ('c1#0', 'c1', 1)
        """
        if not 0 <= turn < len(self.turns):
            raise TranscriptError(
                f"no turn {turn}; there are {len(self.turns)} (0 to {len(self.turns) - 1})",
                transcript_id=self.id,
            )
        return replace(self, id=f"{self.id}#{turn}", turns=self.turns[: turn + 1])

    def by_agent(self) -> tuple[Transcript, ...]:
        """Give one view for each human agent, since each gets a scorecard of their own.

        With fewer than two agents this is the transcript itself. Otherwise each view has the id
        ``ID@AGENT`` and this group_id, keeps every turn (so turn numbers stay those of the whole
        conversation), and gives the other agents' turns the role ``unknown``.

        Returns
        -------
        tuple of Transcript
            One or more.
        """
        agents = self.agents
        if len(agents) < 2:
            return (self,)
        return tuple(self._view(agent) for agent in agents)

    def _view(self, agent: str) -> Transcript:
        default = self.metadata.get("agent_id")

        def keep(turn: Turn) -> Turn:
            if turn.role is not Role.AGENT or str(turn.agent_id or default) == agent:
                return turn
            return replace(turn, role=Role.UNKNOWN)

        return replace(
            self,
            id=f"{self.id}@{agent}",
            turns=tuple(keep(turn) for turn in self.turns),
            metadata={**self.metadata, "agent_id": agent},
        )

    def to_dict(self) -> dict[str, Any]:
        """Give the transcript as one JSON-ready object, the library's own JSONL form.

        Returns
        -------
        dict
            Fields that are absent are left out.
        """
        row: dict[str, Any] = {"id": self.id}
        if self.channel is not None:
            row["channel"] = self.channel
        if self.language is not None:
            row["language"] = self.language
        if self.started_at is not None:
            row["started_at"] = self.started_at.isoformat()
        if self.group_id != self.id:
            row["group_id"] = self.group_id
        if self.metadata:
            row["metadata"] = copy.deepcopy(dict(self.metadata))
        row["turns"] = [turn.to_dict() for turn in self.turns]
        return row

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Transcript:
        """Read a transcript from the library's own JSON form.

        Parameters
        ----------
        row : mapping
            At least ``id`` and ``turns``.

        Returns
        -------
        Transcript
            The transcript.

        Raises
        ------
        TranscriptError
            When a field is missing, unknown or malformed; the message names the turn.
        """
        if not isinstance(row, Mapping):
            raise TranscriptError(f"a transcript must be an object, not {_kind(row)}")
        identifier = row.get("id")
        known_id = identifier if isinstance(identifier, str) else None
        try:
            _check_fields(row, _TRANSCRIPT_FIELDS, required=("id", "turns"), what="transcript")
            if not isinstance(row["turns"], (list, tuple)):
                raise TranscriptError(f"turns must be a list, not {_kind(row['turns'])}")
            turns = []
            for index, item in enumerate(row["turns"]):
                try:
                    turns.append(Turn.from_dict(item))
                except TranscriptError as error:
                    raise TranscriptError(f"turn {index}: {error.message}") from None
            fields = {key: value for key, value in row.items() if value is not None}
            return cls(**{**fields, "id": identifier, "turns": turns})
        except TranscriptError as error:
            raise TranscriptError(error.message, transcript_id=known_id) from None


def _check_turns(turns: tuple[Turn, ...]) -> None:
    latest = 0.0
    for index, turn in enumerate(turns):
        if not isinstance(turn, Turn):
            raise TranscriptError(f"turn {index} must be a Turn, not {_kind(turn)}")
        if turn.start is not None:
            if turn.start < latest:
                raise TranscriptError(
                    f"turn {index} starts at {turn.start} s, before the turn above it "
                    f"({latest} s); sort the turns by their start"
                )
            latest = turn.start


def _check_fields(
    row: Mapping[str, Any], known: frozenset[str], required: tuple[str, ...], what: str
) -> None:
    for name in row:
        if name not in known:
            tail = did_you_mean(str(name), known)
            raise TranscriptError(
                f"unknown {what} field {_shown(name)}{tail} (fields of your own go under metadata)"
            )
    for name in required:
        if name not in row:
            raise TranscriptError(f"the {what} has no {name!r}")


def _role(value: object) -> Role:
    if not isinstance(value, str):
        raise TranscriptError(f"role must be a string, not {_kind(value)}")
    try:
        return Role(value)
    except ValueError:
        known = [role.value for role in Role]
        raise TranscriptError(f"unknown role {_shown(value)}{did_you_mean(value, known)}") from None


def _language(value: object) -> str | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise TranscriptError(f"language must be a code such as 'en', not {_kind(value)}")
    code = value.replace("_", "-").partition("-")[0].strip().lower()
    if not (2 <= len(code) <= 3 and code.isascii() and code.isalpha()):
        raise TranscriptError(f"language must be an ISO 639 code such as 'en', not {_shown(value)}")
    return code


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise TranscriptError(
                "started_at must be ISO 8601 such as '2026-03-04T09:15:00Z'"
            ) from None
    if not isinstance(value, datetime):
        raise TranscriptError(f"started_at must be a date and time, not {_kind(value)}")
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def _json_value(value: Any, depth: int = 0) -> Any:
    """Copy a value as a JSON file would give it back; NaN, a table's blank, becomes None."""
    if depth > _DEPTH:
        raise TranscriptError("the metadata is nested too deeply to be kept")
    if isinstance(value, str):
        _check_unicode(value)
        return value
    if isinstance(value, float) and math.isnan(value):
        return None
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        return {_json_value(key): _json_value(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json_value(item, depth + 1) for item in value]
    raise TranscriptError(
        "metadata may hold only what JSON can: text, finite numbers, true, false, null, lists, and "
        "objects whose keys are text"
    )


def _check_unicode(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise TranscriptError(
            "the text holds half a surrogate pair, which is no character; re-export it as UTF-8"
        ) from None


def _shown(value: object) -> str:
    # Where fields are mixed up, a value may be what somebody said: only one short word is shown.
    if not isinstance(value, str):
        return f"of type {_kind(value)}"
    if len(value) > 30 or len(value.split()) > 1:
        return f"of {len(value)} characters"
    return repr(value)


def _kind(value: object) -> str:
    return type(value).__name__


def split_turn(identifier: str) -> tuple[str, int] | None:
    """Take apart the id that `Transcript.prefix` gives.

    Parameters
    ----------
    identifier : str
        Any id.

    Returns
    -------
    tuple of (str, int) or None
        The id of the whole conversation and the last turn; None where it is no such id.

    Examples
    --------
    >>> split_turn("c1#3"), split_turn("c1"), split_turn("case#a"), split_turn("c1#03")
    (('c1', 3), None, None, None)
    """
    base, mark, number = identifier.rpartition("#")
    is_turn = mark and number.isdecimal() and str(int(number)) == number
    return (base, int(number)) if is_turn else None

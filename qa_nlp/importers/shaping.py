"""From the pieces that vendors give to the turns that `Transcript` wants.

Vendors differ in clock (offsets or dates), grain (words, segments, messages) and order (one channel
after the other). Each function here takes care of one of these; `shape_turns` applies them in the
one right order.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from qa_nlp.errors import TranscriptError
from qa_nlp.transcript import Role, Transcript, Turn

__all__ = [
    "derive_ends",
    "first_moment",
    "from_milliseconds",
    "is_date",
    "language_code",
    "make_transcript",
    "make_turn",
    "merge_turns",
    "shape_turns",
    "since_first",
    "sort_turns",
]

# A clock that shows less than this (1990) counts from the start of the call, not from 1970.
_EARLIEST_DATE: Final = 631_152_000.0
_LATEST_DATE: Final = 4_102_444_800.0  # 2100


def make_turn(
    place: str,
    role: Role,
    text: str,
    *,
    speaker: str | None = None,
    agent_id: str | None = None,
    start: float | None = None,
    end: float | None = None,
) -> Turn:
    """Make a turn, and name its place in the file when it breaks a rule of `Turn`.

    Parameters
    ----------
    place : str
        Path in the document, such as ``"Transcript[3]"``.
    role : Role
        Who speaks.
    text : str
        Stripped of white space at both ends.
    speaker, agent_id : str, optional
        As in `Turn`; the agent's id is dropped where the speaker is no agent.
    start, end : float, optional
        Seconds on any clock. An end without a start is dropped.

    Returns
    -------
    Turn
        The turn.

    Raises
    ------
    TranscriptError
        When a time is out of range; the message begins with the place.
    """
    try:
        return Turn(
            role=role,
            text=text.strip(),
            speaker=speaker,
            agent_id=agent_id if role is Role.AGENT else None,
            start=start,
            end=None if start is None else end,
        )
    except TranscriptError as error:
        raise TranscriptError(f"{place}: {error.message}") from None


def shape_turns(
    turns: Iterable[Turn], *, merge: bool = False, relative: bool = False
) -> tuple[Turn, ...]:
    """Sort, drop empty pieces, count time from the first, merge, and derive missing ends.

    Parameters
    ----------
    turns : iterable of Turn
        As the file has them.
    merge : bool, default False
        Whether pieces of one speaker become one turn: yes for speech, whose segments are cut by
        a machine; no for messages, which people cut themselves.
    relative : bool, default False
        Whether times are counted from the first one.

    Returns
    -------
    tuple of Turn
        Ready for `Transcript`.
    """
    shaped = [turn for turn in sort_turns(turns) if turn.text]
    if relative:
        shaped = since_first(shaped)
    if merge:
        shaped = merge_turns(shaped)
    return tuple(derive_ends(shaped))


def sort_turns(turns: Iterable[Turn]) -> list[Turn]:
    """Put turns in order of their start; one without start stays behind the one above it.

    Parameters
    ----------
    turns : iterable of Turn
        Perhaps one channel after the other.

    Returns
    -------
    list of Turn
        Sorted; equal starts keep their order.
    """
    keyed = []
    latest = 0.0
    for turn in turns:
        latest = latest if turn.start is None else turn.start
        keyed.append((latest, turn))
    return [turn for _, turn in sorted(keyed, key=lambda pair: pair[0])]


def since_first(turns: Iterable[Turn]) -> list[Turn]:
    """Count times from the earliest start.

    Parameters
    ----------
    turns : iterable of Turn
        With times on any clock, in seconds.

    Returns
    -------
    list of Turn
        In the same order; times rounded to microseconds.
    """
    listed = list(turns)
    zero = min((turn.start for turn in listed if turn.start is not None), default=0.0)

    def moved(time: float | None) -> float | None:
        return None if time is None else round(time - zero, 6)

    return [replace(turn, start=moved(turn.start), end=moved(turn.end)) for turn in listed]


def merge_turns(turns: Iterable[Turn]) -> list[Turn]:
    """Join following pieces of one speaker into one turn.

    Pieces of whom nothing is known, neither role nor label, stay apart.

    Parameters
    ----------
    turns : iterable of Turn
        In order.

    Returns
    -------
    list of Turn
        Texts joined by a space, from the start of the first to the latest end.
    """
    merged = []
    for key, group in itertools.groupby(turns, key=lambda t: (t.role, t.speaker, t.agent_id)):
        pieces = list(group)
        if key[:2] == (Role.UNKNOWN, None) or len(pieces) == 1:
            merged.extend(pieces)
        else:
            merged.append(_joined(pieces))
    return merged


def derive_ends(turns: Iterable[Turn]) -> list[Turn]:
    """Give each turn that lacks an end the start of the following turn, and mark it.

    Parameters
    ----------
    turns : iterable of Turn
        Sorted by start.

    Returns
    -------
    list of Turn
        The last one may still lack an end.

    Examples
    --------
    >>> asked = Turn("customer", "Anyone there?", start=0.0)
    >>> answered = Turn("agent", "Yes.", start=4.0)
    >>> [(turn.end, turn.end_derived) for turn in derive_ends([asked, answered])]
    [(4.0, True), (None, False)]
    """
    derived = []
    following: float | None = None
    for turn in reversed(list(turns)):
        if turn.start is not None:
            if turn.end is None and following is not None:
                turn = replace(turn, end=following, end_derived=True)
            following = turn.start
        derived.append(turn)
    return derived[::-1]


def make_transcript(
    format_name: str,
    transcript_id: str,
    turns: tuple[Turn, ...],
    *,
    channel: str | None = None,
    language: str | None = None,
    started_at: datetime | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Transcript:
    """Make a transcript whose metadata names its format and, when there is only one, its agent.

    Parameters
    ----------
    format_name : str
        Name of the importer.
    transcript_id : str
        The id.
    turns : tuple of Turn
        Shaped.
    channel, started_at : str and datetime, optional
        As in `Transcript`.
    language : str, optional
        As the file writes it; what is no language code is left out.
    metadata : mapping, optional
        What the file states; values that are None or empty are left out.

    Returns
    -------
    Transcript
        The transcript.
    """
    stated = {key: value for key, value in (metadata or {}).items() if value not in (None, "", [])}
    agents = {turn.agent_id for turn in turns if turn.role is Role.AGENT and turn.agent_id}
    if len(agents) == 1:
        stated.setdefault("agent_id", agents.pop())
    stated.pop("format", None)
    return Transcript(
        id=transcript_id,
        turns=turns,
        channel=channel,
        language=language_code(language),
        started_at=started_at,
        metadata={"format": format_name, **stated},
    )


def from_milliseconds(time: float | None) -> float | None:
    """Turn milliseconds into seconds.

    Parameters
    ----------
    time : float or None
        Milliseconds.

    Returns
    -------
    float or None
        Seconds.
    """
    return None if time is None else time / 1000


def is_date(seconds: float | None) -> bool:
    """Tell a date (seconds since 1970) from an offset into a call.

    Parameters
    ----------
    seconds : float or None
        A time.

    Returns
    -------
    bool
        True between 1990 and 2100.
    """
    return seconds is not None and _EARLIEST_DATE <= seconds < _LATEST_DATE


def first_moment(turns: Iterable[Turn]) -> datetime | None:
    """Give the earliest start as a date.

    Parameters
    ----------
    turns : iterable of Turn
        With times in seconds since 1970.

    Returns
    -------
    datetime or None
        In UTC; None where there is no time, or it is no date.
    """
    first = min((turn.start for turn in turns if turn.start is not None), default=None)
    return datetime.fromtimestamp(first, UTC) if first is not None and is_date(first) else None


def language_code(name: str | None) -> str | None:
    """Give what is a language code with its region cut off, and None for anything else.

    Parameters
    ----------
    name : str or None
        Such as ``"en-US"``, ``"en_us"``, ``"multi"`` or ``"english"``.

    Returns
    -------
    str or None
        Two or three letters.
    """
    code = re.split(r"[-_]", name or "")[0].lower()
    return code if re.fullmatch(r"[a-z]{2,3}", code) and code not in ("und", "mul") else None


def _joined(pieces: list[Turn]) -> Turn:
    first, last = pieces[0], pieces[-1]
    start = next((piece.start for piece in pieces if piece.start is not None), None)
    ends = [piece.end for piece in pieces if piece.end is not None]
    # Where the last piece has a start but no end, the end of the whole is not known yet.
    open_end = last.end is None and last.start is not None
    return replace(
        first,
        text=" ".join(piece.text for piece in pieces),
        start=start,
        end=None if open_end or not ends else max(ends),
        end_derived=last.end_derived,
    )

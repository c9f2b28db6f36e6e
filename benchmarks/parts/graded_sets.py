"""Public conversations with grades by people: USS (satisfaction), MAIA (success and quality)."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.parts.conversations import MAIA, chat_transcript, maia_chats, maia_turn
from qa_nlp.transcript import Role, Transcript, Turn

__all__ = ["GRADED_FILES", "USS", "RatedDialogue", "RatedMaia", "read_rated_maia", "read_uss"]

USS: Final = {"SGD": "uss/SGD.txt.gz", "MWOZ": "uss/MWOZ.txt.gz"}
"""The files of its parts, below the folder of data sets."""

GRADED_FILES: Final = (*USS.values(), *MAIA)
"""What is read, below the folder of data sets."""

_WHOLE: Final = "OVERALL"
_LEVELS: Final = range(1, 6)


@dataclass(frozen=True, slots=True)
class RatedDialogue:
    """A dialogue of USS.

    Parameters
    ----------
    transcript : Transcript
        What the user (customer) and the system (agent) say.
    turns : tuple of (int, tuple of int)
        Each rated turn of the user, from 0, and its grades 1 to 5, by unknown raters.
    whole : tuple of int
        Grades of the dialogue.
    """

    transcript: Transcript
    turns: tuple[tuple[int, tuple[int, ...]], ...]
    whole: tuple[int, ...]


def read_uss(folder: Path, name: str) -> list[RatedDialogue]:
    """Read one of the two parts of USS; the column of dialogue acts is left out.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.
    name : {"SGD", "MWOZ"}
        Which part.

    Returns
    -------
    list of RatedDialogue
        In the order of the file.
    """
    with gzip.open(folder / USS[name], "rt", encoding="utf-8") as file:
        blocks = file.read().strip().split("\n\n")
    return [
        _dialogue(f"{name.lower()}-{number}", block.splitlines())
        for number, block in enumerate(blocks)
    ]


def _dialogue(identifier: str, lines: list[str]) -> RatedDialogue:
    turns: list[Turn] = []
    rated: list[tuple[int, tuple[int, ...]]] = []
    whole: tuple[int, ...] = ()
    for line in lines:
        speaker, text, _, ratings = line.split("\t")
        grades = tuple(int(rating) for rating in ratings.split(",") if rating.strip())
        if text == _WHOLE:
            whole = grades
            continue
        if grades:
            rated.append((len(turns), grades))
        turns.append(Turn(Role.CUSTOMER if speaker == "USER" else Role.AGENT, text))
    return RatedDialogue(chat_transcript(identifier, turns), tuple(rated), whole)


@dataclass(frozen=True, slots=True)
class RatedMaia:
    """A conversation of MAIA with what people said of it.

    Parameters
    ----------
    transcript : Transcript
        The English side of both speakers; metadata ``customer_language`` is ``"de"``
        or ``"pt"``.
    success : int
        Task success, 1 to 5.
    quality : float
        Mean interaction quality of the agent's turns, 1 to 5.
    """

    transcript: Transcript
    success: int
    quality: float


def read_rated_maia(folder: Path) -> list[RatedMaia]:
    """Read the annotated MAIA chats with their grades.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    list of RatedMaia
        In the order of the files: first those of German customers, then of Portuguese ones.
    """
    return [_rated_maia(chat, language) for chat, language in maia_chats(folder)]


def _rated_maia(chat: dict[str, Any], language: str) -> RatedMaia:
    turns = chat["turns"]
    given = [_level(turn.get("IQ")) for turn in turns if turn["floor"] == "outbound"]
    quality = [value for value in given if value is not None]
    transcript = chat_transcript(
        f"maia-{chat['id']}", map(maia_turn, turns), customer_language=language
    )
    success = _level(chat["dialog"]["Task Sucess"])
    assert success is not None
    return RatedMaia(transcript, success, sum(quality) / len(quality))


def _level(value: Any) -> int | None:
    """Give a label on the scale; what is missing or a slip of the pen is None."""
    return int(value) if value is not None and float(value) in _LEVELS else None

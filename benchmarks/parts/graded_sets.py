"""Public conversations with grades by people: USS (satisfaction), MAIA (success and quality)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.parts.conversations import MAIA, maia_turn
from qa_nlp.transcript import Role, Transcript, Turn

__all__ = ["GRADED_FILES", "RatedDialogue", "RatedMaia", "read_rated_maia", "read_uss"]

USS: Final = {"SGD": "uss/SGD.txt.gz", "MWOZ": "uss/MWOZ.txt.gz"}

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
    transcript = Transcript(identifier, tuple(turns), channel="chat", language="en")
    return RatedDialogue(transcript, tuple(rated), whole)


@dataclass(frozen=True, slots=True)
class RatedMaia:
    """A conversation of MAIA with what people said of it.

    Parameters
    ----------
    transcript : Transcript
        The English side of both speakers; metadata ``language`` is the customer's.
    success : int
        Task success, 1 to 5.
    quality : float
        Mean interaction quality of the agent's turns, 1 to 5.
    turn_quality : tuple of (int, int)
        Each graded turn of the agent, from 0, and its quality.
    """

    transcript: Transcript
    success: int
    quality: float
    turn_quality: tuple[tuple[int, int], ...]


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
    return list(_rated_maia(folder))


def _rated_maia(folder: Path) -> Iterator[RatedMaia]:
    for name, language in zip(MAIA, ("de", "pt"), strict=True):
        for chat in json.loads((folder / name).read_text(encoding="utf-8")):
            quality = tuple(
                (number, int(value))
                for number, turn in enumerate(chat["turns"])
                if turn["floor"] == "outbound" and (value := _level(turn.get("IQ"))) is not None
            )
            transcript = Transcript(
                f"maia-{chat['id']}",
                tuple(maia_turn(turn) for turn in chat["turns"]),
                channel="chat",
                language="en",
                metadata={"customer_language": language},
            )
            success = _level(chat["dialog"]["Task Sucess"])
            assert success is not None
            mean = sum(value for _, value in quality) / len(quality)
            yield RatedMaia(transcript, int(success), mean, quality)


def _level(value: Any) -> int | None:
    """Give a label on the scale; what is missing or a slip of the pen is None."""
    return int(value) if value is not None and float(value) in _LEVELS else None

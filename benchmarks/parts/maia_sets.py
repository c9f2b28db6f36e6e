"""MAIA's real support chats: empathy and emotion by sentence, politeness by turn, never trained on.

Of both speakers the English side is read: what agents wrote and the translation of what customers
wrote; of the Portuguese file the other side too. Each file stays apart, since its annotators used
"anxiety" in their own way; the two are together only where a target says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from benchmarks.parts.task_sets import TaskSet

__all__ = ["FILES", "Utterance", "maia_sets", "maia_turns", "read_utterances"]

GERMAN: Final = "maia/data/de_client_02.json"
PORTUGUESE: Final = "maia/Emotion/data/maia/pt_br_client_02_a.json"
TURNS: Final = "maia/DialogueEvaluation/data/de_client_01_turn.csv"
FILES: Final = (GERMAN, PORTUGUESE, TURNS)
"""What is read, below the folder of data sets."""

EMOTIONS: Final = (
    *("empathy", "happiness", "neutral", "disappointment"),
    *("confusion", "frustration", "anger", "anxiety"),
)
UPSET: Final = ("disappointment", "frustration", "anger")
_TAG: Final = "<speaker"


@dataclass(frozen=True, slots=True)
class Utterance:
    """A sentence of a chat, or a whole turn.

    Parameters
    ----------
    chat : str
        The conversation.
    is_agent : bool
        Who speaks.
    english, original : str
        Its English side; what was written (customer) or shown (agent) in the other language.
    label : str
        The emotion, or 0 and 1 for politeness.
    """

    chat: str
    is_agent: bool
    english: str
    original: str
    label: str


def maia_sets(folder: Path) -> list[TaskSet]:
    """Read all rankings of the MAIA chats.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    list of TaskSet
        Agents' empathy, customers' emotions, agents' politeness; in English, then in Portuguese.
    """
    files = {"German": GERMAN, "Portuguese": PORTUGUESE}
    said = {name: read_utterances(folder / file) for name, file in files.items()}
    both = [utterance for utterances in said.values() for utterance in utterances]
    sets = [_empathy("MAIA agents, both files", both), _upset("MAIA customers, both files", both)]
    for name, utterances in said.items():
        sets += [
            _empathy(f"MAIA agents, {name} file", utterances),
            _upset(f"MAIA customers, {name} file", utterances),
            *(
                _customers(f"MAIA customers, {name} file: {label}", utterances, (label,), (label,))
                for label in ("anxiety", "confusion")
            ),
            _politeness(f"MAIA agents, {name} file", maia_turns(folder / files[name])),
        ]
    sets.append(_politeness("MAIA turns, German file 01", _turn_table(folder / TURNS)))
    return [
        *sets,
        _empathy("MAIA agents, translated", said["Portuguese"], "pt"),
        _upset("MAIA customers, as written", said["Portuguese"], "pt"),
    ]


def read_utterances(path: Path) -> list[Utterance]:
    """Read the sentences that have an emotion.

    Parameters
    ----------
    path : pathlib.Path
        A JSON file of the set.

    Returns
    -------
    list of Utterance
        Without those of turns whose lists have different lengths, of labels outside the legend, and
        without words.
    """
    return list(_utterances(json.loads(path.read_text(encoding="utf-8")), path.stem))


def _utterances(chats: Sequence[dict[str, Any]], file: str) -> Iterator[Utterance]:
    for chat in chats:
        for turn in chat["turns"]:
            emotions = turn.get("Emotion") or []
            if not len(emotions) == len(turn["text_src"]) == len(turn["text_mt"]):
                continue
            is_agent = turn["floor"] == "outbound"
            for source, translated, number in zip(
                turn["text_src"], turn["text_mt"], emotions, strict=True
            ):
                english, other = (source, translated) if is_agent else (translated, source)
                known = isinstance(number, int | float) and 0 <= number < len(EMOTIONS)
                if known and english.strip() and other.strip():
                    label = EMOTIONS[int(number)]
                    yield Utterance(f"{file} {chat['id']}", is_agent, english, other, label)


def maia_turns(path: Path) -> list[Utterance]:
    """Read the agents' turns that have a politeness.

    Parameters
    ----------
    path : pathlib.Path
        A JSON file of the set.

    Returns
    -------
    list of Utterance
        Labels ``"0"`` and ``"1"``.
    """
    return [
        Utterance(
            f"{path.stem} {chat['id']}",
            True,
            "\n".join(turn["text_src"]),
            "\n".join(turn["text_mt"]),
            str(int(turn["Politeness"])),
        )
        for chat in json.loads(path.read_text(encoding="utf-8"))
        for turn in chat["turns"]
        if turn["floor"] == "outbound"
        and turn.get("Politeness") in (0, 1)
        and "".join(turn["text_src"]).strip()
    ]


def _turn_table(path: Path) -> list[Utterance]:
    """Read the file that has no speakers and no conversations: a turn follows the one before."""
    table = pd.read_csv(path, keep_default_na=False, dtype=str)
    chat, before = 0, ""
    found = []
    for row in table.to_dict("records"):
        text, source = _untagged(row["res_tgt"]), _untagged(row["res_src"])
        chat += _untagged(row["ctx_src"]) != before
        before = source
        if row["politeness"] in ("0", "0.0", "1", "1.0") and text:
            found.append(Utterance(str(chat), False, text, source, row["politeness"][0]))
    return found


def _untagged(text: str) -> str:
    return (text.partition(">")[2] if text.startswith(_TAG) else text).strip()


def _empathy(name: str, said: Sequence[Utterance], language: str = "en") -> TaskSet:
    agents = [utterance for utterance in said if utterance.is_agent]
    scorers = ("empathy", "emotional_reactions", "interpretations")
    return _ranking(f"{name}: empathy", language, agents, ("empathy",), "empathy", scorers)


def _upset(name: str, said: Sequence[Utterance], language: str = "en") -> TaskSet:
    return _customers(f"{name}: upset", said, UPSET, ("upset", "valence"), language)


def _customers(
    name: str,
    said: Sequence[Utterance],
    meant: tuple[str, ...],
    scorers: tuple[str, ...],
    language: str = "en",
) -> TaskSet:
    labels = {"neutral", *meant}
    kept = [item for item in said if not item.is_agent and item.label in labels]
    return _ranking(name, language, kept, meant, "emotion_group", scorers)


def _politeness(name: str, turns: Sequence[Utterance]) -> TaskSet:
    return _ranking(f"{name}: polite", "en", turns, ("1",), "politeness", ("politeness",))


def _ranking(
    name: str,
    language: str,
    said: Sequence[Utterance],
    meant: tuple[str, ...],
    task: str,
    scorers: tuple[str, ...],
) -> TaskSet:
    texts = (item.english if language == "en" else item.original for item in said)
    return TaskSet(
        name,
        language,
        task,
        "ranking",
        (),
        tuple(texts),
        tuple(item.chat for item in said),
        np.array([item.label in meant for item in said]),
        scorers=scorers,
    )

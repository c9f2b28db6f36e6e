"""Whether the multilingual encoder finds the same phrases in a text and in its translation.

Agents of the MAIA chats wrote English, which customers read in machine translation. Both sides of
each turn are read with the banks of all languages; the decisions are compared bank by bank.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.parts.bootstrap import Figure, cluster_bootstrap
from benchmarks.parts.maia_sets import GERMAN, PORTUGUESE
from benchmarks.parts.phrase_methods import Finder
from benchmarks.parts.texts import Array
from models.sentences import normalised
from qa_nlp.encoding import Encoder
from qa_nlp.signals.events import SAID
from qa_nlp.signals.phrases import shipped_matcher

__all__ = ["FILES", "LANGUAGES", "Translated", "cohen_kappa", "measure_translated", "read_turns"]

FRENCH: Final = "unbabel_maia/data/MAIA.en-fr.csv"
LANGUAGES: Final[Mapping[str, str]] = {"pt": PORTUGUESE, "de": GERMAN, "fr": FRENCH}
"""The file of each language; German and French are no languages of the banks."""
FILES: Final = tuple(LANGUAGES.values())
"""What is read, below the folder of data sets."""
MOST_CHATS: Final = 120
"""Conversations of a file that are read; of more, the first."""
LEAST_POSITIVE: Final = 10
"""Turns in which a bank must be found on one side or the other."""

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Translated:
    """What an agent wrote at a time, and what the customer read.

    Parameters
    ----------
    chat : str
        The conversation.
    english, translation : str
        Both sides.
    """

    chat: str
    english: str
    translation: str


def read_turns(folder: Path, language: str) -> list[Translated]:
    """Read the agents' turns of one language.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.
    language : str
        One of `LANGUAGES`.

    Returns
    -------
    list of Translated
        Without turns that are empty on a side, or the same on both.
    """
    path = folder / LANGUAGES[language]
    turns = _segments(path) if path.suffix == ".csv" else _chats(path)
    return [
        turn
        for turn in turns
        if normalised(turn.english)
        and normalised(turn.translation)
        and normalised(turn.english) != normalised(turn.translation)
    ]


def _chats(path: Path) -> Iterator[Translated]:
    for chat in json.loads(path.read_text(encoding="utf-8"))[:MOST_CHATS]:
        for turn in chat["turns"]:
            if turn["floor"] == "outbound":
                yield _turn(chat["id"], turn["text_src"], turn["text_mt"])


def _segments(path: Path) -> Iterator[Translated]:
    table = pd.read_csv(path, keep_default_na=False)
    table = table[table["doc_id"].isin(table["doc_id"].unique()[:MOST_CHATS])]
    rows = table.to_dict("records")
    for (chat, writer), group in itertools.groupby(
        rows, lambda row: (row["doc_id"], row["translation_direction"])
    ):
        if writer == "agent":
            segments = [row for row in group if row["source_language"] == "en"]
            yield _turn(
                chat,
                [row["source_segment"] for row in segments],
                [row["mt_segment"] for row in segments],
            )


def _turn(chat: object, english: Sequence[str], translation: Sequence[str]) -> Translated:
    return Translated(str(chat), "\n".join(english).strip(), "\n".join(translation).strip())


def measure_translated(turns: Sequence[Translated], encoder: Encoder) -> dict[str, Any]:
    """Measure Cohen's kappa of the decisions on both sides, by bank and on average.

    Parameters
    ----------
    turns : sequence of Translated
        Of one language.
    encoder : Encoder
        One that reads both sides.

    Returns
    -------
    dict
        Counts; ``kappa``, the mean over the banks found in ten turns or more, with an interval over
        conversations; and each bank's kappa and turns on either side.
    """
    matcher = shipped_matcher(encoder)
    english, other = (
        Finder(texts, encoder).chances(matcher) >= SAID
        for texts in ([turn.english for turn in turns], [turn.translation for turn in turns])
    )
    often = np.maximum(english.sum(axis=0), other.sum(axis=0)) >= LEAST_POSITIVE
    columns = np.flatnonzero(often).tolist()
    result: dict[str, Any] = {
        "turns": len(turns),
        "conversations": len({turn.chat for turn in turns}),
        "by_bank": {
            matcher.ids[column]: {
                "kappa": round(float(cohen_kappa(english, other, np.ones(len(turns)))[column]), 4),
                "English": int(english[:, column].sum()),
                "translation": int(other[:, column].sum()),
            }
            for column in columns
        },
    }
    if columns:
        mean = _mean_kappa(english[:, columns], other[:, columns])
        found: Figure = cluster_bootstrap([turn.chat for turn in turns], mean)["kappa"]
        result["kappa"] = found.to_dict()
    return result


def _mean_kappa(first: Flags, second: Flags) -> Callable[[Array], dict[str, float]]:
    def measure(weights: Array) -> dict[str, float]:
        return {"kappa": float(np.mean(cohen_kappa(first, second, weights)))}

    return measure


def cohen_kappa(first: Flags, second: Flags, weights: Array) -> Array:
    """Give the agreement of yes-or-no answers beyond chance (Cohen 1960).

    Parameters
    ----------
    first, second : ndarray of bool, shape (texts, questions)
        Two answers to each question.
    weights : ndarray, shape (texts,)
        Of each text.

    Returns
    -------
    ndarray of float64, shape (questions,)
        1 for agreement, 0 for what chance gives; NaN where both always answer the same.

    Examples
    --------
    >>> yes, no = np.array([[True], [True], [False], [False]]), np.array([[True], [False]] * 2)
    >>> cohen_kappa(yes, yes, np.ones(4)).tolist(), cohen_kappa(yes, no, np.ones(4)).tolist()
    ([1.0], [0.0])
    """
    shares = weights / weights.sum()
    agreed = shares @ (first == second)
    one, two = shares @ first, shares @ second
    chance = one * two + (1 - one) * (1 - two)
    room = np.where(chance < 1, 1 - chance, math.nan)
    return np.asarray((agreed - chance) / room)

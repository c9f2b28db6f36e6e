"""Public sets of support conversations as transcripts, each the English side of both speakers."""

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from qa_nlp.transcript import Role, Transcript, Turn

__all__ = [
    "FILES",
    "MAIA",
    "READERS",
    "STAR",
    "chat_transcript",
    "maia_chats",
    "maia_turn",
    "read_maia",
    "read_star",
    "read_unbabel",
    "star_dialogues",
    "star_shown",
]

_MAIA: Final = {
    "maia/data/de_client_02.json": "de",
    "maia/Emotion/data/maia/pt_br_client_02_a.json": "pt",
}
MAIA: Final = tuple(_MAIA)
_UNBABEL: Final = "unbabel_maia/data/MAIA.en-fr.csv"
STAR: Final = "star/dialogues.jsonl.gz"

FILES: Final = (*MAIA, _UNBABEL, STAR)
"""What is read, below the folder of data sets."""


def read_maia(folder: Path) -> list[Transcript]:
    """Read the annotated MAIA chats: agents as they wrote, customers in machine translation.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    list of Transcript
        In the order of the files.
    """
    return [
        chat_transcript(f"maia-{chat['id']}", map(maia_turn, chat["turns"]))
        for chat, _ in maia_chats(folder)
    ]


def maia_chats(folder: Path) -> Iterator[tuple[dict[str, Any], str]]:
    """Read the annotated MAIA chats as they are published.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Yields
    ------
    tuple of (dict, str)
        A chat and the customer's language: first those of German customers, then of Portuguese
        ones.
    """
    for name, language in _MAIA.items():
        for chat in json.loads((folder / name).read_text(encoding="utf-8")):
            yield chat, language


def maia_turn(turn: dict[str, Any]) -> Turn:
    """Give a turn of MAIA in English: of agents as they wrote, of customers in translation.

    Parameters
    ----------
    turn : dict of str
        As it is published.

    Returns
    -------
    Turn
        With the role of its writer.
    """
    is_agent = turn["floor"] == "outbound"
    sentences = turn["text_src" if is_agent else "text_mt"]
    return Turn(Role.AGENT if is_agent else Role.CUSTOMER, _joined(sentences))


def read_unbabel(folder: Path) -> list[Transcript]:
    """Read the English-French MAIA chats; following segments of one writer are one turn.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    list of Transcript
        In the order of the file.
    """
    table = pd.read_csv(folder / _UNBABEL, keep_default_na=False)
    return [
        chat_transcript(f"unbabel-{chat}", _unbabel_turns(rows.to_dict("records")))
        for chat, rows in table.groupby("doc_id", sort=False)
    ]


def _unbabel_turns(segments: list[Any]) -> list[Turn]:
    return [
        Turn(Role(writer), _joined([_english(segment) for segment in group]))
        for writer, group in itertools.groupby(segments, lambda row: row["translation_direction"])
    ]


def _english(segment: dict[str, Any]) -> str:
    # a few customers write English too
    is_english = segment["source_language"] == "en"
    return str(segment["source_segment" if is_english else "mt_segment"])


def read_star(folder: Path) -> list[Transcript]:
    """Read the STAR dialogues: of agents what the customer saw, where that differs from the typed.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    list of Transcript
        In the order of the file.
    """
    return [
        chat_transcript(
            f"star-{dialogue['id']}",
            [Turn(turn["role"], star_shown(turn)) for turn in dialogue["turns"]],
        )
        for dialogue in star_dialogues(folder)
    ]


def star_dialogues(folder: Path) -> list[dict[str, Any]]:
    """Read the STAR dialogues as they are published.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    list of dict
        In the order of the file.
    """
    with gzip.open(folder / STAR, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def star_shown(turn: Mapping[str, Any]) -> str:
    """Give what the other one saw of a turn in STAR.

    Parameters
    ----------
    turn : mapping of str
        Of `star_dialogues`.

    Returns
    -------
    str
        What was displayed, else what was typed.
    """
    return str(turn.get("displayed_text") or turn["text"])


def _joined(sentences: list[str]) -> str:
    """Join the sentences of a turn; many end a chat line without a full stop, and stay apart."""
    kept = [sentence.strip() for sentence in sentences if sentence.strip()]
    ends = [" " if sentence[-1] in ".!?…" else "\n" for sentence in kept]
    return "".join(itertools.chain(*zip(kept, ends, strict=True))).strip()


def chat_transcript(identifier: str, turns: Iterable[Turn], **metadata: str) -> Transcript:
    """Make a transcript of an English chat.

    Parameters
    ----------
    identifier : str
        Its id.
    turns : iterable of Turn
        In order.
    **metadata : str
        What else is known of it.

    Returns
    -------
    Transcript
        In English, on the channel ``"chat"``.
    """
    return Transcript(identifier, turns, channel="chat", language="en", metadata=metadata)


READERS: Final[Mapping[str, Callable[[Path], list[Transcript]]]] = {
    "MAIA": read_maia,
    "Unbabel MAIA": read_unbabel,
    "STAR": read_star,
}
"""By name of the data set."""

"""The chats that throughput is measured on, and files of any number of conversations like them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from benchmarks.parts.conversations import read_unbabel
from benchmarks.parts.cost import FILE
from benchmarks.parts.throughput_data import Repetition, enlarged, repetition, write_rows
from benchmarks.parts.throughput_words import wordpiece
from qa_nlp.text.sentences import sentence_spans
from qa_nlp.transcript import Transcript

__all__ = ["Corpus", "Input"]


@dataclass(frozen=True, slots=True)
class Input:
    """A file of conversations.

    Parameters
    ----------
    path : str
        Where it lies; a conversation a line.
    conversations, sentences : int
        In it.
    """

    path: str
    conversations: int
    sentences: int


@dataclass(slots=True)
class Corpus:
    """Chats, and files made of them.

    Parameters
    ----------
    chats : sequence of Transcript
        The original.
    segments : list of str
        Their lines as published, each of which the usual stack reads.
    folder : pathlib.Path
        Where files are written.
    """

    chats: list[Transcript]
    segments: list[str]
    folder: Path
    counted: Repetition = field(init=False)
    _sizes: dict[str, int] = field(init=False)
    _files: dict[tuple[int, int], Input] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.counted = repetition((chat.to_dict() for chat in self.chats), wordpiece())
        self._sizes = {
            chat.id: sum(len(sentence_spans(turn.text)) for turn in chat.turns)
            for chat in self.chats
        }

    @classmethod
    def unbabel(cls, data: Path, folder: Path, chats: int | None = None) -> Corpus:
        """Read the English side of the Unbabel-MAIA chats.

        Parameters
        ----------
        data : pathlib.Path
            The folder of data sets.
        folder : pathlib.Path
            Where files are written.
        chats : int, optional
            Only the first so many, for a trial.

        Returns
        -------
        Corpus
            Chats and their lines.
        """
        found = read_unbabel(data)[:chats]
        table = pd.read_csv(data / FILE, keep_default_na=False)
        kept = table[("unbabel-" + table["doc_id"]).isin({chat.id for chat in found})]
        is_english = kept["source_language"] == "en"
        english = kept["source_segment"].where(is_english, kept["mt_segment"])
        return cls(found, [text for text in english if text.strip()], folder)

    @property
    def segments_a_chat(self) -> float:
        """Lines of a chat, on average."""
        return len(self.segments) / len(self.chats)

    @property
    def sentences_a_chat(self) -> float:
        """Sentences of a chat, on average."""
        return self.counted.sentences / self.counted.conversations

    @property
    def distinct_a_chat(self) -> float:
        """Distinct sentences over the number of chats."""
        return self.counted.distinct / self.counted.conversations

    def enlarged(self, copies: int) -> Repetition:
        """Count what is new where the chats are met several times.

        Parameters
        ----------
        copies : int
            How often.

        Returns
        -------
        Repetition
            To be compared with `counted`.
        """
        rows = enlarged(self.chats, wordpiece(), copies * len(self.chats))
        return repetition(rows, wordpiece())

    def file(self, conversations: int, seed: int = 0) -> Input:
        """Give a file of conversations, written at the first call.

        Parameters
        ----------
        conversations : int
            How many.
        seed : int, default 0
            Of `enlarged`.

        Returns
        -------
        Input
            The file.
        """
        key = (conversations, seed)
        if key not in self._files:
            path = self.folder / f"{conversations}-{seed}.jsonl"
            counts: list[int] = []

            def counted(row: dict[str, object]) -> dict[str, object]:
                counts.append(self._sizes[str(row["id"]).rpartition("-")[0]])
                return row

            rows = enlarged(self.chats, wordpiece(), conversations, seed)
            write_rows(path, map(counted, rows))
            self._files[key] = Input(str(path), conversations, sum(counts))
        return self._files[key]

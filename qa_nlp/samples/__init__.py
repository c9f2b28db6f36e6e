"""Conversations written for this project, to try the library on; illustrative, not real.

Calls and chats in English, Romanian, Russian and Portuguese with good, middling and poor service,
each graded on ``service_excellence`` by two raters, with the standard phrases that agents said.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, overload

from qa_nlp.transcript import Transcript

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Samples", "load_samples"]

_FOLDER = Path(__file__).resolve().parent


class Samples(Sequence[Transcript]):
    """The bundled conversations, a sequence of `Transcript`.

    Parameters
    ----------
    transcripts : sequence of Transcript
        The conversations.
    """

    def __init__(self, transcripts: Sequence[Transcript]) -> None:
        self._transcripts = tuple(transcripts)

    def __len__(self) -> int:
        return len(self._transcripts)

    @overload
    def __getitem__(self, index: int) -> Transcript: ...
    @overload
    def __getitem__(self, index: slice) -> Samples: ...
    def __getitem__(self, index: int | slice) -> Transcript | Samples:
        if isinstance(index, slice):
            return Samples(self._transcripts[index])
        return self._transcripts[index]

    def __iter__(self) -> Iterator[Transcript]:
        return iter(self._transcripts)

    def __repr__(self) -> str:
        languages = sorted({transcript.language or "?" for transcript in self})
        return f"<Samples: {len(self)} illustrative conversations in {', '.join(languages)}>"

    @property
    def grades(self) -> pd.DataFrame:
        """Human grades: ``transcript_id``, ``criterion``, ``rater``, ``level``."""
        return self._table("grades.csv")

    @property
    def phrases(self) -> pd.DataFrame:
        """Standard phrases that were said: ``transcript_id``, ``turn`` (from 0), ``phrase``."""
        return self._table("phrases.csv")

    def _table(self, name: str) -> pd.DataFrame:
        import pandas as pd

        table = pd.read_csv(_FOLDER / name, keep_default_na=False)
        own = {transcript.id for transcript in self}
        return table[table["transcript_id"].isin(own)].reset_index(drop=True)


def load_samples() -> Samples:
    """Load the bundled conversations.

    Returns
    -------
    Samples
        More than 60 transcripts; their grades and phrase marks are tables on the same object.

    Examples
    --------
    >>> samples = load_samples()
    >>> samples[0].id, samples[0].channel
    ('call-en-01', 'voice')
    >>> sorted(set(samples.grades["rater"]))
    ['R1', 'R2']
    """
    lines = (_FOLDER / "transcripts.jsonl").read_text(encoding="utf-8").splitlines()
    return Samples([Transcript.from_dict(json.loads(line)) for line in lines])

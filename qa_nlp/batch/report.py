"""What a job tells: how far it is, and what came of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

__all__ = ["BatchProgress", "BatchReport"]


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How far a job is.

    Parameters
    ----------
    stage : {"checking", "sampling", "scoring"}
        What is being done: hashing the inputs, reading all ids for a sample, or scoring.
    conversations : int
        Finished so far, earlier runs included.
    earlier : int
        Those of them that earlier runs finished.
    share : float
        Of the inputs' bytes whose conversations are finished, 0 to 1.
    """

    stage: str
    conversations: int
    earlier: int
    share: float


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What came of a job, or of a dry run what would be done.

    Parameters
    ----------
    out : pathlib.Path
        The result folder.
    inputs : int
        Files.
    inputs_left : int
        Those whose conversations are not all scored.
    unreadable : tuple of str
        Files that could not be read at all; the reason stands in the table of errors.
    conversations : int
        In the result folder.
    scorecards, errors, needs_review : int
        Cards in the result folder, those of them that say why there is no grade, and those that a
        person must look at.
    shards : int
        Parts of the result that are finished.
    scored : int
        Conversations that this run scored; the others were finished before.
    finished : bool
        Whether everything is scored.
    encoded, remembered : int
        Distinct sentences of a call to the encoder that this run encoded, and those whose vector
        was at hand from before.
    cache_trouble : tuple of str
        Why vectors are not kept on disk any more, where that is so; no grade depends on it.
    expected : int or None
        Of a dry run: how many conversations there are, where they are one a line; else None.
    shards_left : int or None
        Of a dry run: how many parts are left to score, where that is known; else None.
    """

    out: Path
    inputs: int
    inputs_left: int
    unreadable: tuple[str, ...]
    conversations: int
    scorecards: int
    errors: int
    needs_review: int
    shards: int
    scored: int
    finished: bool
    encoded: int = 0
    remembered: int = 0
    cache_trouble: tuple[str, ...] = ()
    expected: int | None = None
    shards_left: int | None = None

    @property
    def hit_rate(self) -> float | None:
        """Share of the sentences that needed no encoding, 0 to 1; None where none was read."""
        asked = self.encoded + self.remembered
        return self.remembered / asked if asked else None

    def to_dict(self) -> dict[str, Any]:
        """Give the report as JSON-ready values.

        Returns
        -------
        dict
            All fields, and ``hit_rate``.
        """
        return {
            **asdict(self),
            "out": str(self.out),
            "unreadable": list(self.unreadable),
            "cache_trouble": list(self.cache_trouble),
            "hit_rate": self.hit_rate,
        }

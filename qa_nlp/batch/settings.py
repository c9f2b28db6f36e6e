"""Which conversations a job scores, and with how many processes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from qa_nlp.errors import TranscriptError

__all__ = ["Settings", "worker_count"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Which conversations are scored, and how many as one.

    Parameters
    ----------
    limit : int or None
        The first so many.
    share : float or None
        A share of all, above 0 and up to 1.
    count : int or None
        So many of all.
    seed : int
        Of the sample.
    shard_size : int
        How many are scored as one.
    """

    limit: int | None
    share: float | None
    count: int | None
    seed: int
    shard_size: int

    @classmethod
    def of(
        cls, limit: int | None, sample: float | int | None, seed: int, shard_size: int
    ) -> Settings:
        """Check what the caller said.

        Parameters
        ----------
        limit : int or None
            1 or more.
        sample : float, int or None
            A float is a share, an int a number.
        seed : int
            Any.
        shard_size : int
            1 or more.

        Returns
        -------
        Settings
            The settings.

        Raises
        ------
        TranscriptError
            When a number is out of range.

        Examples
        --------
        >>> Settings.of(None, 0.05, 0, 250).share, Settings.of(None, 100, 0, 250).count
        (0.05, 100)
        """
        for name, value in (("limit", limit), ("shard_size", shard_size)):
            if value is not None and value < 1:
                raise TranscriptError(f"{name} must be 1 or more, not {value}")
        share = count = None
        if isinstance(sample, int) and not isinstance(sample, bool):
            count = sample
        elif sample is not None:
            share = float(sample)
        if (count is not None and count < 1) or (share is not None and not 0 < share <= 1):
            raise TranscriptError(
                f"sample must be a share such as 0.05, or a number of conversations, not {sample}"
            )
        return cls(limit, share, count, seed, shard_size)

    def to_dict(self) -> dict[str, Any]:
        """Give what decides the result.

        Returns
        -------
        dict
            For the manifest.
        """
        sampled = self.share is not None or self.count is not None
        return {
            "limit": self.limit,
            "sample": self.count if self.share is None else self.share,
            "seed": self.seed if sampled else None,
            "shard_size": self.shard_size,
        }


def worker_count(workers: int | str) -> int:
    """Tell how many processes to use.

    Parameters
    ----------
    workers : int or str
        ``"auto"`` or a number.

    Returns
    -------
    int
        1 or more; ``"auto"`` is the number of cores that this process may use.

    Raises
    ------
    TranscriptError
        When it is something else.
    """
    if workers == "auto":
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1
    try:
        count = int(workers)
    except ValueError:
        count = 0
    if count < 1:
        raise TranscriptError(f"workers must be 'auto' or a number from 1, not {workers!r}")
    return count

"""How often grades flip, and by how much they move."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

from qa_nlp.counterfactuals.rows import Counterfactual

__all__ = ["FlipRate"]

_DECIMALS: Final = 4


@dataclass(frozen=True, slots=True)
class FlipRate:
    """How often grades flip in one group of rows.

    Parameters
    ----------
    group : mapping of str to str
        What the rows have in common.
    n : int
        Grades compared.
    transcripts : int
        That they are of.
    flips : int
        Grades that differ.
    flip_rate : float
        0 to 1.
    mean_shift : float, optional
        Mean change of the expected value, on the criterion's value scale; None where no grade has
        one on both sides.
    mean_distance : float, optional
        Mean size of that change, whichever its sign.
    """

    FIGURES: ClassVar[tuple[str, ...]] = (
        *("n", "transcripts", "flips", "flip_rate", "mean_shift", "mean_distance"),
    )

    group: Mapping[str, str]
    n: int
    transcripts: int
    flips: int
    flip_rate: float
    mean_shift: float | None
    mean_distance: float | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "group", MappingProxyType(dict(self.group)))

    def __hash__(self) -> int:
        return hash((tuple(self.group.items()), self.n, self.flips))

    @classmethod
    def of(cls, group: Mapping[str, str], rows: Sequence[Counterfactual]) -> FlipRate:
        """Count rows.

        Parameters
        ----------
        group : mapping of str to str
            What they have in common.
        rows : sequence of Counterfactual
            At least one.

        Returns
        -------
        FlipRate
            Of these rows.
        """
        flips = sum(row.flipped for row in rows)
        shifts = [row.shift for row in rows if row.shift is not None]
        return cls(
            group,
            len(rows),
            len({row.transcript_id for row in rows}),
            flips,
            round(flips / len(rows), _DECIMALS),
            _mean(shifts),
            _mean([abs(shift) for shift in shifts]),
        )

    def figures(self) -> dict[str, float | None]:
        """Give the figures by name.

        Returns
        -------
        dict of str to (float or None)
            Without the group.
        """
        return {name: getattr(self, name) for name in self.FIGURES}


def _mean(values: Sequence[float]) -> float | None:
    return round(math.fsum(values) / len(values), _DECIMALS) if values else None

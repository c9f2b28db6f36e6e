"""Who grades what: one list of conversations for each rater."""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final

from qa_nlp.scorecards import to_library
from qa_nlp.user_files import replacing

__all__ = ["AssignedGrading", "Assignment"]


@dataclass(frozen=True, slots=True)
class AssignedGrading:
    """One conversation on one rater's list.

    Parameters
    ----------
    transcript_id, rater : str
        Who grades what.
    order : int
        Place on the rater's list, from 1.
    """

    transcript_id: str
    rater: str
    order: int


_COLUMNS: Final = tuple(AssignedGrading.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who grades what.

    Parameters
    ----------
    rows : tuple of AssignedGrading
        By rater, each list in its order.
    raters : tuple of str
        Sorted.
    overlap : float
        Share of the conversations that several raters grade, exactly; in [0, 1].
    per_item : int
        How many raters grade each of those.
    seed : int
        Of the draw.
    warning : str or None
        What cannot be learnt from these gradings.
    """

    rows: tuple[AssignedGrading, ...]
    raters: tuple[str, ...]
    overlap: float
    per_item: int
    seed: int
    warning: str | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return (
            f"<Assignment: {len(self):,} gradings by {len(self.raters)} raters, "
            f"{self.overlap:.1%} of the conversations by {self.per_item}>"
        )

    def ids(self, rater: str) -> tuple[str, ...]:
        """Give one rater's list.

        Parameters
        ----------
        rater : str
            The rater.

        Returns
        -------
        tuple of str
            Transcript ids in the order in which to grade them.
        """
        return tuple(row.transcript_id for row in self.rows if row.rater == rater)

    @property
    def loads(self) -> dict[str, int]:
        """Rater to number of gradings; any two differ by at most one."""
        counts = Counter(row.rater for row in self.rows)
        return {rater: counts[rater] for rater in self.raters}

    @property
    def shared(self) -> dict[tuple[str, str], int]:
        """Pair of raters to number of conversations that both grade."""
        by_transcript: dict[str, list[str]] = {}
        for row in self.rows:
            by_transcript.setdefault(row.transcript_id, []).append(row.rater)
        counts = Counter(
            pair
            for graded_by in by_transcript.values()
            for pair in itertools.combinations(sorted(graded_by), 2)
        )
        return {pair: counts[pair] for pair in itertools.combinations(self.raters, 2)}

    def to_frame(self, library: str = "pandas") -> Any:
        """Give the assignment as a table.

        Parameters
        ----------
        library : {"pandas", "polars", "arrow"}, default "pandas"
            What to return.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            Columns ``transcript_id``, ``rater`` and ``order``.

        Raises
        ------
        ValueError
            When the library is another.
        """
        rows = [dict(zip(_COLUMNS, astuple(row), strict=True)) for row in self.rows]
        return to_library(rows, library, list(_COLUMNS))

    def write(self, path: str | Path) -> Path:
        """Write the table to a CSV file; it appears whole or not at all.

        It shows which conversations several raters grade: it is not for the raters.

        Parameters
        ----------
        path : str or pathlib.Path
            The file.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        ArtifactError
            When the folder cannot be written to.
        """
        path = Path(path)
        with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(_COLUMNS)
            writer.writerows(map(astuple, self.rows))
        return path

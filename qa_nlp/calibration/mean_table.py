"""A table of mean scores by group, as people read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from qa_nlp.display.tables import html_table, paragraphs, text_table
from qa_nlp.scorecards import to_library

__all__ = ["COLUMNS", "GroupMean", "MeanTable"]

COLUMNS: Final = (
    *("mean", "low", "high", "human_mean", "human_low", "human_high", "machine_mean"),
    *("graded", "transcripts", "lambda_", "borrowed", "rank", "note"),
)
"""Of the table of means, beside those that it is grouped by."""


@dataclass(frozen=True, slots=True)
class GroupMean:
    """The mean score of one group.

    Parameters
    ----------
    group : mapping of str to (str or None)
        What it was grouped by; empty for all transcripts.
    mean, low, high : float
        Prediction-powered mean and its interval, on the scale of the score.
    human_mean, human_low, human_high : float, optional
        From the group's human grades alone; None where there are too few.
    machine_mean : float
        Of the machine's scores alone.
    graded, transcripts : int
        Transcripts with a human score, and all.
    lambda_ : float
        Weight given to the machine scores.
    borrowed : bool
        Whether the rectifier of all groups was used.
    note : str
        What to know about this row.
    rank : int, optional
        1 = best; None where the interval overlaps another group's.
    """

    group: Mapping[str, str | None]
    mean: float
    low: float
    high: float
    human_mean: float | None
    human_low: float | None
    human_high: float | None
    machine_mean: float
    graded: int
    transcripts: int
    lambda_: float
    borrowed: bool = False
    note: str = ""
    rank: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "group", MappingProxyType(dict(self.group)))

    def __hash__(self) -> int:
        return hash((tuple(self.group.items()), self.mean, self.low, self.high))


@dataclass(frozen=True, slots=True)
class MeanTable:
    """Mean scores by group.

    Parameters
    ----------
    rows : tuple of GroupMean
        Best mean first.
    by : tuple of str
        What they are grouped by.
    score : str
        "total", or the criterion.
    population : {"given", "process"}
        What the means are of.
    level : float
        Of confidence.
    note : str
        What was counted, left out, and made by a model that had not seen the grades.
    warnings : tuple of str
        What casts doubt on the means.
    """

    rows: tuple[GroupMean, ...]
    by: tuple[str, ...]
    score: str
    population: str
    level: float
    note: str = ""
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> GroupMean:
        return self.rows[index]

    def to_frame(self, library: str = "pandas") -> Any:
        """Give the means as a table.

        Parameters
        ----------
        library : {"pandas", "polars", "arrow"}, default "pandas"
            What to return.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            One row for each group.

        Raises
        ------
        ValueError
            When the library is another.
        """
        rows = [
            {**row.group, **{name: getattr(row, name) for name in COLUMNS}} for row in self.rows
        ]
        return to_library(rows, library, [*self.by, *COLUMNS])

    def _caption(self) -> str:
        of = "the given transcripts" if self.population == "given" else "the process behind them"
        return f"Mean {self.score} of {of}, {100 * self.level:g} % intervals"

    def _cells(self) -> list[list[str]]:
        body = [
            [
                *("none" if row.group[name] is None else str(row.group[name]) for name in self.by),
                f"{row.mean:.2f} ({row.low:.2f} to {row.high:.2f})",
                _shown(row),
                f"{row.machine_mean:.2f}",
                f"{row.graded} of {row.transcripts}",
                "" if row.rank is None else str(row.rank),
                row.note,
            ]
            for row in self.rows
        ]
        titles = [*self.by, "mean", "human grades alone", "machine", "graded", "rank", "note"]
        return [titles, *body]

    def __repr__(self) -> str:
        return "\n".join([self._caption(), *text_table(self._cells()), *self._remarks()])

    def _remarks(self) -> list[str]:
        warnings = [f"Warning: {warning}" for warning in self.warnings]
        return [self.note, *warnings] if self.note else warnings

    def _repr_html_(self) -> str:
        return html_table(self._cells(), self._caption()) + paragraphs(self._remarks())


def _shown(row: GroupMean) -> str:
    if row.human_mean is None:
        return "none"
    if row.human_low is None:
        return f"{row.human_mean:.2f}"
    return f"{row.human_mean:.2f} ({row.human_low:.2f} to {row.human_high:.2f})"

"""A table of how strict the raters are, as people read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from qa_nlp.display.formats import counted
from qa_nlp.display.tables import html_table, paragraphs, text_table
from qa_nlp.errors import did_you_mean
from qa_nlp.scorecards import to_library

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RaterEffect", "RaterEffects"]


@dataclass(frozen=True, slots=True)
class RaterEffect:
    """How strict one rater is.

    Parameters
    ----------
    rater : str
        Who.
    severity : float
        Logits against the average rater; greater than 0 is stricter.
    low, high : float
        95 % interval of the severity.
    grades, transcripts : int
        How many the rater gave, N/A left out, and on how many transcripts.
    mean_level : float
        Mean of the levels given, on the scale that `RaterEffects.scale` names.
    adjusted_mean : float
        What the average rater would have given to the same items.
    infit, outfit : float or None
        Mean squares of the residuals (Wright and Masters 1982, "Rating Scale Analysis"), about 1
        where the rater grades as the model expects, more where the grades are erratic. They are
        averaged over the posterior of the item effects given all grades, which draws them towards
        1, and use items that several raters graded; None without such items.
    component : int
        Raters of different components share no item; their severities cannot be compared.
    """

    rater: str
    severity: float
    low: float
    high: float
    grades: int
    transcripts: int
    mean_level: float
    adjusted_mean: float
    infit: float | None
    outfit: float | None
    component: int


_COLUMNS: Final = tuple(RaterEffect.__dataclass_fields__)
_TITLES: Final = ("rater", "severity", "95 % interval ", "grades", "mean", "fair")
_HTML_TITLES: Final = (
    *("Rater", "Severity (logits)", "95 % interval", "Grades", "Transcripts"),
    *("Mean level", "Adjusted mean", "Infit", "Outfit", "Group"),
)


@dataclass(frozen=True, slots=True, eq=False)
class RaterEffects:
    """How strict the raters are.

    Parameters
    ----------
    raters : tuple of RaterEffect
        By name.
    sigma, tau : float
        Spread in logits of the items and of the raters' severities.
    components : tuple of tuple of str
        Groups of raters that are linked by items they share, by number.
    scale : {"value", "share"}
        What mean levels are: values of levels, or, where criteria have different scales, shares
        between the worst level (0) and the best (1).
    warnings : tuple of str
        What to keep in mind.
    adjusted : pandas.DataFrame
        One row for each graded item: ``transcript_id``, ``criterion``, ``mean`` (mean value of the
        levels given) and ``adjusted`` (what it would be, had the average rater graded).
    """

    raters: tuple[RaterEffect, ...]
    sigma: float
    tau: float
    components: tuple[tuple[str, ...], ...]
    scale: str
    warnings: tuple[str, ...]
    adjusted: pd.DataFrame = field(repr=False)

    def __getitem__(self, rater: str) -> RaterEffect:
        for effect in self.raters:
            if effect.rater == rater:
                return effect
        tail = did_you_mean(rater, (effect.rater for effect in self.raters))
        raise KeyError(f"no grades by {rater!r}{tail}")

    def to_frame(self, library: str = "pandas") -> Any:
        """Give the raters as a table.

        Parameters
        ----------
        library : {"pandas", "polars", "arrow"}, default "pandas"
            What to return.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            A row for each rater, with the fields of `RaterEffect`.

        Raises
        ------
        ValueError
            When the library is another.
        """
        rows = [{name: getattr(effect, name) for name in _COLUMNS} for effect in self.raters]
        return to_library(rows, library, list(_COLUMNS))

    def __repr__(self) -> str:
        shown = [_shown(effect) for effect in self.raters]
        cells = [_TITLES, *((*row[:4], *row[5:7]) for row in shown)]
        notes = [f"Note: {text}" for text in self.warnings]
        return "\n".join([self._summary(), *text_table(cells, right=(1, 3, 4, 5)), *notes])

    def _summary(self) -> str:
        return (
            f"<RaterEffects: {counted(len(self.raters), 'rater')}, spread of severities "
            f"{self.tau:.2f} logits, of items {self.sigma:.2f}>"
        )

    def _repr_html_(self) -> str:
        summary = self._summary().strip("<>")
        head = paragraphs([f"{summary}. Above 0 is stricter than the average rater."])
        cells = [_HTML_TITLES, *map(_shown, self.raters)]
        return head + html_table(cells, row_heads=True) + paragraphs(self.warnings)


def _shown(effect: RaterEffect) -> list[str]:
    return [
        effect.rater,
        f"{effect.severity:+.2f}",
        f"{effect.low:+.2f} to {effect.high:+.2f}",
        f"{effect.grades:,}",
        f"{effect.transcripts:,}",
        f"{effect.mean_level:.2f}",
        f"{effect.adjusted_mean:.2f}",
        *("–" if fit is None else f"{fit:.2f}" for fit in (effect.infit, effect.outfit)),
        f"{effect.component + 1}",
    ]

"""Two machines side by side on the same human grades."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from qa_nlp.agreement.estimates import Bootstrap, Estimate
from qa_nlp.agreement.figures import NO_VARIATION, estimates, machine_draws
from qa_nlp.agreement.joined import MISSING
from qa_nlp.agreement.material import Compared, Material
from qa_nlp.display.formats import decimals, signed
from qa_nlp.display.tables import html_table, text_table
from qa_nlp.errors import GradesError
from qa_nlp.scorecards import to_library

__all__ = ["Comparison", "Difference", "compare"]

_FIGURES: Final = ("quadratic_kappa", "exact", "pearson", "spearman", "mean_absolute_error")
_HEADS: Final = ("criterion", "figure", "a", "b", "b minus a", "from", "to", "items")


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of two machines on the same items.

    Parameters
    ----------
    criterion, figure : str
        Of what.
    a, b : Estimate
        Each machine's.
    difference : Estimate
        b minus a, its interval from the same resamples for both.
    """

    criterion: str
    figure: str
    a: Estimate
    b: Estimate
    difference: Estimate


@dataclass(frozen=True, slots=True)
class Comparison:
    """Paired differences of two machines.

    Parameters
    ----------
    rows : tuple of Difference
        By criterion and figure.
    only_a, only_b : tuple of str
        Criteria that only one of them graded.
    left_out : int
        Answers that only one machine graded, with human grades; they count for neither.
    """

    rows: tuple[Difference, ...]
    only_a: tuple[str, ...] = ()
    only_b: tuple[str, ...] = ()
    left_out: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Give the comparison as JSON-ready values.

        Returns
        -------
        dict
            All fields.
        """
        return {
            "rows": [
                {
                    "criterion": row.criterion,
                    "figure": row.figure,
                    "a": row.a.to_dict(),
                    "b": row.b.to_dict(),
                    "difference": row.difference.to_dict(),
                }
                for row in self.rows
            ],
            "only_a": list(self.only_a),
            "only_b": list(self.only_b),
            "left_out": self.left_out,
        }

    def to_frame(self, library: str = "pandas") -> Any:
        """Give the differences as a table.

        Parameters
        ----------
        library : {"pandas", "polars", "arrow"}, default "pandas"
            What to return.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            One row for each criterion and figure.
        """
        names = ("criterion", "figure", "a", "b", "difference", "low", "high", "items")
        rows = [
            {
                "criterion": row.criterion,
                "figure": row.figure,
                "a": row.a.value,
                "b": row.b.value,
                "difference": row.difference.value,
                "low": row.difference.low,
                "high": row.difference.high,
                "items": row.difference.n,
            }
            for row in self.rows
        ]
        return to_library(rows, library, list(names))

    def __repr__(self) -> str:
        return "\n".join(text_table(self._cells(), right=range(2, len(_HEADS))))

    def _repr_html_(self) -> str:
        return html_table(self._cells(), "b minus a, with the interval of the difference")

    def _cells(self) -> list[tuple[str, ...]]:
        return [_HEADS, *map(_shown, self.rows)]


def _shown(row: Difference) -> tuple[str, ...]:
    def number(value: float | None, sign: bool = False) -> str:
        if value is None:
            return "–"
        return signed(value) if sign else decimals(value)

    found = row.difference
    return (
        row.criterion,
        row.figure,
        number(row.a.value),
        number(row.b.value),
        number(found.value, sign=True),
        number(found.low, sign=True),
        number(found.high, sign=True),
        f"{found.n:,}",
    )


def compare(a: Material, b: Material) -> Comparison:
    """Compare two machines on the items that both graded.

    Parameters
    ----------
    a, b : Material
        Of two studies of the same human grades.

    Returns
    -------
    Comparison
        Differences with paired intervals.

    Raises
    ------
    GradesError
        When they share no criterion or no graded item, or their references, levels or human grades
        differ.
    """
    if a.reference != b.reference:
        raise GradesError(
            f"one study compares with {a.reference!r}, the other with {b.reference!r}; make both "
            "with one reference"
        )
    shared = [name for name in a.compared if name in b.compared]
    for name in shared:
        _check_same(a, a.compared[name], b, b.compared[name])
    rows: list[Difference] = []
    left_out = 0
    for name in shared:
        one, two, lost = _same_items(a, a.compared[name], b, b.compared[name])
        left_out += lost
        rows += _rows(a, one, b, two)
    if not rows:
        raise GradesError("the two studies have no criterion and conversation in common")
    return Comparison(
        tuple(rows),
        tuple(name for name in a.compared if name not in b.compared),
        tuple(name for name in b.compared if name not in a.compared),
        left_out,
    )


def _check_same(a: Material, one: Compared, b: Material, two: Compared) -> None:
    name = one.answers.criterion
    if (one.answers.levels, one.answers.values.tolist()) != (
        two.answers.levels,
        two.answers.values.tolist(),
    ):
        raise GradesError(f"criterion {name!r} has other levels in one study than in the other")
    of_a, of_b = _people(a, one), _people(b, two)
    other = next((key for key in of_a if key in of_b and of_a[key] != of_b[key]), None)
    if other is not None:
        raise GradesError(
            f"people graded {name!r} of transcript {other!r} otherwise in one study than in the "
            "other; compare studies of the same human grades"
        )


def _people(material: Material, compared: Compared) -> dict[str, list[int]]:
    """Give the reference's levels of each transcript, in order of levels."""
    given = np.sort(compared.people, axis=1).tolist()
    return {
        material.joined.cards[at].transcript_id: [level for level in levels if level > MISSING]
        for at, levels in zip(compared.answers.items.tolist(), given, strict=True)
    }


def _same_items(
    a: Material, one: Compared, b: Material, two: Compared
) -> tuple[Compared, Compared, int]:
    def ids(material: Material, compared: Compared) -> list[str]:
        cards = material.joined.cards
        return [cards[at].transcript_id for at in compared.answers.items]

    of_a, of_b = ids(a, one), ids(b, two)
    graded_a = {of_a[row] for row in one.rows}
    graded_b = {of_b[row] for row in two.rows}
    both = graded_a & graded_b
    kept = [np.array([name in both for name in names], dtype=bool) for names in (of_a, of_b)]
    return one.where(kept[0]), two.where(kept[1]), len(graded_a ^ graded_b)


def _rows(a: Material, one: Compared, b: Material, two: Compared) -> Iterator[Difference]:
    if not len(one.rows):
        return
    paired_a, paired_b = _paired(a, one, b, two)
    draws_a, draws_b = machine_draws(paired_a, one), machine_draws(paired_b, two)
    items = one.levels.item
    of_a = estimates(paired_a, one.answers, draws_a, items)
    of_b = estimates(paired_b, two.answers, draws_b, two.levels.item)
    for figure in _FIGURES:
        found = paired_a.estimate(draws_b[figure] - draws_a[figure], one, NO_VARIATION)
        yield Difference(one.answers.criterion, figure, of_a[figure], of_b[figure], found)


def _paired(a: Material, one: Compared, b: Material, two: Compared) -> tuple[Material, Material]:
    """Let both machines share the resamples of the clusters of the items they share."""
    rows_a = {a.joined.cards[one.answers.items[row]].transcript_id: row for row in one.rows}
    clusters = {name: int(a.codes(one.answers)[row]) for name, row in rows_a.items()}
    bootstrap = Bootstrap(list(clusters.values()), a.bootstrap.rounds, level=a.bootstrap.level)
    code = dict(zip(clusters, bootstrap.codes.tolist(), strict=True))
    return tuple(  # type: ignore[return-value]
        Material(
            material.joined,
            material.reference,
            bootstrap,
            np.array([code.get(card.transcript_id, -1) for card in material.joined.cards]),
            material.compared,
        )
        for material in (a, b)
    )

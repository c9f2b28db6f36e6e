"""Draw transcripts for people to grade, with known chances, so that means stay honest afterwards.

A sample of the worst or the strangest calls says nothing about the rest. Here a strategy may prefer
some transcripts, but every one has a chance of at least a fifth of an even draw's, and the chances
are written down beside the sample: `qa_nlp.estimate_means` divides by them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from qa_nlp.calibration.drawing import chances_by_size, draw_evenly, draw_with_chances, share_out
from qa_nlp.card_groups import group_values, usable_cards
from qa_nlp.errors import GradesError, did_you_mean
from qa_nlp.scorecard import GradeStatus, Scorecard
from qa_nlp.scorecards import to_library
from qa_nlp.user_files import replacing

__all__ = ["ReviewRow", "ReviewSample", "sample_for_review"]

Strategy = Literal["random", "uncertain", "stratified"]

_STRATEGIES: Final = ("random", "uncertain", "stratified")
_SETTINGS: Final = ("strategy", "population", "seed")


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A transcript to grade.

    Parameters
    ----------
    transcript_id, group_id : str
        Which.
    inclusion_probability : float
        The chance with which it was drawn; above 0, at most 1.
    stratum : str, optional
        The stratum it was drawn from; None unless stratified.
    """

    transcript_id: str
    group_id: str
    inclusion_probability: float
    stratum: str | None = None


_COLUMNS: Final = tuple(ReviewRow.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class ReviewSample:
    """Transcripts to grade and how they were drawn.

    Parameters
    ----------
    rows : tuple of ReviewRow
        Sorted by transcript id.
    strategy : {"random", "uncertain", "stratified"}
        How they were drawn.
    population : int
        Number of transcripts they were drawn from.
    seed : int
        Of the draw.
    """

    rows: tuple[ReviewRow, ...]
    strategy: str
    population: int
    seed: int

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return (
            f"<ReviewSample: {len(self)} of {self.population} transcripts, {self.strategy}, seed "
            f"{self.seed}>"
        )

    @property
    def ids(self) -> tuple[str, ...]:
        """Transcript ids, sorted."""
        return tuple(row.transcript_id for row in self.rows)

    @property
    def weights(self) -> dict[str, float]:
        """Transcript id to 1 ÷ inclusion probability."""
        return {row.transcript_id: 1 / row.inclusion_probability for row in self.rows}

    def to_frame(self, library: str = "pandas") -> Any:
        """Give the sample as a table.

        Parameters
        ----------
        library : {"pandas", "polars", "arrow"}, default "pandas"
            What to return.

        Returns
        -------
        pandas.DataFrame, polars.DataFrame or pyarrow.Table
            One row for each transcript; each repeats how the sample was drawn.

        Raises
        ------
        ValueError
            When the library is another.
        """
        return to_library(self._table(), library, [*_COLUMNS, *_SETTINGS])

    def _table(self) -> list[dict[str, Any]]:
        settings = {name: getattr(self, name) for name in _SETTINGS}
        return [{**asdict(row), **settings} for row in self.rows]

    def write(self, path: str | Path) -> Path:
        """Write the sample to a CSV file; it appears whole or not at all.

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
            writer = csv.DictWriter(out, [*_COLUMNS, *_SETTINGS], lineterminator="\n")
            writer.writeheader()
            writer.writerows(self._table())
        return path

    @classmethod
    def read(cls, path: str | Path) -> ReviewSample:
        """Read a sample that `write` wrote; columns added since are left out.

        Parameters
        ----------
        path : str or pathlib.Path
            The file.

        Returns
        -------
        ReviewSample
            Equal to the one written.

        Raises
        ------
        GradesError
            When it is missing, no such file, or a row is damaged; the message names the line.
        """
        return _read(Path(path))


def sample_for_review(
    cards: Iterable[Scorecard],
    n: int,
    strategy: Strategy = "random",
    *,
    by: str | Sequence[str] | None = None,
    seed: int = 0,
) -> ReviewSample:
    """Draw n transcripts for people to grade, each with a known chance.

    ``random`` gives every transcript the chance n ÷ N. ``uncertain`` prefers transcripts on whose
    scorecard the machine is unsure: the chance is proportional to `uncertainty`, cut to lie between
    .2 n ÷ N and 1, and n are drawn by the pivotal method (Deville and Tillé 1998, "Unequal
    probability sampling without replacement through a splitting method"). ``stratified`` draws at
    random within strata, as many as their share of all but at least 2 (fewer where a stratum is
    smaller, or n is).

    The draw depends on the seed and the transcripts, not on their order. Cards with an error are
    left out.

    Parameters
    ----------
    cards : iterable of Scorecard
        Scorecards of all transcripts.
    n : int
        How many to draw, 1 to N.
    strategy : {"random", "uncertain", "stratified"}, default "random"
        How.
    by : str or sequence of str, optional
        What the strata are: metadata keys, "language", "channel", "month", "week" or "day".
        Default: thirds of the machine's total. Only for ``stratified``.
    seed : int, default 0
        Of the draw.

    Returns
    -------
    ReviewSample
        The transcripts with their chances; pass it to `estimate_means` as ``sample``.

    Raises
    ------
    GradesError
        When n is not from 1 to N, the strategy or a key is unknown, `by` is given for another
        strategy, two cards have one transcript id, or there are more strata than n allows.

    Examples
    --------
    >>> cards = [Scorecard(f"c{i}", f"c{i}", "demo", "1", total=50.0 + i) for i in range(10)]
    >>> sample = sample_for_review(cards, 4, seed=1)
    >>> len(sample), sample.rows[0].inclusion_probability
    (4, 0.4)
    """
    frame = sorted(usable_cards(cards), key=lambda card: card.transcript_id)
    if strategy not in _STRATEGIES:
        raise GradesError(f"unknown strategy {strategy!r}{did_you_mean(strategy, _STRATEGIES)}")
    if not 1 <= n <= len(frame):
        raise GradesError(
            f"n is {n}, but there are {len(frame)} scorecards without an error; draw 1 to "
            f"{len(frame)}"
        )
    if by is not None and strategy != "stratified":
        raise GradesError(f"'by' is for strategy 'stratified', not {strategy!r}; leave it out")
    rng = np.random.default_rng(seed)
    strata: Sequence[str | None] = [None] * len(frame)
    if strategy == "stratified":
        strata = _thirds(frame) if by is None else _strata(frame, by)
        chances, drawn = _draw_strata(strata, n, rng)
    elif strategy == "uncertain":
        chances = chances_by_size(np.array([uncertainty(card) for card in frame]), n)
        drawn = draw_with_chances(chances, rng)
    else:
        chances, drawn = np.full(len(frame), n / len(frame)), draw_evenly(len(frame), n, rng)
    rows = tuple(
        ReviewRow(frame[i].transcript_id, frame[i].group_id, float(chances[i]), strata[i])
        for i in sorted(drawn)
    )
    return ReviewSample(rows, strategy, len(frame), seed)


def uncertainty(card: Scorecard) -> float:
    """Give how unsure the machine is about a scorecard.

    Parameters
    ----------
    card : Scorecard
        The scorecard.

    Returns
    -------
    float
        0 (certain) to 1: the mean of 1 - P(likeliest level) over the criteria that apply, weighted
        by their possible points; 1 for an abstained one, and 0 where none applies.

    Examples
    --------
    >>> from qa_nlp.scorecard import Grade
    >>> sure = Grade("a", GradeStatus.GRADED, "yes", {"no": 0.1, "yes": 0.9}, possible=3.0)
    >>> open_ = Grade("b", GradeStatus.ABSTAINED, None, {"no": 0.5, "yes": 0.5}, possible=1.0)
    >>> round(uncertainty(Scorecard("c", "c", "demo", "1", grades=(sure, open_))), 3)
    0.325
    """
    doubts, weights = [], []
    for grade in card.grades:
        if grade.status is not GradeStatus.NOT_APPLICABLE and grade.possible:
            abstained = grade.status is GradeStatus.ABSTAINED or not grade.probabilities
            doubts.append(1.0 if abstained else 1 - max(grade.probabilities.values()))
            weights.append(grade.possible)
    return float(np.average(doubts, weights=weights)) if weights else 0.0


def _thirds(frame: Sequence[Scorecard]) -> list[str]:
    totals = [card.total for card in frame]
    known = [total for total in totals if total is not None]
    if not known:
        return ["no total"] * len(frame)
    low, high = np.quantile(known, [1 / 3, 2 / 3])
    return [
        "no total" if t is None else "low" if t <= low else "middle" if t <= high else "high"
        for t in totals
    ]


def _strata(frame: Sequence[Scorecard], by: str | Sequence[str]) -> list[str]:
    keys = [by] if isinstance(by, str) else list(by)
    return [
        " / ".join("none" if value is None else value for value in values)
        for values in group_values(frame, keys)
    ]


def _draw_strata(
    strata: Sequence[str | None], n: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], list[int]]:
    members: dict[str | None, list[int]] = {}
    for index, name in enumerate(strata):
        members.setdefault(name, []).append(index)
    names = sorted(members, key=str)
    counts = share_out(n, [len(members[name]) for name in names])
    chances = np.zeros(len(strata))
    drawn: list[int] = []
    for name, count in zip(names, counts, strict=True):
        chances[members[name]] = count / len(members[name])
        drawn += [members[name][i] for i in draw_evenly(len(members[name]), count, rng)]
    return chances, drawn


def _read(path: Path) -> ReviewSample:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise GradesError(f"{path}: cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise GradesError(f"{path}: not UTF-8; save it as UTF-8") from None
    first = text.partition("\n")[0]
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True
    )
    missing = [name for name in (*_COLUMNS, *_SETTINGS) if name not in (reader.fieldnames or ())]
    if missing:
        raise GradesError(
            f"{path}:1: no column {missing[0]!r}; give a file that ReviewSample.write wrote"
        )
    rows: list[ReviewRow] = []
    settings: tuple[str, int, int] | None = None
    try:
        for cells in reader:
            rows.append(_row(cells))
            settings = (cells["strategy"], int(cells["population"]), int(cells["seed"]))
    except (csv.Error, ValueError, TypeError):
        raise GradesError(
            f"{path}:{reader.line_num}: not a row of a review sample; its id is empty, or its "
            "inclusion probability is not above 0 and at most 1"
        ) from None
    if settings is None:
        raise GradesError(f"{path}:1: holds no transcripts")
    return ReviewSample(tuple(rows), *settings)


def _row(cells: Mapping[str, str]) -> ReviewRow:
    chance = float(cells["inclusion_probability"])
    if not 0 < chance <= 1 or not cells["transcript_id"]:
        raise ValueError
    return ReviewRow(cells["transcript_id"], cells["group_id"], chance, cells["stratum"] or None)

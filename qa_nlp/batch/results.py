"""Read a result folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qa_nlp.batch.shards import all_shards
from qa_nlp.batch.tables import TABLES
from qa_nlp.errors import ArtifactError, did_you_mean
from qa_nlp.scorecard import Scorecard
from qa_nlp.scorecards import SHARDS, read_scorecards

__all__ = ["TABLES", "iter_scorecards", "result_files"]


def result_files(out: str | Path, table: str = "scorecards") -> list[Path]:
    """List the files of one table, in order; any reader of Parquet takes them as one table.

    Parameters
    ----------
    out : str or pathlib.Path
        A result folder of `score_files`.
    table : {"scorecards", "cards", "grades", "evidence", "errors", "conversations"}
        Which table.

    Returns
    -------
    list of pathlib.Path
        Of all that is finished.

    Raises
    ------
    ArtifactError
        When there is no such table, or the folder holds no result.
    """
    if table not in TABLES:
        raise ArtifactError(f"there is no table {table!r}{did_you_mean(table, TABLES)}")
    folder = Path(out) / SHARDS
    if not folder.is_dir():
        raise ArtifactError(f"{out}: no folder of scorecards; make one with score_files")
    names = [name for name, summary in all_shards(Path(out)) if summary is not None]
    return [folder / name / f"{table}.parquet" for name in names]


def iter_scorecards(out: str | Path) -> Iterator[Scorecard]:
    """Go through the scorecards of a result folder, holding one file of them at a time.

    Parameters
    ----------
    out : str or pathlib.Path
        A result folder of `score_files`.

    Yields
    ------
    Scorecard
        In the order of the inputs, equal to what `Scorer.score` gives.

    Raises
    ------
    ArtifactError
        When the folder holds no result, or a damaged one.
    """
    for path in result_files(out):
        yield from read_scorecards(path)

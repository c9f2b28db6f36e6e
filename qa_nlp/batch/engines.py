"""What the adapters to distributed engines share: a scorer for other machines, small batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from qa_nlp.batch.scorers import ScorerLike
from qa_nlp.errors import ArtifactError
from qa_nlp.rubric import Rubric
from qa_nlp.user_files import holds

if TYPE_CHECKING:
    import pyarrow as pa

    from qa_nlp.scorer import Scorer

__all__ = ["ROWS", "PortableScorer", "portable_scorer", "small_batches"]

PortableScorer: TypeAlias = "str | Callable[[], Scorer]"
"""A rubric's name, a path that begins at the root, or a function that makes a scorer."""

ROWS: Final = 250
"""Conversations that are scored together."""


def portable_scorer(scorer: ScorerLike) -> PortableScorer:
    """Give a scorer in a form that workers on any machine understand.

    What is misspelt or missing is found here rather than on every worker.

    Parameters
    ----------
    scorer : str, pathlib.Path or callable
        A folder of a saved scorer, a rubric's name or path, or a function that makes a scorer.

    Returns
    -------
    str or callable
        Paths begin at the root, since a worker may run in another folder.

    Raises
    ------
    ArtifactError
        When it is a scorer of this process.
    RubricError
        When there is no such folder or rubric.

    Examples
    --------
    >>> portable_scorer("support_call")
    'support_call'
    """
    if callable(scorer):
        return scorer
    if not isinstance(scorer, (str, Path)):
        raise ArtifactError(
            "a scorer of this process cannot be given to workers on other machines; give a "
            "rubric's name or path, the folder of a saved scorer that each of them can read, or a "
            "function that makes the scorer"
        )
    if not holds(Path(scorer), ("manifest.json",)):
        Rubric.load(scorer)
        if isinstance(scorer, str) and not Path(scorer).is_file():
            return scorer
    return str(Path(scorer).resolve())


def small_batches(table: pa.Table) -> Iterator[pa.RecordBatch]:
    """Cut a table into batches that fit into memory once they are scored.

    Parameters
    ----------
    table : pyarrow.Table
        Of any size: engines hand over what lies in one block or file.

    Yields
    ------
    pyarrow.RecordBatch
        Of 1 to `ROWS` rows; one without rows where the table has none.

    Examples
    --------
    >>> import pyarrow as pa
    >>> [batch.num_rows for batch in small_batches(pa.table({"n": range(600)}))]
    [250, 250, 100]
    """
    import pyarrow as pa

    found = table.to_batches(max_chunksize=ROWS)
    yield from found or [pa.RecordBatch.from_pylist([], schema=table.schema)]

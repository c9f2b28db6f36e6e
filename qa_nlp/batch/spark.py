"""Score a Spark data frame: each Python worker has a scorer of its own and one thread."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from qa_nlp.batch.arrow import score_batches, transcript_schema
from qa_nlp.batch.engines import PortableScorer, portable_scorer, small_batches
from qa_nlp.batch.scorers import ScorerLike, cached_scorer
from qa_nlp.batch.threads import made_on_one_thread
from qa_nlp.errors import require
from qa_nlp.scorecards import arrow_schema

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

__all__ = ["score_frame", "scorecard_type", "transcript_type"]


def score_frame(
    frame: DataFrame,
    scorer: ScorerLike = "service_excellence",
    *,
    partitions: int | None = None,
) -> DataFrame:
    """Score a Spark data frame of transcripts, by ``mapInArrow``.

    A Python worker that dies is replaced, and Spark scores its partition again, as often as
    ``spark.task.maxFailures`` says.

    Parameters
    ----------
    frame : pyspark.sql.DataFrame
        One row for each transcript, with the columns of `transcript_type`. Other columns become
        metadata, as in `score_batches`.
    scorer : str, pathlib.Path or callable, default "service_excellence"
        The folder of a saved scorer, which every machine must find under the same path, a rubric's
        name or path, or a function without arguments that makes a scorer. It is made once in each
        Python worker, of which Spark starts one for each core.
    partitions : int, optional
        Bring transcripts of the same id together first, in so many partitions. Without it, an id
        that comes twice is found only where both stand in the same partition; else both are scored.

    Returns
    -------
    pyspark.sql.DataFrame
        With the columns of `scorecard_type`, a row for each scorecard, also for what could not be
        scored. As everywhere in Spark, nothing is scored before rows are asked for, and all is
        scored again each time they are: write them to files first.

    Raises
    ------
    ArtifactError
        When the scorer is an object of this process.
    MissingExtraError
        When Spark is not installed.
    RubricError
        When there is no such folder or rubric.
    """
    pickle = require("pyspark.cloudpickle", "spark")
    made = portable_scorer(scorer)
    # Spark reads what it sends anew for each task; as bytes, a function is known again.
    sent = pickle.dumps(made) if callable(made) else made
    if partitions is not None:
        frame = frame.repartition(partitions, "transcript_id")
    return frame.mapInArrow(partial(_scored, scorer=sent), scorecard_type())


def transcript_type() -> StructType:
    """Give `transcript_schema` in Spark's terms, for reading JSON or making data frames.

    Returns
    -------
    pyspark.sql.types.StructType
        With all columns.

    Raises
    ------
    MissingExtraError
        When Spark is not installed.

    Examples
    --------
    >>> transcript_type()["transcript_id"].dataType
    StringType()
    """
    return _spark_type(transcript_schema())


def scorecard_type() -> StructType:
    """Give `arrow_schema`, the schema of stored scorecards, in Spark's terms.

    Returns
    -------
    pyspark.sql.types.StructType
        One row for each scorecard.

    Raises
    ------
    MissingExtraError
        When Spark is not installed.

    Examples
    --------
    >>> scorecard_type().fieldNames()[:3]
    ['format_version', 'transcript_id', 'group_id']
    """
    return _spark_type(arrow_schema())


def _spark_type(schema: pa.Schema) -> StructType:
    return require("pyspark.sql.pandas.types", "spark").from_arrow_schema(schema)


def _scored(batches: Iterator[pa.RecordBatch], scorer: str | bytes) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    def known() -> PortableScorer:
        return _function(scorer) if isinstance(scorer, bytes) else scorer

    made_on_one_thread(lambda: cached_scorer(known()))
    pieces = (piece for batch in batches for piece in small_batches(pa.Table.from_batches([batch])))
    yield from score_batches(pieces, known())


@lru_cache(maxsize=2)
def _function(pickled: bytes) -> Any:
    from pyspark import cloudpickle

    return cloudpickle.loads(pickled)

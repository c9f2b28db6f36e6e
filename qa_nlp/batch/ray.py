"""Score a Ray dataset: a pool of actors, each with a scorer of its own and one thread."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from qa_nlp.batch.arrow import score_batches
from qa_nlp.batch.engines import portable_scorer, small_batches
from qa_nlp.batch.scorers import ScorerLike, cached_scorer
from qa_nlp.batch.threads import made_on_one_thread
from qa_nlp.errors import require

if TYPE_CHECKING:
    import pyarrow as pa
    from ray.data import Dataset

__all__ = ["TranscriptScorer", "score_dataset"]

_RETRIES: Final = 3
"""Of a block whose actor died: something in it may be what kills them."""


class TranscriptScorer:
    """What the actors of ``Dataset.map_batches`` do: a table of transcripts in, scorecards out.

    `score_dataset` puts it to use. Called directly, ``map_batches`` takes it with
    ``fn_constructor_kwargs={"scorer": ...}``, ``batch_format="pyarrow"`` and a ``compute`` of
    ``ActorPoolStrategy``.

    Parameters
    ----------
    scorer : str, pathlib.Path or callable, default "service_excellence"
        See `qa_nlp.batch.score_files`. It is made once, when the actor starts.

    Examples
    --------
    >>> import pyarrow as pa
    >>> import qa_nlp as qa
    >>> from qa_nlp.batch import transcripts_to_arrow
    >>> score = TranscriptScorer("service_excellence")
    >>> calls = pa.Table.from_batches([transcripts_to_arrow(qa.load_samples()[:2])])
    >>> [scored.num_rows for scored in score(calls)]
    [2]
    """

    def __init__(self, scorer: ScorerLike = "service_excellence") -> None:
        made_on_one_thread(partial(cached_scorer, scorer))
        self._scorer = scorer

    def __call__(self, transcripts: pa.Table) -> Iterator[pa.Table]:
        """Score a table, which Ray calls a batch.

        Parameters
        ----------
        transcripts : pyarrow.Table
            One row for each, with the columns of `transcript_schema`.

        Yields
        ------
        pyarrow.Table
            With the schema `arrow_schema`, a row for each scorecard, also for what could not be
            scored. An id that comes twice in the table is scored the first time.
        """
        import pyarrow as pa

        for scored in score_batches(small_batches(transcripts), self._scorer):
            yield pa.Table.from_batches([scored])


def score_dataset(
    dataset: Dataset,
    scorer: ScorerLike = "service_excellence",
    *,
    workers: int,
    partitions: int | None = None,
) -> Dataset:
    """Score a Ray dataset of transcripts.

    An actor that dies is started again, and what it was scoring is scored again. When that has
    failed four times, as often as Spark tries by default, the job ends with Ray's error.

    Parameters
    ----------
    dataset : ray.data.Dataset
        One row for each transcript, with the columns of `transcript_schema`. Other columns become
        metadata, as in `score_batches`.
    scorer : str, pathlib.Path or callable, default "service_excellence"
        The folder of a saved scorer, which every machine must find under the same path, a rubric's
        name or path, or a function without arguments that makes a scorer.
    workers : int
        Actors, each with one core and one scorer. Leave the cluster a core for reading.
    partitions : int, optional
        Bring transcripts of the same id together first, in so many blocks of up to 128 MiB. Without
        it, an id that comes twice is found only where both stand in the same block; else both are
        scored.

    Returns
    -------
    ray.data.Dataset
        With the columns of `arrow_schema`, a row for each scorecard, also for what could not be
        scored. As everywhere in Ray, rows keep their order only where the dataset's context says
        ``execution_options.preserve_order``, and nothing is scored before rows are asked for.

    Raises
    ------
    ArtifactError
        When the scorer is an object of this process.
    MissingExtraError
        When Ray is not installed.
    RubricError
        When there is no such folder or rubric.
    """
    data = require("ray.data", "ray")
    made = portable_scorer(scorer)
    if partitions is not None:
        dataset = dataset.repartition(partitions, keys=["transcript_id"])
    return dataset.map_batches(
        TranscriptScorer,
        fn_constructor_kwargs={"scorer": made},
        batch_format="pyarrow",
        batch_size=None,
        compute=data.ActorPoolStrategy(size=workers),
        num_cpus=1,
        max_task_retries=_RETRIES,
    )

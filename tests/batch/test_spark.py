"""Spark gives what one machine gives, on a real engine of two workers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from qa_nlp.batch import transcript_schema
from qa_nlp.batch.spark import score_frame, scorecard_type, transcript_type
from qa_nlp.errors import ArtifactError, MissingExtraError, RubricError
from qa_nlp.scorecard import Scorecard
from qa_nlp.scorecards import Scorecards, arrow_schema, read_scorecards
from tests.batch.engine_world import (
    BAD,
    MARKS,
    DeadlyScorer,
    Job,
    MarkingScorer,
    identity,
    left_over,
    marking,
    on_one_machine,
    once,
    transcripts,
)
from tests.batch.world import calls, light
from tests.graded_world import plain

pytestmark = pytest.mark.xdist_group("spark")  # one process runs the job for all tests


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Job]:
    return once("tests.batch.spark_jobs", tmp_path_factory.mktemp("spark"))


@pytest.fixture
def job(needs_system: Callable[..., str], run: Callable[[], Job]) -> Job:
    """Give the results of jobs on the engine."""
    needs_system("java")
    done = run()
    assert done.code == 0, done.told
    return done


@pytest.fixture
def expected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Scorecard]:
    """Give what one machine makes of the same conversations."""
    monkeypatch.setenv(MARKS, str(tmp_path))
    return on_one_machine(transcripts(), marking)


@pytest.mark.slow
@pytest.mark.system
def test_rows_are_those_of_one_machine_with_errors_among_them(
    job: Job, expected: list[Scorecard]
) -> None:
    assert job.cards("whole.parquet") == expected
    assert sum(card.error is not None for card in expected) == len(BAD) + 1


@pytest.mark.slow
@pytest.mark.system
def test_rows_are_the_same_after_a_worker_was_killed(job: Job, expected: list[Scorecard]) -> None:
    assert (job.folder / "marks" / "killed").exists()
    assert job.cards("killed.parquet") == expected


@pytest.mark.slow
@pytest.mark.system
@pytest.mark.parametrize("kind", [MarkingScorer, DeadlyScorer])
def test_scorer_is_made_once_in_a_worker_with_one_thread(job: Job, kind: type) -> None:
    made = job.made(kind)

    assert len(made) == len({worker for worker, _ in made}) <= 3  # one of them in place of another
    assert {threads for _, threads in made} == {"1"}


@pytest.mark.slow
@pytest.mark.system
def test_id_that_comes_twice_is_scored_once_where_ids_are_brought_together(job: Job) -> None:
    cards = job.cards("repeated.parquet")
    scored = [card.transcript_id for card in cards if card.error is None]
    again = [card.transcript_id for card in cards if "unique" in (card.error or "")]

    assert sorted(scored) == [call.id for call in calls(80)]
    assert again == [call.id for call in calls(10)]


@pytest.mark.slow
@pytest.mark.system
def test_frame_without_rows_gives_one_without_rows(job: Job) -> None:
    found = pq.read_table(job.folder / "empty.parquet")

    assert found.num_rows == 0
    assert found.schema.equals(arrow_schema())


@pytest.mark.slow
@pytest.mark.system
@pytest.mark.parametrize("name", ["parquet", "json"])
def test_rows_of_files_are_read_as_they_were_written(job: Job, name: str) -> None:
    assert job.cards(f"{name}.parquet") == on_one_machine(transcripts(), light)


@pytest.mark.slow
@pytest.mark.system
def test_example_scores_the_samples_as_the_scorer_does(job: Job, sample_cards: Scorecards) -> None:
    found = [card for file in job.files("samples") for card in read_scorecards(file)]

    assert sorted(found, key=identity) == sorted(sample_cards, key=identity)
    assert f"{len(sample_cards)} scorecards in" in job.told


@pytest.mark.slow
@pytest.mark.system
def test_job_leaves_no_process(job: Job) -> None:
    assert left_over(job.folder) == []


def test_types_are_those_of_the_arrow_schemas() -> None:
    from pyspark.sql.pandas.types import to_arrow_schema

    assert to_arrow_schema(scorecard_type()).equals(arrow_schema())
    assert to_arrow_schema(transcript_type()).equals(transcript_schema())


def test_missing_package_is_named_with_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    monkeypatch.setitem(sys.modules, "pyspark.cloudpickle", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'qa_nlp\[spark\]'"):
        score_frame(None)


def test_scorer_of_this_process_is_refused() -> None:
    with pytest.raises(ArtifactError, match="give a rubric's name or path"):
        score_frame(None, plain())


def test_misspelt_rubric_is_refused_before_the_job_begins() -> None:
    with pytest.raises(RubricError, match="did you mean 'service_excellence'"):
        score_frame(None, "service_excelence")

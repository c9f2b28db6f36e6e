"""Ray gives what one machine gives, on a real engine with two workers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from qa_nlp.batch import ray, transcripts_to_arrow
from qa_nlp.batch.engines import portable_scorer
from qa_nlp.batch.ray import TranscriptScorer, score_dataset
from qa_nlp.errors import ArtifactError, MissingExtraError, RubricError, TranscriptError
from qa_nlp.scorecards import arrow_schema, read_scorecards
from qa_nlp.scorer import Scorer
from tests.batch.engine_world import (
    BAD,
    MARKS,
    DeadlyScorer,
    DoomedScorer,
    Job,
    identity,
    left_over,
    marking,
    on_one_machine,
    once,
    some_samples,
    transcripts,
)
from tests.batch.world import calls, light
from tests.graded_world import RUBRIC, plain

pytestmark = pytest.mark.xdist_group("ray")  # one process runs the job for all tests


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Job]:
    return once("tests.batch.ray_jobs", tmp_path_factory.mktemp("ray"))


@pytest.fixture
def job(run: Callable[[], Job]) -> Job:
    """Give the results of jobs on the engine."""
    done = run()
    assert done.code == 0, done.told
    return done


@pytest.mark.slow
def test_rows_are_those_of_one_machine_though_a_worker_was_killed(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MARKS, str(tmp_path))
    expected = on_one_machine(transcripts(), marking)

    assert (job.folder / "marks" / "killed").exists()
    assert job.cards("killed.parquet") == expected
    assert sum(card.error is not None for card in expected) == len(BAD) + 1


@pytest.mark.slow
def test_scorer_is_made_once_in_a_worker_with_one_thread(job: Job) -> None:
    made = job.made(DeadlyScorer)

    assert len(made) == len({worker for worker, _ in made}) == 3  # one of them in place of another
    assert {threads for _, threads in made} == {"1"}


@pytest.mark.slow
def test_conversation_that_kills_every_worker_ends_the_job(job: Job) -> None:
    assert (job.folder / "doomed").exists()
    assert len(job.made(DoomedScorer)) >= 4  # scored four times, each in a process of its own


@pytest.mark.slow
def test_id_that_comes_twice_is_scored_once_where_ids_are_brought_together(job: Job) -> None:
    cards = job.cards("repeated.parquet")
    scored = [card.transcript_id for card in cards if card.error is None]
    again = [card.transcript_id for card in cards if "unique" in (card.error or "")]

    assert sorted(scored) == [call.id for call in calls(80)]
    assert again == [call.id for call in calls(10)]


@pytest.mark.slow
def test_example_scores_json_lines_as_the_scorer_does(job: Job, scorer: Scorer) -> None:
    cards = scorer.score(some_samples())
    found = [card for file in job.files("samples") for card in read_scorecards(file)]

    assert sorted(found, key=identity) == sorted(cards, key=identity)
    assert f"{len(cards)} scorecards in" in job.told


@pytest.mark.slow
def test_job_leaves_no_process(job: Job) -> None:
    assert left_over(job.folder) == []


@pytest.fixture
def light_worker(monkeypatch: pytest.MonkeyPatch) -> TranscriptScorer:
    """Give what an actor holds, without taking threads away from this process."""
    monkeypatch.setattr(ray, "made_on_one_thread", lambda make: make())
    return TranscriptScorer(light)


def rows_of(size: int) -> pa.Table:
    return pa.Table.from_batches([transcripts_to_arrow(calls(size))])


def test_large_table_is_scored_in_parts_that_know_of_each_other(
    light_worker: TranscriptScorer,
) -> None:
    parts = list(light_worker(pa.concat_tables([rows_of(600), rows_of(1)])))

    assert [part.num_rows for part in parts] == [250, 250, 100, 1]
    assert "ids must be unique" in parts[-1]["error"][0].as_py()


def test_table_without_rows_gives_one_without_rows(light_worker: TranscriptScorer) -> None:
    (found,) = light_worker(rows_of(0))

    assert found.num_rows == 0
    assert found.schema.equals(arrow_schema(), check_metadata=True)


def test_table_without_a_column_is_refused(light_worker: TranscriptScorer) -> None:
    with pytest.raises(TranscriptError, match="no column 'turns'"):
        list(light_worker(rows_of(1).drop_columns(["turns"])))


def test_worker_makes_its_scorer_when_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "made_on_one_thread", lambda make: make())
    made = []

    def make() -> Any:
        made.append(1)
        return light()

    TranscriptScorer(make)

    assert made == [1]


def test_missing_package_is_named_with_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setitem(sys.modules, "ray.data", None)

    with pytest.raises(MissingExtraError, match=r"pip install 'qa_nlp\[ray\]'"):
        score_dataset(None, workers=1)


def test_scorer_of_this_process_is_refused() -> None:
    with pytest.raises(ArtifactError, match="give a rubric's name or path"):
        score_dataset(None, plain(), workers=1)


def test_misspelt_rubric_is_refused_before_the_job_begins() -> None:
    with pytest.raises(RubricError, match="did you mean 'service_excellence'"):
        score_dataset(None, "service_excelence", workers=1)


def test_paths_begin_at_the_root_and_names_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text(RUBRIC, encoding="utf-8")
    (tmp_path / "saved.scorer").mkdir()
    (tmp_path / "saved.scorer" / "manifest.json").touch()
    (tmp_path / "support_call").mkdir()  # which hides no shipped rubric

    assert portable_scorer("own.yaml") == str(tmp_path / "own.yaml")
    assert portable_scorer(Path("saved.scorer")) == str(tmp_path / "saved.scorer")
    assert portable_scorer("support_call") == "support_call"
    assert portable_scorer(light) is light

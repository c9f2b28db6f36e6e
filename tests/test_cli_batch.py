"""``qa-nlp score`` into a folder: what it prints, writes and exits with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qa_nlp import cli, cli_batch
from qa_nlp.batch import BatchProgress, iter_scorecards
from tests.batch.world import LightScorer, calls, contents, light, write_calls
from tests.builders import chat
from tests.command_line import run


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with 30 conversations, one of which cannot be scored."""
    monkeypatch.chdir(tmp_path)
    write_calls(tmp_path / "calls.jsonl", [*calls(29), {"id": "silent", "turns": 3}])
    return tmp_path


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Score with what needs no library."""
    monkeypatch.setattr(cli, "_scorer_maker", lambda *_, **__: light)


def test_score_into_a_folder_writes_a_scorecard_for_each(folder: Path) -> None:
    write_calls(folder / "two.jsonl", [chat("c1", "agent: Hello!"), chat("c2", "agent: Hi.")])

    result = run("score", "two.jsonl", "--out", "results", "--workers", "1", "--encoder", "en")

    assert result.code == 0, result.err
    assert "2 scorecards, 0 errors" in result.out
    assert "written: results" in result.out
    assert "scoring" in result.err
    assert [card.transcript_id for card in iter_scorecards("results")] == ["c1", "c2"]


@pytest.mark.usefixtures("quick")
def test_score_into_a_folder_exits_1_and_names_what_could_not_be_scored() -> None:
    result = run("score", "calls.jsonl", "--out", "results", "--workers", "1")

    assert result.code == 1
    assert "30 scorecards, 1 error" in result.out
    assert "not scored: calls.jsonl:30, transcript 'silent': turns must be a list" in result.err


@pytest.mark.usefixtures("quick")
def test_score_into_a_folder_prints_one_json_object_alone() -> None:
    result = run("score", "calls.jsonl", "--out", "results", "--workers", "1", "--json")

    row = json.loads(result.out)
    assert (result.code, result.err) == (1, "")
    assert (row["out"], row["conversations"], row["finished"]) == ("results", 30, True)


@pytest.mark.usefixtures("quick")
def test_same_command_again_scores_nothing_and_begins_anew_when_told() -> None:
    command = ("score", "calls.jsonl", "-o", "results", "--workers", "1")
    run(*command)
    before = contents(Path("results"))

    again = run(*command)
    write_calls(Path("calls.jsonl"), calls(3))
    changed = run(*command)
    anew = run(*command, "--restart")

    assert "30 conversations of them scored by earlier runs" in again.out
    assert (changed.code, changed.out) == (2, "")
    assert "calls.jsonl has changed since" in changed.err
    assert "--restart" in changed.err
    assert "3 scorecards, 0 errors" in anew.out
    assert contents(Path("results")) != before


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--limit", "4"], 4),
        (["--sample", "7"], 7),
        (["--sample", "100%"], 30),
        (["--sample", "1.0"], 30),
        (["--sample", "0.5", "--limit", "2"], 2),
    ],
)
def test_limit_and_sample_choose_conversations(options: list[str], count: int) -> None:
    result = run("score", "calls.jsonl", "-o", "out", "--workers", "1", "--json", *options)

    assert json.loads(result.out)["conversations"] == count


@pytest.mark.usefixtures("quick")
def test_dry_run_tells_what_would_be_done_and_writes_nothing() -> None:
    result = run("score", "calls.jsonl", "--out", "results", "--dry-run")

    assert result.code == 0
    assert "1 file, 30 conversations; 1 file left to score" in result.out
    assert "0 conversations in 0 shards finished, 1 left" in result.out
    assert "nothing was written to results" in result.out
    assert not Path("results").exists()


@pytest.mark.usefixtures("quick")
def test_file_that_cannot_be_read_is_named_by_a_dry_run() -> None:
    Path("gone.jsonl").symlink_to("nowhere")

    result = run("score", "*.jsonl", "--out", "results", "--dry-run")

    assert result.code == 1
    assert "cannot be read: gone.jsonl" in result.err


@pytest.mark.usefixtures("quick")
def test_options_of_reading_are_those_of_a_file() -> None:
    Path("turns.csv").write_text("call_id,role,said\na,agent,Hello\na,customer,Hi\n")
    command = ("score", "turns.csv", "--out", "results", "--workers", "1")

    named = run(*command, "--column", "text=said")

    assert named.code == 0, named.err
    assert [card.transcript_id for card in iter_scorecards("results")] == ["a"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.jsonl", "-o", "new"], "'missing.jsonl' matches no file"),
        (["calls.jsonl", "-o", "new", "--rubric", "support_cal"], "did you mean 'support_call'"),
        (["calls.jsonl", "-o", "new", "--workers", "none"], "workers must be 'auto' or a number"),
        (["calls.jsonl", "-o", "new", "--sample", "some"], "--sample takes a number such as 500"),
        (["calls.jsonl", "-o", "new", "--sample", "0"], "sample must be a share"),
        (["calls.jsonl", "-o", "new", "--limit", "0"], "--limit"),
        (["calls.jsonl", "-o", "new", "--role", "agent"], "--role takes LABEL=ROLE"),
        (["calls.jsonl", "-o", "taken"], "holds 'mine.txt' and no manifest.json"),
        (["calls.jsonl", "-o", "a.jsonl", "--limit", "3"], "--limit needs a folder to write to"),
        (["calls.jsonl", "-o", "a.parquet", "--dry-run"], "--dry-run needs a folder"),
        (["calls.jsonl", "-o", "a.csv"], "end it in .jsonl, .parquet or .html"),
    ],
)
def test_score_into_a_folder_exits_2_and_writes_nothing_when_it_is_used_wrongly(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    if "--rubric" not in arguments:
        monkeypatch.setattr(cli, "_scorer_maker", lambda *_, **__: light)
    (folder / "taken").mkdir()
    (folder / "taken" / "mine.txt").write_text("mine")
    before = contents(folder)

    result = run("score", *arguments)

    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert contents(folder) == before


def test_interrupt_exits_130_and_keeps_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(LightScorer):
        def iter_scores(self, items: Any) -> Any:
            raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_scorer_maker", lambda *_, **__: Stopped)

    result = run("score", "calls.jsonl", "--out", "results", "--workers", "1")

    assert result.code == 130
    assert "what is finished is kept; the same command goes on" in result.err
    assert "Traceback" not in result.out + result.err


def test_pace_is_told_from_what_came_after_the_first_part() -> None:
    first = BatchProgress("scoring", 100, 0, 0.1)

    assert cli_batch._pace(first, first, 0.0) == "scoring"
    later = BatchProgress("scoring", 300, 0, 0.3)
    assert cli_batch._pace(first, later, 10.0) == "scoring, 20.0 a second, 35 s left"
    assert cli_batch._pace(first, later, 1000.0).endswith("0.2 a second, 58 min left")

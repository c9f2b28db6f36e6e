"""Files to a folder of Parquet: what lies there, what is done again, and what is refused."""

from __future__ import annotations

import functools
import json
import pickle
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from qa_nlp.batch import (
    TABLES,
    BatchProgress,
    BatchReport,
    iter_scorecards,
    result_files,
    score_files,
)
from qa_nlp.batch.inputs import BUNDLE_BYTES
from qa_nlp.batch.scorers import sendable_maker
from qa_nlp.errors import ArtifactError, TranscriptError
from qa_nlp.importers import read_transcripts
from qa_nlp.rubric import Rubric
from qa_nlp.samples import Samples
from qa_nlp.scorecards import read_scorecards
from qa_nlp.scorer import Scorer
from qa_nlp.transcript import Role, Transcript, Turn
from tests.batch.world import SHARD, LightScorer, calls, contents, light, write_calls
from tests.builders import HashEncoder, chat
from tests.graded_world import RUBRIC, plain

SAID = "the zebra bit my quokka"


@functools.cache
def tiny() -> Scorer:
    """Give a real scorer that needs no weights."""
    return plain()


def run(inputs: Any, out: Path, scorer: Any = light, **options: Any) -> BatchReport:
    return score_files(inputs, out, scorer, **{"workers": 1, "shard_size": SHARD, **options})


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """Give a folder with 35 conversations in two files, and a file that is none."""
    write_calls(tmp_path / "calls" / "a.jsonl", calls(25))
    write_calls(tmp_path / "calls" / "b.jsonl", calls(10, "d"))
    (tmp_path / "calls" / "c.bin").write_bytes(b"\0\1\2")
    return tmp_path / "calls"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


# what is written


def test_scorecards_are_those_of_the_scorer_in_the_order_of_the_inputs(
    inputs: Path, out: Path
) -> None:
    report = run(inputs, out, tiny)

    scored = tiny().score(read_transcripts(inputs))
    assert list(iter_scorecards(out)) == list(scored)
    assert read_scorecards(out) == scored
    assert (report.conversations, report.scorecards, report.errors) == (36, 36, 1)
    assert (report.finished, report.inputs, report.inputs_left, report.shards) == (True, 3, 0, 4)


def test_conversation_with_two_agents_has_a_card_for_each(tmp_path: Path, out: Path) -> None:
    two = Transcript(
        "c1",
        [Turn(Role.AGENT, "Hello!", agent_id=agent) for agent in ("A", "B")],
        language="en",
    )
    path = write_calls(tmp_path / "calls.jsonl", [two])

    report = run(path, out, tiny)

    assert [card.transcript_id for card in iter_scorecards(out)] == ["c1@A", "c1@B"]
    assert (report.conversations, report.scorecards) == (1, 2)


def test_result_is_the_same_byte_for_byte_with_two_workers(
    inputs: Path, out: Path, tmp_path: Path
) -> None:
    one = run(inputs, out)
    two = run(inputs, tmp_path / "two", workers=2)

    assert contents(out) == contents(tmp_path / "two")
    assert {**one.to_dict(), "out": ""} == {**two.to_dict(), "out": ""}


@pytest.mark.parametrize("table", TABLES)
def test_files_of_a_table_have_one_schema_also_where_no_card_was_scored(
    tmp_path: Path, out: Path, table: str
) -> None:
    path = write_calls(tmp_path / "calls.jsonl", [*calls(SHARD), {"id": "x", "turns": []}])
    run(path, out, tiny)

    files = result_files(out, table)

    assert len(files) == 2
    assert pq.read_schema(files[0]).equals(pq.read_schema(files[1]), check_metadata=True)
    assert ds.dataset([str(file) for file in files]).to_table().num_rows >= 1


def test_wide_and_long_tables_are_those_of_the_scorecards(inputs: Path, out: Path) -> None:
    run(inputs, out, tiny)
    cards = tiny().score(read_transcripts(inputs))

    for shape in ("cards", "grades", "evidence"):
        rows = [row for file in result_files(out, shape) for row in pq.read_table(file).to_pylist()]
        assert rows == cards.to_frame(shape, "arrow").to_pylist()


def test_errors_and_origins_have_tables_of_their_own(inputs: Path, out: Path) -> None:
    run(inputs, out)

    errors = pq.read_table(result_files(out, "errors")[-1]).to_pylist()
    origins = [
        row
        for file in result_files(out, "conversations")
        for row in pq.read_table(file).to_pylist()
    ]
    assert [row["transcript_id"] for row in errors] == [str(inputs / "c.bin")]
    assert "this is not text" in errors[0]["error"]
    assert [Path(row["input"]).name for row in origins] == [
        *["a.jsonl"] * 25,
        *["b.jsonl"] * 10,
        "c.bin",
    ]
    assert origins[0]["scorecard_ids"] == ["c0000"]
    assert origins[-1]["scorecard_ids"] == []


def test_manifest_tells_what_the_result_was_made_of_without_words_or_times(
    inputs: Path, out: Path
) -> None:
    write_calls(inputs / "z.jsonl", [chat("z", f"agent: {SAID}")])
    run(inputs, out, tiny, roles={"spk_0": "agent"})

    text = (out / "manifest.json").read_text("utf-8")
    row = json.loads(text)
    assert row["scorer"]["fingerprint"] == tiny().fingerprint
    assert row["scorer"]["tier"] == "custom"
    assert row["options"]["roles"] == {"spk_0": "agent"}
    assert [item["bytes"] for item in row["inputs"]] == [
        file.stat().st_size for file in sorted(inputs.iterdir())
    ]
    assert all(len(item["sha256"]) == 64 for item in row["inputs"])
    assert sum(item["conversations"] for item in row["shards"]) == 37
    assert row["finished"] is True
    assert "zebra" not in text
    assert "time" not in text


def test_nothing_temporary_is_left(inputs: Path, out: Path) -> None:
    run(inputs, out)

    assert {path.name for path in out.iterdir()} == {"manifest.json", "shards"}


def test_large_file_does_not_share_a_shard_with_its_neighbours(tmp_path: Path, out: Path) -> None:
    large = calls(3, "large")
    large.append(Transcript("long", [Turn(Role.AGENT, "Hello! " * (BUNDLE_BYTES // 7))]))
    for name, rows in (("a", calls(2)), ("b", large), ("c", calls(2, "e")), ("d", calls(2, "f"))):
        write_calls(tmp_path / "calls" / f"{name}.jsonl", rows)

    run(tmp_path / "calls", out)

    tables = [pq.read_table(file)["input"].to_pylist() for file in result_files(out, TABLES[-1])]
    assert [[Path(name).stem for name in table] for table in tables] == [
        ["a"] * 2,
        ["b"] * 4,
        [*"ccdd"],
    ]


def test_result_folder_within_the_inputs_is_no_input(inputs: Path) -> None:
    first = run(inputs, inputs / "out")
    again = run(inputs, inputs / "out")

    assert (first.inputs, again.inputs, again.scored) == (3, 3, 0)


# bad conversations and files


def test_id_that_comes_again_in_another_file_is_an_error_whatever_was_finished_before(
    tmp_path: Path, out: Path
) -> None:
    write_calls(tmp_path / "calls" / "a.jsonl", calls(15))
    write_calls(tmp_path / "calls" / "b.jsonl", [*calls(1), *calls(3, "e")])
    run(tmp_path / "calls", out)
    undisturbed = contents(out)

    for file in (out / "shards" / "000000-000001").iterdir():
        file.unlink()
    report = run(tmp_path / "calls", out)

    assert contents(out) == undisturbed
    assert (report.errors, report.scored) == (1, 9)
    (found,) = [card for card in iter_scorecards(out) if card.error]
    assert found.transcript_id == "c0000"
    assert "ids must be unique over all inputs" in str(found.error)


def test_id_is_remembered_from_a_bundle_that_an_earlier_run_finished(
    tmp_path: Path, out: Path
) -> None:
    first = write_calls(tmp_path / "a.jsonl", calls(3))
    run(first, out)

    report = run([first, write_calls(tmp_path / "b.jsonl", calls(4))], out)

    assert (report.conversations, report.errors, report.scored) == (7, 3, 4)


def failing(word: str) -> Any:
    class Failing(LightScorer):
        def iter_scores(self, items: Any) -> Any:
            for item in items:
                if isinstance(item, Transcript) and item.id == "c0003":
                    raise ZeroDivisionError(word)
                yield from super().iter_scores([item])

    return Failing()


def test_conversation_that_makes_a_signal_fail_is_an_error_and_costs_no_neighbour(
    inputs: Path, out: Path
) -> None:
    report = run(inputs, out, lambda: failing(SAID))

    cards = {card.transcript_id: card for card in iter_scorecards(out)}
    assert report.errors == 2
    assert "scoring failed with ZeroDivisionError (test_score_files.py, line" in str(
        cards["c0003"].error
    )
    assert "zebra" not in str(cards["c0003"].error)
    assert cards["c0002"].total == cards["c0004"].total == 100.0


def test_weights_that_are_missing_end_the_job(inputs: Path, out: Path) -> None:
    class Broken(LightScorer):
        def iter_scores(self, items: Any) -> Any:
            raise ArtifactError("the weights are damaged")

    with pytest.raises(ArtifactError, match="the weights are damaged"):
        run(inputs, out, Broken)


def test_file_that_could_not_be_read_is_scored_once_it_can_be(inputs: Path, out: Path) -> None:
    (inputs / "gone.jsonl").symlink_to(inputs / "later.txt")
    first = run(inputs, out)
    (inputs / "gone.jsonl").unlink()
    write_calls(inputs / "gone.jsonl", calls(2, "g"))

    second = run(inputs, out)

    assert first.unreadable == (str(inputs / "gone.jsonl"),)
    assert (first.errors, second.errors) == (2, 1)
    assert second.unreadable == ()
    assert second.scored == second.conversations - (first.conversations - 1) == 2


# going on


def test_what_is_finished_is_not_scored_again(inputs: Path, out: Path) -> None:
    scorer = LightScorer()
    first = run(inputs, out, lambda: scorer)
    count = len(scorer.scored)
    before = contents(out)

    second = run(inputs, out, lambda: scorer)

    assert count == 35
    assert len(scorer.scored) == count
    assert (first.scored, second.scored) == (36, 0)
    assert contents(out) == before


def test_job_that_was_stopped_goes_on_with_what_is_left(inputs: Path, out: Path) -> None:
    class Stopped(LightScorer):
        def iter_scores(self, items: Any) -> Any:
            for card in super().iter_scores(items):
                if card.transcript_id == "c0015":
                    raise KeyboardInterrupt
                yield card

    with pytest.raises(KeyboardInterrupt):
        run(inputs, out, Stopped)
    kept = contents(out)
    scorer = LightScorer()
    report = run(inputs, out, lambda: scorer)

    assert {name.split("/")[1] for name in kept if "/" in name} == {"000000-000000"}
    assert json.loads(kept["manifest.json"])["finished"] is False
    assert scorer.scored[0] == "c0010"
    assert (report.finished, report.scored, report.conversations) == (True, 26, 36)


def test_inputs_that_are_added_are_scored_and_the_others_are_not(inputs: Path, out: Path) -> None:
    run(inputs, out)
    kept = contents(out)
    write_calls(inputs / "a_new.jsonl", calls(4, "n"))
    scorer = LightScorer()

    report = run(inputs, out, lambda: scorer)

    assert scorer.scored == ["n0000", "n0001", "n0002", "n0003"]
    assert (report.inputs, report.conversations, report.finished) == (4, 40, True)
    assert {n: c for n, c in contents(out).items() if n in kept and n != "manifest.json"} == {
        n: c for n, c in kept.items() if n != "manifest.json"
    }


@pytest.mark.parametrize("name", [f"{table}.parquet" for table in TABLES] + ["summary.json"])
def test_shard_with_a_file_that_is_cut_off_is_scored_again(
    inputs: Path, out: Path, name: str
) -> None:
    run(inputs, out)
    whole = contents(out)
    damaged = out / "shards" / "000000-000001" / name
    damaged.write_bytes(damaged.read_bytes()[:-7])

    report = run(inputs, out)

    assert contents(out) == whole
    assert report.scored == SHARD


def test_leftovers_of_a_crash_are_cleaned_up(inputs: Path, out: Path) -> None:
    run(inputs, out)
    whole = contents(out)
    left = out / ".working" / "000000-000002"
    left.mkdir(parents=True)
    (left / "cards.parquet").write_bytes(b"PAR1 half")
    (out / ".working" / "job.lock").touch()

    run(inputs, out)

    assert contents(out) == whole


# what is refused


def test_changed_input_is_refused_by_name(inputs: Path, out: Path) -> None:
    run(inputs, out)
    before = contents(out)
    write_calls(inputs / "b.jsonl", calls(9, "d"))

    with pytest.raises(ArtifactError, match=r"b\.jsonl has changed since; .*--restart"):
        run(inputs, out)
    assert contents(out) == before


def test_input_that_is_not_given_any_more_is_refused_by_name(inputs: Path, out: Path) -> None:
    run(inputs, out)

    with pytest.raises(ArtifactError, match=r"b\.jsonl was not given this time"):
        run([inputs / "a.jsonl", inputs / "c.bin"], out)


def test_changed_scorer_is_refused_by_the_part_that_changed(inputs: Path, out: Path) -> None:
    def other() -> Scorer:
        return Scorer(Rubric.from_yaml(RUBRIC.replace("12", "13")), encoder=HashEncoder())

    run(inputs, out, tiny)

    with pytest.raises(ArtifactError, match=r"another scorer part 'rubric': .*, now .*") as caught:
        run(inputs, out, other)
    assert "scorer part 'encoder'" not in str(caught.value)
    assert "--restart" in str(caught.value)


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"limit": 3}, "limit"),
        ({"sample": 0.5}, "sample"),
        ({"shard_size": 11}, "shard_size"),
        ({"infer_roles": True}, "infer_roles"),
        ({"columns": {"text": "said"}}, "columns"),
    ],
)
def test_changed_option_is_refused_by_name(
    inputs: Path, out: Path, options: dict[str, Any], name: str
) -> None:
    run(inputs, out)

    with pytest.raises(ArtifactError, match=f"another option '{name}'"):
        run(inputs, out, **options)


def test_restart_begins_anew_and_leaves_what_is_not_its_own(inputs: Path, out: Path) -> None:
    run(inputs, out)
    (out / "notes.txt").write_text("mine")
    write_calls(inputs / "b.jsonl", calls(2, "d"))

    report = run(inputs, out, restart=True)

    assert (report.scored, report.conversations) == (28, 28)
    assert (out / "notes.txt").read_text() == "mine"


def test_folder_with_something_else_is_refused_and_left_alone(inputs: Path, out: Path) -> None:
    out.mkdir()
    (out / "precious.txt").write_text("mine")

    with pytest.raises(ArtifactError, match=r"holds 'precious\.txt' and no manifest\.json"):
        run(inputs, out)
    with pytest.raises(ArtifactError, match=r"holds 'precious\.txt'"):
        run(inputs, out, restart=True)
    assert contents(out) == {"precious.txt": b"mine"}


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("text", ['{"format_version": 1, "parts": {}}', "[]", "{", '"x"'])
def test_foreign_manifest_is_refused_and_left_alone(
    inputs: Path, out: Path, text: str, restart: bool
) -> None:
    out.mkdir()
    (out / "manifest.json").write_text(text)

    with pytest.raises(ArtifactError, match=r"damaged, or not the manifest of scorecards"):
        run(inputs, out, restart=restart)
    assert (out / "manifest.json").read_text() == text


def test_manifest_of_another_format_is_refused_and_can_be_begun_anew(
    inputs: Path, out: Path
) -> None:
    run(inputs, out)
    manifest = out / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"format_version": 1', '"format_version": 9'))

    with pytest.raises(ArtifactError, match="format 9 is not the format 1"):
        run(inputs, out)
    assert run(inputs, out, restart=True).finished


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"limit": 0}, "limit must be 1 or more"),
        ({"sample": 0}, "sample must be a share"),
        ({"sample": 1.5}, "sample must be a share"),
        ({"workers": 0}, "workers must be 'auto' or a number"),
        ({"workers": "many"}, "workers must be 'auto' or a number"),
        ({"shard_size": 0}, "shard_size must be 1 or more"),
        ({"format": "webvt"}, "did you mean 'webvtt'"),
        ({"roles": {"x": "agnt"}}, "did you mean 'agent'"),
    ],
)
def test_option_that_makes_no_sense_is_refused_before_anything_is_written(
    inputs: Path, out: Path, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(TranscriptError, match=message):
        run(inputs, out, **options)
    assert not out.exists()


def test_scorer_with_an_encoder_object_is_refused_where_others_would_need_it(
    inputs: Path, out: Path
) -> None:
    with pytest.raises(ArtifactError, match="workers=1, or give a function"):
        run(inputs, out, tiny(), workers=2)
    assert run(inputs, out, tiny()).finished


@pytest.mark.slow
def test_scorer_as_an_object_is_the_same_in_other_processes(
    samples: Samples, tmp_path: Path
) -> None:
    scorer = Scorer("service_excellence", encoder="en", quotes=False)
    inputs = write_calls(tmp_path / "calls.jsonl", samples[:12])

    run(inputs, tmp_path / "one", scorer)
    run(inputs, tmp_path / "two", scorer, workers=2)

    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert list(iter_scorecards(tmp_path / "one")) == list(scorer.score(samples[:12]))


@pytest.mark.slow
def test_calibrated_scorer_as_an_object_can_be_sent_to_other_processes(
    samples: Samples, tmp_path: Path
) -> None:
    plain = Scorer("service_excellence", encoder="en", quotes=False)
    scorer = plain.calibrate(samples[:24], samples.grades)

    sent = pickle.loads(pickle.dumps(sendable_maker(scorer, scorer, tmp_path)))()

    assert sent.fingerprint == scorer.fingerprint != plain.fingerprint
    assert sent.quotes is False
    assert sent.score(samples[:3]) == scorer.score(samples[:3])


# limit, sample, dry run


@pytest.mark.parametrize("limit", [1, 10, 13, 25, 99])
def test_limit_scores_the_first_ones(inputs: Path, out: Path, limit: int) -> None:
    report = run(inputs, out, limit=limit)
    again = run(inputs, out, limit=limit)

    ids = [card.transcript_id for card in iter_scorecards(out) if card.error is None]
    assert ids == [call.id for call in [*calls(25), *calls(10, "d")]][:limit]
    assert (report.finished, report.conversations) == (True, min(limit, 36))
    assert again.scored == 0


def test_share_is_the_same_conversations_in_whatever_files_they_are(
    inputs: Path, out: Path, tmp_path: Path
) -> None:
    everything = [*calls(10, "d"), *reversed(calls(25))]
    other = write_calls(tmp_path / "all.jsonl", everything)
    run(inputs / "*.jsonl", out, sample=0.4)
    run(other, tmp_path / "other", sample=0.4, shard_size=3)

    first = {card.transcript_id for card in iter_scorecards(out)}
    assert first == {card.transcript_id for card in iter_scorecards(tmp_path / "other")}
    assert 5 < len(first) < 25


@pytest.mark.parametrize("count", [1, 7, 100])
def test_sample_of_a_number_has_that_many_and_grows_by_adding(
    inputs: Path, tmp_path: Path, count: int
) -> None:
    def drawn(number: int, seed: int) -> set[str]:
        folder = tmp_path / f"{number}-{seed}"
        run(inputs / "*.jsonl", folder, sample=number, seed=seed)
        return {card.transcript_id for card in iter_scorecards(folder)}

    assert len(drawn(count, 0)) == min(count, 35)
    assert drawn(count, 0) <= drawn(count + 1, 0)
    assert count > 35 or drawn(count, 1) != drawn(count, 0)


def test_file_that_cannot_be_read_is_reported_whatever_the_sample(inputs: Path, out: Path) -> None:
    report = run(inputs, out, sample=0.001)

    assert (report.conversations, report.errors) == (1, 1)


def test_inputs_cannot_be_added_to_a_sample_of_a_number(inputs: Path, out: Path) -> None:
    run(inputs, out, sample=5)
    write_calls(inputs / "new.jsonl", calls(3, "n"))

    with pytest.raises(ArtifactError, match="a sample of 5 was drawn from other inputs"):
        run(inputs, out, sample=5)


def test_dry_run_tells_what_there_is_to_do_and_writes_nothing(inputs: Path, out: Path) -> None:
    (inputs / "c.bin").unlink()

    report = run(inputs, out, dry_run=True)

    assert not out.exists()
    assert (report.inputs, report.inputs_left, report.conversations) == (2, 2, 0)
    assert (report.expected, report.shards_left, report.finished) == (35, 4, False)


def test_dry_run_over_a_result_counts_what_is_finished_and_changes_nothing(
    inputs: Path, out: Path
) -> None:
    (inputs / "c.bin").unlink()
    run(inputs, out)
    write_calls(inputs / "new.jsonl", calls(12, "n"))
    before = contents(out)

    report = run(inputs, out, dry_run=True)

    assert contents(out) == before
    assert (report.inputs_left, report.conversations, report.shards) == (1, 35, 4)
    assert (report.expected, report.shards_left) == (47, 2)


def test_dry_run_refuses_what_the_run_would(inputs: Path, out: Path) -> None:
    run(inputs, out)
    write_calls(inputs / "b.jsonl", calls(9, "d"))

    with pytest.raises(ArtifactError, match="has changed since"):
        run(inputs, out, dry_run=True)


# progress


def test_progress_grows_to_everything(inputs: Path, out: Path) -> None:
    told: list[BatchProgress] = []

    run(inputs, out, progress=told.append)

    scoring = [item for item in told if item.stage == "scoring"]
    assert told[0].stage == "checking"
    assert [item.conversations for item in scoring] == [10, 20, 30, 36]
    shares = [item.share for item in scoring]
    assert shares == sorted(shares)
    assert 0.2 < shares[0] < 0.4
    assert shares[-1] == pytest.approx(1)


def test_unknown_table_and_folder_without_a_result_are_refused(inputs: Path, out: Path) -> None:
    with pytest.raises(ArtifactError, match="no folder of scorecards"):
        result_files(out)
    run(inputs, out)
    with pytest.raises(ArtifactError, match="did you mean 'grades'"):
        result_files(out, "grade")


def test_report_tells_how_many_sentences_were_known_from_before(out: Path, tmp_path: Path) -> None:
    asked = [Transcript(f"c{n}", [Turn("agent", "Hello. How are you?")]) for n in range(8)]
    write_calls(tmp_path / "calls.jsonl", asked)

    report = run(tmp_path / "calls.jsonl", out, plain, shard_size=4)

    assert (report.encoded, report.remembered, report.hit_rate) == (2, 2, 0.5)
    assert run(tmp_path / "calls.jsonl", out, plain, shard_size=4).to_dict()["hit_rate"] is None


@pytest.mark.parametrize("workers", [1, 2])
def test_vectors_on_disk_serve_the_next_job_and_change_nothing(
    tmp_path: Path, workers: int
) -> None:
    write_calls(
        tmp_path / "calls.jsonl",
        [chat("a", "agent: Hello!", "customer: Good morning."), chat("b", "agent: Bye.")],
    )
    folder = tmp_path / "vectors"
    make = functools.partial(remembering, folder)

    plainly = run(tmp_path / "calls.jsonl", tmp_path / "plain", plain)
    first = run(tmp_path / "calls.jsonl", tmp_path / "first", make, workers=workers)
    second = run(tmp_path / "calls.jsonl", tmp_path / "second", make, workers=workers)

    assert (plainly.encoded, first.encoded, second.encoded) == (3, 3, 0)
    assert second.hit_rate == 1.0
    assert (
        contents(tmp_path / "first")
        == contents(tmp_path / "second")
        == contents(tmp_path / "plain")
    )


def remembering(folder: Path) -> Scorer:
    """Give the scorer that needs no weights, with a store of vectors."""
    return Scorer(Rubric.from_yaml(RUBRIC), encoder=HashEncoder(), cache_folder=folder)

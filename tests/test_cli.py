"""The command line: what each verb prints where, writes, and exits with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import qa_nlp
from qa_nlp.phrase_bank import shipped_banks
from qa_nlp.rubric import Rubric, shipped_rubrics
from qa_nlp.samples import load_samples
from qa_nlp.scorecard import Scorecard
from qa_nlp.scorecards import read_scorecards, write_scorecards
from qa_nlp.scorer import Scorer
from tests.command_line import run

ROOT = Path(__file__).resolve().parent.parent
CALL, CHAT, OTHER = (load_samples()[number] for number in (0, 24, 2))
EMPTY = {"id": "silent", "turns": []}
QUESTIONS = """\
question,levels,critical
Did the agent greet?,no|yes,
Was the caller identified?,no|yes,yes
"""


def write_calls(path: Path, *rows: Any) -> Path:
    lines = [json.dumps(row if isinstance(row, dict) else row.to_dict()) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder whose screen is 100 columns wide."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    return tmp_path


@pytest.fixture
def calls(folder: Path) -> Path:
    return write_calls(folder / "calls.jsonl", CALL, CHAT)


@pytest.fixture
def unscored(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test when anything is scored."""

    def refuse(*_: object) -> None:
        raise AssertionError("scored before the command line was checked")

    monkeypatch.setattr(Scorer, "iter_scores", refuse)


# score


def test_score_writes_a_scorecard_for_each_transcript_and_exits_0(calls: Path) -> None:
    result = run("score", calls, "--rubric", "service_excellence", "--out", "cards.jsonl")

    assert result.code == 0, result.err
    assert [card.transcript_id for card in read_scorecards("cards.jsonl")] == [CALL.id, CHAT.id]
    assert "2 scorecards, 0 errors" in result.out
    assert "written: cards.jsonl" in result.out
    assert CALL.id in result.out
    assert "scoring" in result.err


def test_score_writes_the_same_cards_as_the_library(calls: Path) -> None:
    run("score", calls, "-r", "support_call", "-o", "cards.jsonl")

    rows = [CALL, CHAT]
    assert read_scorecards("cards.jsonl") == Scorer("support_call").score(rows)


@pytest.mark.parametrize("ending", ["jsonl", "parquet", "html"])
def test_score_writes_the_form_that_the_ending_names(calls: Path, ending: str) -> None:
    out = Path("new", "folder", f"cards.{ending}")

    result = run("score", calls, "--out", out, "--json")

    assert result.code == 0
    text = out.read_bytes()
    assert text.startswith({"jsonl": b'{"format', "parquet": b"PAR1", "html": b"<!DOCTYPE"}[ending])
    assert [path.name for path in out.parent.iterdir()] == [out.name]


def test_score_reads_files_folders_and_patterns(folder: Path) -> None:
    write_calls(folder / "a.jsonl", CALL)
    (folder / "sub").mkdir()
    write_calls(folder / "sub" / "b.jsonl", CHAT)
    write_calls(folder / "c1.jsonl", OTHER)

    result = run("score", "a.jsonl", "sub", "c?.jsonl", "--json")

    assert json.loads(result.out)["scorecards"] == 3


def test_score_writes_to_scorecards_jsonl_where_explain_looks(calls: Path) -> None:
    run("score", calls)

    assert run("explain", CALL.id).code == 0


def test_score_exits_1_and_writes_all_others_when_one_cannot_be_scored(folder: Path) -> None:
    write_calls(folder / "calls.jsonl", CALL, EMPTY, CHAT)

    result = run("score", "calls.jsonl", "--out", "cards.jsonl")

    assert result.code == 1
    cards = read_scorecards("cards.jsonl")
    assert [card.error is None for card in cards] == [True, False, True]
    assert cards[1].error == "the transcript has no words"
    assert "silent: the transcript has no words" in result.out
    assert "3 scorecards, 1 error" in result.out


def test_score_prints_one_json_object_alone(folder: Path) -> None:
    write_calls(folder / "calls.jsonl", CALL, EMPTY)

    result = run("score", "calls.jsonl", "--out", "cards.parquet", "--json")

    assert result.code == 1
    assert result.err == ""
    summary = json.loads(result.out)
    assert summary.pop("needs_review") >= 1
    assert summary == {"scorecards": 2, "errors": 1, "out": "cards.parquet"}


def test_score_shows_the_first_cards_and_counts_the_rest(folder: Path) -> None:
    rows = [{"id": f"c{n:02}", "turns": [{"role": "agent", "text": "Hello"}]} for n in range(45)]
    write_calls(folder / "calls.jsonl", *rows)

    result = run("score", "calls.jsonl")

    assert "c39" in result.out
    assert "c40" not in result.out
    assert "… and 5 more" in result.out
    assert "45 scorecards" in result.out


def test_score_without_quotes_writes_no_words(calls: Path) -> None:
    run("score", calls, "--no-quotes", "--out", "cards.jsonl")

    evidence = [e for c in read_scorecards("cards.jsonl") for g in c.grades for e in g.evidence]
    assert any(item.turn is not None for item in evidence)
    assert {item.quote for item in evidence} == {None}


def test_score_takes_the_roles_it_is_told(folder: Path) -> None:
    words = "spk_0: Good morning, how can I help?\nspk_1: My parcel is lost.\n" * 3
    (folder / "call.txt").write_text(words)

    run("score", "call.txt", "--role", "spk_0=agent", "--role", "spk_1=customer")

    (card,) = read_scorecards("scorecards.jsonl")
    greeting = [item for item in card.grade("communication").evidence if item.turn == 0]
    assert [item.signal for item in greeting] == [
        "tone.politeness.mean",
        "phrase.greeting [first 2 agent turns]",
    ]


def test_score_reads_a_table_with_columns_of_other_names(folder: Path) -> None:
    (folder / "turns.csv").write_text("call_id,role,said\na,agent,Hello\na,customer,Hi\n")

    unnamed = run("score", "turns.csv")
    named = run("score", "turns.csv", "--column", "text=said")

    assert (unnamed.code, named.code) == (1, 0)
    assert "none of the 3 columns is called 'text'" in " ".join(unnamed.out.split())


@pytest.mark.usefixtures("unscored")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "Missing argument"),
        (["missing.jsonl"], "'missing.jsonl' matches no file; check the path"),
        (["no*.txt"], "matches no file"),
        (["calls.jsonl", "--colour"], "No such option: --colour"),
        (["calls.jsonl", "--rubric", "support_cal"], "did you mean 'support_call'"),
        (["calls.jsonl", "--rubric", "gone.yaml"], "gone.yaml: no such file"),
        (["calls.jsonl", "--role", "agent"], "--role takes LABEL=ROLE such as spk_0=agent"),
        (["calls.jsonl", "--role", "=agent"], "--role takes LABEL=ROLE"),
        (["calls.jsonl", "--role", "spk_0=agnt"], "did you mean 'agent'"),
        (["calls.jsonl", "--format", "webvt"], "did you mean 'webvtt'"),
        (["calls.jsonl", "--column", "text"], "--column takes OURS=THEIRS"),
        (["calls.jsonl", "--column", "txt=words"], "did you mean 'text'"),
        (["calls.jsonl", "--out", "cards.csv"], "end it in .jsonl, .parquet or .html"),
        (["calls.jsonl", "--out", "taken.jsonl"], "taken.jsonl: is a folder"),
        (["calls.jsonl", "--out", "calls.jsonl/cards.html"], "cannot be written"),
        (["calls.jsonl", "--out", "calls.jsonl"], "is among the files to score"),
        ([".", "--out", "./calls.jsonl"], "is among the files to score"),
    ],
)
def test_score_exits_2_before_scoring_when_it_is_used_wrongly(
    calls: Path, arguments: list[str], message: str
) -> None:
    Path("taken.jsonl").mkdir()
    before = calls.read_bytes()

    result = run("score", *arguments)

    assert result.code == 2
    assert result.out == ""
    assert message in result.err
    assert calls.read_bytes() == before
    assert {path.name for path in Path().iterdir()} == {"calls.jsonl", "taken.jsonl"}


def test_score_refuses_a_rubric_that_names_a_missing_signal(calls: Path) -> None:
    text = (ROOT / "rubric_prompts" / "rubrics" / "support_chat.yaml").read_text(encoding="utf-8")
    Path("mine.yaml").write_text(text.replace("phrase.greeting", "phrase.greting"), "utf-8")

    result = run("score", calls, "--rubric", "mine.yaml")

    assert result.code == 2
    assert "mine.yaml:" in result.err
    assert "there is no signal 'phrase.greting'; did you mean 'phrase.greeting'" in result.err
    assert not Path("scorecards.jsonl").exists()


def test_score_leaves_the_old_file_alone_and_exits_130_when_it_is_interrupted(
    calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("cards.jsonl").write_text("old")

    def interrupted(*_: object) -> Iterator[Scorecard]:
        yield Scorecard("first", "first", "demo", "1", error="reason")
        raise KeyboardInterrupt

    monkeypatch.setattr(Scorer, "iter_scores", interrupted)

    result = run("score", calls, "--out", "cards.jsonl")

    assert result.code == 130
    assert "Traceback" not in result.out + result.err
    assert Path("cards.jsonl").read_text() == "old"
    assert {path.name for path in Path().iterdir()} == {"calls.jsonl", "cards.jsonl"}


# explain


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scored") / "cards.jsonl"
    return write_scorecards(Scorer().score([CALL, CHAT]), path)


def test_explain_shows_grades_with_the_words_behind_them(scored: Path) -> None:
    result = run("explain", CALL.id, "--scores", scored)

    card = read_scorecards(scored)[CALL.id]
    flat = " ".join(result.out.split())
    assert result.code == 0
    assert f"total {card.total:.1f}" in flat
    for grade in card.grades:
        assert f"{grade.criterion.replace('_', ' ')} {grade.level or ''}".strip() in flat
        for item in grade.evidence:
            assert item.signal.split()[0] in flat
            assert item.quote is None or item.quote.split()[0] in flat


def test_explain_prints_one_json_object_alone(scored: Path) -> None:
    result = run("explain", CALL.id, "--scores", scored, "--json")

    assert (result.code, result.err) == (0, "")
    assert Scorecard.from_dict(json.loads(result.out)) == read_scorecards(scored)[CALL.id]


def test_explain_reads_parquet(scored: Path) -> None:
    write_scorecards(read_scorecards(scored), "cards.parquet")

    as_parquet = run("explain", CHAT.id, "--scores", "cards.parquet")

    assert as_parquet.out == run("explain", CHAT.id, "--scores", scored).out


def test_explain_lists_near_ids_when_the_id_is_unknown(scored: Path) -> None:
    result = run("explain", CALL.id.replace("-", "_"), "--scores", scored)

    assert (result.code, result.out) == (2, "")
    assert f"did you mean {CALL.id!r}" in result.err


def test_explain_says_how_to_make_scorecards_when_there_are_none() -> None:
    result = run("explain", "c1")

    assert (result.code, result.out) == (2, "")
    assert "no scorecards at scorecards.jsonl" in result.err
    assert "qa-nlp score IN… --out scorecards.jsonl" in result.err


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("cards.html", b"<!DOCTYPE html>", "must end in .jsonl or .parquet"),
        ("cards.jsonl", b'{"format_version": 1, "transcr', "cards.jsonl:1: not JSON"),
        ("cards.jsonl", b'{"id": "c1", "turns": []}', "cards.jsonl:1: scorecard format None"),
        ("cards.parquet", b"PAR1", "not a Parquet file, or cut off"),
    ],
)
def test_explain_exits_2_when_the_file_holds_no_scorecards(
    name: str, content: bytes, message: str
) -> None:
    Path(name).write_bytes(content)

    result = run("explain", "c1", "--scores", name)

    assert (result.code, result.out) == (2, "")
    assert message in result.err


HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b31m red \u202eesrever\u2066 \r hidden"


@pytest.mark.parametrize("verb", ["score", "explain"])
def test_escape_sequences_and_bidi_controls_never_reach_the_terminal(
    folder: Path, verb: str
) -> None:
    said = [("agent", f"Hello! {HOSTILE}"), ("customer", f"This is terrible. {HOSTILE}")] * 4
    turns = [{"role": role, "text": text} for role, text in said]
    rows = [{"id": identifier, "turns": turns} for identifier in (f"a{HOSTILE}", "b")]
    write_calls(folder / "calls.jsonl", *rows, {**EMPTY, "id": f"c{HOSTILE}"})

    scoring = run("score", "calls.jsonl")
    result = scoring if verb == "score" else run("explain", "b")

    assert "terrible" in result.out or verb == "score"
    printed = result.out + result.err
    assert not any(character in printed for character in "\x1b\x9b\x07\r\u202e\u2066")


# check


def test_check_counts_what_is_fine_and_exits_0(calls: Path) -> None:
    rubric = ROOT / "rubric_prompts" / "rubrics" / "support_call.yaml"
    bank = ROOT / "rubric_prompts" / "phrases" / "greeting.yaml"

    result = run("check", calls, rubric, bank)

    assert result == (0, "", "4 fine, 0 findings\n")


def test_check_lists_every_finding_with_its_place_and_exits_1(folder: Path) -> None:
    calls = write_calls(folder / "calls.jsonl", CALL, {"id": "x", "turns": [{"role": "agent"}]})
    Path("form.yaml").write_text("format_version: 1\nid: form\nsectoins: []\n")
    Path("bank.yaml").write_text("samples: 3\n")

    result = run("check", calls, "form.yaml", "bank.yaml")

    assert result.code == 1
    assert f"{calls}:2, transcript 'x': turn 0: the turn has no 'text'" in result.out
    assert "form.yaml:3: sectoins: " in result.out
    assert "bank.yaml:1: samples" in result.out
    assert result.err.startswith("1 fine, ")


def test_check_finds_a_signal_that_does_not_exist() -> None:
    text = (ROOT / "rubric_prompts" / "rubrics" / "support_chat.yaml").read_text(encoding="utf-8")
    Path("mine.yaml").write_text(text.replace("phrase.greeting", "phrase.greting"), "utf-8")

    result = run("check", "mine.yaml")

    assert result.code == 1
    assert "did you mean 'phrase.greeting'" in result.out


def test_check_prints_one_json_object_alone(folder: Path) -> None:
    calls = write_calls(folder / "calls.jsonl", CALL, EMPTY)
    Path("bad.txt").write_text("")

    result = run("check", calls, "bad.txt", "--json")

    assert (result.code, result.err) == (1, "")
    report = json.loads(result.out)
    assert report["fine"] == 2
    assert report["findings"] == [
        {"where": "bad.txt", "problem": "bad.txt: the file is empty; export it again or remove it"}
    ]


@pytest.mark.parametrize("name", ["gone.yaml", "gone.jsonl", "gone*.txt"])
def test_check_exits_2_when_a_file_is_missing(calls: Path, name: str) -> None:
    result = run("check", calls, name)

    assert (result.code, result.out) == (2, "")
    assert f"{name!r} matches no file" in result.err


def test_check_scores_nothing(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qa_nlp.scorer, "encoder_offers", None)

    assert run("check", calls).code == 0


# rubric


def test_rubric_init_writes_a_rubric_that_check_and_score_accept(calls: Path) -> None:
    Path("questions.csv").write_text(QUESTIONS)

    made = run("rubric", "init", "questions.csv", "--out", "forms/our form.yaml")

    assert made.code == 0
    assert "qa-nlp check forms/our form.yaml" in made.out
    form = Rubric.load(Path("forms/our form.yaml"))
    assert (form.id, form.name, len(form.criteria)) == ("our_form", "our form", 2)
    assert run("check", "forms/our form.yaml").code == 0
    assert run("score", calls, "--rubric", "forms/our form.yaml").code == 0


@pytest.mark.parametrize("name", ["оценка.yaml", "-.yml", "a.b.yaml"])
def test_rubric_init_finds_an_id_for_every_file_name(name: str) -> None:
    Path("questions.csv").write_text(QUESTIONS)

    result = run("rubric", "init", "questions.csv", "--out", f"./{name}", "--name", "Our form")

    assert result.code == 0, result.err
    assert Rubric.load(Path(name)).name == "Our form"


def test_rubric_init_replaces_a_file_only_when_forced() -> None:
    Path("questions.csv").write_text(QUESTIONS)
    Path("form.yaml").write_text("precious")

    refused = run("rubric", "init", "questions.csv", "--out", "form.yaml")
    kept = Path("form.yaml").read_text()
    forced = run("rubric", "init", "questions.csv", "--out", "form.yaml", "--force")

    assert (refused.code, kept) == (2, "precious")
    assert "form.yaml exists; add --force" in refused.err
    assert forced.code == 0
    assert Rubric.load(Path("form.yaml")).id == "form"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["questions.csv"], "Missing option '--out'"),
        (["gone.csv", "--out", "a.yaml"], "gone.csv: no such file"),
        (["questions.csv", "--out", "form.txt"], "must end in .yaml or .yml"),
        (["questions.csv", "--out", "questions.csv/form.yaml"], "cannot be written"),
        (["bad.csv", "--out", "form.yaml"], "bad.csv:"),
    ],
)
def test_rubric_init_exits_2_when_it_is_used_wrongly(arguments: list[str], message: str) -> None:
    Path("questions.csv").write_text(QUESTIONS)
    Path("bad.csv").write_text("question,levels\nGood?,no\n")

    result = run("rubric", "init", *arguments)

    assert (result.code, result.out) == (2, "")
    assert message in result.err


def test_rubric_list_names_every_shipped_rubric() -> None:
    lines = run("rubric", "list").out.splitlines()
    rows = json.loads(run("rubric", "list", "--json").out)

    assert [line.split()[0] for line in lines] == list(shipped_rubrics())
    assert [row["id"] for row in rows] == list(shipped_rubrics())
    assert all(row["criteria"] == len(Rubric.load(row["id"]).criteria) for row in rows)


# info, demo, and what is common to all


def test_info_shows_versions_weights_and_terms() -> None:
    shown = run("info")
    facts = json.loads(run("info", "--json").out)

    assert shown.code == 0
    assert facts["qa_nlp"] == qa_nlp.__version__
    shipped = [offer.fingerprint for offer in Scorer().encoders]
    assert [encoder["fingerprint"] for encoder in facts["encoders"]] == shipped
    assert facts["rubrics"] == list(shipped_rubrics())
    assert facts["phrase_banks"] == list(shipped_banks())
    for name, weights in facts["weights"].items():
        assert len(weights["sha256"]) == 64
        assert f"weights: {name} {weights['sha256'][:16]}, terms: {weights['terms']}" in shown.out


@pytest.mark.slow
def test_demo_calibrates_scores_every_sample_and_shows_one_in_full() -> None:
    result = run("demo", "--out", "out")

    assert result.code == 0
    assert {path.name for path in Path("out").iterdir()} == {
        "scorecards.jsonl",
        "scorecards.parquet",
        "scorecards.html",
        "service_excellence.scorer",
        "agreement.html",
    }
    cards = read_scorecards("out/scorecards.jsonl")
    assert [card.transcript_id for card in cards] == [sample.id for sample in load_samples()]
    assert cards == read_scorecards("out/scorecards.parquet")
    assert cards.errors == ()
    assert f"{len(cards)} scorecards, 0 errors" in result.out
    assert "One of them in full" in result.out
    assert "for illustration" in result.err
    assert "before and after learning" in result.out
    assert "R1 is " in result.out
    assert "Does it agree with people as well as people agree with each other?" in result.out
    assert "out-of-fold grades" in Path("out/agreement.html").read_text("utf-8")
    assert all(card.fold is not None for card in cards)
    assert Scorer.load("out/service_excellence.scorer").fingerprint == cards[0].fingerprint
    assert run("explain", cards[-1].transcript_id, "--scores", "out/scorecards.jsonl").code == 0


def test_demo_exits_2_before_learning_when_the_folder_cannot_be_written_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path("taken").write_text("")
    monkeypatch.setattr(Scorer, "calibrate", None)

    result = run("demo", "--out", "taken")

    assert result.code == 2
    assert "cannot be written" in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["scor"], "No such command 'scor'"),
        (["rubric", "lst"], "No such command 'lst'"),
        (["--rubric"], "No such option"),
        (["info", "surplus"], "unexpected extra argument"),
        (["explain"], "Missing argument"),
    ],
)
def test_unknown_commands_and_options_exit_2(arguments: list[str], message: str) -> None:
    result = run(*arguments)

    assert (result.code, result.out) == (2, "")
    assert message in result.err


@pytest.mark.parametrize("arguments", [[], ["rubric"]])
def test_command_line_without_a_verb_shows_the_verbs_and_exits_2(arguments: list[str]) -> None:
    result = run(*arguments)

    assert result.code == 2
    assert "Commands:" in result.out + result.err


@pytest.mark.parametrize(
    "verb",
    [
        *("", "score", "calibrate", "report", "explain", "check", "rubric init", "rubric list"),
        *("tasks export", "tasks import", "tasks assign", "info", "demo"),
    ],
)
def test_every_verb_explains_itself(verb: str) -> None:
    result = run(*verb.split(), "--help")

    assert result.code == 0
    assert "Usage:" in result.out


def test_version_is_that_of_the_library() -> None:
    assert run("--version") == (0, f"qa-nlp {qa_nlp.__version__}\n", "")


@pytest.mark.slow
def test_installed_command_prints_json_alone_even_where_the_terminal_knows_only_ascii(
    folder: Path,
) -> None:
    write_calls(folder / "calls.jsonl", {**CHAT.to_dict(), "id": "conversație"}, EMPTY)
    pq.write_table(pa.table({"x": [1]}), "foreign.parquet")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    arguments = ["score", "calls.jsonl", "foreign.parquet", "--json"]

    process = subprocess.run(
        [sys.executable, "-m", "qa_nlp.cli", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )

    assert process.returncode == 1, process.stderr
    assert json.loads(process.stdout)["errors"] == 2
    assert "Traceback" not in process.stderr
    assert len(read_scorecards("scorecards.jsonl")) == 3

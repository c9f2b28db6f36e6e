"""The commands on phrase banks: what each prints, asks, writes, and exits with."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qa_nlp import cli_phrases
from qa_nlp.phrase_bank import PhraseBankFile, load_bank_file, save_bank_file, shipped_banks
from tests.builders import chat
from tests.command_line import Run, run

BANK = {
    "format_version": 1,
    "id": "parking",
    "name": "Parking",
    "purpose": "The agent tells the customer where to park.",
    "kind": "standard",
    "samples": {"en": ["You can park behind the building.", "There is a garage next door."]},
    "look_alikes": {"en": ["I have parked your ticket."]},
}
CALLS = (
    chat(
        "c1",
        "agent: Leave the car at gate 4471 0923.",
        "customer: Where can I park?",
        "agent: Our street has a lot of cars. You can park behind the building.",
    ),
    chat("c2", "agent: The weather is fine today.", "agent: Ask ann@example.com for a space."),
)
SAID = 4
"""Distinct sentences of the agents that are not in the bank."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder with a bank, two calls and a file of answers."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "banks").mkdir()
    save_bank_file(PhraseBankFile.model_validate(BANK), tmp_path / "banks" / "parking.yaml")
    lines = [json.dumps(call.to_dict()) for call in CALLS]
    (tmp_path / "calls.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "answers.csv").write_text(
        "text,label\n"
        "Please use the yard at the back for your car 4471 0923.,1\n"
        "There is a garage next door.,1\n"
        "Your parcel is in the yard.,0\n",
        encoding="utf-8",
    )
    return tmp_path


def bank() -> PhraseBankFile:
    return load_bank_file(Path("banks/parking.yaml"))


def suggest(*arguments: str | Path) -> Run:
    return run("phrases", "suggest", "calls.jsonl", "--bank", "banks/parking.yaml", *arguments)


Answer = Callable[..., list[str]]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Give a function that answers at a terminal, one given answer after the other."""

    def answer(*given: str | type[BaseException]) -> list[str]:
        asked: list[str] = []
        answers: Iterator[str | type[BaseException]] = iter(given)

        def reply(prompt: str) -> str:
            asked.append(prompt)
            answer = next(answers)
            if isinstance(answer, str):
                return answer
            raise answer

        monkeypatch.setattr(cli_phrases, "_at_a_terminal", lambda: True)
        monkeypatch.setattr("builtins.input", reply)
        return asked

    return answer


# list


def test_list_names_every_shipped_bank_with_the_samples_of_each_language() -> None:
    lines = run("phrases", "list").out.splitlines()
    rows = json.loads(run("phrases", "list", "--json").out)

    assert [line.split()[0] for line in lines] == list(shipped_banks())
    assert [row["id"] for row in rows] == list(shipped_banks())
    for row in rows:
        file = load_bank_file(row["id"])
        assert (row["name"], row["kind"]) == (file.name, file.kind)
        assert row["languages"] == {code: len(texts) for code, texts in file.samples.items()}


# suggest


def test_suggest_only_lists_where_nobody_can_answer() -> None:
    before = Path("banks/parking.yaml").read_bytes()

    result = suggest("--out", "parking.yaml")

    assert result.code == 0, result.err
    assert len(result.out.splitlines()) == SAID
    assert "c1, turn 0  Leave the car at gate •••••••••." in result.out
    assert "Ask ••••••••••••••• for a space." in result.out
    assert "nothing written" in result.err
    assert Path("banks/parking.yaml").read_bytes() == before
    assert not Path("parking.yaml").exists()


def test_suggest_prints_json_lines_that_learn_takes_once_labelled(answering: Answer) -> None:
    asked = answering()

    result = suggest("--json", "-n", "3")

    rows: list[dict[str, Any]] = [json.loads(line) for line in result.out.splitlines()]
    assert (result.code, result.err, asked, len(rows)) == (0, "", [], 3)
    assert set(rows[0]) == {"text", "probability", "transcript_id", "turn", "language"}
    labelled = [json.dumps({**row, "label": number == 0}) for number, row in enumerate(rows)]
    Path("done.jsonl").write_text("\n".join(labelled), encoding="utf-8")
    assert run("phrases", "learn", "banks/parking.yaml", "done.jsonl").code == 0
    assert bank().samples["en"][-1] == rows[0]["text"]


def test_suggest_writes_the_answers_into_the_bank_and_masks_them(answering: Answer) -> None:
    order = [json.loads(line)["text"] for line in suggest("--json").out.splitlines()]
    asked = answering("y", "what?", " NO ", "skip", "y")

    result = suggest()

    assert result.code == 0, result.err
    assert len(asked) == 5
    assert bank().samples["en"][2:] == (order[0], order[3])
    assert bank().look_alikes["en"][1:] == (order[1],)
    assert "4471" not in Path("banks/parking.yaml").read_text("utf-8") + result.out
    assert "names are not" in result.out
    assert "2 samples and 1 look-alike more" in result.out


@pytest.mark.parametrize("end", ["q", EOFError])
def test_suggest_writes_the_answers_so_far_at_q_and_at_the_end_of_input(
    answering: Answer, end: str | type[BaseException]
) -> None:
    answering("y", end)

    result = suggest("--out", "parking.yaml")

    assert result.code == 0
    assert len(load_bank_file(Path("parking.yaml")).samples["en"]) == 3
    assert len(bank().samples["en"]) == 2


def test_suggest_writes_nothing_when_it_is_interrupted(answering: Answer) -> None:
    answering("y", "n", KeyboardInterrupt)
    before = Path("banks/parking.yaml").read_bytes()

    result = suggest()

    assert result.code == 130
    assert "nothing is written" in result.err
    assert Path("banks/parking.yaml").read_bytes() == before
    assert [path.name for path in Path("banks").iterdir()] == ["parking.yaml"]


def test_suggest_writes_nothing_without_an_answer(answering: Answer) -> None:
    answering("s", "q")

    result = suggest("--out", "parking.yaml")

    assert (result.code, Path("parking.yaml").exists()) == (0, False)
    assert "no answers, so nothing is written" in result.out


def test_suggest_writes_a_shipped_bank_to_a_file_here(answering: Answer) -> None:
    answering("n", "q")

    result = run("phrases", "suggest", "calls.jsonl", "--bank", "greeting")

    assert result.code == 0, result.err
    written, shipped = load_bank_file(Path("greeting.yaml")), load_bank_file("greeting")
    assert len(written.look_alikes["en"]) == len(shipped.look_alikes["en"]) + 1
    assert written.samples == shipped.samples


def test_suggest_exits_1_and_goes_on_where_a_call_cannot_be_read() -> None:
    with Path("calls.jsonl").open("a", encoding="utf-8") as file:
        file.write('\n{"id": "bad", "turns": [{"role": "agent"}]}')

    result = suggest("--json")

    assert (result.code, len(result.out.splitlines())) == (1, SAID)
    assert "not read: calls.jsonl:3" in result.err


def test_suggest_says_so_when_there_is_nothing_to_suggest() -> None:
    call = chat("c", "customer: Hello, nobody here but me.")
    Path("calls.jsonl").write_text(json.dumps(call.to_dict()), encoding="utf-8")

    result = suggest()

    assert (result.code, result.out) == (0, "")
    assert "no sentence to suggest: nothing new by the agent" in result.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bank", "greting"], "did you mean 'greeting'"),
        (["--bank", "greeting", "--out", "hello.yaml"], "must be called 'greeting.yaml'"),
        (["--bank", "greeting", "--out", "greeting.txt"], "must be called 'greeting.yaml'"),
        (["--bank", "greeting"], "greeting.yaml exists; add --force to replace it, or name"),
        (["--bank", "banks/parking.yaml", "--out", "parking.yaml"], "exists; add --force"),
        (["--bank", "greeting", "--out", "calls.jsonl/greeting.yaml"], "cannot be written"),
        (["--bank", "greeting", "--encoder", "eng"], "encoder 'eng'"),
        (["--bank", "greeting", "--n", "0"], "--n"),
        ([], "Missing option '--bank'"),
    ],
)
def test_suggest_exits_2_before_it_asks_when_it_is_used_wrongly(
    answering: Answer, arguments: list[str], message: str
) -> None:
    asked = answering()
    for name in ("greeting.yaml", "parking.yaml"):
        if "eng" not in arguments:
            Path(name).write_text("precious")

    result = run("phrases", "suggest", "calls.jsonl", *arguments)

    assert (result.code, result.out, asked) == (2, "", [])
    assert message in result.err
    assert {path.read_text() for path in Path().glob("*.yaml")} <= {"precious"}


# learn


def test_learn_writes_the_bank_and_says_how_it_did_before() -> None:
    result = run("phrases", "learn", "banks/parking.yaml", "answers.csv")

    assert result.code == 0, result.err
    assert "Please use the yard at the back for your car •••••••••." in bank().samples["en"]
    assert bank().look_alikes["en"][-1] == "Your parcel is in the yard."
    assert "before the bank learnt from them" in result.out
    assert "written: banks/parking.yaml: 1 sample and 1 look-alike more" in result.out
    assert "names are not" in result.err


def test_learn_prints_one_json_object_alone() -> None:
    result = run("phrases", "learn", "banks/parking.yaml", "answers.csv", "--json")

    told = json.loads(result.out)
    before = told.pop("before")
    assert (result.code, result.err) == (0, "")
    assert told == {
        "out": "banks/parking.yaml",
        "samples": 1,
        "look_alikes": 1,
        "moved": 0,
        "left_out": 0,
    }
    assert before["found"] + before["missed"] == 2


def test_learn_keeps_a_file_with_comments_unless_forced() -> None:
    path = Path("banks/parking.yaml")
    path.write_text("# agreed with legal\n" + path.read_text("utf-8"), encoding="utf-8")

    refused = run("phrases", "learn", path, "answers.csv")
    kept = path.read_text("utf-8")
    forced = run("phrases", "learn", path, "answers.csv", "--force")

    assert (refused.code, forced.code) == (2, 0)
    assert "has comments, which would be lost" in refused.err
    assert kept.startswith("# agreed with legal")


def test_learn_takes_answers_in_a_language_that_the_encoder_does_not_read() -> None:
    Path("answers.csv").write_text(
        "text,label,language\nParcați în curte.,1,ro\nNu aici.,0,pt\n", encoding="utf-8"
    )

    result = run("phrases", "learn", "banks/parking.yaml", "answers.csv")

    assert result.code == 0
    assert bank().samples["ro"] == ("Parcați în curte.",)
    assert "precision" not in result.out
    assert "2 texts not measured: en does not read the language" in result.err
    assert "1 look-alike left out: the bank has no samples in their language" in result.err


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("text,lable\nHi,1\n", "answers.csv:1: the column 'label' is missing; did you mean"),
        ("text,label\nHi,perhaps\n", "answers.csv:2: the label must be 1 or 0"),
        ("text,label\nHi,1\nhi!,0\n", "answers.csv:3: the text of line 2 reads the same"),
        ("text,label\nGo to {spot}.,1\n", "answers.csv:2: unknown slot 'spot'"),
    ],
)
def test_learn_exits_2_and_writes_nothing_when_answers_are_wrong(rows: str, message: str) -> None:
    Path("answers.csv").write_text(rows, encoding="utf-8")
    before = Path("banks/parking.yaml").read_bytes()

    result = run("phrases", "learn", "banks/parking.yaml", "answers.csv")

    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert Path("banks/parking.yaml").read_bytes() == before


# test


def test_test_prints_figures_with_intervals_and_the_errors() -> None:
    Path("marked.csv").write_text(
        "text,label\n"
        "You can park behind the building.,1\n"
        "You can park behind the big building 4471 0923.,0\n"
        "Our menu changes every week.,0\n"
        "The weather is fine.,1\n",
        encoding="utf-8",
    )

    result = run("phrases", "test", "banks/parking.yaml", "marked.csv")

    assert result.code == 0, result.err
    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    assert lines[0] == "4 texts, of which 2 hits"
    assert lines[1] == "precision 0.50 (0.09 to 0.91) 1 of 2 taken for hits"
    assert lines[2] == "recall 0.50 (0.09 to 0.91) 1 of 2 hits found"
    assert lines[3].startswith("F1 0.50 (")
    assert [line.split()[0] for line in lines if " line " in line].count("missed") == 1
    assert "big building •••••••••." in result.out
    assert "1 of the 4 texts stand in the bank itself" in result.err


def test_test_prints_one_json_object_alone_with_at_most_ten_errors() -> None:
    rows = "".join(f"Number {n} is the weather of today.,1\n" for n in range(12))
    Path("marked.csv").write_text(f"text,label\n{rows}", encoding="utf-8")

    result = run("phrases", "test", "banks/parking.yaml", "marked.csv", "--json")

    told = json.loads(result.out)
    assert (result.code, result.err) == (0, "")
    assert (told["texts"], told["known"], told["missed"], told["precision"]) == (12, 0, 12, None)
    assert len(told["errors"]) == 10
    assert {error["error"] for error in told["errors"]} == {"missed"}


def test_test_exits_2_when_the_encoder_reads_none_of_the_texts() -> None:
    Path("marked.csv").write_text("text,label,language\nBună,1,ro\n", encoding="utf-8")

    result = run("phrases", "test", "greeting", "marked.csv")

    assert (result.code, result.out) == (2, "")
    assert "choose another --encoder" in result.err


def test_escape_sequences_never_reach_the_terminal(answering: Answer) -> None:
    hostile = "\x1b[2J\x9b31m \u202eesrever"
    call = chat(f"c{hostile}", f"agent: Park here {hostile}.")
    Path("calls.jsonl").write_text(json.dumps(call.to_dict()), encoding="utf-8")
    listed = suggest()
    answering("s")

    printed = listed.out + suggest().out

    assert "Park here" in printed
    assert not any(character in printed for character in "\x1b\x9b\u202e")


@pytest.mark.parametrize("verb", ["", "list", "suggest", "learn", "test"])
def test_every_verb_explains_itself(verb: str) -> None:
    result = run("phrases", *verb.split(), "--help")

    assert result.code == 0
    assert "Usage:" in result.out

"""``qa-nlp tasks export | import | assign``."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from qa_nlp.cli_tasks import tasks_app
from qa_nlp.grades import read_grades
from tests.command_line import Run
from tests.exchange.builders import annotation, call, choice, row, task, written


def run(*arguments: str | Path) -> Run:
    result = CliRunner().invoke(tasks_app, [str(argument) for argument in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Run(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Six conversations in a file, in a folder that is the current one."""
    monkeypatch.chdir(tmp_path)
    lines = []
    for number in range(6):
        one = call(f"c{number}", "My number is 12345", "Thanks").to_dict()
        lines.append(json.dumps({**one, "metadata": {"team": "ab"[number % 2]}}))
    Path("calls.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return "calls.jsonl"


def assignment(path: str) -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_export_writes_files_for_a_tool(calls: str) -> None:
    result = run("export", calls, "--out", "out")

    assert result.code == 0, result.err
    assert result.out.splitlines() == [
        f"written: {Path('out', name)}" for name in ("labelling_config.xml", "tasks.json")
    ]
    assert "12345" not in Path("out/tasks.json").read_text("utf-8")


def test_export_shows_numbers_when_told_not_to_mask(calls: str) -> None:
    run("export", calls, "--out", "out", "--no-mask", "--tool", "argilla")

    assert "12345" in Path("out/dataset/records.json").read_text("utf-8")


def test_export_writes_files_for_each_rater_and_who_grades_what(calls: str) -> None:
    result = run(
        *("export", calls, "--out", "out", "--raters", "Ana, Ben", "--overlap", ".5", "--json")
    )

    figures = json.loads(result.out)
    assert [Path(file).name for file in figures["files"]] == [
        *("labelling_config.xml", "tasks_Ana.json", "tasks_Ben.json", "assignment.csv")
    ]
    assert (figures["overlap"], figures["warning"]) == (0.5, None)
    for rater in ("Ana", "Ben"):
        tasks = json.loads(Path(f"out/tasks_{rater}.json").read_text("utf-8"))
        rows = [one for one in assignment("out/assignment.csv") if one["rater"] == rater]
        assert [one["data"]["transcript_id"] for one in tasks] == [
            one["transcript_id"] for one in rows
        ]


def test_export_leaves_a_folder_that_is_not_empty_unless_forced(calls: str) -> None:
    Path("out").mkdir()
    Path("out/notes.txt").write_text("Mine", encoding="utf-8")

    refused = run("export", calls, "--out", "out")
    forced = run("export", calls, "--out", "out", "--force")

    assert (refused.code, forced.code) == (2, 0)
    assert "is not empty" in refused.err
    assert Path("out/notes.txt").read_text("utf-8") == "Mine"


def test_export_tells_what_could_not_be_read(calls: str) -> None:
    with Path(calls).open("a", encoding="utf-8") as file:
        file.write('\n{"id": "bad"}\n')

    result = run("export", calls, "--out", "out")

    assert result.code == 1
    assert "not read: " in result.err
    assert len(json.loads(Path("out/tasks.json").read_text("utf-8"))) == 6


@pytest.mark.parametrize("verb", ["export", "assign"])
def test_reasons_are_told_when_nothing_could_be_read(calls: str, verb: str) -> None:
    Path(calls).write_text('{"id": "bad"}\n', encoding="utf-8")

    result = run(verb, calls, "--out", "out", "--raters", "Ana,Ben")

    assert result.code == 2
    assert "not read: " in result.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--tool", "argila"), "unknown annotation tool 'argila'; did you mean 'argilla'"),
        (("--raters", "Ana"), "an overlap needs at least two raters"),
        (("--raters", "Ana,Ben", "--overlap", "2"), "overlap must be a share"),
        (("--raters", "Ana,Ben", "--by", "teem"), "no conversation states it; did you mean 'team'"),
        (("--rubric", "nothing"), "no rubric 'nothing' is shipped"),
    ],
)
def test_export_is_refused_when_it_is_used_wrongly(
    calls: str, options: tuple[str, ...], message: str
) -> None:
    result = run("export", calls, "--out", "out", *options)

    assert result.code == 2
    assert message in result.err
    assert not Path("out").exists()


def test_assign_writes_who_grades_what(calls: str) -> None:
    result = run("assign", calls, "--raters", "Ana,Ben", "--overlap", "0.34", "--by", "team")

    rows = assignment("assignment.csv")
    twice = [one for one in {row["transcript_id"] for row in rows} if _times(rows, one) == 2]
    assert result.code == 0, result.err
    assert "8 gradings: Ana 4, Ben 4; 33.3% of the conversations are graded by 2" in result.out
    assert {int(one[1]) % 2 for one in twice} == {0, 1}  # one of each team


def _times(rows: list[dict[str, str]], identifier: str) -> int:
    return sum(row["transcript_id"] == identifier for row in rows)


def test_assign_warns_when_raters_are_not_linked(calls: str) -> None:
    result = run("assign", calls, "--raters", "A,B,C,D", "--overlap", "0.2")

    assert result.code == 0
    assert "does not link all 4 raters" in result.err


EXPORT = [
    task("c1", annotation(3, choice("empathy", "good"), choice("follow_up", "N/A"))),
    task("c2", annotation(3, choice("empathy", "poor"), was_cancelled=True)),
]


def import_(*arguments: str, **files: Any) -> Run:
    for name, document in files.items():
        written(Path(f"{name}.json"), document)
    return run("import", *(f"{name}.json" for name in files), *arguments)


def test_import_writes_grades_that_can_be_read(calls: str) -> None:
    ben = [row("c1", "ben@example.org", empathy="fair")]

    result = import_("--rater", "3=Ana", "--rater", "ben@example.org=Ben", ana=EXPORT, ben=ben)

    assert result.code == 0, result.err
    assert "3 grades from 2 annotations" in result.out
    assert "left out: 1 annotation skipped" in result.err
    assert read_grades("grades.csv").to_frame().to_numpy().tolist() == [
        ["c1", "empathy", "Ana", "good"],
        ["c1", "follow_up", "Ana", "N/A"],
        ["c1", "empathy", "Ben", "fair"],
    ]


def test_import_counts_for_programs(calls: str) -> None:
    result = import_("--json", "--out", "g.csv", ana=EXPORT)

    assert json.loads(result.out) == {
        **{"out": "g.csv", "grades": 2, "annotations": 1, "skipped": 1, "empty": 0}
    }


def test_import_leaves_a_file_of_grades_unless_forced(calls: str) -> None:
    Path("grades.csv").write_text("Mine", encoding="utf-8")

    refused = import_(ana=EXPORT)

    assert refused.code == 2
    assert "grades.csv exists; add --force" in refused.err
    assert Path("grades.csv").read_text("utf-8") == "Mine"
    assert import_("--force", ana=EXPORT).code == 0


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([task("c1", annotation(3, choice("empathy", "great")))], "has no level 'great'"),
        ([task("c1")], "no conversation was graded yet"),
        ([{"text": "Hello"}], "neither an export from Label Studio"),
    ],
)
def test_import_writes_nothing_when_the_export_does_not_fit(
    calls: str, document: Any, message: str
) -> None:
    result = import_(export=document)

    assert result.code == 2
    assert message in result.err
    assert not Path("grades.csv").exists()

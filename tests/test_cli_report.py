"""``qa-nlp report``: what it prints and writes, its gate, and bad input."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from qa_nlp.scorecard import Grade, GradeStatus, Scorecard
from qa_nlp.scorecards import write_scorecards
from tests.command_line import run

LEVELS = {"poor": 0.0, "fair": 1.0, "good": 2.0}
WORDS = "I am afraid that nobody told me"


def people(number: int) -> list[int]:
    """Give the levels by two people: mostly the same one."""
    random = np.random.default_rng(number)
    level = int(random.integers(3))
    return [level, level if random.random() < 0.8 else (level + 1) % 3]


def machine_level(number: int) -> int:
    random = np.random.default_rng([number, 1])
    return people(number)[0] if random.random() < 0.75 else int(random.integers(3))


def card(number: int) -> Scorecard:
    level = machine_level(number)
    grade = Grade(
        "tone",
        GradeStatus.GRADED,
        list(LEVELS)[level],
        probabilities={name: 0.8 if at == level else 0.1 for at, name in enumerate(LEVELS)},
        expected=float(level),
        level_values=LEVELS,
        level_points=LEVELS,
    )
    team = {"team": "north" if number % 2 else "south"}
    return Scorecard(
        f"c{number}", f"c{number}", "our form", "1", grades=(grade,), metadata=team, word_count=90
    )


def write_grades(path: Path, rows: list[tuple[str, str, str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("transcript_id", "criterion", "rater", "level"), *rows])
    return path


@pytest.fixture
def scores(tmp_path: Path) -> Path:
    path = tmp_path / "scores.jsonl"
    write_scorecards([card(number) for number in range(80)], path)
    return path


@pytest.fixture
def grades(tmp_path: Path) -> Path:
    rows = [
        (f"c{number}", "tone", rater, list(LEVELS)[level])
        for number in range(80)
        for rater, level in zip(("Ana", "Ben"), people(number), strict=True)
    ]
    return write_grades(tmp_path / "grades.csv", rows)


def test_report_prints_the_four_answers_and_a_verdict_for_each_criterion(
    scores: Path, grades: Path
) -> None:
    result = run("report", scores, grades, "--by", "team")

    assert result.code == 0
    assert "Is it fair?" in result.out
    assert "Tone" in result.out


def test_report_writes_page_figures_and_tables(scores: Path, grades: Path, tmp_path: Path) -> None:
    page, figures, tables = tmp_path / "a.html", tmp_path / "a.json", tmp_path / "tables"

    result = run("report", scores, grades, "-o", page, "-o", figures, "-o", tables)

    assert result.code == 0
    assert [f"written: {path}" in result.out for path in (page, figures, tables)] == [True] * 3
    assert "<!doctype html>" in page.read_text("utf-8").lower()
    assert json.loads(figures.read_text("utf-8"))["data"]["matched"] == 80
    assert (tables / "figures.csv").is_file()


def test_report_as_json_holds_the_study_and_nothing_else(scores: Path, grades: Path) -> None:
    result = run("report", scores, grades, "--json")

    assert json.loads(result.out)["criteria"][0]["criterion"] == "tone"


@pytest.mark.parametrize(("least", "code"), [("0.1", 0), ("0.99", 1)])
def test_gate_tests_the_lower_end_of_the_interval(
    scores: Path, grades: Path, least: str, code: int
) -> None:
    result = run("report", scores, grades, "--fail-under", f"qwk={least}")

    assert result.code == code
    assert ("not reached: tone" in result.err) == bool(code)


def test_plain_tables_of_another_system_are_judged(grades: Path, tmp_path: Path) -> None:
    rows = [(f"c{n}", "tone", "", str(machine_level(n))) for n in range(80)]
    people_rows = [
        (f"c{n}", "tone", rater, str(level))
        for n in range(80)
        for rater, level in zip(("Ana", "Ben"), people(n), strict=True)
    ]
    machine = write_grades(tmp_path / "machine.csv", rows)
    human = write_grades(tmp_path / "human.csv", people_rows)

    result = run("report", machine, human, "--plain", "--json")

    assert result.code == 0
    assert json.loads(result.out)["data"]["double_graded"] == 80


def test_plain_tables_take_levels_and_metadata(grades: Path, tmp_path: Path) -> None:
    rows = [(f"c{n}", "tone", "", list(LEVELS)[machine_level(n)]) for n in range(80)]
    machine = write_grades(tmp_path / "machine.csv", rows)
    about = tmp_path / "about.csv"
    lines = [f"c{n},{'north' if n % 2 else 'south'}" for n in range(80)]
    about.write_text("\n".join(["transcript_id,team", *lines]), "utf-8")

    plain = ("--plain", "--metadata", about, "--by", "team", "--json")
    same = run("report", machine, grades, *plain, "--levels", "poor,fair,good")
    named = run("report", machine, grades, *plain, "--levels", "tone=poor,fair,good")

    assert same.code == 0, same.err
    assert same.out == named.out
    groups = json.loads(same.out)["criteria"][0]["groups"]
    assert [group["group"] for group in groups] == ["north", "south"]


def test_passages_come_from_the_transcripts_and_stay_out_when_not_wanted(
    grades: Path, tmp_path: Path
) -> None:
    from qa_nlp.scorecard import Evidence

    far = card(0)
    level = 2 if people(0)[0] == 0 else 0
    (own,) = far.grades
    shown = Grade.from_dict(
        own.to_dict()
        | {
            "level": list(LEVELS)[level],
            "expected": float(level),
            "evidence": [Evidence("tone", -1.0, 0, 0, len(WORDS), WORDS).to_dict()],
        }
    )
    scores = tmp_path / "scores.jsonl"
    write_scorecards(
        [Scorecard("c0", "c0", "our form", "1", grades=(shown,)), *map(card, range(1, 80))], scores
    )
    calls = tmp_path / "calls.jsonl"
    calls.write_text(
        json.dumps({"id": "c0", "turns": [{"role": "customer", "text": WORDS}]}), "utf-8"
    )
    page = tmp_path / "page.html"

    run("report", scores, grades, "--transcripts", calls, "-o", page)
    with_words = page.read_text("utf-8")
    figures, tables = tmp_path / "a.json", tmp_path / "tables"
    outs = ("-o", page, "-o", figures, "-o", tables)
    silent = run("report", scores, grades, "--transcripts", calls, *outs, "--no-text", "--json")

    assert WORDS in with_words
    written = [page, figures, *tables.iterdir()]
    assert not any(WORDS in path.read_text("utf-8") for path in written)
    assert WORDS not in silent.out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--by", "taem"], "did you mean 'team'"),
        (["--reference", "Anna"], "did you mean 'Ana'"),
        (["--cluster", "agent"], "has 'agent' to resample by"),
        (["--fail-under", "qwk"], "write FIGURE=LEAST"),
        (["--fail-under", "qkw=1"], "did you mean 'qwk'"),
        (["--fail-under", "mae=1"], "less is better"),
        (["-o", "page.pdf"], "ends in .html or .json, or a folder"),
        (["--rubric", "no_such_form"], "no_such_form"),
        (["--levels", "poor,good"], "go with --plain"),
        (["--plain", "--metadata", "about.xlsx"], "give a .csv, .parquet or .jsonl file"),
        (["--plain", "--metadata", "nowhere.csv"], "cannot be read"),
    ],
)
def test_bad_options_exit_2_and_say_what_to_do(
    scores: Path, grades: Path, options: list[str], told: str
) -> None:
    result = run("report", scores, grades, *options)

    assert result.code == 2
    assert told in result.err


def test_grades_of_other_conversations_exit_2_and_show_both_kinds_of_ids(
    scores: Path, tmp_path: Path
) -> None:
    grades = write_grades(tmp_path / "other.csv", [("call-17", "tone", "Ana", "good")])

    result = run("report", scores, grades)

    assert result.code == 2
    assert "'call-17'" in result.err
    assert "'c0'" in result.err


def test_the_old_page_stays_when_drawing_the_new_one_is_interrupted(
    scores: Path, grades: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "page.html"
    page.write_text("old", "utf-8")

    def fail(*_: object, **__: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("qa_nlp.agreement.report.report_html", fail)
    result = run("report", scores, grades, "-o", page)

    assert result.code == 130
    assert page.read_text("utf-8") == "old"

"""``qa-nlp calibrate`` and scoring with what it saved, on two questions of the bundled rubric."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from qa_nlp.calibration.summary import CalibrationSummary
from qa_nlp.rubric import Rubric
from qa_nlp.samples import load_samples
from qa_nlp.scorecards import read_scorecards
from qa_nlp.scorer import Scorer
from tests.command_line import Run, run

SAMPLES = [sample for sample in load_samples() if sample.language == "en"][:16]
ASKED = ("empathy", "communication")
COLUMNS = ("transcript_id", "criterion", "rater", "level")

pytestmark = pytest.mark.xdist_group("calibrated")


class World(NamedTuple):
    """What was calibrated from which files, and what that printed."""

    calls: Path
    grades: Path
    form: Path
    scorer: Path
    shown: Run
    loaded: Scorer


def grade_rows() -> list[dict[str, str]]:
    table = load_samples().grades
    known = {sample.id for sample in SAMPLES}
    kept = table[table["transcript_id"].isin(known) & table["criterion"].isin(ASKED)]
    return [{name: str(row[name]) for name in COLUMNS} for row in kept.to_dict("records")]


def write_grades(path: Path, rows: list[dict[str, str]], names: tuple[str, ...] = COLUMNS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_form(path: Path) -> Path:
    form = Rubric.load("service_excellence").model_dump(mode="json", exclude_none=True)
    for section in form["sections"]:
        section["criteria"] = [one for one in section["criteria"] if one["id"] in ASKED]
    form["sections"] = [section for section in form["sections"] if section["criteria"]]
    form.pop("rules", None)
    form["id"] = path.stem
    path.write_text(yaml.safe_dump(form, sort_keys=False), encoding="utf-8")
    return path


def write_calls(path: Path) -> Path:
    lines = [json.dumps(sample.to_dict()) for sample in SAMPLES]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("calibrated")
    calls = write_calls(folder / "calls.jsonl")
    form = write_form(folder / "our_form.yaml")
    stray = {"transcript_id": "never-recorded", "criterion": "empathy", "rater": "R1"}
    grades = write_grades(folder / "grades.csv", [*grade_rows(), {**stray, "level": "good"}])
    out = folder / "our form.scorer"
    shown = run("calibrate", calls, grades, "-r", form, "--encoder", "en", "-o", out)
    assert shown.code == 0, shown.err
    return World(calls, grades, form, out, shown, Scorer.load(out))


@pytest.fixture(scope="session")
def scored(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scored")
    lines = [json.dumps(sample.to_dict()) for sample in SAMPLES[:3]]
    (folder / "calls.jsonl").write_text("\n".join(lines), encoding="utf-8")
    cards = folder / "cards.jsonl"
    result = run("score", folder / "calls.jsonl", "--scorer", world.scorer, "-o", cards, "--json")
    assert result.code == 0, result.err
    return cards


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder whose screen is 120 columns wide."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


@pytest.fixture
def unfitted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test when anything is learnt."""

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("learnt before the command line was checked")

    monkeypatch.setattr(Scorer, "calibrate", refuse)


def flat(text: str) -> str:
    return " ".join(text.split())


# what is shown and written


def test_calibrate_saves_a_scorer_and_names_the_next_step(world: World) -> None:
    assert world.shown.code == 0, world.shown.err
    assert f"written: {world.scorer}" in world.shown.out
    assert f"next: qa-nlp score IN… --scorer '{world.scorer}'" in world.shown.out
    assert {path.name for path in world.scorer.iterdir()} >= {"manifest.json", "rubric.yaml"}


def test_calibrate_shows_the_figures_of_the_summary_that_it_saved(world: World) -> None:
    summary = world.loaded.summary

    assert summary is not None
    lines = {line.split("  ")[0].strip(): line.split() for line in world.shown.out.splitlines()}
    for row in summary.criteria:
        assert lines[row.criterion][1:7] == [
            str(row.transcripts),
            f"{row.exact_before:.0%}",
            f"{row.exact_after:.0%}",
            f"{row.kappa_before:.2f}",
            f"{row.kappa_after:.2f}",
            f"{row.levels_in_set:.1f}",
        ]
    assert "out of fold" in world.shown.out


def test_calibrate_says_how_strict_each_rater_is(world: World) -> None:
    summary = world.loaded.summary

    assert summary is not None
    mean = sum(row.severities["R2"] for row in summary.criteria) / len(summary.criteria)
    (line,) = (line for line in world.shown.out.splitlines() if line.startswith("R2 is "))
    assert f"({mean:+.2f} logits on average" in line
    assert "strict" in line if mean > -0.1 else "lenient" in line


def test_calibrate_warns_of_grades_without_a_transcript(world: World) -> None:
    assert "warning: unmatched transcript: 1 of 17 graded" in world.shown.err
    assert "never-recorded" in world.shown.err


def test_calibrate_never_shows_words_of_a_conversation(world: World) -> None:
    printed = world.shown.out + world.shown.err
    sentences = {turn.text for sample in SAMPLES for turn in sample.turns if len(turn.text) > 20}

    assert not [text for text in sentences if text in printed]


def test_score_with_a_saved_scorer_gives_its_scorecards(world: World, scored: Path) -> None:
    cards = read_scorecards(scored)

    assert cards == world.loaded.score(SAMPLES[:3])
    assert {card.rubric for card in cards} == {"our_form"}
    assert all(card.fold is not None for card in cards)


def test_explain_says_that_a_card_was_used_in_calibration(scored: Path) -> None:
    card = read_scorecards(scored)[0]

    text = flat(run("explain", card.transcript_id, "--scores", scored).out)

    told = f"figures use its out-of-fold grades (total {card.total_out_of_fold:.1f})"
    assert f"Calibrated on human grades. Used in calibration; {told}" in text
    assert "no human grades" not in text


# json, other forms of grades, files that cannot be read


@pytest.mark.slow
def test_calibrate_reads_wide_grades_and_prints_one_json_object_alone(world: World) -> None:
    wide: dict[tuple[str, str], dict[str, str]] = {}
    for row in grade_rows():
        key = (row["transcript_id"], row["rater"])
        wide.setdefault(key, {"Call=ID": key[0], "Analyst": key[1]})[row["criterion"]] = row[
            "level"
        ]
    names = ("Call=ID", "Analyst", "empathy", "communication")
    write_grades(Path("wide.csv"), list(wide.values()), names)
    first, second = Path("first.jsonl"), Path("more")
    lines = world.calls.read_text(encoding="utf-8").splitlines()
    first.write_text("\n".join(lines[:10]), encoding="utf-8")
    second.mkdir()
    (second / "rest.jsonl").write_text("\n".join([*lines[10:], "{"]), encoding="utf-8")
    named = ("transcript_id=Call=ID", "rater=Analyst", "empathy=empathy")
    columns = [part for name in named for part in ("--grade-column", name)]

    result = run(
        *("calibrate", first, "wide.csv", "-r", world.form, "-o", "new/wide.scorer"),
        *("--transcripts", "more", *columns, "--encoder", "en", "--json"),
    )

    assert (result.code, result.err) == (1, "")
    told = json.loads(result.out)
    summary = CalibrationSummary.from_dict(told["summary"])
    assert {row.criterion: row.transcripts for row in summary.criteria} == {
        "empathy": len(SAMPLES),
        "communication": 0,
    }
    assert told["out"] == "new/wide.scorer"
    assert told["fingerprint"] == Scorer.load("new/wide.scorer").fingerprint
    assert [item["where"] for item in told["not_read"]] == ["more/rest.jsonl:7"]
    assert {item["severity"] for item in told["warnings"]} <= {"warning"}


# wrong usage


@pytest.mark.usefixtures("unfitted")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["calls.jsonl", "--out", "a"], "Missing argument 'GRADES'"),
        (["calls.jsonl", "grades.csv"], "Missing option '--out'"),
        (["gone.jsonl", "grades.csv", "-o", "a"], "'gone.jsonl' matches no file"),
        (["calls.jsonl", "gone.csv", "-o", "a"], "gone.csv"),
        (["calls.jsonl", "grades.csv", "-o", "a", "-r", "service_excelence"], "did you mean"),
        (["calls.jsonl", "grades.csv", "-o", "a", "--transcripts", "no*.txt"], "matches no file"),
        (["calls.jsonl", "grades.csv", "-o", "grades.csv"], "something else than a saved scorer"),
        (["calls.jsonl", "grades.csv", "-o", "taken"], "something else than a saved scorer"),
        (["calls.jsonl", "grades.csv", "-o", "calls.jsonl/a"], "cannot be written"),
        (["calls.jsonl", "grades.csv", "-o", "a", "--grade-column", "rater"], "OURS=THEIRS"),
        (
            ["calls.jsonl", "grades.csv", "-o", "a", "--grade-column", "rater=Analist"],
            "columns= is --grade-column OURS=THEIRS",
        ),
        (["calls.jsonl", "grades.csv", "-o", "a", "--criterion", "empathy"], "--criterion NAME"),
        (["calls.jsonl", "misspelt.csv", "-o", "a"], "did you mean 'empathy'"),
        (["calls.jsonl", "level.csv", "-o", "a"], "has no level 'splendid'"),
        (["calls.jsonl", "foreign.csv", "-o", "a"], "1 of 1 graded transcript is not among"),
        (["calls.jsonl", "grades.csv", "-o", "a", "--role", "agent"], "--role takes LABEL=ROLE"),
    ],
)
def test_calibrate_exits_2_before_learning_when_it_is_used_wrongly(
    arguments: list[str], message: str
) -> None:
    write_calls(Path("calls.jsonl"))
    rows = grade_rows()
    write_grades(Path("grades.csv"), rows)
    write_grades(Path("misspelt.csv"), [{**rows[0], "criterion": "empaty"}])
    write_grades(Path("level.csv"), [{**rows[0], "level": "splendid"}])
    write_grades(Path("foreign.csv"), [{**rows[0], "transcript_id": "other-system-7"}])
    Path("taken").mkdir()
    # a browser's extension has a manifest too, and must not be deleted
    Path("taken", "manifest.json").write_text("{}", encoding="utf-8")
    before = sorted(path.name for path in Path().rglob("*"))

    result = run("calibrate", *arguments)

    assert (result.code, result.out) == (2, "")
    assert message in flat(result.err.replace("│", " "))
    assert sorted(path.name for path in Path().rglob("*")) == before


@pytest.mark.usefixtures("unfitted")
def test_calibrate_tells_where_a_level_is_unknown() -> None:
    write_calls(Path("calls.jsonl"))
    rows = grade_rows()
    write_grades(Path("grades.csv"), [rows[0], {**rows[1], "level": "splendid"}])

    result = run("calibrate", "calls.jsonl", "grades.csv", "-o", "a")

    assert result.code == 2
    assert "grades.csv:3" in result.err


def test_calibrate_exits_2_when_there_are_too_few_grades(world: World) -> None:
    write_grades(Path("few.csv"), [r for r in grade_rows() if r["transcript_id"] < "call-en-04"])

    result = run("calibrate", world.calls, "few.csv", "-r", world.form, "-o", "a.scorer")

    assert result.code == 2
    assert "grade more conversations" in result.err
    assert not Path("a.scorer").exists()


# scoring with a scorer that is not as it was


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--rubric", "support_call"], "brings its own rubric; leave --rubric or --scorer out"),
        (["--encoder", "en"], "brings its own encoder; leave --encoder or --scorer out"),
    ],
)
def test_score_refuses_what_a_saved_scorer_brings_itself(
    world: World, extra: list[str], message: str
) -> None:
    result = run("score", world.calls, "--scorer", world.scorer, *extra)

    assert (result.code, result.out) == (2, "")
    assert message in result.err


def edited(folder: Path, name: str, change: Any) -> None:
    path = folder / name
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")


@pytest.mark.parametrize("given", ["missing", "calls", "edited", "emptied"])
def test_score_refuses_a_folder_that_is_no_scorer_as_saved(world: World, given: str) -> None:
    Path("calls").mkdir()
    shutil.copytree(world.scorer, "edited")
    edited(Path("edited"), "rubric.yaml", lambda text: text.replace("weight: ", "weight: 1", 1))
    shutil.copytree(world.scorer, "emptied")
    Path("emptied", "calibrator.safetensors").unlink()

    result = run("score", world.calls, "--scorer", given, "-o", "cards.jsonl")

    message = {
        "missing": "missing: no folder of a saved scorer",
        "calls": "calls: no saved scorer: manifest.json is missing",
        "edited": "the rubric in the folder was changed; calibrate again",
        "emptied": "calibrator.safetensors is missing",
    }[given]
    assert (result.code, result.out) == (2, "")
    assert message in flat(result.err)
    assert not Path("cards.jsonl").exists()

"""Studies as files: JSON and CSV that any program reads, and gates of pipelines."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from qa_nlp.agreement.study import AgreementStudy
from qa_nlp.agreement.study_files import as_json, study_tables
from qa_nlp.errors import ArtifactError, GradesError
from tests.agreement.study_world import World, card, leveled_cards, plain_grade, rows_of, study_of

WORLD = World()


@pytest.fixture(scope="module")
def study() -> AgreementStudy:
    return WORLD.study(by=["team", "language"])


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_write_json_gives_the_dictionary_when_read_again(
    study: AgreementStudy, tmp_path: Path
) -> None:
    path = study.write_json(tmp_path / "new" / "study.json")

    assert json.loads(path.read_text(encoding="utf-8")) == study.to_dict()
    assert [one.name for one in path.parent.iterdir()] == ["study.json"]


def test_files_have_the_same_bytes_when_written_twice(
    study: AgreementStudy, tmp_path: Path
) -> None:
    again = WORLD.study(by=["team", "language"])
    one, two = study.write_tables(tmp_path / "a"), again.write_tables(tmp_path / "b")
    first, second = study.write_json(tmp_path / "a.json"), again.write_json(tmp_path / "b.json")

    assert [path.name for path in one] == [path.name for path in two]
    for mine, yours in zip([*one, first], [*two, second], strict=True):
        assert mine.read_bytes() == yours.read_bytes()


def test_old_file_stays_whole_when_writing_fails(
    study: AgreementStudy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "study.json"
    path.write_text("old", encoding="utf-8")

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(ArtifactError, match="No space left"):
        study.write_json(path)

    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["study.json"]


def test_write_tables_is_refused_when_the_folder_is_a_file(
    study: AgreementStudy, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")

    with pytest.raises(ArtifactError, match="taken"):
        study.write_tables(tmp_path / "taken")


def test_tables_hold_every_figure_when_written(study: AgreementStudy, tmp_path: Path) -> None:
    study.write_tables(tmp_path)
    figures = {
        (row["criterion"], row["part"], row["figure"]): row
        for row in read(tmp_path / "figures.csv")
    }

    for criterion in WORLD.criteria:
        for part in ("machine_human", "human_human", "degradation"):
            for name, estimate in study.to_dict()["criteria"][0][part].items():
                assert (criterion, part, name) in figures
                assert estimate["value"] is None or estimate["value"] == round(estimate["value"], 4)
    kappa = study.figure("quadratic_kappa", "tone").value
    assert kappa is not None
    shown = figures["tone", "machine_human", "quadratic_kappa"]["value"]
    assert float(shown) == round(kappa, 4)
    assert ("notice", "failures", "recall") in figures
    assert ("notice", "applicability", "cohen_kappa") in figures


def test_tables_are_those_that_have_rows_when_parts_are_missing() -> None:
    little = study_of(leveled_cards(["poor"] * 9), rows_of(["poor"] * 9)).to_dict()
    tables = study_tables(little)

    assert all(tables.values())
    assert {"figures", "verdicts", "answers", "missing"} <= tables.keys()
    assert "counterfactuals" not in tables
    assert "groups" not in tables


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\N{FULLWIDTH EQUALS SIGN}"])
def test_cells_are_no_formulas_when_names_look_like_them(begin: str, tmp_path: Path) -> None:
    team = f"{begin}1+1"
    cards = [
        card(
            f"{begin.strip()}c{at}",
            plain_grade("tone", "good"),
            metadata={"team": team if at % 2 else "b"},
        )
        for at in range(40)
    ]
    rows = [(one.transcript_id, "tone", f"{begin.strip()}Ana", "poor") for one in cards]
    study = study_of(cards, rows, by=["team"])
    assert any(row["group"] == team for row in study.to_dict()["criteria"][0]["groups"])

    for path in study.write_tables(tmp_path):
        for row in read(path):
            for cell in row.values():
                assert cell[:1] != begin or cell.replace(".", "").lstrip("-").isdigit()


def test_gates_fail_when_the_lower_end_is_too_low(study: AgreementStudy) -> None:
    low = study.figure("qwk", "tone").low
    assert low is not None

    assert study.failed_gates([f"tone.qwk={low - 0.01:.4f}"]) == []
    (line,) = study.failed_gates([f" tone.qwk = {low + 0.01:.4f} "])
    assert line.startswith(f"tone: the lower end of quadratic_kappa is {low:.3f}")
    assert len(study.failed_gates(["exact=0.999"])) == len(WORLD.criteria)


def test_gates_fail_when_there_is_no_interval() -> None:
    few = study_of(leveled_cards(["poor", "good"] * 2), rows_of(["poor", "good"] * 2))

    assert few.failed_gates(["qwk=0"]) == [
        "tone: quadratic_kappa has no interval (no interval from 4 groups of conversations), "
        "0 is needed"
    ]


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        ("qwk", "cannot read the gate 'qwk'"),
        ("", "cannot read the gate"),
        ("qwk=high", "cannot read the gate"),
        ("qwk=nan", "cannot read the gate"),
        ("qwk=inf", "cannot read the gate"),
        ("mae=0.5", "of 'mean_absolute_error' less is better"),
        ("smd=0.1", "less is better"),
        ("kapa=0.5", "no figure 'kapa'; did you mean 'kappa'"),
        ("tune.qwk=0.5", "no criterion 'tune'; did you mean 'tone'"),
    ],
)
def test_gates_are_refused_when_they_make_no_sense(
    study: AgreementStudy, gate: str, words: str
) -> None:
    with pytest.raises(GradesError, match=words):
        study.failed_gates([gate])


def test_gates_find_a_criterion_when_its_name_holds_a_dot() -> None:
    cards = leveled_cards(["poor", "fair", "good"] * 10, "part.one")
    rows = rows_of(["poor", "fair", "good"] * 10, criterion="part.one")

    assert study_of(cards, rows).failed_gates(["part.one.qwk=0.9"]) == []


def test_as_json_gives_none_when_a_number_is_not_finite() -> None:
    given = {1: [float("nan"), float("inf"), 0.123456, True, None, "a", 3]}

    assert as_json(given) == {"1": [None, None, 0.1235, True, None, "a", 3]}

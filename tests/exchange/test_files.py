"""Files for annotation tools: which are written, and which tool an export is from."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from qa_nlp.errors import ArtifactError, GradesError, TranscriptError
from qa_nlp.exchange import assign_gradings, export_tasks, read_annotations
from qa_nlp.exchange.files import Tool
from tests.exchange.builders import (
    annotation,
    call,
    choice,
    form,
    record,
    row,
    rows_of,
    task,
    written,
)

RUBRIC = form("tone")
CALLS = [call(f"c{number}") for number in range(6)]


def names(files: list[Path], folder: Path) -> list[str]:
    return [file.relative_to(folder).as_posix() for file in files]


def test_export_writes_configuration_and_tasks_for_label_studio(tmp_path: Path) -> None:
    files = export_tasks(CALLS, RUBRIC, tmp_path / "out")

    assert names(files, tmp_path / "out") == ["labelling_config.xml", "tasks.json"]
    assert ET.parse(files[0]).getroot().tag == "View"
    assert len(json.loads(files[1].read_text("utf-8"))) == 6


def test_export_writes_a_dataset_for_argilla(tmp_path: Path) -> None:
    files = export_tasks(CALLS, RUBRIC, tmp_path, "argilla")

    assert names(files, tmp_path) == [
        "dataset/.argilla/dataset.json",
        "dataset/.argilla/settings.json",
        "dataset/records.json",
    ]
    assert [file.read_bytes().isascii() for file in files] == [True] * 3
    assert json.loads(files[0].read_text("utf-8"))["name"] == "form"


def test_export_gives_each_rater_their_list_in_their_order(tmp_path: Path) -> None:
    assignment = assign_gradings([one.id for one in CALLS], ["Ana", "Zoé B."], 0.5)

    files = export_tasks(CALLS, RUBRIC, tmp_path, assignment=assignment)

    assert names(files, tmp_path)[1:] == ["tasks_Ana.json", "tasks_Zoé_B_.json"]
    for file, rater in zip(files[1:], ["Ana", "Zoé B."], strict=True):
        tasks = json.loads(file.read_text("utf-8"))
        assert tuple(one["data"]["transcript_id"] for one in tasks) == assignment.ids(rater)


def test_export_gives_datasets_of_raters_in_another_alphabet_names_of_their_own(
    tmp_path: Path,
) -> None:
    assignment = assign_gradings([one.id for one in CALLS], ["Анна", "Иван"], 0.5)

    files = export_tasks(CALLS, RUBRIC, tmp_path, "argilla", assignment=assignment)
    called = [
        json.loads(file.read_text("utf-8"))["name"] for file in files if file.stem == "dataset"
    ]

    assert called == ["form_____", "form______2"]


@pytest.mark.parametrize("tool", ["label_studio", "argilla"])
def test_export_tells_a_rater_nothing_of_what_others_grade(tmp_path: Path, tool: Tool) -> None:
    alone = assign_gradings([one.id for one in CALLS], ["Ana"], 0)
    shared = assign_gradings([one.id for one in CALLS], ["Ana", "Ben"], 1)
    texts = {}
    for name, assignment in (("alone", alone), ("shared", shared)):
        files = export_tasks(CALLS, RUBRIC, tmp_path / name, tool, assignment=assignment)
        file = next(one for one in files if "Ana" in str(one) and "settings" not in one.name)
        document = json.loads((file if tool == "label_studio" else files[2]).read_text("utf-8"))
        texts[name] = sorted(map(json.dumps, document))

    assert texts["alone"] == texts["shared"]


def test_export_is_refused_before_anything_is_written_when_a_conversation_is_empty(
    tmp_path: Path,
) -> None:
    with pytest.raises(TranscriptError, match="c9"):
        export_tasks([*CALLS, call("c9", " ")], RUBRIC, tmp_path / "out")

    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("calls", "raters", "ids", "message"),
    [
        ([], None, [], "no conversation to grade"),
        (CALLS, ["Ana"], ["c1", "c7"], "the assignment names transcript 'c7'"),
        (CALLS, ["A b", "a_B"], ["c1", "c2"], "'A b' and 'a_B' would have one name"),
    ],
)
def test_export_is_refused_when_the_assignment_does_not_fit(
    tmp_path: Path, calls: list[Any], raters: list[str] | None, ids: list[str], message: str
) -> None:
    assignment = None if raters is None else assign_gradings(ids, raters, 0)

    with pytest.raises(GradesError, match=message):
        export_tasks(calls, RUBRIC, tmp_path, assignment=assignment)


def test_export_is_refused_when_the_tool_is_unknown(tmp_path: Path) -> None:
    with pytest.raises(GradesError, match="unknown annotation tool 'argila'; did you mean 'argill"):
        export_tasks(CALLS, RUBRIC, tmp_path, "argila")  # type: ignore[arg-type]


def test_export_is_refused_when_a_file_stands_where_the_folder_should(tmp_path: Path) -> None:
    target = written(tmp_path / "out", {})

    with pytest.raises(ArtifactError, match="is a file, not a folder"):
        export_tasks(CALLS, RUBRIC, target)


@pytest.mark.parametrize(
    "document",
    [
        [task("c1", annotation(3, choice("tone", "good")))],
        [row("c1", 3, tone="good")],
        [record("c1", tone=[("3", "good")])],
    ],
    ids=["Label Studio", "Label Studio, minimal", "Argilla"],
)
def test_annotations_are_read_whichever_tool_they_are_from(tmp_path: Path, document: Any) -> None:
    grades = read_annotations(written(tmp_path / "export.json", document), rubric=RUBRIC)

    assert rows_of(grades) == [("c1", "tone", "3", "good")]


def test_annotations_are_refused_when_no_tool_wrote_them(tmp_path: Path) -> None:
    with pytest.raises(GradesError, match=r"neither an export from Label Studio .* nor records"):
        read_annotations(written(tmp_path / "export.json", [{"text": "Hello"}]))


def test_exported_tasks_are_refused_as_annotations(tmp_path: Path) -> None:
    files = export_tasks(CALLS, RUBRIC, tmp_path)

    with pytest.raises(GradesError, match="a file of tasks to import holds no grades"):
        read_annotations(files[1])

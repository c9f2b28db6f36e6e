"""Argilla: settings, records, and grades from the records that it writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from qa_nlp.errors import GradesError
from qa_nlp.exchange import argilla_records, argilla_settings, read_argilla
from qa_nlp.exchange.argilla_export import argilla_annotations
from qa_nlp.rubric import Rubric
from qa_nlp.samples import load_samples
from tests.exchange.builders import call, form, record, rows_of, written

RUBRIC = form("tone", "thanks: channels: [voice]")
ANA, BEN = "6a1c0d6e-0001-4000-8000-000000000001", "6a1c0d6e-0002-4000-8000-000000000002"


# settings


@pytest.mark.parametrize("name", ["service_excellence", "support_call", "compliance"])
def test_settings_ask_every_criterion_with_its_levels(name: str) -> None:
    rubric = Rubric.load(name)
    *asked, comment = argilla_settings(name)["questions"]

    assert [one["name"] for one in asked] == [criterion.id for criterion in rubric.criteria]
    for one, criterion in zip(asked, rubric.criteria, strict=True):
        values = [option["value"] for option in one["settings"]["options"]]
        assert values[: len(criterion.levels)] == [level.id for level in criterion.levels]
        assert one["required"]
        assert one["settings"]["type"] == "label_selection"
    assert (comment["name"], comment["required"]) == ("comment", False)


def test_settings_keep_within_the_lengths_that_the_server_takes() -> None:
    long = "So. " * 700
    rubric = form(f"tone: guidance: '{long}'")

    question = argilla_settings(rubric)["questions"][0]

    assert len(question["description"]) <= 1000
    assert question["description"].endswith("…")


def test_settings_leave_visible_options_out_where_there_are_fewer_than_three() -> None:
    tone, thanks, _ = argilla_settings(RUBRIC)["questions"]

    assert tone["settings"]["visible_options"] is None
    assert thanks["settings"]["visible_options"] == 3


def test_settings_spell_names_as_the_server_allows(tmp_path: Path) -> None:
    rubric = form("A.1", "index")

    names = [one["name"] for one in argilla_settings(rubric)["questions"]]
    document = [record("c1", **{"a-1": [(ANA, "good")], "index_": [(ANA, "poor")]})]
    grades = read_argilla(written(tmp_path / "records.json", document), rubric)

    assert names == ["a-1", "index_", "comment"]
    assert grades.criteria.tolist() == ["A.1", "index"]


# records


def test_records_hold_the_turns_of_a_conversation_and_name_the_rubric() -> None:
    assert argilla_records([call("c1", "Order 12345", "Hi")], RUBRIC) == [
        {
            "id": "c1",
            "fields": {
                "dialogue": [
                    {"role": "customer", "content": "Order •••••"},
                    {"role": "agent", "content": "Hi"},
                ]
            },
            "metadata": {"rubric": "form", "rubric_version": "1"},
            "suggestions": {},
            "responses": {},
            "vectors": {},
        }
    ]


def test_records_hold_a_long_turn_in_parts_that_the_server_takes() -> None:
    text = "word " * 9000

    dialogue = argilla_records([call("c1", text)], RUBRIC)[0]["fields"]["dialogue"]

    assert [len(part["content"]) <= 20_000 for part in dialogue] == [True] * 3
    assert " ".join(part["content"] for part in dialogue).split() == text.split()


def test_records_can_be_made_of_every_sample() -> None:
    samples = load_samples()

    records = argilla_records(samples, "service_excellence")

    assert [one["id"] for one in records] == [sample.id for sample in samples]
    assert all(part["content"] for one in records for part in one["fields"]["dialogue"])


# responses


def flat(one: dict[str, Any]) -> dict[str, Any]:
    """Give a record in the form of ``records.to_list(flatten=True)``."""
    columns: dict[str, Any] = {"id": one["id"], "status": one["status"], **one["fields"]}
    for name, given in one["responses"].items():
        columns[f"{name}.responses"] = [response["value"] for response in given]
        columns[f"{name}.responses.users"] = [response["user_id"] for response in given]
        columns[f"{name}.responses.status"] = [response.get("status") for response in given]
    return columns


RECORDS = [
    record(
        "c1",
        tone=[(ANA, "good", "submitted"), (BEN, "poor", "draft")],
        thanks=[(ANA, "N/A", "submitted")],
        comment=[(ANA, "Fine", "submitted")],
    ),
    record("c2", tone=[(BEN, "poor", "submitted")]),
    record("c3"),
]
GRADES = [
    ("c1", "tone", "Ana", "good"),
    ("c1", "thanks", "Ana", "N/A"),
    ("c2", "tone", BEN, "poor"),
]


def test_records_give_a_grade_for_each_submitted_answer(tmp_path: Path) -> None:
    path = written(tmp_path / "records.json", RECORDS)

    found = argilla_annotations(path, RUBRIC, {ANA: "Ana"})

    assert rows_of(found.grades) == GRADES
    assert (found.annotations, found.skipped, found.empty) == (2, 1, 0)


def test_flat_records_and_lines_and_folders_give_the_same_grades(tmp_path: Path) -> None:
    folder = tmp_path / "dataset"
    folder.mkdir()
    written(folder / "records.json", RECORDS)
    lines = tmp_path / "records.jsonl"
    lines.write_text("\n".join(map(json.dumps, RECORDS)) + "\n\n", encoding="utf-8")
    columns = [flat(one) for one in RECORDS]
    # where one record has a column, to_list gives it to all
    names = {name: None for one in columns for name in one}
    table = written(tmp_path / "flat.json", [{**names, **one} for one in columns])

    read = [
        rows_of(read_argilla(path, RUBRIC, raters={ANA: "Ana"})) for path in (folder, lines, table)
    ]

    assert read == [GRADES] * 3


def test_records_with_signs_that_end_a_line_elsewhere_are_read_line_by_line(tmp_path: Path) -> None:
    one = record("c1", tone=[(ANA, "good")])
    one["fields"]["dialogue"][0]["content"] = "Hello\u2028there\x85"
    path = tmp_path / "records.jsonl"
    path.write_text(json.dumps(one, ensure_ascii=False) + "\n", encoding="utf-8")

    assert rows_of(read_argilla(path, RUBRIC)) == [("c1", "tone", ANA, "good")]


def test_response_of_a_comment_alone_is_counted_as_empty(tmp_path: Path) -> None:
    document = [record("c1", tone=[(ANA, "good")], comment=[(BEN, "Cannot tell", "submitted")])]

    found = argilla_annotations(written(tmp_path / "records.json", document), RUBRIC, None)

    assert (found.annotations, found.skipped, found.empty) == (2, 0, 1)


def test_records_without_a_status_are_read_as_submitted(tmp_path: Path) -> None:
    path = written(tmp_path / "records.json", [record("c1", tone=[(ANA, "good")])])

    assert rows_of(read_argilla(path, RUBRIC)) == [("c1", "tone", ANA, "good")]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([record("c1", tome=[(ANA, "good")])], "record 1: the rubric has no criterion 'tome'"),
        (
            [record("c0"), record("c1", tone=[(ANA, "goood")])],
            "record 2, transcript 'c1': criterion 'tone' has no level 'goood'",
        ),
        ([record("c1", tone=[(ANA, "good"), (ANA, "poor")])], "two answers to 'tone' by one user"),
        ([record("c1", tone=[(ANA, ["good"])])], "'tone' is a list, not one level"),
        ([{"id": "c1", "fields": {}}], "record 1: not a record with responses"),
        ([{"id": "c1", "responses": {"tone": "good"}}], "record 1: responses that are not a list"),
        (
            [{"id": "c1", "tone.responses": ["good"], "tone.responses.users": []}],
            "record 1: responses that are not a list",
        ),
        (
            [{**record("c1"), "metadata": {"rubric": "other_form"}}],
            "record 1: the task asks the questions of rubric 'other_form'",
        ),
    ],
)
def test_records_are_refused_with_their_place_when_they_do_not_fit(
    tmp_path: Path, document: Any, message: str
) -> None:
    with pytest.raises(GradesError, match=message):
        read_argilla(written(tmp_path / "records.json", document), RUBRIC)

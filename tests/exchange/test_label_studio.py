"""Label Studio: labelling configuration, tasks, and grades from both of its JSON exports."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from qa_nlp.errors import GradesError
from qa_nlp.exchange import label_studio_config, label_studio_tasks, read_label_studio
from qa_nlp.exchange.label_studio_export import label_studio_annotations
from qa_nlp.rubric import Rubric
from qa_nlp.samples import load_samples
from tests.exchange.builders import annotation, call, choice, form, row, rows_of, task, written

RUBRIC = form("tone", "thanks: channels: [voice]")


# configuration


@pytest.mark.parametrize("name", ["service_excellence", "support_call", "support_chat"])
def test_config_asks_every_criterion_with_its_levels(name: str) -> None:
    rubric = Rubric.load(name)
    root = ET.fromstring(label_studio_config(name))

    asked = {one.get("name"): one for one in root.iter("Choices")}

    assert list(asked) == [criterion.id for criterion in rubric.criteria]
    for criterion in rubric.criteria:
        values = [one.get("value") for one in asked[criterion.id]]
        assert values[: len(criterion.levels)] == [level.id for level in criterion.levels]
        assert asked[criterion.id].get("required") == "true"
        assert asked[criterion.id].get("choice") == "single-radio"


def test_config_names_every_control_once_and_points_it_at_the_dialogue() -> None:
    root = ET.fromstring(label_studio_config(RUBRIC))

    shown = [one.get("name") for one in root.iter("Paragraphs")]
    controls = [one for one in root.iter() if one.get("toName")]

    assert shown == ["dialogue"]
    assert [one.get("name") for one in controls] == ["tone", "thanks", "comment"]
    assert {one.get("toName") for one in controls} == {"dialogue"}


def test_config_escapes_what_a_rubric_says() -> None:
    text = label_studio_config(RUBRIC)

    assert "Was tone &lt;right&gt;?" in text
    assert "All &amp; sundry" in text


def test_config_holds_no_variable_but_the_dialogue() -> None:
    rubric = form("fee: guidance: 'Was the fee of $dialogue, or $5, named?'")

    values = [one.get("value", "") for one in ET.fromstring(label_studio_config(rubric)).iter()]

    assert [value for value in values if "$d" in value] == ["$dialogue"]
    assert "Was the fee of $\u2060dialogue, or $\u20605, named?" in values


# tasks


def test_tasks_hold_the_turns_of_a_conversation_and_name_the_rubric() -> None:
    assert label_studio_tasks([call("c1", "Hello", "Hi")], RUBRIC) == [
        {
            "data": {
                "transcript_id": "c1",
                "dialogue": [
                    {"role": "customer", "text": "Hello"},
                    {"role": "agent", "text": "Hi"},
                ],
            },
            "meta": {"rubric": "form", "rubric_version": "1"},
        }
    ]


@pytest.mark.parametrize(
    ("mask", "shown"), [(True, "Order •••••"), (False, "Order 12345")], ids=["masked", "as it is"]
)
def test_tasks_hide_long_numbers_unless_told_otherwise(mask: bool, shown: str) -> None:
    tasks = label_studio_tasks([call("c1", "Order 12345")], RUBRIC, mask=mask)

    assert tasks[0]["data"]["dialogue"][0]["text"] == shown


def test_tasks_can_be_made_of_every_sample() -> None:
    samples = load_samples()

    tasks = label_studio_tasks(samples, "service_excellence")

    assert [one["data"]["transcript_id"] for one in tasks] == [sample.id for sample in samples]


# exports


def read(path: Path, document: Any, **options: Any) -> list[tuple[str, str, str | None, str]]:
    return rows_of(read_label_studio(written(path / "export.json", document), **options))


@pytest.mark.parametrize(
    ("account", "rater"),
    [
        (3, "3"),
        ({"id": 4, "email": "ben@example.org", "first_name": "Ben"}, "ben@example.org"),
        ({"id": 4, "email": ""}, "4"),
        (None, None),
    ],
)
def test_full_export_gives_a_grade_for_each_answer_by_its_account(
    tmp_path: Path, account: Any, rater: str | None
) -> None:
    comment = {"type": "textarea", "from_name": "comment", "value": {"text": ["Fine"]}}
    given = annotation(account, choice("tone", "good"), choice("thanks", "N/A"), comment)

    assert read(tmp_path, [task("c1", given)], rubric=RUBRIC) == [
        ("c1", "tone", rater, "good"),
        ("c1", "thanks", rater, "N/A"),
    ]


def test_minimal_export_gives_the_same_grades_as_the_full_one(tmp_path: Path) -> None:
    full = [
        task("c1", annotation(3, choice("tone", "good"), choice("thanks", "N/A"))),
        task("c2", annotation({"email": "ben@example.org"}, choice("tone", "poor"))),
    ]
    minimal = [
        row("c1", 3, tone="good", thanks="N/A", comment="Fine"),
        row("c2", "ben@example.org", tone="poor"),
        {**row("c3", None), "annotation_id": None},
    ]

    assert read(tmp_path, minimal, rubric=RUBRIC) == read(tmp_path, full, rubric=RUBRIC)


def test_export_reads_raters_by_the_names_given(tmp_path: Path) -> None:
    document = [task("c1", annotation(3, choice("tone", "good")))]

    grades = read(tmp_path, document, rubric=RUBRIC, raters={"3": "Ana"})

    assert grades == [("c1", "tone", "Ana", "good")]


def test_export_leaves_out_and_counts_what_was_skipped_or_left_empty(tmp_path: Path) -> None:
    document = [
        task(
            "c1",
            annotation(3, choice("tone", "good")),
            annotation(4, choice("tone", "poor"), was_cancelled=True),
            annotation(5, choice("tone")),
        )
    ]

    found = label_studio_annotations(written(tmp_path / "e.json", document), RUBRIC, None)

    assert rows_of(found.grades) == [("c1", "tone", "3", "good")]
    assert (found.annotations, found.skipped, found.empty) == (2, 1, 1)


def test_export_is_read_without_a_rubric_as_it_stands(tmp_path: Path) -> None:
    document = task("c1", annotation(3, choice("anything", "some level")))

    assert read(tmp_path, document) == [("c1", "anything", "3", "some level")]


def test_export_finds_the_criterion_of_a_question_that_was_renamed(tmp_path: Path) -> None:
    rubric = form("comment")
    document = [task("c1", annotation(3, choice("comment_", "good")))]

    assert read(tmp_path, document, rubric=rubric) == [("c1", "comment", "3", "good")]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            [task("c1", annotation(3, choice("tome", "good")))],
            r"export\.json: task 1, annotation 1: the rubric has no criterion 'tome'; did you mean "
            "'tone'",
        ),
        (
            [task("c0"), task("c1", annotation(3, choice("tone", "goood")))],
            r"task 2, annotation 1, transcript 'c1': criterion 'tone' has no level 'goood'; did "
            "you mean 'good'",
        ),
        ([row("c1", 3, tone=[{"choices": ["poor", "good"]}])], "task 1.*'tone' is a list, not one"),
        ([task("c1", annotation(3, choice("tone", "poor", "good")))], "'tone' is a list, not one"),
        (
            [task("c1", annotation(3, choice("tone", "poor"), choice("tone", "good")))],
            "annotation 1: two answers to 'tone'",
        ),
        ([task(None, annotation(3, choice("tone", "good")))], "task 1.*no transcript_id"),
        ([{"data": {"transcript_id": "c1"}}], "task 1: no annotations; export the project"),
        (
            [task("c1", {"completed_by": 3})],
            "task 1, annotation 1: not an annotation with a result",
        ),
        (
            [task("c1", annotation(3, {"type": "choices", "from_name": "tone"}))],
            "a choice without its question",
        ),
        (
            [task("c1", meta={"rubric": "other_form"})],
            "task 1: the task asks the questions of rubric 'other_form', not of 'form'",
        ),
    ],
)
def test_export_is_refused_with_its_place_when_it_does_not_fit(
    tmp_path: Path, document: Any, message: str
) -> None:
    with pytest.raises(GradesError, match=message):
        read(tmp_path, document, rubric=RUBRIC)


def test_minimal_export_is_refused_without_a_rubric(tmp_path: Path) -> None:
    with pytest.raises(GradesError, match="JSON-MIN does not say which columns are questions"):
        read(tmp_path, [row("c1", 3, tone="good")])


def test_export_is_refused_with_its_line_when_it_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_text('[{"data":\n {"transcript_id": "c1"', encoding="utf-8")

    with pytest.raises(GradesError, match=r"export\.json:2: the JSON ends too early"):
        read_label_studio(path)


def test_export_is_refused_with_files_nearby_when_there_is_none(tmp_path: Path) -> None:
    written(tmp_path / "export.json", [])

    with pytest.raises(GradesError, match=r"no such file; did you mean 'export\.json'"):
        read_label_studio(tmp_path / "exports.json")


def test_export_is_refused_when_its_path_can_be_none() -> None:
    with pytest.raises(GradesError, match="cannot be read"):
        read_label_studio("export\0.json")


def test_export_is_refused_when_it_is_not_in_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    path.write_bytes(b'[{"data": "\xe9"}]')

    with pytest.raises(GradesError, match=r"export\.json: not UTF-8; export it again"):
        read_label_studio(path)


def test_refusal_shows_no_words_of_a_comment(tmp_path: Path) -> None:
    secret = "My neighbour at number four told me so yesterday"

    with pytest.raises(GradesError) as caught:
        read(tmp_path, [task("c1", annotation(3, choice("tone", secret)))], rubric=RUBRIC)

    assert "neighbour" not in str(caught.value)

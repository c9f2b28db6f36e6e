"""Evidence, grades and scorecards are frozen values that survive copies, pickles and JSON."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest
from hypothesis import given

from qa_nlp.errors import ArtifactError
from qa_nlp.scorecard import Grade, GradeStatus, Scorecard, TotalStatus
from tests.builders import chat, full_card, scorecards

CARD = full_card()


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (CARD, "total"),
        (CARD.grades[0], "level"),
        (CARD.grades[0].evidence[0], "quote"),
        (CARD.sections[0], "points"),
    ],
    ids=["scorecard", "grade", "evidence", "section"],
)
def test_value_refuses_a_new_value_of_a_field(value: object, field: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(value, field, None)


@pytest.mark.parametrize(
    "mapping",
    [
        CARD.metadata,
        CARD.provenance,
        CARD.grades[0].probabilities,
        CARD.grades[0].contributions,
    ],
    ids=["metadata", "provenance", "probabilities", "contributions"],
)
def test_value_refuses_a_new_entry_in_a_mapping(mapping: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="does not support item assignment"):
        mapping["x"] = 1


def test_scorecard_keeps_its_metadata_when_the_given_mapping_changes() -> None:
    given_metadata = {"tags": ["a"]}
    card = Scorecard("c1", "c1", "demo", "1", metadata=given_metadata)

    given_metadata["tags"].append("b")

    assert card.metadata == {"tags": ["a"]}


def test_grade_keeps_its_probabilities_when_the_given_mapping_changes() -> None:
    chances = {"no": 0.5, "yes": 0.5}
    grade = Grade("opening", GradeStatus.GRADED, "yes", chances)

    chances["yes"] = 1.0

    assert grade.probabilities == {"no": 0.5, "yes": 0.5}


def test_scorecard_keeps_its_fields_when_its_dict_is_changed() -> None:
    row = CARD.to_dict()

    row["metadata"]["tags"].append("b")
    row["grades"][0]["probabilities"]["good"] = 0.0
    row["grades"][0]["evidence"].clear()

    assert full_card() == CARD


def test_equal_scorecards_and_grades_have_equal_hashes() -> None:
    assert hash(CARD) == hash(full_card())
    assert hash(CARD.grades[0]) == hash(full_card().grades[0])


@pytest.mark.parametrize(
    "value",
    [CARD, *CARD.grades, *CARD.grades[0].evidence, *CARD.sections],
    ids=lambda value: type(value).__name__,
)
def test_value_is_equal_when_pickled_and_copied(value: object) -> None:
    assert pickle.loads(pickle.dumps(value)) == value
    assert copy.deepcopy(value) == value


def test_scorecard_keeps_its_transcript_when_pickled() -> None:
    card = replace(CARD, transcript=chat("c1", "agent: Hello!"))

    again = pickle.loads(pickle.dumps(card))

    assert again.transcript == card.transcript


def test_scorecard_is_equal_when_only_the_transcript_differs() -> None:
    assert replace(CARD, transcript=chat("c1", "agent: Hello!")) == CARD


def test_scorecard_leaves_the_transcript_out_of_its_dict_and_repr() -> None:
    card = replace(CARD, transcript=chat("c1", "agent: Goldfish."))

    assert "Goldfish" not in json.dumps(card.to_dict())
    assert "Goldfish" not in repr(card)


def test_scorecard_holds_the_fields_that_readers_of_the_file_rely_on() -> None:
    row = CARD.to_dict()

    assert {"transcript_id", "rubric", "total", "grades", "error", "format_version"} <= row.keys()
    grade = row["grades"][0]
    assert {"criterion", "status", "level", "probabilities", "expected"} <= grade.keys()
    assert {"turn", "start", "end", "quote", "signal", "contribution"} <= grade["evidence"][
        0
    ].keys()


@given(scorecards)
def test_scorecard_is_equal_when_it_went_through_json(card: Scorecard) -> None:
    again = Scorecard.from_dict(json.loads(json.dumps(card.to_dict())))

    assert again == card
    assert json.dumps(again.to_dict()) == json.dumps(card.to_dict())


@pytest.mark.parametrize("version", [0, 1, "2", None])
def test_from_dict_refuses_another_format_and_says_what_to_do(version: object) -> None:
    row = {**CARD.to_dict(), "format_version": version}

    with pytest.raises(ArtifactError, match=r"format .* is not the format 2 .*score .* again"):
        Scorecard.from_dict(row)


@pytest.mark.parametrize("field", ["grades", "sections", "total_status", "transcript_id"])
def test_from_dict_names_a_field_that_is_missing(field: str) -> None:
    row = CARD.to_dict()
    del row[field]

    with pytest.raises(ArtifactError, match=field):
        Scorecard.from_dict(row)


@pytest.mark.parametrize(
    "wrong",
    [
        {"total_status": "splendid"},
        {"total_interval": [1.0]},
        {"total_interval": "high"},
        {"grades": [5]},
        {"grades": None},
        {"sections": [{}]},
        {"metadata": None},
        {"provenance": 5},
        {"stars": 5},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_from_dict_refuses_a_malformed_field(wrong: dict[str, Any]) -> None:
    with pytest.raises(ArtifactError, match="not a scorecard of format 2"):
        Scorecard.from_dict({**CARD.to_dict(), **wrong})


@pytest.mark.parametrize("row", [[1], "words", 5, None])
def test_from_dict_refuses_what_is_no_object(row: Any) -> None:
    with pytest.raises(ArtifactError, match=f"must be an object, not {type(row).__name__}"):
        Scorecard.from_dict(row)


def test_grade_is_found_by_its_criterion() -> None:
    assert CARD.grade("identity") is CARD.grades[1]


def test_grade_raises_key_error_when_the_card_has_none() -> None:
    with pytest.raises(KeyError, match="farewell"):
        CARD.grade("farewell")


ABSTAINED = Grade("a", GradeStatus.ABSTAINED)
GRADED = Grade("a", GradeStatus.GRADED, "yes")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"grades": (GRADED,), "total_status": TotalStatus.FINAL}, False),
        ({"grades": (GRADED,), "total_status": TotalStatus.FAILED}, False),
        ({"grades": (GRADED,), "total_status": TotalStatus.PENDING_REVIEW}, True),
        ({"grades": (GRADED, ABSTAINED), "total_status": TotalStatus.PROVISIONAL}, True),
        ({"error": "the transcript has no words"}, True),
    ],
    ids=["final", "failed", "pending", "abstained", "error"],
)
def test_needs_review_tells_whether_a_person_must_look(
    fields: dict[str, Any], expected: bool
) -> None:
    assert Scorecard("c1", "c1", "demo", "1", **fields).needs_review is expected

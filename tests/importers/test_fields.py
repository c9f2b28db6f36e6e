"""Typed access to parsed JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from qa_nlp.errors import TranscriptError
from qa_nlp.importers.fields import Fields


def nested(value: Any) -> Fields:
    return next(Fields({"calls": [{"x": value}]}).objects("calls"))


@pytest.mark.parametrize(
    ("read", "value", "message"),
    [
        (lambda f: f.take("x", str), 5, "must be a string, not a whole number"),
        (lambda f: f.take("x", str), None, "is missing"),
        (lambda f: f.find("x", bool), 1, "must be true or false, not a whole number"),
        (lambda f: f.find("x", int), True, "must be a whole number, not true or false"),
        (lambda f: f.find("x", int), 1.0, "must be a whole number, not a number"),
        (lambda f: f.find_number("x"), "1.5", "must be a number, not a string"),
        (lambda f: f.find_number("x"), False, "must be a number, not true or false"),
        (lambda f: f.find_number("x", in_text=True), "inf", "must be a number, not a string"),
        (lambda f: f.find_number("x", in_text=True), "1_0", "must be a number, not a string"),
        (lambda f: f.find_number("x", in_text=True), "9e999", "is too large a number"),
        (lambda f: f.find_number("x"), 10**400, "is too large a number"),
        (lambda f: f.find_number("x"), float("inf"), "is too large a number"),
        (lambda f: f.take_number("x"), None, "is missing"),
        (
            lambda f: f.find_id("x"),
            1.5,
            "must be an id (a string or a whole number), not a number",
        ),
        (
            lambda f: f.find_time("x"),
            "noon",
            "must be an ISO 8601 time such as '2026-03-04T09:15:00Z'",
        ),
        (lambda f: f.object("x"), [], "must be an object, not a list"),
        (lambda f: f.find_object("x"), "", "must be an object, not a string"),
        (lambda f: list(f.objects("x")), {}, "must be a list, not an object"),
        (lambda f: list(f.objects("x")), None, "is missing"),
        (lambda f: list(f.find_objects("x")), [{}, 3], "[1] must be an object, not a whole number"),
        (lambda f: f.find_texts("x"), ["a", None], "[1] must be a string, not null"),
    ],
)
def test_wrong_value_is_an_error_that_names_its_path(
    read: Callable[[Fields], object], value: object, message: str
) -> None:
    with pytest.raises(TranscriptError) as caught:
        read(nested(value))

    assert caught.value.message == f"calls[0].x{'' if message[0] == '[' else ' '}{message}"


@pytest.mark.parametrize(
    ("read", "empty"),
    [
        (lambda f: f.find("x", str), None),
        (lambda f: f.find_number("x"), None),
        (lambda f: f.find_id("x"), None),
        (lambda f: f.find_time("x"), None),
        (lambda f: list(f.find_objects("x")), []),
        (lambda f: f.find_texts("x"), []),
        (lambda f: list(f.find_object("x")), []),
        (lambda f: "x" in f, False),
    ],
)
@pytest.mark.parametrize("absent", [{"x": None}, {}])
def test_null_counts_as_absent(
    absent: dict[str, None], read: Callable[[Fields], object], empty: object
) -> None:
    assert read(Fields(absent)) == empty


def test_ids_are_text_whatever_they_were() -> None:
    assert [nested(value).find_id("x") for value in (42, " a ", 0, " ")] == ["42", "a", "0", None]


def test_numbers_may_be_text_where_the_format_says_so() -> None:
    assert [nested(value).find_number("x", in_text=True) for value in (" 1.25 ", "-3e2", 7)] == [
        1.25,
        -300.0,
        7.0,
    ]


def test_times_are_seconds_since_1970_and_utc_without_a_zone() -> None:
    moments = ("1970-01-01T01:00:00+01:00", "1970-01-01T00:00:01.5Z", "1970-01-01 00:01:00")

    assert [nested(moment).find_time("x") for moment in moments] == [0.0, 1.5, 60.0]


def test_scalars_leave_out_what_metadata_should_not_hold() -> None:
    fields = Fields({"a": 1, "b": "x", "c": True, "d": None, "e": [1], "f": {}, "g": float("inf")})

    assert fields.scalars() == {"a": 1, "b": "x", "c": True}


def test_anything_but_an_object_is_refused() -> None:
    with pytest.raises(TranscriptError, match="the document must be an object, not a list"):
        Fields([])

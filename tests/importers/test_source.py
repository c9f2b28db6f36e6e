from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import given

from qa_nlp.errors import TranscriptError
from qa_nlp.importers import Source


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file.txt"


def source(path: Path, content: bytes) -> Source:
    path.write_bytes(content)
    return Source(path, "file.txt")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_mark_tells_the_encoding(path: Path, encoding: str) -> None:
    file = source(path, "Olá 👋\nשלום".encode(encoding))

    assert file.head == file.text() == "Olá 👋\nשלום"
    assert list(file.lines()) == [(1, "Olá 👋"), (2, "שלום")]


@given(
    text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    encoding=st.sampled_from(["utf-8-sig", "utf-16"]),
)
def test_lines_are_the_text_split_at_its_line_ends(
    tmp_path_factory: pytest.TempPathFactory, text: str, encoding: str
) -> None:
    file = source(tmp_path_factory.mktemp("source") / "file", text.encode(encoding))
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    assert [line for _, line in file.lines()] == (lines if lines[-1] else lines[:-1])


@pytest.mark.parametrize(
    ("content", "offset"),
    [
        (b"caf\xe9 latte", 3),
        (b"\xef\xbb\xbfcaf\xe9", 6),
        (b"a" * 70_000 + b"\xff", 70_000),
        (b"a" * 600_000 + b"\xff\n", 600_000),
        ("é".encode()[:1], 0),
        ("é".encode() * 40_000 + b"\xc3", 80_000),
        ("hé".encode("utf-16") + b"\x00", 6),
    ],
)
def test_wrong_encoding_names_the_first_byte_that_does_not_fit(
    path: Path, content: bytes, offset: int
) -> None:
    with pytest.raises(TranscriptError, match=rf"file.txt: the text is not .* byte {offset} "):
        source(path, content).text()


@pytest.mark.parametrize(
    "content", [b"\x89PNG\r\n\x1a\n\x00\x00", "no mark".encode("utf-16-le"), b"PK\x03\x04\x00"]
)
def test_binary_content_is_called_so(path: Path, content: bytes) -> None:
    with pytest.raises(TranscriptError, match="this is not text"):
        _ = source(path, content).head


def test_head_ends_within_a_character_without_complaint(path: Path) -> None:
    file = source(path, b"a" * (64 * 1024 - 1) + "é".encode())

    assert file.head == "a" * (64 * 1024 - 1)


@pytest.mark.parametrize(
    ("content", "place", "reason"),
    [
        (b'{"a": 1,\n "b": [1, 2', "file.txt:2", "ends too early"),
        (b'{"a": "secret', "file.txt:1", "ends too early"),
        (b'[\n{"a": 1}\n}', "file.txt:3", "no JSON"),
        (b"[" * 100_000, "file.txt", "nested too deeply"),
        (b'{"a":' * 100_000, "file.txt", "nested too deeply"),
        (b'{"a": NaN}', "file.txt", "NaN is not a JSON value"),
        (b'{"a": -Infinity}', "file.txt", "-Infinity is not a JSON value"),
        (b"[1" + b"0" * 5000 + b"]", "file.txt", "a number is too long"),
        (b'{"a": 1}\n{"a": 2}', "file.txt", "one JSON value a line"),
        (b"secret", "file.txt:1", "no JSON"),
    ],
)
def test_json_says_where_and_how_it_is_broken(
    path: Path, content: bytes, place: str, reason: str
) -> None:
    with pytest.raises(TranscriptError, match=reason) as caught:
        source(path, content).json()

    assert caught.value.source == place
    assert "secret" not in str(caught.value)


def test_json_is_parsed_once(path: Path) -> None:
    file = source(path, b'{"a": [1]}')

    assert file.json() is file.json()


@pytest.mark.parametrize(
    ("content", "several", "first"),
    [
        (b'{"a": 1}\n{"a": 2}\n', True, {"a": 1}),
        (b'\n{"a": 1}\n\n{"a": 2}', True, {"a": 1}),
        (b'{"a"\n{"b": 2}\n', True, {"b": 2}),
        (b'{"a": 1}', False, {"a": 1}),
        (b'{\n"a": 1\n}', False, {"a": 1}),
        (b'{"a":\n{"b": 1}\n}', False, {"a": {"b": 1}}),
        (b'[{"a": 1},\n{"a": 2}]', False, {"a": 1}),
        (b"[]", False, None),
        (b"[" * 100_000, False, None),
        (b'{"a": 1,', False, None),
        (b"Agent: {}", False, None),
        (b"", False, None),
    ],
)
def test_first_record_looks_into_lines_lists_and_objects(
    path: Path, content: bytes, several: bool, first: object
) -> None:
    file = source(path, content)

    assert file.is_json_lines is several
    assert file.first_record() == first


def test_first_record_of_what_is_not_text_is_none(path: Path) -> None:
    assert source(path, b"\xff").first_record() is None


def test_json_lines_with_a_first_line_longer_than_the_head_is_known(path: Path) -> None:
    file = source(path, b'{"a": "' + b"x" * 200_000 + b'"}\n{"a": 2}\n')

    assert file.is_json_lines


def test_file_that_is_not_there_is_an_error_of_this_library(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match="cannot be opened"):
        Source(tmp_path / "missing").text()

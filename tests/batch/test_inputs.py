"""Inputs and the bundles they make."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.batch.inputs import (
    BUNDLE_BYTES,
    BUNDLE_FILES,
    Input,
    find_inputs,
    known_inputs,
    new_inputs,
)
from qa_nlp.errors import ArtifactError, TranscriptError

sizes = st.none() | st.integers(0, 2 * BUNDLE_BYTES)


def inputs_of(found: list[int | None]) -> list[Input]:
    return [
        Input(str(number), -1, size, None if size is None else str(size))
        for number, size in enumerate(found)
    ]


@given(st.lists(sizes, max_size=30))
def test_bundles_are_neighbours_of_limited_size(found: list[int | None]) -> None:
    bundled = new_inputs(inputs_of(found))

    numbers = [item.bundle for item in bundled]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(len(set(numbers))))
    for number in set(numbers):
        members = [item.bytes for item in bundled if item.bundle == number]
        assert len(members) == 1 or (None not in members)
        assert len(members) == 1 or sum(size or 0 for size in members) <= BUNDLE_BYTES


def test_bundle_has_a_limited_number_of_files() -> None:
    bundled = new_inputs(inputs_of([1] * (BUNDLE_FILES + 3)))

    assert [item.bundle for item in bundled] == [0] * BUNDLE_FILES + [1] * 3


@given(st.lists(sizes, max_size=12), st.data())
def test_known_inputs_keep_their_bundles_and_new_ones_come_after(
    found: list[int | None], data: st.DataObject
) -> None:
    everything = inputs_of(found)
    chosen = data.draw(st.sets(st.integers(0, max(0, len(found) - 1))))
    old = new_inputs([item for number, item in enumerate(everything) if number in chosen])

    both = known_inputs(old, everything, Path("out"))

    assert both[: len(old)] == old
    assert len(both) == len(everything)
    last = max((item.bundle for item in old), default=-1)
    assert all(item.bundle > last for item in both[len(old) :])


def test_input_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_bytes(b"{}\n{}\n\n{}")

    (found,) = find_inputs(path, tmp_path / "out")

    assert found.path == os.fspath(path)
    assert found.bytes == 9
    assert found.sha256 == hashlib.sha256(b"{}\n{}\n\n{}").hexdigest()


@pytest.mark.parametrize(
    ("name", "content", "lines"),
    [
        ("a.jsonl", b"x\ny", 2),
        ("a.ndjson", b"x\ny\n", 2),
        ("a.jsonl", b"", 0),
        ("a.csv", b"x", None),
    ],
)
def test_conversations_are_counted_where_each_has_a_line(
    tmp_path: Path, name: str, content: bytes, lines: int | None
) -> None:
    (tmp_path / name).write_bytes(content)

    (found,) = find_inputs(tmp_path / name, tmp_path / "out")

    assert found.lines == lines


def test_file_that_cannot_be_read_is_an_input_without_content(tmp_path: Path) -> None:
    (tmp_path / "gone.jsonl").symlink_to(tmp_path / "nowhere")

    (found,) = find_inputs(tmp_path / "gone.jsonl", tmp_path / "out")

    assert (found.bytes, found.sha256) == (None, None)
    assert "leads nowhere" in found.refusal


def test_only_the_result_folder_to_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.jsonl").write_text("{}")

    with pytest.raises(TranscriptError, match="nothing to read outside the result folder"):
        find_inputs(tmp_path, tmp_path / "out")


def test_many_changed_inputs_are_counted() -> None:
    old = new_inputs(inputs_of([1] * 9))

    with pytest.raises(ArtifactError, match="4 was not given this time; and 4 more; choose"):
        known_inputs(old, [], Path("out"))


def test_input_that_cannot_be_read_any_more_is_refused() -> None:
    (old,) = new_inputs(inputs_of([1]))

    with pytest.raises(ArtifactError, match="0 cannot be read any more"):
        known_inputs([old], [Input("0", -1, None, None)], Path("out"))

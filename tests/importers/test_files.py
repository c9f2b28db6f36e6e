from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qa_nlp.errors import TranscriptError
from qa_nlp.importers.files import find_files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.jsonl", "a.txt", "sub/c.csv", ".hidden", ".git/config", "sub/.d.txt"):
        (tmp_path / "calls" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "calls" / name).write_text("x")
    return tmp_path / "calls"


def names(paths: object, folder: Path) -> list[str]:
    found = find_files(paths)  # type: ignore[arg-type]
    assert not any(file.refusal for file in found)
    return [str(file.path.relative_to(folder)) for file in found]


def test_folder_gives_its_files_sorted_without_the_hidden_ones(folder: Path) -> None:
    assert names(folder, folder) == names(str(folder), folder) == ["a.txt", "b.jsonl", "sub/c.csv"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("*.txt", ["a.txt"]),
        ("*", ["a.txt", "b.jsonl", "sub/c.csv"]),
        ("**/*.csv", ["sub/c.csv"]),
        ("s?b/*", ["sub/c.csv"]),
        ("[ab].*", ["a.txt", "b.jsonl"]),
    ],
)
def test_pattern_gives_what_it_matches(folder: Path, pattern: str, expected: list[str]) -> None:
    assert names(str(folder / pattern), folder) == expected


def test_list_keeps_its_order_and_gives_each_file_once(folder: Path) -> None:
    paths = [folder / "sub", folder / "b.jsonl", str(folder / "*"), folder / "sub" / "c.csv"]

    assert names(paths, folder) == ["sub/c.csv", "b.jsonl", "a.txt"]
    assert names(iter(paths), folder) == ["sub/c.csv", "b.jsonl", "a.txt"]


def test_path_with_brackets_is_itself_when_it_exists(tmp_path: Path) -> None:
    (tmp_path / "call[1].txt").write_text("x")
    (tmp_path / "call1.txt").write_text("x")

    assert names(str(tmp_path / "call[1].txt"), tmp_path) == ["call[1].txt"]


def test_relative_paths_stay_relative(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)

    assert [str(file.path) for file in find_files("*.txt")] == ["a.txt"]


@pytest.mark.parametrize("path", ["missing", "missing/*.txt", "calls/*.vtt", "calls/missing.txt"])
def test_path_that_matches_nothing_is_refused_at_once(folder: Path, path: str) -> None:
    with pytest.raises(TranscriptError, match="matches no file; check the path"):
        find_files(folder.parent / path)


@pytest.mark.parametrize(
    ("paths", "reason"),
    [([], "no path"), ("", "a path is empty"), ([7], "not int"), (7, "not int"), (b"x", "not int")],
)
def test_what_is_no_path_is_refused(paths: object, reason: str) -> None:
    with pytest.raises(TranscriptError, match=reason):
        find_files(paths)  # type: ignore[arg-type]


def test_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match="matches no file"):
        find_files(tmp_path)


def dangling(folder: Path) -> None:
    (folder / "odd.jsonl").symlink_to(folder / "gone.jsonl")


def loop(folder: Path) -> None:
    (folder / "odd.jsonl").symlink_to(folder / "odd.jsonl")


def file_outside(folder: Path) -> None:
    (folder.parent / "outside.jsonl").write_text("x")
    (folder / "odd.jsonl").symlink_to(folder.parent / "outside.jsonl")


def folder_outside(folder: Path) -> None:
    (folder.parent / "outside").mkdir()
    (folder.parent / "outside" / "x.jsonl").write_text("x")
    (folder / "odd").symlink_to("../outside")


def folder_named_like_a_file(folder: Path) -> None:
    (folder / "odd.jsonl").mkdir()
    (folder / "odd.jsonl" / "part-0").write_text("x")


def pipe(folder: Path) -> None:
    os.mkfifo(folder / "odd")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (dangling, "leads nowhere"),
        (loop, "leads nowhere"),
        (file_outside, "leads out of the folder"),
        (folder_outside, "leads out of the folder"),
        (folder_named_like_a_file, "folder with the name of a file"),
        (pipe, "no regular file"),
    ],
)
@pytest.mark.parametrize("pattern", ["", "*"])
def test_what_must_not_be_read_is_found_with_its_reason_and_costs_no_neighbour(
    folder: Path, make: Callable[[Path], None], reason: str, pattern: str
) -> None:
    make(folder)

    found = find_files(str(folder / pattern) if pattern else folder)

    refused = [file for file in found if file.refusal]
    assert [file.path.stem for file in refused] == ["odd"]
    assert reason in refused[0].refusal
    assert len(found) == 4


def test_dangling_link_given_by_name_is_found_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "x").symlink_to(tmp_path / "gone")

    (found,) = find_files(tmp_path / "x")

    assert "leads nowhere" in found.refusal


def test_link_given_by_name_may_lead_anywhere(folder: Path) -> None:
    (folder.parent / "elsewhere").mkdir()
    (folder.parent / "elsewhere" / "calls").symlink_to(folder)

    assert [file.path.name for file in find_files(folder.parent / "elsewhere" / "calls")] == [
        "a.txt",
        "b.jsonl",
        "c.csv",
    ]


def test_links_within_the_folder_do_not_make_it_endless(folder: Path) -> None:
    (folder / "sub" / "up").symlink_to(folder)
    (folder / "z.txt").symlink_to(folder / "a.txt")

    assert names(folder, folder) == ["a.txt", "b.jsonl", "sub/c.csv"]


def test_folder_named_like_a_file_is_read_when_given_by_name(folder: Path) -> None:
    folder_named_like_a_file(folder)

    assert names(folder / "odd.jsonl", folder) == ["odd.jsonl/part-0"]


def test_folder_that_may_not_be_listed_is_found_with_its_reason(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    list_folder = Path.iterdir

    def refuse(path: Path) -> Iterator[Path]:
        if path.name == "sub":
            raise PermissionError(errno.EACCES, "Permission denied")
        return list_folder(path)

    # Root, whom many containers run as, may list everything, so the system cannot be asked.
    monkeypatch.setattr(Path, "iterdir", refuse)

    found = find_files(folder)

    assert [file.path.name for file in found] == ["a.txt", "b.jsonl", "sub"]
    assert "cannot be listed (Permission denied)" in found[-1].refusal

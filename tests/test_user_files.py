"""Files and folders that people name, and writing them whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa_nlp.user_files import files_nearby, replacing_folder


def test_replacing_a_link_to_a_folder_leaves_the_folder_and_nothing_else(tmp_path: Path) -> None:
    target, link = tmp_path / "elsewhere" / "real", tmp_path / "here" / "link"
    target.mkdir(parents=True)
    link.parent.mkdir()
    (target / "mark").write_text("old", "utf-8")
    link.symlink_to(target, target_is_directory=True)

    with replacing_folder(link, ["mark"]) as fresh:
        (fresh / "mark").write_text("new", "utf-8")

    assert [item.name for item in link.parent.iterdir()] == ["link"]
    assert not link.is_symlink()
    assert (link / "mark").read_text("utf-8") == "new"
    assert (target / "mark").read_text("utf-8") == "old"


def test_a_link_stays_when_the_new_folder_cannot_be_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, link = tmp_path / "real", tmp_path / "link"
    target.mkdir()
    (target / "mark").write_text("old", "utf-8")
    link.symlink_to(target, target_is_directory=True)
    rename = Path.rename

    def interrupted(self: Path, place: Path) -> Path:
        if self.suffix == ".part":
            raise KeyboardInterrupt
        return rename(self, place)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt), replacing_folder(link, ["mark"]) as fresh:
        (fresh / "mark").write_text("new", "utf-8")

    assert sorted(item.name for item in tmp_path.iterdir()) == ["link", "real"]
    assert link.is_symlink()
    assert (link / "mark").read_text("utf-8") == "old"


def test_files_beside_a_missing_one_are_those_of_its_ending(tmp_path: Path) -> None:
    for name in ("rubric.yaml", "rubric.txt"):
        (tmp_path / name).write_text("", "utf-8")

    assert files_nearby(tmp_path / "rubrik.yaml") == "; did you mean 'rubric.yaml'?"
    assert files_nearby(tmp_path / "no folder" / "rubric.yaml") == ""
    assert files_nearby(Path("no\0folder") / "rubric.yaml") == ""

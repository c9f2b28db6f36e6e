"""The committed JSON Schemas are those of the models."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.export_schemas import main, stale_files


def test_committed_schemas_equal_the_exported_ones() -> None:
    assert stale_files() == []


def test_export_names_a_stale_and_a_missing_file(tmp_path: Path) -> None:
    (tmp_path / "rubric.schema.json").write_text("{}", encoding="utf-8")

    assert stale_files(tmp_path) == ["rubric.schema.json", "phrase_bank.schema.json"]


def test_export_writes_what_it_checks(tmp_path: Path) -> None:
    folder = tmp_path / "schemas"

    assert main([], folder) == 0
    assert stale_files(folder) == []


def test_check_fails_and_writes_nothing_when_stale(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--check"], tmp_path) == 1
    assert list(tmp_path.iterdir()) == []
    assert "rubric.schema.json is stale" in capsys.readouterr().out

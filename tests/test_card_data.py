"""The tables of training data in the model cards are those of the manifests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.card_data import CLOSING, OPENING, data_table, main

CARD = "above\n{}{}{}below\n"
COUNTS = {"train": 1368, "development": 142, "test": 510}


def written(models: Path, table: str = "stale\n", **changed: Any) -> Path:
    """Write a card beside a manifest."""
    folder = models / "encoder-xx"
    folder.mkdir()
    manifest = {
        "data": {"sentences-ro": COUNTS},
        "licences": {"sentences-ro": "written for this project"},
        **changed,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    card = folder / "README.md"
    card.write_text(CARD.format(OPENING, table, CLOSING), encoding="utf-8")
    return card


def test_committed_tables_of_data_are_up_to_date() -> None:
    assert main(["--check"]) == 0


def test_table_names_each_source_with_its_licence_and_counts() -> None:
    table = data_table(
        {
            "data": {"tydip": COUNTS, "posts-ru": COUNTS},
            "licences": {"tydip": "CC BY 4.0", "posts-ru": "written for this project"},
        }
    )

    _, _, public, own = table.splitlines()
    assert public.startswith("| `tydip` | TyDiP, English: requests")
    assert public.endswith("| CC BY 4.0 | politeness | 1,368 | 142 | 510 |")
    assert own.startswith("| `posts-ru` | customers' public posts, Russian | written for this")
    assert "emotion groups" in own


def test_table_says_of_research_data_that_no_licence_is_stated() -> None:
    table = data_table({"data": {"epitome": COUNTS}, "licences": {"epitome": "research"}})

    assert "| none stated: research only |" in table


@pytest.mark.parametrize("source", ["letters-en", "posts-xx", "someone"])
def test_table_is_refused_when_nothing_is_known_of_a_source(source: str) -> None:
    with pytest.raises(ValueError, match=f"nothing is known of source '{source}'"):
        data_table({"data": {source: COUNTS}, "licences": {source: "MIT"}})


def test_check_fails_and_writes_nothing_when_a_table_is_stale(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = written(tmp_path)
    before = card.read_text(encoding="utf-8")

    assert main(["--check"], tmp_path) == 1
    assert "stale" in capsys.readouterr().out
    assert card.read_text(encoding="utf-8") == before


def test_write_renews_only_what_stands_between_the_markers(tmp_path: Path) -> None:
    card = written(tmp_path)

    assert main(["--write"], tmp_path) == 0
    text = card.read_text(encoding="utf-8")
    assert text.startswith(f"above\n{OPENING}| source |")
    assert text.endswith(f"| 510 |\n{CLOSING}below\n")
    assert main(["--check"], tmp_path) == 0


def test_folder_without_a_manifest_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "encoder-yy").mkdir()

    assert main(["--check"], tmp_path) == 0


def test_card_without_markers_is_refused(tmp_path: Path) -> None:
    written(tmp_path).write_text("no table here\n", encoding="utf-8")

    with pytest.raises(ValueError, match="once"):
        main(["--write"], tmp_path)

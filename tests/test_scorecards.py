"""Many scorecards: a sequence, tables, and files that come back exactly as they were."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.errors import ArtifactError
from qa_nlp.scorecard import Scorecard
from qa_nlp.scorecards import (
    Scorecards,
    arrow_schema,
    read_scorecards,
    to_arrow,
    write_scorecards,
)
from tests.builders import chat, full_card, scorecards

CARD = full_card()
ERROR = Scorecard("c2", "c2", "demo", "1.0", error="the transcript has no words")
CARDS = Scorecards([CARD, ERROR])
STORED = ["jsonl", "parquet"]
EVERY = [*STORED, "html"]


def test_scorecards_is_a_sequence() -> None:
    assert len(CARDS) == 2
    assert CARDS[0] is CARD
    assert CARDS[-1] is ERROR
    assert list(CARDS) == [CARD, ERROR]
    assert ERROR in CARDS


def test_scorecards_gives_scorecards_when_sliced() -> None:
    assert CARDS[1:] == Scorecards([ERROR])


def test_scorecards_finds_a_card_by_its_transcript_id() -> None:
    assert CARDS["c2"] is ERROR


def test_scorecards_lists_near_ids_when_there_is_no_such_card() -> None:
    cards = Scorecards([replace(CARD, transcript_id="call-17")])

    with pytest.raises(KeyError, match="did you mean 'call-17'"):
        cards["call-71"]


def test_scorecards_lists_what_could_not_be_scored() -> None:
    assert CARDS.errors == (ERROR,)


def test_scorecards_says_how_many_cards_a_person_must_look_at() -> None:
    cards = Scorecards([CARD, ERROR, ERROR])

    assert repr(cards) == "<Scorecards: 3 cards, 2 errors, 3 for a person to look at>"


def test_equal_scorecards_have_equal_hashes() -> None:
    again = Scorecards([full_card(), ERROR])

    assert again == CARDS
    assert hash(again) == hash(CARDS)
    assert again != Scorecards([CARD])


HEAD = ["transcript_id", "rubric", "agent_id", "team", "channel", "language"]
TOTALS = ["total", "total_status", "total_low", "total_high", "fold", "needs_review"]
GRADE = [
    "criterion",
    "status",
    "level",
    "probability",
    "expected",
    "points",
    "possible",
    "level_set",
    "critical",
    "calibrated",
    "reason",
]
EVIDENCE = ["turn", "start", "end", "quote", "signal", "contribution", "note"]
COLUMNS = {
    "cards": [*HEAD, *TOTALS, "opening", "identity", "hold", "error"],
    "grades": [*HEAD, *GRADE],
    "evidence": ["transcript_id", "criterion", *EVIDENCE],
}


def shape_of(table: Any) -> tuple[int, list[str]]:
    names = table.schema.names if isinstance(table, pa.Table) else list(table.columns)
    return table.shape[0], names


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize(("shape", "rows"), [("cards", 2), ("grades", 3), ("evidence", 2)])
def test_to_frame_has_a_row_for_each_item_in_every_library(
    shape: Any, rows: int, library: str
) -> None:
    table = CARDS.to_frame(shape, library)

    assert shape_of(table) == (rows, COLUMNS[shape])


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize("shape", ["cards", "grades", "evidence"])
def test_to_frame_has_its_columns_when_there_are_no_rows(shape: Any, library: str) -> None:
    table = Scorecards([]).to_frame(shape, library)

    columns = [name for name in COLUMNS[shape] if name not in ("opening", "identity", "hold")]
    assert shape_of(table) == (0, columns)


def test_to_frame_says_na_and_abstained_where_there_is_no_level() -> None:
    row = CARDS.to_frame().iloc[0]

    assert list(row[["opening", "identity", "hold"]]) == ["good", "abstained", "N/A"]
    assert (row["total"], row["total_low"], row["total_high"]) == (62.5, 29.1667, 95.8333)
    assert (row["agent_id"], row["team"]) == ("A1", "north")


def test_to_frame_gives_the_probability_of_the_level_that_was_given() -> None:
    row = CARDS.to_frame("grades").iloc[0]

    assert (row["level"], row["probability"]) == ("good", 0.875)


def test_to_frame_refuses_another_shape_and_another_library() -> None:
    with pytest.raises(ValueError, match=r"unknown shape 'card'; did you mean 'cards'"):
        CARDS.to_frame("card")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"unknown library 'panda'; did you mean 'pandas'"):
        CARDS.to_frame("cards", "panda")


@pytest.mark.parametrize("ending", STORED)
@given(cards=st.lists(scorecards, max_size=3))
def test_file_gives_back_what_was_written_whatever_the_cards_hold(
    ending: str, cards: list[Scorecard]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_scorecards(cards, Path(folder) / f"cards.{ending}")
        again = read_scorecards(path)

    assert again == Scorecards(cards)
    assert [repr(card.to_dict()) for card in again] == [repr(card.to_dict()) for card in cards]


@pytest.mark.parametrize("ending", STORED)
def test_file_is_the_same_when_written_again_from_what_was_read(
    tmp_path: Path, ending: str
) -> None:
    first = write_scorecards(CARDS, tmp_path / f"first.{ending}")

    second = write_scorecards(read_scorecards(first), str(tmp_path / f"second.{ending}"))

    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("ending", STORED)
def test_file_holds_no_transcript(tmp_path: Path, ending: str) -> None:
    card = replace(CARD, transcript=chat("c1", "agent: Goldfish."))

    path = write_scorecards([card], tmp_path / f"cards.{ending}")

    assert b"Goldfish" not in path.read_bytes()
    assert read_scorecards(path)[0].transcript is None


@pytest.mark.parametrize("ending", STORED)
def test_file_without_cards_is_read_as_no_cards(tmp_path: Path, ending: str) -> None:
    assert read_scorecards(write_scorecards([], tmp_path / f"cards.{ending}")) == Scorecards([])


def test_jsonl_has_one_card_a_line(tmp_path: Path) -> None:
    path = write_scorecards(CARDS, tmp_path / "cards.jsonl")

    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert [row["transcript_id"] for row in rows] == ["c1", "c2"]


def test_parquet_states_its_format_version(tmp_path: Path) -> None:
    path = write_scorecards(CARDS, tmp_path / "cards.parquet")

    assert pq.read_schema(path).metadata[b"qa_nlp.scorecard_format"] == b"2"
    assert pq.read_schema(path).names == arrow_schema().names


def test_write_makes_the_folder_when_there_is_none(tmp_path: Path) -> None:
    path = write_scorecards(CARDS, tmp_path / "out" / "run=3" / "cards.parquet")

    assert read_scorecards(path) == CARDS


def breaking() -> Iterator[Scorecard]:
    yield CARD
    raise RuntimeError("the source broke")


@pytest.mark.parametrize("ending", EVERY)
def test_write_leaves_the_old_file_whole_when_it_fails_halfway(tmp_path: Path, ending: str) -> None:
    path = write_scorecards(CARDS, tmp_path / f"cards.{ending}")
    before = path.read_bytes()

    with pytest.raises(RuntimeError, match="the source broke"):
        write_scorecards(breaking(), path)

    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", EVERY)
def test_write_leaves_nothing_behind_when_it_fails_the_first_time(
    tmp_path: Path, ending: str
) -> None:
    with pytest.raises(RuntimeError, match="the source broke"):
        write_scorecards(breaking(), tmp_path / f"cards.{ending}")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", EVERY)
def test_write_leaves_no_temporary_file_when_it_succeeds(tmp_path: Path, ending: str) -> None:
    path = write_scorecards(CARDS, tmp_path / f"cards.{ending}")

    assert list(tmp_path.iterdir()) == [path]


def test_write_gives_the_rights_that_a_new_file_has(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()

    path = write_scorecards(CARDS, tmp_path / "cards.jsonl")

    assert path.stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, "\ud800"], ids=["nan", "set", "surrogate"])
@pytest.mark.parametrize("ending", STORED)
def test_write_names_the_card_when_its_metadata_cannot_be_stored(
    tmp_path: Path, ending: str, value: object
) -> None:
    card = replace(CARD, metadata={"csat": value})

    with pytest.raises(ArtifactError, match="'c1' holds what JSON cannot"):
        write_scorecards([card], tmp_path / f"cards.{ending}")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["cards.csv", "cards", "cards.JSONL"])
def test_write_lists_the_endings_when_the_file_has_another(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArtifactError, match=r"end it in \.jsonl, \.parquet or \.html"):
        write_scorecards(CARDS, tmp_path / name)


@pytest.mark.parametrize("ending", EVERY)
def test_write_refuses_a_folder_with_the_name_of_the_file(tmp_path: Path, ending: str) -> None:
    (tmp_path / f"cards.{ending}").mkdir()

    with pytest.raises(ArtifactError, match="is a folder, not a file"):
        write_scorecards(CARDS, tmp_path / f"cards.{ending}")


def test_write_says_so_when_a_file_stands_where_the_folder_should(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("in the way")

    with pytest.raises(ArtifactError, match=r"out/cards\.jsonl: cannot be written"):
        write_scorecards(CARDS, tmp_path / "out" / "cards.jsonl")


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """Give a folder that may be read but not written to, even where the tests run as root."""
    if not hasattr(os, "geteuid"):
        pytest.skip("needs POSIX users")
    # not below tmp_path, which only its owner may enter
    folder = Path(tempfile.mkdtemp())
    (folder / "cards.jsonl").touch()
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield folder
    finally:
        os.seteuid(user)
        folder.chmod(0o755)
        (folder / "cards.jsonl").unlink()
        folder.rmdir()


@pytest.mark.parametrize("name", ["cards.jsonl", "new.jsonl", "new/cards.jsonl"])
def test_write_says_so_when_the_folder_is_read_only(read_only_folder: Path, name: str) -> None:
    with pytest.raises(ArtifactError, match=r"cards|new\.jsonl: cannot be written: Permission"):
        write_scorecards(CARDS, read_only_folder / name)

    assert [file.name for file in read_only_folder.iterdir()] == ["cards.jsonl"]


@pytest.mark.parametrize("name", ["cards.jsonl", "cards.parquet"])
def test_read_says_so_when_there_is_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(ArtifactError, match=rf"{name}: cannot be read: no such file"):
        read_scorecards(tmp_path / name)


@pytest.mark.parametrize("name", ["cards.jsonl", "cards.parquet"])
def test_read_refuses_a_folder_with_the_name_of_a_file(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()

    with pytest.raises(ArtifactError, match=rf"{name}: is a folder"):
        read_scorecards(tmp_path / name)


def test_read_refuses_another_ending(tmp_path: Path) -> None:
    path = write_scorecards(CARDS, tmp_path / "cards.html")

    with pytest.raises(ArtifactError, match=r"must end in \.jsonl or \.parquet"):
        read_scorecards(path)


def test_read_names_the_line_when_a_jsonl_file_is_cut_off(tmp_path: Path) -> None:
    path = write_scorecards(CARDS, tmp_path / "cards.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])

    with pytest.raises(ArtifactError, match=r"cards\.jsonl:2: not JSON .* may be cut off"):
        read_scorecards(path)


def test_read_names_the_line_when_a_jsonl_file_is_cut_off_inside_a_character(
    tmp_path: Path,
) -> None:
    card = replace(CARD, error="é" * 40)
    path = write_scorecards([CARD, card], tmp_path / "cards.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex("é".encode()) + 1])

    with pytest.raises(ArtifactError, match=r"cards\.jsonl:2: not UTF-8"):
        read_scorecards(path)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("5", "must be an object, not int"),
        ('"some words"', "must be an object, not str"),
        ("{}", "format None is not the format 2"),
        ("[" * 100_000, "recursion"),
        ("9" * 10_000, "digits"),
    ],
    ids=["number", "text", "empty", "nested", "long number"],
)
def test_read_names_the_line_when_a_jsonl_line_is_no_scorecard(
    tmp_path: Path, line: str, reason: str
) -> None:
    path = write_scorecards(CARDS, tmp_path / "cards.jsonl")
    path.write_text(path.read_text("utf-8") + "\n" + line + "\n", "utf-8")

    with pytest.raises(ArtifactError, match=rf"cards\.jsonl:4: .*{reason}"):
        read_scorecards(path)


def test_read_refuses_a_jsonl_file_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "cards.jsonl"
    path.write_text(json.dumps({**CARD.to_dict(), "format_version": 1}), "utf-8")

    with pytest.raises(ArtifactError, match=r"cards\.jsonl:1: scorecard format 1 is not"):
        read_scorecards(path)


def test_read_refuses_a_parquet_file_of_another_version(tmp_path: Path) -> None:
    table = to_arrow(CARDS)
    pq.write_table(
        table.set_column(0, "format_version", pa.array([2, 1])), tmp_path / "cards.parquet"
    )

    with pytest.raises(ArtifactError, match=r"cards\.parquet: row 2: scorecard format 1 is not"):
        read_scorecards(tmp_path / "cards.parquet")


def test_read_refuses_a_parquet_file_of_something_else(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": ["Hello"]}), tmp_path / "cards.parquet")

    with pytest.raises(ArtifactError, match=r"cards\.parquet: not a table of scorecards: no colum"):
        read_scorecards(tmp_path / "cards.parquet")


@pytest.mark.parametrize("value", [None, 1, "x"], ids=["null", "number", "text"])
def test_read_refuses_a_parquet_file_whose_columns_hold_something_else(
    tmp_path: Path, value: object
) -> None:
    table = pa.table({name: [value] for name in arrow_schema().names})
    pq.write_table(table, tmp_path / "cards.parquet")

    with pytest.raises(ArtifactError, match=r"cards\.parquet: row 1: not a scorecard"):
        read_scorecards(tmp_path / "cards.parquet")


@pytest.mark.parametrize("kept", [0, 3, 500])
def test_read_refuses_a_parquet_file_that_is_cut_off(tmp_path: Path, kept: int) -> None:
    path = write_scorecards(CARDS, tmp_path / "cards.parquet")
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(ArtifactError, match=r"cards\.parquet: not a Parquet file, or cut off"):
        read_scorecards(path)


def test_read_refuses_a_parquet_file_whose_pages_are_damaged(tmp_path: Path) -> None:
    path = write_scorecards(CARDS, tmp_path / "cards.parquet")
    content = bytearray(path.read_bytes())
    content[10:60] = bytes(50)
    path.write_bytes(content)

    with pytest.raises(ArtifactError, match=r"cards\.parquet"):
        read_scorecards(path)

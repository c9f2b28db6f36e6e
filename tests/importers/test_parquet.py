from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from qa_nlp.importers import BadTranscript, read_transcripts
from qa_nlp.transcript import Transcript


def write(path: Path, rows_a_group: int = 3, **columns: object) -> Path:
    pq.write_table(pa.table(columns), path, row_group_size=rows_a_group)
    return path


def test_conversations_are_read_across_row_groups(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x",
        conversation_id=[f"c{number // 5}" for number in range(20)],
        role=["agent", "customer"] * 10,
        text=[str(number) for number in range(20)],
    )

    calls = list(read_transcripts(path))

    assert [[turn.text for turn in call.turns] for call in calls] == [
        [str(number) for number in range(first, first + 5)] for first in (0, 5, 10, 15)
    ]


def test_timestamps_become_seconds_since_the_first(tmp_path: Path) -> None:
    moments = [datetime(2026, 3, 4, 9, 15, second, tzinfo=UTC) for second in (0, 7)]
    path = write(
        tmp_path / "x",
        conversation_id=["c", "c"],
        role=["agent", "customer"],
        text=["a", "b"],
        start=pa.array(moments, pa.timestamp("ms", "UTC")),
        score=[Decimal("1.5"), Decimal("1.5")],
    )

    (call,) = read_transcripts(path)

    assert [turn.start for turn in call.turns] == [0.0, 7.0]
    assert call.started_at == moments[0]
    assert call.metadata["score"] == 1.5


def test_conversation_that_comes_back_is_bad_at_its_row(tmp_path: Path) -> None:
    path = write(tmp_path / "x", conversation_id=["a", "b", "a"], role=["bot"] * 3, text=["1"] * 3)

    _, _, again = read_transcripts(path).iter_all()

    assert isinstance(again, BadTranscript)
    assert (again.id, again.source) == ("a", f"{path}:3")


def test_missing_column_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "x", transcript_id=["a"], criterion=["empathy"], level=["good"])

    (item,) = read_transcripts(path).iter_all()

    assert isinstance(item, BadTranscript)
    assert "none of the 3 columns is called 'text'" in item.error.message


def test_file_that_is_cut_off_is_bad(tmp_path: Path) -> None:
    path = write(tmp_path / "x", conversation_id=["a"], role=["bot"], text=["1"])
    path.write_bytes(path.read_bytes()[:-20])

    (item,) = read_transcripts(path).iter_all()

    assert isinstance(item, BadTranscript)
    assert "cut off or damaged" in item.error.message


def test_damaged_page_costs_only_what_has_not_been_read(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x",
        rows_a_group=1000,
        conversation_id=[f"c{number // 1000}" for number in range(3000)],
        role=["agent"] * 3000,
        text=[f"{number}" for number in range(3000)],
    )
    group = pq.ParquetFile(path).metadata.row_group(1)
    text = group.column(2)
    content = bytearray(path.read_bytes())
    first = text.dictionary_page_offset or text.data_page_offset
    content[first : first + 60] = b"\xff" * 60
    path.write_bytes(bytes(content))

    items = list(read_transcripts(path).iter_all())

    assert isinstance(items[-1], BadTranscript)
    assert "cut off or damaged" in items[-1].error.message


def test_text_column_of_numbers_and_nulls_is_read_as_text(tmp_path: Path) -> None:
    path = write(
        tmp_path / "x", conversation_id=[1.0, 1.0], speaker=["Agent", None], text=[7, None]
    )

    (item,) = read_transcripts(path).iter_all()

    assert isinstance(item, Transcript)
    assert item.id == "1"
    assert [turn.text for turn in item.turns] == ["7", ""]

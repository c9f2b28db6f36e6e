"""Arrow in, Arrow out: the same scorecards as those of the scorer, whatever the batches."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.batch import score_batches, transcript_schema, transcripts_to_arrow
from qa_nlp.batch.scorers import cached_scorer
from qa_nlp.errors import TranscriptError
from qa_nlp.grades import Grades
from qa_nlp.scorecards import Scorecards, arrow_schema, from_arrow
from qa_nlp.scorer import Scorer
from qa_nlp.transcript import Role, Transcript, Turn
from tests.batch.world import calls, light
from tests.builders import HashEncoder
from tests.graded_world import CALLS, GRADES, conversations, plain

ROW: dict[str, Any] = {
    "transcript_id": "c1",
    "language": "en",
    "turns": [{"role": "agent", "text": "Hello!"}],
}


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    """Give a real scorer that needs no weights."""
    return plain()


def scored(batches: Sequence[pa.RecordBatch], scorer: Any) -> Scorecards:
    return from_arrow(pa.Table.from_batches(score_batches(batches, scorer), arrow_schema()))


def batch_of_rows(*rows: dict[str, Any]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(rows))


def cuts(batch: pa.RecordBatch, sizes: Sequence[int]) -> list[pa.RecordBatch]:
    found, start = [], 0
    for size in sizes:
        found.append(batch.slice(start, size))
        start += size
    return [*found, batch.slice(start)]


@given(st.lists(st.integers(0, 12), max_size=5))
def test_cards_are_those_of_the_scorer_in_whatever_batches(sizes: list[int]) -> None:
    items = calls(20)
    found = scored(cuts(transcripts_to_arrow(items), sizes), light)

    assert found == Scorecards(light().iter_scores(items))


def test_cards_of_a_real_scorer_are_the_same(scorer: Scorer) -> None:
    items = conversations(30)

    assert scored(cuts(transcripts_to_arrow(items), [7, 0, 11]), scorer) == scorer.score(items)


def test_every_field_of_a_transcript_gets_through(scorer: Scorer) -> None:
    call = Transcript(
        "c1",
        [
            Turn(Role.CUSTOMER, "Hello?", speaker="Ana", start=0.5, end=2.0, end_derived=True),
            Turn(Role.AGENT, "Hello!", agent_id="A1", start=1.0),
        ],
        channel="voice",
        language="en",
        started_at=datetime(2026, 3, 2, 9, 12, tzinfo=UTC),
        metadata={"team": "north", "tags": ["a", {"b": None}], "csat": 4},
        group_id="g1",
    )

    assert scored([transcripts_to_arrow([call])], scorer) == scorer.score([call])


def test_other_columns_become_metadata_and_stated_metadata_wins(scorer: Scorer) -> None:
    row = {
        **ROW,
        "started_at": datetime(2026, 3, 2, 9, 12, tzinfo=UTC),
        "team": "north",
        "csat": 4,
        "day": datetime(2026, 3, 2),
        "raw": b"bytes",
        "empty": None,
        "metadata": json.dumps({"csat": 5}),
    }

    (card,) = scored([batch_of_rows(row)], scorer)

    assert card.started_at == "2026-03-02T09:12:00+00:00"
    assert dict(card.metadata) == {"team": "north", "csat": 5, "day": "2026-03-02T00:00:00"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({**ROW, "transcript_id": ""}, "the id must be a non-empty string"),
        ({**ROW, "transcript_id": None}, "the id must be a non-empty string"),
        ({**ROW, "turns": None}, "turns is empty"),
        ({**ROW, "turns": []}, "the transcript has no words"),
        ({**ROW, "turns": [{"role": "agnt", "text": "x"}]}, "did you mean 'agent'"),
        ({**ROW, "turns": [{"role": None, "text": "x"}]}, "turn 0: the turn has no 'role'"),
        ({**ROW, "metadata": "{"}, "metadata must be a JSON object as text"),
        ({**ROW, "metadata": "[1]"}, "metadata must be a JSON object as text"),
        ({**ROW, "channel": "fax"}, "unknown channel"),
        ({**ROW, "started_at": "noon"}, "started_at"),
    ],
)
def test_bad_row_becomes_an_error_row_and_costs_no_neighbour(
    scorer: Scorer, row: dict[str, Any], reason: str
) -> None:
    good = {**ROW, "transcript_id": "good"}

    batch = batch_of_rows(good)
    schema = transcript_schema()
    batches = [batch, pa.RecordBatch.from_pylist([row], schema=schema), batch_of_rows(ROW | good)]
    cards = scored(batches, scorer)

    assert [card.error is None for card in cards] == [True, False, False]
    assert reason in str(cards[1].error)
    assert cards[1].transcript_id == (row["transcript_id"] or "row 2")
    assert "ids must be unique" in str(cards[2].error)


def test_batch_without_rows_gives_one_without_rows(scorer: Scorer) -> None:
    (found,) = score_batches([transcripts_to_arrow([])], scorer)

    assert found.num_rows == 0
    assert found.schema.equals(arrow_schema(), check_metadata=True)
    assert list(score_batches([], scorer)) == []


def test_column_that_is_missing_is_refused_with_near_names(scorer: Scorer) -> None:
    batch = pa.RecordBatch.from_pylist([{"transcrpt_id": "c1", "turns": []}])

    with pytest.raises(TranscriptError, match="no column 'transcript_id'; did you mean"):
        next(score_batches([batch], scorer))


def test_batches_are_read_one_at_a_time(scorer: Scorer) -> None:
    read = []

    def source() -> Any:
        for number in range(3):
            read.append(number)
            yield transcripts_to_arrow(calls(2, f"b{number}-"))

    next(score_batches(source(), scorer))

    assert read == [0]


def test_scorer_is_made_once_in_a_process() -> None:
    made = []

    def make() -> Scorer:
        made.append(1)
        return plain()

    for _ in range(3):
        scored([transcripts_to_arrow(calls(1))], make)

    assert len(made) == 1


@pytest.mark.slow
def test_saved_scorer_is_loaded_again_once_it_was_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = plain().calibrate(CALLS, Grades.from_rows(GRADES)).save(tmp_path / "demo.scorer")
    monkeypatch.setattr(Scorer, "load", partial(Scorer.load, encoder=HashEncoder()))

    first, same = cached_scorer(folder), cached_scorer(str(folder))
    plain().calibrate(CALLS[:30], Grades.from_rows(GRADES)).save(folder)
    other = cached_scorer(folder)

    assert first is same
    assert other.fingerprint != first.fingerprint


def test_function_can_be_sent_to_another_process() -> None:
    sent = pickle.loads(pickle.dumps(partial(score_batches, scorer=plain)))

    (found,) = sent([transcripts_to_arrow(calls(2))])

    assert found.num_rows == 2

from __future__ import annotations

import json
import math
import tempfile
from datetime import UTC, timedelta, timezone
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from qa_nlp.importers import BadTranscript, read_transcripts
from qa_nlp.transcript import Role, Transcript, Turn

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip)
SECONDS = st.floats(0, 1e7, allow_nan=False)
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=-3, minutes=-30))])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(-1e9, 1e9) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@st.composite
def turns(draw: st.DrawFn, start: float | None) -> Turn:
    role = draw(st.sampled_from(Role))
    end = None if start is None else draw(st.none() | st.floats(start, 2e7))
    agent_id = draw(st.none() | NAMES) if role in (Role.AGENT, Role.UNKNOWN) else None
    return Turn(
        role, draw(TEXTS), draw(st.none() | NAMES), agent_id, start, end, draw(st.booleans())
    )


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    starts: list[float | None] = list(sorted(draw(st.lists(SECONDS, max_size=4))))
    for place in draw(st.lists(st.integers(0, len(starts)), max_size=2)):
        starts.insert(place, None)
    return Transcript(
        id=draw(NAMES),
        turns=tuple(draw(turns(start)) for start in starts),
        channel=draw(st.sampled_from([None, "voice", "chat", "email"])),
        language=draw(st.sampled_from([None, "en", "ro", "ru", "pt"])),
        started_at=draw(st.none() | st.datetimes(timezones=ZONES)),
        metadata=draw(st.dictionaries(TEXTS, JSON, max_size=3)),
        group_id=draw(st.just("") | NAMES),
    )


BATCHES = st.lists(transcripts(), min_size=1, max_size=4, unique_by=lambda t: t.id)


def read_back(text: str) -> list[Transcript | BadTranscript]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_text(text, encoding="utf-8", newline="")
        return list(read_transcripts(path).iter_all())


@settings(max_examples=60)
@given(batch=BATCHES, ascii_only=st.booleans())
def test_transcripts_survive_a_jsonl_file(batch: list[Transcript], ascii_only: bool) -> None:
    lines = [json.dumps(t.to_dict(), ensure_ascii=ascii_only) for t in batch]

    assert read_back("\n".join(lines) + "\n") == batch


@settings(max_examples=30)
@given(batch=BATCHES, indent=st.sampled_from([None, 0, 2]))
def test_transcripts_survive_a_json_list(batch: list[Transcript], indent: int | None) -> None:
    text = json.dumps([t.to_dict() for t in batch], ensure_ascii=False, indent=indent)

    assert read_back(text) == batch


@settings(max_examples=30)
@given(transcript=transcripts(), indent=st.sampled_from([None, 0, 2]))
def test_a_transcript_survives_a_json_object(transcript: Transcript, indent: int | None) -> None:
    assert read_back(json.dumps(transcript.to_dict(), indent=indent)) == [transcript]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"id": "x", "turns": [', "ends too early"),
        ('{"id": "x", "turns": [{"role": "agent", "text": "secret', "ends too early"),
        ("{" * 100_000, "no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"id": "x", "turns": [], "metadata": {"n": NaN}}', "NaN is not a JSON value"),
        ('{"turns": []}', "has no 'id'"),
        ('{"id": "x"}', "has no 'turns'"),
        ('{"id": 7, "turns": []}', "id must be a non-empty string, not int"),
        ('{"id": "x", "turns": "secret"}', "turns must be a list, not str"),
        ('{"id": "x", "turns": [7]}', "turn 0: a turn must be an object, not int"),
        ('{"id": "x", "turns": [{"role": "agnet", "text": ""}]}', "did you mean 'agent'"),
        ('{"id": "x", "turns": [{"role": "a secret said", "text": ""}]}', "role of 13 characters"),
        (
            '{"id": "x", "turns": [{"role": ["agent"], "text": ""}]}',
            "role must be a string, not li",
        ),
        ('{"id": "x", "turns": [{"role": "agent", "text": 7}]}', "text must be a string, not int"),
        ('{"id": "x", "turns": [{"role": "agent", "txt": ""}]}', "did you mean 'text'"),
        ('{"id": "x", "turns": [{"role": "agent", "text": "\\ud83d"}]}', "half a surrogate pair"),
        ('{"id": "x", "turns": [{"role": "bot", "text": "", "start": -1}]}', "start is -1"),
        ('{"id": "x", "turns": [{"role": "bot", "text": "", "end": 1}]}', "needs a start"),
        ('{"id": "x", "turns": [{"role": "bot", "text": "", "start": "0"}]}', "number of seconds"),
        ('{"id": "x", "turns": [{"role": "bot", "text": "", "start": 1e999}]}', "start is inf"),
        ('{"id": "x", "turns": [], "channel": "phone"}', "unknown channel 'phone'"),
        ('{"id": "x", "turns": [], "language": "english"}', "must be an ISO 639 code"),
        ('{"id": "x", "turns": [], "started_at": "yesterday"}', "must be ISO 8601"),
        ('{"id": "x", "turns": [], "metadata": []}', "metadata must be an object, not list"),
        ('["secret"]', "a transcript must be an object, not list"),
        ("secret", "no JSON"),
        ("1" * 5000, "a number is too long"),
    ],
)
def test_a_broken_line_costs_neither_of_its_neighbours(
    tmp_path: Path, line: str, reason: str
) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text(f'{{"id": "a", "turns": []}}\n{line}\n{{"id": "b", "turns": []}}\n')

    above, bad, below = read_transcripts(path).iter_all()

    assert isinstance(above, Transcript)
    assert isinstance(bad, BadTranscript)
    assert isinstance(below, Transcript)
    assert bad.source == f"{path}:2"
    assert reason in str(bad.error)
    assert str(bad.error).startswith(f"{path}:2")
    assert "secret" not in str(bad.error)


def test_a_broken_first_line_does_not_hide_the_format(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text('{"id": "a", "turns": [{"role"\n{"id": "b", "turns": []}\n')

    bad, good = read_transcripts(path).iter_all()

    assert isinstance(bad, BadTranscript)
    assert isinstance(good, Transcript)


def test_decreasing_starts_are_refused_with_the_turn(tmp_path: Path) -> None:
    rows = [{"role": "agent", "text": "secret", "start": start} for start in (5.0, 4.0)]
    path = tmp_path / "calls.json"
    path.write_text(json.dumps({"id": "x", "turns": rows}))

    (bad,) = read_transcripts(path).iter_all()

    assert isinstance(bad, BadTranscript)
    assert bad.id == "x"
    assert "turn 1 starts at 4.0 s" in bad.error.message


def test_overlapping_times_are_read(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"role": "agent", "text": "So I", "start": 1.0, "end": 9.0},
        {"role": "customer", "text": "No!", "start": 1.0, "end": 2.0},
    ]
    path = tmp_path / "calls.json"
    path.write_text(json.dumps({"id": "x", "turns": rows}))

    (transcript,) = read_transcripts(path)

    assert [turn.end for turn in transcript.turns] == [9.0, 2.0]


def test_an_item_of_a_list_that_is_no_transcript_is_named_by_its_place(tmp_path: Path) -> None:
    path = tmp_path / "calls.json"
    path.write_text('[{"id": "a", "turns": []}, null, {"id": "b", "turns": []}]')

    items = list(read_transcripts(path).iter_all())

    assert [type(item).__name__ for item in items] == ["Transcript", "BadTranscript", "Transcript"]
    assert isinstance(items[1], BadTranscript)
    assert items[1].error.message == "item 1: a transcript must be an object, not NoneType"


def test_metadata_nested_beyond_what_can_be_copied_is_refused(tmp_path: Path) -> None:
    nested = "[" * 800 + "]" * 800
    path = tmp_path / "calls.jsonl"
    path.write_text(
        f'{{"id": "a", "turns": [], "metadata": {{"n": {nested}}}}}\n{{"id": "b", "turns": []}}\n'
    )

    deep, below = read_transcripts(path).iter_all()

    assert isinstance(deep, BadTranscript)
    assert "nested too deeply" in deep.error.message
    assert isinstance(below, Transcript)


def test_named_format_reads_a_single_line(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text('{"id": "a", "turns": [{"role": "agent", "text": "Hi", "start": 0.1}]}')

    (transcript,) = read_transcripts(path, format="jsonl")

    assert transcript.turns[0].start is not None
    assert math.isclose(transcript.turns[0].start, 0.1)

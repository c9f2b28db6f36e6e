"""Words of a transcript stay out of logs, warnings and messages; quotes are masked."""

from __future__ import annotations

import json
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qa_nlp.errors import QaNlpError
from qa_nlp.importers import read_transcripts
from qa_nlp.samples import Samples
from qa_nlp.scorecard import Evidence, Scorecard
from qa_nlp.scorecards import Scorecards, read_scorecards, write_scorecards
from qa_nlp.scorer import Scorer
from qa_nlp.transcript import Role, Transcript, Turn
from tests.builders import chat, full_card

# What was said: neither word may turn up anywhere but in quotes.
SAID = "the zebra bit my quokka"
WORDS = re.compile("zebra|quokka", re.IGNORECASE)
MAIL = re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)+")
NUMBER = re.compile(r"\d(?:[ .\-/]?\d){4,}")


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Give a function that tells all that was logged so far, at every level by every logger."""
    caplog.set_level(logging.DEBUG)

    def text() -> str:
        return "\n".join(f"{record.getMessage()} {record.exc_text}" for record in caplog.records)

    return text


def test_no_words_are_logged_when_conversations_are_scored(
    logged: Callable[[], str], capfd: pytest.CaptureFixture[str]
) -> None:
    scorer = Scorer("compliance")
    logging.getLogger("qa_nlp").debug("the logs are looked at")

    cards = scorer.score(
        [
            chat("c1", f"agent: Hello. {SAID}.", f"customer: I am angry that {SAID}!"),
            chat("c1", f"agent: {SAID}"),
            chat("c2", f"agent: {SAID}", f"customer: {SAID}", language=None),
            chat("c3", f"agent: {SAID * 500}", language="ro"),
            Transcript("c4", (Turn(Role.CUSTOMER, SAID, start=1.0, end=2.0),)),
        ]
    )

    assert len(cards) == 5
    assert "the logs are looked at" in logged()
    assert not WORDS.search(logged())
    assert not WORDS.search("".join(capfd.readouterr()))


def test_no_words_are_in_the_reasons_of_cards(scorer: Scorer) -> None:
    cards = scorer.score(
        [
            chat("c1", f"agent: {SAID}"),
            chat("c1", f"customer: {SAID}"),
            chat("c2", f"customer: {SAID}", language="ro"),
        ]
    )

    told = [card.error for card in cards]
    told += [grade.reason for card in cards for grade in card.grades]
    told += [item.note for card in cards for grade in card.grades for item in grade.evidence]
    assert any(told)
    assert not WORDS.search(" ".join(filter(None, told)))


def turn(**fields: Any) -> dict[str, Any]:
    return {"role": "agent", "text": SAID, **fields}


BAD_ROWS: dict[str, Any] = {
    "text as role": turn(role=SAID),
    "text as start": turn(start=SAID),
    "text as end": turn(start=0, end=SAID),
    "ends before it starts": turn(start=5, end=1),
    "text in a list": {"role": "agent", "text": [SAID]},
    "text as field name": {"role": "agent", "text": "hi", SAID: 1},
    "half a surrogate": turn(text=SAID + "\ud800"),
    "agent of a customer": turn(role="customer", agent_id=SAID),
    "text for a turn": SAID,
    "list for a turn": [SAID],
}
BAD_TRANSCRIPTS: dict[str, Any] = {
    **{name: {"id": "c1", "turns": [row]} for name, row in BAD_ROWS.items()},
    "text as turns": {"id": "c1", "turns": SAID},
    "text as channel": {"id": "c1", "turns": [], "channel": SAID},
    "text as language": {"id": "c1", "turns": [], "language": SAID},
    "text as date": {"id": "c1", "turns": [], "started_at": SAID},
    "text as metadata": {"id": "c1", "turns": [], "metadata": SAID},
    "metadata that no file holds": {"id": "c1", "turns": [], "metadata": {"x": {SAID}}},
    "text as field": {"id": "c1", "turns": [], SAID: 1},
    "no id": {"turns": [turn()]},
    "times that go back": {"id": "c1", "turns": [turn(start=5), turn(start=1)]},
    "text for a transcript": SAID,
}


@pytest.mark.parametrize("row", BAD_TRANSCRIPTS.values(), ids=BAD_TRANSCRIPTS)
def test_no_words_are_in_the_message_when_a_transcript_is_malformed(row: Any) -> None:
    with pytest.raises(QaNlpError) as caught:
        Transcript.from_dict(row)

    assert str(caught.value)
    assert not WORDS.search(str(caught.value))
    assert not WORDS.search(repr(caught.value))


FILES: dict[str, bytes] = {
    "rows.jsonl": "\n".join(
        json.dumps(row)
        for name, row in BAD_TRANSCRIPTS.items()
        if name != "metadata that no file holds"
    ).encode(),
    "cut.jsonl": json.dumps({"id": "c1", "turns": [turn()]}).encode()[:-3],
    "cut.json": json.dumps({"id": "c1", "turns": [turn(), turn()]}).encode()[:-9],
    "bytes.jsonl": f'{{"id": "c1", "turns": [{{"role": "agent", "text": "{SAID} '.encode()
    + b'\xff"}]}',
    "bytes.txt": f"Agent: {SAID}\nCustomer: \xff {SAID}\n".encode("latin-1"),
    "cut.csv": f'conversation_id,role,text,start\nc1,agent,"{SAID},oops\n'.encode(),
    "times.csv": f"conversation_id,role,text,start\nc1,agent,{SAID},{SAID}\n".encode(),
    "order.csv": f"conversation_id,role,text,turn_index\nc1,agent,{SAID},{SAID}\n".encode(),
    "cut.vtt": f"WEBVTT\n\n00:05.000 --> 00:01.000\n<v Agent>{SAID}\n\n{SAID} --> x\n".encode(),
    "cut.srt": f"1\n00:00:05,000 --> {SAID}\n{SAID}\n".encode(),
    "cut.parquet": b"PAR1" + SAID.encode(),
    "prose.txt": f"{SAID}. {SAID}?".encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_no_words_are_in_messages_logs_or_warnings_when_a_file_is_bad(
    name: str, tmp_path: Path, logged: Callable[[], str]
) -> None:
    path = tmp_path / name
    path.write_bytes(FILES[name])
    told = []

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            items = read_transcripts(path)
            list(items)
            told += [f"{bad.id} {bad.source} {bad.error}" for bad in items.errors]
        except QaNlpError as error:
            told.append(str(error))

    told += [str(warning.message) for warning in caught]
    assert told
    assert not WORDS.search("\n".join(told))
    assert not WORDS.search(logged())


@pytest.mark.parametrize(
    "wrong",
    [
        {"total_status": SAID},
        {"total_interval": SAID},
        {"grades": SAID},
        {"grades": [SAID]},
        {"sections": [SAID]},
        {"metadata": SAID},
        {"provenance": [SAID]},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_no_words_are_in_the_message_when_a_scorecard_is_malformed(
    wrong: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "cards.jsonl"
    path.write_text(json.dumps({**full_card().to_dict(), **wrong}), "utf-8")

    with pytest.raises(QaNlpError) as caught:
        read_scorecards(path)

    assert not WORDS.search(str(caught.value))


def test_no_words_are_in_the_repr_of_a_transcript_or_of_many_cards(scorer: Scorer) -> None:
    transcript = chat("c1", f"agent: {SAID}", f"customer: {SAID}", metadata={"note": SAID})

    assert not WORDS.search(repr(transcript))
    assert not WORDS.search(repr(scorer.score([transcript])))


def evidence_of(cards: Scorecards) -> Iterator[tuple[Scorecard, Evidence]]:
    for card in cards:
        for grade in card.grades:
            for item in grade.evidence:
                yield card, item


def test_no_quote_of_the_samples_shows_an_address_or_a_long_number(
    samples: Samples, sample_cards: Scorecards
) -> None:
    said = [turn.text for transcript in samples for turn in transcript.turns]
    assert any(MAIL.search(text) for text in said)
    assert sum(bool(NUMBER.search(text)) for text in said) > 20

    for card, item in evidence_of(sample_cards):
        for text in (item.quote, item.note):
            assert not MAIL.search(text or ""), (card.transcript_id, item.turn)
            assert not NUMBER.search(text or ""), (card.transcript_id, item.turn)
    assert any("•" in (item.quote or "") for _, item in evidence_of(sample_cards))


@pytest.mark.parametrize("ending", ["jsonl", "parquet", "html"])
def test_no_file_of_scorecards_shows_an_address_or_a_long_number(
    scorer: Scorer, tmp_path: Path, ending: str
) -> None:
    private = "write to ann@example.com or call 4471 0923 about 1985/03/14"
    transcript = chat(
        "c1",
        f"customer: I am really angry, {private}!",
        f"agent: I am so sorry to hear that, I will {private} tomorrow.",
    )

    path = write_scorecards(scorer.score([transcript]), tmp_path / f"cards.{ending}")

    content = path.read_text(encoding="utf-8") if ending != "parquet" else _parquet_text(path)
    for secret in ("ann@example", "4471", "0923", "1985/03/14"):
        assert secret not in content
    assert "•" in content


def _parquet_text(path: Path) -> str:
    # its pages are compressed, so that a search of the bytes would find nothing
    return json.dumps([card.to_dict() for card in read_scorecards(path)], ensure_ascii=False)

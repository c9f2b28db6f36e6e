"""ConvoKit corpora."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from qa_nlp.importers import BadTranscript, read_transcripts
from qa_nlp.transcript import Role, Transcript, Turn

FIXTURE = Path(__file__).parents[1] / "fixtures" / "importers" / "convokit"

EXPECTED = (
    Transcript(
        id="u1",
        started_at="2020-09-13T12:26:40Z",
        metadata={"format": "convokit", "csat": 3, "queue": "doors"},
        turns=(
            Turn(
                Role.CUSTOMER,
                "The lock jams.",
                speaker="odd",
                start=0.0,
                end=30.0,
                end_derived=True,
            ),
            Turn(
                Role.AGENT,
                "Which lock?",
                speaker="kim",
                agent_id="kim",
                start=30.0,
                end=50.0,
                end_derived=True,
            ),
            Turn(Role.AGENT, "Let me take over.", speaker="lee", agent_id="lee", start=50.0),
        ),
    ),
    Transcript(
        id="v1",
        metadata={"format": "convokit"},
        turns=(
            Turn(Role.UNKNOWN, "Any news?", speaker="stranger"),
            Turn(Role.UNKNOWN, "Not yet.", speaker="7"),
        ),
    ),
)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return shutil.copytree(FIXTURE, tmp_path / "corpus")


def test_utterances_file_gives_the_expected_transcripts() -> None:
    assert tuple(read_transcripts(FIXTURE / "utterances.jsonl")) == EXPECTED


def test_folder_gives_the_same_and_no_errors_for_the_companions() -> None:
    assert tuple(read_transcripts(FIXTURE).iter_all()) == EXPECTED


def test_roles_mapping_is_applied_to_unknown_speakers() -> None:
    *_, chat = read_transcripts(FIXTURE, roles={"stranger": "customer", "7": "agent"})

    assert [turn.role for turn in chat.turns] == [Role.CUSTOMER, Role.AGENT]


def test_utterances_without_companions_are_read_with_unknown_roles(corpus: Path) -> None:
    for companion in corpus.glob("*.json"):
        companion.unlink()

    first, _ = read_transcripts(corpus)

    assert [turn.role for turn in first.turns] == [Role.UNKNOWN, Role.UNKNOWN, Role.AGENT]


def test_broken_line_costs_its_line_and_a_wrong_kind_its_conversation(corpus: Path) -> None:
    path = corpus / "utterances.jsonl"
    text = path.read_text().replace('"Which lock?"', "[]")
    path.write_text('{"id" 1}\n' + text)

    broken, wrong, good = read_transcripts(path).iter_all()

    assert isinstance(broken, BadTranscript)
    assert broken.source == f"{path}:1"
    assert isinstance(wrong, BadTranscript)
    assert (wrong.id, wrong.source) == ("u1", f"{path}:4")
    assert wrong.error.message == "text must be a string, not a list"
    assert good == EXPECTED[1]


def test_broken_companion_is_one_error_that_names_it(corpus: Path) -> None:
    (corpus / "speakers.json").write_text('{"odd": ')

    (bad,) = read_transcripts(corpus / "utterances.jsonl").iter_all()

    assert isinstance(bad, BadTranscript)
    assert "speakers.json" in bad.source


def test_companion_that_is_a_link_is_not_followed(corpus: Path, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere.json"
    shutil.move(corpus / "speakers.json", outside)
    (corpus / "speakers.json").symlink_to(outside)

    first, _ = read_transcripts(corpus / "utterances.jsonl")

    assert first.turns[0].role is Role.UNKNOWN

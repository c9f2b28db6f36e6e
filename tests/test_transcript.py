from __future__ import annotations

import copy
import dataclasses
import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from qa_nlp.errors import TranscriptError
from qa_nlp.transcript import Role, Transcript, Turn
from tests.pace import takes_less_than

HELLO = Turn(Role.AGENT, "Hello, Ines here.", "Ines", "A1", 0.5, 2.0)
OH = Turn(Role.CUSTOMER, "Oh hello.", start=2.5, end=3.0)
LATER = Turn(Role.AGENT, "Tom here now.", "Tom", "A2", 9.0, 10.0, end_derived=True)


def call(**changes: Any) -> Transcript:
    fields: dict[str, Any] = {
        "id": "c1",
        "turns": (HELLO, OH, LATER),
        "channel": "voice",
        "language": "en",
        "started_at": datetime(2026, 3, 4, 9, 15, tzinfo=UTC),
        "metadata": {"team": "north", "tags": ["a", {"b": 1}]},
        "group_id": "g1",
    }
    return Transcript(**{**fields, **changes})


# --- Turn ------------------------------------------------------------------------------------


def test_turn_takes_its_role_as_text() -> None:
    assert Turn("agent", "x").role is Role.AGENT


@pytest.mark.parametrize("role", list(Role))
def test_turn_may_have_any_role_and_no_words(role: Role) -> None:
    assert Turn(role, "").text == ""


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Turn)])
def test_turn_cannot_be_changed(name: str) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(HELLO, name, None)


def test_transcript_from_dict_names_the_id_when_it_is_null() -> None:
    with pytest.raises(TranscriptError, match="the id must be a non-empty string, not NoneType"):
        Transcript.from_dict({"id": None, "turns": []})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"role": "agnet"}, "unknown role 'agnet'; did you mean 'agent'"),
        ({"role": "my secret words"}, "unknown role of 15 characters"),
        ({"role": None}, "role must be a string, not NoneType"),
        ({"role": ["agent"]}, "role must be a string, not list"),
        ({"text": None}, "text must be a string, not NoneType"),
        ({"text": b"secret"}, "text must be a string, not bytes"),
        ({"text": "half \ud83d"}, "half a surrogate pair"),
        ({"speaker": 1}, "speaker must be a string or absent, not int"),
        ({"agent_id": 1}, "agent_id must be a string or absent, not int"),
        ({"role": "customer", "agent_id": "A1"}, "only agents have one"),
        ({"start": -0.1}, "start is -0.1; it must be 0 or more"),
        ({"start": float("nan")}, "start is nan"),
        ({"start": 10**400}, "start is too large"),
        ({"end_derived": "false"}, "end_derived must be true or false, not str"),
        ({"start": float("inf")}, "start is inf"),
        ({"start": "1"}, "start must be a number of seconds, not str"),
        ({"start": True}, "start must be a number of seconds, not bool"),
        ({"start": 1.0, "end": 0.5}, "ends at 0.5 s, before its start 1.0 s"),
        ({"end": 1.0}, "a turn with an end needs a start"),
    ],
)
def test_turn_refuses_what_breaks_its_rules(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        Turn(**{"role": "agent", "text": "secret", **fields})

    assert reason in caught.value.message
    assert "secret" not in str(caught.value).replace("my secret words", "")


def test_turn_counts_whole_seconds_as_numbers_with_fraction() -> None:
    turn = Turn(Role.AGENT, "x", start=1, end=2)

    assert (type(turn.start), type(turn.end)) == (float, float)


def test_turn_may_begin_and_end_at_once_and_need_not_end() -> None:
    assert Turn(Role.BOT, "x", start=0, end=0).end == 0.0
    assert Turn(Role.BOT, "x", start=0).end is None


def test_turn_keeps_emoji_and_other_scripts() -> None:
    assert Turn(Role.CUSTOMER, "שלום 👩‍👩‍👧").text == "שלום 👩‍👩‍👧"


@pytest.mark.parametrize("turn", [HELLO, OH, LATER, Turn(Role.UNKNOWN, "", agent_id="A1")])
def test_turn_survives_its_dictionary(turn: Turn) -> None:
    assert Turn.from_dict(turn.to_dict()) == turn


def test_turn_leaves_absent_fields_out_of_its_dictionary() -> None:
    assert Turn(Role.BOT, "x").to_dict() == {"role": "bot", "text": "x"}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ([], "a turn must be an object, not list"),
        ({"role": "agent"}, "the turn has no 'text'"),
        ({"text": "x"}, "the turn has no 'role'"),
        ({"role": "agent", "text": "x", "strat": 1}, "'strat'; did you mean 'start'"),
        ({"role": "agent", "text": "x", "all my secret words": 1}, "field of 19 characters"),
        ({"role": "agent", "text": "x", 7: 1}, "field of type int"),
    ],
)
def test_turn_refuses_a_dictionary_of_another_form(row: Any, reason: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        Turn.from_dict(row)

    assert reason in str(caught.value)
    assert "secret" not in str(caught.value)


# --- Transcript ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Transcript)])
def test_transcript_cannot_be_changed(name: str) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(call(), name, None)


def test_transcript_cannot_be_changed_through_what_it_was_made_of() -> None:
    turns = [HELLO]
    metadata = {"tags": ["a"]}
    transcript = call(turns=turns, metadata=metadata)

    turns.append(OH)
    metadata["tags"].append("b")

    assert transcript.turns == (HELLO,)
    assert transcript.metadata["tags"] == ["a"]
    with pytest.raises(TypeError):
        transcript.metadata["x"] = 1  # type: ignore[index]


def test_transcript_cannot_be_changed_through_its_dictionary() -> None:
    transcript = call()

    transcript.to_dict()["metadata"]["tags"].append("b")

    assert transcript == call()


def test_transcript_needs_an_id_and_turns_only() -> None:
    transcript = Transcript("c", ())

    assert (transcript.channel, transcript.language, transcript.started_at) == (None, None, None)
    assert (transcript.group_id, dict(transcript.metadata)) == ("c", {})
    assert (transcript.word_count, transcript.agents) == (0, ())


def test_transcript_takes_any_iterable_of_turns() -> None:
    assert call(turns=iter([HELLO, OH])).turns == (HELLO, OH)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": ""}, "the id must be a non-empty string, not str"),
        ({"id": " \n"}, "the id must be a non-empty string"),
        ({"id": 7}, "the id must be a non-empty string, not int"),
        ({"id": "\udc00"}, "half a surrogate pair"),
        ({"turns": "secret"}, "turns must be a list of turns, not str"),
        ({"turns": None}, "turns must be a list of turns, not NoneType"),
        ({"turns": [{"text": "secret"}]}, "turn 0 must be a Turn, not dict"),
        ({"turns": [LATER, OH]}, "turn 1 starts at 2.5 s, before the turn above it (9.0 s)"),
        ({"channel": "Voice"}, "unknown channel 'Voice'; did you mean 'voice'"),
        ({"channel": "our secret words"}, "unknown channel of 16 characters"),
        ({"channel": 1}, "unknown channel of type int"),
        ({"language": "english"}, "must be an ISO 639 code such as 'en', not 'english'"),
        ({"language": 1}, "language must be a code such as 'en', not int"),
        ({"started_at": "noon"}, "started_at must be ISO 8601"),
        ({"started_at": 1.5}, "started_at must be a date and time, not float"),
        ({"metadata": []}, "metadata must be an object, not list"),
        ({"group_id": 1}, "group_id must be a string, not int"),
    ],
)
def test_transcript_refuses_what_breaks_its_rules(fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        call(**fields)

    assert reason in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "id" in fields or caught.value.transcript_id == "c1"


def test_transcript_allows_turns_that_overlap_or_have_no_times() -> None:
    long = Turn(Role.AGENT, "So", start=1.0, end=9.0)
    cut_in = Turn(Role.CUSTOMER, "No", start=1.0, end=2.0)
    timeless = Turn(Role.SYSTEM, "beep")

    assert call(turns=[long, timeless, cut_in]).turns == (long, timeless, cut_in)


@pytest.mark.parametrize(
    ("given", "code"),
    [("en", "en"), ("pt-BR", "pt"), ("EN_us", "en"), ("fil", "fil"), ("", None), (None, None)],
)
def test_language_is_a_code_without_region(given: str | None, code: str | None) -> None:
    assert call(language=given).language == code


@pytest.mark.parametrize(
    ("given", "moment"),
    [
        ("2026-03-04T09:15:00Z", datetime(2026, 3, 4, 9, 15, tzinfo=UTC)),
        ("2026-03-04T09:15:00", datetime(2026, 3, 4, 9, 15, tzinfo=UTC)),
        (datetime(2026, 3, 4, 9, 15), datetime(2026, 3, 4, 9, 15, tzinfo=UTC)),
        (
            "2026-03-04T09:15:00+02:00",
            datetime(2026, 3, 4, 9, 15, tzinfo=timezone(timedelta(hours=2))),
        ),
    ],
)
def test_beginning_without_zone_is_taken_as_utc(given: Any, moment: datetime) -> None:
    assert call(started_at=given).started_at == moment


def test_word_count_splits_all_turns_at_white_space() -> None:
    assert call().word_count == 8


def test_agents_are_distinct_and_in_order_of_appearance() -> None:
    assert call(turns=[LATER, Turn(Role.AGENT, "x"), LATER]).agents == ("A2",)
    assert call().agents == ("A1", "A2")


@pytest.mark.parametrize("transcript", [call(), Transcript("c", ()), call(group_id="")])
def test_transcript_survives_its_dictionary_as_json(transcript: Transcript) -> None:
    row = json.loads(json.dumps(transcript.to_dict()))

    assert Transcript.from_dict(row) == transcript


def test_dictionary_has_only_what_is_set() -> None:
    assert Transcript("c", (OH,)).to_dict() == {
        "id": "c",
        "turns": [{"role": "customer", "text": "Oh hello.", "start": 2.5, "end": 3.0}],
    }


def test_dictionary_may_hold_nulls_for_what_is_absent() -> None:
    row: dict[str, Any] = {
        "id": "c",
        "turns": [],
        "channel": None,
        "metadata": None,
        "group_id": None,
    }

    assert Transcript.from_dict(row) == Transcript("c", ())


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (None, "a transcript must be an object, not NoneType"),
        ({"turns": []}, "the transcript has no 'id'"),
        ({"id": "c"}, "transcript 'c': the transcript has no 'turns'"),
        ({"id": "c", "turns": {}}, "transcript 'c': turns must be a list, not dict"),
        ({"id": "c", "turns": [], "team": "x"}, "(fields of your own go under metadata)"),
        ({"id": "c", "turns": [{"role": "bot", "text": 1}]}, "'c': turn 0: text must be a string"),
    ],
)
def test_transcript_refuses_a_dictionary_of_another_form(row: Any, reason: str) -> None:
    with pytest.raises(TranscriptError) as caught:
        Transcript.from_dict(row)

    assert reason in str(caught.value)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_transcript_survives_being_sent_to_another_process(protocol: int) -> None:
    transcript = call()

    sent = pickle.loads(pickle.dumps(transcript, protocol))

    assert sent == transcript
    assert hash(sent) == hash(transcript)


def test_transcript_survives_copying() -> None:
    transcript = call()

    assert copy.deepcopy(transcript) == copy.copy(transcript) == transcript


def test_equal_transcripts_have_equal_hashes() -> None:
    assert {call(), call(), call(id="c2")} == {call(), call(id="c2")}
    assert call() != call(metadata={})


def test_repr_shows_no_words() -> None:
    assert repr(call()) == "Transcript(id='c1', turns=3, channel='voice', language='en')"


@pytest.mark.parametrize("turn", range(3))
def test_prefix_keeps_the_turns_up_to_one_and_the_group(turn: int) -> None:
    prefix = call().prefix(turn)

    assert prefix == call(id=f"c1#{turn}", turns=call().turns[: turn + 1])
    assert prefix.group_id == "g1"


def test_prefix_of_a_transcript_without_group_stays_in_its_group() -> None:
    assert call(group_id="").prefix(0).group_id == "c1"


@pytest.mark.parametrize("turn", [-1, 3])
def test_prefix_refuses_a_turn_that_is_not_there(turn: int) -> None:
    with pytest.raises(TranscriptError, match=rf"'c1': no turn {turn}; there are 3 \(0 to 2\)"):
        call().prefix(turn)


def test_by_agent_gives_each_agent_a_view_with_the_same_turn_numbers() -> None:
    first, second = call().by_agent()

    assert (first.id, second.id) == ("c1@A1", "c1@A2")
    assert first.group_id == second.group_id == "g1"
    assert [turn.role for turn in first.turns] == [Role.AGENT, Role.CUSTOMER, Role.UNKNOWN]
    assert [turn.role for turn in second.turns] == [Role.UNKNOWN, Role.CUSTOMER, Role.AGENT]
    assert [turn.text for turn in first.turns] == [turn.text for turn in call().turns]
    assert (first.metadata["agent_id"], second.metadata["agent_id"]) == ("A1", "A2")
    assert first.metadata["team"] == "north"


def test_by_agent_gives_unmarked_agent_turns_to_the_agent_of_the_metadata() -> None:
    unmarked = Turn(Role.AGENT, "Hm.", start=3.0)
    transcript = call(turns=[HELLO, unmarked, LATER], metadata={"agent_id": "A2"})

    first, second = transcript.by_agent()

    assert first.turns[1].role is Role.UNKNOWN
    assert second.turns[1].role is Role.AGENT


@pytest.mark.parametrize("turns", [(), (OH,), (HELLO, OH)])
def test_by_agent_is_the_transcript_itself_with_fewer_than_two(turns: tuple[Turn, ...]) -> None:
    transcript = call(turns=turns)

    assert transcript.by_agent() == (transcript,)


@given(
    gaps=st.lists(st.floats(0, 100), max_size=8),
    lengths=st.lists(st.floats(0, 100), min_size=8, max_size=8),
)
def test_turns_whose_starts_never_decrease_are_always_accepted(
    gaps: list[float], lengths: list[float]
) -> None:
    turns, start = [], 0.0
    for gap, length in zip(gaps, lengths, strict=False):
        start += gap
        turns.append(Turn(Role.CUSTOMER, "x", start=start, end=start + length))

    assert Transcript("c", tuple(turns)).turns == tuple(turns)


def test_hundred_thousand_turns_are_made_and_viewed_in_under_three_seconds() -> None:
    with takes_less_than(3.0):
        transcript = Transcript(
            "c", tuple(Turn(Role.AGENT, "Hello there", start=i, end=i + 1) for i in range(100_000))
        )
        prefix = transcript.prefix(99_998)

    assert (len(prefix.turns), prefix.word_count) == (99_999, 199_998)


def test_by_agent_counts_the_metadatas_agent_for_turns_that_name_none() -> None:
    turns = [Turn("agent", "Hello."), Turn("customer", "Hi."), Turn("agent", "Me.", agent_id="B")]

    views = Transcript("c1", turns, metadata={"agent_id": "A"}).by_agent()

    assert [view.id for view in views] == ["c1@A", "c1@B"]
    assert [[turn.role.value for turn in view.turns] for view in views] == [
        ["agent", "customer", "unknown"],
        ["unknown", "customer", "agent"],
    ]

"""From pieces of speech to turns."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.errors import TranscriptError
from qa_nlp.importers.shaping import (
    derive_ends,
    first_moment,
    language_code,
    make_transcript,
    make_turn,
    merge_turns,
    shape_turns,
    since_first,
    sort_turns,
)
from qa_nlp.transcript import Role, Transcript, Turn

TIMES = st.none() | st.floats(0, 4e9).map(lambda seconds: round(seconds, 3))
PIECES = st.lists(
    st.builds(
        lambda role, text, speaker, start, lasts: make_turn(
            "piece",
            role,
            text,
            speaker=speaker,
            start=start,
            end=None if start is None or lasts is None else start + lasts,
        ),
        st.sampled_from(Role),
        st.sampled_from(["", " ", "one", "two words", "three\nlines"]),
        st.sampled_from([None, "a", "b"]),
        TIMES,
        st.none() | st.floats(0, 100),
    )
)


@given(PIECES, st.booleans(), st.booleans())
def test_shape_turns_keeps_every_word_and_gives_a_valid_transcript(
    pieces: list[Turn], merge: bool, relative: bool
) -> None:
    turns = shape_turns(pieces, merge=merge, relative=relative)

    Transcript(id="x", turns=turns)
    spoken = " ".join(turn.text for turn in sort_turns(pieces) if turn.text)
    assert " ".join(turn.text for turn in turns) == spoken
    if relative:
        starts = [turn.start for turn in turns if turn.start is not None]
        assert min(starts, default=0.0) == 0.0


def test_sort_turns_keeps_a_piece_without_start_behind_the_one_above_it() -> None:
    late, untimed, early = (
        Turn(Role.AGENT, "late", start=5.0),
        Turn(Role.AGENT, "untimed"),
        Turn(Role.CUSTOMER, "early", start=1.0),
    )

    assert sort_turns([late, untimed, early]) == [early, late, untimed]


def test_merge_turns_spans_from_the_first_start_to_the_latest_end() -> None:
    pieces = [
        Turn(Role.AGENT, "So,", speaker="a", start=1.0, end=9.0),
        Turn(Role.AGENT, "well.", speaker="a", start=2.0, end=3.0),
        Turn(Role.CUSTOMER, "Yes?", speaker="b", start=4.0, end=5.0),
    ]

    assert merge_turns(pieces) == [
        Turn(Role.AGENT, "So, well.", speaker="a", start=1.0, end=9.0),
        pieces[2],
    ]


def test_merge_turns_leaves_two_agents_apart() -> None:
    pieces = [
        Turn(Role.AGENT, "One.", speaker="internal", agent_id="mira"),
        Turn(Role.AGENT, "Two.", speaker="internal", agent_id="jonas"),
    ]

    assert merge_turns(pieces) == pieces


def test_merge_turns_leaves_pieces_of_nobody_known_apart() -> None:
    pieces = [Turn(Role.UNKNOWN, "One."), Turn(Role.UNKNOWN, "Two.")]

    assert merge_turns(pieces) == pieces


def test_merge_turns_leaves_the_end_open_where_the_last_piece_has_none() -> None:
    pieces = [
        Turn(Role.AGENT, "One.", start=0.0, end=1.0),
        Turn(Role.AGENT, "Two.", start=2.0),
        Turn(Role.CUSTOMER, "Three.", start=6.0),
    ]

    joined, _ = derive_ends(merge_turns(pieces))

    assert (joined.end, joined.end_derived) == (6.0, True)


def test_derive_ends_keeps_the_ends_that_the_file_states() -> None:
    stated = Turn(Role.AGENT, "One.", start=0.0, end=9.0)
    turns = derive_ends([stated, Turn(Role.CUSTOMER, "Two."), Turn(Role.AGENT, "3.", start=4.0)])

    assert turns[0] == stated
    assert (turns[1].end, turns[2].end) == (None, None)


def test_since_first_counts_dates_to_the_microsecond() -> None:
    turns = since_first(
        [
            Turn(Role.CUSTOMER, "One.", start=1767225600.000000),
            Turn(Role.AGENT, "Two.", start=1767225604.250001),
        ]
    )

    assert [turn.start for turn in turns] == [0.0, 4.250001]


@pytest.mark.parametrize("start", [None, 12.0, 9e12])
def test_first_moment_is_none_where_the_clock_shows_no_date(start: float | None) -> None:
    assert first_moment([Turn(Role.AGENT, "One.", start=start)]) is None


def test_make_turn_names_the_place_of_a_negative_time() -> None:
    with pytest.raises(TranscriptError, match=r"^segments\[3\]: start is -1\.0; it must be 0"):
        make_turn("segments[3]", Role.AGENT, "secret", start=-1.0)


def test_make_turn_drops_the_agent_id_of_others_and_an_end_without_start() -> None:
    turn = make_turn("x", Role.BOT, " Hi. ", agent_id="31", end=2.0)

    assert turn == Turn(Role.BOT, "Hi.")


def test_make_transcript_names_the_only_agent_and_its_own_format() -> None:
    turns = (Turn(Role.AGENT, "Hi.", agent_id="mira"), Turn(Role.CUSTOMER, "Hi."))

    call = make_transcript("twilio", "c1", turns, metadata={"format": "?", "csat": 0, "team": ""})

    assert call.metadata == {"format": "twilio", "csat": 0, "agent_id": "mira"}


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("en-US", "en"),
        ("en_us", "en"),
        ("PT", "pt"),
        ("yue", "yue"),
        ("multi", None),
        ("und", None),
        ("auto-detect", None),
        ("", None),
        (None, None),
    ],
)
def test_language_code_cuts_the_region_and_refuses_what_is_no_code(
    written: str | None, code: str | None
) -> None:
    assert language_code(written) == code


def test_a_hundred_thousand_pieces_are_shaped_in_seconds() -> None:
    pieces = [
        Turn(Role.UNKNOWN, "word", speaker=str(n // 50_000), start=float(n)) for n in range(100_000)
    ]
    begin = time.perf_counter()

    turns = shape_turns(pieces, merge=True, relative=True)

    assert len(turns) == 2
    assert time.perf_counter() - begin < 20

"""Conduct signals: hand-computed values, where there is nothing to measure, what is shown."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.signals.base import Span
from qa_nlp.signals.conduct import CONDUCT, measure_conduct
from qa_nlp.transcript import Role, Transcript, Turn
from tests.builders import unread_batch

NAMES = [spec.name for spec in CONDUCT]


def said(
    role: str,
    text: str,
    start: float | None = None,
    end: float | None = None,
    end_derived: bool = False,
) -> Turn:
    return Turn(Role(role), text, start=start, end=end, end_derived=end_derived)


def conversation(
    turns: Sequence[Turn], channel: str | None = "voice", language: str | None = "en"
) -> Transcript:
    return Transcript("c1", tuple(turns), channel=channel, language=language)


def measured(transcript: Transcript, signal: str) -> tuple[float, tuple[Span, ...]]:
    name = f"conduct.{signal}"
    column = measure_conduct(unread_batch([transcript]), [name])[name]
    return float(column.values[0]), column.evidence[0]


def value(transcript: Transcript, signal: str) -> float:
    return measured(transcript, signal)[0]


CALL = conversation(
    [
        said("agent", "Hello. How can I help?", start=1.0, end=4.0),
        said("customer", "My order is late.", start=4.5, end=7.0),
        said("agent", "Sorry! Which order is it? The blue one?", start=6.0, end=10.0),
        said("customer", "Yes.", start=12.0, end=13.0),
        said("agent", "One moment.", start=14.5, end=16.0),
        said("agent", "Thank you for waiting.", start=46.0, end=48.0),
        said("customer", "Fine. Bye.", start=66.0, end=68.0),
    ]
)
CHAT = conversation(
    [
        said("customer", "hi there", start=0.0),
        said("bot", "A person will be with you soon.", start=1.0),
        said("agent", "Good morning!", start=40.0),
        said("customer", "where is it", start=60.0),
        said("customer", "my parcel I mean", start=70.0),
        said("agent", "On its way.", start=90.0),
    ],
    channel="chat",
)


@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        ("agent_talk_share", 19 / 26),
        ("turns", 7.0),
        ("agent_words_per_turn", 19 / 4),
        ("agent_questions", 3.0),
        ("response_time_median", 0.75),
        ("response_time_longest", 1.5),
        ("longest_silence", 30.0),
        ("overlap_share", 1.0 / 67.0),
        ("hold_time", 48.0),
        ("duration", 67.0),
    ],
)
def test_measure_conduct_gives_the_value_computed_by_hand_for_a_call(
    signal: str, expected: float
) -> None:
    assert value(CALL, signal) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("signal", "expected"),
    [
        ("agent_talk_share", 5 / 14),
        ("turns", 5.0),
        ("agent_words_per_turn", 2.5),
        ("agent_questions", 0.0),
        ("response_time_median", 30.0),
        ("response_time_longest", 40.0),
        ("longest_silence", math.nan),
        ("overlap_share", math.nan),
        ("hold_time", math.nan),
        ("duration", 90.0),
    ],
)
def test_measure_conduct_gives_the_value_computed_by_hand_for_a_chat(
    signal: str, expected: float
) -> None:
    assert value(CHAT, signal) == pytest.approx(expected, nan_ok=True)


def test_measure_conduct_measures_only_what_is_asked_for() -> None:
    columns = measure_conduct(unread_batch([CALL, CHAT]), {"conduct.turns", "phrase.greeting"})

    assert list(columns) == ["conduct.turns"]
    assert columns["conduct.turns"].values.tolist() == [7.0, 5.0]
    assert len(columns["conduct.turns"].evidence) == 2


def test_measure_conduct_gives_empty_columns_for_an_empty_batch() -> None:
    columns = measure_conduct(unread_batch([]), NAMES)

    assert list(columns) == NAMES
    assert all(column.values.shape == (0,) for column in columns.values())


@pytest.mark.parametrize("name", NAMES)
def test_measure_conduct_has_nothing_to_measure_when_there_are_no_turns(name: str) -> None:
    column = measure_conduct(unread_batch([conversation([])]), NAMES)[name]

    assert math.isnan(column.values[0])
    assert column.evidence[0] == ()


@pytest.mark.parametrize("role", ["unknown", "bot", "system"])
@pytest.mark.parametrize("name", NAMES)
def test_measure_conduct_takes_nobody_else_for_the_agent(name: str, role: str) -> None:
    alone = conversation(
        [said(role, "May I help? Yes.", start=1.0, end=2.0), said(role, "Bye.", start=3.0, end=4.0)]
    )
    column = measure_conduct(unread_batch([alone]), NAMES)[name]

    if name in {"conduct.longest_silence", "conduct.hold_time"} and role != "system":
        assert column.values[0] == pytest.approx(1.0 if "longest" in name else 0.0)
    else:
        assert math.isnan(column.values[0])


# Talk share, turns, words


def test_talk_share_is_not_measured_when_only_one_side_is_there() -> None:
    assert math.isnan(value(conversation([said("agent", "Hello there.")]), "agent_talk_share"))


def test_talk_share_is_not_measured_when_nobody_says_a_word() -> None:
    silent = conversation([said("agent", ""), said("customer", " ")])

    assert math.isnan(value(silent, "agent_talk_share"))


@pytest.mark.parametrize("signal", ["agent_talk_share", "agent_words_per_turn"])
def test_words_are_not_counted_in_a_language_without_spaces(signal: str) -> None:
    chinese = conversation([said("agent", "你好。"), said("customer", "你好。")], language="zh")

    assert math.isnan(value(chinese, signal))


@pytest.mark.parametrize(
    ("signal", "note"),
    [
        ("agent_talk_share", "agent: 19 of 26 words"),
        ("turns", "4 agent turns, 3 customer turns"),
        ("agent_words_per_turn", "19 words in 4 agent turns"),
        ("response_time_median", "median of 2 response times: 0.8 s"),
        ("duration", "67.0 s from first to last"),
    ],
)
def test_measure_conduct_states_the_figures_where_there_is_no_turn_to_show(
    signal: str, note: str
) -> None:
    _, spans = measured(CALL, signal)

    assert spans == (Span(1.0, note=note),)


# Questions


def test_questions_are_shown_up_to_three() -> None:
    turns = [said("agent", "Who? Where is it? When?"), said("agent", "Oh, “why”? And 👋 how?")]
    total, spans = measured(conversation(turns), "agent_questions")

    assert total == 5.0
    assert [turns[span.turn or 0].text[span.start : span.end] for span in spans] == [
        "Who?",
        "Where is it?",
        "When?",
    ]
    assert {span.share for span in spans} == {1 / 5}


def test_questions_say_where_none_was_found() -> None:
    total, spans = measured(
        conversation([said("agent", "No."), said("agent", "")]), "agent_questions"
    )

    assert (total, spans) == (0.0, (Span(1.0, note="no question in 2 agent turns"),))


def test_questions_of_the_customer_do_not_count() -> None:
    turns = [said("customer", "Why?"), said("agent", "Because.")]

    assert value(conversation(turns), "agent_questions") == 0.0


def test_questions_are_counted_by_their_openings_in_raw_english_recognition() -> None:
    turns = [
        said("agent", "thanks for calling how can i help you today"),
        said("customer", "where is my order"),
        said("agent", "okay what is your postcode and could you spell the name"),
    ]
    total, spans = measured(conversation(turns), "agent_questions")

    assert total == 3.0
    assert [turns[span.turn or 0].text[span.start : span.end] for span in spans] == [
        "can i help you today",
        "what is your postcode and",
        "could you spell the name",
    ]


@pytest.mark.parametrize("language", ["ro", None])
def test_questions_are_not_measured_in_raw_recognition_of_other_languages(
    language: str | None,
) -> None:
    raw = conversation([said("agent", "cu ce vă pot ajuta")], language=language)

    assert math.isnan(value(raw, "agent_questions"))


def test_questions_need_marks_when_anybody_uses_a_full_stop() -> None:
    turns = [said("agent", "how can i help you"), said("customer", "my order is late.")]

    assert value(conversation(turns), "agent_questions") == 0.0


# Response times


def answered(customer: Turn, agent: Turn, channel: str | None = "voice") -> float:
    return value(conversation([customer, agent], channel), "response_time_longest")


def test_response_time_is_0_when_the_agent_interrupts() -> None:
    assert (
        answered(said("customer", "So", start=0, end=9), said("agent", "Yes", start=5, end=6)) == 0
    )


def test_response_time_runs_from_the_start_of_a_chat_message_that_has_an_end() -> None:
    customer = said("customer", "Hi", start=2, end=10, end_derived=True)

    assert answered(customer, said("agent", "Hello", start=10), "chat") == 8.0


@pytest.mark.parametrize("channel", ["chat", "email", None])
def test_response_time_runs_from_the_start_when_there_is_no_end(channel: str | None) -> None:
    assert answered(said("customer", "Hi", start=2), said("agent", "Hello", start=10), channel) == 8


def test_response_time_runs_from_the_end_when_the_channel_is_not_known() -> None:
    customer = said("customer", "Hi", start=2, end=9)

    assert answered(customer, said("agent", "Hello", start=10), None) == 1.0


@pytest.mark.parametrize(
    "customer",
    [
        said("customer", "Hi"),
        said("customer", "Hi", start=2),
        said("customer", "Hi", start=2, end=10, end_derived=True),
    ],
)
def test_response_time_is_not_measured_in_voice_when_the_source_gave_no_end(
    customer: Turn,
) -> None:
    assert math.isnan(answered(customer, said("agent", "Hello", start=10, end=11)))


def test_response_time_is_not_measured_when_somebody_unknown_speaks_between() -> None:
    turns = [
        said("customer", "Hi", start=0, end=1),
        said("unknown", "Me", start=2, end=3),
        said("agent", "Hello", start=4, end=5),
    ]

    assert math.isnan(value(conversation(turns), "response_time_median"))


def test_response_time_counts_only_the_first_turn_of_an_answer() -> None:
    turns = [
        said("customer", "Hi", start=0, end=1),
        said("agent", "Hello", start=2, end=3),
        said("agent", "Still there", start=80, end=90),
    ]

    assert value(conversation(turns), "response_time_longest") == 1.0


def test_longest_response_time_shows_the_whole_answer() -> None:
    _, spans = measured(CHAT, "response_time_longest")

    assert spans == (Span(1.0, 2, 0, len("Good morning!"), "answered after 40.0 s"),)


# Silences, holds, overlaps


def test_longest_silence_shows_the_whole_turn_that_ends_it() -> None:
    _, spans = measured(CALL, "longest_silence")

    assert spans == (Span(1.0, 5, 0, len("Thank you for waiting."), "after 30.0 s of silence"),)


def test_silence_is_0_when_turns_touch() -> None:
    turns = [said("agent", "Hi", start=0, end=2), said("customer", "Hi", start=2, end=3)]

    assert measured(conversation(turns), "longest_silence") == (
        0.0,
        (Span(1.0, note="no silence between turns"),),
    )


def test_silence_begins_at_the_latest_end_when_turns_overlap() -> None:
    turns = [
        said("agent", "A long explanation", start=0, end=20),
        said("customer", "Yes", start=5, end=6),
        said("agent", "So", start=22, end=23),
    ]

    assert value(conversation(turns), "longest_silence") == 2.0


def test_silence_is_not_measured_behind_a_turn_without_an_end_of_its_own() -> None:
    turns = [
        said("agent", "Hi", start=0, end=1),
        said("customer", "Hi", start=3, end=90, end_derived=True),
        said("agent", "So", start=90, end=91),
    ]

    assert value(conversation(turns), "longest_silence") == 2.0


def test_silence_is_not_measured_when_no_turn_has_an_end() -> None:
    turns = [said("agent", "Hi", start=0), said("customer", "Hi", start=30)]

    assert math.isnan(value(conversation(turns), "longest_silence"))
    assert math.isnan(value(conversation(turns), "hold_time"))


def test_hold_time_counts_silences_of_15_seconds_and_more() -> None:
    turns = [
        said("agent", "One", start=0, end=1),
        said("agent", "Two", start=16, end=17),
        said("agent", "Three", start=31.9, end=33),
    ]

    assert value(conversation(turns), "hold_time") == 15.0


def test_hold_time_shows_the_longest_holds_first() -> None:
    _, spans = measured(CALL, "hold_time")

    assert [(span.turn, span.share) for span in spans] == [(5, 30 / 48), (6, 18 / 48)]
    assert spans[0].note == "after 30.0 s of silence, of 48.0 s on hold"


def test_overlap_counts_a_second_once_when_one_side_has_overlapping_turns() -> None:
    turns = [
        said("agent", "One", start=0, end=6),
        said("agent", "Two", start=2, end=8),
        said("customer", "But", start=4, end=10),
    ]

    assert value(conversation(turns), "overlap_share") == pytest.approx(0.4)


def test_overlap_shows_the_turn_that_begins_the_longest() -> None:
    turns = [
        said("agent", "One", start=0, end=10),
        said("customer", "Yes", start=2, end=3),
        said("customer", "But listen", start=7, end=12),
        said("agent", "No", start=19, end=20),
    ]
    share, spans = measured(conversation(turns), "overlap_share")

    assert share == pytest.approx(4 / 20)
    assert spans == (Span(3 / 4, 2, 0, 10, "overlaps for 3.0 s; 4.0 of 20.0 s in all"),)


def test_overlap_is_not_measured_when_the_customer_has_no_times() -> None:
    turns = [said("agent", "One", start=0, end=6), said("customer", "Two")]

    assert math.isnan(value(conversation(turns), "overlap_share"))


def test_duration_is_not_measured_when_there_is_one_moment() -> None:
    turns = [said("customer", "One", start=5), said("agent", "Two")]

    assert math.isnan(value(conversation(turns, "chat"), "duration"))


# For any conversation


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    text = st.sampled_from(["", "Yes.", "Really? Why?", "can you help", "Ça va ? 👋", "你好？"])
    gap = st.floats(0, 100, allow_subnormal=False)
    now = 0.0
    turns = []
    for role in draw(st.lists(st.sampled_from(list(Role)), max_size=12)):
        start: float | None = None
        end: float | None = None
        derived = False
        if draw(st.booleans()):
            now = start = now + draw(gap)
            if draw(st.booleans()):
                end, derived = start + draw(gap), draw(st.booleans())
        turns.append(said(role, draw(text), start=start, end=end, end_derived=derived))
    channel = draw(st.sampled_from(["voice", "chat", "email", None]))
    return conversation(turns, channel, draw(st.sampled_from(["en", "ro", None])))


@given(transcripts())
def test_measure_conduct_stays_within_the_stated_range(transcript: Transcript) -> None:
    columns = measure_conduct(unread_batch([transcript]), NAMES)

    for spec in CONDUCT:
        number = columns[spec.name].values[0]
        assert math.isnan(number) or spec.low <= number <= spec.high


@given(transcripts())
def test_measure_conduct_gives_evidence_that_points_into_the_turns(transcript: Transcript) -> None:
    for column in measure_conduct(unread_batch([transcript]), NAMES).values():
        spans = column.evidence[0]
        assert bool(spans) is not math.isnan(column.values[0])
        assert sum(span.share for span in spans) <= 1 + 1e-9
        for span in spans:
            assert (span.turn is None) == (span.start is None) == (span.end is None)
            if span.turn is not None and span.start is not None and span.end is not None:
                assert 0 <= span.start <= span.end <= len(transcript.turns[span.turn].text)


@given(transcripts(), st.integers(0, 12))
def test_measure_conduct_does_not_change_when_a_system_turn_is_added(
    transcript: Transcript, position: int
) -> None:
    turns = list(transcript.turns)
    turns.insert(position, said("system", "Is the customer on hold?"))
    longer = conversation(turns, transcript.channel, transcript.language)

    before = measure_conduct(unread_batch([transcript]), NAMES)
    after = measure_conduct(unread_batch([longer]), NAMES)

    for name in NAMES:
        np.testing.assert_array_equal(before[name].values, after[name].values)


@given(st.lists(transcripts(), max_size=3))
def test_measure_conduct_does_not_look_at_neighbours(batch: list[Transcript]) -> None:
    together = measure_conduct(unread_batch(batch), NAMES)

    for position, transcript in enumerate(batch):
        alone = measure_conduct(unread_batch([transcript]), NAMES)
        for name in NAMES:
            np.testing.assert_array_equal(alone[name].values[0], together[name].values[position])
            assert alone[name].evidence[0] == together[name].evidence[position]


@given(transcripts())
def test_times_are_consistent_with_each_other(transcript: Transcript) -> None:
    columns = measure_conduct(unread_batch([transcript]), NAMES)

    def number(signal: str) -> float:
        return float(columns[f"conduct.{signal}"].values[0])

    assert not number("response_time_median") > number("response_time_longest")
    assert not (number("longest_silence") < 15 and number("hold_time") > 0)
    assert not (number("longest_silence") >= 15 and number("hold_time") < number("longest_silence"))


def test_conduct_specs_follow_the_fixed_scales() -> None:
    assert len(set(NAMES)) == len(NAMES) == 10
    assert all(spec.scale > 0 and not spec.scoped and spec.source for spec in CONDUCT)

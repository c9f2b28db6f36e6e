"""What a turn is worth: what a classifier answers on its text, whoever asks."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import qa_nlp as qa
from qa_nlp.encoding import encoder_offers
from qa_nlp.encoding.adapted import AdaptedBert, read_adapted
from qa_nlp.rubric import Rubric
from qa_nlp.signals import measure
from qa_nlp.signals.base import Batch
from qa_nlp.signals.emotion import NEGATIVE, measure_emotion
from qa_nlp.signals.measure import SignalMeter
from qa_nlp.signals.sentiment import measure_sentiment
from qa_nlp.signals.tasks import EMOTION_GROUPS, MECHANISMS, TASKS
from qa_nlp.signals.timeline import timeline
from qa_nlp.signals.tone import measure_tone
from qa_nlp.signals.turns import Sentence, SpokenTurns, is_long, turns_of
from qa_nlp.text.sentences import sentence_table
from qa_nlp.transcript import Role, Transcript
from tests.builders import batch_of, chat
from tests.tiny_models import write_encoder

TALK = chat(
    "c1",
    "agent: Good morning! This is Ann of the service desk. How can I help you today?",
    "customer: It broke again.   I am really angry. This is the third time in a month!",
    "system: Connected.",
    "agent: I am so sorry. That must be tiring. What happened exactly?",
    "customer: ",
    "customer: It went dark. Nothing helps. I give up.",
    "agent: I see. A new one leaves today, and you pay nothing.",
    "customer: Oh, thank you. That was quick! I am happy now.",
)
OTHER = chat("c2", "customer: I give up. It broke again.", "agent: I see. I am so sorry.")
RUBRIC = Rubric.load("service_excellence")
SPOKEN = [0, 1, 3, 5, 6, 7]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> AdaptedBert:
    return read_adapted(write_encoder(tmp_path_factory.mktemp("models") / "encoder-tiny"))


@pytest.fixture(scope="module")
def meter(tiny: AdaptedBert) -> Iterator[SignalMeter]:
    with pytest.MonkeyPatch.context() as patch:
        # fitting the phrase banks to another encoder takes long, and nothing here reads them
        patch.setattr(measure, "matcher_for", lambda banks, encoder: None)
        yield SignalMeter(encoder_offers(tiny), RUBRIC)


@pytest.fixture(scope="module")
def batch(meter: SignalMeter) -> Batch:
    return meter.batch([TALK, OTHER])


def classified(tiny: AdaptedBert, task: str, turns: list[int]) -> qa.Predictions:
    return qa.classify([TALK.turns[turn].text for turn in turns], task, encoder=tiny)


@pytest.mark.parametrize("task", TASKS)
def test_answers_on_turns_are_those_of_classify_on_their_texts(
    tiny: AdaptedBert, batch: Batch, task: str
) -> None:
    texts = [TALK.turns[turn].text for turn in SPOKEN] + [turn.text for turn in OTHER.turns]

    expected = qa.classify(texts, task, encoder=tiny)

    found = batch.turn_answers[task]
    np.testing.assert_array_equal(found.probabilities, expected.probabilities)
    np.testing.assert_array_equal(found.values, expected.values)
    assert found.labels.tolist() == expected.labels.tolist()


def test_timeline_is_what_classify_answers_on_each_turn(
    tiny: AdaptedBert, meter: SignalMeter
) -> None:
    frame = timeline(meter.batch([TALK]))

    for task in ("sentiment", "politeness"):
        assert frame[task][SPOKEN].tolist() == classified(tiny, task, SPOKEN).values.tolist()
    agent = [turn for turn in SPOKEN if TALK.turns[turn].role is Role.AGENT]
    for task in MECHANISMS:
        assert frame[task][agent].tolist() == classified(tiny, task, agent).values.tolist()
    groups = classified(tiny, "emotion_group", SPOKEN).probabilities
    negative = groups[:, : len(NEGATIVE)].max(axis=1)
    assert frame["negative_emotion"][SPOKEN].tolist() == negative.tolist()


def test_signals_are_made_of_what_classify_answers_on_each_turn(
    tiny: AdaptedBert, batch: Batch
) -> None:
    def turns(task: str, role: Role) -> qa.Predictions:
        return classified(tiny, task, [turn for turn in SPOKEN if TALK.turns[turn].role is role])

    sentiment, tone, emotion = measure_sentiment(batch), measure_tone(batch), measure_emotion(batch)

    valences = turns("sentiment", Role.CUSTOMER).values
    assert sentiment["customer_sentiment.worst"].values[0] == valences.min()
    assert sentiment["customer_sentiment.mean"].values[0] == sum(valences) / len(valences)
    politeness = turns("politeness", Role.AGENT).values
    assert tone["tone.politeness.worst"].values[0] == politeness.min()
    reactions = turns("emotional_reactions", Role.AGENT).values
    assert tone["tone.warmth"].values[0] == sum(reactions) / len(reactions)
    groups = turns("emotion_group", Role.CUSTOMER).probabilities
    for column, group in enumerate(EMOTION_GROUPS[:-1]):
        assert emotion[f"customer_emotion.{group}"].values[0] == groups[:, column].max()
    last = groups[-1, : len(NEGATIVE)].max()
    assert emotion["customer_emotion.end_negative"].values[0] == last


def test_turns_are_numbered_where_a_transcript_or_a_turn_begins() -> None:
    table = sentence_table(
        [
            chat("c1", "agent: Hi. Yes.", "system: Menu.", "customer: ", "customer: No. No. No."),
            chat("c2"),
            chat("c3", "customer: Well."),
            chat("c4", "customer: Well. Bye."),
        ]
    )

    assert turns_of(table).tolist() == [0, 0, 1, 1, 1, 2, 3, 3]
    assert turns_of(sentence_table(())).tolist() == []


LEVELS = {
    "Hm.": (1.0, 0.0, 0.0),
    "Sorry.": (0.1, 0.9, 0.0),
    "I feel for you.": (0.4, 0.0, 0.6),
}


def levels_of(*transcripts: Transcript) -> Batch:
    return batch_of(transcripts, {"emotional_reactions": LEVELS})


def test_spoken_turns_give_what_is_told_of_the_turns_of_one_role() -> None:
    batch = levels_of(
        chat("c1", "agent: Sorry."), chat("c2", "agent: ", "customer: Hm.", "agent: Hm. Sorry.")
    )
    spoken = SpokenTurns.of(batch, Role.AGENT)

    values = spoken.by_transcript(spoken.answers(np.array([1.0, 2.0, 3.0])))

    assert values == [{0: 1.0}, {2: 3.0}]
    assert spoken.sentence_counts() == [1, 2]


def test_strongest_sentence_speaks_with_the_value_of_its_turn() -> None:
    batch = levels_of(chat("c1", "agent: Hm. Sorry. I feel for you.", "agent: Hm."))
    spoken = SpokenTurns.of(batch, Role.AGENT)
    of_turns = spoken.answers(batch.turn_answers["emotional_reactions"].values)

    (turns,) = spoken.speaking(of_turns, np.array([0.0, 0.9, 1.2]))

    # level 1 is reached by one sentence with .9, level 2 by another with .6
    assert [one.value for one in turns.values()] == pytest.approx([1.5, 0.0])
    assert (turns[0].turn, turns[0].start, turns[0].end) == (0, 11, 26)


_SAID = st.lists(st.sampled_from(list(LEVELS)), max_size=3).map(" ".join)
_TALKS = st.lists(
    st.lists(st.tuples(st.sampled_from(["agent", "customer", "bot"]), _SAID), max_size=5),
    max_size=4,
)


def by_hand(batch: Batch, role: Role, strength: np.ndarray) -> list[dict[int, Sentence]]:
    """Go through the table row by row, and keep of each turn the first of its strongest."""
    table = batch.sentences
    found: list[dict[int, Sentence]] = [{} for _ in batch.transcripts]
    for row in range(len(table)):
        position, turn, text = int(table.transcript[row]), int(table.turn[row]), table.text[row]
        known = found[position].get(turn)
        if batch.transcripts[position].turns[turn].role is role and (
            known is None or strength[text] > known.value
        ):
            place = (turn, int(table.start[row]), int(table.end[row]), int(text))
            found[position][turn] = Sentence(float(strength[text]), *place)
    return found


@given(_TALKS)
def test_spoken_turns_are_those_found_row_by_row(talks: list[list[tuple[str, str]]]) -> None:
    transcripts = [
        chat(f"c{number}", *(f"{role}: {text}" for role, text in turns))
        for number, turns in enumerate(talks)
    ]
    batch = levels_of(*transcripts)
    levels = batch.heads["emotional_reactions"]
    strength = levels[:, 1:].sum(axis=1)
    expected = by_hand(batch, Role.AGENT, strength)
    spoken = SpokenTurns.of(batch, Role.AGENT)
    of_turns = np.array([one.value for turns in expected for one in turns.values()])
    column = np.ones(len(of_turns), dtype=np.int64)

    assert spoken.speaking(of_turns, strength) == expected
    assert spoken.speaking(of_turns, np.column_stack([-strength, strength]), column) == expected
    assert spoken.strongest(strength[:, None]) == [
        [max(turns.values(), key=lambda one: one.value)] if turns else [] for turns in expected
    ]


@pytest.mark.parametrize(
    ("text", "expected"), [("", False), (" no  no ", False), ("a b c d", True)]
)
def test_is_long_counts_words(text: str, expected: bool) -> None:
    assert is_long(chat("c1", f"agent: {text}"), 0, 3) is expected

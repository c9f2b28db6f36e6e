"""Standard phrases: matched on invented vectors, and with the shipped banks."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.encoding import CustomEncoder, load_encoder
from qa_nlp.errors import ArtifactError, RubricError
from qa_nlp.signals.base import Array, Batch, Span
from qa_nlp.signals.phrase_bank import PhraseBankFile, load_bank_file, shipped_banks
from qa_nlp.signals.phrases import (
    PhraseBank,
    PhraseMatcher,
    background_sentences,
    banks_fingerprint,
    fit_banks,
    measure_phrases,
    phrase_specs,
    shipped_matcher,
)
from qa_nlp.transcript import Role, Transcript
from tests.builders import HashEncoder, batch_of, chat


def bank(identifier: str, *samples: str, language: str = "en") -> PhraseBankFile:
    return PhraseBankFile.model_validate(
        {
            "format_version": 1,
            "id": identifier,
            "name": identifier,
            "purpose": "The agent says it.",
            "kind": "standard",
            "samples": {language: samples or ("Some words.",)},
        }
    )


def logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


# The first number of a vector is the logit of "hello", the second that of "bye".
MATCHER = PhraseMatcher((bank("hello"), bank("bye")), np.eye(2), np.zeros(2))
VECTORS = {
    "Hi.": (logit(0.9), logit(0.1)),
    "Hey.": (logit(0.6), logit(0.2)),
    "Bye.": (logit(0.05), logit(0.8)),
    "Well.": (logit(0.3), logit(0.25)),
}


def phrase_batch(*transcripts: Transcript) -> Batch:
    return batch_of(transcripts, vectors=VECTORS)


def measured(transcript: Transcript, name: str, within: str = "anywhere") -> float:
    columns = measure_phrases(phrase_batch(transcript), MATCHER, [(name, within)])
    (column,) = columns.values()
    return float(column.values[0])


def evidence(transcript: Transcript, name: str, within: str = "anywhere") -> tuple[Span, ...]:
    columns = measure_phrases(phrase_batch(transcript), MATCHER, [(name, within)])
    (column,) = columns.values()
    return column.evidence[0]


CALL = chat(
    "c1",
    "agent: Well. Hey.",
    "customer: Hi.",
    "agent: Well.",
    "customer: Bye.",
    "agent: Well. Bye.",
)


def test_matcher_gives_the_probability_of_each_bank_for_each_sentence() -> None:
    vectors = np.array([VECTORS["Hi."], VECTORS["Bye."]], dtype=np.float32)

    assert MATCHER.ids == ("hello", "bye")
    assert MATCHER.probabilities(vectors) == pytest.approx(
        np.array([[0.9, 0.1], [0.05, 0.8]]), abs=1e-6
    )


def test_value_is_that_of_the_agents_best_sentence() -> None:
    assert measured(CALL, "hello") == pytest.approx(0.6, abs=1e-6)
    assert measured(CALL, "bye") == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize(
    ("within", "hello", "bye"),
    [
        ("first 1 agent turn", 0.6, 0.25),
        ("last 1 agent turn", 0.3, 0.8),
        ("last 2 agent turns", 0.3, 0.8),
        ("first 4 turns", 0.6, 0.25),
    ],
)
def test_value_is_that_of_the_best_sentence_within_the_scope(
    within: str, hello: float, bye: float
) -> None:
    assert measured(CALL, "hello", within) == pytest.approx(hello, abs=1e-6)
    assert measured(CALL, "bye", within) == pytest.approx(bye, abs=1e-6)


def test_value_is_nan_when_the_agent_says_nothing_within_the_scope() -> None:
    transcript = chat("c1", "customer: Hi.", "agent: Hey.")

    assert math.isnan(measured(transcript, "hello", "first 1 turn"))
    assert evidence(transcript, "hello", "first 1 turn") == ()
    assert math.isnan(measured(chat("c2", "customer: Hi."), "hello"))


def test_value_is_that_of_the_role_which_the_bank_is_for() -> None:
    relief = bank("hello").model_copy(update={"role": Role.CUSTOMER})
    matcher = PhraseMatcher((relief, bank("bye")), np.eye(2), np.zeros(2))

    columns = measure_phrases(
        phrase_batch(CALL), matcher, [("hello", "anywhere"), ("bye", "anywhere")]
    )

    assert columns["phrase.hello"].values[0] == pytest.approx(0.9, abs=1e-6)
    assert columns["phrase.hello"].evidence[0][0].turn == 1
    assert columns["phrase.bye"].values[0] == pytest.approx(0.8, abs=1e-6)


def test_columns_are_named_by_bank_and_scope() -> None:
    uses = [("bye", "last 2 turns"), ("hello", "anywhere"), ("bye", "anywhere")]

    columns = measure_phrases(phrase_batch(CALL), MATCHER, uses)

    assert set(columns) == {"phrase.hello", "phrase.bye", "phrase.bye [last 2 turns]"}


def test_evidence_is_up_to_three_sentences_that_say_the_phrase() -> None:
    transcript = chat("c1", "agent: Hey. Well. Hi.", "agent: Hi.", "customer: Hi.", "agent: Hi.")

    *spans, against = evidence(transcript, "hello")

    assert [(span.turn, span.start, span.end) for span in spans] == [
        (0, 11, 14),
        (1, 0, 3),
        (3, 0, 3),
    ]
    assert [span.share for span in spans] == pytest.approx([1 / 3] * 3)
    assert {span.note for span in spans} == {"said with probability 0.90"}
    assert {span.raises for span in spans} == {True}
    assert (against.turn, against.raises) == (None, False)


def test_evidence_is_shared_by_probability() -> None:
    *spans, _ = evidence(chat("c1", "agent: Hey. Hi."), "hello")

    assert [span.start for span in spans] == [5, 0]
    assert [span.share for span in spans] == pytest.approx([0.6, 0.4])


def test_evidence_states_what_was_searched_when_nothing_was_found() -> None:
    nearest, span = evidence(CALL, "bye", "first 1 agent turn")

    assert (nearest.raises, span.raises) == (True, False)
    assert nearest.note == "perhaps said with probability 0.25"
    assert (span.share, span.turn, span.start, span.end) == (1.0, None, None, None)
    assert span.note is not None
    assert "in 2 sentences of the agent (first 1 agent turn); nearest 0.25" in span.note


def test_measure_lists_near_names_when_there_is_no_such_bank() -> None:
    with pytest.raises(ArtifactError, match=r"no phrase bank 'helo'; did you mean 'hello'"):
        measure_phrases(phrase_batch(CALL), MATCHER, [("helo", "anywhere")])


@given(
    st.lists(
        st.tuples(st.sampled_from(["agent", "customer"]), st.sampled_from(sorted(VECTORS))),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(["anywhere", "first 2 turns", "last 1 agent turn"]),
)
def test_values_are_probabilities_and_shares_sum_to_one(
    said: list[tuple[str, str]], within: str
) -> None:
    transcript = chat("c1", *(f"{role}: {text}" for role, text in said))

    (column,) = measure_phrases(phrase_batch(transcript), MATCHER, [("hello", within)]).values()

    (value,), (spans,) = column.values, column.evidence
    assert np.isnan(value) or 0 <= value <= 1
    assert np.isnan(value) == (spans == ())
    if spans:
        for raises in (True, False):
            shares = [span.share for span in spans if span.raises is raises]
            assert sum(shares) == pytest.approx(1)


def test_fit_tells_samples_from_the_sentences_of_other_banks() -> None:
    banks = [bank("hello", "Hello there.", "Good day."), bank("bye", "Farewell.", "See you.")]
    encoder = CustomEncoder(HashEncoder(32))

    matcher = fit_banks(banks, encoder)

    chances = matcher.probabilities(encoder.encode(["Hello there.", "See you."]))
    assert matcher.ids == ("hello", "bye")
    assert chances[0, 0] > 0.5 > chances[0, 1]
    assert chances[1, 1] > 0.5 > chances[1, 0]


def test_fit_gives_a_bank_the_same_weights_alone_as_with_all() -> None:
    banks = [bank("hello", "Hello there."), bank("bye", "Farewell.", "See you.")]
    encoder = CustomEncoder(HashEncoder(16))

    everything = fit_banks(banks, encoder)
    alone = fit_banks(banks, encoder, only={"bye"})

    assert alone.ids == ("bye",)
    assert np.array_equal(alone.weight, everything.weight[1:])
    assert np.array_equal(alone.bias, everything.bias[1:])


def test_fit_names_a_bank_without_samples_that_the_encoder_reads() -> None:
    banks = [bank("hello"), bank("salut", "Bună ziua.", language="ro")]

    with pytest.raises(
        RubricError, match="'salut' has no samples that custom reads; add some under en"
    ):
        fit_banks(banks, CustomEncoder(HashEncoder()))


def test_fit_reads_the_samples_in_the_languages_of_the_encoder() -> None:
    english, both = bank("hello", "Hello."), bank("hello", "Hello.")
    both.samples["ro"] = ("Bună ziua.",)
    rest = bank("bye", "Farewell.")

    def weight(hello: PhraseBankFile, *languages: str) -> Array:
        encoder = CustomEncoder(HashEncoder(), languages=frozenset(languages) or None)
        return fit_banks([hello, rest], encoder, only={"hello"}).weight

    assert np.array_equal(weight(both, "en"), weight(english, "en"))
    assert np.array_equal(weight(both), weight(both, "en"))
    assert not np.allclose(weight(both, "en", "ro"), weight(english, "en", "ro"))


def test_fingerprint_changes_when_a_sentence_of_a_bank_does() -> None:
    assert banks_fingerprint([bank("hello", "Hi.")]) == banks_fingerprint([bank("hello", "Hi.")])
    assert banks_fingerprint([bank("hello", "Hi.")]) != banks_fingerprint([bank("hello", "Hi!")])


def test_background_has_sentences_for_english_and_none_elsewhere() -> None:
    assert len(background_sentences()) >= 100
    assert background_sentences("xx") == ()


def test_each_shipped_bank_is_a_signal() -> None:
    specs = phrase_specs()

    assert set(specs) == {f"phrase.{name}" for name in shipped_banks()}
    assert all(
        (spec.low, spec.high, spec.scale, spec.scoped) == (0, 1, 1, True) for spec in specs.values()
    )


@pytest.mark.slow
def test_shipped_weights_are_those_that_fitting_the_shipped_banks_gives() -> None:
    encoder = load_encoder("en")
    banks = [load_bank_file(path) for path in shipped_banks().values()]

    fitted = fit_banks(banks, encoder)

    stored = shipped_matcher(encoder)
    assert stored.ids == fitted.ids
    np.testing.assert_allclose(stored.weight, fitted.weight, atol=1e-3)
    np.testing.assert_allclose(stored.bias, fitted.bias, atol=1e-3)


def test_shipped_banks_are_fitted_anew_for_another_encoder() -> None:
    encoder = CustomEncoder(HashEncoder(8))

    matcher = shipped_matcher(encoder)

    assert matcher.ids == tuple(shipped_banks())
    assert matcher.weight.shape == (len(matcher.ids), 8)


@pytest.fixture(scope="module")
def hold() -> PhraseBank:
    return PhraseBank.load("hold_request")


def test_bank_finds_the_sentence_that_says_the_phrase(hold: PhraseBank) -> None:
    text = "I see. Let me put you on hold for a minute. It is about the red one."

    (match,) = hold.match([text])

    assert match.probability > 0.5
    assert text[match.start : match.end] == "Let me put you on hold for a minute."
    assert match.sample in hold.bank.samples["en"]


def test_bank_names_the_nearest_of_its_samples(hold: PhraseBank) -> None:
    samples = hold.bank.samples["en"]

    assert [match.sample for match in hold.match(samples)] == list(samples)


def test_bank_gives_a_text_without_words_a_probability_of_zero(hold: PhraseBank) -> None:
    blank, other = hold.match(["  ", "Please hold the line."])

    assert (blank.probability, blank.start, blank.end) == (0.0, 0, 0)
    assert other.probability > 0.5
    assert [match.probability for match in hold.match(["", " "])] == [0.0, 0.0]
    assert hold.match([]) == []


def test_bank_lists_near_names_when_there_is_none_of_that_name() -> None:
    with pytest.raises(RubricError, match=r"'hold_requst'.*did you mean 'hold_request'"):
        PhraseBank.load("hold_requst")


@pytest.mark.slow
def test_bank_of_ones_own_is_fitted_when_it_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "discount.yaml"
    path.write_text(
        "format_version: 1\nid: discount\nname: Discount\npurpose: The agent offers one.\n"
        "kind: standard\nsamples:\n  en:\n    - I can take ten percent off.\n"
        "    - We could lower the monthly fee for you.\n",
        "utf-8",
    )

    said, unsaid = PhraseBank.load(path).match(
        ["I could take fifteen percent off.", "The parcel left the depot."]
    )

    assert said.probability > 0.5 > unsaid.probability

"""Standard phrases: matched on invented vectors, and with the shipped banks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.encoding import CustomEncoder, load_encoder
from qa_nlp.errors import ArtifactError, RubricError
from qa_nlp.phrase_bank import PhraseBankFile, load_bank_file, shipped_banks
from qa_nlp.rubric import Rubric
from qa_nlp.signals import phrases
from qa_nlp.signals.base import Array, Batch, Column, Span
from qa_nlp.signals.events import SAID
from qa_nlp.signals.phrase_fit import fit_banks
from qa_nlp.signals.phrase_matcher import PhraseMatcher, background_sentences, banks_fingerprint
from qa_nlp.signals.phrases import (
    PhraseBank,
    PhraseHits,
    measure_phrases,
    phrase_specs,
    shipped_matcher,
)
from qa_nlp.signals.required import measure_required
from qa_nlp.signals.rule_matchers import CompiledRules
from qa_nlp.signals.rules import RuleHits
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
READS = np.hstack([np.eye(2), np.zeros((2, 6))])
MATCHER = PhraseMatcher((bank("hello"), bank("bye")), READS, np.zeros(2))
VECTORS = {
    "Hi.": (logit(0.9), logit(0.1)),
    "Hey.": (logit(0.6), logit(0.2)),
    "Bye.": (logit(0.05), logit(0.8)),
    "Well.": (logit(0.3), logit(0.25)),
}


def phrase_batch(*transcripts: Transcript) -> Batch:
    return batch_of(transcripts, vectors=VECTORS)


def columns_of(
    transcript: Transcript, uses: list[tuple[str, str]], matcher: PhraseMatcher = MATCHER
) -> Mapping[str, Column]:
    hits = PhraseHits(phrase_batch(transcript), matcher, {name for name, _ in uses})
    return measure_phrases(hits, uses)


def measured(transcript: Transcript, name: str, within: str = "anywhere") -> float:
    (column,) = columns_of(transcript, [(name, within)]).values()
    return float(column.values[0])


def evidence(transcript: Transcript, name: str, within: str = "anywhere") -> tuple[Span, ...]:
    (column,) = columns_of(transcript, [(name, within)]).values()
    return column.evidence[0]


ASKS_FOR_HELLO = """
format_version: 1
id: hello
version: "1"
name: Hello
conditions: [{id: hello, name: Hello, said: phrase.hello}]
sections:
  - id: all
    name: All
    criteria:
      - id: hello
        question: Hello?
        levels: [{id: no, value: 0}, {id: yes, value: 1}]
        signals: [{signal: condition.hello, threshold: 0.5, weight: 4}]
"""
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
    assert MATCHER.probabilities(["Hi.", "Bye."], vectors) == pytest.approx(
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
    matcher = PhraseMatcher((relief, bank("bye")), READS, np.zeros(2))

    columns = columns_of(CALL, [("hello", "anywhere"), ("bye", "anywhere")], matcher)

    assert columns["phrase.hello"].values[0] == pytest.approx(0.9, abs=1e-6)
    assert columns["phrase.hello"].evidence[0][0].turn == 1
    assert columns["phrase.bye"].values[0] == pytest.approx(0.8, abs=1e-6)


def test_columns_are_named_by_bank_and_scope() -> None:
    uses = [("bye", "last 2 turns"), ("hello", "anywhere"), ("bye", "anywhere")]

    columns = columns_of(CALL, uses)

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


def test_evidence_says_where_a_bank_was_matched_across_languages() -> None:
    transcript = chat("c1", "agent: Hi.", language="ro")
    form = Rubric.from_yaml(ASKS_FOR_HELLO)
    hits = PhraseHits(phrase_batch(transcript), MATCHER, {"hello"})

    phrases = measure_phrases(hits, [("hello", "anywhere")])
    required = measure_required(
        form, hits, RuleHits(hits.batch, CompiledRules(()), ()), {"condition.hello"}
    )

    for column in (phrases["phrase.hello"], required["condition.hello"]):
        for span in column.evidence[0]:
            assert span.note is not None
            assert "(no samples in ro: matched across languages from en)" in span.note


def test_measure_lists_near_names_when_there_is_no_such_bank() -> None:
    with pytest.raises(ArtifactError, match=r"no phrase bank 'helo'; did you mean 'hello'"):
        columns_of(CALL, [("helo", "anywhere")])


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

    (column,) = columns_of(transcript, [("hello", within)]).values()

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

    said = ["Hello there.", "See you."]
    chances = matcher.probabilities(said, encoder.encode(said))
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
    assert matcher.weight.shape == (len(matcher.ids), 3 * 8 + 2)


def test_shipped_banks_are_fitted_once_for_encoders_that_give_the_same_vectors() -> None:
    first, second = (shipped_matcher(CustomEncoder(HashEncoder(8))) for _ in range(2))

    assert first is second


def test_shipped_banks_are_fitted_anew_for_other_vectors_or_languages() -> None:
    encoder = CustomEncoder(HashEncoder(8))
    states = CustomEncoder(HashEncoder(8), languages=frozenset({"pt"}))

    narrow, portuguese = shipped_matcher(CustomEncoder(HashEncoder(4))), shipped_matcher(states)

    assert narrow.weight.shape != shipped_matcher(encoder).weight.shape
    assert not np.allclose(portuguese.weight, shipped_matcher(encoder).weight)


def test_only_the_last_few_fitted_banks_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[tuple[str, frozenset[str] | None], PhraseMatcher] = {}
    monkeypatch.setattr(phrases, "_FITTED", kept)
    monkeypatch.setattr(phrases, "_MOST_FITTED", 1)

    for width in (4, 5):
        shipped_matcher(CustomEncoder(HashEncoder(width)))

    assert [key[0] for key in kept] == [CustomEncoder(HashEncoder(5)).fingerprint]


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


@pytest.fixture(scope="module")
def shipped() -> Callable[[str, str], float]:
    """The probability that a sentence says a phrase, by the shipped English weights."""
    encoder = load_encoder("en")
    matcher = shipped_matcher(encoder)

    def probability(name: str, text: str) -> float:
        vectors = encoder.encode([text])[:, : encoder.width]
        return float(matcher.probabilities([text], vectors)[0, matcher.ids.index(name)])

    return probability


@pytest.mark.parametrize("name", sorted(shipped_banks()))
def test_short_replies_say_no_phrase(name: str, shipped: Callable[[str, str], float]) -> None:
    replies = (
        "yes",
        "no",
        "ok",
        "two",
        "The first one.",
        "both",
        "maybe",
        "and then?",
        "it is",
    )

    assert {text: shipped(name, text) for text in replies if shipped(name, text) >= 0.5} == {}


@pytest.mark.parametrize(
    ("name", "said", "denied"),
    [
        ("solution_offered", "I can send you a new one.", "I can't offer you a refund."),
        ("call_back_offer", "I can call you back tomorrow.", "We are not able to call you back."),
        ("transfer", "Let me transfer you to billing.", "I can't transfer you to anyone."),
        ("hold_request", "Could I put you on hold for a minute?", "I won't put you on hold."),
        ("follow_up_promise", "I'll email you the result.", "I won't be able to email you that."),
    ],
)
def test_what_is_denied_is_not_said(
    name: str, said: str, denied: str, shipped: Callable[[str, str], float]
) -> None:
    assert shipped(name, said) > 0.5 > shipped(name, denied)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("call_back_offer", "Why don't I call you back this afternoon?"),
        ("hold_request", "I don't want to rush this, may I put you on hold for a minute?"),
        ("transfer", "I can't help with that here, so let me transfer you to billing."),
    ],
)
def test_a_negation_elsewhere_takes_nothing_back(
    name: str, said: str, shipped: Callable[[str, str], float]
) -> None:
    assert shipped(name, said) > 0.5


@pytest.mark.parametrize(
    ("name", "said", "other"),
    [
        ("name_request", "Could you tell me your name?", "Your name is on the card."),
        (
            "anything_else",
            "Is there anything else I can do for you?",
            "There is nothing else to do.",
        ),
        ("recording_notice", "This call is recorded.", "Is there a record of that visit?"),
        ("purpose_question", "What can I do for you today?", "I have done what I can for you."),
    ],
)
def test_question_and_statement_are_told_apart(
    name: str, said: str, other: str, shipped: Callable[[str, str], float]
) -> None:
    assert shipped(name, said) > 0.5 > shipped(name, other)


def test_phrase_spread_over_two_sentences_is_found_and_both_are_quoted() -> None:
    # each sentence points half in the direction of the phrase, their mean wholly
    vectors = {"One moment.": (0.8, 0.6), "Can you wait?": (0.8, -0.6), "Well.": (-1.0, 0.0)}
    matcher = PhraseMatcher(
        (bank("hello"),), np.array([[10.0, 0, 0, 0, 0, 0, 0, 0]]), np.array([-9.0])
    )
    said = "One moment. Can you wait? One moment."
    transcript = chat("c1", f"agent: {said} Well.", "agent: One moment.")
    hits = PhraseHits(batch_of([transcript], vectors=vectors), matcher, {"hello"})

    (column,) = measure_phrases(hits, [("hello", "anywhere")]).values()

    assert column.values[0] == pytest.approx(1 / (1 + math.exp(-1)), abs=1e-6)
    # of the two pairs that share a sentence one counts
    assert [(s.turn, s.start, s.end) for s in column.evidence[0] if s.raises] == [(0, 0, 25)]


def test_a_bank_learns_from_a_dozen_answers() -> None:
    hits = ["Bear with me a tick.", "Hang on there.", "Give us a sec, would you?"]
    misses = ["Who bears the cost?", "Hang the picture there.", "It takes a second to boot."]
    bank = PhraseBank.load("hold_request")

    taught = bank.fit([*hits, *misses], [True] * 3 + [False] * 3)

    before, after = (one.match(["Hang on a tick, would you?"])[0] for one in (bank, taught))
    assert after.probability > before.probability
    assert all(match.probability > 0.5 for match in taught.match(hits))
    assert set(taught.bank.samples["en"]) - set(bank.bank.samples["en"]) == set(hits)


@pytest.mark.parametrize(
    ("texts", "labels", "message"),
    [
        (["a", "b"], [True], "2 texts and 1 labels"),
        (["Hold on."], ["yes"], "label 0 is 'yes'; give True for a hit"),
        (["Hold on.", "hold on"], [True, False], "text 1 is labelled a hit and a miss"),
    ],
)
def test_labels_that_make_no_sense_are_refused(
    texts: list[str], labels: list[object], message: str, hold: PhraseBank
) -> None:
    with pytest.raises(ValueError, match=message):
        hold.fit(texts, labels)


def test_bank_is_saved_and_loaded_again(tmp_path: Path, hold: PhraseBank) -> None:
    taught = hold.fit(["Bear with me: it's no 5."], [True])

    taught.save(tmp_path / "hold_request.yaml")

    assert load_bank_file(tmp_path / "hold_request.yaml") == taught.bank
    with pytest.raises(RubricError, match=r"must be in a file 'hold_request.yaml'"):
        taught.save(tmp_path / "hold.yaml")


def test_match_takes_a_list_of_texts(hold: PhraseBank) -> None:
    with pytest.raises(TypeError, match=r"give \[text\]"):
        hold.match("Please hold.")


@pytest.mark.parametrize("reach", [0, 1, 9])
def test_ranked_events_are_the_likely_ones_of_all_events_or_the_surest(reach: int) -> None:
    transcripts = [
        chat("c1", "agent: Hello. Good day. Fine.", "customer: Hello.", "agent: Hello."),
        chat("c2", "customer: Hello."),
        chat("c3", "agent: Fine. Good day.", "agent: Fine."),
    ]
    vectors = {"Hello.": (1.0, 0.0), "Good day.": (0.6, 0.8), "Fine.": (0.0, 1.0)}
    hits = PhraseHits(batch_of(transcripts, vectors=vectors), MATCHER, {"hello"})
    inside = hits.batch.sentences.turn < reach

    ranked = hits.ranked("hello", inside)

    for (count, likely), events in zip(ranked, hits.events("hello"), strict=True):
        own = [event for event in events or () if event.turn < reach]
        surest = sorted(own, key=lambda event: (-event.probability, event))
        chosen = [event for event in surest if event.probability >= SAID] or surest[:1]
        assert count == len(own)
        assert likely[: len(chosen)] == chosen
        assert len(likely) == len(chosen) or likely[0].probability < SAID

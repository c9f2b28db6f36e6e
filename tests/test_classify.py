"""One question of many texts: whatever the texts, defined answers or a clear error."""

from __future__ import annotations

import html
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import qa_nlp as qa
from qa_nlp import classification
from qa_nlp.encoding import CustomEncoder, VectorCache
from qa_nlp.encoding.adapted import AdaptedBert, read_adapted
from qa_nlp.signals.heads import heads_of
from qa_nlp.signals.hf_classifier import HFClassifier
from qa_nlp.signals.tasks import EMOTION_GROUPS, EMOTIONS, MECHANISMS, SENTIMENTS, TASKS
from tests.builders import HashEncoder
from tests.tiny_models import ACTS, write_checkpoint, write_encoder

TEXTS = [
    "Thank you, that was quick!",
    "It broke again. I am really angry. Where is my refund?",
    "Order 12345.",
    "I am so sorry about this. What happened exactly?",
]
ODD = {
    "10,000 characters": "It is late and nobody answers. " * 323,
    "10,000 characters without a stop": "word " * 2000,
    "one word of 10,000 characters": "x" * 10_000,
    "emoji only": "🙂🙃😡",
    "emoji with joiners": "👩‍👩‍👧‍👦🏳️‍🌈",
    "mixed scripts": "Hello, привет, olá, mulțumesc, 你好, مرحبا!",
    "digits": "12345",
    "punctuation": "?!…",
    "control characters": "a\x00b\x07c",
    "line breaks": "one\n\n\ntwo\r\nthree",
}
EMPTY = ["", " ", "\n\t ", "\u3000"]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> AdaptedBert:
    return read_adapted(write_encoder(tmp_path_factory.mktemp("models") / "encoder-tiny"))


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_checkpoint(tmp_path_factory.mktemp("checkpoint"), SENTIMENTS)


CLASSES = {
    "sentiment": SENTIMENTS,
    "emotion": EMOTIONS,
    "emotion_group": EMOTION_GROUPS,
    "politeness": ("impolite", "polite"),
    **dict.fromkeys(MECHANISMS, ("0", "1", "2")),
    "act": ACTS,
}


@pytest.mark.parametrize("task", TASKS)
def test_answers_have_a_row_for_each_text_and_a_column_for_each_class(
    tiny: AdaptedBert, task: str
) -> None:
    found = qa.classify(TEXTS, task, encoder=tiny)

    assert (found.task, found.classes) == (task, CLASSES[task])
    assert len(found) == len(TEXTS)
    assert found.labels.shape == found.values.shape == (len(TEXTS),)
    assert found.probabilities.shape == (len(TEXTS), len(found.classes))
    assert ((found.probabilities >= 0) & (found.probabilities <= 1)).all()
    several = TASKS[task].kind == "labels"
    for label in found.labels:
        names = label if several else (label,)
        assert isinstance(label, tuple) == several
        assert set(names) <= set(found.classes)
    if not several:
        np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, atol=3e-6)


@pytest.mark.parametrize(
    ("task", "low", "high"),
    [("sentiment", -1, 1), ("politeness", 0, 1), ("explorations", 0, 2), ("emotion", 0, 1)],
)
def test_values_lie_on_the_scale_of_the_task(
    tiny: AdaptedBert, task: str, low: float, high: float
) -> None:
    values = qa.classify(TEXTS, task, encoder=tiny).values

    assert ((values >= low) & (values <= high)).all()


@pytest.mark.parametrize("task", TASKS)
def test_text_of_one_sentence_is_answered_by_the_head_on_the_row_of_the_encoder(
    tiny: AdaptedBert, task: str
) -> None:
    text = "Where is   my\tparcel?"
    head = heads_of(tiny)[task]

    found = qa.classify([text], task, encoder=tiny)

    logits = head.sentence_logits(tiny.encode(["Where is my parcel?"]))
    np.testing.assert_allclose(found.probabilities, head.probabilities(logits), atol=1e-6)
    np.testing.assert_allclose(found.values, head.values(logits), atol=1e-6)
    assert found.labels.tolist() == head.labels(logits).tolist()


@pytest.mark.parametrize(("task", "pooling"), [("sentiment", "mean"), ("emotion", "strongest")])
def test_sentences_of_a_text_are_put_together_as_the_head_says(
    tiny: AdaptedBert, task: str, pooling: str
) -> None:
    sentences = ["It broke again.", "I am angry.", "Where is my refund for the second order?"]
    head = heads_of(tiny)[task]
    logits = head.sentence_logits(tiny.encode(sentences))
    lengths = np.array([len(sentence) for sentence in sentences])
    pooled = (lengths / lengths.sum()) @ logits if pooling == "mean" else logits.max(axis=0)

    found = qa.classify([" ".join(sentences)], task, encoder=tiny)

    assert head.pooling == pooling
    np.testing.assert_allclose(
        found.probabilities, head.probabilities(pooled[np.newaxis]), atol=1e-6
    )


@pytest.mark.parametrize("task", ["sentiment", "emotion", "explorations"])
def test_answer_depends_on_nothing_but_the_text(tiny: AdaptedBert, task: str) -> None:
    texts = [*TEXTS, *ODD.values(), *EMPTY, TEXTS[0]]
    order = random.Random(5).sample(range(len(texts)), len(texts))

    together = qa.classify(texts, task, encoder=tiny)
    shuffled = qa.classify([texts[place] for place in order], task, encoder=tiny)
    alone = [qa.classify([text], task, encoder=tiny) for text in texts]

    np.testing.assert_array_equal(shuffled.probabilities, together.probabilities[order])
    np.testing.assert_array_equal(
        np.concatenate([one.probabilities for one in alone]), together.probabilities
    )
    assert [one.labels[0] for one in alone] == together.labels.tolist()


@pytest.mark.parametrize("text", ODD.values(), ids=list(ODD))
@pytest.mark.parametrize("task", ["sentiment", "emotion", "politeness", "interpretations"])
def test_odd_text_has_an_answer(tiny: AdaptedBert, task: str, text: str) -> None:
    found = qa.classify([text], task, encoder=tiny)

    assert np.isfinite(found.probabilities).all()
    assert np.isfinite(found.values).all()
    assert found.labels[0] is not None


@pytest.mark.parametrize("text", ODD.values(), ids=list(ODD))
def test_odd_text_has_an_answer_when_nothing_is_stated(text: str) -> None:
    assert qa.classify([text], "sentiment").labels[0] in SENTIMENTS


@pytest.mark.parametrize("task", TASKS)
def test_text_without_words_has_no_answer_and_its_neighbour_has(
    tiny: AdaptedBert, task: str
) -> None:
    found = qa.classify([*EMPTY, "Hello."], task, encoder=tiny)

    assert np.isnan(found.probabilities[:-1]).all()
    assert np.isnan(found.values[:-1]).all()
    assert found.labels[:-1].tolist() == [None] * len(EMPTY)
    assert np.isfinite(found.probabilities[-1]).all()


@settings(max_examples=25)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=40), max_size=4))
def test_any_texts_have_answers_in_their_order(tiny: AdaptedBert, texts: list[str]) -> None:
    found = qa.classify(texts, "sentiment", encoder=tiny)

    assert len(found) == len(texts)
    for label, value in zip(found.labels, found.values, strict=True):
        assert (label is None) == np.isnan(value)


def test_no_texts_have_no_answers(tiny: AdaptedBert) -> None:
    for found in (qa.classify([], "emotion", encoder=tiny), qa.classify([], "sentiment")):
        assert len(found) == 0
        assert found.probabilities.shape == (0, len(found.classes))
        assert found.labels.dtype == object


def test_each_distinct_sentence_is_encoded_once(tiny: AdaptedBert) -> None:
    model = HashEncoder()
    encoder = CustomEncoder(model)
    model.calls.clear()
    head = heads_of(tiny)["sentiment"]
    narrow = type(head)(
        **{name: getattr(head, name) for name in head.__slots__}
        | {"weight": head.weight[:, : encoder.width]}
    )

    qa.classify(["Yes. Yes.", "Yes. No."], "sentiment", encoder=encoder, head=narrow)

    assert model.calls == [["Yes.", "No."]]


def test_texts_may_be_any_iterable_of_strings(tiny: AdaptedBert) -> None:
    expected = qa.classify(TEXTS, "sentiment", encoder=tiny).values

    for texts in (tuple(TEXTS), iter(TEXTS), pd.Series(TEXTS), np.array(TEXTS)):
        np.testing.assert_array_equal(
            qa.classify(texts, "sentiment", encoder=tiny).values, expected
        )


# Errors


@pytest.mark.parametrize("texts", ["Secret words.", b"Secret words."])
def test_one_string_is_refused_with_the_remedy_and_without_its_words(texts: Any) -> None:
    with pytest.raises(TypeError, match=r"put it into a list: \[text\]") as caught:
        qa.classify(texts, "sentiment")

    assert "Secret" not in str(caught.value)


@pytest.mark.parametrize("item", [None, 5, float("nan"), b"bytes", ["nested"]])
def test_what_is_no_string_is_named_by_its_place_and_type(item: Any) -> None:
    with pytest.raises(TypeError, match=rf"texts\[1\] must be a string, not {type(item).__name__}"):
        qa.classify(["Hello.", item], "sentiment")


def test_half_a_surrogate_pair_is_refused_by_its_place() -> None:
    with pytest.raises(ValueError, match=r"texts\[1\] holds half a surrogate pair"):
        qa.classify(["Hello.", "\ud83d"], "sentiment")


@pytest.mark.parametrize("task", ["sentimnet", "Sentiment"])
def test_unknown_task_lists_near_names(task: str) -> None:
    with pytest.raises(ValueError, match="unknown task .*did you mean 'sentiment'"):  # noqa: RUF043
        qa.classify(TEXTS, task)


@pytest.mark.parametrize("task", sorted(set(TASKS) - set(MECHANISMS)))
def test_context_is_refused_for_a_task_that_is_told_from_the_text_alone(task: str) -> None:
    with pytest.raises(ValueError, match=f"context is for emotional_.*; '{task}'"):
        qa.classify(TEXTS, task, context=TEXTS)


@pytest.mark.parametrize("task", MECHANISMS)
def test_context_is_accepted_for_empathy_and_does_not_change_the_answer(
    tiny: AdaptedBert, task: str
) -> None:
    plain = qa.classify(TEXTS, task, encoder=tiny)
    found = qa.classify(TEXTS, task, encoder=tiny, context=["I am angry.", "", "Hi.", ""])

    np.testing.assert_array_equal(found.probabilities, plain.probabilities)


def test_context_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="1 contexts for 4 texts; give one for each"):
        qa.classify(TEXTS, "explorations", context=["Hello."])


def test_context_of_one_string_is_refused() -> None:
    with pytest.raises(TypeError, match="context is one string"):
        qa.classify(["Hello."], "explorations", context="Hello.")


def test_languages_of_another_number_are_refused() -> None:
    with pytest.raises(ValueError, match="2 languages for 4 texts; give one for all, or one"):
        qa.classify(TEXTS, "sentiment", language=["en", "ro"])


@pytest.mark.parametrize("language", ["xx", "es", "english"])
def test_language_that_no_encoder_reads_is_refused_with_places_and_remedy(language: str) -> None:
    with pytest.raises(ValueError, match=rf"^texts\[1, 3\] in '{language}': .*read en, pt, ro, ru"):
        qa.classify(TEXTS, "sentiment", language=["en", language, "en", language])


def test_long_list_of_places_is_cut() -> None:
    with pytest.raises(ValueError, match=r"texts\[0, 1, 2, 3, 4, …\] in 'es'"):
        qa.classify(["Hello."] * 9, "sentiment", language="es")


def test_detected_language_that_no_encoder_reads_is_refused_without_the_words() -> None:
    words = "Hola, mi pedido no ha llegado todavía y nadie me contesta."

    with pytest.raises(ValueError, match=r"texts\[1\] in 'es': .*give language=") as caught:
        qa.classify([TEXTS[0], words], "sentiment")

    assert "pedido" not in str(caught.value)


def test_language_that_the_given_encoder_does_not_read_is_refused(tiny: AdaptedBert) -> None:
    with pytest.raises(ValueError, match=r"texts\[0\] in 'ro': encoder 'encoder-tiny' reads en"):
        qa.classify(["Bună ziua."], "sentiment", encoder=tiny, language="ro")


def test_encoder_without_the_classifier_lists_those_it_has(tmp_path: Path) -> None:
    entry = {"kind": "classes", "pooling": "mean", "classes": list(SENTIMENTS)}
    encoder = read_adapted(write_encoder(tmp_path, tasks={"sentiment": entry}))

    with pytest.raises(ValueError, match="no classifier for 'act'; known: sentiment"):
        qa.classify(TEXTS, "act", encoder=encoder)


def test_encoder_of_ones_own_needs_a_head() -> None:
    with pytest.raises(ValueError, match="'HashEncoder' comes with no classifiers; give head="):
        qa.classify(TEXTS, "sentiment", encoder=HashEncoder())


# Languages


def test_short_text_without_a_reliable_language_counts_as_english() -> None:
    found = qa.classify(["ok", "🙂", "12345", "nu"], "sentiment")

    expected = qa.classify(["ok", "🙂", "12345", "nu"], "sentiment", language="en")
    np.testing.assert_array_equal(found.probabilities, expected.probabilities)


@pytest.mark.parametrize("language", ["en", "EN", "en-GB", "en_US"])
def test_language_may_name_a_region(language: str) -> None:
    found = qa.classify(TEXTS, "sentiment", language=language)

    np.testing.assert_array_equal(found.values, qa.classify(TEXTS, "sentiment").values)


@pytest.fixture
def two_encoders(
    tiny: AdaptedBert, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, AdaptedBert]:
    """Stand in for the two shipped encoders; they differ in what they add to every logit."""
    other = read_adapted(write_encoder(tmp_path / "other", languages=["en", "ro", "ru", "pt"]))
    for task in TASKS:
        other.artifact.tensors[f"{task}.bias"][0] += 1
    encoders = {"en": tiny, "multilingual": other}
    monkeypatch.setattr(classification, "_shipped_cache", lambda name: VectorCache(encoders[name]))
    return encoders


MIXED = [
    ("en", "Where is my parcel? It should have been here on Monday."),
    ("ru", "Где моя посылка? Она должна была прийти в понедельник."),
    ("ro", "Unde este coletul meu? Trebuia să ajungă luni."),
    ("en", "Thank you so much for the quick answer."),
    ("pt", "Onde está a minha encomenda? Devia ter chegado na segunda-feira."),
]


@pytest.mark.parametrize("stated", [True, False])
@pytest.mark.parametrize("task", ["sentiment", "emotion_group"])
def test_each_text_is_read_by_the_encoder_of_its_language_and_keeps_its_place(
    two_encoders: dict[str, AdaptedBert], task: str, stated: bool
) -> None:
    languages, texts = zip(*MIXED, strict=True)

    found = qa.classify(texts, task, language=languages if stated else None)

    for place, (language, text) in enumerate(MIXED):
        encoder = two_encoders["en" if language == "en" else "multilingual"]
        expected = qa.classify([text], task, encoder=encoder)
        np.testing.assert_array_equal(found.probabilities[place], expected.probabilities[0])
        assert found.labels[place] == expected.labels[0]
        assert found.values[place] == expected.values[0]
    assert len({tuple(row) for row in found.probabilities}) == len(MIXED)


def test_languages_may_be_stated_for_some_texts_only(
    two_encoders: dict[str, AdaptedBert],
) -> None:
    languages, texts = zip(*MIXED, strict=True)

    found = qa.classify(texts, "sentiment", language=[None, "ru", "", "en", None])

    expected = qa.classify(texts, "sentiment", language=languages)
    np.testing.assert_array_equal(found.values, expected.values)


def test_texts_whose_encoders_answer_differently_are_refused(
    two_encoders: dict[str, AdaptedBert],
) -> None:
    two_encoders["multilingual"].artifact.manifest["tasks"]["act"]["classes"][0] = "other"

    with pytest.raises(ValueError, match="answers to 'act' differ between the languages"):
        qa.classify(["Hello.", "Привет."], "act", language=["en", "ru"])


# Heads


def test_classifier_of_ones_own_answers_in_the_place_of_the_shipped_one(checkpoint: Path) -> None:
    head = HFClassifier(checkpoint, "sentiment")

    found = qa.classify(["good", "Bad. Thanks."], "sentiment", head=head)

    assert found.classes == SENTIMENTS
    expected = head.probabilities(head.logits(["good"], None))[0]
    np.testing.assert_array_equal(found.probabilities[0], expected)
    pooled = np.array([4, 7]) / 11 @ head.logits(["Bad.", "Thanks."], None)
    np.testing.assert_allclose(
        found.probabilities[1], head.probabilities(pooled[None])[0], atol=1e-6
    )


def test_classifier_of_ones_own_reads_any_language(checkpoint: Path) -> None:
    head = HFClassifier(checkpoint, "sentiment")

    found = qa.classify(["Hola, mi pedido no ha llegado."], "sentiment", head=head, language="es")

    assert found.labels[0] in SENTIMENTS


def test_head_for_another_task_is_refused(checkpoint: Path) -> None:
    with pytest.raises(ValueError, match="this head answers 'sentiment', not 'politeness'"):
        qa.classify(TEXTS, "politeness", head=HFClassifier(checkpoint, "sentiment"))


def test_folder_in_the_place_of_a_head_is_refused_with_the_remedy(checkpoint: Path) -> None:
    with pytest.raises(TypeError, match=r"HFClassifier\(folder, 'sentiment'\)"):
        qa.classify(TEXTS, "sentiment", head=checkpoint)  # type: ignore[arg-type]


# Predictions


def names_of(table: Any) -> list[str]:
    return list(table.schema.names if isinstance(table, pa.Table) else table.columns)


@pytest.mark.parametrize("library", ["pandas", "polars", "arrow"])
@pytest.mark.parametrize("task", ["sentiment", "emotion_group"])
@pytest.mark.parametrize("texts", [[*TEXTS, ""], [""], []], ids=["some", "empty", "none"])
def test_to_frame_has_a_row_for_each_text(
    tiny: AdaptedBert, library: str, task: str, texts: list[str]
) -> None:
    found = qa.classify(texts, task, encoder=tiny)

    table = found.to_frame(library)

    assert names_of(table) == ["label", "value", *found.classes]
    assert table.shape == (len(texts), 2 + len(found.classes))


def test_to_frame_holds_labels_values_and_probabilities(tiny: AdaptedBert) -> None:
    found = qa.classify([*TEXTS, ""], "emotion_group", encoder=tiny)

    frame = found.to_frame()
    arrow = found.to_frame("arrow")

    assert frame["label"].tolist() == found.labels.tolist()
    np.testing.assert_array_equal(frame["value"], found.values)
    np.testing.assert_array_equal(frame[list(found.classes)], found.probabilities)
    assert arrow["label"].to_pylist() == [
        None if label is None else list(label) for label in found.labels
    ]


def test_to_frame_lists_near_names_when_the_library_is_another(tiny: AdaptedBert) -> None:
    with pytest.raises(ValueError, match="did you mean 'pandas'"):
        qa.classify(TEXTS, "sentiment", encoder=tiny).to_frame("panda")


def test_predictions_show_a_compact_line_and_a_table_in_a_notebook(tiny: AdaptedBert) -> None:
    found = qa.classify(TEXTS, "sentiment", encoder=tiny)

    assert repr(found) == "Predictions(task='sentiment', texts=4, classes=3)"
    page = found._repr_html_()
    assert "<table" in page
    assert html.escape(str(found.labels[0])) in page


def test_predictions_hold_no_words(tiny: AdaptedBert) -> None:
    found = qa.classify(["Zanzibar is late."], "sentiment", encoder=tiny)

    assert "Zanzibar" not in repr(found) + found._repr_html_()


def test_predictions_cannot_be_changed(tiny: AdaptedBert) -> None:
    found = qa.classify(TEXTS, "sentiment", encoder=tiny)

    with pytest.raises(AttributeError):
        found.task = "act"  # type: ignore[misc]

"""A Hugging Face checkpoint in the place of a head, shown on tiny ones built here."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, softmax

from qa_nlp.encoding import CustomEncoder, encoder_offers
from qa_nlp.errors import ArtifactError
from qa_nlp.rubric import Rubric
from qa_nlp.scorer import Scorer
from qa_nlp.signals.answers import TextHead
from qa_nlp.signals.hf_classifier import HFClassifier
from qa_nlp.signals.measure import SignalMeter
from qa_nlp.signals.tasks import EMOTION_GROUPS
from tests.builders import HashEncoder, chat
from tests.tiny_models import write_checkpoint, write_tokenizer

SENTENCES = [
    "good",
    "bad bad bad.",
    "Thanks, it is broken.",
    "🙂",
    "good " * 300,
    *("the " * number + "it" for number in range(1, 40, 3)),
]


def logits_of(folder: Path, text: str) -> Any:
    """Ask the checkpoint about one text, as its own library does."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with torch.inference_mode():
        tokens = tokenizer(text, return_tensors="pt", truncation=True, max_length=62)
        return model(**tokens).logits[0].double().numpy()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("checkpoint")
    return write_checkpoint(path, ["POSITIVE", "Negative", "neutral"])


@pytest.fixture(scope="module")
def sentiment(folder: Path) -> HFClassifier:
    return HFClassifier(folder, "sentiment")


def test_probabilities_are_those_of_the_checkpoint_in_the_order_of_the_task(
    folder: Path, sentiment: HFClassifier
) -> None:
    found = sentiment.probabilities(sentiment.logits(SENTENCES, None))

    assert sentiment.classes == ("negative", "neutral", "positive")
    for text, chances in zip(SENTENCES[:6], found, strict=False):
        expected = softmax(logits_of(folder, text))[[1, 2, 0]]
        np.testing.assert_allclose(chances, expected, atol=1e-4)


def test_classifier_is_a_text_head_that_reads_sentences(sentiment: HFClassifier) -> None:
    assert isinstance(sentiment, TextHead)
    assert not sentiment.reads_vectors
    assert repr(sentiment).endswith("'sentiment')")


def test_logits_do_not_depend_on_neighbours(sentiment: HFClassifier) -> None:
    order = random.Random(3).sample(range(len(SENTENCES)), len(SENTENCES))

    together = sentiment.logits(SENTENCES, None)
    shuffled = sentiment.logits([SENTENCES[index] for index in order], None)
    alone = np.concatenate([sentiment.logits([text], None) for text in SENTENCES])

    np.testing.assert_array_equal(shuffled, together[order])
    np.testing.assert_array_equal(alone, together)


def test_no_sentences_have_no_logits(sentiment: HFClassifier) -> None:
    assert sentiment.logits([], None).shape == (0, 3)


def test_labels_that_share_a_class_add_their_probabilities(tmp_path: Path) -> None:
    stars = [f"{number} stars" for number in range(1, 6)]
    write_checkpoint(tmp_path, stars)
    names = ("negative", "negative", "neutral", "positive", "positive")

    head = HFClassifier(tmp_path, "sentiment", dict(zip(stars, names, strict=True)))

    expected = softmax(logits_of(tmp_path, "good"))
    (found,) = head.probabilities(head.logits(["good"], None))
    np.testing.assert_allclose(
        found, [expected[:2].sum(), expected[2], expected[3:].sum()], atol=1e-4
    )


@pytest.mark.parametrize("several", [True, False])
def test_each_label_of_a_task_with_several_answers_has_its_own_probability(
    tmp_path: Path, several: bool
) -> None:
    problem = "multi_label_classification" if several else "single_label_classification"
    write_checkpoint(tmp_path, EMOTION_GROUPS, problem_type=problem)

    head = HFClassifier(tmp_path, "emotion_group")

    logits = head.logits(["bad"], None)
    raw = logits_of(tmp_path, "bad")
    expected = expit(raw) if several else softmax(raw)
    np.testing.assert_allclose(head.probabilities(logits)[0], expected, atol=1e-4)
    (labels,) = head.labels(logits)
    best = int(expected.argmax())
    given = {name for name, chance in zip(EMOTION_GROUPS, expected, strict=True) if chance >= 0.5}
    assert set(labels) == (given or {EMOTION_GROUPS[best]})


def test_levels_of_a_sentence_are_those_of_the_checkpoint(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, ["0", "1", "2"])

    head = HFClassifier(tmp_path, "explorations")

    logits = head.logits(["thanks"], None)
    expected = softmax(logits_of(tmp_path, "thanks"))
    np.testing.assert_allclose(head.probabilities(logits)[0], expected, atol=1e-4)
    assert head.values(logits)[0] == pytest.approx(expected[1] + 2 * expected[2], abs=1e-4)


def test_politeness_is_the_probability_of_polite(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, ["polite", "impolite"])

    head = HFClassifier(tmp_path, "politeness")

    logits = head.logits(["good"], None)
    expected = softmax(logits_of(tmp_path, "good"))[0]
    assert head.values(logits)[0] == pytest.approx(expected, abs=1e-4)
    assert head.labels(logits)[0] == ("polite" if expected >= 0.5 else "impolite")


def test_acts_are_called_as_the_checkpoint_calls_them(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, ["Greet", "Ask"])

    assert HFClassifier(tmp_path, "act").classes == ("Greet", "Ask")
    shared = HFClassifier(tmp_path, "act", {"Greet": "talk", "Ask": "talk"})
    assert shared.classes == ("talk",)


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["LABEL_0", "LABEL_1", "LABEL_2"], None),
        (["negative", "positive"], None),
        (["negative", "neutral", "positive", "mixed"], None),
        (["a", "b", "c"], {"a": "negative", "b": "neutral"}),
        (["a", "b", "c"], {"a": "negative", "b": "neutral", "c": "pos"}),
    ],
)
def test_classifier_is_refused_with_both_names_when_labels_are_no_classes(
    tmp_path: Path, labels: list[str], classes: dict[str, str] | None
) -> None:
    write_checkpoint(tmp_path, labels)

    with pytest.raises(ArtifactError) as caught:
        HFClassifier(tmp_path, "sentiment", classes)

    assert f"labels ({', '.join(labels)})" in str(caught.value)
    assert "task's classes (negative, neutral, positive)" in str(caught.value)
    assert "task 'sentiment'" in str(caught.value)


def test_classifier_says_so_when_the_path_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="nowhere: not a folder; nothing is downloaded"):
        HFClassifier(tmp_path / "nowhere", "sentiment")


def test_classifier_says_so_when_the_folder_holds_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"holds no checkpoint \(no config\.json\)"):
        HFClassifier(tmp_path, "sentiment")


@pytest.mark.parametrize("content", ["{", "{}", '{"model_type": "unheard-of"}'])
def test_classifier_says_so_when_the_configuration_is_broken(tmp_path: Path, content: str) -> None:
    (tmp_path / "config.json").write_text(content, encoding="utf-8")

    with pytest.raises(ArtifactError, match="not a checkpoint that classifies sequences"):
        HFClassifier(tmp_path, "sentiment")


def test_classifier_says_so_when_the_weights_are_missing(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, ["negative", "neutral", "positive"])
    (tmp_path / "model.safetensors").unlink()

    with pytest.raises(ArtifactError, match=r"not a checkpoint that classifies .* in safetensors"):
        HFClassifier(tmp_path, "sentiment")


def test_classifier_says_so_when_the_weights_are_damaged(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, ["negative", "neutral", "positive"])
    (tmp_path / "model.safetensors").write_bytes(b"nothing of the kind")

    with pytest.raises(ArtifactError, match="not a checkpoint that classifies"):
        HFClassifier(tmp_path, "sentiment")


def test_classifier_says_so_when_configuration_and_weights_do_not_fit(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, ["negative", "neutral", "positive"])
    config = tmp_path / "config.json"
    config.write_text(config.read_text("utf-8").replace('"hidden_size": 8', '"hidden_size": 4'))

    with pytest.raises(ArtifactError, match="not a checkpoint that classifies"):
        HFClassifier(tmp_path, "sentiment")


def test_classifier_is_refused_when_the_checkpoint_never_learnt_to_classify(
    tmp_path: Path,
) -> None:
    from transformers import BertForSequenceClassification

    write_checkpoint(tmp_path, ["negative", "neutral", "positive"])
    BertForSequenceClassification.from_pretrained(tmp_path).bert.save_pretrained(tmp_path)

    with pytest.raises(ArtifactError, match=r"lacks weights of a classifier \(classifier\.bias"):
        HFClassifier(tmp_path, "sentiment")


def test_classifier_is_refused_when_its_tokenizer_cannot_pad(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, ["negative", "neutral", "positive"])
    write_tokenizer(tmp_path, {})

    with pytest.raises(ArtifactError, match="no padding token"):
        HFClassifier(tmp_path, "sentiment")


def test_classifier_lists_near_names_when_there_is_no_such_task(folder: Path) -> None:
    with pytest.raises(ValueError, match="did you mean 'sentiment'"):
        HFClassifier(folder, "sentimnet")


def test_loading_leaves_the_random_numbers_of_the_user_alone(folder: Path) -> None:
    import torch

    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)

    HFClassifier(folder, "sentiment")

    assert torch.equal(torch.rand(4), expected)


def test_fingerprint_follows_from_the_files_and_the_classes(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, ["0", "1", "2"])
    levels = HFClassifier(tmp_path, "explorations")
    again = HFClassifier(tmp_path, "explorations")
    turned = HFClassifier(tmp_path, "explorations", {"0": "2", "1": "1", "2": "0"})
    (tmp_path / "notes.txt").write_text("another file", encoding="utf-8")
    other = HFClassifier(tmp_path, "explorations")

    assert levels.fingerprint == again.fingerprint
    assert len({levels.fingerprint, turned.fingerprint, other.fingerprint}) == 3


RUBRIC = """\
format_version: 1
id: demo
version: "1"
name: Demo
sections:
  - id: all
    name: All
    criteria:
      - id: mood
        question: Was the customer content?
        levels: [{id: "no", value: 0}, {id: "yes", value: 1}]
        signals:
          - {signal: customer_sentiment.worst, threshold: -0.5, weight: 1}
          - {signal: empathy.explorations, threshold: 0.5, weight: 1}
"""
USES = {("customer_sentiment.worst", "anywhere"), ("empathy.explorations", "anywhere")}
CALL = chat("c1", "agent: Good morning.", "customer: It is broken.", "agent: Bad.")


def test_meter_measures_with_the_classifier_in_the_place_of_the_shipped_head(
    sentiment: HFClassifier,
) -> None:
    encoder = CustomEncoder(HashEncoder())
    rubric = Rubric.from_yaml(RUBRIC)

    plain = SignalMeter(encoder_offers(encoder), rubric)
    meter = SignalMeter(encoder_offers(encoder), rubric, {"sentiment": sentiment})

    values = meter.measure([CALL], USES).columns
    expected = sentiment.values(sentiment.logits(["It is broken."], None))[0]
    assert values["customer_sentiment.worst"].values[0] == pytest.approx(expected, abs=2e-6)
    assert np.isnan(values["empathy.explorations"].values[0])
    assert np.isnan(plain.measure([CALL], USES).columns["customer_sentiment.worst"].values[0])


def test_fingerprint_of_a_scorer_holds_that_of_the_classifier(sentiment: HFClassifier) -> None:
    rubric = Rubric.from_yaml(RUBRIC)
    encoder = CustomEncoder(HashEncoder())

    plain = Scorer(rubric, encoder=encoder)
    scorer = Scorer(rubric, encoder=encoder, heads={"sentiment": sentiment})

    assert scorer.fingerprint_parts["head.sentiment"] == sentiment.fingerprint
    assert scorer.fingerprint != plain.fingerprint
    assert scorer.score_one(CALL).fingerprint == scorer.fingerprint


def test_scorer_is_refused_when_a_classifier_is_given_for_another_task(
    sentiment: HFClassifier,
) -> None:
    with pytest.raises(ValueError, match="answers 'sentiment', not 'politeness'"):
        Scorer(
            Rubric.from_yaml(RUBRIC),
            encoder=CustomEncoder(HashEncoder()),
            heads={"politeness": sentiment},
        )

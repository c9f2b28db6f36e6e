"""The promise: a vector depends on its sentence alone, a card on its transcript alone."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest

from qa_nlp.encoding import Encoder, load_encoder
from qa_nlp.encoding.encoder import Vectors
from qa_nlp.encoding.tiers import TIERS
from qa_nlp.phrase_bank import load_bank_file, shipped_banks
from qa_nlp.samples import Samples
from qa_nlp.scorecards import Scorecards
from qa_nlp.scorer import Scorer
from qa_nlp.signals.phrase_matcher import background_sentences
from qa_nlp.text.sentences import sentence_table
from qa_nlp.transcript import Transcript

pytestmark = pytest.mark.slow

COUNT = 2000
NEIGHBOUR = ("The parcel has not come and nobody could tell me why. " * 200)[:10_000]


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def batches(items: Sequence[int], seed: int) -> Iterator[list[int]]:
    """Shuffle positions and cut them into batches of 1 to 300."""
    chance = random.Random(seed)
    rest = chance.sample(items, len(items))
    while rest:
        size = chance.choice([1, 2, 5, 17, 64, 150, 300])
        yield rest[:size]
        rest = rest[size:]


@pytest.fixture(
    scope="module",
    # One test process does all that needs an encoder, so that it is opened, exported and asked for
    # what is expected of it once.
    params=[pytest.param(tier, marks=pytest.mark.xdist_group(tier)) for tier in TIERS],
)
def model(request: pytest.FixtureRequest) -> Encoder:
    """Give the English encoder in each tier; in torch as it was published, which is quicker."""
    if request.param == "torch":
        return load_encoder("minilm")
    return load_encoder("en", tier=request.param, threads=1)


@pytest.fixture(scope="module")
def sentences(samples: Samples) -> list[str]:
    texts = [*sentence_table(samples).texts, *background_sentences()]
    for path in shipped_banks().values():
        bank = load_bank_file(path)
        texts += [*bank.samples["en"], *bank.look_alikes.get("en", ())]
    return random.Random(1).sample(sorted(set(texts)), COUNT)


@pytest.fixture(scope="module")
def expected(model: Encoder, sentences: list[str]) -> Vectors:
    """Give the vectors of all sentences in one batch, on one thread."""
    with torch_threads(1):
        return model.encode(sentences)


def test_vectors_are_those_of_2000_distinct_sentences(
    sentences: list[str], expected: Vectors
) -> None:
    assert len(set(sentences)) == len(expected) == COUNT
    assert len(np.unique(expected, axis=0)) > 0.99 * COUNT


@pytest.mark.parametrize("first", range(0, COUNT, COUNT // 4))
def test_vectors_are_identical_when_each_sentence_is_encoded_alone(
    model: Encoder, sentences: list[str], expected: Vectors, first: int
) -> None:
    chosen = slice(first, first + COUNT // 4)  # in parts, so that a failure is told early

    alone = np.concatenate([model.encode([text]) for text in sentences[chosen]])

    np.testing.assert_array_equal(alone, expected[chosen])


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_vectors_are_identical_in_a_random_batching(
    model: Encoder, sentences: list[str], expected: Vectors, seed: int
) -> None:
    found = np.empty_like(expected)

    for batch in batches(range(COUNT), seed):
        found[batch] = model.encode([sentences[index] for index in batch])

    np.testing.assert_array_equal(found, expected)


def test_vectors_are_identical_beside_a_neighbour_of_10000_characters(
    model: Encoder, sentences: list[str], expected: Vectors
) -> None:
    found = np.empty_like(expected)

    for batch in batches(range(COUNT), seed=14):
        vectors = model.encode([NEIGHBOUR, *(sentences[index] for index in batch), NEIGHBOUR])
        found[batch] = vectors[1:-1]

    np.testing.assert_array_equal(found, expected)


def test_vectors_are_identical_on_two_threads(
    model: Encoder, sentences: list[str], expected: Vectors
) -> None:
    two = load_encoder("en", tier="onnx", threads=2) if model.tier == "onnx" else model
    with torch_threads(2):
        found = two.encode(sentences)

    np.testing.assert_array_equal(found, expected)


def scored(samples: Sequence[Transcript], groups: Iterator[list[int]]) -> Scorecards:
    """Score samples batch by batch with a fresh scorer, whose cache knows nothing yet."""
    scorer = Scorer("service_excellence")
    cards = [card for group in groups for card in scorer.score([samples[index] for index in group])]
    return Scorecards(sorted(cards, key=lambda card: card.transcript_id))


def in_order(cards: Scorecards) -> Scorecards:
    return Scorecards(sorted(cards, key=lambda card: card.transcript_id))


def test_scorecards_are_identical_when_each_sample_is_scored_alone_from_the_last(
    samples: Samples, sample_cards: Scorecards
) -> None:
    alone = ([index] for index in reversed(range(len(samples))))

    assert scored(samples, alone) == in_order(sample_cards)


@pytest.mark.parametrize(("seed", "threads"), [(21, 1), (22, 2)])
def test_scorecards_are_identical_in_random_batches_on_one_and_two_threads(
    samples: Samples, sample_cards: Scorecards, seed: int, threads: int
) -> None:
    with torch_threads(threads):
        cards = scored(samples, batches(range(len(samples)), seed))

    assert cards == in_order(sample_cards)

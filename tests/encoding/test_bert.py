"""What every BERT encoder does, shown on a tiny one built here."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from qa_nlp.encoding import Encoder
from qa_nlp.encoding.bert import BertParts, TorchBert
from tests.tiny_bert import WORDS, tiny_parts


@pytest.fixture
def parts() -> BertParts:
    return tiny_parts()


def test_encoder_is_described_by_its_parts(parts: BertParts) -> None:
    encoder = TorchBert(parts)

    assert isinstance(encoder, Encoder)
    assert (encoder.name, encoder.tier, encoder.terms) == ("tiny", "torch", "our own")
    assert encoder.languages == frozenset({"en", "ro"})
    assert (encoder.pad_id, encoder.fill_id, encoder.prefix) == (1, 0, "say: ")
    assert encoder.model is parts.model
    assert encoder.tokenizer is parts.tokenizer
    assert encoder.width == encoder.encode(["where"]).shape[1] == 8


def test_fingerprint_starts_with_the_family_or_the_name(parts: BertParts) -> None:
    other = dataclasses.replace(parts, weights_sha256="f" * 64)

    assert TorchBert(parts).fingerprint == "tiny:0123456789abcdef:torch:2"
    assert TorchBert(parts, family="kin").fingerprint == "kin:0123456789abcdef:torch:2"
    assert TorchBert(other).fingerprint == "tiny:ffffffffffffffff:torch:2"


def test_vectors_follow_from_weights_that_were_changed_after_loading(parts: BertParts) -> None:
    import torch

    before = TorchBert(parts).encode(["where is my parcel"])
    with torch.no_grad():
        parts.model.embeddings.word_embeddings.weight[WORDS.index("parcel"), :4] += 1

    after = TorchBert(parts).encode(["where is my parcel", "where is my"])

    assert np.abs(after[0] - before[0]).max() > 0.01
    np.testing.assert_allclose(np.linalg.norm(after, axis=1), 1, atol=1e-4)


def test_vectors_are_the_same_at_every_call_when_the_model_comes_from_training(
    parts: BertParts,
) -> None:
    parts.model.train(True)

    encoder = TorchBert(parts)

    np.testing.assert_array_equal(encoder.encode(["my parcel"]), encoder.encode(["my parcel"]))
    assert not parts.model.training


def test_vectors_are_the_mean_over_the_tokens_of_the_prefixed_text(parts: BertParts) -> None:
    import torch

    encoder = TorchBert(parts)
    ids = torch.tensor([[WORDS.index(word) for word in ("say:", "where", "is", "my", "parcel")]])

    vector = encoder.encode(["where is my parcel"])[0]

    with torch.inference_mode():
        states = encoder.model(input_ids=ids, attention_mask=torch.ones_like(ids))
    mean = states.last_hidden_state[0].mean(0)
    np.testing.assert_allclose(vector, (mean / mean.norm()).numpy(), atol=2e-5)


def test_texts_are_cut_at_256_tokens_with_their_prefix(parts: BertParts) -> None:
    encoder = TorchBert(parts)

    cut, long, short = encoder.encode(["my " * 255, "my " * 1000, "my " * 254 + "parcel"])

    np.testing.assert_array_equal(cut, long)
    assert (cut != short).any()


def test_parts_set_the_tokenizer_to_cut_and_not_to_fill_up(parts: BertParts) -> None:
    parts.tokenizer.enable_padding(length=300)

    copy = dataclasses.replace(parts)

    lengths = [len(item.ids) for item in copy.tokenizer.encode_batch(["my", "my " * 500])]
    assert lengths == [1, 256]

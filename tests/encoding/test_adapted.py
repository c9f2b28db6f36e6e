"""An adapted encoder: its base with the adapter merged, and features beside the vectors."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from qa_nlp.encoding import Encoder, load_encoder
from qa_nlp.encoding.adapted import AdaptedBert, adapted, read_adapted
from qa_nlp.encoding.encoder import ENCODER_OF_LANGUAGE
from qa_nlp.encoding.minilm import MiniLM, load_minilm
from qa_nlp.encoding.tiers import SHIPPED
from qa_nlp.errors import ArtifactError
from qa_nlp.text.emoji import emoji_in_words
from tests.tiny_models import FEATURES, SIZES, WIDTH, write_encoder

TEXTS = [
    "Where is my parcel?",
    "",
    "🙂",
    "Îmi pare rău, comanda întârzie.",
    "I am so sorry that it broke twice. " * 4,
    *(f"Order {number} has not arrived." for number in range(9)),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("models") / "encoder-tiny")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> AdaptedBert:
    return read_adapted(folder)


@pytest.fixture(scope="module")
def rows(encoder: AdaptedBert) -> NDArray[np.float32]:
    return encoder.encode(TEXTS)


def test_row_is_a_unit_vector_and_the_features_both_rounded(
    encoder: AdaptedBert, rows: NDArray[np.float32]
) -> None:
    assert encoder.width == WIDTH
    assert rows.shape == (len(TEXTS), WIDTH + FEATURES)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows[:, :WIDTH], axis=1), 1, atol=1e-4)
    assert np.abs(rows[:, WIDTH:]).max() <= 1
    np.testing.assert_array_equal(rows, np.round(rows, 5))


def test_rows_are_those_computed_step_by_step_with_hooks_in_place_of_merging(
    encoder: AdaptedBert, rows: NDArray[np.float32]
) -> None:
    """The oracle adds x A' B' to the output of each linear layer instead of changing its weight."""
    import torch

    tensors = {name: torch.from_numpy(value) for name, value in encoder.artifact.tensors.items()}
    parts = load_minilm()
    layers: Any = parts.model.encoder.layer
    for number, layer in enumerate(layers):
        linears = {
            "query": layer.attention.self.query,
            "key": layer.attention.self.key,
            "value": layer.attention.self.value,
            "attention_output": layer.attention.output.dense,
            "intermediate": layer.intermediate.dense,
            "output": layer.output.dense,
        }
        assert linears.keys() == SIZES.keys()
        for name, linear in linears.items():
            first, second = (tensors[f"adapter.{number}.{name}.{letter}"] for letter in "AB")
            linear.register_forward_hook(
                lambda _, inputs, output, a=first, b=second: output + inputs[0] @ a.T @ b.T
            )
    for text, row in zip(TEXTS, rows, strict=True):
        ids = torch.tensor([parts.tokenizer.encode(emoji_in_words(text)).ids])
        with torch.inference_mode():
            states = parts.model(input_ids=ids).last_hidden_state[0]
        mean = states.mean(0)
        both = torch.cat([mean, states[0]])
        features = torch.tanh(tensors["features.weight"] @ both + tensors["features.bias"])
        expected = torch.cat([mean / mean.norm(), features])
        np.testing.assert_allclose(row, expected.numpy(), atol=1e-4)


def test_row_does_not_depend_on_neighbours(encoder: AdaptedBert, rows: NDArray[np.float32]) -> None:
    order = random.Random(7).sample(range(len(TEXTS)), len(TEXTS))

    shuffled = encoder.encode([TEXTS[index] for index in order])
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])

    np.testing.assert_array_equal(shuffled, rows[order])
    np.testing.assert_array_equal(alone, rows)


def test_rows_are_the_same_when_the_artefact_is_read_again(
    folder: Path, rows: NDArray[np.float32]
) -> None:
    np.testing.assert_array_equal(read_adapted(folder).encode(TEXTS), rows)


def test_no_texts_give_no_rows(encoder: AdaptedBert) -> None:
    assert encoder.encode([]).shape == (0, WIDTH + FEATURES)


def test_base_keeps_its_own_weights_when_an_adapter_is_merged(
    encoder: AdaptedBert, rows: NDArray[np.float32]
) -> None:
    base = MiniLM.shared()

    vectors = base.encode(TEXTS)

    assert base.model is not encoder.model
    assert np.abs(vectors - rows[:, :WIDTH]).max() > 0.01
    np.testing.assert_array_equal(MiniLM().encode(TEXTS[:2]), vectors[:2])


def test_encoder_says_what_its_manifest_says(encoder: AdaptedBert) -> None:
    assert isinstance(encoder, Encoder)
    assert (encoder.name, encoder.tier, encoder.terms) == ("encoder-tiny", "torch", "tests only")
    assert encoder.languages == frozenset({"en"})


def test_fingerprint_names_the_artefact_and_its_base(encoder: AdaptedBert) -> None:
    hashed = encoder.artifact.sha256[:16]

    assert encoder.fingerprint == f"encoder-tiny:{hashed}:{MiniLM.shared().fingerprint}"


@pytest.mark.parametrize(
    "changed", [{"base": "bert"}, {"base": None}, {"format_version": 1}], ids=str
)
def test_artefact_is_refused_when_it_is_no_adapter_of_a_known_base(
    tmp_path: Path, changed: dict[str, object]
) -> None:
    with pytest.raises(ArtifactError, match=r"encoder-x: not an adapted .* base is minilm or"):
        read_adapted(write_encoder(tmp_path / "encoder-x", **changed))


@pytest.mark.parametrize("stated", ["minilm:0:torch:1", None])
def test_artefact_is_refused_when_it_was_trained_on_other_weights_of_its_base(
    tmp_path: Path, stated: str | None
) -> None:
    with pytest.raises(ArtifactError, match=rf"trained on {stated}, .* has minilm:53aa"):
        read_adapted(write_encoder(tmp_path, base_fingerprint=stated))


def test_adapted_names_the_file_that_is_missing_when_there_is_no_such_artefact() -> None:
    with pytest.raises(ArtifactError, match=r"encoder-xx/manifest\.json: is missing; reinstall"):
        adapted("encoder-xx")


@pytest.mark.parametrize("name", ["en", "minilm"])
def test_shipped_encoder_is_loaded_once_in_a_process(name: str) -> None:
    assert load_encoder(name) is load_encoder(name)


def test_each_language_is_read_by_an_encoder_that_is_shipped() -> None:
    assert set(ENCODER_OF_LANGUAGE) == {"en", "ro", "ru", "pt"}
    assert set(ENCODER_OF_LANGUAGE.values()) <= set(SHIPPED)

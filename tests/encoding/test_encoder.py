"""The encoder contract, and encoders of one's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_nlp.encoding import CustomEncoder, Encoder, load_encoder
from qa_nlp.encoding.adapted import adapted
from qa_nlp.encoding.encoder import unit_rows
from qa_nlp.encoding.minilm import MiniLM
from qa_nlp.errors import ArtifactError
from tests.builders import HashEncoder


class Model:
    """An encoder that gives whatever a function gives."""

    def __init__(self, encode: Callable[[list[str]], Any]) -> None:
        self.encode = encode


def test_custom_encoder_scales_each_vector_to_length_1_and_rounds_it() -> None:
    encoder = CustomEncoder(Model(lambda texts: [[3.0, -4.0]] * len(texts)))

    vectors = encoder.encode(["a", "b"])

    assert vectors.dtype == np.float32
    np.testing.assert_array_equal(vectors, np.array([[0.6, -0.8]] * 2, dtype=np.float32))


def test_custom_encoder_gives_no_rows_for_no_texts_without_asking_the_model() -> None:
    model = HashEncoder(6)
    encoder = CustomEncoder(model)
    model.calls.clear()

    assert encoder.encode([]).shape == (0, 6)
    assert model.calls == []


def test_custom_encoder_passes_a_list_of_texts_whatever_the_sequence() -> None:
    model = HashEncoder()
    encoder = CustomEncoder(model)

    encoder.encode(("a", "b"))

    assert model.calls[-1] == ["a", "b"]


def test_custom_encoder_is_an_encoder() -> None:
    encoder = CustomEncoder(HashEncoder(), name="mine", languages=frozenset({"ro"}))

    assert isinstance(encoder, Encoder)
    assert encoder.width == 8
    assert (encoder.name, encoder.tier, encoder.languages) == (
        "mine",
        "custom",
        frozenset({"ro"}),
    )
    assert encoder.fingerprint.startswith("mine:")


def test_fingerprint_of_a_custom_encoder_follows_from_its_vectors() -> None:
    one, again = CustomEncoder(HashEncoder(8)), CustomEncoder(HashEncoder(8))
    other = CustomEncoder(HashEncoder(9))

    assert one.fingerprint == again.fingerprint
    assert one.fingerprint != other.fingerprint


@pytest.mark.parametrize("model", [5, None, object(), ["a"], Model(5)])  # type: ignore[arg-type]
def test_custom_encoder_names_the_method_that_an_object_lacks(model: object) -> None:
    with pytest.raises(ArtifactError, match=r"needs a method encode\(list of str\)"):
        load_encoder(model)


@pytest.mark.parametrize(
    "answer",
    [
        lambda texts: np.zeros(len(texts)),
        lambda texts: np.zeros((len(texts) + 1, 4)),
        lambda texts: np.zeros((len(texts), 2, 2)),
        lambda texts: np.full((len(texts), 4), np.nan),
        lambda texts: np.full((len(texts), 4), np.inf),
    ],
    ids=["one number a text", "a row too many", "token vectors", "nan", "inf"],
)
def test_custom_encoder_is_refused_when_it_gives_no_finite_vector_a_text(
    answer: Callable[[list[str]], Any],
) -> None:
    with pytest.raises(ArtifactError, match="must give one finite vector a text"):
        CustomEncoder(Model(answer))


@pytest.mark.parametrize(
    "answer",
    [lambda texts: [[1.0], [1.0, 2.0], [3.0]], lambda texts: [["x"] for _ in texts]],
    ids=["ragged", "words"],
)
def test_custom_encoder_is_refused_when_it_gives_no_array_of_numbers(
    answer: Callable[[list[str]], Any],
) -> None:
    with pytest.raises(ArtifactError, match="gave no array of numbers"):
        CustomEncoder(Model(answer))


def test_custom_encoder_lets_an_error_of_the_model_through() -> None:
    def broken(texts: Sequence[str]) -> None:
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        CustomEncoder(Model(broken))


@given(st.lists(st.lists(st.floats(-1e6, 1e6, width=32), min_size=3, max_size=3), max_size=4))
def test_unit_rows_have_length_1_and_zero_rows_stay_zero(rows: list[list[float]]) -> None:
    raw = np.array(rows, dtype=np.float32).reshape(-1, 3)

    unit = unit_rows(raw)

    lengths = np.linalg.norm(unit, axis=1)
    long = np.linalg.norm(raw, axis=1) > 1e-6
    np.testing.assert_allclose(lengths[long], 1, atol=1e-4)
    assert (unit[~raw.any(axis=1)] == 0).all()


def test_load_gives_the_one_shared_encoder_of_each_name() -> None:
    assert load_encoder("en") is load_encoder() is adapted("encoder-en")
    assert load_encoder("minilm") is MiniLM.shared()


def test_load_gives_back_an_encoder() -> None:
    encoder = CustomEncoder(HashEncoder())

    assert load_encoder(encoder) is encoder


def test_load_wraps_an_object_and_calls_it_by_its_class() -> None:
    assert load_encoder(HashEncoder()).name == "HashEncoder"


@pytest.mark.parametrize(
    "name", ["em", "all-MiniLM-L6-v2", "someone/no-such-model", "/no/such/folder", "", "a b", "a\0"]
)
def test_load_downloads_nothing_and_says_so_when_a_name_is_unknown(name: str) -> None:
    """The session's audit hook ends any test that asks the network."""
    with pytest.raises(ArtifactError, match="is not on this machine, and qa_nlp downloads nothing"):
        load_encoder(name)


def test_load_says_so_when_a_path_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="no-such-model' is not on this machine"):
        load_encoder(tmp_path / "no-such-model")


def test_load_says_so_when_a_folder_holds_no_model(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing here")

    with pytest.raises(ArtifactError, match="holds no sentence-transformers model"):
        load_encoder(tmp_path)


@pytest.mark.parametrize("config", ["{}", "not JSON"])
def test_load_says_so_when_a_folder_holds_a_broken_model(tmp_path: Path, config: str) -> None:
    (tmp_path / "config.json").write_text(config)

    with pytest.raises(ArtifactError, match="not a sentence-transformers model"):
        load_encoder(tmp_path)

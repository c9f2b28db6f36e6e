"""The unadapted encoders, opened for training."""

from __future__ import annotations

from qa_nlp.encoding.bert import BertParts, TorchBert

FAMILIES = {"minilm": "minilm", "multilingual-base": "e5"}


def load_base(name: str) -> BertParts:
    """Open ``minilm`` or ``multilingual-base`` with frozen weights."""
    if name == "minilm":
        from qa_nlp.encoding.minilm import load_minilm

        parts = load_minilm()
    else:
        from qa_nlp.encoding.e5 import load_e5

        parts = load_e5()
    for parameter in parts.model.parameters():
        parameter.requires_grad_(False)
    return parts


def base_fingerprint(name: str, parts: BertParts) -> str:
    """Give the fingerprint that the library gives the unadapted encoder."""
    return TorchBert(parts, FAMILIES[name]).fingerprint

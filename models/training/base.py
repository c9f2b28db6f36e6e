"""The unadapted encoders, opened for training."""

from __future__ import annotations

from qa_nlp.encoding.bert import TorchBert
from qa_nlp.encoding.e5 import MultilingualE5
from qa_nlp.encoding.minilm import MiniLM

BASES = {"minilm": MiniLM, "multilingual-base": MultilingualE5}


def load_base(name: str) -> TorchBert:
    """Open one of `BASES` with frozen weights that no other encoder of the process shares."""
    base = BASES[name]()
    base.model.requires_grad_(False)
    return base

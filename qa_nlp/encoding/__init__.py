"""Texts in, unit vectors out: each distinct text once, the same vector whatever its neighbours."""

from qa_nlp.encoding.encoder import CustomEncoder, Encoder, VectorCache, load_encoder

__all__ = ["CustomEncoder", "Encoder", "VectorCache", "load_encoder"]

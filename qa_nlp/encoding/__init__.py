"""Texts in, unit vectors out: each distinct text once, the same vector whatever its neighbours."""

from qa_nlp.encoding.cache import VectorCache
from qa_nlp.encoding.encoder import CustomEncoder, Encoder, load_encoder
from qa_nlp.encoding.offer import EncoderOffer, encoder_offers

__all__ = [
    "CustomEncoder",
    "Encoder",
    "EncoderOffer",
    "VectorCache",
    "encoder_offers",
    "load_encoder",
]

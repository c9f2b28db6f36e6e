"""Vectors that need not be computed again: the latest in memory, more of them on disk."""

from qa_nlp.encoding.cache.vector_cache import CacheCounts, VectorCache

__all__ = ["CacheCounts", "VectorCache"]

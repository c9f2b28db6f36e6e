"""Test sentences for every phrase bank in four languages, written by who had not read the banks.

They lie in benchmarks/frozen_phrases: for each bank and language eight hits and eight look-alikes.
They were written before anything was chosen by them, and nothing must be. The few that happen to
stand in the banks themselves are not measured.
"""

from __future__ import annotations

import json
from typing import Final

import numpy as np

from benchmarks.parts.bootstrap import Figure, cluster_bootstrap, f1
from benchmarks.parts.phrase_methods import Finder
from benchmarks.parts.texts import Array
from benchmarks.record import ROOT
from models.sentences import normalised
from qa_nlp.encoding import Encoder
from qa_nlp.signals.events import SAID
from qa_nlp.signals.phrase_matcher import background_sentences
from qa_nlp.signals.phrases import shipped_matcher

__all__ = ["FOLDER", "LANGUAGES", "measure_frozen"]

FOLDER: Final = "benchmarks/frozen_phrases"
LANGUAGES: Final = ("en", "ro", "ru", "pt")


def measure_frozen(language: str, encoder: Encoder) -> dict[str, Figure]:
    """Measure the mean F1 of all banks on one language's sentences.

    Parameters
    ----------
    language : str
        One of `LANGUAGES`.
    encoder : Encoder
        One that reads it.

    Returns
    -------
    dict of str to Figure
        ``F1`` at the library's own threshold, and beside it ``always yes F1``; each bank is asked
        about its own sentences, and the interval is over sentences.
    """
    matcher = shipped_matcher(encoder)
    fitted = {normalised(text) for text in background_sentences(language)}
    for bank in matcher.banks:
        for sentences in (bank.samples, bank.look_alikes):
            fitted |= {normalised(text) for text in sentences.get(language, ())}
    lines = (ROOT / FOLDER / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if normalised(row["text"]) not in fitted]
    banks = np.array([row["bank"] for row in rows])
    hits = np.array([row["hit"] for row in rows])
    found = Finder([row["text"] for row in rows], encoder).chances(matcher)
    column = [matcher.ids.index(bank) for bank in banks]
    said = found[np.arange(len(rows)), column] >= SAID

    def means(weights: Array) -> dict[str, float]:
        each = [np.flatnonzero(banks == bank) for bank in matcher.ids]
        always = np.ones(len(rows), dtype=bool)
        return {
            name: float(np.mean([f1(hits[own], flags[own], weights[own]) for own in each]))
            for name, flags in (("F1", said), ("always yes F1", always))
        }

    return cluster_bootstrap([str(row) for row in range(len(rows))], means)

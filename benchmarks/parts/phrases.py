"""How well the shipped phrase banks find what is marked in the bundled conversations.

Beside cosine, keywords and always-yes. The same project wrote the conversations, the marks and the
banks; what strangers typed is measured in benchmarks/parts/star_measures.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.bootstrap import average_precision, cluster_bootstrap, f1
from benchmarks.parts.keywords import PHRASES
from benchmarks.parts.phrase_figures import best_said
from benchmarks.parts.phrase_methods import Finder
from benchmarks.parts.texts import Array, occurrences
from qa_nlp.encoding import Encoder
from qa_nlp.samples import load_samples
from qa_nlp.signals.events import SAID
from qa_nlp.signals.phrases import shipped_matcher
from qa_nlp.transcript import Role

__all__ = ["Marked", "measure_phrases", "own_samples"]

Flags = NDArray[np.bool_]

COSINE: Final = 0.6


@dataclass(frozen=True, slots=True)
class Marked:
    """Texts with the phrases that each of them says.

    Parameters
    ----------
    texts : tuple of str
        What agents said.
    groups : tuple of str
        What conversation each is from.
    banks : tuple of str
        The phrases that were looked for.
    hits : ndarray of bool, shape (texts, banks)
        Which text says which.
    """

    texts: tuple[str, ...]
    groups: tuple[str, ...]
    banks: tuple[str, ...]
    hits: Flags


def own_samples() -> Marked:
    """Read the agents' turns of the bundled English conversations and the phrases marked in them.

    Returns
    -------
    Marked
        Grouped by conversation.
    """
    samples = load_samples()
    table = samples.phrases
    marks = set(zip(table["transcript_id"], table["turn"], table["phrase"], strict=True))
    turns = [
        (transcript.id, index, turn.text)
        for transcript in samples
        if transcript.language == "en"
        for index, turn in enumerate(transcript.turns)
        if turn.role is Role.AGENT
    ]
    banks = tuple(sorted(PHRASES))
    hits = [
        [(identifier, index, bank) in marks for bank in banks] for identifier, index, _ in turns
    ]
    return Marked(
        tuple(text for _, _, text in turns),
        tuple(identifier for identifier, _, _ in turns),
        banks,
        np.array(hits),
    )


def measure_phrases(marked: Marked, encoder: Encoder) -> dict[str, Any]:
    """Measure average precision and F1 of each method, bank by bank and on average.

    Parameters
    ----------
    marked : Marked
        What to find.
    encoder : Encoder
        Gives the sentence vectors.

    Returns
    -------
    dict
        Counts; a `Figure` of the mean over the banks for each method and for each lead of qa_nlp,
        measured on the same resamples; and each bank's own values.
    """
    scores, said = _answers(marked, encoder)
    figures = cluster_bootstrap(
        marked.groups, lambda weights: _means(marked, scores, said, weights)
    )
    ones = np.ones(len(marked.texts))
    by_bank = {
        bank: {
            "hits": int(marked.hits[:, column].sum()),
            **{
                f"{method} F1": round(f1(marked.hits[:, column], flags[:, column], ones), 4)
                for method, flags in said.items()
            },
            **{
                f"{method} AP": round(
                    average_precision(marked.hits[:, column], values[:, column], ones), 4
                )
                for method, values in scores.items()
            },
        }
        for column, bank in enumerate(marked.banks)
    }
    return {
        "texts": len(marked.texts),
        "groups": len(set(marked.groups)),
        "figures": figures,
        "by_bank": by_bank,
    }


def _answers(marked: Marked, encoder: Encoder) -> tuple[Mapping[str, Array], Mapping[str, Flags]]:
    """Give the scores and the yes-or-no answers of each method, texts by banks."""
    finder = Finder(marked.texts, encoder)
    matcher = shipped_matcher(encoder).pick(marked.banks)
    own = finder.chances(matcher)
    cosine = np.stack([finder.nearest(bank.samples["en"]) for bank in matcher.banks], axis=1)
    words = [occurrences(marked.texts, PHRASES[bank]) > 0 for bank in marked.banks]
    keywords = np.stack(words, axis=1)
    always = np.ones_like(keywords)
    scores = {
        "qa_nlp": own,
        "cosine": cosine,
        "keywords": keywords.astype(np.float64),
        "always yes": always.astype(np.float64),
    }
    said = {
        "qa_nlp": own >= SAID,
        f"cosine {COSINE}": cosine >= COSINE,
        # Its threshold is chosen on these very texts: more than it could reach in use.
        "cosine at its best": best_said(marked.hits, cosine),
        "keywords": keywords,
        "always yes": always,
    }
    return scores, said


def _means(
    marked: Marked, scores: Mapping[str, Array], said: Mapping[str, Flags], weights: Array
) -> dict[str, float]:
    banks = range(len(marked.banks))
    hits = marked.hits
    means = {
        f"{method} F1": _mean([f1(hits[:, bank], flags[:, bank], weights) for bank in banks])
        for method, flags in said.items()
    } | {
        f"{method} AP": _mean(
            [average_precision(hits[:, bank], values[:, bank], weights) for bank in banks]
        )
        for method, values in scores.items()
    }
    ahead = {
        f"ahead of {name}": means[f"qa_nlp {name.rpartition(' ')[2]}"] - value
        for name, value in means.items()
        if not name.startswith("qa_nlp")
    }
    return means | ahead


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)

"""Whether adapting an encoder kept its sense of similar sentences: the STS benchmark."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from benchmarks.parts.evaluation import Result, leads_of, measures_of
from benchmarks.parts.measures import rank_correlation
from benchmarks.parts.resampling import Resampler
from benchmarks.parts.shipped import available, remembered
from benchmarks.parts.texts import Array

__all__ = ["FILES", "SETS", "linked_groups", "measure_similarity", "similar_pairs"]

SETS: Final = {
    "en": ("STS-B, English dev", "stsb/en_dev.tsv.gz"),
    "ru": ("STS-B, Russian dev", "stsb/ru_dev.tsv.gz"),
    "pt": ("STS-B, Portuguese dev", "stsb/pt_dev.tsv.gz"),
    "ro": ("RO-STS, dev", "ro_sts/ro_dev.tsv.gz"),
}
"""Name and file of each language's pairs."""
FILES: Final = tuple(file for _, file in SETS.values())
"""What is read, below the folder of data sets."""


def measure_similarity(folder: Path, *, most: int, rounds: int) -> list[Result]:
    """Measure Spearman's correlation of cosine and human score.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.
    most : int
        Pairs of a language at most.
    rounds : int
        Number of resamples.

    Returns
    -------
    list of Result
        One a language; pairs that share a sentence are of one group.
    """
    results = []
    for language, (name, _) in SETS.items():
        pairs = similar_pairs(language, folder)[:most]
        first, second = pairs["sentence1"].tolist(), pairs["sentence2"].tolist()
        resampler = Resampler(linked_groups(first, second), rounds=rounds)
        score = pairs["score"].to_numpy(dtype=np.float64)
        encoders = _encoders(language)
        draws = {}
        for encoder in dict.fromkeys([*encoders, *encoders.values()]):
            both = _vectors(encoder, first + second)
            cosine = (both[: len(first)] * both[len(first) :]).sum(axis=1)
            draws[encoder] = {"rho": rank_correlation(resampler, score, cosine)}
        compared = {encoder: [base] for encoder, base in encoders.items()}
        results.append(
            Result(
                name,
                language,
                "similarity",
                len(pairs),
                resampler.groups,
                {encoder: measures_of(found) for encoder, found in draws.items()},
                leads_of(draws, compared),
            )
        )
    return results


def similar_pairs(language: str, folder: Path) -> pd.DataFrame:
    """Read the pairs of a language.

    Parameters
    ----------
    language : str
        A key of `SETS`.
    folder : pathlib.Path
        The folder of data sets.

    Returns
    -------
    pandas.DataFrame
        Columns ``sentence1``, ``sentence2`` and ``score``.
    """
    _, file = SETS[language]
    return pd.read_csv(folder / file, sep="\t", keep_default_na=False)


def _encoders(language: str) -> dict[str, str]:
    """Name the shipped encoders of a language and what they were before."""
    return {
        one.name: str(one.manifest["base"])
        for one in available()
        if language == "en" or one.name == "multilingual"
    }


def _vectors(encoder: str, texts: list[str]) -> Array:
    known = remembered(encoder)
    # behind the vector come features, which are for heads alone
    return known.encode(texts)[:, : known.width].astype(np.float64)


def linked_groups(first: list[str], second: list[str]) -> list[str]:
    """Put pairs together that share a sentence, directly or through others.

    Parameters
    ----------
    first, second : list of str
        The sentences of each pair.

    Returns
    -------
    list of str
        Group of each pair.

    Examples
    --------
    >>> linked_groups(["a", "b", "x"], ["b", "c", "y"])
    ['0', '0', '1']
    """
    number = {text: index for index, text in enumerate(dict.fromkeys(first + second))}
    left, right = [number[text] for text in first], [number[text] for text in second]
    links = coo_array((np.ones(len(left)), (left, right)), shape=(len(number), len(number)))
    _, component = connected_components(links, directed=False)
    seen: dict[int, int] = {}
    return [str(seen.setdefault(int(component[index]), len(seen))) for index in left]

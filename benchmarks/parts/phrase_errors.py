"""Errors on STAR to be read by a person, and what such a reading found.

The texts are the data set's, so they are written outside the repository only; what is kept in it
is counts and descriptions.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.parts.phrase_methods import Finder, zero_shot_scores
from benchmarks.parts.star_phrases import NAMED, read_banks, read_star
from benchmarks.record import ROOT
from qa_nlp.encoding import load_encoder
from qa_nlp.signals.events import SAID

__all__ = ["READ", "write_errors", "wrong_labels"]

READ: Final = "benchmarks/wrong_labels.json"
"""Counts of a reading: how many errors, of how many the label is wrong, and of what kinds."""
MOST: Final = 100


def write_errors(folder: Path, path: Path, *, seed: int) -> int:
    """Write random errors of the named phrases, with the banks as they were written.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.
    path : pathlib.Path
        A file outside the repository.
    seed : int
        Of the random choice.

    Returns
    -------
    int
        How many errors there are; 100 of them at most are written.

    Raises
    ------
    ValueError
        When the file would lie in the repository.
    """
    if path.resolve().is_relative_to(ROOT):
        raise ValueError(f"{path}: texts of the data set are not written into the repository")
    test = read_star(folder).test
    finder = Finder(test.texts, load_encoder("en"))
    chances = zero_shot_scores(finder, NAMED, read_banks())["qa_nlp"][0]
    hits = test.all_hits(NAMED)
    errors = np.argwhere((chances >= SAID) != hits)
    chosen = np.random.default_rng(seed).permutation(len(errors))[:MOST]
    lines = [
        f"{number}\t{'missed' if hits[text, phrase] else 'false alarm'}\t{NAMED[phrase].bank}\t"
        f"{chances[text, phrase]:.3f}\t{', '.join(sorted(test.labels[text]))}\t{test.texts[text]}"
        for number, (text, phrase) in enumerate(errors[chosen], start=1)
    ]
    columns = "number\terror\tphrase\tprobability\tlabels\ttext"
    path.write_text("\n".join([columns, *lines]) + "\n", encoding="utf-8")
    return len(errors)


def wrong_labels(root: Path = ROOT) -> dict[str, Any] | None:
    """Give what a reading of errors found.

    Parameters
    ----------
    root : pathlib.Path, optional
        The repository.

    Returns
    -------
    dict or None
        ``read``, ``wrong_label`` and ``kinds``; None where nobody has read any.
    """
    path = root / READ
    if not path.is_file():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found

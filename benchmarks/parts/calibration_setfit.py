"""SetFit beside the library, on the same draws of a few graded conversations.

SetFit reads one text, 256 tokens of it: the end of the conversation is given to it. Its encoder is
tuned on pairs of conversations of the same level and of different ones, see `setfit`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.parts.calibration_few import draw, figures_of, summarise
from benchmarks.parts.calibration_methods import BASELINES, METHODS, OWN, Told, levels_of_chances
from benchmarks.parts.calibration_sets import TURN_DIALOGUES, GradedSet, graded_set, take
from benchmarks.parts.graded_sets import read_rated_maia, read_uss
from benchmarks.parts.setfit import MOST_PAIRS, REPEATS, _tuned
from qa_nlp.transcript import Transcript

__all__ = ["level_pairs", "measure_setfit"]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

SEEDS: Final = 3
SIZES: Final = {"MAIA task_success": (50, 120), "SGD dialogues": (50, 200)}

_SETFIT: Final = "SetFit"
_CHARACTERS: Final = 1000


def measure_setfit(folder: Path, seeds: int = SEEDS) -> dict[str, Any]:
    """Measure SetFit and the other methods on the same draws.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of data sets.
    seeds : int, default 3
        Draws of each size.

    Returns
    -------
    dict
        By set and number of grades, ``figures`` by method and ``leads`` of the library.
    """
    found: dict[str, Any] = {}
    for name, sizes in SIZES.items():
        graded, texts = _with_texts(folder, name)
        found[name] = {}
        for size in sizes:
            draws = [_draw(graded, texts, size, seed) for seed in range(seeds)]
            found[name][str(size)] = summarise(draws)
            print(f"  {name}, {size}: {found[name][str(size)]['figures']}", flush=True)
    return found


def _with_texts(folder: Path, name: str) -> tuple[GradedSet, list[str]]:
    """Give a set with the end of each conversation; of SGD, the dialogues whose turns are read."""
    graded = graded_set(folder, name)
    if name.startswith("MAIA"):
        every: list[Transcript] = [one.transcript for one in read_rated_maia(folder)]
        chosen = {one.id for one in every}
    else:
        rated = read_uss(folder, "SGD")
        every = [one.transcript for one in rated]
        chosen = {one.id for one in every[:TURN_DIALOGUES]}
    ordered = sorted(every, key=lambda one: one.id)  # the rows of a set are in this order
    assert len(ordered) == len(graded.truth)
    rows = np.flatnonzero([one.id in chosen for one in ordered])
    kept = replace(
        graded,
        data=take(graded.data, rows),
        truth=graded.truth[rows],
        language=graded.language[rows],
    )
    return kept, [_end(ordered[row]) for row in rows]


def _end(transcript: Transcript) -> str:
    return " ".join(f"{turn.role.value}: {turn.text}" for turn in transcript.turns)[-_CHARACTERS:]


def _draw(
    graded: GradedSet, texts: Sequence[str], size: int, seed: int
) -> dict[str, dict[str, float]]:
    known, learn, judge = draw(graded, size, seed)
    level = graded.data.level[graded.data.drawn[learn]]
    told = {name: METHODS[name](known, learn, judge) for name in (OWN, *BASELINES)}
    told[_SETFIT] = _setfit(texts, learn, level, judge, graded.values, seed)
    return {name: figures_of(graded, judge, one) for name, one in told.items()}


def _setfit(
    texts: Sequence[str], learn: Index, level: Index, judge: Index, values: Array, seed: int
) -> Told:
    from sklearn.linear_model import LogisticRegression

    examples = [texts[row] for row in learn]
    encoder = _tuned(examples, level_pairs(level, seed), seed)
    head = LogisticRegression(max_iter=1000).fit(encoder.encode(examples), level)
    chances = np.zeros((len(judge), len(values)))
    chances[:, head.classes_] = head.predict_proba(encoder.encode([texts[row] for row in judge]))
    return levels_of_chances(chances, values)


def level_pairs(levels: Index, seed: int) -> list[tuple[int, int, float]]:
    """Pair each conversation with one of its level and with one of another, in random order.

    Parameters
    ----------
    levels : ndarray of int64, shape (n,)
        Position of the level of each; two at least occur.
    seed : int
        Of the random numbers.

    Returns
    -------
    list of (int, int, float)
        Two positions and the cosine wanted, 1.0 or 0.0; as many of either.

    Examples
    --------
    >>> pairs = level_pairs(np.array([0, 0, 3]), 0)
    >>> sorted({(one, other) for one, other, wanted in pairs if not wanted})
    [(0, 2), (1, 2), (2, 0), (2, 1)]
    """
    random = np.random.default_rng(seed)
    size = len(levels)
    pairs: list[tuple[int, int, float]] = []
    for _ in range(max(1, min(REPEATS, MOST_PAIRS // (2 * size)))):
        for row, level in enumerate(levels):
            same = np.flatnonzero((levels == level) & (np.arange(size) != row))
            other = np.flatnonzero(levels != level)
            pairs.append((row, int(random.choice(same if len(same) else [row])), 1.0))
            pairs.append((row, int(random.choice(other)), 0.0))
    return [pairs[place] for place in random.permutation(len(pairs))]

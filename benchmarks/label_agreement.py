"""How far a second, independent labelling of written texts agrees with the first, by their source.

Run: python -m benchmarks.label_agreement (seconds). Reads models/data and nothing else. Both
labellings are by language models that did not see each other's labels, so this says how clear the
guide is, not how people would label.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import cohen_kappa_score

from benchmarks.parts.bootstrap import Figure, cluster_bootstrap
from benchmarks.record import Measured, Table, Target, record

DATA: Final = Path(__file__).resolve().parent.parent / "models" / "data"
# The files of first labels from which texts were drawn for the second labelling.
SOURCES: Final[Mapping[str, Sequence[str]]] = {
    "sentences": [f"sentences-{language}.jsonl" for language in ("en", "ro", "ru", "pt")],
    "posts": ["posts-en.jsonl"],
    "replies": ["replies-en.jsonl"],
}
SECOND: Final = "second-labels.jsonl"
SCALES: Final = ("politeness", "emotional_reactions", "interpretations", "explorations")

Row = Mapping[str, Any]
Pair = tuple[Row, Row]


def main() -> None:
    """Compare the labels, print and record the agreement."""
    pairs = read_pairs()
    figures = {source: agreement(pairs[source]) for source in SOURCES}
    for source, of_source in figures.items():
        print(f"{len(pairs[source])} {source} labelled twice")
        for name, figure in of_source.items():
            print(f"  {name}: {figure}")
    names = list(dict.fromkeys(name for of_source in figures.values() for name in of_source))
    record(
        "label_agreement",
        script=Path(__file__),
        command="python -m benchmarks.label_agreement",
        targets=[
            Target(f"{source}: {name}", figure.value, low=figure.low, high=figure.high, goal=None)
            for source, of_source in figures.items()
            for name, figure in of_source.items()
        ],
        measured=Measured(
            weights=[
                *(f"models/data/{file}" for files in SOURCES.values() for file in files),
                f"models/data/{SECOND}",
            ],
            modules=["benchmarks/parts/bootstrap.py"],
        ),
        figures={
            source: {
                "texts": len(pairs[source]),
                **{name: figure.to_dict() for name, figure in of_source.items()},
            }
            for source, of_source in figures.items()
        },
        readme_table=Table(
            [
                "agreement (95 % interval)",
                *(f"{len(pairs[source])} {source}" for source in SOURCES),
            ],
            [
                [name, *(str(of_source.get(name, "–")) for of_source in figures.values())]
                for name in names
            ],
        ),
    )


def read_pairs(folder: Path = DATA) -> dict[str, list[Pair]]:
    """Give the first and the second labels of every text that has both, by source."""
    first = {
        row["id"]: (source, row)
        for source, files in SOURCES.items()
        for file in files
        for row in _rows(folder / file)
    }
    pairs: dict[str, list[Pair]] = {source: [] for source in SOURCES}
    for second in _rows(folder / SECOND):
        source, row = first[second["id"]]
        pairs[source].append((row, second))
    return pairs


def _rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def agreement(pairs: Sequence[Pair]) -> dict[str, Figure]:
    """Measure the agreement on every label that the texts carry."""
    figures: dict[str, Figure] = {}
    if felt := _carrying(pairs, "sentiment"):
        figures["sentiment (kappa)"] = kappa(felt, lambda row: str(row["sentiment"]), None)
        for emotion in sorted({name for first, _ in felt for name in first["emotions"]}):
            figures[f"emotion: {emotion} (kappa)"] = kappa(
                felt, lambda row, name=emotion: int(name in row["emotions"]), None
            )
    for scale in SCALES:
        if both := _carrying(pairs, scale):
            figures[f"{scale.replace('_', ' ')} (quadratic kappa)"] = kappa(
                both, lambda row, name=scale: int(row[name]), "quadratic"
            )
    return figures


def _carrying(pairs: Sequence[Pair], label: str) -> list[Pair]:
    return [pair for pair in pairs if pair[0].get(label) is not None]


def kappa(pairs: Sequence[Pair], value: Callable[..., str | int], weights: str | None) -> Figure:
    """Measure Cohen's kappa (1960; weighted: 1968) of two labellings, with its interval."""
    first = [value(row) for row, _ in pairs]
    second = [value(row) for _, row in pairs]

    def measure(sample: NDArray[np.float64]) -> dict[str, float]:
        # A sample without a rare emotion has no kappa, and is drawn again.
        with warnings.catch_warnings(action="ignore", category=UndefinedMetricWarning):
            figure = cohen_kappa_score(first, second, weights=weights, sample_weight=sample)
        return {"kappa": float(figure)}

    return cluster_bootstrap([str(row["id"]) for row, _ in pairs], measure, rounds=500)["kappa"]


if __name__ == "__main__":
    main()

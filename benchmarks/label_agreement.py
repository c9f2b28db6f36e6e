"""How far a second, independent labelling of 300 written sentences agrees with the first.

Run: python -m benchmarks.label_agreement (seconds). Reads models/data and nothing else. Both
labellings are by language models that did not see each other's labels, so this says how clear the
guide is, not how people would label.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from benchmarks.parts.bootstrap import Figure, cluster_bootstrap
from benchmarks.record import Measured, Table, Target, record

DATA: Final = Path(__file__).resolve().parent.parent / "models" / "data"
LANGUAGES: Final = ("en", "ro", "ru", "pt")
SCALES: Final = ("politeness", "emotional_reactions", "interpretations", "explorations")

Row = Mapping[str, Any]


def main() -> None:
    """Compare the labels, print and record the agreement."""
    pairs = read_pairs()
    print(f"{len(pairs)} sentences labelled twice")
    figures = {"sentiment (kappa)": kappa(pairs, lambda row: str(row["sentiment"]), None)}
    for emotion in sorted({name for first, _ in pairs for name in first["emotions"]}):
        figures[f"emotion: {emotion} (kappa)"] = kappa(
            pairs, lambda row, name=emotion: int(name in row["emotions"]), None
        )
    for scale in SCALES:
        both = [pair for pair in pairs if pair[0][scale] is not None]
        figures[f"{scale.replace('_', ' ')} (quadratic kappa)"] = kappa(
            both, lambda row, name=scale: int(row[name]), "quadratic"
        )
    for name, figure in figures.items():
        print(f"{name}: {figure}")
    record(
        "label_agreement",
        script=Path(__file__),
        command="python -m benchmarks.label_agreement",
        targets=[
            Target(name, figure.value, low=figure.low, high=figure.high, goal=None)
            for name, figure in figures.items()
        ],
        measured=Measured(
            weights=[
                *(f"models/data/sentences-{language}.jsonl" for language in LANGUAGES),
                "models/data/second-labels.jsonl",
            ],
            modules=["benchmarks/parts/bootstrap.py"],
        ),
        figures={
            "sentences": len(pairs),
            **{name: figure.to_dict() for name, figure in figures.items()},
        },
        readme_table=Table(
            ["label", "agreement (95 % interval)"],
            [[name, str(figure)] for name, figure in figures.items()],
        ),
    )


def read_pairs() -> list[tuple[Row, Row]]:
    """Give the first and the second labels of every sentence that has both."""
    first: dict[str, Row] = {}
    for language in LANGUAGES:
        first |= {row["id"]: row for row in _rows(DATA / f"sentences-{language}.jsonl")}
    return [(first[row["id"]], row) for row in _rows(DATA / "second-labels.jsonl")]


def _rows(path: Path) -> list[Row]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def kappa(
    pairs: Sequence[tuple[Row, Row]], value: Callable[..., str | int], weights: str | None
) -> Figure:
    """Measure Cohen's kappa (1960; weighted: 1968) of two labellings, with its interval."""
    first = [value(row) for row, _ in pairs]
    second = [value(row) for _, row in pairs]

    def measure(sample: NDArray[np.float64]) -> dict[str, float]:
        figure = cohen_kappa_score(first, second, weights=weights, sample_weight=sample)
        return {"kappa": float(figure)}

    return cluster_bootstrap([str(row["id"]) for row, _ in pairs], measure, rounds=500)["kappa"]


if __name__ == "__main__":
    main()

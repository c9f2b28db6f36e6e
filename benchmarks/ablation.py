"""Which parts of the English encoder's training earn their place, on development folds.

Run: QA_NLP_DATA=... python -m benchmarks.ablation (seven short trainings on one thread; a variant
that is finished is kept in build/ablation). Every variant is the English recipe cut down to a small
budget, with one thing changed; figures come from the development fold of the training part, and no
test part is touched. The intervals are bootstraps over texts of the difference to the whole recipe.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from benchmarks.record import ROOT, Measured, Table, data_folder, record
from qa_nlp.signals.tasks import TASKS, Pooling

BUDGET: Final = {
    "goemotions": 0.04,
    "tydip": 0.4,
    "star": 0.05,
    "sentences-en": 1.0,
    "chats-en": 1.0,
    "posts-en": 0.7,
    "verdicts-en": 0.7,
    "talk-en": 0.4,
    "replies-en": 0.7,
    "forum-en": 0.7,
}
MOST_DEVELOPMENT: Final = 600
"""Texts of each source on which a variant is measured."""
ROUNDS: Final = 1000

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Variant:
    """One change of the recipe: of the network, the plan, the pooling, or sources left out."""

    name: str
    shape: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    plan: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    without: tuple[str, ...] = ()
    pooling: Pooling | None = None

    @property
    def budget(self) -> dict[str, float]:
        """How often each source is read."""
        return {source: share for source, share in BUDGET.items() if source not in self.without}


VARIANTS: Final = (
    Variant("whole recipe"),
    Variant("no features beside the vector", shape={"features": 0}),
    Variant("no similarity term", plan={"similarity": 0.0}),
    Variant("every task read by the mean of the sentences", pooling="mean"),
    Variant("every task read by the strongest sentence", pooling="strongest"),
    Variant("no rationales", plan={"rationales": 0.0}),
    Variant("without own requests", without=("talk-en",)),
)
MEASURES: Final = {
    "sentiment, GoEmotions": ("goemotions", "sentiment"),
    "sentiment, sentences": ("sentences-en", "sentiment"),
    "sentiment, reviews": ("verdicts-en", "sentiment"),
    "emotion groups, sentences": ("sentences-en", "emotion_group"),
    "politeness, TyDiP": ("tydip", "politeness"),
    "emotional reactions, sentences": ("sentences-en", "emotional_reactions"),
    "interpretations, replies": ("replies-en", "interpretations"),
    "interpretations, sentences": ("sentences-en", "interpretations"),
}
PLAN: Final = {"similarity": 2.0, "rate": 1.5e-3, "threads": 1}
"""The plan of models/encoder-en/train.py but for the repeats."""


def load_training() -> Any:
    """Give the modules of the training code, which lies beside the weights."""
    sys.path.insert(0, str(ROOT / "models"))
    names = ("base", "development", "examples", "loop", "network")
    return SimpleNamespace(**{name: importlib.import_module(f"training.{name}") for name in names})


def run(training: Any, variant: Variant, data: Path) -> dict[str, Any]:
    """Train one variant and give its scores: for each measure, one number a text."""
    pooling = {
        name: dataclasses.replace(task, pooling=variant.pooling or task.pooling)
        for name, task in TASKS.items()
    }
    with mock.patch.object(training.network, "TASKS", pooling):
        return _run(training, variant, data)


def _run(training: Any, variant: Variant, data: Path) -> dict[str, Any]:
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(1)
    base = training.base.load_base("minilm")
    found = {source: training.examples.SOURCES[source](data) for source in sorted(BUDGET)}
    items = {
        source: training.loop.tokenised(
            [example for example in examples if example.part == "train"], base
        )
        for source, examples in found.items()
        if source in variant.budget
    }
    shape = training.network.Shape(acts=training.examples.star_acts(data), **variant.shape)
    network = training.network.Network(base.model, shape)
    plan = training.loop.Plan(repeats=variant.budget, **{**PLAN, **variant.plan})
    batches = training.loop.schedule(items, plan)
    training.loop.train(network, batches, plan, base.pad_id, _folder(variant))
    held = [
        example
        for examples in found.values()
        for example in [e for e in examples if e.part == "development"][:MOST_DEVELOPMENT]
    ]
    held_items = training.loop.tokenised(held, base)
    answers = training.development.answers(network, held_items, base.pad_id)
    scores: dict[str, Any] = {
        name: _scores(answers, source, task) for name, (source, task) in MEASURES.items()
    }
    scores["similarity"] = training.development.similarity_kept(network, held_items, base.pad_id)
    return scores


def _folder(variant: Variant) -> Path:
    """Where a variant is kept: another place when the training code or its texts have changed."""
    models = ROOT / "models"
    read = [*(models / "training").glob("*.py"), *(models / "data").glob("*-en.jsonl")]
    key = hashlib.sha256(repr((variant, BUDGET, PLAN)).encode())
    for path in sorted(read):
        key.update(path.read_bytes())
    return ROOT / "build" / "ablation" / key.hexdigest()[:12]


def _scores(answers: Any, source: str, task: str) -> list[list[float]]:
    """Give (predicted, wanted) of each text: class numbers, levels, or scores."""
    logits, labels = answers.labelled(task, source)
    if task == "sentiment":
        predicted = logits.argmax(1)
    elif task == "politeness":
        predicted = logits[:, 0]
    elif task == "emotion_group":
        # the strongest group against the labels: right where it is one of them
        best = logits.argmax(1)
        hits = [float(b in label) for b, label in zip(best, labels, strict=True)]
        return [[hit, 1.0] for hit in hits]
    else:
        predicted = (logits > 0).sum(1)
    return [[float(p), float(w)] for p, w in zip(predicted, labels, strict=True)]


def figure(name: str, pairs: Array) -> float:
    """Give one figure of (predicted, wanted) pairs, higher is better."""
    from sklearn.metrics import cohen_kappa_score, f1_score

    predicted, wanted = pairs.T
    if name.startswith("sentiment"):
        return float(f1_score(wanted, predicted, average="macro"))
    if name.startswith("politeness"):
        return float(np.corrcoef(predicted, wanted)[0, 1])
    if name.startswith("emotion groups"):
        return float(predicted.mean())
    return float(cohen_kappa_score(wanted, predicted, weights="quadratic"))


def difference(
    measure: Callable[[Array], float], one: Array, other: Array
) -> tuple[float, float, float]:
    """Give a figure's difference between two variants on the same texts, with its interval."""
    rng = np.random.default_rng(5)
    draws = []
    for _ in range(ROUNDS):
        rows = rng.integers(0, len(one), len(one))
        draws.append(measure(one[rows]) - measure(other[rows]))
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return measure(one) - measure(other), float(low), float(high)


def main() -> int:
    """Train what is not trained yet, compare, print and record."""
    data = data_folder()
    if data is None:
        print("QA_NLP_DATA names no folder with the public data sets: nothing was trained")
        return 0
    training = load_training()
    scores: dict[str, dict[str, Any]] = {}
    for variant in VARIANTS:
        path = _folder(variant) / "scores.json"
        if not path.is_file():
            print(f"== {variant.name}", flush=True)
            found = run(training, variant, data)
            path.write_text(json.dumps(found), encoding="utf-8")
        scores[variant.name] = json.loads(path.read_text(encoding="utf-8"))
    rows, figures = compare(scores)
    for row in rows:
        print("  ".join(row))
    record(
        "ablation",
        script=Path(__file__),
        command="python -m benchmarks.ablation",
        targets=[],
        measured=Measured(
            weights=[f"models/data/{name}.jsonl" for name in BUDGET if "-" in name],
            modules=["models/training"],
            data=[
                "goemotions/dev.tsv.gz",
                "goemotions/train.tsv.gz",
                "star/pairs.tsv.gz",
                "tydip/en_train.tsv.gz",
            ],
        ),
        figures=figures,
        readme_table=Table(["variant", *MEASURES, "similarity kept"], rows),
    )
    return 0


def compare(scores: Mapping[str, Mapping[str, Any]]) -> tuple[list[list[str]], dict[str, Any]]:
    """Lay the variants beside the whole recipe: table rows, and the figures behind them."""
    whole = scores[VARIANTS[0].name]
    rows, figures = [], {}
    for variant, found in scores.items():
        cells, figures[variant] = [variant], {"similarity": found["similarity"]}
        for name in MEASURES:
            pairs = np.array(found[name])

            def measure(given: Array, name: str = name) -> float:
                return figure(name, given)

            value = measure(pairs)
            cell = f"{value:.2f}"
            figures[variant][name] = {"value": round(value, 4)}
            if found is not whole:
                gap, low, high = difference(measure, pairs, np.array(whole[name]))
                cell += f" ({gap:+.2f}, {low:+.2f} to {high:+.2f})"
                figures[variant][name] |= {
                    "difference": round(gap, 4),
                    "low": round(low, 4),
                    "high": round(high, 4),
                }
            cells.append(cell)
        rows.append([*cells, f"{found['similarity']:.3f}"])
    return rows, figures


if __name__ == "__main__":
    sys.exit(main())

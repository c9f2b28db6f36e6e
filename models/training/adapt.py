"""Train, calibrate and write one adapted encoder: what every train.py here calls."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from training.base import load_base
from training.calibrate import calibrate
from training.development import answers, report
from training.examples import SOURCES, TERMS, Example, star_acts
from training.export import export, load_artefact
from training.loop import Plan, schedule, tokenised, train
from training.network import Network, Shape
from training.refit import refit_heads

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Recipe:
    """What an artefact is made from.

    ``plans`` are run one after the other. ``mixture`` tells how much a text of each source counts
    in calibration (default 1). ``start`` names the artefact whose weights training goes
    on from, if any. Layers below ``first_layer`` keep their weights.
    """

    name: str
    base: str
    languages: tuple[str, ...]
    terms: str
    terms_note: str
    plans: Sequence[Plan]
    mixture: Mapping[str, float] = field(default_factory=dict)
    start: str | None = None
    first_layer: int = 0


def adapt(recipe: Recipe) -> None:
    """Run a recipe; interrupted, the next run goes on from the last checkpoint."""
    if "QA_NLP_DATA" not in os.environ:
        sys.exit("set QA_NLP_DATA to the folder that holds goemotions/")
    data = Path(os.environ["QA_NLP_DATA"])
    started = time.monotonic()
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = False
    base = load_base(recipe.base)
    sources = sorted({source for plan in recipe.plans for source in plan.repeats})
    examples = [example for source in sources for example in SOURCES[source](data)]
    parts = _parts(examples)
    items = {part: tokenised(found, base) for part, found in parts.items() if part != "test"}
    torch.manual_seed(recipe.plans[0].seed)
    shape = Shape(acts=star_acts(data), first_layer=recipe.first_layer)
    network = Network(base.model, shape)
    if recipe.start:
        load_artefact(network, ROOT / "models" / recipe.start)
    by_source = {
        source: [item for item in items["train"] if item.example.source == source]
        for source in sources
    }
    for number, plan in enumerate(recipe.plans, start=1):
        batches = schedule({source: by_source[source] for source in plan.repeats}, plan)
        folder = ROOT / "build" / recipe.name / f"plan-{number}"
        train(network, batches, plan, base.pad_id, folder)
    refit_heads(network, items["train"], base.pad_id)
    development = items["development"]
    found = answers(network, development, base.pad_id)
    calibrations = {task: calibrate(task, found, recipe.mixture) for task in network.heads}
    export(
        ROOT / "models" / recipe.name,
        network,
        calibrations,
        examples,
        {
            "name": recipe.name,
            "base": recipe.base,
            "base_fingerprint": base.fingerprint,
            "languages": list(recipe.languages),
            "terms": recipe.terms,
            "terms_note": recipe.terms_note,
            "licences": {
                source: TERMS.get(source, "written for this project") for source in sources
            },
            "data": {
                source: {
                    part: sum(example.source == source for example in rows)
                    for part, rows in parts.items()
                }
                for source in sources
            },
            "command": f"python models/{recipe.name}/train.py",
        },
    )
    print(json.dumps(report(network, development, base.pad_id), indent=1))
    print(f"{(time.monotonic() - started) / 60:.0f} minutes", flush=True)


def _parts(examples: list[Example]) -> dict[str, list[Example]]:
    parts: dict[str, list[Example]] = {"train": [], "development": [], "test": []}
    for example in examples:
        parts[example.part].append(example)
    return parts

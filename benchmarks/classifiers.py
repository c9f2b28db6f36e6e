"""How good the shipped classifiers are on every labelled data set, beside simple baselines.

Run: QA_NLP_DATA=... python -m benchmarks.classifiers (most of it encoding). Each part is kept in
build/classifiers, so that ``--only PART`` measures one part anew and takes the others from there;
``--quick N`` uses N texts of each set, prints what it finds and records nothing.
"""

from __future__ import annotations

import argparse
import functools
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.parts import cost, maia_sets, similarity, unseen_sets
from benchmarks.parts.bootstrap import ROUNDS
from benchmarks.parts.evaluation import Result, evaluate
from benchmarks.parts.goals import reached, unmeasured
from benchmarks.parts.head_calibration import measure_calibration
from benchmarks.parts.kept import keep, kept
from benchmarks.parts.methods import COMPARED, Methods
from benchmarks.parts.result_tables import goal_table, tables, worse_than_baselines
from benchmarks.parts.shipped import ARTIFACTS, available, measured_languages
from benchmarks.parts.task_sets import TaskSet, trained_sets
from benchmarks.record import ROOT, Measured, data_folder, file_sha256, record

MOST: Final = 1_500
"""Texts of a test part that are measured; of larger ones those of the lowest hashes."""
MOST_UNSEEN: Final = 1_200
"""The same for sets that nothing was trained on."""
MOST_PAIRS: Final = 500
"""The same for pairs of sentences."""
ALL: Final = 1_000_000
FEWEST: Final = 20
"""Texts of a set below which nothing is measured."""
KEPT: Final = ROOT / "build" / "classifiers"
MODULES: Final = (
    *("bootstrap", "baselines", "calibration", "cost", "evaluation", "goals", "head_calibration"),
    *(
        "kept",
        "maia_sets",
        "measures",
        "methods",
        "resampling",
        "result_tables",
        "shipped",
        "similarity",
    ),
    *("task_sets", "texts", "trained", "unseen_sets"),
)


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is measured.

    Parameters
    ----------
    most : int
        Texts of a set at most.
    training : int
        Texts of a source that a baseline is trained on, and sentences that are timed, at most.
    rounds : int
        Resamples.
    """

    most: int
    training: int
    rounds: int


def main() -> int:
    """Measure, print and record.

    Returns
    -------
    int
        1 when a part that was not measured is missing or of other weights.
    """
    options = _options()
    data = data_folder()
    if data is None or not available():
        missing = "folder QA_NLP_DATA of public data sets" if data is None else "adapted encoder"
        print(f"no {missing}: nothing was measured")
        return 0
    scale = Scale(options.quick, options.quick, 100) if options.quick else Scale(MOST, ALL, ROUNDS)
    folder = KEPT.with_name("classifiers-quick") if options.quick else KEPT
    for part in [options.only] if options.only else PARTS:
        started = time.monotonic()
        measured = [result.to_dict() for result in PARTS[part](data, scale)]
        keep(folder / f"{part}.json", _weights(), measured)
        print(f"{part}: {time.monotonic() - started:.0f} s", flush=True)
    found = {part: kept(folder / f"{part}.json", _weights()) for part in PARTS}
    stale = [part for part, rows in found.items() if rows is None]
    if stale:
        print(f"not recorded: measure {', '.join(stale)} with these weights too (--only PART)")
        return 1
    results = [Result(**row) for rows in found.values() for row in rows]
    for target in reached(results):
        print(f"{'reached' if target.met else 'MISSED '} {target.name}: {target.value}")
    if not options.quick:
        print(f"written: {_record(results)}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=list(PARTS), help="measure this part, keep the others")
    parser.add_argument("--quick", type=int, default=0, metavar="N", help="N texts of each set")
    return parser.parse_args()


def _measured_sets(
    sets: Callable[[Path], list[TaskSet]], most: int = MOST
) -> Callable[[Path, Scale], list[Result]]:
    def measure(folder: Path, scale: Scale) -> list[Result]:
        methods = _methods(folder, scale.training)
        results = []
        for whole in sets(folder):
            data = whole.limited(min(most, scale.most))
            if len(data.texts) < FEWEST or len(np.unique(data.truth)) < 2:
                print(f"{data.name}, {data.task}: {len(data.texts)} texts are too few", flush=True)
                continue
            answers = methods.answers(data)
            result = evaluate(data, answers, COMPARED, rounds=scale.rounds)
            print(_line(result), flush=True)
            results.append(result)
        return results

    return measure


@functools.cache
def _methods(folder: Path, most: int) -> Methods:
    return Methods(folder, most)


def _checked(folder: Path, scale: Scale) -> list[Result]:
    """Compare with `qa_nlp.classify` first, so that the figures are those of the library."""
    shipped = available()
    sets = {(data.task, data.language): data for data in trained_sets(folder)}
    for (task, language), data in sets.items():
        for one in shipped:
            if task in one.heads and language in measured_languages(one):
                one.check(data.texts, task, language)
    return measure_calibration(shipped, folder, most=scale.most, rounds=scale.rounds)


def _similar(folder: Path, scale: Scale) -> list[Result]:
    return similarity.measure_similarity(
        folder, most=min(MOST_PAIRS, scale.most), rounds=scale.rounds
    )


def _costs(folder: Path, scale: Scale) -> list[Result]:
    return cost.measure_cost(available(), folder, most=scale.training)


PARTS: Final[Mapping[str, Callable[[Path, Scale], list[Result]]]] = {
    "unseen": _measured_sets(unseen_sets.unseen_sets, MOST_UNSEEN),
    "maia": _measured_sets(maia_sets.maia_sets, MOST_UNSEEN),
    "similarity": _similar,
    "trained": _measured_sets(trained_sets),
    "calibration": _checked,
    "cost": _costs,
}


def _line(result: Result) -> str:
    figure = next(iter(result.figures["majority"]))
    values = (
        f"{method} {measures[figure]['value']:.3f}" for method, measures in result.figures.items()
    )
    return f"{result.data}, {result.task} ({result.texts:,}), {figure}: {', '.join(values)}"


def _weights() -> dict[str, str]:
    return {one.name: str(one.manifest["sha256"]) for one in available()}


def _record(results: Sequence[Result]) -> Path:
    targets = reached(results)
    tuned = sorted((ROOT / "build" / "single_task").glob("*.npz"))
    return record(
        "classifiers",
        script=__file__,
        command="python -m benchmarks.classifiers",
        targets=targets,
        measured=_measured(),
        figures={
            "resamples": ROUNDS,
            "interval": "95 %, over resamples of whole groups",
            "worse than a baseline": worse_than_baselines(results),
            "goals without a figure": unmeasured(results),
            "single-task predictions": {path.name: file_sha256(path) for path in tuned},
            "results": [result.to_dict() for result in results],
        },
        readme_table=goal_table(targets),
        tables=tables(results),
    )


def _measured() -> Measured:
    own = sorted(path.name for path in (ROOT / "models" / "data").glob("*.jsonl"))
    return Measured(
        weights=[
            *(f"models/{ARTIFACTS[one.name]}" for one in available()),
            # not weights, but what was measured on, and what the baselines were trained on
            *(f"models/data/{name}" for name in own if name != "second-labels.jsonl"),
        ],
        modules=[
            *(f"benchmarks/parts/{name}.py" for name in MODULES),
            "models/sentences.py",
            "models/training/examples.py",
            "qa_nlp/artifacts.py",
            "qa_nlp/encoding",
            "qa_nlp/signals/answers.py",
            "qa_nlp/signals/heads.py",
            "qa_nlp/signals/tasks.py",
            "qa_nlp/text/sentences.py",
        ],
        data=[
            *unseen_sets.FILES,
            *maia_sets.FILES,
            *similarity.FILES,
            cost.FILE,
            "epitome/epitome.tsv.gz",
            "goemotions/dev.tsv.gz",
            "goemotions/train.tsv.gz",
            "sart_ro/sart.tsv.gz",
            "star/pairs.tsv.gz",
            "tydip/en_train.tsv.gz",
        ],
    )


if __name__ == "__main__":
    sys.exit(main())

"""What the tier ``fast`` costs on every benchmark, and what it gains.

Run: QA_NLP_DATA=... python -m benchmarks.fast_tier (some minutes, most of it the transformer's
encoding). The English encoder and its static distillation answer on the same texts, and every
difference is measured on the same resamples of whole groups. ``--quick N`` uses N texts of each
set and records nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

from benchmarks.parts import fast_figures, fast_grades, fast_speed, frozen_phrases
from benchmarks.parts.bootstrap import ROUNDS
from benchmarks.parts.fast_tiers import ARTIFACT, Compared
from benchmarks.record import ROOT, Measured, Table, Target, data_folder, record

MOST: Final = 600
"""Texts of a set that are measured; of larger ones those of the lowest hashes."""
PAIRS: Final = 500
CHATS: Final = 40
CHUNKS: Final = 6
SIZE_GOAL: Final = "<= 10"
SPEED_GOAL: Final = ">= 10"

MEASURED: Final = Measured(
    weights=[
        "models/encoder-en",
        "models/phrases-en",
        *(f"models/{name}" for name in (ARTIFACT, "phrases-fast-en")),
        # not weights, but what was measured on
        *sorted(f"models/data/{path.name}" for path in (ROOT / "models/data").glob("*-en.jsonl")),
        f"{frozen_phrases.FOLDER}/en.jsonl",
    ],
    rubrics=[
        "rubric_prompts/background.yaml",
        "rubric_prompts/phrases",
        "benchmarks/banks",
        f"rubric_prompts/rubrics/{fast_grades.RUBRIC}.yaml",
    ],
    modules=[
        *(
            f"benchmarks/parts/{name}.py"
            for name in (
                *("bootstrap", "conversations", "evaluation", "fast_figures", "fast_grades"),
                *("fast_speed", "fast_tiers", "frozen_phrases", "maia_sets", "measures"),
                *("negated_pairs", "phrase_methods", "resampling", "shipped", "similarity"),
                *("star_phrases", "task_sets", "texts", "unseen_sets"),
            )
        ),
        "models/sentences.py",
        "models/training/examples.py",
        "qa_nlp/calibration",
        "qa_nlp/encoding",
        "qa_nlp/scorer.py",
        "qa_nlp/signals",
        "qa_nlp/text",
    ],
    data=sorted({*fast_figures.FILES, *fast_grades.FILES}),
)


def main() -> int:
    """Measure, print and record."""
    options = _options()
    data = data_folder()
    if data is None:
        print("QA_NLP_DATA names no folder with the public data sets: nothing was measured")
        return 0
    most, rounds = options.quick or MOST, 100 if options.quick else ROUNDS
    chunks = 1 if options.quick else CHUNKS
    speed = fast_speed.measure_speed(data, chunks=chunks, rounds=rounds)
    print(speed, flush=True)
    found = [
        *fast_figures.classifier_figures(data, most=most, rounds=rounds),
        *fast_figures.denial_figures(),
        *fast_figures.similarity_figures(data, most=min(most, PAIRS), rounds=rounds),
        *fast_figures.phrase_figures(data),
    ]
    grades = fast_grades.grade_agreement(data, each=min(most, CHATS), rounds=rounds)
    targets = _targets(speed, grades, found)
    for target in targets:
        verdict = {True: "reached", False: "MISSED ", None: "       "}[target.met]
        print(f"{verdict} {target.name}: {target.value}")
    if options.quick:
        return 0
    path = record(
        "fast_tier",
        script=__file__,
        command="python -m benchmarks.fast_tier",
        targets=targets,
        measured=MEASURED,
        figures={
            "resamples": ROUNDS,
            "interval": "95 %, over resamples of whole groups",
            "texts of a set at most": MOST,
            "speed, one core": speed,
            "grades": grades,
            "worse than the encoder": [
                f"{one.data}, {one.figure}" for one in found if one.is_worse
            ],
            "results": [asdict(one) for one in found],
        },
        readme_table=_summary(speed, grades, found),
        tables={"figures": _table(found)},
    )
    print(f"written: {path}")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", type=int, default=0, metavar="N", help="N texts, not recorded")
    return parser.parse_args()


def _targets(
    speed: Mapping[str, Mapping[str, float | None]],
    grades: Mapping[str, Mapping[str, float | None]],
    found: Sequence[Compared],
) -> list[Target]:
    goals = {"fast / onnx": SPEED_GOAL}
    return [
        Target("size of the artefact, MB", round(fast_speed.megabytes(), 3), goal=SIZE_GOAL),
        *(_target(name, one, goals.get(name)) for name, one in speed.items()),
        *(_target(name, one) for name, one in grades.items()),
        *(
            _target(f"{one.data}, {one.figure}, fast less encoder", one.values["difference"])
            for one in found
        ),
    ]


def _target(name: str, one: Mapping[str, float | None], goal: str | None = None) -> Target:
    value = one["value"]
    assert value is not None
    return Target(name, value, one["low"], one["high"], goal)


def _summary(
    speed: Mapping[str, Mapping[str, float | None]],
    grades: Mapping[str, Mapping[str, float | None]],
    found: Sequence[Compared],
) -> Table:
    rows: list[list[str | int]] = [
        ["size of the artefact, MB", f"{fast_speed.megabytes():.1f}"],
    ]
    rows += [[name, _number(one, 0)] for name, one in speed.items()]
    rows += [[name, _number(one, 2)] for name, one in grades.items()]
    rows += [
        ["figures measured", len(found)],
        ["of these worse than the encoder, whole interval", sum(one.is_worse for one in found)],
    ]
    return Table(["", "tier fast (95 % interval)"], rows)


def _table(found: Sequence[Compared]) -> Table:
    return Table(
        ["data", "figure", "texts", "encoder", "fast", "fast less encoder"],
        [
            [
                one.data,
                one.figure,
                one.texts,
                *(_number(one.values[name], 2) for name in ("encoder", "fast")),
                _number(one.values["difference"], 3) + (" worse" if one.is_worse else ""),
            ]
            for one in found
        ],
    )


def _number(one: Mapping[str, float | None], decimals: int) -> str:
    value, low, high = (f"{one[name]:,.{decimals}f}" for name in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


if __name__ == "__main__":
    sys.exit(main())

"""What the tier ``fast`` costs on every benchmark, and what it gains.

Run: QA_NLP_DATA=... python -m benchmarks.fast_tier (some minutes, most of it the transformer's
encoding). Each encoder and its static distillation answer on the same texts, and every difference
is measured on the same resamples of whole groups. ``--quick N`` uses N texts of each set and
records nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from benchmarks.parts import fast_figures, fast_grades, fast_speed, frozen_phrases
from benchmarks.parts.bootstrap import ROUNDS
from benchmarks.parts.evaluation import Measures
from benchmarks.parts.fast_tiers import ENGLISH, MULTILINGUAL, Compared, Pair
from benchmarks.record import ROOT, Measured, Table, Target, data_folder, record

MOST: Final = 600
"""Texts of a set that are measured; of larger ones those of the lowest hashes."""
SENTENCES: Final = 500
CHATS: Final = 40
CHUNKS: Final = 6
SIZE_GOAL: Final = "<= 10"
SPEED_GOAL: Final = ">= 10"

PAIRS: Final = (ENGLISH, MULTILINGUAL)
MEASURED: Final = Measured(
    weights=[
        *("models/encoder-en", "models/phrases-en"),
        *("models/encoder-multilingual", "models/phrases-multilingual"),
        *(f"models/{name}" for pair in PAIRS for name in (pair.artifact, pair.phrases)),
        # not weights, but what was measured on
        *sorted(f"models/data/{path.name}" for path in (ROOT / "models/data").glob("*-??.jsonl")),
        *(f"{frozen_phrases.FOLDER}/{code}.jsonl" for code in frozen_phrases.LANGUAGES),
        "qa_nlp/samples/transcripts.jsonl",
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


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of one pair: speed, equal grades, and every figure of both."""

    pair: Pair
    speed: Measures
    grades: Measures
    figures: Sequence[Compared]

    @property
    def worse(self) -> list[str]:
        """The figures at which the static encoder is worse."""
        return [f"{one.data}, {one.figure}" for one in self.figures if one.is_worse]


def main() -> int:
    """Measure, print and record."""
    options = _options()
    data = data_folder()
    if data is None:
        print("QA_NLP_DATA names no folder with the public data sets: nothing was measured")
        return 0
    chosen = [pair for pair in PAIRS if options.only in (None, pair.artifact)]
    found = [_measure(pair, data, options.quick) for pair in chosen]
    targets = [target for one in found for target in _targets(one)]
    for target in targets:
        verdict = {True: "reached", False: "MISSED ", None: "       "}[target.met]
        print(f"{verdict} {target.name}: {target.value}")
    if options.quick or options.only:
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
        }
        | {
            one.pair.artifact: {
                "speed, one core": one.speed,
                "grades": one.grades,
                "worse than the encoder": one.worse,
                "results": [asdict(figure) for figure in one.figures],
            }
            for one in found
        },
        readme_table=_summary(found),
        tables={one.pair.artifact: _table(one.figures) for one in found},
    )
    print(f"written: {path}")
    return 0


def _measure(pair: Pair, data: Path, quick: int) -> Found:
    print(f"{pair.artifact}:", flush=True)
    most, rounds = quick or MOST, 100 if quick else ROUNDS
    speed = fast_speed.measure_speed(pair, data, chunks=1 if quick else CHUNKS, rounds=rounds)
    print(speed, flush=True)
    figures = [
        *fast_figures.classifier_figures(pair, data, most=most, rounds=rounds),
        *fast_figures.denial_figures(pair),
        *fast_figures.similarity_figures(pair, data, most=min(most, SENTENCES), rounds=rounds),
        *fast_figures.phrase_figures(pair, data),
    ]
    grades = fast_grades.grade_agreement(pair, data, each=min(most, CHATS), rounds=rounds)
    return Found(pair, speed, grades, figures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", type=int, default=0, metavar="N", help="N texts, not recorded")
    names = [pair.artifact for pair in PAIRS]
    parser.add_argument("--only", choices=names, help="one static encoder alone, not recorded")
    return parser.parse_args()


def _targets(found: Found) -> list[Target]:
    artifact = found.pair.artifact
    megabytes = round(fast_speed.megabytes(found.pair), 3)
    goals = {"fast / onnx": SPEED_GOAL}
    return [
        Target(f"{artifact}: size of the artefact, MB", megabytes, goal=SIZE_GOAL),
        *(
            _target(f"{artifact}: {name}", one, goals.get(name))
            for name, one in (*found.speed.items(), *found.grades.items())
        ),
        *(
            _target(
                f"{artifact}: {one.data}, {one.figure}, fast less encoder", one.values["difference"]
            )
            for one in found.figures
        ),
    ]


def _target(name: str, one: Mapping[str, float | None], goal: str | None = None) -> Target:
    value = one["value"]
    assert value is not None
    return Target(name, value, one["low"], one["high"], goal)


def _summary(found: Sequence[Found]) -> Table:
    first = found[0]
    sizes = [f"{fast_speed.megabytes(one.pair):.1f}" for one in found]
    rows: list[list[str | int]] = [["size of the artefact, MB", *sizes]]
    rows += [[name, *(_number(one.speed[name], 0) for one in found)] for name in first.speed]
    rows += [[name, *(_number(one.grades[name], 2) for one in found)] for name in first.grades]
    rows += [
        ["figures measured", *(len(one.figures) for one in found)],
        ["of these worse than the encoder, whole interval", *(len(one.worse) for one in found)],
    ]
    return Table(["95 % intervals in brackets", *(one.pair.artifact for one in found)], rows)


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

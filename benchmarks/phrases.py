"""How well the shipped phrase banks find standard phrases, beside trivial baselines.

Run: QA_NLP_DATA=... python -m benchmarks.phrases (a few minutes, nearly all of it encoding). What
is measured on which texts stands in benchmarks/parts/phrases.py; sentiment, emotion, politeness and
empathy are measured by benchmarks/classifiers.py.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.parts import frozen_phrases, phrases
from benchmarks.parts.bootstrap import ROUNDS, Figure
from benchmarks.parts.texts import Remembering
from benchmarks.record import Measured, Table, Target, data_folder, record
from qa_nlp.encoding import Encoder, load_encoder

MEASURED: Final = Measured(
    weights=[
        "models/encoder-en",
        "models/encoder-multilingual",
        "models/phrases-en",
        "models/phrases-multilingual",
        # not weights, but what was measured on
        *(f"{frozen_phrases.FOLDER}/{code}.jsonl" for code in frozen_phrases.LANGUAGES),
        "qa_nlp/samples/phrases.csv",
        "qa_nlp/samples/transcripts.jsonl",
    ],
    rubrics=["rubric_prompts/background.yaml", "rubric_prompts/phrases"],
    modules=[
        "benchmarks/parts/bootstrap.py",
        "benchmarks/parts/frozen_phrases.py",
        "benchmarks/parts/keywords.py",
        "benchmarks/parts/phrases.py",
        "benchmarks/parts/texts.py",
        "models/sentences.py",
        "qa_nlp/encoding",
        "qa_nlp/signals/phrases.py",
        "qa_nlp/text/sentences.py",
    ],
    data=["star/pairs.tsv.gz"],
)
BASELINES: Final = {
    "F1": ("always yes", "keywords", "cosine 0.6"),
    "AP": ("always yes", "keywords", "cosine"),
}
"""The methods to be better than, by figure."""
LEAST_F1: Final = 0.80
"""Goal in every language on the frozen sentences."""
LEAST_SHARE: Final = 0.9
"""Goal in the other languages: of the English figure."""


@dataclass(frozen=True, slots=True)
class Section:
    """One figure of the phrase banks on one data set.

    Parameters
    ----------
    data : str
        What was measured on.
    figure : str
        One of `BASELINES`.
    result : dict
        What `measure_phrases` gave.
    """

    data: str
    figure: str
    result: dict[str, Any]

    def of(self, method: str) -> Figure:
        """Give a method's figure, or the lead over it where the name says ``ahead of``."""
        found: Figure = self.result["figures"][f"{method} {self.figure}"]
        return found


def main() -> int:
    """Measure, print and record."""
    data = data_folder()
    if data is None:
        print("QA_NLP_DATA names no folder with the public data sets: nothing was measured")
        return 0
    sections = []
    for section in _sections(data, Remembering(load_encoder("en"))):
        print(f"{section.data}: {section.figure} {section.of('qa_nlp')}")
        for method in BASELINES[section.figure]:
            print(f"    {method} {section.of(method)}, lead {section.of(f'ahead of {method}')}")
        sections.append(section)
    frozen = _frozen()
    path = record(
        "phrases",
        script=__file__,
        command="python -m benchmarks.phrases",
        targets=[
            *(target for section in sections for target in _targets(section)),
            *_frozen_targets(frozen),
        ],
        measured=MEASURED,
        figures=_figures(sections, frozen),
        readme_table=_table(sections),
        tables={"languages": _language_table(frozen)},
    )
    print(f"written: {path}")
    return 0


def _sections(data: Path, encoder: Encoder) -> Iterator[Section]:
    marked = {
        "STAR, 5 phrases": phrases.star_texts(data),
        "own samples, 28 phrases": phrases.own_samples(),
    }
    for name, texts in marked.items():
        result = phrases.measure_phrases(texts, encoder)
        for figure in BASELINES:
            yield Section(name, figure, result)


def _frozen() -> dict[str, dict[str, Figure]]:
    """Measure each language's frozen sentences with the encoder that its conversations get."""
    found = {}
    for language in frozen_phrases.LANGUAGES:
        encoder = load_encoder("en" if language == "en" else "multilingual")
        found[language] = frozen_phrases.measure_frozen(language, encoder)
        print(f"frozen sentences, {language}: F1 {found[language]['F1']}")
    return found


def _frozen_targets(frozen: Mapping[str, Mapping[str, Figure]]) -> Iterator[Target]:
    english = frozen["en"]["F1"].value
    for language, figures in frozen.items():
        name, own = f"phrases on frozen sentences, {language}, F1", figures["F1"]
        yield _target(name, own, f">= {LEAST_F1}")
        if language != "en":
            share = Figure(own.value / english, own.low / english, own.high / english)
            yield _target(f"{name}, of the English figure", share, f">= {LEAST_SHARE}")


def _target(name: str, figure: Figure, goal: str) -> Target:
    value, low, high = figure.to_dict().values()
    return Target(name, value, low, high, goal)


def _language_table(frozen: Mapping[str, Mapping[str, Figure]]) -> Table:
    rows = [
        [language, str(figures["F1"]), f"{figures['always yes F1'].value:.2f}"]
        for language, figures in frozen.items()
    ]
    return Table(["language", "F1, mean of the banks", "always yes"], rows)


def _targets(section: Section) -> Iterator[Target]:
    name = f"phrases on {section.data}, {section.figure}"
    own = section.of("qa_nlp")
    yield Target(name, round(own.value, 4), round(own.low, 4), round(own.high, 4))
    for method in BASELINES[section.figure]:
        lead = section.of(f"ahead of {method}")
        yield Target(
            f"{name}: lower end of the lead over {method}",
            round(lead.low, 4),
            round(lead.low, 4),
            round(lead.high, 4),
            goal="> 0",
        )


def _figures(sections: list[Section], frozen: Mapping[str, Mapping[str, Figure]]) -> dict[str, Any]:
    results = {
        f"phrases on {section.data}": {
            **section.result,
            "figures": {k: figure.to_dict() for k, figure in section.result["figures"].items()},
        }
        for section in sections
    }
    languages = {
        f"frozen sentences, {language}": {name: one.to_dict() for name, one in figures.items()}
        for language, figures in frozen.items()
    }
    return {"resamples": ROUNDS, "interval": "95 %", **results, **languages}


def _table(sections: list[Section]) -> Table:
    rows = [
        [
            section.data,
            f"{section.result['texts']:,}",
            section.figure,
            str(section.of("qa_nlp")),
            *(f"{section.of(method).value:.2f}" for method in BASELINES[section.figure]),
        ]
        for section in sections
    ]
    columns = ["measured on", "texts", "figure", "qa_nlp", "always yes", "keywords", "cosine"]
    return Table(columns, rows)


if __name__ == "__main__":
    sys.exit(main())

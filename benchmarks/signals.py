"""Small honest figures for the phrase, sentiment and empathy signals, beside trivial baselines.

Run: QA_NLP_DATA=... python -m benchmarks.signals (about ten minutes, nearly all of
it encoding). What is measured on which texts stands in the modules of benchmarks/parts.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.parts import empathy, phrases, sentiment
from benchmarks.parts.bootstrap import ROUNDS, Figure
from benchmarks.parts.texts import Remembering
from benchmarks.record import Measured, Table, Target, data_folder, record
from qa_nlp.encoding import Encoder, load_encoder
from qa_nlp.signals.empathy import MECHANISMS

MEASURED: Final = Measured(
    weights=[
        "models/empathy-en",
        "models/phrases-en",
        "models/sentiment-en",
        # not weights, but what was measured on, and what the baselines were trained on
        "models/data/sentences-en.jsonl",
        "qa_nlp/samples/phrases.csv",
        "qa_nlp/samples/transcripts.jsonl",
    ],
    rubrics=["rubric_prompts/background.yaml", "rubric_prompts/phrases"],
    modules=[
        "benchmarks/parts/bootstrap.py",
        "benchmarks/parts/empathy.py",
        "benchmarks/parts/keywords.py",
        "benchmarks/parts/phrases.py",
        "benchmarks/parts/sentiment.py",
        "benchmarks/parts/texts.py",
        sentiment.TRAINING,
        "models/sentences.py",
        "qa_nlp/encoding",
        "qa_nlp/signals/empathy.py",
        "qa_nlp/signals/heads.py",
        "qa_nlp/signals/phrases.py",
        "qa_nlp/signals/sentiment.py",
        "qa_nlp/text/sentences.py",
    ],
    data=[
        "airline_tweets/tweets.tsv.gz",
        "epitome/epitome.tsv.gz",
        "goemotions/dev.tsv.gz",
        "goemotions/train.tsv.gz",
        "sst2/dev.tsv.gz",
        "star/pairs.tsv.gz",
    ],
)


@dataclass(frozen=True, slots=True)
class Section:
    """One signal measured on one data set.

    Parameters
    ----------
    signal, data : str
        What was measured on what.
    result : dict
        What a module of benchmarks/parts gave.
    figure : str
        The figure that the table shows.
    baselines : tuple of str
        The methods to be better than.
    """

    signal: str
    data: str
    result: dict[str, Any]
    figure: str
    baselines: tuple[str, ...]

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
        print(f"{section.signal} on {section.data}: {section.figure} {section.of('qa_nlp')}")
        for method in section.baselines:
            print(f"    {method} {section.of(method)}, lead {section.of(f'ahead of {method}')}")
        sections.append(section)
    path = record(
        "signals",
        script=__file__,
        command="python -m benchmarks.signals",
        targets=[target for section in sections for target in _targets(section)],
        measured=MEASURED,
        figures=_figures(sections),
        readme_table=_table(sections),
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
        yield Section("phrases", name, result, "F1", ("always yes", "keywords", "cosine 0.6"))
        yield Section("phrases", name, result, "AP", ("always yes", "keywords", "cosine"))
    words = sentiment.tfidf_model(data)
    for labelled in sentiment.sentiment_sets(data):
        result = sentiment.measure_sentiment(labelled, encoder, words)
        baselines = ("majority", "keywords", "TF-IDF")
        yield Section("sentiment", labelled.name, result, "macro-F1", baselines)
    models = empathy.tfidf_models()
    for levelled in empathy.empathy_sets(data):
        for mechanism in MECHANISMS:
            result = empathy.measure_empathy(levelled, mechanism, encoder, models[mechanism])
            title = mechanism.replace("_", " ")
            baselines = ("majority", "keywords", "TF-IDF")
            for figure in ("macro-F1", "QWK"):
                yield Section(f"empathy: {title}", levelled.name, result, figure, baselines)


def _targets(section: Section) -> Iterator[Target]:
    name = f"{section.signal} on {section.data}, {section.figure}"
    own = section.of("qa_nlp")
    yield Target(name, round(own.value, 4), round(own.low, 4), round(own.high, 4))
    for method in section.baselines:
        lead = section.of(f"ahead of {method}")
        yield Target(
            f"{name}: lower end of the lead over {method}",
            round(lead.low, 4),
            round(lead.low, 4),
            round(lead.high, 4),
            goal="> 0",
        )


def _figures(sections: list[Section]) -> dict[str, Any]:
    results = {
        f"{section.signal} on {section.data}": {
            **section.result,
            "figures": {k: figure.to_dict() for k, figure in section.result["figures"].items()},
        }
        for section in sections
    }
    return {"resamples": ROUNDS, "interval": "95 %", **results}


def _table(sections: list[Section]) -> Table:
    columns = ["signal", "measured on", "texts", "figure", "qa_nlp", "always the same"]
    rows = [
        [
            section.signal,
            section.data,
            f"{section.result['texts']:,}",
            section.figure,
            str(section.of("qa_nlp")),
            *(f"{section.of(method).value:.2f}" for method in section.baselines),
        ]
        for section in sections
    ]
    return Table([*columns, "keywords", "cosine or TF-IDF"], rows)


if __name__ == "__main__":
    sys.exit(main())

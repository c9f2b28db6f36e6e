"""What the encoders are trained on: texts, their labels, and the part of the split each is in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from sentences import DATA, is_training, normalised

from qa_nlp.signals.tasks import EMOTION_GROUPS, EMOTIONS, MECHANISMS, SENTIMENTS

GROUP_OF_EMOTION = {
    "anger": "anger",
    "annoyance": "frustration",
    "disappointment": "disappointment",
    "confusion": "confusion",
    "fear": "anxiety",
    "nervousness": "anxiety",
    "gratitude": "gratitude",
    "admiration": "satisfaction",
    "joy": "satisfaction",
    "relief": "satisfaction",
    "excitement": "satisfaction",
    "neutral": "neutral",
}
SENTIMENT_OF_EMOTION = {
    **dict.fromkeys(
        ("admiration", "amusement", "approval", "caring", "desire", "excitement", "gratitude"),
        "positive",
    ),
    **dict.fromkeys(("joy", "love", "optimism", "pride", "relief"), "positive"),
    **dict.fromkeys(
        ("anger", "annoyance", "disappointment", "disapproval", "disgust", "embarrassment"),
        "negative",
    ),
    **dict.fromkeys(("fear", "grief", "nervousness", "remorse", "sadness"), "negative"),
    "neutral": "neutral",
}
"""The publisher's grouping; confusion, curiosity, realization and surprise are in none."""
FEWEST_OF_ACT = 50
DEVELOPMENT_SHARE = 0.1


@dataclass(frozen=True)
class Example:
    """One text with the labels it has.

    ``targets`` maps a task to a class number (sentiment, act, the mechanisms), a tuple of class
    numbers (emotion, emotion_group) or a score (politeness, own_politeness). ``rationales`` maps a
    mechanism to the stretches of the text that carry it. ``publishers_test`` is set where the
    publisher's split is kept.
    """

    source: str
    group: str
    text: str
    targets: Mapping[str, Any]
    rationales: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    publishers_test: bool | None = None

    @property
    def part(self) -> str:
        """``train``, ``development`` (a tenth of the training part) or ``test``."""
        tests = self.publishers_test
        if tests or (tests is None and not is_training(self.group)):
            return "test"
        key = int(hashlib.sha1(f"development {self.group}".encode()).hexdigest()[:8], 16)
        return "development" if key / 2**32 < DEVELOPMENT_SHARE else "train"


def read_table(path: Path) -> pd.DataFrame:
    """Read a tab-separated file of the data folder."""
    return pd.read_csv(path, sep="\t", keep_default_na=False)


def go_emotions(data: Path) -> list[Example]:
    """Give GoEmotions: the publisher's train file less what its dev file repeats, and that file."""
    frames = {part: read_table(data / "goemotions" / f"{part}.tsv.gz") for part in ("train", "dev")}
    in_dev = {normalised(text) for text in frames["dev"]["text"]}
    examples = []
    for part, frame in frames.items():
        for text, labels in zip(frame["text"], frame["labels"], strict=True):
            group = normalised(text)
            if part == "train" and group in in_dev:
                continue
            examples.append(
                Example(
                    "goemotions",
                    group,
                    text,
                    _emotion_targets(labels.split(",")),
                    publishers_test=part == "dev",
                )
            )
    return examples


def _emotion_targets(labels: list[str]) -> dict[str, Any]:
    groups = {GROUP_OF_EMOTION[label] for label in labels if label in GROUP_OF_EMOTION}
    targets: dict[str, Any] = {
        "emotion": tuple(EMOTIONS.index(label) for label in labels),
        "emotion_group": tuple(sorted(EMOTION_GROUPS.index(group) for group in groups)),
    }
    sentiments = {SENTIMENT_OF_EMOTION.get(label) for label in labels}
    if len(sentiments) == 1 and None not in sentiments:
        targets["sentiment"] = SENTIMENTS.index(str(sentiments.pop()))
    return targets


def tydip(data: Path) -> list[Example]:
    """Give TyDiP's English requests with their standardised politeness."""
    frame = read_table(data / "tydip" / "en_train.tsv.gz")
    return [
        Example("tydip", normalised(text), text, {"politeness": float(score)})
        for text, score in zip(frame["text"], frame["score"], strict=True)
    ]


def star_acts(data: Path) -> tuple[str, ...]:
    """Give the acts of STAR that have enough examples, in alphabetical order."""
    counts = read_table(data / "star" / "pairs.tsv.gz")["action_label"].value_counts()
    return tuple(sorted(counts.index[counts >= FEWEST_OF_ACT]))


def star(data: Path) -> list[Example]:
    """Give what STAR's agents typed (two words or more), each text once a person and act."""
    acts = {act: number for number, act in enumerate(star_acts(data))}
    frame = read_table(data / "star" / "pairs.tsv.gz")
    frame = frame[frame["wizard_typed"].str.split().str.len() >= 2]
    frame = frame.drop_duplicates(["wizard_id", "wizard_typed", "action_label"])
    return [
        Example("star", wizard, text, {"act": acts[act]})
        for wizard, text, act in zip(
            frame["wizard_id"], frame["wizard_typed"], frame["action_label"], strict=True
        )
        if act in acts
    ]


def epitome(data: Path) -> list[Example]:
    """Give EPITOME's responses with their mechanisms and rationales."""
    frame = read_table(data / "epitome" / "epitome.tsv.gz")
    return [
        Example(
            "epitome",
            row["seeker_id"],
            row["response_post"],
            {mechanism: int(row[mechanism]) for mechanism in MECHANISMS},
            {
                mechanism: tuple(
                    part.strip()
                    for part in row[f"{mechanism}_rationales"].split("|")
                    if part.strip()
                )
                for mechanism in MECHANISMS
            },
        )
        for row in frame.to_dict("records")
    ]


def sart(data: Path) -> list[Example]:
    """Give SART's Romanian tweets."""
    frame = read_table(data / "sart_ro" / "sart.tsv.gz")
    return [
        Example("sart", normalised(text), text, {"sentiment": SENTIMENTS.index(label)})
        for text, label in zip(frame["text"], frame["label"], strict=True)
    ]


def own_texts(name: str) -> list[Example]:
    """Give one file of the texts written for the project, with the labels that it has."""
    with (DATA / f"{name}.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [
        Example(
            name,
            normalised(row["text"]),
            row["text"],
            _own_targets(row),
            {task: tuple(found) for task, found in row.get("rationales", {}).items()},
        )
        for row in rows
    ]


def _own_targets(row: Mapping[str, Any]) -> dict[str, Any]:
    targets: dict[str, Any] = {}
    if "sentiment" in row:
        targets["sentiment"] = SENTIMENTS.index(row["sentiment"])
    if "emotions" in row:
        targets["emotion_group"] = tuple(sorted(EMOTION_GROUPS.index(e) for e in row["emotions"]))
    if "politeness" in row:
        targets["own_politeness"] = float(row["politeness"])
    levels = {name: row[name] for name in MECHANISMS if row.get(name) is not None}
    return targets | levels


OWN = tuple(sorted(path.stem for path in DATA.glob("*-??.jsonl")))
"""The files of texts written for the project: what they are, and their language."""

SOURCES: Mapping[str, Callable[[Path], list[Example]]] = {
    "goemotions": go_emotions,
    "tydip": tydip,
    "star": star,
    "epitome": epitome,
    "sart": sart,
    **{name: (lambda _, name=name: own_texts(name)) for name in OWN},
}
TERMS = {
    "goemotions": "Apache-2.0",
    "tydip": "CC BY 4.0",
    "star": "MIT",
    "sart": "CC0-1.0",
    "epitome": "research",
}
"""Licence of each public source; what was written for the project is under the project's own."""
PUBLIC_LANGUAGES = {"sart": "ro"}


def language_of(source: str) -> str:
    """Give the code of the language that a source is in."""
    _, dash, code = source.rpartition("-")
    return code if dash else PUBLIC_LANGUAGES.get(source, "en")

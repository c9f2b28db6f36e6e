"""The agreement of two labellings: paired by id, by source, only where a label applies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.label_agreement import SECOND, SOURCES, agreement, read_pairs

EMPATHY = ("emotional_reactions", "interpretations", "explorations")


def _post(name: str, sentiment: str, emotion: str, politeness: int) -> dict[str, Any]:
    return {
        "id": name,
        "sentiment": sentiment,
        "emotions": [emotion],
        "politeness": politeness,
    }


def _reply(name: str, level: int) -> dict[str, Any]:
    return {"id": name, **dict.fromkeys(EMPATHY, level)}


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def test_labels_are_paired_by_id_and_source(tmp_path: Path) -> None:
    for files in SOURCES.values():
        for file in files:
            _write(tmp_path / file, [])
    _write(tmp_path / "posts-en.jsonl", [_post("p1", "neutral", "neutral", 0)])
    _write(tmp_path / "replies-en.jsonl", [_reply("r1", 0), _reply("r2", 1)])
    _write(tmp_path / SECOND, [_reply("r2", 2), _post("p1", "positive", "gratitude", 1)])

    pairs = read_pairs(tmp_path)

    assert pairs["sentences"] == []
    assert [(first["id"], second["politeness"]) for first, second in pairs["posts"]] == [("p1", 1)]
    assert [(first["id"], second["explorations"]) for first, second in pairs["replies"]] == [
        ("r2", 2)
    ]


def test_every_source_has_second_labels_and_no_text_has_two() -> None:
    pairs = read_pairs()

    for source in SOURCES:
        names = [second["id"] for _, second in pairs[source]]
        assert len(names) >= 150
        assert len(names) == len(set(names))


def test_second_labels_answer_what_the_first_do() -> None:
    for of_source in read_pairs().values():
        for first, second in of_source:
            for label in ("sentiment", "emotions", "politeness", *EMPATHY):
                assert (first.get(label) is None) == (second.get(label) is None), first["id"]


def test_posts_are_compared_on_feeling_and_tone_and_replies_on_empathy() -> None:
    posts = [
        _post("p1", "negative", "anger", -2),
        _post("p2", "neutral", "neutral", 0),
        _post("p3", "negative", "anger", -1),
        _post("p4", "neutral", "neutral", 1),
    ]
    replies = [_reply(f"r{number}", number % 3) for number in range(6)]

    of_posts = agreement([(row, row) for row in posts])
    of_replies = agreement([(row, row) for row in replies])

    assert set(of_posts) == {
        "sentiment (kappa)",
        "emotion: anger (kappa)",
        "emotion: neutral (kappa)",
        "politeness (quadratic kappa)",
    }
    assert set(of_replies) == {f"{name.replace('_', ' ')} (quadratic kappa)" for name in EMPATHY}
    assert {figure.value for figure in (*of_posts.values(), *of_replies.values())} == {1.0}


def test_a_gap_of_two_levels_counts_four_times_a_gap_of_one() -> None:
    first = [_reply(f"r{number}", number % 3) for number in range(30)]

    def loss(level: int) -> float:
        second = [_reply("r0", level), *first[1:]]
        return (
            1
            - agreement(list(zip(first, second, strict=True)))[
                "explorations (quadratic kappa)"
            ].value
        )

    assert loss(2) == pytest.approx(4 * loss(1), rel=0.15)

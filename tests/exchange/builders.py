"""Rubrics, conversations and exports that the tests of annotation tools build by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from qa_nlp.rubric import Rubric
from qa_nlp.transcript import Transcript, Turn

SIGNAL = "signals: [{signal: conduct.agent_talk_share, threshold: 0.5, weight: 1}]"


def form(*criteria: str, name: str = "form") -> Rubric:
    """Build a rubric of criteria such as ``"tone"`` or ``"thanks: not_applicable_if: …"``."""
    lines = [
        *("format_version: 1", f"id: {name}", 'version: "1"', "name: A form"),
        *("sections:", "  - id: all", "    name: All & sundry", "    criteria:"),
    ]
    for criterion in criteria:
        identifier, _, more = criterion.partition(": ")
        lines += [
            f"      - id: {identifier}",
            f"        question: Was {identifier} <right>?",
            "        levels: [{id: poor, value: 1}, {id: good, value: 2, description: As told}]",
            f"        {SIGNAL}",
            *([f"        {more}"] if more else []),
        ]
    return Rubric.from_yaml("\n".join(lines))


def call(identifier: str, *said: str) -> Transcript:
    """Build a conversation that a customer begins."""
    words = said or ("Hello, I need help", "Of course")
    roles = ("customer", "agent")
    return Transcript(identifier, [Turn(roles[at % 2], text) for at, text in enumerate(words)])


def written(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def choice(name: str, *levels: str) -> dict[str, Any]:
    """One answer as Label Studio stores it."""
    value = {"choices": list(levels)}
    return {
        "id": "r1",
        "type": "choices",
        "from_name": name,
        "to_name": "dialogue",
        "origin": "manual",
        "value": value,
    }


def annotation(account: Any, *result: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """One rater's annotation as Label Studio stores it."""
    return {
        "id": 11,
        "completed_by": account,
        "result": list(result),
        "was_cancelled": False,
        "ground_truth": False,
        "created_at": "2026-01-05T09:00:00Z",
        "updated_at": "2026-01-05T09:01:00Z",
        "lead_time": 41.2,
        **fields,
    }


def task(identifier: str | None, *annotations: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """One task of Label Studio's JSON export."""
    return {
        "id": 5,
        "data": {"transcript_id": identifier, "dialogue": [{"role": "agent", "text": "Hello"}]},
        "annotations": list(annotations),
        "predictions": [{"result": [choice("tone", "poor")]}],
        "drafts": [],
        "project": 1,
        **fields,
    }


def row(identifier: str, account: Any, **answers: Any) -> dict[str, Any]:
    """One row of Label Studio's JSON-MIN export."""
    return {
        "transcript_id": identifier,
        "dialogue": [{"role": "agent", "text": "Hello"}],
        "id": 5,
        **answers,
        "annotator": account,
        "annotation_id": 11,
        "created_at": "2026-01-05T09:00:00Z",
        "updated_at": "2026-01-05T09:01:00Z",
        "lead_time": 41.2,
    }


def record(identifier: str, **responses: list[tuple[Any, ...]]) -> dict[str, Any]:
    """One record of Argilla, with (user, value) or (user, value, status) for each question."""
    return {
        "id": identifier,
        "fields": {"dialogue": [{"role": "agent", "content": "Hello"}]},
        "metadata": {},
        "suggestions": {"tone": {"value": "poor", "score": None, "agent": "model"}},
        "responses": {
            name: [
                {"user_id": user, "value": value, **({"status": status[0]} if status else {})}
                for user, value, *status in given
            ]
            for name, given in responses.items()
        },
        "vectors": {},
        "status": "pending",
        "_server_id": None,
    }


def rows_of(grades: Any) -> list[tuple[str, str, str | None, str]]:
    """Give grades as plain rows."""
    return [(one.transcript_id, one.criterion, one.rater, one.level) for one in grades]

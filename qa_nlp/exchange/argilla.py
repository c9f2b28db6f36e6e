"""Datasets for Argilla: settings and records as ``Dataset.from_disk`` reads them.

The JSON forms are those that version 2.8 of the package ``argilla`` writes; chat fields need a
server of version 2.2 or later.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from qa_nlp.display.formats import clean
from qa_nlp.exchange.dialogue import graded_conversations, shown_turns
from qa_nlp.exchange.questions import COMMENT, Question, rubric_questions
from qa_nlp.rubric import Rubric
from qa_nlp.transcript import Transcript

__all__ = ["argilla_dataset", "argilla_questions", "argilla_records", "argilla_settings"]

_FIELD: Final = "dialogue"
# Its settings are objects with methods, which no question may hide; others are ours.
_TAKEN: Final = frozenset(
    {_FIELD, COMMENT, "add", "count", "create", "delete", "index", "remove", "serialize", "update"}
)
_NOT_ALLOWED: Final = re.compile(r"[^a-z0-9_-]")
_LONGEST_TITLE: Final = 500
_LONGEST_DESCRIPTION: Final = 1000
_LONGEST_OPTION: Final = 500
_LONGEST_GUIDELINES: Final = 10_000
_LONGEST_MESSAGE: Final = 20_000


def argilla_questions(rubric: Rubric) -> tuple[Question, ...]:
    """Give the questions of a rubric under names that Argilla allows: lower case, digits, ``_-``.

    Parameters
    ----------
    rubric : Rubric
        The form.

    Returns
    -------
    tuple of Question
        In the rubric's order.

    Raises
    ------
    RubricError
        When two criteria would get one name.
    """
    return rubric_questions(rubric, _TAKEN, lambda name: _NOT_ALLOWED.sub("-", name.lower()))


def argilla_settings(rubric: str | Rubric) -> dict[str, Any]:
    """Give the settings of a dataset that asks a rubric's questions.

    Parameters
    ----------
    rubric : str or Rubric
        Shipped name, path or rubric.

    Returns
    -------
    dict
        JSON form of ``argilla.Settings``: a chat field ``dialogue``, a required label question for
        each criterion and a text question ``comment``.

    Raises
    ------
    RubricError
        When there is no such rubric.

    Examples
    --------
    >>> questions = argilla_settings("service_excellence")["questions"]
    >>> [option["value"] for option in questions[2]["settings"]["options"]]
    ['poor', 'fair', 'good', 'excellent']
    """
    rubric = Rubric.load(rubric)
    comment = {
        "name": COMMENT,
        "title": "Comment",
        "description": "Anything that the answers do not say.",
        "required": False,
        "settings": {"type": "text", "use_markdown": False},
    }
    asked = [_label_question(question) for question in argilla_questions(rubric)]
    field = {
        "name": _FIELD,
        "title": "Conversation",
        "required": True,
        "settings": {"type": "chat", "use_markdown": False},
    }
    return {
        "guidelines": _guidelines(rubric),
        "questions": [*asked, comment],
        "fields": [field],
        "vectors": [],
        "metadata": [],
        "allow_extra_metadata": True,
        "distribution": {"strategy": "overlap", "min_submitted": 1},
        "mapping": None,
    }


def argilla_records(
    transcripts: Iterable[Transcript], rubric: str | Rubric, *, mask: bool = True
) -> list[dict[str, Any]]:
    """Give conversations as records.

    Parameters
    ----------
    transcripts : iterable of Transcript
        The conversations; one with several human agents becomes a record for each.
    rubric : str or Rubric
        Shipped name, path or rubric; named in each record.
    mask : bool, default True
        Whether to hide e-mail addresses and runs of five or more digits.

    Returns
    -------
    list of dict
        JSON form of ``argilla.Record``, with the transcript's id as its own.

    Raises
    ------
    TranscriptError
        When two conversations have one id, or one holds no words.
    RubricError
        When there is no such rubric.

    Examples
    --------
    >>> from qa_nlp.transcript import Turn
    >>> chat = Transcript("c1", [Turn("customer", "Hi"), Turn("agent", "Hello")])
    >>> argilla_records([chat], "service_excellence")[0]["fields"]["dialogue"][1]
    {'role': 'agent', 'content': 'Hello'}
    """
    rubric = Rubric.load(rubric)
    return [
        {
            "id": view.id,
            "fields": {
                _FIELD: [
                    {"role": role, "content": part}
                    for role, text in shown_turns(view, mask)
                    for part in _parts(text)
                ]
            },
            "metadata": {"rubric": rubric.id, "rubric_version": rubric.version},
            "suggestions": {},
            "responses": {},
            "vectors": {},
        }
        for view in graded_conversations(transcripts)
    ]


def argilla_dataset(rubric: Rubric, name: str) -> dict[str, Any]:
    """Give the file ``dataset.json`` of a dataset on disk.

    Parameters
    ----------
    rubric : Rubric
        The form.
    name : str
        What the dataset is called; letters, digits, spaces, ``-`` and ``_``.

    Returns
    -------
    dict
        JSON form of the dataset's own fields; the workspace is chosen when it is loaded.
    """
    return {
        "name": name,
        "status": "draft",
        "guidelines": _guidelines(rubric),
        "allow_extra_metadata": True,
        "distribution": {"strategy": "overlap", "min_submitted": 1},
    }


def _label_question(question: Question) -> dict[str, Any]:
    options = [
        {
            "value": answer.level,
            "text": _cut(
                f"{answer.level}: {answer.description}" if answer.description else answer.level,
                _LONGEST_OPTION,
            ),
        }
        for answer in question.answers
    ]
    return {
        "name": question.name,
        "title": _cut(question.text, _LONGEST_TITLE),
        "description": _cut(question.guidance, _LONGEST_DESCRIPTION) or None,
        "required": True,
        "settings": {
            "type": "label_selection",
            "options": options,
            "visible_options": len(options) if len(options) >= 3 else None,
        },
    }


def _guidelines(rubric: Rubric) -> str:
    return _cut(clean(f"{rubric.name}\n\n{rubric.description}").strip(), _LONGEST_GUIDELINES)


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def _parts(text: str) -> Iterator[str]:
    # a longer message is refused, and with it the whole conversation
    for start in range(0, len(text), _LONGEST_MESSAGE):
        if part := text[start : start + _LONGEST_MESSAGE].strip():
            yield part

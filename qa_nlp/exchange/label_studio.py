"""Tasks for Label Studio: a labelling configuration and a file of conversations.

Its tags ``Paragraphs``, ``Choices`` and ``TextArea`` and its JSON task format are followed as
documented for Label Studio 1; what is written passes the checks of ``label-studio-sdk`` 2.1.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from typing import Any, Final

from qa_nlp.exchange.dialogue import graded_conversations, shown_turns
from qa_nlp.exchange.questions import COMMENT, Question, rubric_questions
from qa_nlp.rubric import Rubric
from qa_nlp.transcript import Transcript

__all__ = ["label_studio_config", "label_studio_questions", "label_studio_tasks"]

# The columns that Label Studio itself adds in its JSON-MIN form stand beside the answers there.
_TAKEN: Final = frozenset(
    {
        *("transcript_id", "dialogue", COMMENT),
        *("id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time", "agreement"),
    }
)
# Label Studio puts task data in the place of $name, wherever in a text it stands.
_VARIABLE: Final = re.compile(r"\$(?=[\w\[\].{}])")


def label_studio_questions(rubric: Rubric) -> tuple[Question, ...]:
    """Give the questions of a rubric under the names that Label Studio's files use.

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
    return rubric_questions(rubric, _TAKEN)


def label_studio_config(rubric: str | Rubric) -> str:
    """Give the labelling configuration that asks a rubric's questions.

    The conversation stands on the left. On the right stands a required choice for each criterion:
    the ids of its levels, worst first, and N/A where the rubric allows it, with what each answer
    means; and a box for a comment.

    Parameters
    ----------
    rubric : str or Rubric
        Shipped name, path or rubric.

    Returns
    -------
    str
        XML, for Settings > Labeling Interface > Code.

    Raises
    ------
    RubricError
        When there is no such rubric.

    Examples
    --------
    >>> config = label_studio_config("service_excellence")
    >>> [choices.get("name") for choices in ET.fromstring(config).iter("Choices")]
    ['responsiveness', 'knowledge', 'empathy', 'communication', 'follow_up']
    """
    rubric = Rubric.load(rubric)
    view = ET.Element("View", style="display: flex; gap: 24px")
    left = ET.SubElement(view, "View", style="flex: 1; max-height: 85vh; overflow: auto")
    ET.SubElement(
        left,
        "Paragraphs",
        name="dialogue",
        value="$dialogue",
        layout="dialogue",
        nameKey="role",
        textKey="text",
    )
    right = ET.SubElement(view, "View", style="flex: 1; max-height: 85vh; overflow: auto")
    section = ""
    for question in label_studio_questions(rubric):
        if question.section != section:
            section = question.section
            ET.SubElement(right, "Header", value=_literal(section), size="3")
        _ask(right, question)
    ET.SubElement(right, "Header", value="Comment", size="4")
    ET.SubElement(
        right,
        "TextArea",
        name=COMMENT,
        toName="dialogue",
        rows="3",
        maxSubmissions="1",
        editable="true",
        placeholder="Optional: anything that the answers do not say",
    )
    ET.indent(view)
    return ET.tostring(view, encoding="unicode") + "\n"


def label_studio_tasks(
    transcripts: Iterable[Transcript], rubric: str | Rubric, *, mask: bool = True
) -> list[dict[str, Any]]:
    """Give conversations as tasks.

    Parameters
    ----------
    transcripts : iterable of Transcript
        The conversations; one with several human agents becomes a task for each.
    rubric : str or Rubric
        Shipped name, path or rubric; named in each task.
    mask : bool, default True
        Whether to hide e-mail addresses and runs of five or more digits.

    Returns
    -------
    list of dict
        Each with ``data`` (``transcript_id``, and ``dialogue`` with ``role`` and ``text`` of each
        turn that holds words) and ``meta`` (``rubric`` and ``rubric_version``).

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
    >>> label_studio_tasks([chat], "service_excellence")[0]["data"]["dialogue"][1]
    {'role': 'agent', 'text': 'Hello'}
    """
    rubric = Rubric.load(rubric)
    return [
        {
            "data": {
                "transcript_id": view.id,
                "dialogue": [
                    {"role": role, "text": text} for role, text in shown_turns(view, mask)
                ],
            },
            "meta": {"rubric": rubric.id, "rubric_version": rubric.version},
        }
        for view in graded_conversations(transcripts)
    ]


def _ask(parent: ET.Element, question: Question) -> None:
    ET.SubElement(parent, "Header", value=_literal(question.text), size="4")
    if question.guidance:
        ET.SubElement(parent, "Header", value=_literal(question.guidance), size="6")
    choices = ET.SubElement(
        parent,
        "Choices",
        name=question.name,
        toName="dialogue",
        choice="single-radio",
        showInline="true",
        required="true",
        requiredMessage=_literal(f"Please answer: {question.text}"),
    )
    for answer in question.answers:
        # The hint shows on hover only where the installation allows hints, so it is also below.
        ET.SubElement(choices, "Choice", value=answer.level, hint=_literal(answer.description))
    if not any(answer.description for answer in question.answers):
        return
    panel = ET.SubElement(
        ET.SubElement(parent, "Collapse", accordion="false"), "Panel", value="What the answers mean"
    )
    shown = ET.SubElement(panel, "View")
    for answer in question.answers:
        meaning = _literal(f"{answer.level}: {answer.description or '-'}")
        ET.SubElement(shown, "Header", value=meaning, size="6")


def _literal(text: str) -> str:
    return _VARIABLE.sub("$\N{WORD JOINER}", text)

"""Annotation tools: conversations to them with the rubric's questions, and grades back from them.

Label Studio and Argilla are known by the files that they read and write; neither package is needed.
"""

from qa_nlp.exchange.annotations import Annotations
from qa_nlp.exchange.argilla import argilla_records, argilla_settings
from qa_nlp.exchange.argilla_export import read_argilla
from qa_nlp.exchange.assigning import assign_gradings
from qa_nlp.exchange.assignment import AssignedGrading, Assignment
from qa_nlp.exchange.files import collect_annotations, export_tasks, read_annotations
from qa_nlp.exchange.label_studio import label_studio_config, label_studio_tasks
from qa_nlp.exchange.label_studio_export import read_label_studio

__all__ = [
    "Annotations",
    "AssignedGrading",
    "Assignment",
    "argilla_records",
    "argilla_settings",
    "assign_gradings",
    "collect_annotations",
    "export_tasks",
    "label_studio_config",
    "label_studio_tasks",
    "read_annotations",
    "read_argilla",
    "read_label_studio",
]

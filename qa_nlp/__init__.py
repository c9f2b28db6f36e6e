"""Score contact-centre conversations on a QA scorecard, with the words behind every grade.

Start with `read_transcripts`, `Scorer` and `write_scorecards`. Every public name is loaded when it
is first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa_nlp.agreement.study import AgreementStudy
    from qa_nlp.calibration.means import estimate_means
    from qa_nlp.calibration.raters import rater_effects
    from qa_nlp.calibration.review_sample import ReviewSample, sample_for_review
    from qa_nlp.calibration.summary import CalibrationSummary
    from qa_nlp.classification import classify
    from qa_nlp.counterfactuals.table import Counterfactuals
    from qa_nlp.errors import (
        ArtifactError,
        GradesError,
        MissingExtraError,
        QaNlpError,
        RubricError,
        TranscriptError,
        TranscriptWarning,
    )
    from qa_nlp.exchange import Assignment, assign_gradings, export_tasks, read_annotations
    from qa_nlp.grades import Grades, read_grades
    from qa_nlp.grades_check import check_grades
    from qa_nlp.importers import Transcripts, read_transcripts
    from qa_nlp.predictions import Predictions
    from qa_nlp.rubric import Rubric
    from qa_nlp.samples import load_samples
    from qa_nlp.scorecard import Evidence, Grade, GradeStatus, Scorecard, SectionScore, TotalStatus
    from qa_nlp.scorecards import Scorecards, read_scorecards, write_scorecards
    from qa_nlp.scorer import Scorer
    from qa_nlp.signals.hf_classifier import HFClassifier
    from qa_nlp.signals.phrases import PhraseBank
    from qa_nlp.transcript import Role, Transcript, Turn

__version__ = "0.1.0"

__all__ = [
    "AgreementStudy",
    "ArtifactError",
    "Assignment",
    "CalibrationSummary",
    "Counterfactuals",
    "Evidence",
    "Grade",
    "GradeStatus",
    "Grades",
    "GradesError",
    "HFClassifier",
    "MissingExtraError",
    "PhraseBank",
    "Predictions",
    "QaNlpError",
    "ReviewSample",
    "Role",
    "Rubric",
    "RubricError",
    "Scorecard",
    "Scorecards",
    "Scorer",
    "SectionScore",
    "TotalStatus",
    "Transcript",
    "TranscriptError",
    "TranscriptWarning",
    "Transcripts",
    "Turn",
    "assign_gradings",
    "check_grades",
    "classify",
    "estimate_means",
    "export_tasks",
    "load_samples",
    "rater_effects",
    "read_annotations",
    "read_grades",
    "read_scorecards",
    "read_transcripts",
    "sample_for_review",
    "write_scorecards",
]

_MODULES = {
    "AgreementStudy": "agreement.study",
    "ArtifactError": "errors",
    "Assignment": "exchange",
    "CalibrationSummary": "calibration.summary",
    "Counterfactuals": "counterfactuals.table",
    "Evidence": "scorecard",
    "Grade": "scorecard",
    "GradeStatus": "scorecard",
    "Grades": "grades",
    "GradesError": "errors",
    "HFClassifier": "signals.hf_classifier",
    "MissingExtraError": "errors",
    "PhraseBank": "signals.phrases",
    "Predictions": "predictions",
    "QaNlpError": "errors",
    "ReviewSample": "calibration.review_sample",
    "Role": "transcript",
    "Rubric": "rubric",
    "RubricError": "errors",
    "Scorecard": "scorecard",
    "Scorecards": "scorecards",
    "Scorer": "scorer",
    "SectionScore": "scorecard",
    "TotalStatus": "scorecard",
    "Transcript": "transcript",
    "TranscriptError": "errors",
    "TranscriptWarning": "errors",
    "Transcripts": "importers",
    "Turn": "transcript",
    "assign_gradings": "exchange",
    "check_grades": "grades_check",
    "classify": "classification",
    "estimate_means": "calibration.means",
    "export_tasks": "exchange",
    "load_samples": "samples",
    "rater_effects": "calibration.raters",
    "read_annotations": "exchange",
    "read_grades": "grades",
    "read_scorecards": "scorecards",
    "read_transcripts": "importers",
    "sample_for_review": "calibration.review_sample",
    "write_scorecards": "scorecards",
}


if not TYPE_CHECKING:  # so that a type checker reports a misspelt name instead of asking here

    def __getattr__(name: str) -> object:
        module = _MODULES.get(name)
        if module is None:
            raise AttributeError(f"module 'qa_nlp' has no attribute {name!r}")
        value = globals()[name] = getattr(importlib.import_module(f"qa_nlp.{module}"), name)
        return value


def __dir__() -> list[str]:
    return ["__version__", *__all__]

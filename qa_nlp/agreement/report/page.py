"""An agreement study as one HTML page that needs nothing but itself.

The page states a content security policy under which only its own script runs and nothing is
fetched. Everything from the data is cleaned by the views and escaped by the template.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qa_nlp.agreement.report.view import report_view
from qa_nlp.display.pages import render, script_hash, source

__all__ = ["report_html"]


def report_html(study: Mapping[str, Any], include_text: bool = True) -> str:
    """Draw an agreement study as a self-contained page.

    Parameters
    ----------
    study : dict
        As an agreement study gives it.
    include_text : bool, default True
        Whether words of conversations are shown, masked, where machine and people disagree.

    Returns
    -------
    str
        A whole HTML document with its own style, script and drawings.

    Raises
    ------
    ArtifactError
        When the study is of another format or lacks a part.
    MissingExtraError
        When vl-convert is not installed.

    Examples
    --------
    >>> report_html({"format": 0})
    Traceback (most recent call last):
    ...
    qa_nlp.errors.ArtifactError: the study has format 0, and this version reads 1; make the study
    again from scorecards and grades
    """
    script = source("report.js")
    return render(
        "report.html.j2",
        report=report_view(study, include_text=include_text),
        style=source("scorecard.css") + source("report.css"),
        script=script,
        script_hash=script_hash(script),
    )

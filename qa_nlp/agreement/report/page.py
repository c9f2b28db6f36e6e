"""An agreement study as one HTML page that needs nothing but itself.

The page states a content security policy under which only its own script runs and nothing is
fetched. Everything from the data is cleaned by the views and escaped by the template.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from qa_nlp.agreement.report.view import report_view
from qa_nlp.display.formats import counted

__all__ = ["report_html"]

_TEMPLATES: Final = Path(__file__).parents[2] / "templates"


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
    script = _source("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    template = _environment().get_template("report.html.j2")
    return template.render(
        report=report_view(study, include_text=include_text),
        style=_source("scorecard.css") + _source("report.css"),
        script=script,
        script_hash=f"sha256-{digest}",
    )


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["counted"] = counted
    return environment


@functools.cache
def _source(name: str) -> Markup:
    """Give a style sheet or script as it is: ours, so neither escaped nor read as a template."""
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))

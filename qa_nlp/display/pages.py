"""Pages that need nothing but themselves: templates, their style sheets and their scripts."""

from __future__ import annotations

import base64
import functools
import hashlib
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from qa_nlp.display.conversation import EFFECTS
from qa_nlp.display.formats import counted

__all__ = ["render", "script_hash", "source"]

_TEMPLATES: Final = Path(__file__).parents[1] / "templates"
_SHOWN_EVIDENCE: Final = 4


def render(template: str, **values: object) -> str:
    """Fill in a template; every text is escaped.

    Parameters
    ----------
    template : str
        Its file name.
    **values
        What it shows.

    Returns
    -------
    str
        HTML.
    """
    return _environment().get_template(template).render(values)


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {
        "counted": counted,
        "effects": EFFECTS,
        "shown_evidence": _SHOWN_EVIDENCE,
    }
    return environment


@functools.cache
def source(name: str) -> Markup:
    """Give a style sheet or script as it is: ours, so neither escaped nor read as a template.

    Parameters
    ----------
    name : str
        Its file name.

    Returns
    -------
    Markup
        Its text.
    """
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))


def script_hash(script: str) -> str:
    """Give what a content security policy knows a script by.

    Parameters
    ----------
    script : str
        The whole script.

    Returns
    -------
    str
        Its hash.

    Examples
    --------
    >>> script_hash("")
    'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='
    """
    return f"sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}"

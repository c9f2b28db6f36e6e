"""Parts of a benchmark that are measured apart: what they gave, and what it was measured on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qa_nlp.user_files import replacing

__all__ = ["keep", "kept"]


def keep(path: Path, state: Mapping[str, str], content: Any) -> None:
    """Write what a part of a benchmark gave.

    Parameters
    ----------
    path : pathlib.Path
        A JSON file; its folder is made where it is missing.
    state : mapping of str to str
        Hashes of what it depends on.
    content : object
        Anything that JSON can hold.
    """
    with replacing(path) as temporary:
        document = {"state": dict(state), "content": content}
        temporary.write_text(json.dumps(document, indent=1), encoding="utf-8")


def kept(path: Path, state: Mapping[str, str]) -> Any:
    """Read what a part of a benchmark gave.

    Parameters
    ----------
    path : pathlib.Path
        Written by `keep`.
    state : mapping of str to str
        What it depends on now.

    Returns
    -------
    object or None
        None where there is none, or it was measured on something else.
    """
    if not path.is_file():
        return None
    document = json.loads(path.read_text(encoding="utf-8"))
    return document["content"] if document.get("state") == dict(state) else None

"""Draw the table of training data in each model card from the manifest beside it.

Run ``python -m scripts.card_data --write`` after an encoder was trained anew; ``--check`` writes
nothing and fails when a table is stale.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from scripts.check_results import markdown_table
from scripts.drawn_table import DrawnTable, check_or_write

MODELS: Final = Path(__file__).resolve().parent.parent / "models"
OPENING: Final = "<!-- data -->\n"
CLOSING: Final = "<!-- /data -->\n"

_COLUMNS: Final = ("source", "texts", "licence", "for", "train", "development", "test")
_MECHANISMS: Final = "the mechanisms of empathy"
_PUBLIC: Final = {
    "epitome": (
        "EPITOME: answers in peer support about mental health, Reddit (Sharma et al. 2020)",
        _MECHANISMS,
    ),
    "goemotions": ("GoEmotions: Reddit comments (Demszky et al. 2020)", "emotion, sentiment"),
    "sart": ("SART: Romanian tweets (Ciobotaru & Dinu 2023)", "sentiment"),
    "star": ("STAR: what agents typed in played dialogues (Mosig et al. 2020)", "act"),
    "tydip": (
        "TyDiP, English: requests on Wikipedia talk pages (Srinivasan & Choi 2022)",
        "politeness",
    ),
}
_FEELINGS: Final = "sentiment, emotion groups, politeness"
_OWN: Final = {
    "advice": ("answers to another's trouble, most of them advice", _MECHANISMS),
    "agents": ("what agents say", _MECHANISMS),
    "chats": ("what customers type in support chats", "emotion groups"),
    "critics": ("sentences from reviews, many of them oblique", "sentiment"),
    "forum": ("answers to another's trouble in the manner of large forums", _MECHANISMS),
    "microblog": ("short public posts", "sentiment"),
    "posts": ("customers' public posts", _FEELINGS),
    "replies": ("answers to another's trouble", _MECHANISMS),
    "requests": ("written requests among people who work together", "politeness"),
    "reviews": ("reviews of films, books and the like", _FEELINGS),
    "sentences": ("what agents and customers say", f"{_FEELINGS}, {_MECHANISMS}"),
    "service": ("posts and reviews about services", _FEELINGS),
    "talk": ("requests among people who write something together", "politeness"),
    "travel": ("posts about travel", _FEELINGS),
    "verdicts": ("sentences from reviews, most of them direct", "sentiment"),
}
_LANGUAGES: Final = {"en": "English", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian"}
_OWN_TERMS: Final = "written for this project"
_TERMS: Final = {_OWN_TERMS: f"{_OWN_TERMS}, Apache-2.0", "research": "none stated: research only"}


def data_table(manifest: Mapping[str, Any]) -> str:
    """Draw the sources that a manifest names.

    Parameters
    ----------
    manifest : mapping
        With ``data`` and ``licences``.

    Returns
    -------
    str
        Markdown that ends with a line break.

    Raises
    ------
    ValueError
        When there is nothing known of a source.
    """
    rows = []
    for source, counts in manifest["data"].items():
        texts, purpose = _described(source)
        terms = manifest["licences"][source]
        numbers = [f"{counts[part]:,}" for part in _COLUMNS[4:]]
        rows.append([f"`{source}`", texts, _TERMS.get(terms, terms), purpose, *numbers])
    return markdown_table({"columns": _COLUMNS, "rows": rows})


def _described(source: str) -> tuple[str, str]:
    if source in _PUBLIC:
        return _PUBLIC[source]
    kind, _, code = source.partition("-")
    if kind not in _OWN or code not in _LANGUAGES:
        raise ValueError(f"nothing is known of source {source!r}; describe it in {__name__}")
    texts, purpose = _OWN[kind]
    return f"{texts}, {_LANGUAGES[code]}", purpose


def main(arguments: Sequence[str] | None = None, models: Path = MODELS) -> int:
    """Write the tables, or check them.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line; default: that of the process.
    models : pathlib.Path
        Where the encoders' folders lie; those without a manifest are left alone.

    Returns
    -------
    int
        Exit code: 1 when ``--check`` found a stale table.
    """
    drawn = [
        DrawnTable(
            path.with_name("README.md"),
            OPENING,
            CLOSING,
            data_table(json.loads(path.read_text(encoding="utf-8"))),
        )
        for path in sorted(models.glob("encoder-*/manifest.json"))
    ]
    return check_or_write(drawn, arguments, script="scripts.card_data", description=str(__doc__))


if __name__ == "__main__":
    sys.exit(main())

"""Scorecards as HTML: in a notebook cell, and as a page that needs nothing but itself.

Everything from a transcript is masked by `qa_nlp.display` and escaped by the templates. The page
states a content security policy under which only its own script runs and nothing is fetched.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from qa_nlp.display.card import card_view
from qa_nlp.display.pages import render, script_hash, source
from qa_nlp.scorecard import Scorecard

__all__ = ["notebook_html", "overview_html", "page_html"]

MOST_ROWS: Final = 50
"""Rows of an overview in a notebook."""


def notebook_html(card: Scorecard) -> str:
    """Draw one scorecard for a notebook cell, beside its transcript where that is attached.

    Parameters
    ----------
    card : Scorecard
        The scorecard.

    Returns
    -------
    str
        HTML without script; hovering over a grade marks its evidence.

    Examples
    --------
    >>> "c1" in notebook_html(Scorecard("c1", "c1", "demo", "1", total=80.0))
    True
    """
    name = f"{card.transcript_id}\n{card.rubric}\n{card.fingerprint}"
    digest = hashlib.blake2s(name.encode(errors="replace"), digest_size=4).hexdigest()
    view = card_view(card, f"qa{digest}")
    return render("notebook.html.j2", card=view, style=source("scorecard.css"))


def overview_html(cards: Sequence[Scorecard]) -> str:
    """Draw a table of scorecards for a notebook cell.

    Parameters
    ----------
    cards : sequence of Scorecard
        The first 50 are shown.

    Returns
    -------
    str
        HTML without script.
    """
    return render(
        "overview.html.j2",
        cards=[card_view(replace(card, transcript=None), "") for card in cards[:MOST_ROWS]],
        tally=_tally(cards),
        left_out=len(cards) > MOST_ROWS,
        style=source("scorecard.css"),
    )


def page_html(cards: Iterable[Scorecard]) -> str:
    """Draw scorecards as a self-contained page: an overview, then one card for each conversation.

    Parameters
    ----------
    cards : iterable of Scorecard
        In order; transcripts are shown where they are attached, up to 400 turns and all turns that
        hold evidence.

    Returns
    -------
    str
        A whole HTML document with its own style and script.
    """
    cards = list(cards)
    views = [card_view(card, f"c{index}") for index, card in enumerate(cards)]
    script = source("page.js")
    return render(
        "page.html.j2",
        cards=views,
        rubrics=list(dict.fromkeys(view.rubric for view in views if view.rubric)),
        tally=_tally(cards),
        style=source("scorecard.css") + source("page.css"),
        script=script,
        script_hash=script_hash(script),
    )


def _tally(cards: Sequence[Scorecard]) -> list[tuple[int, str]]:
    return [
        (len(cards), "conversation" if len(cards) == 1 else "conversations"),
        (sum(card.needs_review for card in cards), "for a person to look at"),
        (sum(bool(card.critical_failures) for card in cards), "failed on a critical criterion"),
        (sum(card.error is not None for card in cards), "without a scorecard"),
    ]

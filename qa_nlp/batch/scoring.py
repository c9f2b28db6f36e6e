"""Score conversations so that one which makes the scorer fail costs no other."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qa_nlp.errors import QaNlpError, TranscriptError
from qa_nlp.importers import BadTranscript
from qa_nlp.scorecard import Scorecard
from qa_nlp.transcript import Transcript

if TYPE_CHECKING:
    from qa_nlp.scorer import Scorer

__all__ = ["place_of", "score_all"]


def score_all(scorer: Scorer, items: Sequence[Transcript | BadTranscript]) -> list[Scorecard]:
    """Score conversations; what fails becomes a card with an error.

    Parameters
    ----------
    scorer : Scorer
        What grades.
    items : sequence of Transcript or BadTranscript
        The conversations.

    Returns
    -------
    list of Scorecard
        In order, each the same as when it is scored alone.

    Raises
    ------
    QaNlpError
        When weights are missing or damaged.
    OSError
        When the machine fails, not the conversation.
    """
    try:
        return list(scorer.iter_scores(items))
    except Exception as error:
        if not _is_the_conversations(error):
            raise
    return [card for item in items for card in _score_alone(scorer, item)]


def _score_alone(scorer: Scorer, item: Transcript | BadTranscript) -> list[Scorecard]:
    try:
        return list(scorer.iter_scores([item]))
    except Exception as error:
        if not _is_the_conversations(error) or isinstance(item, BadTranscript):
            raise
        # The message of a foreign exception may quote the conversation.
        reason = TranscriptError(
            f"scoring failed with {place_of(error)}; please report it, or leave the conversation "
            "out",
            transcript_id=item.id,
        )
        return list(scorer.iter_scores([BadTranscript(item.id, item.id, reason)]))


def _is_the_conversations(error: Exception) -> bool:
    if isinstance(error, QaNlpError):
        return isinstance(error, TranscriptError)
    return not isinstance(error, (OSError, MemoryError))


def place_of(error: Exception) -> str:
    """Tell what failed where, without the message, which may hold words of a conversation.

    Parameters
    ----------
    error : Exception
        With its traceback.

    Returns
    -------
    str
        Kind, file and line.
    """
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}{where}"

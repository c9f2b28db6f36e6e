"""What happens turn by turn: a table for people and notebooks, without a word of what was said."""

from __future__ import annotations

from math import nan
from typing import Any, Final

from qa_nlp.scorecards import to_library
from qa_nlp.signals.base import Batch
from qa_nlp.signals.emotion import SHOWN, negative_emotion
from qa_nlp.signals.empathy import MECHANISMS
from qa_nlp.signals.tasks import EMOTION_GROUPS
from qa_nlp.signals.turns import SpokenTurns
from qa_nlp.transcript import Role

__all__ = ["TIMELINE_COLUMNS", "timeline"]

TIMELINE_COLUMNS: Final = (
    "turn",
    "role",
    "start_seconds",
    "sentiment",
    "emotion",
    "negative_emotion",
    "politeness",
    *MECHANISMS,
)
"""The columns of a timeline."""

_Row = dict[str, Any]


def timeline(batch: Batch, library: str = "pandas") -> Any:
    """Tell what was measured on each turn of one transcript.

    Parameters
    ----------
    batch : Batch
        With one transcript.
    library : {"pandas", "polars", "arrow"}, default "pandas"
        What to return.

    Returns
    -------
    pandas.DataFrame, polars.DataFrame or pyarrow.Table
        One row for each turn, with `TIMELINE_COLUMNS`: ``turn`` counts from 0, as in evidence;
        ``sentiment`` is the turn's valence; ``emotion`` the strongest group that it shows, else
        ``"neutral"``; ``negative_emotion`` the probability of the strongest negative group;
        ``politeness`` lies in [0, 1]; the mechanisms are levels from 0 to 2, on turns of the agent
        alone. NaN, and None for the emotion, where nothing could be measured.

    Raises
    ------
    ValueError
        When the batch holds another number of transcripts, or the library is another.
    """
    if len(batch.transcripts) != 1:
        raise ValueError(f"a timeline is that of one transcript, not of {len(batch.transcripts)}")
    rows: list[_Row] = [
        {
            **dict.fromkeys(TIMELINE_COLUMNS, nan),
            "turn": index,
            "role": turn.role.value,
            "start_seconds": nan if turn.start is None else turn.start,
            "emotion": None,
        }
        for index, turn in enumerate(batch.transcripts[0].turns)
    ]
    for role in (Role.AGENT, Role.CUSTOMER):
        _add_values(rows, batch, "sentiment", role)
        _add_values(rows, batch, "politeness", role)
        _add_emotions(rows, batch, role)
    for mechanism in MECHANISMS:
        _add_values(rows, batch, mechanism, Role.AGENT)
    return to_library(rows, library, list(TIMELINE_COLUMNS))


def _add_values(rows: list[_Row], batch: Batch, task: str, role: Role) -> None:
    if task in batch.turn_answers:
        spoken = SpokenTurns.of(batch, role)
        values = spoken.answers(batch.turn_answers[task].values)
        for turn, value in spoken.by_transcript(values)[0].items():
            rows[turn][task] = value


def _add_emotions(rows: list[_Row], batch: Batch, role: Role) -> None:
    if "emotion_group" not in batch.turn_answers:
        return
    spoken = SpokenTurns.of(batch, role)
    probabilities = spoken.answers(batch.turn_answers["emotion_group"].probabilities)
    # one neutral sentence beside an angry one makes no neutral turn
    shown = probabilities[:, :-1].max(axis=1)
    which = probabilities[:, :-1].argmax(axis=1)
    negative = spoken.answers(negative_emotion(batch))
    for row, turn in enumerate(spoken.turns.tolist()):
        emotion = which[row] if shown[row] >= SHOWN else -1
        rows[turn]["emotion"] = EMOTION_GROUPS[emotion]
        rows[turn]["negative_emotion"] = float(negative[row])

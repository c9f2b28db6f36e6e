"""What the text as a whole says about a grade, learnt by ridge regression on its summary.

The score joins the named signals as one more column (stacking, Wolpert 1992, "Stacked
generalization"), so that its part in a grade is one number beside theirs.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from qa_nlp.calibration.choice import clearly_best
from qa_nlp.calibration.group_ridge import RidgeBasis
from qa_nlp.signals.summary import VIEWS, Summary
from qa_nlp.transcript import Role

__all__ = [
    "END",
    "TURNS",
    "TextFit",
    "TextTerm",
    "TextViews",
    "TurnGrades",
    "fit_texts",
    "fit_turns",
]

Array = NDArray[np.float64]
Index = NDArray[np.int64]

END: Final = "text.whole"
TURNS: Final = "text.turns"

_FARTHEST: Final = 4.0
"""Standard deviations of the grades beyond which a score counts no more."""

_LEAST_SPREAD: Final = 1e-9
_FEW_GROUPS: Final = 20
_MOST_DIRECTIONS: Final = 256


@dataclass(frozen=True, slots=True, eq=False)
class TextTerm:
    """A learnt score of the text, and its weight.

    Parameters
    ----------
    name : str
        Of the contribution: ``text.whole`` or ``text.turns``.
    view : str
        What it looks at, of `VIEWS`.
    coef : ndarray of float64, shape (columns of the view,)
        Weights.
    intercept : float
        Added to the sum; the score is 0 for the average graded conversation.
    weight : float
        Logits for one standard deviation of the grades.
    turns_of : Role, optional
        After whose turns the score is taken and averaged; default: at the end only.
    encoder : str, default ""
        Whose vectors it reads; text read by another encoder has no score.
    """

    name: str
    view: str
    coef: Array
    intercept: float
    weight: float = 0.0
    turns_of: Role | None = None
    encoder: str = ""

    def score(self, summary: Summary) -> float:
        """Give the score of a conversation.

        Parameters
        ----------
        summary : Summary
            Of the conversation.

        Returns
        -------
        float
            Predicted standard deviations from the mean grade, -4 to 4; 0 where nothing was read,
            or by another encoder.
        """
        if not len(summary.rows) or summary.encoder != self.encoder:
            return 0.0
        if self.turns_of is None:
            rows = summary.view(self.view)[None, :]
        else:
            rows = summary.turn_views(self.view, self.turns_of)
        if not len(rows):
            return 0.0
        found = float(np.mean(rows @ self.coef + self.intercept))
        return max(-_FARTHEST, min(_FARTHEST, found))

    def contribution(self, summary: Summary) -> float:
        """Give the logits that a conversation's text adds.

        Parameters
        ----------
        summary : Summary
            Of the conversation.

        Returns
        -------
        float
            Logits.
        """
        return self.weight * self.score(summary)


class TextViews:
    """The views of graded conversations, on comparable scales and in fewer columns.

    Columns are divided by their spread over these conversations and by the root of their number,
    and then turned to their main directions (principal components): 256, or a quarter as many as
    there are conversations where that is more. No grade is looked at. Conversations read by
    different encoders are apart in all this.

    Parameters
    ----------
    summaries : sequence of Summary
        Of the graded conversations.
    views : sequence of str, optional
        Which views; default: all.
    """

    def __init__(self, summaries: Sequence[Summary], views: Sequence[str] = tuple(VIEWS)) -> None:
        self.summaries = tuple(summaries)
        encoders = sorted({one.encoder for one in summaries if len(one.rows)})
        self.parts = tuple(EncoderViews(encoder, self.summaries, views) for encoder in encoders)

    def fresh(self) -> TextViews:
        """Give the same views without what was kept of earlier fits.

        Returns
        -------
        TextViews
            For fits to many draws of conversations, none of which comes again.
        """
        twin = copy.copy(self)
        twin.parts = tuple(copy.copy(part) for part in self.parts)
        for part in twin.parts:
            part.forget()
        return twin


class EncoderViews:
    """The views of those graded conversations that one encoder read, see `TextViews`.

    Parameters
    ----------
    encoder : str
        Its fingerprint.
    summaries : sequence of Summary
        Of all graded conversations.
    views : sequence of str
        Which views.
    """

    def __init__(self, encoder: str, summaries: Sequence[Summary], views: Sequence[str]) -> None:
        self.encoder = encoder
        self.read = np.array([one.encoder == encoder and len(one.rows) > 0 for one in summaries])
        own = [one for one, read in zip(summaries, self.read, strict=True) if read]
        self._place = np.cumsum(self.read) - 1
        self.directions: dict[str, Array] = {}
        self._rows: dict[str, Array] = {}
        for view in views:
            rows = np.array([summary.view(view) for summary in own])
            spread = rows.std(axis=0)
            scale = np.where(spread > _LEAST_SPREAD, spread, np.inf) * np.sqrt(rows.shape[1])
            scaled = rows / scale
            directions = _main_directions(scaled - scaled.mean(axis=0))
            self.directions[view] = directions / scale[:, None]
            self._rows[view] = scaled @ directions
        self.forget()

    def forget(self) -> None:
        """Drop what was kept of earlier fits."""
        self._bases: dict[tuple[str, bytes], RidgeBasis] = {}

    def basis(self, view: str, rows: Index, groups: Index) -> RidgeBasis:
        """Give what a ridge regression on some of the conversations needs, made once.

        Parameters
        ----------
        view : str
            Which view.
        rows : ndarray of int64, shape (n,)
            Which conversations, all of them read by this encoder.
        groups : ndarray of int64, shape (n,)
            Their groups.

        Returns
        -------
        RidgeBasis
            Of those rows.
        """
        key = (view, rows.tobytes())
        if key not in self._bases:
            self._bases[key] = RidgeBasis(self._rows[view][self._place[rows]], groups)
        return self._bases[key]


@dataclass(frozen=True, slots=True, eq=False)
class TurnGrades:
    """Grades of conversations up to a turn, beside those of whole conversations.

    Parameters
    ----------
    views : TextViews
        Of the conversations up to each graded turn.
    values : ndarray of float64, shape (turns,)
        Mean grade of each.
    groups : ndarray of int64, shape (turns,)
        Group of each, in the numbers of the whole conversations.
    owner : ndarray of int64, shape (turns,)
        Row of the whole conversation; -1 where that was not graded.
    role : Role
        Who says these turns, or most of them.
    """

    views: TextViews
    values: Array
    groups: Index
    owner: Index
    role: Role


@dataclass(frozen=True, slots=True, eq=False)
class TextFit:
    """A score of the text, fitted to some graded conversations.

    Parameters
    ----------
    term : TextTerm
        The score, without a weight yet.
    left_out : ndarray of float64, shape (n,)
        Score of each of those conversations by a fit that left its group out.
    """

    term: TextTerm
    left_out: Array


def fit_texts(views: TextViews, rows: Index, groups: Index, y: Array) -> tuple[TextFit, ...]:
    """Fit a score of the text for each encoder, on the view that predicts left-out groups best.

    The first view is given up only for one that is clearly better, see `clearly_best`.

    Parameters
    ----------
    views : TextViews
        Of all graded conversations.
    rows : ndarray of int64, shape (n,)
        Which to learn from.
    groups : ndarray of int64, shape (n,)
        Their groups.
    y : ndarray, shape (n,)
        Their mean grades.

    Returns
    -------
    tuple of TextFit
        One for each encoder that read at least 20 groups whose grades are not all equal.
    """
    fits = []
    for part in views.parts:
        own = part.read[rows]
        if len(np.unique(groups[own])) >= _FEW_GROUPS and y[own].std() > _LEAST_SPREAD:
            fit = _fit(part, rows[own], groups[own], y[own])
            left_out = np.zeros(len(rows))
            left_out[own] = fit.left_out
            fits.append(replace(fit, left_out=left_out))
    return tuple(fits)


def _fit(part: EncoderViews, rows: Index, groups: Index, y: Array) -> TextFit:
    spread = float(y.std())
    fits = {view: part.basis(view, rows, groups).fit(y) for view in part.directions}
    view = list(fits)[clearly_best([(y - fit.left_out) ** 2 for fit in fits.values()], groups)]
    fit = fits[view]
    others = _mean_of_others(y, groups)
    left_out = np.clip((fit.left_out - others) / spread, -_FARTHEST, _FARTHEST)
    coef = part.directions[view] @ fit.coef / spread
    intercept = (fit.intercept - float(y.mean())) / spread
    return TextFit(TextTerm(END, view, coef, intercept, encoder=part.encoder), left_out)


def _main_directions(rows: Array) -> Array:
    """Give the directions in which rows differ most, shape (columns, directions)."""
    size, columns = rows.shape
    most = min(size, columns, max(_MOST_DIRECTIONS, size // 4))
    if size >= columns:
        return np.asarray(np.linalg.eigh(rows.T @ rows)[1][:, ::-1][:, :most])
    values, left = np.linalg.eigh(rows @ rows.T)
    kept = np.flatnonzero(values > _LEAST_SPREAD)[::-1][:most]
    return np.asarray(rows.T @ (left[:, kept] / np.sqrt(values[kept])))


def fit_turns(
    turns: TurnGrades, summaries: Sequence[Summary], items: Index, learn_from: Index
) -> tuple[TextFit, ...]:
    """Fit a score of turns, to be averaged over a whole conversation.

    Parameters
    ----------
    turns : TurnGrades
        Grades of turns.
    summaries : sequence of Summary
        Of the whole conversations, after each of their turns.
    items : ndarray of int64, shape (n,)
        Rows of those to learn from.
    learn_from : ndarray of int64
        Groups that may be looked at.

    Returns
    -------
    tuple of TextFit
        As `fit_texts` gives. A conversation none of whose turns was graded is scored by the fit to
        all others, which is what leaving it out means.
    """
    rows = np.flatnonzero(np.isin(turns.groups, learn_from))
    owner = turns.owner[rows]
    fits = []
    for fit in fit_texts(turns.views, rows, turns.groups[rows], turns.values[rows]):
        term = replace(fit.term, name=TURNS, turns_of=turns.role)
        known = {
            int(row): float(fit.left_out[owner == row].mean())
            for row in np.unique(owner)
            if row >= 0
        }
        told = [known[row] if row in known else term.score(summaries[row]) for row in items]
        fits.append(TextFit(term, np.array(told)))
    return tuple(fits)


def _mean_of_others(y: Array, groups: Index) -> Array:
    """Give the mean of all other groups; a score measured from it knows nothing of its own row."""
    _, owner = np.unique(groups, return_inverse=True)
    size, total = np.bincount(owner), np.bincount(owner, y)
    return np.asarray((y.sum() - total[owner]) / np.maximum(len(y) - size[owner], 1))

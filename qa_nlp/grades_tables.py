"""Human grades as codes, and the tables that a check of them shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qa_nlp.grade_levels import NOT_APPLICABLE, level_position
from qa_nlp.grades import Grades
from qa_nlp.rubric import Rubric

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LEAST_CHOSEN",
    "LEAST_LEARNT",
    "LEAST_TEXT",
    "UNKNOWN",
    "Counts",
    "coded_grades",
    "double_graded_rows",
    "learnable_rows",
    "level_counts",
    "level_rows",
    "linked",
    "rater_rows",
]

Counts: TypeAlias = Mapping[str, Mapping[int, int]]

UNKNOWN: Final = -2
"""The position of a level that the criterion does not have."""

LEAST_LEARNT: Final = 10
"""Graded conversations from which a criterion is learnt at all."""

LEAST_TEXT: Final = 20
"""Graded conversations from which a score of the text is learnt."""

LEAST_CHOSEN: Final = 40
"""Graded conversations from which cross-validation may change strengths."""

_LEARNABLE: Final = (
    (LEAST_LEARNT, "nothing is learnt: the rubric's model stays"),
    (
        LEAST_TEXT,
        "where the levels begin, a factor on the rubric's weights and a small shift of each, at a "
        "fixed strength",
    ),
    (
        LEAST_CHOSEN,
        "where the levels begin, a factor on the rubric's weights, a small shift of each and a "
        "score of the text, at fixed strengths",
    ),
    (
        150,
        "where the levels begin, the weights of the signals and a score of the text, at strengths "
        "that cross-validation may change",
    ),
)
_MOST: Final = (
    "where the levels begin, the weights of the signals and a score of the text; as a rule of "
    "thumb, the weights follow the grades where these disagree with the rubric"
)


def coded_grades(grades: Grades, rubric: Rubric) -> pd.DataFrame:
    """Give one row of codes for each grade.

    Parameters
    ----------
    grades : Grades
        Human grades.
    rubric : Rubric
        The rubric.

    Returns
    -------
    pandas.DataFrame
        ``transcript``, ``asked`` (the criterion as written), ``criterion`` (position in the rubric,
        -1: unknown), ``rater`` (-1: an unknown person), ``text`` (the level as written) and
        ``position`` (of the level, -1: N/A, `UNKNOWN`: none of the criterion's).
    """
    import pandas as pd

    codes = {criterion.id: at for at, criterion in enumerate(rubric.criteria)}
    asked, names = pd.factorize(grades.criteria)
    text, texts = pd.factorize(grades.levels)
    place = np.array([codes.get(name, -1) for name in names], dtype=np.int64)[asked]
    pairs, pair = np.unique(place * len(texts) + text, return_inverse=True)
    positions = np.full(len(pairs), UNKNOWN, dtype=np.int64)
    for at in np.flatnonzero(pairs >= 0):
        criterion, level = divmod(int(pairs[at]), len(texts))
        found = level_position(rubric.criteria[criterion], texts[level])
        positions[at] = UNKNOWN if found is None else found
    return pd.DataFrame(
        {
            "transcript": pd.factorize(grades.transcript_ids)[0],
            "asked": asked,
            "criterion": place,
            "rater": pd.factorize(grades.raters)[0],
            "text": text,
            "position": positions[pair],
        }
    )


def level_counts(usable: pd.DataFrame, rubric: Rubric) -> Counts:
    """Count the grades of each level of each criterion.

    Parameters
    ----------
    usable : pandas.DataFrame
        Of `coded_grades`, without what is unknown, and each row once.
    rubric : Rubric
        The rubric.

    Returns
    -------
    dict of str to dict of int to int
        By criterion and position; -1 is N/A.
    """
    found = usable.groupby(["criterion", "position"]).size().to_dict()
    return {
        criterion.id: {
            position: int(found.get((at, position), 0))
            for position in range(-1, len(criterion.levels))
        }
        for at, criterion in enumerate(rubric.criteria)
    }


def level_rows(rubric: Rubric, counts: Counts) -> list[dict[str, Any]]:
    """Count the levels given.

    Parameters
    ----------
    rubric : Rubric
        The rubric.
    counts : mapping of str to mapping of int to int
        Of `level_counts`.

    Returns
    -------
    list of dict
        The table ``levels`` of `GradesReport`.
    """
    return [
        {"criterion": criterion.id, "level": name, "count": counts[criterion.id][position]}
        for criterion in rubric.criteria
        for position, name in (
            *enumerate(level.id for level in criterion.levels),
            (-1, NOT_APPLICABLE),
        )
    ]


def rater_rows(names: Sequence[str], usable: pd.DataFrame, rubric: Rubric) -> list[dict[str, Any]]:
    """Count and average what each rater gave.

    Parameters
    ----------
    names : sequence of str
        Of the known raters, by code.
    usable : pandas.DataFrame
        Of `coded_grades`, without what is unknown, and each row once.
    rubric : Rubric
        The rubric.

    Returns
    -------
    list of dict
        The table ``raters`` of `GradesReport`.
    """
    best = np.array([len(criterion.levels) - 1 for criterion in rubric.criteria])
    position = usable["position"].to_numpy()
    relative = np.where(position >= 0, position / best[usable["criterion"].to_numpy()], np.nan)
    rows = usable.assign(relative=relative).groupby("rater")
    columns = rows["text"].size(), rows["transcript"].nunique(), rows["relative"].mean()
    found = [
        {
            "rater": names[code] if code >= 0 else None,
            "grades": int(given),
            "transcripts": int(transcripts),
            "mean_relative_level": None if np.isnan(mean) else round(float(mean), 4),
        }
        for code, given, transcripts, mean in zip(
            columns[0].index.to_numpy(), *(column.to_numpy() for column in columns), strict=True
        )
    ]
    return sorted(found, key=lambda row: (row["rater"] is None, str(row["rater"])))


def linked(rater: NDArray[Any], item: NDArray[Any], raters: int) -> NDArray[np.int64]:
    """Tell which raters are linked by items that both graded, perhaps over other raters.

    Parameters
    ----------
    rater, item : ndarray of int64, shape (n,)
        Who graded what, both counted from 0.
    raters : int
        How many raters there are.

    Returns
    -------
    ndarray of int64, shape (raters,)
        Number of each rater's group; raters of two groups share no item.

    Examples
    --------
    >>> linked(np.array([0, 1, 1, 2]), np.array([0, 0, 1, 2]), 3).tolist()
    [0, 0, 1]
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = raters + int(item.max(initial=-1)) + 1
    graph = coo_array((np.ones(len(rater)), (rater, raters + item)), shape=(size, size))
    return connected_components(graph, directed=False)[1][:raters].astype(np.int64)


def double_graded_rows(usable: pd.DataFrame, rubric: Rubric) -> list[dict[str, Any]]:
    """Compare the answers of raters to the same question.

    Parameters
    ----------
    usable : pandas.DataFrame
        Of `coded_grades`, without what is unknown, and each row once.
    rubric : Rubric
        The rubric.

    Returns
    -------
    list of dict
        The table ``double_graded`` of `GradesReport`.
    """
    item = ["criterion", "transcript"]
    # of a rater's contradictory answers the first one is compared
    own = usable[usable["rater"] >= 0].drop_duplicates([*item, "rater"])
    sizes = own.groupby(item).size()
    same = own.groupby([*item, "position"]).size()
    pairs = (sizes * (sizes - 1) // 2).groupby(level=0).sum()
    agreeing = (same * (same - 1) // 2).groupby(level=0).sum()
    several = (sizes > 1).groupby(level=0).sum()
    rows = []
    for at, criterion in enumerate(rubric.criteria):
        number = int(pairs.get(at, 0))
        agreement = round(int(agreeing.get(at, 0)) / number, 4) if number else None
        rows.append(
            {
                "criterion": criterion.id,
                "transcripts": int(several.get(at, 0)),
                "pairs": number,
                "exact_agreement": agreement,
            }
        )
    return rows


def learnable_rows(usable: pd.DataFrame, rubric: Rubric, counts: Counts) -> list[dict[str, Any]]:
    """Say of each criterion what can be learnt.

    Parameters
    ----------
    usable : pandas.DataFrame
        Of `coded_grades`, without what is unknown, and each row once.
    rubric : Rubric
        The rubric.
    counts : mapping of str to mapping of int to int
        Of `level_counts`.

    Returns
    -------
    list of dict
        The table ``learnable`` of `GradesReport`.
    """
    graded = usable[usable["position"] >= 0].groupby("criterion")["transcript"].nunique()
    rows = []
    for at, criterion in enumerate(rubric.criteria):
        number = int(graded.get(at, 0))
        statement = next((text for below, text in _LEARNABLE if number < below), _MOST)
        if number and sum(counts[criterion.id][p] > 0 for p in range(len(criterion.levels))) == 1:
            statement = "nothing about what tells the levels apart: all grades are the same level"
        rows.append({"criterion": criterion.id, "transcripts": number, "statement": statement})
    return rows

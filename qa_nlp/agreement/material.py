"""What every part of a study works on: the joined grades, a reference, and one set of resamples."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from qa_nlp.agreement.estimates import Bootstrap, Estimate
from qa_nlp.agreement.joined import MISSING, NOT_APPLICABLE, Answers, Joined
from qa_nlp.agreement.moments import item_moments
from qa_nlp.agreement.pair_tables import Pairs, cluster_tables, machine_pairs
from qa_nlp.errors import GradesError, did_you_mean

__all__ = ["EACH", "MEAN", "Compared", "Material", "compared_with", "reference_of"]

Array: TypeAlias = NDArray[np.float64]
Index: TypeAlias = NDArray[np.int64]

MEAN: Final = "mean"
"""The reference is the mean of the people who graded an item."""

EACH: Final = "each"
"""The machine is compared with each person who graded an item; an item counts once."""


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """The machine's answers to a criterion beside the reference's, in pairs.

    Parameters
    ----------
    answers : Answers
        Of the criterion.
    people : ndarray of int64, shape (n, r)
        Positions of the reference's levels; `NOT_APPLICABLE` or `MISSING` below 0.
    levels : Pairs
        The reference's level (first) and the machine's (second); each item counts 1.
    human, machine : ndarray of float64, shape (pairs,)
        The same as numbers on the value scale: the reference's mean or value, and the machine's
        expected value.
    """

    answers: Answers
    people: Index
    levels: Pairs
    human: Array
    machine: Array

    @property
    def rows(self) -> Index:
        """Rows of the answers that have a pair."""
        return np.flatnonzero(np.bincount(self.levels.item))

    def where(self, keep: NDArray[np.bool_]) -> Compared:
        """Keep the pairs of some rows.

        Parameters
        ----------
        keep : ndarray of bool, shape (n,)
            Of the answers.

        Returns
        -------
        Compared
            Of these.
        """
        chosen, pairs = keep[self.levels.item], self.levels
        kept = Pairs(
            pairs.item[chosen], pairs.first[chosen], pairs.second[chosen], pairs.weight[chosen]
        )
        return Compared(self.answers, self.people, kept, self.human[chosen], self.machine[chosen])


@dataclass(frozen=True, eq=False)
class Material:
    """The joined grades with the resamples that all figures of a study share.

    Parameters
    ----------
    joined : Joined
        Machine and human grades.
    reference : str
        `MEAN`, `EACH`, or a rater's name.
    bootstrap : Bootstrap
        Over the clusters of the graded cards.
    code : ndarray of int64, shape (cards,)
        The cluster of each card; -1 where it has no human grade.
    compared : mapping of str to Compared
        By criterion.
    """

    joined: Joined
    reference: str
    bootstrap: Bootstrap
    code: Index
    compared: Mapping[str, Compared]

    @classmethod
    def of(
        cls, joined: Joined, reference: str, clusters: Mapping[int, Any], rounds: int, level: float
    ) -> Material:
        """Prepare a study.

        Parameters
        ----------
        joined : Joined
            Machine and human grades.
        reference : str
            `MEAN`, `EACH`, or a rater's name.
        clusters : mapping of int to hashable
            What each graded card belongs to, by its place.
        rounds : int
            Resamples.
        level : float
            Of confidence.

        Returns
        -------
        Material
            Ready for figures.

        Raises
        ------
        GradesError
            When the reference is no rater.
        """
        if reference not in (MEAN, EACH, *joined.raters):
            known = (MEAN, EACH, *joined.raters)
            near = did_you_mean(str(reference), known)
            raise GradesError(f"no reference {reference!r}{near}")
        bootstrap = Bootstrap(list(clusters.values()), rounds, level=level)
        code = np.full(len(joined.cards), -1, dtype=np.int64)
        code[list(clusters)] = bootstrap.codes
        compared = {
            answers.criterion: compared_with(answers, joined, reference)
            for answers in joined.answers
        }
        return cls(joined, reference, bootstrap, code, compared)

    @functools.cached_property
    def points(self) -> Mapping[str, Array]:
        """Points of the levels of each criterion, worst first; values where cards state none."""
        found = {}
        for name, compared in self.compared.items():
            answers = compared.answers
            stated = (self.joined.grades[at][name].level_points for at in answers.items.tolist())
            scale = next((one for one in stated if one), None)
            found[name] = answers.values if scale is None else np.array(list(scale.values()))
        return found

    def codes(self, answers: Answers) -> Index:
        """Give the cluster of each row of some answers.

        Parameters
        ----------
        answers : Answers
            Of a criterion.

        Returns
        -------
        ndarray of int64, shape (n,)
            Clusters.
        """
        return np.asarray(self.code[answers.items])

    def tables(self, pairs: Pairs, answers: Answers) -> Array:
        """Count pairs of levels on all data and on each resample.

        Parameters
        ----------
        pairs : Pairs
            Of rows of these answers.
        answers : Answers
            Of a criterion.

        Returns
        -------
        ndarray of float64, shape (rounds + 1, k, k)
            Sums of weights.
        """
        size = self.bootstrap.size
        counts = cluster_tables(pairs, self.codes(answers), size, len(answers.levels))
        return self.bootstrap.draws(counts)

    def moments(
        self, answers: Answers, items: Index, pairs: tuple[Array, Array], weight: Array
    ) -> Array:
        """Give the moments of pairs of numbers on all data and on each resample.

        Parameters
        ----------
        answers : Answers
            Of a criterion.
        items : ndarray of int64, shape (pairs,)
            The row of each pair.
        pairs : tuple of ndarray, each of shape (pairs,)
            Human and machine numbers.
        weight : ndarray, shape (pairs,)
            What each pair counts.

        Returns
        -------
        ndarray of float64, shape (rounds + 1, d)
            Sums, see `item_moments`.
        """
        # A constant shift changes no figure and keeps the squares small.
        centre = float(answers.values.mean())
        human, machine = pairs
        return self.sums(answers, items, item_moments(human - centre, machine - centre, weight))

    def sums(self, answers: Answers, items: Index, parts: Array) -> Array:
        """Give sums of what rows add, on all data and on each resample.

        Parameters
        ----------
        answers : Answers
            Of a criterion.
        items : ndarray of int64, shape (n,)
            The row of the answers to which each part belongs.
        parts : ndarray, shape (n, d)
            What is added.

        Returns
        -------
        ndarray of float64, shape (rounds + 1, d)
            Sums.
        """
        owner = self.codes(answers)[items]
        return self.bootstrap.sums(parts, owner)

    def estimate(self, draws: Array, compared: Compared, reason: str | None = None) -> Estimate:
        """Make a figure of pairs with its interval.

        Parameters
        ----------
        draws : ndarray, shape (rounds + 1,)
            The figure on all data and on each resample.
        compared : Compared
            What it is made of.
        reason : str, optional
            Why it is undefined, where it is.

        Returns
        -------
        Estimate
            With the number of items and clusters.
        """
        return self.of_items(draws, compared.answers, compared.levels.item, reason)

    def of_items(
        self, draws: Array, answers: Answers, items: Index, reason: str | None = None
    ) -> Estimate:
        """Make a figure of rows of some answers with its interval.

        Parameters
        ----------
        draws : ndarray, shape (rounds + 1,)
            The figure on all data and on each resample.
        answers : Answers
            Of a criterion.
        items : ndarray of int64
            Rows that it is made of, perhaps several times.
        reason : str, optional
            Why it is undefined, where it is.

        Returns
        -------
        Estimate
            With the number of items and clusters.
        """
        rows = np.flatnonzero(np.bincount(items))
        clusters = np.count_nonzero(np.bincount(self.codes(answers)[rows]))
        return self.bootstrap.estimate(draws, len(rows), int(clusters), reason)


def reference_of(answers: Answers, joined: Joined, reference: str) -> Index:
    """Give the levels that the machine is compared with.

    Parameters
    ----------
    answers : Answers
        Of a criterion.
    joined : Joined
        Where raters have their places.
    reference : str
        `MEAN`: the level nearest to the mean value of the people who answered, the lower of two
        equally near; N/A where more than half say so. `EACH`: all their levels. Or a rater's name.

    Returns
    -------
    ndarray of int64, shape (n, r)
        Positions of levels.
    """
    if reference == EACH:
        return answers.human
    if reference != MEAN:
        own = answers.rater == joined.raters.index(reference)
        column = np.where(own, answers.human, MISSING).max(axis=1, initial=MISSING)
        return np.asarray(column[:, None])
    mean = _mean_value(answers)
    nearest = np.abs(answers.values[None, :] - mean[:, None]).argmin(axis=1)
    given = (answers.human >= 0).sum(axis=1)
    outside = (answers.human == NOT_APPLICABLE).sum(axis=1)
    level = np.where(given > 0, nearest, MISSING)
    return np.asarray(np.where(outside > given, NOT_APPLICABLE, level)[:, None])


def _mean_value(answers: Answers) -> Array:
    """Give the mean value of the levels that people gave; 0 where none did."""
    given = answers.human >= 0
    values = np.where(given, answers.values[np.maximum(answers.human, 0)], 0.0)
    return np.asarray(values.sum(axis=1) / np.maximum(given.sum(axis=1), 1))


def compared_with(answers: Answers, joined: Joined, reference: str) -> Compared:
    """Pair the machine's answers with the reference's.

    Parameters
    ----------
    answers : Answers
        Of a criterion.
    joined : Joined
        Where raters have their places.
    reference : str
        As `reference_of` takes it.

    Returns
    -------
    Compared
        Of the rows that both answered.
    """
    people = reference_of(answers, joined, reference)
    pairs = machine_pairs(people, answers.machine)
    human = answers.values[pairs.first]
    if reference == MEAN:
        human = _mean_value(answers)[pairs.item]
    return Compared(answers, people, pairs, human, answers.number[pairs.item])

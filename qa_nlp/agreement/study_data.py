"""What a study is made of: counts, exclusions, the rubric, and what missing parts would need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from qa_nlp.agreement.estimates import FEW_CLUSTERS
from qa_nlp.agreement.joined import Answers
from qa_nlp.agreement.material import Material
from qa_nlp.agreement.study_groups import periods_of
from qa_nlp.display.formats import counted
from qa_nlp.rubric import Rubric, shipped_rubrics
from qa_nlp.scorecard import Scorecard

__all__ = ["data_part", "missing_parts", "rubric_of", "sections_of"]


def data_part(
    material: Material, scored: int, graded: int, groups: Mapping[str, Sequence[str | None]]
) -> dict[str, Any]:
    """Count what a study is made of, and what was left out.

    Parameters
    ----------
    material : Material
        Of the study.
    scored : int
        Scorecards that were given.
    graded : int
        Conversations that people graded, with a scorecard or without.
    groups : mapping of str to sequence of (str or None)
        By what to group, to the group of each card.

    Returns
    -------
    dict
        Counts, ``exclusions``, ``groups`` and ``warnings``.
    """
    joined = material.joined
    matched = joined.graded.tolist()
    learnt = [at for at in matched if joined.cards[at].fold is not None]
    answers = joined.answers
    counts: dict[tuple[str, str], int] = {}
    for by, of_cards in groups.items():
        for at in matched:
            if (group := of_cards[at]) is not None:
                counts[by, group] = counts.get((by, group), 0) + 1
    return {
        "scored": scored,
        "graded": graded,
        "matched": len(matched),
        "clusters": material.bootstrap.size,
        "grades": joined.used,
        "raters": len(joined.raters),
        "unknown_raters": joined.unknown_raters,
        "items": sum(len(one.items) for one in answers),
        "double_graded": sum(len(one.double_graded) for one in answers),
        "in_calibration": len(learnt),
        "out_of_fold": sum(bool(joined.cards[at].out_of_fold) for at in learnt),
        "exclusions": [
            {
                "what": row.what,
                "reason": row.reason,
                "count": row.count,
                "examples": list(row.examples),
            }
            for row in joined.exclusions
        ],
        "groups": [
            {"by": by, "group": group, "transcripts": n} for (by, group), n in counts.items()
        ],
        "warnings": list(_warnings(material)),
    }


def _warnings(material: Material) -> Iterable[str]:
    joined = material.joined
    if material.bootstrap.size < FEW_CLUSTERS:
        yield (
            f"only {material.bootstrap.size} groups of conversations have human grades: intervals "
            "are rough or missing"
        )
    rubrics = {(card.rubric, card.rubric_version) for card in joined.cards}
    if len(rubrics) > 1:
        yield f"the scorecards are of {len(rubrics)} rubrics or versions; figures mix them"
    prints = {card.fingerprint for card in joined.cards}
    if len(prints) > 1:
        yield f"the scorecards were made by {len(prints)} different scorers; figures mix them"
    months = zip(joined.cards, periods_of(joined.cards), strict=True)
    unread = sum(month is None and card.started_at is not None for card, month in months)
    if unread:
        yield f"{counted(unread, 'start time')} cannot be read (ISO 8601 is needed)"
    if not any(len(one.double_graded) for one in joined.answers):
        yield "no conversation was graded by two people, so nobody knows how well people agree"
    unknown = sum(map(_unknown_pairs, joined.answers))
    if unknown:
        yield (
            f"{counted(unknown, 'question')} with two or more grades by unknown people: each grade "
            "counts as a person, so rows that were exported twice would look like agreement"
        )


def _unknown_pairs(answers: Answers) -> int:
    """Count the rows that two or more unknown people graded."""
    unknown = (answers.human >= 0) & (answers.rater < 0)
    return int((unknown.sum(axis=1) > 1).sum())


def missing_parts(
    study: Mapping[str, Any], rubric: bool, transcripts: bool, groups: bool
) -> list[dict[str, str]]:
    """List the parts that a study lacks, and what each would need.

    Parameters
    ----------
    study : mapping
        Its other parts.
    rubric, transcripts, groups : bool
        Whether these are known.

    Returns
    -------
    list of dict
        ``part`` and ``needs``.
    """
    criteria = study["criteria"]
    parts = {
        "passages of conversations beside disagreements": (transcripts, "the transcripts"),
        "sections": (rubric, "a rubric (its sections are not on the scorecards)"),
        "agreement within groups, and fairness": (groups, "groups to compare (by=…)"),
        "counterfactual flips": (
            study["counterfactuals"] is not None,
            "a table from Scorer.counterfactuals",
        ),
        "drift between periods": (
            bool(study["drift"]),
            "start times in two or more months with 10 graded conversations each",
        ),
        "length control": (bool(study["length"]), "word counts on the scorecards"),
        "reliability and coverage": (
            any(one["selective"] for one in criteria),
            "chances of levels on the scorecards",
        ),
        "agreement between people": (
            any(one["counts"]["double_graded"] for one in criteria),
            "conversations graded by two people",
        ),
    }
    return [{"part": part, "needs": needs} for part, (there, needs) in parts.items() if not there]


def rubric_of(rubric: str | Path | Rubric | None, card: Scorecard) -> Rubric | None:
    """Find the rubric of a study.

    Parameters
    ----------
    rubric : str, path or Rubric, optional
        As it was given.
    card : Scorecard
        Names a shipped one, perhaps.

    Returns
    -------
    Rubric or None
        None where it is not known in the version of the card.

    Raises
    ------
    RubricError
        When one was given that cannot be read.
    """
    if rubric is not None:
        return Rubric.load(rubric)
    # A name on a card never leads to a file of the user.
    path = shipped_rubrics().get(card.rubric)
    shipped = None if path is None else Rubric.load(path)
    return shipped if shipped is not None and shipped.version == card.rubric_version else None


def sections_of(rubric: Rubric) -> dict[str, set[str]]:
    """Give the criteria of each section.

    Parameters
    ----------
    rubric : Rubric
        The form.

    Returns
    -------
    dict of str to set of str
        In order.
    """
    return {section.id: {one.id for one in section.criteria} for section in rubric.sections}

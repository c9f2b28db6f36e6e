"""The part of a study on one criterion: every figure, with what the decision is made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from qa_nlp.agreement.figures import degradation_draws, estimates, human_draws, machine_draws
from qa_nlp.agreement.joined import ABSTAINED, NOT_APPLICABLE
from qa_nlp.agreement.material import Compared, Material
from qa_nlp.agreement.pair_tables import human_pairs
from qa_nlp.agreement.parts.confidence import lift_of_worst, reliability, selective
from qa_nlp.agreement.parts.group import group_part
from qa_nlp.agreement.parts.level import applicability, distribution, failures
from qa_nlp.agreement.parts.reliability import ceilings, intraclass, true_scores
from qa_nlp.agreement.verdicts.figures import CriterionFigures
from qa_nlp.agreement.verdicts.groups import judge_groups
from qa_nlp.agreement.verdicts.rules import Rules
from qa_nlp.agreement.verdicts.verdict import judge

__all__ = ["criterion_part"]


def criterion_part(
    material: Material, compared: Compared, groups: Mapping[str, Sequence[str | None]], rules: Rules
) -> dict[str, Any]:
    """Compute all figures of one criterion.

    Parameters
    ----------
    material : Material
        Of the study.
    compared : Compared
        Of the criterion.
    groups : mapping of str to sequence of (str or None)
        By what to group, to the group of each card.
    rules : Rules
        Of the decision.

    Returns
    -------
    dict
        JSON-ready, but for estimates, which stay `Estimate`.
    """
    answers = compared.answers
    labels = answers.levels
    pairs = human_pairs(answers.human)
    tables = material.tables(compared.levels, answers)
    machine = estimates(
        material, answers, machine_draws(material, compared), compared.levels.item, tables[0]
    )
    people_draws = human_draws(material, answers)
    people_table = material.tables(pairs, answers)[0]
    alone = "no conversation was graded by two people"
    people = estimates(material, answers, people_draws, pairs.item, people_table, nothing=alone)
    people |= intraclass(material, answers)
    twice = answers.double_graded
    both = twice[answers.machine[twice] >= 0]
    draws = degradation_draws(material, answers)
    lost = estimates(material, answers, draws, both, nothing=alone, bounded=False)
    machine |= true_scores(material, answers, people_draws["pearson"])
    group_rows = group_part(material, compared, groups, rules)
    failed = failures(material, compared) if answers.critical else None
    figures = CriterionFigures(
        items=len(compared.rows),
        double_graded=len(both),
        critical=answers.critical,
        human_kappa=people["quadratic_kappa"],
        human_exact=people["exact"],
        machine_kappa=machine["quadratic_kappa"],
        machine_pearson=machine["pearson"],
        degradation=lost["quadratic_kappa"],
        smd=machine["standardised_mean_difference"],
        failure_recall=None if failed is None else failed["recall"],
        groups=tuple(row.figures for row in group_rows),
        machine_exact=machine["exact"],
    )
    judged = judge_groups(figures.groups, rules)
    return {
        "criterion": answers.criterion,
        "levels": list(labels),
        "values": answers.values.tolist(),
        "critical": answers.critical,
        "counts": _counts(compared, len(both)),
        "machine_human": machine,
        "human_human": people,
        "degradation": lost,
        "ceilings": ceilings(material, answers, people["icc_1"]),
        "confusion": {"levels": list(labels), "table": np.round(tables[0], 4).tolist()},
        "human_confusion": {"levels": list(labels), "table": np.round(people_table, 4).tolist()}
        if len(pairs.item)
        else None,
        "distribution": distribution(material, compared),
        "reliability": reliability(material, compared),
        "applicability": applicability(material, compared),
        "failures": failed,
        "selective": selective(material, compared),
        "lift": lift_of_worst(material, compared),
        "groups": [
            row.to_dict() | asdict(found) for row, found in zip(group_rows, judged, strict=True)
        ],
        "verdict": judge(figures, rules),
    }


def _counts(compared: Compared, double: int) -> dict[str, int]:
    answers = compared.answers
    people = compared.people
    return {
        "items": len(answers.items),
        "graded": len(compared.rows),
        "double_graded": double,
        "abstained": int((answers.machine == ABSTAINED).sum()),
        "not_applicable_machine": int((answers.machine == NOT_APPLICABLE).sum()),
        "not_applicable_human": int((people == NOT_APPLICABLE).any(axis=1).sum()),
    }

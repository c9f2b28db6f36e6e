"""Whether the machine grades by length: correlations with the number of words."""

from __future__ import annotations

from typing import Any

import numpy as np

from qa_nlp.agreement.fairness import partial_correlation_of_correlations
from qa_nlp.agreement.material import Material
from qa_nlp.agreement.moments import item_moments, pearson_of_moments

__all__ = ["length_rows"]


def length_rows(material: Material) -> list[dict[str, Any]]:
    """Correlate grades with the logarithm of the number of words, alone and given people's grades.

    Parameters
    ----------
    material : Material
        Of the study.

    Returns
    -------
    list of dict
        For each criterion ``with_words``, ``human_with_words`` and ``given_words``: what is left of
        the correlation of machine and people when length is held constant; of the cards that state
        their words, empty where none does.
    """
    words = np.array([card.word_count for card in material.joined.cards], dtype=np.float64)
    if not words.any():
        return []
    rows = []
    for whole in material.compared.values():
        compared = whole.where(words[whole.answers.items] > 0)
        answers, pairs = compared.answers, compared.levels
        length = np.log(words[answers.items][pairs.item])
        numbers = {
            "machine": compared.machine - answers.values.mean(),
            "human": compared.human - answers.values.mean(),
            "words": length - length.mean() if len(length) else length,
        }
        machine_words, human_words, both = (
            pearson_of_moments(
                material.sums(
                    answers, pairs.item, item_moments(numbers[one], numbers[two], pairs.weight)
                )
            )
            for one, two in (("machine", "words"), ("human", "words"), ("machine", "human"))
        )
        figures = {
            "with_words": machine_words,
            "human_with_words": human_words,
            "given_words": partial_correlation_of_correlations(both, machine_words, human_words),
        }
        rows.append(
            {"criterion": answers.criterion}
            | {
                name: material.estimate(of, compared, "grades or lengths do not vary here")
                for name, of in figures.items()
            }
        )
    return rows

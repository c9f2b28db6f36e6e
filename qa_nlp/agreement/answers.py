"""The four answers of the first screen, each one or two plain sentences made from the figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from qa_nlp.agreement.verdicts.rules import Decision
from qa_nlp.display.formats import counted, percent, shortened, spoken

__all__ = ["four_answers"]

_QUESTIONS: Final = {
    "agree": "Does it agree with people as well as people agree with each other?",
    "where": "Where does it fail?",
    "review": "When must a person look?",
    "fair": "Is it fair?",
}
_NAMED: Final = 3
_SURER: Final = 0.05  # by less, reading the uncertain half first gains nothing worth the trouble
_MANY_FLIPS: Final = 0.05


def four_answers(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """Answer the four questions.

    Parameters
    ----------
    study : mapping
        The parts ``options``, ``criteria``, ``review`` and ``counterfactuals`` of a study, with
        estimates as `Estimate`.

    Returns
    -------
    list of dict
        ``id``, ``question``, ``answer`` and ``tone`` (good, mixed, bad, unknown), in order.
    """
    criteria = study["criteria"]
    made = {
        "agree": _agree(criteria, study["options"]["rules"]["degradation"]),
        "where": _where(criteria),
        "review": _review(study["review"]),
        "fair": _fair(criteria, study["counterfactuals"], study["options"]),
    }
    return [
        {"id": name, "question": _QUESTIONS[name], "answer": answer, "tone": tone}
        for name, (answer, tone) in made.items()
    ]


def _names(criteria: Sequence[Mapping[str, Any]]) -> str:
    names = [spoken(one["criterion"]) for one in criteria]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _criteria(number: int) -> str:
    return counted(number, "criterion", "criteria")


def _agree(criteria: Sequence[Mapping[str, Any]], as_good: float) -> tuple[str, str]:
    lost = {one["criterion"]: one["degradation"]["quadratic_kappa"] for one in criteria}
    known = [one for one in criteria if lost[one["criterion"]].value is not None]
    if not known and any(one["counts"]["double_graded"] for one in criteria):
        return (
            "Nobody can tell: where two people graded a conversation, grades do not vary.",
            "unknown",
        )
    if not known:
        return (
            "Nobody can tell yet: too few conversations were graded by two people. "
            "Let people grade about 50 conversations twice.",
            "unknown",
        )
    apart = [one for one in known if one["verdict"].decision is Decision.FIX]
    settled = [one for one in known if one not in apart and lost[one["criterion"]].low is not None]
    good = [one for one in settled if lost[one["criterion"]].low >= as_good]
    bad = [one for one in settled if one not in good and lost[one["criterion"]].high < 0]
    unclear = [one for one in known if not any(one in kind for kind in (apart, good, bad))]
    parts = []
    if good:
        parts.append(f"on {_criteria(len(good))} about as well ({_names(good)})")
    if bad:
        gaps = [-lost[one["criterion"]].value for one in bad]
        by = f"{max(gaps):.2f}" if len(bad) == 1 else f"{min(gaps):.2f} to {max(gaps):.2f}"
        parts.append(f"on {_criteria(len(bad))} less well, by {by} of kappa ({_names(bad)})")
    if unclear:
        parts.append(f"on {_criteria(len(unclear))} the grades are too few to tell")
    if apart:
        parts.append(f"on {_criteria(len(apart))} people hardly agree ({_names(apart)})")
    missing = len(criteria) - len(known)
    if missing:
        verb = "has" if missing == 1 else "have"
        parts.append(f"{_criteria(missing)} {verb} no double grades")
    answer = "; ".join(parts) + "."
    if not good and not bad and not apart:
        return answer[0].upper() + answer[1:], "unknown"
    failing = 2 * (len(bad) + len(apart)) > len(criteria)
    tone = "good" if len(good) == len(criteria) else "bad" if failing and not good else "mixed"
    return answer[0].upper() + answer[1:], tone


def _where(criteria: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    by: dict[Decision, list[Mapping[str, Any]]] = {decision: [] for decision in Decision}
    for one in criteria:
        by[one["verdict"].decision].append(one)
    fix, human = by[Decision.FIX], by[Decision.HUMAN]
    parts = []
    if fix:
        parts.append(f"People themselves do not agree on {_names(fix)}: fix the wording first.")
    if human:
        parts.append(f"Leave {_names(human)} to people.")
    if by[Decision.HYBRID]:
        checked = by[Decision.HYBRID]
        parts.append(f"Usable with spot checks: {_names(checked)}.")
    if by[Decision.AUTOMATIC]:
        parts.append(f"May run automatically: {_names(by[Decision.AUTOMATIC])}.")
    weak = len(fix) + len(human)
    tone = "good" if len(by[Decision.AUTOMATIC]) == len(criteria) else "mixed"
    return " ".join(parts), "bad" if weak == len(criteria) else tone


def _review(review: Mapping[str, Any]) -> tuple[str, str]:
    abstained = review["abstained"]
    if abstained.value is None:
        return "The scorecards do not say which answers are left to a person.", "unknown"
    curve = {row["coverage"]: row["agreement"].value for row in review["curve"]}
    start = (
        f"It leaves {percent(abstained.value)} of answers to a person."
        if abstained.value
        else "It leaves no answer to a person."
    )
    everything, surest = curve.get(1.0), curve.get(0.5)
    if everything is None or surest is None:
        return f"{start} Its certainty is unknown, so no cut can be advised.", "unknown"
    told = (
        f"{start} People give the same level on {percent(everything)} of all answers, and on "
        f"{percent(surest)} of the half it is surest of"
    )
    if surest <= everything + _SURER:
        return f"{told}: that tells little, so draw what people look at by chance.", "mixed"
    return f"{told}: let people look at the rest first.", "good"


def _fair(
    criteria: Sequence[Mapping[str, Any]],
    counterfactuals: Mapping[str, Any] | None,
    options: Mapping[str, Any],
) -> tuple[str, str]:
    groups = [(one, row) for one in criteria for row in one["groups"]]
    flips, many = _flips(counterfactuals)
    if not groups:
        why = (
            "all conversations are of one group"
            if options["by"]
            else "no groups were given (by team, language, channel …)"
        )
        return f"Not examined: {why}.{flips}", "unknown"
    unfair = [(one, row) for one, row in groups if row["finding"] == "unfair"]
    judged = [row for _, row in groups if row["shown"] and row["finding"] is not None]
    unsettled = [row for row in judged if row["finding"] == "unsettled"]
    small = len(groups) - len(judged)
    left = f" {_comparisons(small)} too small to judge or to be shown." if small else ""
    if unfair:
        shown = "; ".join(_unfair(one, row) for one, row in unfair[:_NAMED])
        more = f" and {len(unfair) - _NAMED} more" if len(unfair) > _NAMED else ""
        told = f"Not for every group. Compared with people, it grades {shown}{more}."
        return f"{told}{left}{flips}", "bad"
    if not judged:
        needed = counted(options["rules"]["group_items"], "graded conversation")
        told = "Groups are too small to judge or to be shown"
        return f"{told}: each needs {needed}.{flips}", "unknown"
    if unsettled:
        return (
            f"No group is clearly treated unfairly, but {counted(len(unsettled), 'comparison')} "
            f"of {len(judged)} cannot be settled yet.{left}{flips}",
            "mixed",
        )
    limit = options["rules"]["dsm"]
    answer = (
        f"In {counted(len(judged), 'comparison')}, no group differs from people's grades by more "
        f"than {limit:.2f} standard deviations.{left}{flips}"
    )
    return answer, "mixed" if many or small > len(judged) else "good"


def _comparisons(number: int) -> str:
    return "1 more comparison is" if number == 1 else f"{number:,} more comparisons are"


def _flips(counterfactuals: Mapping[str, Any] | None) -> tuple[str, bool]:
    """Tell of the most frequent flips, and whether they are many."""
    rates = [
        row["flip_rate"].value
        for row in (counterfactuals or {}).get("kinds", ())
        if row["flip_rate"].value is not None
    ]
    if not rates:
        return "", False
    most = max(rates)
    return (
        f" Exchanging names, spellings or gendered words changed {percent(most)} of grades where "
        "it changed most.",
        most > _MANY_FLIPS,
    )


def _unfair(one: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    higher = (row["difference_of_standardised_means"].value or 0.0) > 0
    side = "higher" if higher else "lower"
    return f"{row['by']} {shortened(row['group'])} {side} on {spoken(one['criterion'])}"

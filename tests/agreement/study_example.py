"""An invented agreement study that holds every part a study can have, and hostile copies of it."""

from __future__ import annotations

import random
from typing import Any

from qa_nlp.display.formats import spoken

Json = dict[str, Any]

NAMES: tuple[tuple[str, str | None, str], ...] = (
    ("greeting", "Does the agent open with a greeting and a name?", "Opening"),
    ("identity_check", "Does the agent check who is calling?", "Opening"),
    ("needs_found", "Does the agent find out what is needed?", "Understanding"),
    ("listening", "Does the agent listen without interrupting?", "Understanding"),
    ("empathy", "Does the agent answer the customer's feelings?", "Understanding"),
    ("knowledge", "Does the agent know the product?", "Solution"),
    ("steps_explained", "Does the agent explain each step before taking it?", "Solution"),
    ("alternatives_where_none_fits", "Are there alternatives where none fits?", "Solution"),
    ("recording_notice", "Does the agent say that the call is recorded?", "Compliance"),
    ("no_promises", "Does the agent promise only what can be kept?", "Compliance"),
    ("summary", "Does the agent sum up before the end?", "Closing"),
    ("farewell", None, "Closing"),
)
DECISIONS = ("automatic", "hybrid", "automatic", "hybrid", "fix the criterion", "hybrid",
             "automatic", "human only", "automatic", "hybrid", "automatic", "hybrid")  # fmt: skip
PAIR_STATISTICS = ("exact", "adjacent", "cohen_kappa", "linear_kappa", "quadratic_kappa",
                   "krippendorff_alpha", "gwet_ac1", "gwet_ac2", "pearson")  # fmt: skip


def estimate(value: float | None, reach: float = 0.08, **other: Any) -> Json:
    """Give an estimate as a study writes it."""
    bare = value is None or "reason" in other
    return {
        "value": None if value is None else round(value, 4),
        "low": None if bare or value is None else round(value - reach, 4),
        "high": None if bare or value is None else round(value + reach, 4),
        "n": 240,
        "clusters": 61,
        "reason": None,
        "warning": None,
    } | other


def study(criteria: int = 12) -> Json:
    """Give an invented study of up to twelve criteria."""
    random_numbers = random.Random(7)
    return {
        "format": 1,
        "title": "Support chat, spring: machine and people",
        "made_with": "qa_nlp 0.1.0",
        "options": {
            "reference": "each",
            "by": ["team", "language"],
            "cluster": "agent_id",
            "rounds": 1000,
            "level": 0.95,
        },
        "rubric": {"name": "support_chat", "version": "2.1"},
        "data": data(),
        "answers": answers(),
        "criteria": [criterion(place, random_numbers) for place in range(criteria)],
        "sections": [
            section(name, at) for at, name in enumerate(("Opening", "Solution", "Closing"))
        ],
        "total": {key: value for key, value in section("", 1).items() if key != "section"},
        "raters": [
            rater("Iris", 0.31, 214),
            rater("Tomas", -0.22, 180),
            rater("", None, 22, reason="grades without a rater's name have no severity"),
        ],
        "drift": [
            drift("2025-03", None, 0.78, None),
            drift("2025-04", None, 0.74, -0.04),
            drift("2025-04", "empathy", 0.52, -0.11),
        ],
        "length": [
            {
                "criterion": NAMES[at][0],
                "with_words": estimate(0.1 * at - 0.1),
                "human_with_words": estimate(0.07 * at - 0.08),
                "given_words": estimate(0.71 - 0.04 * at),
            }
            for at in range(3)
        ],
        "fairness": [fairness("team", "empathy"), fairness("language", "greeting")],
        "counterfactuals": {
            "kinds": [
                counterfactual("name", "empathy", 0.03),
                counterfactual("dialect", "greeting", 0.0),
            ]
        },
        "review": {
            "abstained": estimate(0.06, 0.02),
            "wide": estimate(0.19, 0.04),
            "curve": coverage(0.74),
            "lift": estimate(3.2, 0.9),
            "rows": [
                {
                    "rule": "every level is plausible",
                    "share": estimate(0.19, 0.04),
                    "agreement_outside": estimate(0.84, 0.05),
                },
                {
                    "rule": "a critical point in doubt",
                    "share": estimate(0.02, 0.01),
                    "agreement_outside": estimate(0.77, 0.05),
                },
            ],
        },
        "missing": [
            {"part": "Drift before March", "needs": "conversations that say when they began"},
            {"part": "Fairness by age", "needs": "a field named age on each conversation"},
        ],
    }


def data() -> Json:
    return {
        "scored": 8333,
        "graded": 260,
        "matched": 240,
        "clusters": 61,
        "grades": 3912,
        "raters": 3,
        "unknown_raters": True,
        "items": 2871,
        "double_graded": 712,
        "out_of_fold": 180,
        "in_calibration": 180,
        "exclusions": [
            {
                "what": "grades",
                "reason": "no scorecard has this conversation",
                "count": 41,
                "examples": [
                    "chat-0912",
                    "chat-0944",
                    "chat-1003",
                    "chat-1004",
                    "chat-1",
                    "chat-2",
                ],
            },
            {
                "what": "scorecards",
                "reason": "used in calibration without an out-of-fold grade",
                "count": 3,
                "examples": ["chat-0007"],
            },
        ],
        "groups": [
            {"by": "team", "group": "North", "transcripts": 130},
            {"by": "team", "group": "South", "transcripts": 98},
            {"by": "team", "group": "Night shift", "transcripts": 12},
        ],
        "warnings": ["Only 240 of 8,333 scored conversations have human grades."],
    }


def answers() -> list[Json]:
    return [
        {
            "id": "agree",
            "question": "Does the machine agree with people as well as people agree with "
            "each other?",
            "answer": "On 9 of 12 criteria it does; on empathy people themselves disagree too "
            "much to tell.",
            "tone": "mixed",
        },
        {
            "id": "where",
            "question": "Where does it fail?",
            "answer": "It falls short on offering alternatives, and one criterion needs clearer "
            "words.",
            "tone": "bad",
        },
        {
            "id": "review",
            "question": "When must a person look?",
            "answer": "If a person takes the fifth the machine is least sure of, agreement on "
            "the rest rises from 74 % to 84 %.",
            "tone": "good",
        },
        {
            "id": "fair",
            "question": "Is it fair?",
            "answer": "One group is graded unlike people grade it; two more cannot be settled yet.",
            "tone": "unknown",
        },
    ]


def criterion(place: int, random_numbers: random.Random) -> Json:
    identifier, question, of_section = NAMES[place]
    kappa = 0.84 - 0.03 * place + random_numbers.uniform(-0.05, 0.05)
    people = kappa + random_numbers.uniform(-0.08, 0.1)
    two_levels = identifier == "recording_notice"
    levels = ["no", "yes"] if two_levels else ["poor", "needs_work", "good", "excellent"]
    return {
        "criterion": identifier,
        "name": spoken(identifier),
        "question": question,
        "section": of_section,
        "levels": levels,
        "values": [float(at) for at in range(len(levels))],
        "critical": two_levels,
        "counts": {
            "items": 240 - place,
            "graded": 220 - place,
            "double_graded": 66 - 4 * place,
            "abstained": 14,
            "not_applicable_machine": 6,
            "not_applicable_human": 5,
        },
        "machine_human": machine_figures(kappa, place),
        "human_human": people_figures(people, place),
        "degradation": {
            key: estimate(kappa - people, 0.06) for key in ("quadratic_kappa", "pearson", "exact")
        },
        "ceilings": ceilings(people, place),
        "confusion": {"levels": levels, "table": cross_table(len(levels), random_numbers)},
        "human_confusion": None
        if place == 11
        else {"levels": levels, "table": cross_table(len(levels), random_numbers)},
        "distribution": distribution(levels),
        "reliability": None if place == 3 else reliability(),
        "applicability": {
            "exact": estimate(0.97, 0.02),
            "cohen_kappa": estimate(None, reason="both said that it applies throughout"),
            "table": [[231.0, 2.0], [1.0, 4.0]],
        }
        if place % 3 == 0
        else None,
        "failures": {
            "recall": estimate(0.92, 0.05),
            "precision": estimate(0.81, 0.09),
            "human": 37,
            "machine": 42,
        }
        if two_levels
        else None,
        "selective": coverage(0.7),
        "lift": estimate(2.4, 0.7) if place % 2 else None,
        "groups": groups(place),
        "verdict": verdict(place, kappa),
        "disagreements": disagreements(levels),
    }


def machine_figures(kappa: float, place: int) -> Json:
    found = {key: estimate(kappa - 0.01 * at) for at, key in enumerate(PAIR_STATISTICS)}
    found |= {
        "adjacent": estimate(0.96, 0.02),
        "exact": estimate(0.78 - 0.02 * place, 0.05),
        "spearman": estimate(kappa - 0.02),
        "mean_absolute_error": estimate(0.31, 0.04),
        "root_mean_squared_error": estimate(0.52, 0.05),
        "standardised_mean_difference": estimate(0.06 - 0.02 * place, 0.07),
        "prmse": estimate(0.72, 0.09),
        "disattenuated_correlation": estimate(0.93, 0.06),
    }
    if place == 5:
        few = "only 12 groups of conversations: the interval is rough"
        found["quadratic_kappa"] = estimate(kappa, 0.2, warning=few)
    return found


def people_figures(people: float, place: int) -> Json:
    found = {key: estimate(people - 0.01 * at, 0.09) for at, key in enumerate(PAIR_STATISTICS)}
    found |= {
        "exact": estimate(0.79 - 0.02 * place, 0.06),
        "icc_1": estimate(people - 0.03, 0.1),
        "icc_2k": estimate(None, reason="too few conversations were graded by the same raters"),
        "standardised_mean_difference": estimate(0.01, 0.09),
    }
    if place == 11:
        none = "no conversation was graded twice on this criterion"
        found = {key: estimate(None, reason=none, n=0) for key in found}
    if place == 9:
        found["quadratic_kappa"] = estimate(
            0.66, reason="no interval from 4 groups of conversations"
        )
    return found


def ceilings(people: float, place: int) -> Json:
    if place == 11:
        reason = "no conversation was graded twice"
        return {"reliability": None, "ideal": None, "human_like": None, "reason": reason}
    ideal = 2 * people / (1 + people)
    return {"reliability": people, "ideal": ideal, "human_like": people, "reason": None}


def cross_table(size: int, random_numbers: random.Random) -> list[list[float]]:
    return [
        [
            round(52 / (1 + 4 * abs(row - column)) + random_numbers.uniform(0, 6), 1)
            for column in range(size)
        ]
        for row in range(size)
    ]


def distribution(levels: list[str]) -> list[Json]:
    shares = [0.31, 0.69] if len(levels) == 2 else [0.08, 0.24, 0.47, 0.21]
    moves = [0.01, -0.01] if len(levels) == 2 else [-0.03, 0.07, -0.02, -0.02]
    return [
        {
            "level": level,
            "human": share,
            "machine": share + move,
            "difference": estimate(move, 0.03) if at else move,
            "flag": abs(move) > 0.05,
        }
        for at, (level, share, move) in enumerate(zip(levels, shares, moves, strict=True))
    ]


def reliability() -> Json:
    curve = [
        {"predicted": 0.35 + 0.1 * at, "observed": 0.33 + 0.09 * at, "n": 12 + 11 * at}
        for at in range(7)
    ]
    return {"curve": curve, "error": estimate(0.04, 0.02)}


def coverage(whole: float) -> list[Json]:
    return [
        {
            "coverage": round(1 - 0.1 * at, 1),
            "agreement": estimate(min(whole + 0.025 * at, 0.97), 0.02 + 0.004 * at),
        }
        for at in range(10)
    ]


def groups(place: int) -> list[Json]:
    undefined = estimate(None, reason="people gave one level throughout")
    small = estimate(None, reason="too small a group")
    rows: list[tuple[str, str, int, bool, Json, str | None, int | None]] = [
        ("team", "North", 130, True, estimate(0.02 + 0.004 * place, 0.06), "none", None),
        ("team", "South", 98, True, estimate(-0.03 - 0.005 * place, 0.07), "none", None),
        ("team", "Night shift", 12, False, small, None, None),
        ("language", "English", 170, True, estimate(0.03, 0.05), "none", None),
        (
            "language",
            "Portuguese",
            58,
            True,
            estimate(-0.09 - 0.01 * place, 0.11),
            "unsettled",
            120,
        ),
        ("language", "Русский", 31, True, estimate(-0.24, 0.12), "unfair", None),
        ("language", "Română", 30, True, undefined, None, None),
    ]
    return [
        {
            "by": by,
            "group": group,
            "items": items,
            "clusters": items // 4,
            "shown": shown,
            "quadratic_kappa": estimate(0.7) if shown else small,
            "pearson": estimate(0.72) if shown else small,
            "exact": estimate(0.74) if shown else small,
            "standardised_mean_difference": found,
            "difference_of_standardised_means": found,
            "p_adjusted": None if finding is None else 0.004 if finding == "unfair" else 0.31,
            "finding": finding,
            "needed": needed,
        }
        for by, group, items, shown, found, finding, needed in rows
    ]


def verdict(place: int, kappa: float) -> Json:
    decision = DECISIONS[place]
    return {
        "decision": decision,
        "reasons": [
            {
                "rule": "machine agreement",
                "met": kappa >= 0.7,
                "text": f"Machine and people agree at {kappa:.2f} ({kappa - 0.08:.2f} to "
                f"{kappa + 0.08:.2f}); at least 0.70 is asked for.",
            },
            {
                "rule": "degradation",
                "met": None,
                "text": "Against two people it may lose 0.12, more than the 0.10 allowed; the "
                "interval is too wide to tell.",
            },
            {
                "rule": "groups",
                "met": False,
                "text": "Russian conversations are graded 0.24 lower.",
            },
        ],
        "needed": 80 if decision == "hybrid" else None,
        "spot_checks": 0.05 if decision == "hybrid" else None,
    }


def disagreements(levels: list[str]) -> list[Json]:
    return [
        {
            "transcript_id": "chat-0113",
            "human": [{"rater": "Iris", "level": levels[0]}, {"rater": "", "level": levels[1]}],
            "machine": levels[-1],
            "machine_status": "graded",
            "expected": len(levels) - 1.3,
            "gap": float(len(levels) - 1),
            "evidence": [
                {
                    "turn": 4,
                    "start": 0,
                    "end": 27,
                    "quote": "So sorry to hear about that",
                    "signal": "phrase.apology",
                    "note": None,
                    "contribution": 1.42,
                },
                {
                    "turn": None,
                    "start": None,
                    "end": None,
                    "quote": None,
                    "signal": "conduct.talk_share",
                    "note": "the agent spoke 81 % of the words",
                    "contribution": -0.3,
                },
            ],
            "passages": [
                {
                    "turn": 3,
                    "role": "customer",
                    "parts": [
                        {"text": "My parcel 4471 0923 has been late for a week.", "marked": False}
                    ],
                },
                {
                    "turn": 4,
                    "role": "agent",
                    "parts": [
                        {"text": "So sorry to hear about that", "marked": True},
                        {"text": ", let me look at your account.", "marked": False},
                    ],
                },
            ],
        },
        {
            "transcript_id": "chat-0090",
            "human": [{"rater": "Tomas", "level": levels[-1]}],
            "machine": levels[0],
            "machine_status": "graded",
            "expected": 0.4,
            "gap": 1.0,
            "evidence": [],
            "passages": None,
        },
    ]


def section(name: str, at: int) -> Json:
    return {
        "section": name,
        "items": 240,
        "pearson": estimate(0.8 - 0.03 * at),
        "spearman": estimate(0.78 - 0.03 * at),
        "mean_absolute_error": estimate(6.3 + at, 0.9),
        "standardised_mean_difference": estimate(0.04 * at - 0.05, 0.07),
        "human_human": {
            "pearson": estimate(0.84 - 0.02 * at),
            "mean_absolute_error": estimate(5.9 + at, 0.9),
        },
        "degradation": {
            "pearson": estimate(-0.04 - 0.01 * at, 0.05),
            "mean_absolute_error": estimate(0.4, 0.5),
        },
    }


def rater(name: str, severity: float | None, shared: int, reason: str | None = None) -> Json:
    return {
        "rater": name,
        "grades": 4 * shared,
        "items_shared": shared,
        "severity": estimate(severity, 0.09, **({"reason": reason} if reason else {})),
        "consistency": estimate(0.74, 0.06),
        "agreement": estimate(0.7, 0.07),
    }


def drift(period: str, criterion: str | None, exact: float, change: float | None) -> Json:
    first = {"reason": "the first period"} if change is None else {}
    return {
        "period": period,
        "criterion": criterion,
        "items": 640,
        "exact": estimate(exact, 0.03),
        "standardised_mean_difference": estimate(0.03, 0.06),
        "change": estimate(change, 0.05, **first),
    }


def fairness(by: str, criterion: str) -> Json:
    return {
        "by": by,
        "criterion": criterion,
        "accuracy": {"share": 0.012, "adjusted_share": 0.004, "p": 0.21},
        "difference": {"share": 0.048, "adjusted_share": 0.04, "p": 0.0004},
        "conditional": {"share": 0.021, "adjusted_share": -0.002, "p": 0.034},
        "reference": "North",
        "groups": [
            {"group": "South", "difference": estimate(-0.04), "conditional": estimate(-0.02)},
            {"group": "West", "difference": estimate(-0.21), "conditional": estimate(-0.17)},
        ],
    }


def counterfactual(kind: str, criterion: str, rate: float) -> Json:
    return {
        "kind": kind,
        "criterion": criterion,
        "pairs": 118,
        "flip_rate": estimate(rate, 0.0 if rate == 0 else 0.02),
        "mean_shift": estimate(-0.02, 0.03),
    }


def hostile(text: str) -> Json:
    """Give a study of two criteria that says the same text wherever the data can fill a place."""

    def filled(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: filled(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [filled(each, key) for each in value]
        return text if isinstance(value, str) and key not in FIXED else value

    made = filled(study(2))
    assert isinstance(made, dict)
    return made


FIXED = {"decision", "finding", "id", "tone"}
"""Keys whose values the library itself chooses."""

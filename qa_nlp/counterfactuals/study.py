"""Grade transcripts as they are and with other words, all in one batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from qa_nlp.counterfactuals.rows import Counterfactual, KindCount
from qa_nlp.counterfactuals.swaps import Swap, swapped, swaps_of
from qa_nlp.counterfactuals.table import Counterfactuals
from qa_nlp.counterfactuals.word_lists import load_word_lists
from qa_nlp.errors import TranscriptError, did_you_mean
from qa_nlp.scorecard import Scorecard
from qa_nlp.scorecards import shown_level
from qa_nlp.transcript import Role, Transcript

__all__ = ["Kinds", "counterfactual_table", "stated_language"]

Kinds = Sequence[str] | Mapping[str, Sequence[str]]
Score = Callable[[Iterable[Transcript]], Iterable[Scorecard]]
_Grades = dict[str, tuple[str, float | None]]

_ROLES: Final = (Role.AGENT, Role.CUSTOMER)


def stated_language(transcript: Transcript) -> str | None:
    """Give the language that a transcript states.

    Parameters
    ----------
    transcript : Transcript
        The conversation.

    Returns
    -------
    str or None
        ISO 639-1 code.
    """
    return transcript.language


def counterfactual_table(
    score: Score,
    transcripts: Iterable[Transcript],
    kinds: Kinds | None = None,
    language: Callable[[Transcript], str | None] = stated_language,
) -> Counterfactuals:
    """Grade transcripts as they are and with other names, spellings and gendered words.

    Each variant moves all words of one kind from one group to another; nothing else of the
    transcript changes. A few hundred transcripts do: each is scored about ten times.

    Parameters
    ----------
    score : callable
        Gives scorecards of transcripts, one for each human agent; such as `Scorer.iter_scores`.
        It is called once.
    transcripts : iterable of Transcript
        The conversations.
    kinds : sequence of str, or mapping of str to sequence of str, optional
        ``"name"``, ``"dialect"``, ``"gender"``; a mapping says whose turns are changed
        (``"agent"``, ``"customer"``). Default: all kinds on the turns of both.
    language : callable, optional
        Tells the language of a transcript; default: what it states.

    Returns
    -------
    Counterfactuals
        One row for each criterion of each changed transcript. It holds no words.

    Raises
    ------
    ValueError
        When a kind or role is unknown, or `score` leaves a transcript out.
    TranscriptError
        When an id comes twice.
    TypeError
        When a single transcript is given.

    Examples
    --------
    >>> from qa_nlp.scorecard import Grade, GradeStatus
    >>> from qa_nlp.transcript import Turn
    >>> def unfair(transcripts):
    ...     for one in transcripts:
    ...         level = "poor" if "Fatima" in one.turns[0].text else "good"
    ...         grade = Grade("empathy", GradeStatus.GRADED, level)
    ...         yield Scorecard(one.id, one.group_id, "demo", "1", grades=(grade,))
    >>> chat = Transcript("c1", [Turn("agent", "I am sorry, Emma.")], language="en")
    >>> found = counterfactual_table(unfair, [chat], ["name"])
    >>> [(row.variant, row.changed_level) for row in found.rows if row.flipped]
    [('name: English names -> African, Asian and East European names', 'poor')]
    """
    if isinstance(transcripts, Transcript):
        raise TypeError("several transcripts are needed; put a single one into a list")
    plan = _Plan(_checked(kinds), language)
    batch = plan.batch(transcripts)
    grades = {card.transcript_id: _grades(card) for card in score(batch)}
    for left in batch:  # a `score` that stopped early has not asked for these
        raise ValueError(f"score gave no scorecard of {left.id!r}")
    rows: list[Counterfactual] = []
    unscored: dict[str, set[str]] = {kind: set() for kind in plan.roles}
    for one in plan.changed:
        for identifier in (one.identifier, one.changed_identifier):
            if identifier not in grades:
                raise ValueError(f"score gave no scorecard of {identifier!r}")
        before, after = grades[one.identifier], grades[one.changed_identifier]
        if before is None or after is None:
            unscored[one.swap.kind].add(one.transcript_id)
        else:
            rows += one.rows(before, after)
    counts = tuple(
        KindCount(
            kind,
            tuple(role.value for role in roles),
            changed=plan.counts[kind, "changed"],
            unchanged=plan.counts[kind, "unchanged"],
            no_lists=plan.counts[kind, "no_lists"],
            unscored=len(unscored[kind]),
        )
        for kind, roles in plan.roles.items()
    )
    return Counterfactuals(tuple(rows), counts)


@dataclass(frozen=True, slots=True)
class _Changed:
    """A changed transcript, or the view of one agent on it."""

    transcript_id: str
    group_id: str
    swap: Swap
    identifier: str
    changed_identifier: str

    def rows(self, before: _Grades, after: _Grades) -> Iterator[Counterfactual]:
        for criterion, (level, expected) in before.items():
            if criterion in after:
                changed_level, changed_expected = after[criterion]
                yield Counterfactual(
                    self.identifier,
                    self.group_id,
                    self.swap.kind,
                    self.swap.variant,
                    criterion,
                    level,
                    changed_level,
                    expected,
                    changed_expected,
                    level != changed_level,
                )


@dataclass(slots=True)
class _Plan:
    """What is scored, written down while it goes by."""

    roles: Mapping[str, tuple[Role, ...]]
    language: Callable[[Transcript], str | None]
    changed: list[_Changed] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)

    def batch(self, transcripts: Iterable[Transcript]) -> Iterator[Transcript]:
        """Give each transcript that can be changed, followed by its variants.

        They follow each other, so that a scorer which remembers sentences encodes most of them
        once.
        """
        seen: set[str] = set()
        for transcript in transcripts:
            if transcript.id in seen:
                raise TranscriptError(
                    "a transcript with this id came earlier; ids must be unique",
                    transcript_id=transcript.id,
                )
            seen.add(transcript.id)
            variants = list(self._variants(transcript))
            if variants:
                yield transcript
            # A sign that no importer gives, so that no id of a variant is that of a transcript.
            for number, (swap, variant) in enumerate(variants):
                named = replace(variant, id=f"{transcript.id}\N{RIGHTWARDS ARROW}{number}")
                views = zip(transcript.by_agent(), named.by_agent(), strict=True)
                self.changed.extend(
                    _Changed(transcript.id, transcript.group_id, swap, view.id, other.id)
                    for view, other in views
                )
                yield named

    def _variants(self, transcript: Transcript) -> Iterator[tuple[Swap, Transcript]]:
        language = self.language(transcript)
        for kind, roles in self.roles.items():
            swaps = swaps_of(kind, language)
            variants = [(swap, swapped(swap, transcript, roles)) for swap in swaps]
            found = [(swap, variant) for swap, variant in variants if variant is not None]
            what = "changed" if found else "unchanged" if swaps else "no_lists"
            self.counts[kind, what] += 1
            yield from found


def _grades(card: Scorecard) -> _Grades | None:
    if card.error is not None:
        return None
    return {grade.criterion: (shown_level(grade), grade.expected) for grade in card.grades}


def _checked(kinds: Kinds | None) -> dict[str, tuple[Role, ...]]:
    known = sorted(load_word_lists().kinds)
    if isinstance(kinds, str):
        raise ValueError(f"kinds must be a list or a mapping, such as [{kinds!r}]")
    if kinds is None or not isinstance(kinds, Mapping):
        kinds = dict.fromkeys(known if kinds is None else kinds, tuple(map(str, _ROLES)))
    for kind, roles in kinds.items():
        if kind not in known:
            raise ValueError(f"unknown kind {kind!r}{did_you_mean(kind, known)}")
        if isinstance(roles, str) or not roles:
            raise ValueError(f"roles of {kind!r} must be a list, such as ['agent', 'customer']")
        for role in roles:
            if role not in set(_ROLES):
                raise ValueError(
                    f"unknown role {role!r}{did_you_mean(str(role), map(str, _ROLES))}"
                )
    return {
        kind: tuple(role for role in _ROLES if role in set(map(str, roles)))
        for kind, roles in kinds.items()
    }

"""Agent or customer, guessed from what the two sides of a service conversation typically say.

Each cue that a speaker uses adds its weight to that speaker's log-odds of being the agent; how
often a cue is repeated does not count, so long conversations are not surer than short ones. The
weights are judgements in steps of one half, not estimates: the threshold, not the weights, keeps
the guesses safe.
"""

# ruff: noqa: RUF001 - the cues are written in four languages, two alphabets.

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from qa_nlp.transcript import Role, Transcript

__all__ = ["THRESHOLD", "RoleGuess", "infer_roles"]

THRESHOLD: Final = 0.9
"""Below this confidence a role stays unknown."""

_MOST_CHARACTERS: Final = 20_000
_KNOWN_OTHER_SIDE: Final = 2.0
_OPENS_A_CALL: Final = 0.5

# Weight for the agent (negative: for the customer) and what is said, in the languages that the
# samples are written in. Mood matters: "how can I help" is an agent, "can you help" a customer.
_CUES: Final = (
    (3.0, r"\bhow (?:can|may|could) (?:i|we) (?:help|assist|be of)"),
    (2.0, r"\bwhat can i (?:do|help|get)\b.{0,20}\byou"),
    (2.5, r"\byou(?:'re| are) (?:speaking|talking|chatting|through) (?:to|with)\b"),
    (
        2.0,
        r"\bthank(?:s| you) (?:so much |very much )?for (?:calling|contacting|reaching|choosing"
        r"|holding|waiting|your patience|bearing)",
    ),
    (2.0, r"\banything else (?:i|we|that i|that we) (?:can|could|may)|\belse (?:can|may) i\b"),
    (
        1.5,
        r"\b(?:may|can|could) i (?:please )?(?:have|get|take|ask|grab|confirm)\b.{0,12}\byour?\b",
    ),
    (1.5, r"\bcalls? (?:is|are|may be|will be) (?:being )?recorded"),
    (
        1.5,
        r"\b(?:let me|i'll|i will|i'm going to) (?:just )?(?:check|look|pull|see what|find|verify"
        r"|transfer|put you|connect)\b",
    ),
    (1.5, r"\bbear with me|\bplease hold\b|\bone moment,? please|\bi apologi[sz]e for"),
    (1.0, r"\bhave (?:a|yourself a) (?:nice|great|good|lovely|wonderful)\b"),
    (-1.5, r"\b(?:can|could|would) you (?:please )?(?:help|tell|check|send|cancel|fix|look)\b"),
    (-2.0, r"\bi(?:'m| am) (?:calling|writing|ringing) (?:about|because|to|as)\b"),
    (-1.5, r"\bi(?:'d| would) (?:like|want|love) to\b|\bi (?:want|need|wanted) to\b"),
    (-1.5, r"\bi(?:'ve| have| had| got)?(?: got)? (?:a|an|this) (?:problem|issue|question)\b"),
    (-2.0, r"\b(?:speak|talk) (?:to|with) (?:a|an|your|the|someone|somebody)\b"),
    (-1.5, r"\bthank(?:s| you) for (?:your|the|all your) help|\bthat's all\b|\bthat's everything"),
    # Romanian
    (3.0, r"\bcu ce (?:vă|va|te) pot ajuta|\bcum (?:vă|va) pot ajuta"),
    (2.0, r"\bvă mulțumesc (?:pentru|că) (?:așteptare|răbdare|ați)|\bmai pot (?:să vă )?ajuta"),
    (1.5, r"\bsunteți (?:amabil|drăguț)|\b(?:îmi )?puteți (?:confirma|spune numele|da numele)"),
    (1.0, r"\bverific (?:imediat|acum)|\bo zi (?:bună|frumoasă)\b"),
    (-1.5, r"\baș (?:vrea|dori)\b|\bvreau să\b|\bam o (?:problemă|întrebare)|\bmă puteți ajuta"),
    # Russian
    (3.0, r"\b(?:чем|как) (?:я )?(?:могу|можем) (?:вам )?(?:помочь|быть полез)"),
    (2.0, r"\bспасибо за (?:ожидание|обращение|звонок)|\bмогу (?:ещё|еще|чем-то|чем-нибудь)"),
    (1.5, r"\bназовите,? пожалуйста|\bподскажите,? пожалуйста,? (?:ваш|номер|фамил)"),
    (1.5, r"\b(?:сейчас|минут\w+,?) (?:я )?(?:проверю|посмотрю|уточню)|\bприношу извинения"),
    (-1.5, r"\bя (?:хочу|хотел|хотела)\b|\bу меня (?:проблема|вопрос|не)|\bмне нужно\b"),
    # Portuguese
    (3.0, r"\b(?:em que|como) (?:lhe |te |o |a )?(?:posso|podemos) (?:ajud|ser útil)"),
    (2.0, r"\bobrigad[oa] (?:por (?:ligar|aguardar|esperar|contactar|entrar)|pela (?:espera|pac))"),
    (2.0, r"\bposso ajudar (?:em|com) mais|\bmais alguma coisa (?:em que|que eu)"),
    (1.5, r"\b(?:pode|poderia) (?:me )?(?:confirmar|informar|indicar)(?:-me)? (?:o|a|os) "),
    (1.5, r"\b(?:vou|deixe-me|deixa eu) (?:verificar|consultar|confirmar)"),
    (-1.5, r"\b(?:eu )?(?:queria|quero|gostaria de|gostava de|preciso)\b|\btenho um problema"),
)
_YOURS: Final = (
    r"\byour?s?\b(?! help)|\bdumneavoastră\b|\bdvs\b|\bваш\w*|\bвас\b|\bвам\b"
    r"|\b(?:o|a|os|as|do|da|no|na) (?:seus?|suas?)\b"
)
_MINE: Final = r"\bmy\b|\bmine\b|\b(?:meu|mea|mei|mele|minha|meus|minhas)\b|\bмо[йяеиё]\w*|\bмне\b"
_MACHINE: Final = (
    r"\bvirtual (?:assistant|agent)|\bautomated (?:assistant|service|message)|\bpress (?:\d|one)"
    r"|\bi(?:'m| am) a (?:chat)?bot\b|\basistent\w* virtual|\bassistente virtual|\bвиртуальн\w+ "
)


@dataclass(frozen=True, slots=True)
class RoleGuess:
    """What a speaker seems to be.

    Parameters
    ----------
    role : Role
        Agent or customer; unknown below `THRESHOLD`.
    confidence : float
        Of the likelier of the two roles, in [0.5, 1]; 4 decimals.
    """

    role: Role
    confidence: float


def infer_roles(transcript: Transcript) -> dict[str, RoleGuess]:
    """Guess which unknown speakers are the agent and the customer.

    Parameters
    ----------
    transcript : Transcript
        With speaker labels on the turns of unknown role; turns without label cannot be grouped
        and are left alone.

    Returns
    -------
    dict of str to RoleGuess
        One for each label of unknown role that has words; empty when nothing is unknown. Someone
        who sounds like a machine is left out.

    Notes
    -----
    Two unknown speakers, with nobody else known, are judged together: one is the agent exactly
    when the other is the customer. Others are judged one by one.
    """
    scores = _scores(transcript)
    known = {turn.role for turn in transcript.turns} & {Role.AGENT, Role.CUSTOMER}
    if len(scores) == 2 and not known:
        (one, odds), (other, other_odds) = scores.items()
        difference = odds - other_odds
        return {one: _guess(difference), other: _guess(-difference)}
    if len(scores) == 1 and len(known) == 1:
        shift = _KNOWN_OTHER_SIDE if Role.CUSTOMER in known else -_KNOWN_OTHER_SIDE
        return {label: _guess(odds + shift) for label, odds in scores.items()}
    # A recorded notice speaks once and sounds like an agent.
    spoken = Counter(turn.speaker for turn in transcript.turns)
    return {label: _guess(odds) for label, odds in scores.items() if spoken[label] > 1}


def _scores(transcript: Transcript) -> dict[str, float]:
    words: dict[str, list[str]] = {}
    for turn in transcript.turns:
        if turn.role is Role.UNKNOWN and turn.speaker and turn.text.strip():
            words.setdefault(turn.speaker, []).append(turn.text)
    scores = {}
    for label, texts in words.items():
        text = " ".join(texts)[:_MOST_CHARACTERS].casefold().replace("\u2019", "'")
        if not _machine().search(text):
            scores[label] = _log_odds(text)
    first = next((turn for turn in transcript.turns if turn.text.strip()), None)
    if transcript.channel == "voice" and first is not None and first.speaker in scores:
        scores[first.speaker] += _OPENS_A_CALL
    return scores


def _log_odds(text: str) -> float:
    cues, yours, mine = _compiled()
    score = sum(weight for weight, cue in cues if cue.search(text))
    # Agents talk about "your account", customers about "my account".
    ratio = math.log((len(yours.findall(text)) + 1) / (len(mine.findall(text)) + 1))
    return score + max(-1.5, min(1.5, ratio))


def _guess(odds: float) -> RoleGuess:
    confidence = 1 / (1 + math.exp(-abs(odds)))
    role = Role.AGENT if odds > 0 else Role.CUSTOMER
    return RoleGuess(role if confidence >= THRESHOLD else Role.UNKNOWN, round(confidence, 4))


@functools.cache
def _compiled() -> tuple[
    tuple[tuple[float, re.Pattern[str]], ...], re.Pattern[str], re.Pattern[str]
]:
    cues = tuple((weight, re.compile(pattern)) for weight, pattern in _CUES)
    return cues, re.compile(_YOURS), re.compile(_MINE)


@functools.cache
def _machine() -> re.Pattern[str]:
    return re.compile(_MACHINE)

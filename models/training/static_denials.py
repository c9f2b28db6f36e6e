"""Short sentences turned into what they deny, so that a word is learnt beside its denial."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

LONGEST = 16
DENIAL = re.compile(r"(?<=\w)(n't\b| (?:not|never|hardly|no longer)\b)", re.IGNORECASE)
VERB = re.compile(
    r"(?P<subject>\b(?:I|we|you|they)) (?P<verb>like|love|trust|enjoy|feel|think|want|need|believe|"
    r"understand|recommend|appreciate|care|see|know|hate)\b"
    r"|(?P<auxiliary>(?:\b(?:is|are|was|were|am|has|have|had|will|would|could|can|should|did|does|been)"
    r"|(?<=\w)'(?:m|re|s|ve|ll)))\b",
    re.IGNORECASE,
)
SHORT_DENIALS = {
    **{verb: f"{verb}n't" for verb in ("is", "are", "was", "were", "has", "have", "had")},
    **{verb: f"{verb}n't" for verb in ("would", "could", "should", "did", "does")},
    "can": "can't",
    "will": "won't",
}
AFTER_SUBJECT = ("do not", "don't", "never")
AFTER_VERB = ("not", "not", "not", "never", "hardly", "no longer")

BEFORE_VERB = {"ro": "nu", "ru": "не", "pt": "não"}
"""What denies wherever it stands before a verb."""
VERBS = {
    "ro": (
        "este|e|sunt|suntem|era|a fost|a|au|am|ai|avem|are|pot|poate|puteți|vreau|merge|mergea|"
        "știu|funcționează|recomand|înțeleg|cred|văd|îmi|mi-a|mi-au|m-a|m-au|s-a|ne-a|mă|se|voi|va|vom|"
        "ajunge|primesc|găsesc|trebuie|place|plac|merită|ține|răspunde|răspund|costă|rezolvă|ajută"
    ),
    "ru": (
        "работает|работал[аио]?|помог(?:ла|ли|ло)?|помогает|понимаю|понял[аи]?|довол(?:ен|ьна|ьны)|"
        "нравится|понравил(?:ся|ась|ось|ись)|рекомендую|советую|знаю|хочу|хотим|могу|можем|может|"
        "люблю|верю|доверяю|вижу|жду|получил[аи]?|приш(?:ел|ёл|ла|ло|ли)|был[аои]?|будет|буду|рад[аы]?|"
        "хватает|успел[аи]?|нужн[аоы]|открывается|удалось|считаю|думаю|чувствую|стоит|хорошо|плохо|"
        "удобно|быстро|сделал[аи]?|ответил[аи]?|решил[аи]?|нашел|нашёл|нашл[аи]|вернул[аи]?|"
        "привезл[аи]|согласен|согласна|хочется|бывает|зря|дорого|страшно|сложно"
    ),
    "pt": (
        "é|são|está|estão|estou|estamos|foi|foram|era|tenho|tem|temos|tive|gosto|gostei|gostou|"
        "funciona|funcionou|quero|posso|pode|consigo|consegui|recomendo|confio|entendo|entendi|sei|"
        "vou|vai|acho|chegou|recebi|resolveu|resolveram|ajudou|ajudaram|vale|ficou|fiquei|me|adoro|"
        "amei|atende|atenderam|deu|volto|voltarei|preciso|vejo|houve|fui|parece|custa|faz|fez|cumpriu"
    ),
}


def denied_sentences(sentences: Sequence[str], count: int, seed: int, language: str) -> list[str]:
    """Turn some sentences of a language into what they deny."""
    rng = random.Random(seed)
    short = [text for text in sentences if len(text.split()) <= LONGEST]
    found = []
    for text in rng.sample(short, len(short)):
        told = _turned(text, rng) if language == "en" else _turned_before(text, rng, language)
        if told is not None:
            found.append(told)
    return list(dict.fromkeys(found))[:count]


def _turned(text: str, rng: random.Random) -> str | None:
    """Take an English sentence's denials out; where it has none, deny at one of its verbs."""
    affirmed, denials = DENIAL.subn("", text)
    if denials:
        return affirmed
    places = list(VERB.finditer(text))
    if not places:
        return None
    at = rng.choice(places)
    verb = at["verb"] or at["auxiliary"]
    if at["subject"]:
        told = f"{at['subject']} {rng.choice(AFTER_SUBJECT)} {verb}"
    elif verb.lower() in SHORT_DENIALS and rng.random() < 0.5:
        told = SHORT_DENIALS[verb.lower()]
        told = told.capitalize() if verb[0].isupper() else told
    else:
        told = f"{verb} {rng.choice(AFTER_VERB)}"
    return text[: at.start()] + told + text[at.end() :]


def _turned_before(text: str, rng: random.Random, language: str) -> str | None:
    """Do the same in a language that denies by a word before the verb."""
    denial = BEFORE_VERB[language]
    affirmed, denials = re.subn(rf"\b{denial}\s+", "", text, flags=re.IGNORECASE)
    if denials:
        return affirmed[:1].upper() + affirmed[1:] if text[0].isupper() else affirmed
    places = list(re.finditer(rf"(?<![\w-])(?:{VERBS[language]})(?![\w-])", text, re.IGNORECASE))
    if not places:
        return None
    at = rng.choice(places)
    told = f"{denial} {at[0]}"
    if at[0][0].isupper():
        told = f"{denial.capitalize()} {at[0][0].lower()}{at[0][1:]}"
    return text[: at.start()] + told + text[at.end() :]

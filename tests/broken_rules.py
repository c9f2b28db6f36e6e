"""Two invented calls and a rubric: one call breaks all of its rules, the other keeps them."""

from __future__ import annotations

from pathlib import Path

from qa_nlp.transcript import Transcript, Turn

EVERY_RULE = Path(__file__).parent / "fixtures" / "rubrics" / "every_rule.yaml"


def call(identifier: str, *said: tuple[str, float, str]) -> Transcript:
    """Build a call from (role, seconds at which it starts, words); two words take a second."""
    turns = [
        Turn(role, words, start=start, end=start + len(words.split()) / 2)
        for role, start, words in said
    ]
    return Transcript(identifier, tuple(turns), channel="voice", language="en")


BROKEN = call(
    "breaks-all",
    ("agent", 0, "What is it now?"),
    ("customer", 3, "My bill looks wrong, I think you charged me twice for March."),
    ("agent", 10, "Your balance is forty pounds and twelve pence, as far as the system goes."),
    ("customer", 18, "That cannot be right at all."),
    ("agent", 22, "It says March twice here."),
    ("agent", 64, "There is a second line on it."),
    ("customer", 69, "So what happens with it?"),
    ("agent", 72, "Damn, I don't know. There's nothing I can do for you, live with it."),
    ("customer", 80, "I would like to speak with somebody who can help me."),
    ("agent", 85, "I'll transfer you to the billing department then."),
    ("agent", 90, "When were you born, by the way?"),
    ("customer", 94, "In May, but what for?"),
    ("agent", 97, "The screen wants it."),
)
KEPT = call(
    "keeps-all",
    ("agent", 0, "Good morning, you are speaking with Dana from Northlight Energy."),
    ("customer", 6, "Hello, my bill looks wrong to me."),
    ("agent", 10, "Could you confirm your date of birth for me, please?"),
    ("customer", 16, "The second of May 1981."),
    ("agent", 20, "Thank you. May I put you on hold for a minute?"),
    ("customer", 26, "Sure."),
    ("agent", 70, "Thank you for holding. Your balance is forty pounds."),
    ("customer", 78, "I see, that is a lot."),
    ("agent", 82, "I can take ten percent off your bill."),
    ("customer", 88, "That would be nice."),
    ("agent", 91, "We could lower the monthly fee by a fifth for you."),
    ("customer", 98, "Wonderful, thanks."),
    ("agent", 101, "Is there anything else I can do for you?"),
    ("customer", 105, "No, that was all."),
    ("agent", 107, "Thank you for calling, goodbye and have a nice day."),
)

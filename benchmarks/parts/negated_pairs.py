"""Praise and its denial, written for this test alone.

A challenge set in the manner of Ribeiro et al. 2020, "Beyond Accuracy: Behavioral Testing of NLP
Models with CheckList", https://aclanthology.org/2020.acl-main.442.
"""

from __future__ import annotations

from typing import Final

__all__ = ["PAIRS"]

PAIRS: Final = (
    ("I am happy with it.", "I am not happy with it."),
    ("That was helpful.", "That wasn't helpful."),
    ("The replacement works.", "The replacement doesn't work."),
    ("I'm satisfied with the answer.", "I'm not satisfied with the answer."),
    ("You have been very kind.", "You have not been very kind."),
    ("It is a good offer.", "It is not a good offer."),
    ("I would recommend you.", "I would never recommend you."),
    ("I trust this company.", "I do not trust this company."),
    ("This is acceptable.", "This is not acceptable."),
    ("I like the new app.", "I don't like the new app."),
    ("The technician was friendly.", "The technician was not friendly at all."),
    ("Your colleague could help me.", "Your colleague could not help me."),
    ("I feel reassured.", "I don't feel reassured."),
    ("The room was clean.", "The room was never clean."),
    ("It was worth the money.", "It wasn't worth the money."),
    ("I enjoyed the trip.", "I did not enjoy the trip."),
    ("The hotline is reliable.", "The hotline isn't reliable."),
    ("They treated us fairly.", "They did not treat us fairly."),
    ("I was impressed.", "I was not impressed."),
    ("That is good enough for me.", "That is not good enough for me."),
    ("The food was tasty.", "The food was not very tasty."),
    ("He was polite to my mother.", "He wasn't even polite to my mother."),
    ("I am pleased that you called.", "I am not pleased that you called."),
    ("The seats are comfortable.", "The seats are not comfortable."),
    ("You understand me.", "You don't understand me."),
    ("We were welcome there.", "We were not welcome there."),
    ("The explanation made sense.", "The explanation made no sense."),
    ("It runs smoothly now.", "It still doesn't run smoothly."),
    ("I am confident that it will work.", "I am not confident that it will work."),
    ("The price is fair.", "The price is hardly fair."),
    ("My daughter loves it.", "My daughter doesn't love it any more."),
    ("The support has been great lately.", "The support has not been great lately."),
    ("You kept your promise.", "You didn't keep your promise."),
    ("I feel well looked after.", "I don't feel well looked after."),
    ("It was an easy process.", "It was not an easy process."),
    ("The courier was careful.", "The courier was anything but careful."),
    ("I can rely on you.", "I can't rely on you."),
    ("That is what I call service.", "That is not what I call service."),
    ("The new rate suits me.", "The new rate doesn't suit me."),
    ("We are glad that we booked.", "We are not glad that we booked."),
)
"""Praise, and the same denied."""

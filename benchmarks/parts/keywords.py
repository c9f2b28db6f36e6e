"""The trivial baseline: words that come to mind first, chosen without a look at the measured texts.

A ``*`` at the end stands for any ending.
"""

from __future__ import annotations

from typing import Final

__all__ = ["PHRASES"]

PHRASES: Final = {
    "acknowledgement": ["i understand", "i see", "got it", "okay", "of course", "sure"],
    "anything_else": ["anything else", "something else", "else i can", "other questions"],
    "apology": ["sorry", "apolog*"],
    "blaming_customer": ["your fault", "you should have", "your mistake", "you didn't"],
    "call_back_offer": ["call you back", "ring you back", "callback", "call back"],
    "dismissal": ["not my problem", "nothing i can do", "can't help", "cannot help", "not my job"],
    "empathy_statement": ["i understand how", "must be", "frustrating", "i can imagine", "feel"],
    "farewell": [
        "goodbye", "good bye", "bye", "have a nice", "have a good", "have a great", "take care",
    ],
    "follow_up_promise": ["get back to you", "follow up", "keep you updated", "let you know"],
    "greeting": ["hello", "hi", "hey", "good morning", "good afternoon", "good evening", "welcome"],
    "guarantee": ["guarantee*", "promise", "100%", "definitely", "never again"],
    "hold_request": ["hold", "one moment", "moment please", "bear with me", "a minute", "wait"],
    "identity_check": [
        "account number", "date of birth", "birthday", "pin", "maiden name", "security question*",
        "verify", "confirm your", "password", "postcode", "zip code",
    ],
    "name_request": ["your name", "full name", "who am i speaking", "what name"],
    "next_steps": ["next step*", "you will receive", "you'll receive", "the next", "then you"],
    "pressure": ["only today", "last chance", "right now", "limited", "you must", "hurry"],
    "purpose_question": ["how can i help", "how may i help", "what can i do", "help you today"],
    "recap": ["to summarise", "to summarize", "to sum up", "to recap", "so you", "in summary"],
    "recording_notice": ["recorded", "recording", "monitored"],
    "resolution_check": ["solve your", "resolve*", "working now", "does that help", "answer your"],
    "rudeness": ["stupid", "idiot", "shut up", "whatever", "ridiculous", "calm down"],
    "self_introduction": ["my name is", "this is", "i'm", "i am", "speaking"],
    "sensitive_data_request": ["password", "cvv", "card number", "pin", "security code"],
    "solution_offered": ["i can", "we can", "i will", "i'll", "refund", "replace*", "send you"],
    "thanks": ["thank you", "thanks"],
    "thanks_for_waiting": [
        "thanks for waiting", "thank you for waiting", "for your patience", "holding",
    ],
    "time_commitment": ["hour*", "day*", "minutes", "tomorrow", "today", "by friday", "within"],
    "transfer": ["transfer", "put you through", "connect you", "pass you"],
}  # fmt: skip
"""By phrase bank."""

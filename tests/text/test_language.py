"""The language of a conversation: the stated one, else what its words tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qa_nlp.samples import Samples
from qa_nlp.text.language import DETECTED_LANGUAGES, detect_language, language_of
from qa_nlp.transcript import Role, Transcript, Turn
from tests.builders import chat

SPOKEN = {
    "en": "Good morning, how can I help you with your order today?",
    "ro": "Bună ziua, cu ce vă pot ajuta astăzi în legătură cu comanda?",
    "ru": "Здравствуйте, чем я могу вам помочь с вашим заказом?",
    "pt": "Bom dia, como posso ajudar com a sua encomenda hoje?",
    "es": "Buenos días, ¿en qué puedo ayudarle hoy con su pedido?",
    "fr": "Bonjour, comment puis-je vous aider avec votre commande ?",
    "de": "Guten Morgen, wie kann ich Ihnen bei Ihrer Bestellung helfen?",
    "it": "Buongiorno, come posso aiutarla con il suo ordine oggi?",
    "nl": "Goedemorgen, hoe kan ik u vandaag helpen met uw bestelling?",
    "pl": "Dzień dobry, w czym mogę dziś pomóc w sprawie zamówienia?",
    "uk": "Добрий день, чим я можу вам допомогти з вашим замовленням?",
}


@pytest.mark.parametrize("language", DETECTED_LANGUAGES)
def test_language_is_detected_when_a_sentence_was_said(language: str) -> None:
    assert detect_language(SPOKEN[language]) == language


@pytest.mark.parametrize("text", ["", "   ", "12345", "?!…", "🙂🙂", "<>"])
def test_language_is_unknown_when_there_are_no_letters(text: str) -> None:
    assert detect_language(text) is None


def test_detection_looks_at_the_first_2000_characters() -> None:
    english = (SPOKEN["en"] + " ") * 40

    assert detect_language(english[:2000] + SPOKEN["ru"] * 20_000) == "en"


def test_stated_language_wins_over_what_the_words_tell() -> None:
    assert language_of(chat("c1", f"agent: {SPOKEN['ru']}", language="en")) == "en"


def test_language_is_that_of_the_words_when_none_is_stated() -> None:
    transcript = chat("c1", f"agent: {SPOKEN['ro']}", "customer: Bună.", language=None)

    assert language_of(transcript) == "ro"


def test_words_of_the_system_do_not_count() -> None:
    transcript = chat("c1", f"system: {SPOKEN['en']}", f"agent: {SPOKEN['ru']}", language=None)

    assert language_of(transcript) == "ru"


def test_words_of_everybody_else_count() -> None:
    for role in (Role.AGENT, Role.CUSTOMER, Role.BOT, Role.UNKNOWN):
        assert language_of(Transcript("c1", (Turn(role, SPOKEN["pt"]),))) == "pt"


def test_language_is_unknown_when_nothing_is_said() -> None:
    assert language_of(Transcript("c1", ())) is None
    assert language_of(chat("c1", f"system: {SPOKEN['en']}", language=None)) is None


def test_language_of_each_sample_is_detected_when_it_is_not_stated(samples: Samples) -> None:
    wrong = [
        transcript.id
        for transcript in samples
        if language_of(replace(transcript, language=None)) != transcript.language
    ]

    assert wrong == []

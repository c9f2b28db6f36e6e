"""What the shipped classifiers said of a few texts when their weights were made."""

from __future__ import annotations

from typing import Any, Final

from qa_nlp.classification import classify
from qa_nlp.signals.tasks import TASKS

TEXTS: Final = {
    "en": [
        "Brilliant, the parcel came a day early!",
        "I have rung four times and nobody calls back.",
        "What time does the branch in Leith close?",
        "I'm so sorry, that must have been a horrible week. How is your mother now?",
        "Could you please send me the meter reading by Friday?",
        "No. Read the email again.",
        "I don't get it. Which of the two codes do you want?",
        "Thank you ever so much, you have saved my holiday. 😊",
        "ok",
        "The tariff changes on 1 March. Nothing to do on your side. We will write to you before.",
    ],
    "ro": [
        "Mulțumesc frumos, acum merge!",
        "Aștept de trei săptămâni și nu răspunde nimeni.",
        "La ce oră deschideți sâmbătă?",
        "Îmi pare tare rău, vă înțeleg supărarea.",
    ],
    "ru": [
        "Спасибо большое, всё заработало!",
        "Третью неделю жду мастера, это издевательство.",
        "Подскажите, где посмотреть номер договора?",
        "Мне очень жаль, представляю, как вы переживали.",
    ],
    "pt": [
        "Obrigada, deu tudo certo!",
        "Já liguei quatro vezes e ninguém resolve nada.",
        "Qual é o horário da loja no domingo?",
        "Sinto muito, imagino como a semana foi difícil.",
    ],
}
ENCODERS: Final = {"en": "en", "en-research": "en", "multilingual": "pt"}
"""Each encoder with the language of the texts it is tried on."""


def golden_predictions() -> dict[str, Any]:
    """Give texts, and for each encoder and task what it says of them."""
    predictions: dict[str, dict[str, Any]] = {}
    for encoder, language in ENCODERS.items():
        predictions[encoder] = {}
        for task in TASKS:
            found = classify(TEXTS[language], task, encoder=encoder, language=language)
            predictions[encoder][task] = {
                "language": language,
                "labels": [list(x) if isinstance(x, tuple) else x for x in found.labels],
                "values": found.values.round(6).tolist(),
                "probabilities": found.probabilities.round(6).tolist(),
            }
    return {"texts": TEXTS, "predictions": predictions}

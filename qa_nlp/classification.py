"""Ask one question of texts: how they feel, how polite they are, how much empathy they show."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from qa_nlp.encoding import Encoder, VectorCache, load_encoder
from qa_nlp.encoding.encoder import ENCODER_OF_LANGUAGE
from qa_nlp.encoding.tiers import SHIPPED
from qa_nlp.errors import did_you_mean
from qa_nlp.predictions import Predictions
from qa_nlp.signals.answers import Answers, TextHead, check_head, pooled_answers
from qa_nlp.signals.heads import heads_of
from qa_nlp.signals.tasks import MECHANISMS, check_task
from qa_nlp.text.language import detect_language
from qa_nlp.text.sentences import sentence_spans

__all__ = ["classify"]

_REMEMBERED: Final = 10_000
"""Sentences whose rows each shipped encoder keeps between calls: 20 MB."""
_MOST_POSITIONS: Final = 5


def classify(
    texts: Iterable[str],
    task: str,
    *,
    context: Iterable[str] | None = None,
    language: str | Iterable[str | None] | None = None,
    encoder: str | Path | Encoder | Any | None = None,
    head: TextHead | None = None,
) -> Predictions:
    """Ask one question of texts.

    A text is cut into sentences, whose answers are put together weighted by their length, or by
    taking the strongest, whichever the task asks for. A text's answer depends on nothing but the
    text.

    Parameters
    ----------
    texts : iterable of str
        Any texts, such as the turns of a conversation; an empty one has no answer (NaN, None).
    task : str
        ``"sentiment"`` (value: valence, -1 to 1), ``"emotion"`` (28) or ``"emotion_group"`` (8, as
        a contact centre groups them; value: the highest probability), ``"politeness"`` (value: 0 to
        1, .5 is average), ``"emotional_reactions"``, ``"interpretations"`` or ``"explorations"``
        (of an agent's text; value: the expected level of empathy, 0 to 2), ``"act"`` (what an agent
        does; value: the highest probability).
    context : iterable of str, optional
        For the three mechanisms of empathy: what the customer said before each text. It does not
        change the answers of the shipped heads.
    language : str or iterable of (str or None), optional
        ISO 639-1 code of all texts, or of each. Detected where it is not given; a text that is too
        short to tell counts as English.
    encoder : str, pathlib.Path or object, optional
        See `load_encoder`. Chosen by the language of each text where it is not given.
    head : TextHead, optional
        A classifier in place of the shipped one, for example an `HFClassifier`.

    Returns
    -------
    Predictions
        In the order of the texts.

    Raises
    ------
    TypeError
        When `texts` is one string, or holds something else than strings.
    ValueError
        When there is no such task, lengths differ, no encoder reads a text's language, or the
        encoder has no classifier for the task.
    ArtifactError
        When weights are missing or damaged.
    MissingExtraError
        When the language needs an extra that is not installed.

    Examples
    --------
    >>> found = classify(["Thank you, that was quick!", "It broke again."], "sentiment")
    >>> found.labels.tolist()
    ['positive', 'negative']
    """
    check_task(task)
    items = _strings(texts, "texts")
    _check_context(context, task, len(items))
    languages = _languages(language, len(items))
    if head is not None:
        check_head(head, task)
    if head is not None and not head.reads_vectors:
        return _predictions(head, _answers(head, None, items))
    if encoder is not None:
        cache = _cache(encoder)
        _check_languages(cache.encoder, languages)
        reader = head or _shipped_head(cache.encoder, task)
        return _predictions(reader, _answers(reader, cache, items))
    return _by_language(items, task, _routes(items, languages), head)


def _by_language(
    items: list[str], task: str, routes: list[str], head: TextHead | None
) -> Predictions:
    """Answer each text with the encoder that reads its language."""
    parts: list[tuple[list[int], TextHead, Answers]] = []
    for name in sorted(set(routes)) or ["en"]:
        places = [place for place, route in enumerate(routes) if route == name]
        cache = _cache(name)
        reader = head or _shipped_head(cache.encoder, task)
        parts.append((places, reader, _answers(reader, cache, [items[place] for place in places])))
    first = parts[0][1]
    if any(reader.classes != first.classes for _, reader, _ in parts):
        raise ValueError(
            f"the answers to {task!r} differ between the languages of the texts; classify the "
            "texts of one language at a time"
        )
    order = np.argsort(np.concatenate([np.array(places, np.int64) for places, _, _ in parts]))
    found = Answers(
        np.concatenate([answers.labels for _, _, answers in parts])[order],
        np.concatenate([answers.probabilities for _, _, answers in parts])[order],
        np.concatenate([answers.values for _, _, answers in parts])[order],
    )
    return _predictions(first, found)


def _answers(head: TextHead, cache: VectorCache | None, items: list[str]) -> Answers:
    """Answer texts that one head reads."""
    known: dict[str, int] = {}
    rows = [
        (owner, end - start, known.setdefault(" ".join(text[start:end].split()), len(known)))
        for owner, text in enumerate(items)
        for start, end in sentence_spans(text)
    ]
    owner, length, sentence = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    distinct = list(known)
    logits = head.logits(distinct, None if cache is None else cache.encode(distinct))
    return pooled_answers(head, logits[sentence], owner, length, len(items))


def _predictions(head: TextHead, found: Answers) -> Predictions:
    return Predictions(head.task, head.classes, found.labels, found.probabilities, found.values)


def _shipped_head(encoder: Encoder, task: str) -> TextHead:
    heads: Mapping[str, TextHead] = heads_of(encoder)
    if task in heads:
        return heads[task]
    if heads:
        raise ValueError(
            f"encoder {encoder.name!r} comes with no classifier for {task!r}"
            f"{did_you_mean(task, heads)}"
        )
    raise ValueError(
        f"encoder {encoder.name!r} comes with no classifiers; give head=, or leave encoder out"
    )


def _cache(encoder: str | Path | Encoder | Any) -> VectorCache:
    if isinstance(encoder, str) and encoder in SHIPPED:
        return _shipped_cache(encoder)
    return VectorCache(load_encoder(encoder), _REMEMBERED)


@functools.cache
def _shipped_cache(name: str) -> VectorCache:
    return VectorCache(load_encoder(name), _REMEMBERED)


def _strings(texts: Iterable[str], name: str) -> list[str]:
    if isinstance(texts, (str, bytes)):
        raise TypeError(f"{name} is one string; put it into a list: [text]")
    items = list(texts)
    for place, text in enumerate(items):
        if not isinstance(text, str):
            raise TypeError(
                f"{name}[{place}] must be a string, not {type(text).__name__}; give '' for a "
                "text that is missing"
            )
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError(
                f"{name}[{place}] holds half a surrogate pair, which is no character; read the "
                "text as UTF-8, or encode it with errors='replace' and decode it"
            ) from None
    return items


def _check_context(context: Iterable[str] | None, task: str, texts: int) -> None:
    if context is None:
        return
    if task not in MECHANISMS:
        raise ValueError(
            f"context is for {', '.join(MECHANISMS)}; {task!r} is told from the text alone"
        )
    before = _strings(context, "context")
    if len(before) != texts:
        raise ValueError(
            f"{len(before)} contexts for {texts} texts; give one for each, '' where there is none"
        )


def _languages(language: str | Iterable[str | None] | None, texts: int) -> list[str | None]:
    if language is None or isinstance(language, str):
        return [language or None] * texts
    languages = [tag or None for tag in language]
    if len(languages) != texts:
        raise ValueError(
            f"{len(languages)} languages for {texts} texts; give one for all, or one for each"
        )
    return languages


def _check_languages(encoder: Encoder, languages: Sequence[str | None]) -> None:
    """Check that an encoder reads the languages stated; what it is given is not questioned."""
    readable = encoder.languages
    if readable is not None:
        wrong = [tag is not None and _code(tag) not in readable for tag in languages]
        _refuse(wrong, languages, f"encoder {encoder.name!r} reads {', '.join(sorted(readable))}")


def _routes(items: Sequence[str], languages: Sequence[str | None]) -> list[str]:
    """Give the name of the encoder for each text."""
    codes = [
        _code(tag) if tag is not None else detect_language(text) or "en"
        for text, tag in zip(items, languages, strict=True)
    ]
    known = ", ".join(sorted(ENCODER_OF_LANGUAGE))
    _refuse(
        [code not in ENCODER_OF_LANGUAGE for code in codes],
        codes,
        f"the shipped encoders read {known}; give language= where the language was not told "
        "rightly, or encoder= and head= that read it",
    )
    return [ENCODER_OF_LANGUAGE[code] for code in codes]


def _code(tag: str) -> str:
    """Give the language of a tag such as ``pt-BR``."""
    return str(tag).replace("_", "-").partition("-")[0].casefold()


def _refuse(wrong: Sequence[bool], languages: Sequence[str | None], remedy: str) -> None:
    places = [place for place, is_wrong in enumerate(wrong) if is_wrong]
    if places:
        names = sorted({repr(languages[place]) for place in places})
        shown = ", ".join(map(str, places[:_MOST_POSITIONS]))
        more = ", …" if len(places) > _MOST_POSITIONS else ""
        raise ValueError(f"texts[{shown}{more}] in {', '.join(names)}: {remedy}")

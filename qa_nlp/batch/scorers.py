"""How a process comes by its scorer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, Union

from qa_nlp.encoding.tiers import TIERS
from qa_nlp.errors import ArtifactError
from qa_nlp.user_files import holds

if TYPE_CHECKING:
    from qa_nlp.scorer import Scorer

__all__ = ["ScorerLike", "cached_scorer", "scorer_facts", "scorer_maker", "sendable_maker"]

ScorerLike: TypeAlias = Union["Scorer", str, Path, "Callable[[], Scorer]"]
"""A scorer, the folder of a saved one, a rubric's name or path, or a function that makes one."""

_CACHED: Final = 2
_cache: dict[Any, Scorer] = {}
_lock = threading.Lock()


def scorer_maker(scorer: ScorerLike) -> Callable[[], Scorer]:
    """Give a function that makes the scorer.

    Parameters
    ----------
    scorer : Scorer, str, pathlib.Path or callable
        A folder is that of a saved scorer; another name or path is that of a rubric.

    Returns
    -------
    callable
        Takes nothing.
    """
    if callable(scorer):
        return scorer
    from qa_nlp.scorer import Scorer

    if isinstance(scorer, Scorer):
        return lambda: scorer
    return partial(Scorer.load, scorer) if _is_saved(scorer) else partial(Scorer, scorer)


def sendable_maker(given: ScorerLike, scorer: Scorer, folder: Path) -> Callable[[], Scorer]:
    """Give a function that another process can be sent.

    Parameters
    ----------
    given : Scorer, str, pathlib.Path or callable
        What the caller gave.
    scorer : Scorer
        What that makes.
    folder : pathlib.Path
        Where a calibrated scorer may be saved for the others.

    Returns
    -------
    callable
        Takes nothing.

    Raises
    ------
    ArtifactError
        When the scorer has an encoder that is an object of this process.
    """
    if callable(given) or isinstance(given, (str, Path)):
        return scorer_maker(given)
    from qa_nlp.scorer import Scorer

    if scorer.encoder_name is None:
        raise ArtifactError(
            "other processes cannot be given this scorer, whose encoder is an object; use "
            "workers=1, or give a function that makes the scorer"
        )
    options: dict[str, Any] = {"quotes": scorer.quotes, "cache_folder": scorer.cache_folder}
    if scorer.calibrator is None:
        tier = scorer.tier if scorer.tier in TIERS else "torch"
        return partial(Scorer, scorer.rubric, encoder=scorer.encoder_name, tier=tier, **options)
    return partial(Scorer.load, scorer.save(folder / "scorer"), **options)


def cached_scorer(scorer: ScorerLike) -> Scorer:
    """Give a scorer that is made once in each process.

    Parameters
    ----------
    scorer : Scorer, str, pathlib.Path or callable
        See `scorer_maker`. A function is known by itself: give the same one each time.

    Returns
    -------
    Scorer
        The last two are kept; a saved scorer that has been replaced is loaded again.
    """
    from qa_nlp.scorer import Scorer

    if isinstance(scorer, Scorer):
        return scorer
    key: Any = scorer
    if isinstance(scorer, (str, Path)):
        manifest = Path(scorer) / "manifest.json"
        key = (str(scorer), manifest.read_bytes() if _is_saved(scorer) else None)
    with _lock:
        if key not in _cache:
            made = scorer_maker(scorer)()
            while len(_cache) >= _CACHED:
                del _cache[next(iter(_cache))]
            _cache[key] = made
        return _cache[key]


def scorer_facts(scorer: Scorer) -> dict[str, Any]:
    """Tell what decides a scorer's grades.

    Parameters
    ----------
    scorer : Scorer
        The scorer.

    Returns
    -------
    dict
        For the manifest of a result.
    """
    return {
        "fingerprint": scorer.fingerprint,
        "rubric": scorer.rubric.id,
        "rubric_version": scorer.rubric.version,
        "encoders": [offer.name for offer in scorer.encoders],
        "tier": scorer.tier,
        "terms": sorted({offer.terms for offer in scorer.encoders}),
        "quotes": scorer.quotes,
        "parts": dict(scorer.fingerprint_parts),
    }


def _is_saved(path: str | Path) -> bool:
    return Path(path).is_dir() and holds(Path(path), ("manifest.json",))

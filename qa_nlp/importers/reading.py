"""One file: which importer knows it, and what that importer makes of it, come what may."""

from __future__ import annotations

import codecs
import traceback
from collections.abc import Iterator
from pathlib import Path

from qa_nlp.errors import TranscriptError
from qa_nlp.importers.base import BadTranscript, Importer, ReadOptions, Source
from qa_nlp.importers.registry import Registry
from qa_nlp.importers.roles import settle_roles
from qa_nlp.transcript import Transcript

__all__ = ["choose_importer", "read_file"]


def choose_importer(source: Source, registry: Registry, wanted: Importer | None) -> Importer:
    """Find the importer for a file.

    Parameters
    ----------
    source : Source
        The file.
    registry : Registry
        The importers to try.
    wanted : Importer or None
        The one the caller named, which is not asked whether it knows the file.

    Returns
    -------
    Importer
        The importer.

    Raises
    ------
    TranscriptError
        When the file is empty, or no importer knows it; names what was tried.
    """
    if not source.head_bytes.removeprefix(codecs.BOM_UTF8).strip():
        raise TranscriptError("the file is empty; export it again or remove it")
    if wanted is not None:
        return wanted
    refusals = []
    for importer in registry.importers:
        try:
            if importer.sniff(source):
                return importer
        except TranscriptError as error:
            # Not text, say; another importer may read what is not text.
            refusals.append(error)
        except Exception as error:
            raise _failure(importer, error) from None
    if refusals:
        raise refusals[0]
    if source.head.lstrip().startswith(("{", "[")) and not source.is_json_lines:
        # Broken JSON is known to nobody; saying where it breaks helps more than saying so.
        source.json()
    tried = ", ".join(importer.name for importer in registry.importers)
    raise TranscriptError(
        f"this is none of the formats {tried}; name the format with format= or remove the file"
    )


def read_file(
    source: Source, importer: Importer, options: ReadOptions
) -> Iterator[Transcript | BadTranscript]:
    """Read a file to its end or to its first error; never raise.

    Parameters
    ----------
    source : Source
        The file.
    importer : Importer
        What reads it.
    options : ReadOptions
        What the caller said; roles are applied here, for all importers alike.

    Yields
    ------
    Transcript or BadTranscript
        The conversations, and what went wrong.
    """
    try:
        for item in importer.read(source, options):
            if isinstance(item, Transcript):
                yield settle_roles(item, options)
            elif isinstance(item, BadTranscript):
                yield item
            else:
                raise TypeError(type(item).__name__)
    except TranscriptError as error:
        yield source.bad(error)
    except Exception as error:
        # A plugin may raise anything, and one file must never cost its neighbours.
        yield source.bad(_failure(importer, error))


def _failure(importer: Importer, error: Exception) -> TranscriptError:
    # The message of a foreign exception may quote the conversation, so only its kind and the line
    # of code are given, and it is not chained.
    code = traceback.extract_tb(error.__traceback__)[-1]
    return TranscriptError(
        f"the importer {importer.name!r} failed on this file with {type(error).__name__} "
        f"({Path(code.filename).name}, line {code.lineno}); please report it to its authors"
    )

"""The importers there are: those of this library, then those of installed plugins.

A plugin is a package with an entry point in the group ``qa_nlp.importers`` that names an
`Importer`, as an instance or as a class that is called without arguments.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from qa_nlp.errors import TranscriptError, TranscriptWarning, did_you_mean
from qa_nlp.importers.base import Importer

__all__ = ["ENTRY_POINT_GROUP", "Registry", "load_registry"]

ENTRY_POINT_GROUP: Final = "qa_nlp.importers"


@dataclass(frozen=True, slots=True)
class Registry:
    """Importers by name, and plugins that could not be loaded.

    Parameters
    ----------
    importers : sequence of Importer
        In the order in which they are tried.
    broken : mapping of str to str
        Entry point -> why it could not be loaded.
    """

    importers: Sequence[Importer]
    broken: Mapping[str, str]

    def named(self, name: str) -> Importer:
        """Give the importer of a format.

        Parameters
        ----------
        name : str
            Its name, the value of ``format=``.

        Returns
        -------
        Importer
            The importer.

        Raises
        ------
        TranscriptError
            When there is none; lists near matches.
        """
        for importer in self.importers:
            if importer.name == name:
                return importer
        if name in self.broken:
            raise TranscriptError(f"the plugin for format {name!r} {self.broken[name]}")
        names = [importer.name for importer in self.importers]
        raise TranscriptError(f"unknown format {name!r}{did_you_mean(str(name), names)}")


def load_registry() -> Registry:
    """Load all importers; a plugin that fails is reported by a `TranscriptWarning`.

    Returns
    -------
    Registry
        What there is.
    """
    importers = {importer.name: importer for importer in _built_in()}
    broken: dict[str, str] = {}
    for entry_point in sorted(entry_points(group=ENTRY_POINT_GROUP)):
        try:
            plugin = _load(entry_point)
            if plugin.name in importers:
                raise _PluginError(f"has the name {plugin.name!r} of another importer")
            importers[plugin.name] = plugin
        except _PluginError as error:
            broken[entry_point.name] = str(error)
            warnings.warn(
                f"the importer plugin {entry_point.name!r} ({entry_point.value}) {error}; it is "
                "left out",
                TranscriptWarning,
                stacklevel=3,
            )
    return Registry(tuple(importers.values()), broken)


def _built_in() -> tuple[Importer, ...]:
    # Imported here, so that importing this package stays cheap for who reads nothing.
    from qa_nlp.importers.captions import SubRip, WebVtt
    from qa_nlp.importers.delimited import Csv
    from qa_nlp.importers.own_json import OwnJson, OwnJsonLines
    from qa_nlp.importers.parquet import Parquet
    from qa_nlp.importers.plain_text import PlainText
    from qa_nlp.importers.vendors import VENDOR_IMPORTERS

    # What is easy to tell comes first; almost anything with commas could be CSV.
    own = (Parquet(), WebVtt(), SubRip(), OwnJsonLines(), OwnJson())
    return (*own, *VENDOR_IMPORTERS, PlainText(), Csv())


class _PluginError(Exception):
    """Why a plugin is left out."""


def _load(entry_point: EntryPoint) -> Importer:
    try:
        plugin = entry_point.load()
        if isinstance(plugin, type):
            plugin = plugin()
    except Exception as error:
        # Whatever a stranger's code raises while it is imported must not stop the others.
        raise _PluginError(f"cannot be loaded ({type(error).__name__}: {error})") from error
    if not isinstance(plugin, Importer) or not isinstance(plugin.name, str):
        raise _PluginError("is no Importer: it needs name, sniff(source) and read(source, options)")
    return plugin

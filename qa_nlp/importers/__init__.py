"""Files to transcripts: `read_transcripts`, and what a plugin needs to read one more format.

A plugin is a package with an entry point in the group ``qa_nlp.importers`` that names an
`Importer`.
"""

from qa_nlp.importers.base import BadTranscript, Importer, ReadOptions, Source
from qa_nlp.importers.collection import Transcripts, read_transcripts

__all__ = [
    "BadTranscript",
    "Importer",
    "ReadOptions",
    "Source",
    "Transcripts",
    "read_transcripts",
]

"""The importers of vendors' formats, in the order in which they are tried."""

from __future__ import annotations

from typing import Final

from qa_nlp.importers.assemblyai import AssemblyAi
from qa_nlp.importers.base import Importer
from qa_nlp.importers.contact_lens import AwsPca, ContactLens
from qa_nlp.importers.convokit import ConvoKit
from qa_nlp.importers.deepgram import Deepgram
from qa_nlp.importers.genesys import Genesys
from qa_nlp.importers.google_insights import GoogleInsights, GoogleInsightsUpload
from qa_nlp.importers.intercom import Intercom
from qa_nlp.importers.twilio import Twilio
from qa_nlp.importers.whisper import Whisper
from qa_nlp.importers.zendesk import ZendeskComments, ZendeskLog

__all__ = ["VENDOR_IMPORTERS"]

VENDOR_IMPORTERS: Final[tuple[Importer, ...]] = (
    ContactLens(),
    AwsPca(),
    ZendeskComments(),
    ZendeskLog(),
    Genesys(),
    GoogleInsightsUpload(),
    GoogleInsights(),
    Twilio(),
    Intercom(),
    Deepgram(),
    AssemblyAi(),
    ConvoKit(),
    Whisper(),
)
"""Each has a name of its own; no two know the same file."""

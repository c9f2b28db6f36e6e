"""The fixtures against the vendors' own SDKs: the shapes are theirs, the words are ours.

A fixture that the SDK refuses, or that has fields of which the SDK knows nothing, would prove
nothing about real files. Fields that are known from elsewhere than the SDK are listed here.
"""

from __future__ import annotations

import importlib
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from qa_nlp.importers import read_transcripts

FIXTURES = Path(__file__).parents[1] / "fixtures" / "importers"


def needs(module: str, package: str) -> ModuleType:
    """Import a module of a vendor's SDK, or skip the test and say which package is missing."""
    try:
        with warnings.catch_warnings():
            # What an SDK does while it is imported is not ours to mend.
            warnings.simplefilter("ignore")
            return importlib.import_module(module)
    except ImportError:
        pytest.skip(f"needs the vendor's SDK: pip install {package}")


def load(name: str) -> Any:
    return json.loads((FIXTURES / name).read_text())


def words_read(name: str) -> str:
    (call,) = read_transcripts(FIXTURES / name)
    return " ".join(turn.text for turn in call.turns)


def extras(model: Any, path: str = "") -> Iterator[str]:
    """Give the paths of fields that a pydantic model has kept without knowing them."""
    if isinstance(model, (list, tuple)):
        for item in model:
            yield from extras(item, f"{path}[]")
    elif hasattr(type(model), "model_fields"):
        yield from (f"{path}.{name}" for name in model.model_extra or {})
        for name in type(model).model_fields:
            yield from extras(getattr(model, name), f"{path}.{name}")


class TestContactLens:
    """Botocore's description of the service; it has the real-time API, whose items files share."""

    @pytest.fixture
    def shapes(self) -> Any:
        loaders = needs("botocore.loaders", "botocore")
        model = needs("botocore.model", "botocore")
        description = loaders.Loader().load_service_model("connect-contact-lens", "service-2")
        return model.ServiceModel(description)

    def refusals(self, shape: Any, value: Any) -> str:
        """Say what is wrong with a value: missing, of another kind, or unknown to the service."""
        report = needs("botocore.validate", "botocore").ParamValidator().validate(value, shape)
        return str(report.generate_report())

    def test_real_time_fixture_is_an_answer_of_the_service(self, shapes: Any) -> None:
        shape = shapes.operation_model("ListRealtimeContactAnalysisSegments").output_shape

        assert self.refusals(shape, load("contact_lens_realtime.json")) == ""

    def test_items_of_the_voice_fixture_are_transcripts_with_the_role_elsewhere(
        self, shapes: Any
    ) -> None:
        shape = shapes.shape_for("Transcript")
        fixture = load("contact_lens_voice.json")
        roles = {one["ParticipantId"]: one["ParticipantRole"] for one in fixture["Participants"]}

        for item in fixture["Transcript"]:
            whole = {**item, "ParticipantRole": roles[item["ParticipantId"]]}
            whole.pop("LoudnessScore", None)  # in the administrator's guide, not in the API
            assert self.refusals(shape, whole) == ""

    def test_categories_of_the_voice_fixture_are_the_services(self, shapes: Any) -> None:
        categories = load("contact_lens_voice.json")["Categories"]

        assert self.refusals(shapes.shape_for("Categories"), categories) == ""


class TestDeepgram:
    @pytest.mark.parametrize("name", ["deepgram.json", "deepgram_channels.json"])
    def test_fixture_is_an_answer_of_the_service(self, name: str) -> None:
        response = needs("deepgram.types.listen_v1response", "deepgram-sdk").ListenV1Response

        answer = response.model_validate(load(name))

        # The API documents the field; the SDK knows it in the words of utterances only.
        known = {".results.channels[].alternatives[].words[].punctuated_word"}
        assert set(extras(answer)) <= known

    def test_sdk_reads_the_same_words(self) -> None:
        response = needs("deepgram.types.listen_v1response", "deepgram-sdk").ListenV1Response

        answer = response.model_validate(load("deepgram.json"))

        spoken = " ".join(one.transcript for one in answer.results.utterances)
        assert spoken == words_read("deepgram.json")


class TestAssemblyAi:
    @pytest.fixture
    def response(self) -> Any:
        return needs("assemblyai.types", "assemblyai").TranscriptResponse

    def test_sdk_reads_the_same_words(self, response: Any) -> None:
        answer = response(**load("assemblyai.json"))

        assert answer.status.value == "completed"
        spoken = " ".join(one.text for one in answer.utterances)
        assert spoken == words_read("assemblyai.json")

    def test_sdk_knows_all_fields(self, response: Any) -> None:
        fixture = load("assemblyai.json")
        types = needs("assemblyai.types", "assemblyai")

        def names(model: Any) -> set[str]:
            return set(getattr(model, "__fields__", None) or model.model_fields)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # __fields__ is old, and so is pydantic there
            assert fixture.keys() <= names(response)
            for utterance in fixture["utterances"]:
                assert utterance.keys() <= names(types.Utterance)
                for word in utterance["words"]:
                    assert word.keys() <= names(types.UtteranceWord)


class TestIntercom:
    @pytest.fixture
    def conversation(self) -> Any:
        module = "intercom.conversations.types.conversation"
        return needs(module, "python-intercom").Conversation

    def test_fixture_is_a_conversation(self, conversation: Any) -> None:
        answer = conversation.model_validate(load("intercom.json"))

        assert list(extras(answer)) == []

    def test_sdk_reads_the_same_parts(self, conversation: Any) -> None:
        answer = conversation.model_validate(load("intercom.json"))

        parts = answer.conversation_parts.conversation_parts
        kept = [part for part in parts if part.part_type in {"comment", "quick_reply"}]
        (chat,) = read_transcripts(FIXTURES / "intercom.json")
        assert len(chat.turns) == 1 + len(kept)
        assert [turn.start for turn in chat.turns[1:]] == [
            part.created_at - answer.created_at for part in kept
        ]


class TestTwilio:
    def test_sdk_reads_the_same_sentences(self) -> None:
        module = needs("twilio.rest.intelligence.v2.transcript.sentence", "twilio")

        sentences = [
            module.SentenceInstance(None, payload, transcript_sid="GT")
            for payload in load("twilio.json")["sentences"]
        ]

        assert " ".join(one.transcript for one in sentences) == words_read("twilio.json")
        assert [one.media_channel for one in sentences] == [2, 2, 1]
        for payload, sentence in zip(load("twilio.json")["sentences"], sentences, strict=True):
            assert payload.keys() <= vars(sentence).keys()

    def test_sdk_knows_all_fields_of_the_transcript(self) -> None:
        module = needs("twilio.rest.intelligence.v2.transcript", "twilio")
        payload = load("twilio.json")["transcript"]

        transcript = module.TranscriptInstance(None, payload)

        assert payload.keys() <= vars(transcript).keys()
        assert (transcript.language_code, transcript.duration) == ("en-US", 61)


class TestGoogleInsights:
    @pytest.mark.parametrize("name", ["google_api_chat.json", "google_api_call.json"])
    def test_fixture_is_a_conversation_of_the_api(self, name: str) -> None:
        package = "google-cloud-contact-center-insights"
        types = needs("google.cloud.contact_center_insights_v1.types", package)

        # Refuses fields that it does not know, and values of the wrong kind.
        conversation = types.Conversation.from_json((FIXTURES / name).read_text())

        spoken = {segment.text for segment in conversation.transcript.transcript_segments}
        assert all(text in words_read(name) for text in spoken)

    def test_what_the_python_client_writes_is_read_alike(self, tmp_path: Path) -> None:
        package = "google-cloud-contact-center-insights"
        types = needs("google.cloud.contact_center_insights_v1.types", package)
        text = (FIXTURES / "google_api_call.json").read_text()
        written = tmp_path / "call.json"

        conversation = types.Conversation.from_json(text)
        written.write_text(json.dumps(types.Conversation.to_dict(conversation)))

        assert list(read_transcripts(written)) == list(
            read_transcripts(FIXTURES / "google_api_call.json")
        )

"""A service that grades one conversation a request: POST /score, GET /health.

Settings, from the environment: ``QA_NLP_SCORER`` (folder of a saved scorer, or a rubric),
``QA_NLP_ENCODER`` and ``QA_NLP_TIER`` (for a rubric; a saved scorer knows its own) and
``QA_NLP_THREADS`` (how many conversations are scored at once).
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final

from anyio.to_thread import current_default_thread_limiter
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse

import qa_nlp as qa
from qa_nlp.batch.scoring import place_of

LARGEST: Final = 1_000_000
"""Bytes of a request: more than the longest of calls needs."""


def open_scorer() -> qa.Scorer:
    """Open the scorer that the settings name, and every encoder that it may need."""
    name = os.environ.get("QA_NLP_SCORER", "service_excellence")
    if Path(name, "manifest.json").is_file():
        scorer = qa.Scorer.load(name, threads=1)
    else:
        encoder, tier = os.environ.get("QA_NLP_ENCODER", "auto"), os.environ.get("QA_NLP_TIER")
        scorer = qa.Scorer(name, encoder=encoder, tier=tier or "torch", threads=1)
    scorer.signals({call.language: call for call in qa.load_samples()}.values())
    return scorer


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Open the scorer once, before the first request is let in."""
    threads = int(os.environ.get("QA_NLP_THREADS") or os.cpu_count() or 1)
    current_default_thread_limiter().total_tokens = threads
    app.state.scorer = open_scorer()
    yield


app = FastAPI(title="qa_nlp", lifespan=lifespan)


async def transcript_of(request: Request) -> qa.Transcript:
    """Read the body; what is wrong with it is told without quoting it."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise HTTPException(413, f"larger than {LARGEST:,} bytes; send one conversation")
    try:
        return qa.Transcript.from_dict(json.loads(body))
    except qa.TranscriptError as error:
        raise HTTPException(422, str(error)) from None
    except (ValueError, RecursionError):
        raise HTTPException(422, "the body is not JSON in UTF-8") from None


@app.post("/score")
def score(call: Annotated[qa.Transcript, Depends(transcript_of)], request: Request) -> JSONResponse:
    """Grade a conversation, in a thread of its own, since this is not `async`."""
    try:
        return JSONResponse(request.app.state.scorer.score_one(call).to_dict())
    except qa.TranscriptError as error:
        raise HTTPException(422, str(error)) from None
    except Exception as error:  # another message may quote the conversation, and would be logged
        raise HTTPException(500, f"scoring failed with {place_of(error)}") from None


@app.get("/health")
async def health(request: Request) -> dict[str, str]:
    """Tell what is running, even while every thread is busy, since this is `async`."""
    scorer: qa.Scorer = request.app.state.scorer
    return {"fingerprint": scorer.fingerprint, "rubric": scorer.rubric.id, **scorer.provenance()}

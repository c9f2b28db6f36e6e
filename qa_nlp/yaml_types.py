"""The kinds of values that the YAML files of this library hold."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from qa_nlp.errors import RubricError
from qa_nlp.scope import Scope

__all__ = ["Finite", "Identifier", "LanguageCode", "Part", "Phrase", "ScopeText", "Text"]


def _valid_scope(text: str) -> str:
    try:
        return str(Scope.parse(text))
    except RubricError as error:
        raise ValueError(str(error)) from None


Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$")]
ScopeText = Annotated[str, AfterValidator(_valid_scope)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
LanguageCode = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class Part(BaseModel):
    """A mapping in a file: frozen, and without fields that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

"""JSON Schemas with which editors complete and check the YAML files that people write."""

from __future__ import annotations

from typing import Any

import pydantic

__all__ = ["editor_schema"]


def editor_schema(model: type[pydantic.BaseModel], title: str) -> dict[str, Any]:
    """Give the JSON Schema of a file's model.

    Parameters
    ----------
    model : type of pydantic.BaseModel
        What a file holds.
    title : str
        What editors call it.

    Returns
    -------
    dict
        JSON Schema, draft 2020-12. Descriptions are one paragraph: the examples in docstrings are
        Python and would only confuse whoever writes YAML.
    """
    schema = model.model_json_schema()
    for part in (schema, *schema.get("$defs", {}).values()):
        if "description" in part:
            part["description"] = " ".join(part["description"].split("\n\n")[0].split())
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": title}

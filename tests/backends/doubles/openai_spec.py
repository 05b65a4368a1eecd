"""Holds what is asked of the Images API, and what its double answers, against OpenAI's official OpenAPI file.

The file's path comes from the environment variable LIENZO_OPENAI_OPENAPI; without it nothing is held against it.
"""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

JSON = dict[str, Any]
VARIABLE = "LIENZO_OPENAI_OPENAPI"
#: Values that the file does not know yet, though the official SDK does.
NEWER: dict[str, tuple[str, ...]] = {"quality": ("xhigh", "max")}
MULTIPART = "multipart/form-data"


def specification() -> JSON | None:
    path = os.environ.get(VARIABLE)
    return _read(path) if path else None


@cache
def _read(path: str) -> JSON:
    return _newer(json.loads(Path(path).read_bytes()))


def request_problems(path: str, media_type: str, body: Any) -> list[str]:
    """What is wrong with the body of a POST: JSON, or the fields of a form, with their types."""
    spec = specification()
    if spec is None or path not in spec["paths"]:
        return []
    schema = spec["paths"][path]["post"]["requestBody"]["content"][media_type]["schema"]
    found = _problems(schema, body, f"{path} request")
    known = _resolved(schema)["properties"]
    return found + [
        f"{path} request: there is no {name}" for name in body if name not in known and name != "moderation"
    ]


def answer_problems(path: str, media_type: str, body: Any) -> list[str]:
    spec = specification()
    if spec is None or path not in spec["paths"]:
        return []
    schema = spec["paths"][path]["post"]["responses"]["200"]["content"][media_type]["schema"]
    return _problems(schema, body, f"{path} answer")


def error_problems(body: Any) -> list[str]:
    return _problems({"$ref": "#/components/schemas/ErrorResponse"}, body, "error") if specification() else []


def _problems(schema: JSON, value: Any, name: str) -> list[str]:
    spec = specification()
    assert spec is not None
    validator = jsonschema_rs.Draft202012Validator({"allOf": [schema], "components": spec["components"]})
    errors = list(validator.iter_errors(value))
    return [f"{name}: {'/'.join(map(str, error.instance_path))}: {error.message[-300:]}" for error in errors]


def _resolved(schema: JSON) -> JSON:
    spec = specification()
    assert spec is not None
    return spec["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _newer(spec: JSON) -> JSON:
    for schema in spec["components"]["schemas"].values():
        for name, values in NEWER.items():
            field = schema.get("properties", {}).get(name, {})
            if "enum" in field:
                field["enum"] += values
    return spec

"""Holds what a bot asks, and what the playground answers, against Discord's official OpenAPI file.

The file's path comes from the environment variable LIENZO_DISCORD_OPENAPI. Attach a `Validator` to a playground
(`playground.observers.append(validator)`), and look at `problems` at the end.
"""

import copy
import json
import os
import re
from pathlib import Path
from typing import Any, cast

import jsonschema_rs
import pytest

from bot.playground.wire import LoggedRequest, LoggedResponse

JSON = dict[str, Any]
VARIABLE = "LIENZO_DISCORD_OPENAPI"
INTEGER_OR_STRING: JSON = {
    "anyOf": [{"type": "string", "pattern": "^(0|[1-9][0-9]*)$"}, {"type": "integer", "minimum": 0}]
}
FORM_ERROR: JSON = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
}
UNREAD = (400, 401, 413, 429)
MOST_PROBLEMS = 10  # of each body, so that a wrong one stays readable


def openapi_path() -> Path:
    """The official file, or the test is skipped."""
    path = os.environ.get(VARIABLE)
    if not path:
        pytest.skip(f"{VARIABLE} does not name Discord's OpenAPI file")
    return Path(path)


class Validator:
    """An observer that validates every request and response; `problems` has a line for each mismatch.

    A request that was refused for its form (400), or before it was read, is not held against the specification.
    """

    def __init__(self, path: Path) -> None:
        self.problems: list[str] = []
        self.seen: set[str] = set()  # the operations that were used
        spec: JSON = json.loads(path.read_bytes())
        self._paths = [(_pattern(path), path, operations) for path, operations in spec["paths"].items()]
        self._paths.sort(key=lambda entry: entry[1].count("{"))  # literal paths win over parameters
        self._responses = _prepared(spec["components"], spec["components"]["schemas"]["SnowflakeType"])
        self._requests = _prepared(spec["components"], INTEGER_OR_STRING)
        self._compiled: dict[str, jsonschema_rs.Validator] = {}

    def __call__(self, request: LoggedRequest, response: LoggedResponse) -> None:
        """Validate one exchange."""
        found = self._operation(request)
        if found is None:
            self.problems.append(f"{request.method} {request.path}: no such operation")
            return
        name, path, operation = found
        self.seen.add(name)
        if response.status not in UNREAD:
            self._check_request(name, path, operation, request)
        self._check_response(name, operation, response)

    def _operation(self, request: LoggedRequest) -> tuple[str, JSON, JSON] | None:
        for pattern, path, operations in self._paths:
            operation = operations.get(request.method.lower())
            if operation is not None and pattern.fullmatch(request.path):
                return f"{request.method} {path}", operations, operation
        return None

    def _check_request(self, name: str, path: JSON, operation: JSON, request: LoggedRequest) -> None:
        known = {each["name"] for each in (*path.get("parameters", ()), *operation.get("parameters", ()))}
        for key in set(request.query) - known:
            self.problems.append(f"{name}: unknown query parameter {key}")
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            if request.body is not None:
                self.problems.append(f"{name}: a body where none is allowed")
            return
        schema = content["application/json"]["schema"]
        if request.body is None:
            if operation["requestBody"].get("required"):
                self.problems.append(f"{name}: no body where one is required")
            return
        self._validate(f"{name} request", schema, self._requests, request.body)

    def _check_response(self, name: str, operation: JSON, response: LoggedResponse) -> None:
        answers = operation["responses"]
        answer = answers.get(str(response.status)) or answers.get(f"{response.status // 100}XX")
        if response.status >= 500:
            return
        if answer is None:
            self.problems.append(f"{name}: status {response.status} is not among {sorted(answers)}")
            return
        reference = answer.get("$ref", "").rpartition("/")[2]
        answer = self._responses["responses"][reference] if reference else answer
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if schema is None and response.body is not None:
            self.problems.append(f"{name}: a body with status {response.status}")
        elif schema is not None and response.status != 204:
            self._validate(f"{name} {response.status}", schema, self._responses, response.body)

    def _validate(self, name: str, schema: JSON, components: JSON, value: Any) -> None:
        validator = self._compiled.get(name)
        if validator is None:
            whole: JSON = {"allOf": [_discriminated(schema, components["schemas"])], "components": components}
            validator = self._compiled[name] = jsonschema_rs.Draft202012Validator(whole)
        errors = list(validator.iter_errors(value))
        for error in errors[:MOST_PROBLEMS]:
            where = "/".join(map(str, error.instance_path))
            text = error.message  # which begins with the value, however long
            self.problems.append(f"{name}: {where}: {text if len(text) < 300 else f'{text[:100]}…{text[-150:]}'}")


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{\w+\}", path)
    return re.compile("[^/]+".join(map(re.escape, parts)))


def _prepared(components: JSON, snowflake: JSON) -> JSON:
    """The components with this idea of a snowflake, and with unions that pick their branch by `type`."""
    found: JSON = copy.deepcopy(components)
    found["schemas"]["SnowflakeType"] = snowflake
    # The file says integer, but the codes in the tree of a form's errors are words (BASE_TYPE_REQUIRED).
    found["schemas"]["InnerErrors"]["properties"]["_errors"]["items"] = FORM_ERROR
    schemas = found["schemas"]
    found["schemas"] = {name: _discriminated(schema, schemas) for name, schema in schemas.items()}
    return found


def _discriminated(schema: Any, schemas: JSON) -> Any:
    """Replace unions over `type` by conditions, so that an error is the chosen branch's own."""
    if isinstance(schema, list):
        return [_discriminated(each, schemas) for each in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    found: JSON = {key: _discriminated(value, schemas) for key, value in cast("JSON", schema).items()}
    for key in ("oneOf", "anyOf"):
        union = found.get(key)
        if isinstance(union, list) and (chosen := _by_type(cast("list[JSON]", union), schemas)) is not None:
            del found[key]
            found.setdefault("allOf", []).append(chosen)
    return found


def _by_type(union: list[JSON], schemas: JSON) -> JSON | None:
    branches = [each for each in union if each.get("type") != "null"]
    if len(branches) == 1 and len(union) == 2:
        return {"if": {"type": "null"}, "then": {}, "else": branches[0]}
    kinds = [_kinds(each, schemas) for each in branches]
    flat = [kind for each in kinds for kind in each]
    if len(branches) < 2 or not all(kinds) or len(set(flat)) != len(flat):
        return None
    conditions: list[JSON] = [
        {"if": {"properties": {"type": {"enum": kind}}, "required": ["type"]}, "then": branch}
        for kind, branch in zip(kinds, branches, strict=True)
    ]
    known: JSON = {"type": "object", "required": ["type"], "properties": {"type": {"enum": flat}}}
    chosen: JSON = {"allOf": [known, *conditions]}
    return chosen if len(branches) == len(union) else {"if": {"type": "null"}, "then": {}, "else": chosen}


def _kinds(branch: JSON, schemas: JSON) -> list[int]:
    target: JSON = schemas.get(branch.get("$ref", "").rpartition("/")[2], {})
    if "type" not in target.get("required", ()):
        return []
    return target["properties"]["type"].get("enum", [])

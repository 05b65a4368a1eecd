"""The validator itself: it must find what is wrong, or its silence says nothing."""

from typing import Any

import pytest

from bot.playground.wire import LoggedRequest, LoggedResponse
from tests.openapi import Validator, openapi_path

CALLBACK = "/interactions/1/token/callback"


@pytest.fixture(scope="module")
def strict() -> Validator:
    return Validator(openapi_path())


def problems(
    strict: Validator, method: str, path: str, body: Any, status: int = 204, answer: Any = None, **query: str
) -> list[str]:
    strict.problems.clear()
    request = LoggedRequest(method, path, path, query, {}, body, [], 0.0)
    strict(request, LoggedResponse(status, {}, answer))
    return list(strict.problems)


def button(**more: Any) -> dict[str, Any]:
    return {"type": 4, "data": {"components": [{"type": 1, "components": [{"type": 2, "style": 1, **more}]}]}}


def test_what_fits(strict: Validator) -> None:
    assert problems(strict, "POST", CALLBACK, button(label="x", custom_id="a"), with_response="1") == []
    assert problems(strict, "POST", CALLBACK, {"type": 5}) == []
    attachments = {"type": 4, "data": {"attachments": [{"id": 0, "filename": "a.png"}]}}
    assert problems(strict, "POST", CALLBACK, attachments) == []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (button(label="x" * 81), "longer than 80"),
        (button(custom_id="x" * 101), "longer than 100"),
        ({"type": 4, "data": {"content": "x" * 2001}}, "longer than 2000"),
        ({"type": 9, "data": {"custom_id": "a", "title": "x" * 46, "components": []}}, "longer than 45"),
        ({"type": 77}, "is not one of"),
        (None, "no body"),
    ],
)
def test_wrong_requests(strict: Validator, body: Any, text: str) -> None:
    found = problems(strict, "POST", CALLBACK, body)
    assert any(text in each for each in found), found


def test_wrong_answers_and_paths(strict: Validator) -> None:
    assert "no such operation" in problems(strict, "POST", "/nowhere", None)[0]
    assert (
        "unknown query parameter x"
        in problems(strict, "GET", "/users/@me", None, 403, {"message": "x", "code": 0}, x="1")[0]
    )
    assert "status 204" in problems(strict, "GET", "/users/@me", None)[0]
    missing = problems(strict, "GET", "/users/5", None, 200, {"id": 5})
    assert any("is not of type" in each for each in missing)
    assert any("required property" in each for each in missing)

"""Servers of generators on this machine, on the ports that they usually have. Nothing but 127.0.0.1 is ever asked."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import chain
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

import httpx

from bot.backends.comfyui import ComfyUiSettings
from bot.backends.sdwebui import SdWebUiSettings
from bot.config import Settings
from bot.errors import ConfigError

SECONDS: Final = 0.5  # for all of them together
MAX_BYTES: Final = 8 << 20
HOST: Final = "127.0.0.1"
HERE: Final = frozenset({HOST, "localhost"})


@dataclass(frozen=True, slots=True)
class Nearby:
    """A server that answered as this backend's do."""

    backend: str
    url: str


@dataclass(frozen=True, slots=True)
class Kind:
    """What a backend's servers answer to a GET of `path`, and the ports on which they usually do, the commonest first."""

    load: Callable[[Path | None], SdWebUiSettings | ComfyUiSettings]
    path: str
    signed: Callable[[Any], bool]
    ports: Sequence[int]


def _lists_models(answer: Any) -> bool:
    return isinstance(answer, list) and all(
        isinstance(one, dict) and "model_name" in one for one in cast("list[object]", answer)
    )


def _has_a_queue(answer: Any) -> bool:
    return isinstance(answer, dict) and answer.keys() >= {"queue_running", "queue_pending"}


#: AUTOMATIC1111, Forge and SD.Next listen on 7860, sd-server on 1234.
KINDS: Mapping[str, Kind] = {
    "sdwebui": Kind(SdWebUiSettings.load, "/sdapi/v1/sd-models", _lists_models, (7860, 1234)),
    "comfyui": Kind(ComfyUiSettings.load, "/queue", _has_a_queue, (8188,)),
}


async def find(settings: Settings, kinds: Mapping[str, Kind] = KINDS) -> list[Nearby]:
    """The first server of each backend that is not switched on already; within half a second."""
    wanted = {name: kind for name, kind in kinds.items() if name not in settings.backends}
    async with httpx.AsyncClient(trust_env=False, timeout=SECONDS) as client:
        found = await asyncio.gather(*(_looked(client, settings, name, kind) for name, kind in wanted.items()))
    firsts = {one.backend: one for one in reversed(list(chain.from_iterable(found)))}
    return [firsts[name] for name in wanted if name in firsts]


async def _looked(client: httpx.AsyncClient, settings: Settings, name: str, kind: Kind) -> list[Nearby]:
    """Those that answer: at the operator's own address where that is here, and on the usual ports."""
    try:
        own = kind.load(settings.env_file)
    except ConfigError:  # which the doctor tells of when it is switched on
        return []
    usual = [f"http://{HOST}:{port}" for port in kind.ports]
    urls = list(dict.fromkeys([own.url, *usual] if urlsplit(own.url).hostname in HERE else usual))
    answers = await asyncio.gather(*(_answers(client, f"{url}{kind.path}", own, kind) for url in urls))
    return [Nearby(name, url) for url, answered in zip(urls, answers, strict=True) if answered]


async def _answers(client: httpx.AsyncClient, url: str, own: SdWebUiSettings | ComfyUiSettings, kind: Kind) -> bool:
    auth = httpx.BasicAuth(own.user, own.password.get_secret_value()) if own.user else None
    key = own.key.get_secret_value() if isinstance(own, ComfyUiSettings) else ""
    headers = {"Authorization": f"Bearer {key}"} if key else None
    body = b""
    try:
        async with asyncio.timeout(SECONDS), client.stream("GET", url, auth=auth, headers=headers) as answer:
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > MAX_BYTES:
                    return False
        return answer.status_code == HTTPStatus.OK and kind.signed(json.loads(body))
    except (httpx.HTTPError, TimeoutError, ValueError):
        return False

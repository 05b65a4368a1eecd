"""Embeds: what Discord takes and what it makes of it. https://docs.discord.com/developers/resources/message#embed-limits"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bot.playground.problems import JSON, Check, Path

TOTAL = 6000  # characters over all embeds of a message
Media = Callable[[str], JSON | None]  # attachment:// or https:// → url, proxy_url, size; None: no such file


def read_embeds(value: Any, check: Check, media: Media) -> list[JSON]:
    """The embeds of a body, as a message carries them; `media` resolves links to files."""
    found = [_embed(check.table(item, ("embeds", index)), ("embeds", index), check, media)
             for index, item in enumerate(check.items(value, ("embeds",), 0, 10))]  # fmt: skip
    if sum(map(_length, found)) > TOTAL:
        check.fail(("embeds",), "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")
    return found


def _embed(raw: JSON, path: Path, check: Check, media: Media) -> JSON:
    embed: JSON = {"type": "rich"}
    for key, high in (("title", 256), ("description", 4096)):
        _put(embed, key, check.text(raw.get(key), (*path, key), 0, high))
    _put(embed, "url", _link(raw.get("url"), (*path, "url"), check))
    if (color := check.integer(raw.get("color"), (*path, "color"), 0, 0xFFFFFF)) is not None:
        embed["color"] = color
    _put(embed, "timestamp", _time(raw.get("timestamp"), (*path, "timestamp"), check))
    _put(embed, "fields", _fields(raw.get("fields"), (*path, "fields"), check))
    for key in ("image", "thumbnail"):
        if raw.get(key) is not None:
            _put(embed, key, _image(check.table(raw[key], (*path, key)), (*path, key), check, media))
    if raw.get("author") is not None:
        author = check.table(raw["author"], (*path, "author"))
        _put(embed, "author", _named(author, "name", 256, (*path, "author"), check, media))
    if raw.get("footer") is not None:
        footer = check.table(raw["footer"], (*path, "footer"))
        _put(embed, "footer", _named(footer, "text", 2048, (*path, "footer"), check, media))
    if not embed.keys() - {"type", "color", "url", "timestamp"}:
        check.fail((*path, "description"), "BASE_TYPE_REQUIRED", "This field is required")
    return embed


def _put(target: JSON, key: str, value: Any) -> None:
    if value:
        target[key] = value


def _fields(value: Any, path: Path, check: Check) -> list[JSON]:
    found: list[JSON] = []
    for index, item in enumerate(check.items(value, path, 0, 25)):
        raw, at = check.table(item, (*path, index)), (*path, index)
        name = check.text(raw.get("name"), (*at, "name"), 1, 256, required=True)
        text = check.text(raw.get("value"), (*at, "value"), 1, 1024, required=True)
        inline = check.boolean(raw.get("inline"), (*at, "inline"))
        found.append({"name": name, "value": text, "inline": inline})
    return found


def _image(raw: JSON, path: Path, check: Check, media: Media) -> JSON | None:
    url = _link(raw.get("url"), (*path, "url"), check, files=True)
    if url is None:
        return None
    found = media(url)
    if found is None:
        check.fail((*path, "url"), "ATTACHMENT_NOT_FOUND", f"The attachment {url} was not found in the request.")
    return found


def _named(raw: JSON, key: str, high: int, path: Path, check: Check, media: Media) -> JSON | None:
    text = check.text(raw.get(key), (*path, key), 1, high, required=True)
    found: JSON = {key: text}
    if key == "name":
        _put(found, "url", _link(raw.get("url"), (*path, "url"), check))
    if raw.get("icon_url"):
        icon = _image({"url": raw["icon_url"]}, path, check, media) or {}
        found |= {"icon_url": icon.get("url", ""), "proxy_icon_url": icon.get("proxy_url", "")}
    return found


def _link(value: Any, path: Path, check: Check, *, files: bool = False) -> str | None:
    url = check.text(value, path, 0, 2048)
    schemes = ("http://", "https://", "attachment://") if files else ("http://", "https://")
    if url and not url.startswith(schemes):
        check.fail(path, "URL_TYPE_INVALID_SCHEME", f"Scheme of {url!r} must be one of {', '.join(schemes)}.")
        return None
    return url


def _time(value: Any, path: Path, check: Check) -> str | None:
    text = check.text(value, path, 1, 64)
    try:
        return None if text is None else datetime.fromisoformat(text).isoformat()
    except ValueError:
        check.fail(path, "DATE_TIME_TYPE_PARSE", f"Could not parse {text}. Should be ISO8601.")
        return None


def _length(embed: JSON) -> int:
    parts: list[str] = [embed.get("title") or "", embed.get("description") or ""]
    footer: JSON = embed.get("footer") or {}
    author: JSON = embed.get("author") or {}
    parts += [footer.get("text") or "", author.get("name") or ""]
    for item in embed.get("fields", ()):
        parts += [item["name"] or "", item["value"] or ""]
    return sum(map(len, parts))

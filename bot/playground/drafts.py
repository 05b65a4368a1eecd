"""What a bot may put into a message: limits, files, flags, mentions. Turns a body into the fields of a message.

https://docs.discord.com/developers/resources/message#create-message
"""

import re
from dataclasses import dataclass, field, replace
from typing import Any

from bot.playground.components import Reader
from bot.playground.embeds import read_embeds
from bot.playground.files import Files, Stored, Upload, clean_name
from bot.playground.permissions import MENTION_EVERYONE, in_channel
from bot.playground.problems import JSON, Check, empty_message, too_large
from bot.playground.snowflake import Snowflakes, is_snowflake
from bot.playground.world import EPHEMERAL, Channel, Message, User, World

SUPPRESS_EMBEDS, LOADING, SUPPRESS_NOTIFICATIONS, COMPONENTS_V2 = 1 << 2, 1 << 7, 1 << 12, 1 << 15
CREATE_FLAGS = SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS | COMPONENTS_V2
MAX_CONTENT, MAX_FILES = 2000, 10
UNSUPPORTED = ("poll", "sticker_ids", "shared_client_theme", "applied_tags", "thread_name")
REFERENCE = "attachment://"


@dataclass(slots=True)
class Draft:
    """The checked fields of a message, and the files that go with it."""

    fields: JSON = field(default_factory=dict[str, Any])
    stored: list[Stored] = field(default_factory=list[Stored])  # new ones
    files: list[str] = field(default_factory=list[str])
    embedded: set[str] = field(default_factory=set[str])


@dataclass(slots=True, frozen=True)
class Frame:
    """Where a draft is going: the message that it changes (None: a new one), its channel, author and limits."""

    channel: Channel
    author: User
    limit: int  # bytes of each file
    old: Message | None = None
    may_hide: bool = False  # answers to interactions may be ephemeral
    ephemeral: bool = False


class Drafts:
    """Reads bodies. Raises ApiError 50035, 50006 or 40005."""

    def __init__(self, world: World, ids: Snowflakes, files: Files) -> None:
        self._world = world
        self._ids = ids
        self._files = files

    def read(self, body: JSON, uploads: list[Upload], frame: Frame) -> Draft:
        """Check a body against every limit, and make the fields of it."""
        check, draft = Check(), Draft()
        if any(len(upload.data) > frame.limit for upload in uploads):
            raise too_large()
        for key in UNSUPPORTED:
            if body.get(key):
                check.fail((key,), "UNSUPPORTED_BY_PLAYGROUND", "The playground knows nothing of this field.")
        flags = self._flags(body, check, frame)
        pool = self._attachments(body, uploads, check, frame, draft)
        if "content" in body or frame.old is None:
            draft.fields["content"] = check.text(body.get("content"), ("content",), 0, MAX_CONTENT) or ""
        self._embeds(body, check, frame, draft, pool)
        reader = self._components(body, check, frame, draft, pool, v2=bool(flags & COMPONENTS_V2))
        draft.fields["flags"] = flags
        draft.fields["attachments"] = [
            self._files.payload(stored) for stored in pool.values() if stored.id not in draft.embedded
        ]
        if flags & COMPONENTS_V2:
            _check_v2(check, _merged(draft, frame), reader, uploads)
        self._mentions(body, check, frame, draft)
        check.done()
        _check_content(_merged(draft, frame), flags)
        draft.files = [stored.id for stored in pool.values()]
        if frame.old is not None and "embeds" not in body:
            draft.files += [each for each in frame.old.embedded if each not in draft.files]
        for stored in draft.stored:
            self._files.add(stored)
        return draft

    def _flags(self, body: JSON, check: Check, frame: Frame) -> int:
        given = check.integer(body.get("flags"), ("flags",), 0, 2**53) or 0
        allowed = CREATE_FLAGS | (EPHEMERAL if frame.may_hide else 0)
        if given & ~allowed:
            check.fail(("flags",), "BASE_TYPE_BAD_INT", f"These flags cannot be set: {given & ~allowed}.")
        if frame.old is None:
            return (given & ~EPHEMERAL) | (EPHEMERAL if frame.ephemeral else 0)
        old = frame.old.flags
        if "flags" not in body or body["flags"] is None:
            return old & ~LOADING
        return old & ~(LOADING | SUPPRESS_EMBEDS) | given & (SUPPRESS_EMBEDS | COMPONENTS_V2)

    def _attachments(
        self, body: JSON, uploads: list[Upload], check: Check, frame: Frame, draft: Draft
    ) -> dict[str, Stored]:
        """The files that the message will have, by id."""
        old = self._old_files(frame)
        by_index = {upload.index: upload for upload in uploads}
        entries = body.get("attachments")
        if entries is None:
            pool = dict(old)
            wanted: list[tuple[Upload, JSON]] = [(upload, {}) for upload in uploads]
        else:
            pool, wanted = {}, []
            for index, item in enumerate(check.items(entries, ("attachments",), 0, MAX_FILES)):
                entry = check.table(item, ("attachments", index))
                number = str(entry.get("id"))
                if number in old:
                    pool[number] = self._kept(old[number], entry, draft)
                elif is_snowflake(entry.get("id")) and int(number) in by_index:
                    wanted.append((by_index.pop(int(number)), entry))
                else:
                    check.fail(
                        ("attachments", index, "id"), "ATTACHMENT_NOT_FOUND", f"No file or attachment has id {number}."
                    )
                check.text(entry.get("description"), ("attachments", index, "description"), 0, 1024)
            if by_index:
                check.fail(
                    ("attachments",), "ATTACHMENT_NOT_FOUND", f"files{sorted(by_index)} are not listed in attachments."
                )
        for upload, entry in wanted:
            stored = self._store(upload, entry, frame)
            draft.stored.append(stored)
            pool[stored.id] = stored
        if len(pool) > MAX_FILES:
            check.fail(("attachments",), "BASE_TYPE_MAX_LENGTH", f"Must be {MAX_FILES} or fewer in length.")
        return pool

    def _old_files(self, frame: Frame) -> dict[str, Stored]:
        ids = frame.old.files if frame.old is not None else []
        return {each: stored for each in ids if (stored := self._files.get(each)) is not None}

    def _kept(self, stored: Stored, entry: JSON, draft: Draft) -> Stored:
        if entry.get("description") in (None, stored.description):
            return stored
        changed = replace(stored, description=entry["description"])
        draft.stored.append(changed)
        return changed

    def _store(self, upload: Upload, entry: JSON, frame: Frame) -> Stored:
        name = clean_name(str(entry.get("filename") or upload.filename))
        hidden = frame.ephemeral or (frame.old is not None and frame.old.seen_by is not None)
        stored = Stored(self._ids.next(), frame.channel.id, name, upload.data, ephemeral=hidden)
        stored.description = entry.get("description")
        return stored

    def _embeds(self, body: JSON, check: Check, frame: Frame, draft: Draft, pool: dict[str, Stored]) -> None:
        if "embeds" not in body and frame.old is not None:
            draft.embedded = set(frame.old.embedded)
            return

        def media(url: str) -> JSON | None:
            if not url.startswith(REFERENCE):
                return {"url": url, "proxy_url": url}
            stored = _named(pool, url)
            if stored is None:
                return None
            draft.embedded.add(stored.id)
            return self._files.media(stored)

        draft.fields["embeds"] = read_embeds(body.get("embeds"), check, media)

    def _components(
        self, body: JSON, check: Check, frame: Frame, draft: Draft, pool: dict[str, Stored], *, v2: bool
    ) -> Reader:
        def media(url: str) -> JSON | None:
            if not url.startswith(REFERENCE):
                return {"url": url, "proxy_url": url}
            stored = _named(pool, url)
            if stored is None:
                return None
            details = {"attachment_id": stored.id, "name": stored.filename, "size": len(stored.data)}
            return self._files.media(stored) | details

        reader = Reader(check, media)
        if "components" in body or frame.old is None:
            draft.fields["components"] = reader.read(body.get("components"), ("components",), v2=v2)
        return reader

    def _mentions(self, body: JSON, check: Check, frame: Frame, draft: Draft) -> None:
        if frame.old is not None and "content" not in body and "components" not in body:
            return
        rules = body.get("allowed_mentions")
        allowed = None if rules is None else check.table(rules, ("allowed_mentions",))
        if allowed is not None:
            _check_allowed(allowed, check)
        text = f"{draft.fields.get('content', '')}\n{_text(draft.fields.get('components', []))}"
        users = [each for each in _found(r"<@!?(\d+)>", text) if _may("users", each, allowed)]
        roles = [each for each in _found(r"<@&(\d+)>", text) if _may("roles", each, allowed)]
        known = [self._world.users[each].payload for each in users if each in self._world.users]
        guild_roles = frame.channel.guild.roles if frame.channel.guild else {}
        draft.fields["mentions"] = known
        draft.fields["mention_roles"] = [each for each in roles if each in guild_roles]
        everyone = re.search(r"@(everyone|here)\b", text) is not None
        permitted = everyone and bool(in_channel(frame.channel, frame.author) & MENTION_EVERYONE)
        draft.fields["mention_everyone"] = permitted and (allowed is None or "everyone" in (allowed.get("parse") or ()))


def _merged(draft: Draft, frame: Frame) -> JSON:
    return draft.fields if frame.old is None else frame.old.payload | draft.fields


def _check_content(merged: JSON, flags: int) -> None:
    if flags & COMPONENTS_V2:
        return
    if not (merged["content"].strip() or merged["embeds"] or merged["attachments"]):
        raise empty_message()


def _check_v2(check: Check, merged: JSON, reader: Reader, uploads: list[Upload]) -> None:
    code = "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2"
    for key in ("content", "embeds"):
        if merged[key]:
            check.fail((key,), code, f"The '{key}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2")
    if not merged["components"]:
        check.fail(("components",), "BASE_TYPE_REQUIRED", "This field is required")
    shown = {clean_name(url.removeprefix(REFERENCE)) for url in reader.shown}
    for upload in uploads:
        if clean_name(upload.filename) not in shown:
            check.fail(
                ("attachments",), "ATTACHMENT_NOT_REFERENCED", f"{upload.filename} is not referenced by a component."
            )


def _named(pool: dict[str, Stored], url: str) -> Stored | None:
    name = clean_name(url.removeprefix(REFERENCE))
    return next((stored for stored in pool.values() if stored.filename == name), None)


def _check_allowed(allowed: JSON, check: Check) -> None:
    path = ("allowed_mentions",)
    parse = check.items(allowed.get("parse"), (*path, "parse"), 0, 3)
    for index, kind in enumerate(parse):
        check.one_of(kind, (*path, "parse", index), ("everyone", "roles", "users"))
    for key in ("users", "roles"):
        ids = check.items(allowed.get(key), (*path, key), 0, 100)
        if ids and key in parse:
            check.fail(
                path,
                "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
                f'parse:["{key}"] and {key}: [ids...] are mutually exclusive.',
            )
        if not all(map(is_snowflake, ids)):
            check.fail((*path, key), "NUMBER_TYPE_COERCE", "Every value must be a snowflake.")


def _may(kind: str, snowflake: str, allowed: JSON | None) -> bool:
    if allowed is None:
        return True
    return kind in (allowed.get("parse") or ()) or snowflake in map(str, allowed.get(kind) or ())


def _found(pattern: str, text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(pattern, text)))


def _text(components: list[JSON]) -> str:
    parts = [each.get("content", "") + _text(each.get("components", [])) for each in components]
    return "\n".join(parts)

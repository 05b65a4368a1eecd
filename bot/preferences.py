"""What users have set for themselves, and servers for theirs, kept in memory so that deciding how to answer needs no waiting."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, cast
from weakref import WeakValueDictionary

from bot.jobs import Lane
from bot.store import Store

_USER, _GUILD = "user", "guild"
Variability = Literal["strong", "subtle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPreferences:
    """One user's settings; the fields' values are JSON's."""

    lane: Lane | None = None  # the operator's first
    remix: bool = False
    #: What the V buttons do.
    variability: Variability = "strong"
    suffix: str = ""  # appended to every prompt
    #: Options of the user's own making: `--name` stands for the text.
    custom: Mapping[str, str] = field(default_factory=dict[str, str])
    stealth: bool | None = None  # as the operator says
    auto_dm: bool = False
    backend: str | None = None
    #: Parameters for every prompt that does not give them itself, by long name. A `model` is one of the chosen backend's.
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])
    #: Keep the style reference of the last prompt that had one: `style`, parameters by long name.
    sticky: bool = False
    style: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildPreferences:
    """One server's settings: ids of channels, None for none."""

    gallery: int | None = None
    #: So many different people's ❤️ bring a picture into the gallery.
    hearts: int = 3
    log: int | None = None  # for its moderators
    backend: str | None = None


_DEFAULT = UserPreferences()
_GUILD_DEFAULT = GuildPreferences()
_NAMES = frozenset(item.name for item in fields(UserPreferences))
_GUILD_NAMES = frozenset(item.name for item in fields(GuildPreferences))


class Preferences:
    """Users' settings behind a cache of the `capacity` users who were seen last.

    In one process what `peek` gives is what was stored; with several, another process's change is seen when `load` is called next.
    Whoever reads or changes one user's settings does so one after another, so that nothing old gets into memory behind something new.
    """

    def __init__(self, store: Store, *, capacity: int = 10_000) -> None:
        self._store = store
        self._capacity = capacity
        self._cache: OrderedDict[int, UserPreferences] = OrderedDict()
        self._guilds: dict[int, GuildPreferences] = {}  # as many as the operator named
        self._locks: WeakValueDictionary[tuple[str, int], asyncio.Lock] = WeakValueDictionary()

    def peek(self, user_id: int) -> UserPreferences:
        """From memory alone; the defaults for a user who is not there."""
        found = self._cache.get(user_id)
        if found is None:
            return _DEFAULT
        self._cache.move_to_end(user_id)
        return found

    def knows(self, user_id: int) -> bool:
        """Whether `peek` gives what was stored."""
        return user_id in self._cache

    async def load(self, user_id: int) -> UserPreferences:
        """From the store, into memory."""
        async with self._lock(_USER, user_id):
            return self._keep(user_id, await self._read(user_id))

    async def change(self, user_id: int, **changes: Any) -> UserPreferences:
        """Stores some of the fields; one set to its default is forgotten. Raises ValueError for a name that is no field."""
        if unknown := changes.keys() - _NAMES:
            raise ValueError(f"no such preference: {', '.join(sorted(unknown))}")
        return await self.revise(user_id, lambda stored: replace(stored, **changes))

    async def revise(self, user_id: int, revised: Callable[[UserPreferences], UserPreferences]) -> UserPreferences:
        """Stores what `revised` makes of the settings as they are now. Nothing changes where it raises."""
        async with self._lock(_USER, user_id):
            before = await self._read(user_id)
            after = revised(before)
            try:
                for name in _NAMES:
                    value = getattr(after, name)
                    if value != getattr(before, name):
                        forgotten = value == getattr(_DEFAULT, name)
                        await self._store.set_setting(_USER, user_id, name, None if forgotten else _encoded(value))
            except BaseException:
                self._cache.pop(user_id, None)  # some of it may be stored
                raise
            return self._keep(user_id, after)

    def peek_guild(self, guild_id: int | None) -> GuildPreferences:
        """From memory alone; the defaults outside of servers, and for one that was not loaded yet."""
        return self._guilds.get(guild_id, _GUILD_DEFAULT) if guild_id is not None else _GUILD_DEFAULT

    async def load_guild(self, guild_id: int) -> GuildPreferences:
        """From the store the first time, then from memory: one process changes a server's settings."""
        async with self._lock(_GUILD, guild_id):
            return await self._guild(guild_id)

    async def change_guild(self, guild_id: int, **changes: Any) -> GuildPreferences:
        """Stores some of the fields; one set to its default is forgotten. Raises ValueError for a name that is no field."""
        if unknown := changes.keys() - _GUILD_NAMES:
            raise ValueError(f"no such setting of a server: {', '.join(sorted(unknown))}")
        async with self._lock(_GUILD, guild_id):
            changed = replace(await self._guild(guild_id), **changes)
            for name in changes:
                value = getattr(changed, name)
                forgotten = value == getattr(_GUILD_DEFAULT, name)
                await self._store.set_setting(_GUILD, guild_id, name, None if forgotten else value)
            self._guilds[guild_id] = changed
            return changed

    def _lock(self, kind: str, number: int) -> asyncio.Lock:
        """One for each user and server, for as long as somebody holds or awaits it."""
        return self._locks.setdefault((kind, number), asyncio.Lock())

    async def _read(self, user_id: int) -> UserPreferences:
        return _decoded(await self._store.settings(_USER, user_id))

    async def _guild(self, guild_id: int) -> GuildPreferences:
        if guild_id not in self._guilds:
            stored = await self._store.settings(_GUILD, guild_id)
            known = {name: value for name, value in stored.items() if name in _GUILD_NAMES}
            self._guilds[guild_id] = GuildPreferences(**known)
        return self._guilds[guild_id]

    def _keep(self, user_id: int, preferences: UserPreferences) -> UserPreferences:
        self._cache[user_id] = preferences
        self._cache.move_to_end(user_id)
        while len(self._cache) > self._capacity:
            self._cache.popitem(last=False)
        return preferences


def _encoded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    return str(value) if isinstance(value, Lane) else value


def _decoded(stored: Mapping[str, Any]) -> UserPreferences:
    """What another version stored and this one does not know is passed over."""
    values = {name: value for name, value in stored.items() if name in _NAMES}
    if "lane" in values:
        values["lane"] = next((lane for lane in Lane if lane == values["lane"]), None)
    if "style" in values:  # JSON knows no tuples
        style = cast("Mapping[str, Any]", values["style"])
        values["style"] = {name: tuple(value) if isinstance(value, list) else value for name, value in style.items()}  # pyright: ignore[reportUnknownArgumentType]
    return UserPreferences(**values)

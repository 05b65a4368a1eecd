"""What users have set for themselves, kept in memory so that deciding how to answer needs no waiting."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from bot.jobs import Lane
from bot.store import Store

_SCOPE = "user"
Variability = Literal["strong", "subtle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPreferences:
    """One user's settings; the fields' values are JSON's."""

    lane: Lane = Lane.FAST
    remix: bool = False
    #: What the V buttons do.
    variability: Variability = "strong"
    suffix: str = ""  # appended to every prompt
    #: Options of the user's own making: `--name` stands for the text.
    custom: Mapping[str, str] = field(default_factory=dict[str, str])
    stealth: bool = False
    auto_dm: bool = False
    backend: str | None = None
    #: Parameters for every prompt that does not give them itself, by long name.
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])


_DEFAULT = UserPreferences()
_NAMES = frozenset(item.name for item in fields(UserPreferences))


class Preferences:
    """Users' settings behind a cache of the `capacity` users who were seen last.

    In one process what `peek` gives is what was stored; with several, another process's change is seen when `load` is called next.
    """

    def __init__(self, store: Store, *, capacity: int = 10_000) -> None:
        self._store = store
        self._capacity = capacity
        self._cache: OrderedDict[int, UserPreferences] = OrderedDict()

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
        return self._keep(user_id, _decoded(await self._store.settings(_SCOPE, user_id)))

    async def change(self, user_id: int, **changes: Any) -> UserPreferences:
        """Stores some of the fields; one set to its default is forgotten. Raises ValueError for a name that is no field."""
        if unknown := changes.keys() - _NAMES:
            raise ValueError(f"no such preference: {', '.join(sorted(unknown))}")
        changed = replace(await self.load(user_id), **changes)
        for name in changes:
            value = getattr(changed, name)
            await self._store.set_setting(
                _SCOPE, user_id, name, None if value == getattr(_DEFAULT, name) else _encoded(value)
            )
        return self._keep(user_id, changed)

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
    values = {name: value for name, value in stored.items() if name in _NAMES}
    if "lane" in values:
        values["lane"] = Lane(values["lane"])
    return UserPreferences(**values)

"""What a caller may choose, and has chosen: mode, visibility, generator, and the settings of one's own and of a server."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, Literal

from bot.backends.base import Capabilities
from bot.errors import BackendError, LimitReached, NotAllowed, NotFound, PromptError, UserError
from bot.i18n import T, Text
from bot.jobs import Lane
from bot.preferences import GuildPreferences, UserPreferences, Variability
from bot.prompt import Parsed, Prompt, check_options, parameter, parse, replaced
from bot.studio.desk import Caller, Desk

MAX_OPTIONS = 20
NAME_LIMIT = 32  # characters of a custom option's name
VALUE_LIMIT = 500  # and of what it stands for
SUFFIX_LIMIT = 1000
STYLIZE = (50, 100, 250, 750)
#: What a prompt may name instead of the model that was chosen in the settings.
MODELS = ("model", "version", "niji")
#: What makes up a style that sticks.
STYLE = ("sref", "sw", "sv")
#: A name as the prompt language spells them.
_NAME = re.compile(r"[^\W\d_]\w*")
_DASHES = "-–—"
#: Settings that are on or off.
Switch = Literal["remix", "auto_dm", "sticky"]


@dataclass(frozen=True, slots=True)
class Generator:
    """A backend with one of its models; None is its own first."""

    backend: str
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What one may choose and what holds now. `preferences` are as stored, the rest is what comes of them here."""

    preferences: UserPreferences
    generators: tuple[Generator, ...]  # those chosen come first
    chosen: Generator | None  # None: the server's or the operator's
    generator: Generator
    usual: str  # the backend of those who chose none
    lanes: tuple[Lane, ...]
    lane: Lane
    may_hide: bool
    stealth: bool


class Choices(Desk):
    """The part of the studio that knows what people want. All of it answers from memory but where it is awaited."""

    # What holds

    def lanes(self, caller: Caller) -> tuple[Lane, ...]:
        """The modes that exist here and that the caller may choose, in the operator's order; at least one."""
        allowed = tuple(lane for lane in self.offered_lanes() if self._may_use(caller, lane))
        return allowed or (Lane.RELAX,)

    def offered_lanes(self) -> tuple[Lane, ...]:
        """The modes that exist here: turbo only where some backend has a faster model."""
        return tuple(lane for lane in self._settings.lanes if lane is not Lane.TURBO or self._turbo())

    def lane(self, caller: Caller, prompt: Prompt | None = None) -> Lane:
        """The prompt's own `--fast`, `--relax` or `--turbo`, else what the caller chose, else the operator's first."""
        asked = next((lane for lane in Lane if prompt.get(lane.value)), None) if prompt else None
        chosen = asked or self._preferences.peek(caller.user_id).lane
        lanes = self.lanes(caller)
        return chosen if chosen is not None and chosen in lanes else lanes[0]

    def may_hide(self, caller: Caller) -> bool:
        """Whether the caller may choose stealth."""
        roles = self._settings.stealth_roles
        return not roles or caller.moderator or bool(roles & caller.roles)

    def stealth(self, caller: Caller, prompt: Prompt | None = None) -> bool:
        """Whether only the caller is to see it: the prompt's own `--stealth` or `--public`, else the caller's setting."""
        if prompt is not None and (prompt.get("stealth") or prompt.get("public")):
            return bool(prompt.get("stealth"))
        chosen = self._preferences.peek(caller.user_id).stealth
        hidden = self._settings.visibility == "stealth" if chosen is None else chosen
        return hidden and (self.may_hide(caller) or self._settings.visibility == "stealth")

    def backend_of(self, caller: Caller) -> str:
        """The generator that the caller chose, else the server's, else the operator's first."""
        chosen = self._preferences.peek(caller.user_id).backend
        return chosen if chosen in self._catalog.names else self._usual(caller)

    def model_of(self, caller: Caller) -> str | None:
        """The model that the caller chose, where `backend_of` still has it."""
        mine = self._preferences.peek(caller.user_id)
        model = mine.defaults.get("model")
        known = model is not None and mine.backend == self.backend_of(caller) and model in self._models(mine.backend)
        return str(model) if known else None

    def preferences(self, caller: Caller) -> UserPreferences:
        """As far as they are in memory."""
        return self._preferences.peek(caller.user_id)

    def capabilities_of(self, caller: Caller) -> Capabilities | None:
        """What the caller's generator can do; None while it has not answered."""
        try:
            return self._catalog.capabilities(self.backend_of(caller))
        except BackendError:
            return None

    def panel(self, caller: Caller) -> Panel:
        mine = self._preferences.peek(caller.user_id)
        generator = Generator(self.backend_of(caller), self.model_of(caller))
        return Panel(
            preferences=mine,
            generators=self._generators(generator),
            chosen=generator if mine.backend == generator.backend else None,
            generator=generator,
            usual=self._usual(caller),
            lanes=self.lanes(caller),
            lane=self.lane(caller),
            may_hide=self.may_hide(caller),
            stealth=self.stealth(caller),
        )

    # What it does to a prompt

    def read(
        self, caller: Caller, text: str, overrides: Mapping[str, str] | None = None, *, attached: int = 0
    ) -> Parsed:
        """One prompt, after `permute`, with all that its writer has set. Raises `PromptError`."""
        mine = self._preferences.peek(caller.user_id)
        read = parse(
            text,
            custom=mine.custom,
            suffix=mine.suffix,
            defaults={name: value for name, value in mine.defaults.items() if name != "model"},
            overrides=overrides or {},
            attached=attached,
        )
        prompt = read.prompt
        if mine.sticky and mine.style and prompt.get("sref") is None:
            prompt = replaced(prompt, **mine.style)
        model, notes = self._default_model(caller, prompt)
        if model is not None:
            prompt = replaced(prompt, model=model)
        return Parsed(prompt, read.warnings + notes)

    async def keep_style(self, caller: Caller, prompts: Sequence[Prompt]) -> None:
        """Remembers the last style reference of prompts that were started, for one who wants it to stick."""
        mine = self._preferences.peek(caller.user_id)
        styles = [_style(prompt) for prompt in prompts if prompt.get("sref") is not None]
        if mine.sticky and styles and styles[-1] != mine.style:
            await self._preferences.change(caller.user_id, style=styles[-1])

    def check_choices(self, caller: Caller, prompt: Prompt) -> None:
        """Raises `NotAllowed` where a prompt asks for a mode or for a visibility that its writer may not choose."""
        for lane in self.offered_lanes():  # one that does not exist here is noted on the result instead
            if prompt.get(lane.value) and lane not in self.lanes(caller):
                raise NotAllowed(T("You can't use {mode} mode here.", mode=f"`--{lane}`"))
        if prompt.get("stealth"):
            self._check_stealth(caller)

    # One's own settings

    async def recall(self, caller: Caller) -> None:
        """Brings the caller's settings into memory as they are stored, whoever changed them."""
        await self._preferences.load(caller.user_id)

    async def set_lane(self, caller: Caller, lane: Lane) -> None:
        """Raises `NotAllowed`."""
        if lane not in self.lanes(caller):
            raise NotAllowed(T("You can't use {mode} mode here.", mode=f"`--{lane}`"))
        await self._preferences.change(caller.user_id, lane=lane)

    async def set_stealth(self, caller: Caller, *, hidden: bool) -> None:
        """Raises `NotAllowed`."""
        if hidden:
            self._check_stealth(caller)
        await self._preferences.change(caller.user_id, stealth=hidden)

    async def set_variability(self, caller: Caller, variability: Variability | None = None) -> Variability:
        """What the V buttons do; without one, the other one. Returns what holds then."""

        def revised(mine: UserPreferences) -> UserPreferences:
            other: Variability = "strong" if mine.variability == "subtle" else "subtle"
            return replace(mine, variability=variability or other)

        return (await self._preferences.revise(caller.user_id, revised)).variability

    async def switch(self, caller: Caller, name: Switch) -> bool:
        """Turns something on or off. Returns whether it is on then."""

        def revised(mine: UserPreferences) -> UserPreferences:
            changes: dict[str, Any] = {name: not getattr(mine, name)}
            return replace(mine, **changes, **({"style": {}} if name == "sticky" else {}))

        return bool(getattr(await self._preferences.revise(caller.user_id, revised), name))

    async def switch_raw(self, caller: Caller) -> None:
        """Turns `--raw` on or off for every prompt."""
        await self._preferences.revise(
            caller.user_id, lambda mine: _with_default(mine, "raw", None if mine.defaults.get("raw") else True)
        )

    async def set_stylize(self, caller: Caller, value: int | None) -> None:
        """For every prompt that names none; None for the generator's own. Raises `NotFound` for none of `STYLIZE`."""
        if value is not None and value not in STYLIZE:
            raise NotFound(T("There is no such setting any more."))
        await self._preferences.revise(caller.user_id, lambda mine: _with_default(mine, "stylize", value))

    async def set_generator(self, caller: Caller, generator: Generator | None) -> None:
        """None for the one that the server or the operator chose. Raises `NotFound`."""
        if generator is None:
            await self._preferences.revise(
                caller.user_id, lambda mine: replace(_with_default(mine, "model", None), backend=None)
            )
            return
        self._check_backend(generator.backend)
        if generator.model is not None and generator.model not in self._models(generator.backend):
            raise NotFound(
                T(
                    "The {backend} backend has no model `{model}` any more.",
                    backend=generator.backend,
                    model=generator.model.replace("`", "'"),
                )
            )
        await self._preferences.revise(
            caller.user_id,
            lambda mine: replace(_with_default(mine, "model", generator.model), backend=generator.backend),
        )

    async def set_suffix(self, caller: Caller, text: str) -> str:
        """Parameters for every prompt; empty for none. Returns what was kept. Raises `UserError`."""
        suffix = " ".join(text.split())
        if len(suffix) > SUFFIX_LIMIT:
            raise UserError(T("A suffix has at most {limit} characters.", limit=SUFFIX_LIMIT))

        def revised(mine: UserPreferences) -> UserPreferences:
            self._check_parameters(caller, suffix, mine.custom)
            return replace(mine, suffix=suffix)

        return (await self._preferences.revise(caller.user_id, revised)).suffix

    async def set_option(self, caller: Caller, name: str, value: str) -> str:
        """An option of one's own, by any way of writing its name; an empty value deletes it. Returns its name. Raises `UserError`."""
        value = " ".join(value.split())
        name = option_name(name, new=bool(value))
        if len(value) > VALUE_LIMIT:
            raise UserError(T("An option stands for at most {limit} characters.", limit=VALUE_LIMIT))

        def revised(mine: UserPreferences) -> UserPreferences:
            custom = dict(mine.custom)
            if value:
                custom[name] = value
            elif custom.pop(name, None) is None:
                raise NotFound(T("You have no option `--{name}`.", name=name))
            if len(custom) > MAX_OPTIONS:
                raise LimitReached(
                    T("You have {limit} options already: delete one first, by giving it no value.", limit=MAX_OPTIONS)
                )
            self._check_parameters(caller, value, {})
            if _reads(mine.suffix, mine.custom) and not _reads(mine.suffix, custom):
                raise UserError(T("Your suffix uses `--{name}`: change the suffix first.", name=name))
            return replace(mine, custom=custom)

        await self._preferences.revise(caller.user_id, revised)
        return name

    async def reset(self, caller: Caller) -> None:
        """Everything as it was at first, but for the options of one's own making."""
        await self._preferences.revise(caller.user_id, lambda mine: UserPreferences(custom=mine.custom))

    # A server's settings

    async def load_guild(self, guild_id: int) -> None:
        """Brings a server's settings into memory."""
        await self._preferences.load_guild(guild_id)

    def server(self, guild_id: int | None) -> GuildPreferences:
        return self._preferences.peek_guild(guild_id)

    async def set_gallery(self, guild_id: int, channel_id: int | None, hearts: int | None = None) -> GuildPreferences:
        """The channel into which a picture comes that so many people like; None for none."""
        changes: dict[str, Any] = {"gallery": channel_id} | ({} if hearts is None else {"hearts": hearts})
        return await self._preferences.change_guild(guild_id, **changes)

    async def set_log(self, guild_id: int, channel_id: int | None) -> GuildPreferences:
        """The channel where moderators see every result, and reports; None for none."""
        return await self._preferences.change_guild(guild_id, log=channel_id)

    async def set_server_backend(self, guild_id: int, name: str | None) -> GuildPreferences:
        """The generator of those who chose none; None for the operator's first. Raises `NotFound`."""
        if name is not None:
            self._check_backend(name)
        return await self._preferences.change_guild(guild_id, backend=name)

    # How

    def _may_use(self, caller: Caller, lane: Lane) -> bool:
        roles = {Lane.FAST: self._settings.fast_roles, Lane.TURBO: self._settings.turbo_roles}.get(
            lane, frozenset[int]()
        )
        return not roles or caller.moderator or bool(roles & caller.roles)

    def _turbo(self) -> bool:
        return any(capabilities.turbo_model for capabilities in self._catalog.known())

    def _usual(self, caller: Caller) -> str:
        server = self._preferences.peek_guild(caller.guild_id).backend
        return server if server in self._catalog.names else self._catalog.default

    def _models(self, backend: str | None) -> tuple[str, ...]:
        try:
            return self._catalog.capabilities(backend or "").models
        except BackendError:
            return ()

    def _generators(self, chosen: Generator) -> tuple[Generator, ...]:
        """Every backend, and every model of those that have several; the chosen one and its like first, since lists have an end."""
        plain = [Generator(name) for name in self._catalog.names]
        models = [
            Generator(name, model)
            for name in sorted(self._catalog.names, key=lambda name: name != chosen.backend)
            if len(known := self._models(name)) > 1
            for model in known
        ]
        return tuple(dict.fromkeys([chosen, *plain, *models]))

    def _default_model(self, caller: Caller, prompt: Prompt) -> tuple[str | None, tuple[Text, ...]]:
        """The model from the settings for a prompt that names none, or why not."""
        mine = self._preferences.peek(caller.user_id)
        wanted = mine.defaults.get("model")
        if wanted is None or any(prompt.get(name) is not None for name in MODELS):
            return None, ()
        backend = self.backend_of(caller)
        if prompt.get("backend") not in (None, backend):
            return None, ()
        model = self.model_of(caller)
        if model is None:
            note = T("`{model}`, which you chose in `/settings`, is not there any more.", model=_quotable(str(wanted)))
            return None, (note,)
        turbo = self.lane(caller, prompt) is Lane.TURBO and self._catalog.capabilities(backend).turbo_model
        return (None if turbo else model), ()

    def _check_stealth(self, caller: Caller) -> None:
        if not self.may_hide(caller):
            raise NotAllowed(T("You can't use stealth here: results on this server are public."))

    def _check_backend(self, name: str) -> None:
        names = self._catalog.names
        if name in names:
            return
        near = get_close_matches(name, names, 5, cutoff=0.0)
        raise NotFound(
            T("There is no `{name}` backend here. There are: {names}.", name=_quotable(name), names=", ".join(near))
        )

    def _check_parameters(self, caller: Caller, text: str, custom: Mapping[str, str]) -> None:
        """Raises `UserError` unless every prompt could end like this."""
        if not text:
            return
        if text[0] not in _DASHES:
            raise PromptError(T("Only parameters can stand here, such as `--ar 3:2 --raw`."))
        check_options(text, custom)
        self.check_choices(caller, parse("x", custom=custom, suffix=text).prompt)


def option_name(typed: str, *, new: bool = True) -> str:
    """The name of a custom option in lower case, without dashes. Raises `UserError` where it can't be one, or where a `new` one can't."""
    name = typed.strip().lstrip(_DASHES).lower()
    if len(name) > NAME_LIMIT or not _NAME.fullmatch(name):
        raise UserError(
            T(
                "An option's name begins with a letter and has only letters, digits and _, at most {limit}.",
                limit=NAME_LIMIT,
            )
        )
    if new and parameter(name) is not None:
        raise UserError(T("`--{name}` is a parameter already: choose another name.", name=name))
    return name


def _reads(suffix: str, custom: Mapping[str, str]) -> bool:
    try:
        check_options(suffix, custom)
    except PromptError:
        return False
    return True


def _with_default(mine: UserPreferences, name: str, value: Any) -> UserPreferences:
    """With this parameter in every prompt; with None without it."""
    kept = {key: given for key, given in mine.defaults.items() if key != name}
    return replace(mine, defaults=kept if value is None else {**kept, name: value})


def _style(prompt: Prompt) -> Mapping[str, Any]:
    return {name: value for name in STYLE if (value := prompt.get(name)) is not None}


def _quotable(text: str) -> str:
    return text.replace("`", "'")

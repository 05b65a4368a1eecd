"""DeepAI: one picture for each call, which answers with a link to it when it is done. No seeds, no masks, no progress.

The link is the handle: what was bought is fetched again after a crash, or when fetching it failed, and not bought again.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, SecretStr

from bot.backends.base import Capabilities, Edit, Generated, Operation, Progress, Request, Result, Role
from bot.backends.settings import Address, BackendSettings, prefixed
from bot.backends.web import Account, Failure, FormFile, Names, Web, broken, form_body, trouble
from bot.errors import BackendBroken, BackendError, BackendRefused, BackendRejected, ConfigError
from bot.i18n import T, Text
from bot.imaging import cut

NAME = "deepai"
PRICED = "2026-11-23"  # when no price of a call was to be found: the operator can say what theirs is
STANDARD, GENIUS, SUPER = "standard", "genius", "super_genius"
MODELS = (STANDARD, "hd", GENIUS, SUPER)  # its `image_generator_version`
#: Styles that the genius version knows by `genius_preference`.
PREFERENCES = ("anime", "photography", "graphic", "cinematic")
#: Styles with an address of their own, which takes the same fields.
STYLES: Mapping[str, str] = {
    "3d-objects": "3d-objects-generator",
    "anime-portrait": "anime-portrait-generator",
    "cyberpunk": "cyberpunk-generator",
    "fantasy-world": "fantasy-world-generator",
    "logo": "logo-generator",
    "old-style": "old-style-generator",
    "pixel-art": "pixel-art-generator",
    "watercolor": "watercolor-painting-generator",
}
#: What is done to a picture without words.
TOOLS: Mapping[Edit, str] = {Edit.COLOURISE: "colorizer", Edit.REMOVE_BACKGROUND: "background-remover"}
PAINT, EDITOR, ENLARGE = "text2img", "image-editor", "torch-srgan"
LOOK_SECONDS = 15.0
GRID = 4  # pictures in one file, of twice the size: what it made of every prompt once, and may still
#: Words by which a refusal is told, as these have no code.
REFUSALS = ("nsfw", "moderat", "safety", "policy", "inappropriate", "violat", "prohibited")
V = TypeVar("V")
SPENT = ("credit", "quota", "subscri", "upgrade", "payment")


class DeepAiSettings(BackendSettings):
    """`LIENZO_DEEPAI_…`. `price` is USD for one call."""

    model_config = prefixed(NAME)

    url: Address = "https://api.deepai.org"
    key: SecretStr = SecretStr("")
    model: str = "hd"
    resolution: Literal["2k", "4k"] = "2k"
    price: float | None = Field(default=None, gt=0)
    timeout: float = Field(default=110, gt=0)


class Answer(BaseModel):
    """An answer without a link is a no, whatever its status."""

    output_url: str | None = None
    err: str | None = None
    status: str | None = None


class Barred(BackendRejected):
    """The key is wrong, or its account has nothing left."""


class Missing(BackendRejected):
    """There is no such address."""


class DeepAi:
    """One account. The calls of a request run at once."""

    name = NAME

    def __init__(self, settings: DeepAiSettings) -> None:
        key = settings.key
        self._names = Names(url=settings.setting("url"), key=settings.setting("key"), model=settings.setting("model"))
        if not key.get_secret_value():
            raise ConfigError(
                T(
                    "`{setting}` is missing: a key comes from https://deepai.org/dashboard/profile",
                    setting=self._names.key,
                )
            )
        self._settings = settings
        self._grids: set[str] = set()  # models that were seen to make four at once
        self._web = Web(
            Account(
                backend=NAME,
                url=settings.url,
                names=self._names,
                headers={"api-key": key},
                paid=True,
                explain=self._explain,
            )
        )

    async def close(self) -> None:
        await self._web.close()

    async def capabilities(self) -> Capabilities:
        """Its manual lists them; that the provider is there is asked."""
        await self._look()
        model = self._settings.model
        return Capabilities(
            operations=frozenset({Operation.GENERATE, Operation.EDIT, Operation.UPSCALE}),
            edits=frozenset(TOOLS),
            parameters=frozenset({"no", "style"}),
            models=tuple(dict.fromkeys([model, *MODELS])),
            styles=(*PREFERENCES, *STYLES),
            size_step=32,
            min_side=128,
            max_side=1536,
            max_pixels=1536 * 1024,
            max_upscaled=4096 * 4096,
            base_side=512 if model == STANDARD else 1024,
            resumable=True,
            paid=True,
            priced=PRICED,
            concurrency=2,
            seconds=30.0,
        )

    async def _look(self) -> None:
        """Any answer will do: what it says to a question that is none is nowhere written."""
        try:
            await self._web.status("GET", f"/api/{PAINT}", seconds=LOOK_SECONDS)
        except BackendRejected:
            return

    async def check(self) -> Text | None:
        """Asks for a picture of nothing, which is a mistake, and so costs nothing: what matters is which mistake is named first."""
        try:
            await self._link(PAINT, [("width", "512")])
        except Barred as error:
            return error.text
        except (BackendRejected, BackendRefused):
            return None
        except BackendError as error:
            return self._web.advice(error)
        return None

    def price(self, request: Request) -> float | None:
        return self._cost(self._calls(request))

    def _cost(self, calls: int) -> float | None:
        return None if self._settings.price is None else self._settings.price * calls

    # What it is asked

    def _calls(self, request: Request) -> int:
        return 1 if self._may_be_grid(request) and self._model(request) in self._grids else len(request.seeds)

    def _model(self, request: Request) -> str:
        return request.model or self._settings.model

    def _may_be_grid(self, request: Request) -> bool:
        """The super genius makes pictures of twice the size that are one."""
        return request.operation is Operation.GENERATE and self._model(request) != SUPER

    def _form(self, request: Request) -> tuple[str, list[tuple[str, str | FormFile]]]:
        """The address, and what goes there."""
        picture = next((("image", FormFile(image.path)) for image in request.only(Role.INITIAL)), None)
        image: list[tuple[str, str | FormFile]] = [picture] if picture else []
        if request.operation is Operation.UPSCALE:
            return ENLARGE, image
        if request.operation is Operation.EDIT and request.edit is not None and request.edit in TOOLS:
            return TOOLS[request.edit], image
        model = self._model(request)
        if request.operation is Operation.EDIT:
            return EDITOR, [*image, ("text", request.text), ("image_generator_version", model)]
        wanted = _style(request)
        return STYLES.get(wanted, PAINT), _painting(request, model, wanted, self._settings.resolution)

    async def submit(self, request: Request) -> str | None:
        """Buys the pictures, all at once; their links, which are what came of it."""
        name, form = self._form(request)
        links, troubles = await _together([self._link(name, form) for _ in range(self._calls(request))])
        if not links:
            # What is final goes first, and what was bought before what was not: either must not be tried again.
            problem = min(troubles, key=lambda e: (e.retry, not isinstance(e, BackendBroken)))
            raise self._unstyled(request) if isinstance(problem, Missing) and name in STYLES.values() else problem
        return " ".join(links)

    def _unstyled(self, request: Request) -> BackendRejected:
        return BackendRejected(
            T("The {backend} backend has no style called {style}.", backend=NAME, style=_style(request))
        )

    async def _link(self, name: str, form: Sequence[tuple[str, str | FormFile]]) -> str:
        answer = await self._web.ask(
            Answer, "POST", f"/api/{name}", body=form_body(form), seconds=self._settings.timeout
        )
        if not answer.output_url:
            if said := answer.err or answer.status:
                raise self._web.failure(400, {"err": said})
            raise broken(NAME, T("no picture came."))
        return _whole(answer.output_url)

    async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
        links = (handle or await self.submit(request) or "").split()
        done = 0

        async def one(index: int, link: str) -> list[Generated]:
            nonlocal done
            made = [Generated(path=path) for path in await self._fetched(request, index, link)]
            done += 1
            if len(made) == 1:
                progress.image(index, made[0])
            progress.update(done / len(links))
            return made

        fetched, troubles = await _together([one(index, link) for index, link in enumerate(links)])
        lost = [problem for problem in troubles if not problem.retry or isinstance(problem, BackendBroken)]
        if troubles and (not fetched or len(lost) < len(troubles)):
            raise next((problem for problem in troubles if problem not in lost), troubles[0])
        images = tuple(image for made in fetched for image in made)[: len(request.seeds)]
        if len(images) < len(request.seeds):
            self._grids.discard(self._model(request))
        return Result(
            images=images,
            notes=await self._notes(request, images),
            model=None if request.operation is Operation.UPSCALE or request.edit else self._model(request),
            cost_usd=self._cost(len(links)),
        )

    async def _fetched(self, request: Request, index: int, link: str) -> list[Path]:
        """A picture, or the four that are in it."""
        target = request.folder / f"{NAME}-{index}"
        try:
            await self._web.save("GET", _whole(link), target, seconds=self._settings.timeout)
        except Missing:
            raise BackendRejected(T("The picture was made, but is not there any more.")) from None
        path = await self._web.named(target, target)
        came = (await self._web.sniffed(path)).size
        if not self._may_be_grid(request) or came != (2 * request.width, 2 * request.height):
            return [path]
        self._grids.add(self._model(request))
        return await asyncio.to_thread(_quarters, path)

    async def cancel(self, request: Request, handle: str) -> None:
        """What has a link is done."""

    async def _notes(self, request: Request, images: Sequence[Generated]) -> tuple[Text, ...]:
        """What is not as it was asked for."""
        notes: list[Text] = []
        if (missing := len(request.seeds) - len(images)) > 0:
            notes.append(T("{missing} of {total} pictures did not come.", missing=missing, total=len(request.seeds)))
        wanted = _style(request)
        if wanted in PREFERENCES and self._model(request) != GENIUS:
            notes.append(T("`--style {style}` needs the model `{model}`.", style=wanted, model=GENIUS))
        elif wanted and wanted not in (*PREFERENCES, *STYLES):
            notes.append(T("The {backend} backend has no style called {style}.", backend=NAME, style=wanted))
        if request.operation is Operation.EDIT:
            return tuple(notes)
        came = (await self._web.sniffed(images[0].path)).size
        if came != (request.width, request.height):
            notes.append(
                T(
                    "The {backend} backend chooses the size itself: {width} × {height} pixels.",
                    backend=NAME,
                    width=came.width,
                    height=came.height,
                )
            )
        return tuple(notes)

    def _explain(self, failure: Failure) -> BackendError | None:
        """Its errors are a sentence, `{"err"}` or `{"status"}`, and often a 401, whatever is wrong."""
        said = failure.reason.lower()
        if any(word in said for word in SPENT) and failure.status < 500:
            return Barred(
                T(
                    "The account of the {backend} backend has no credit left: {reason}",
                    backend=NAME,
                    reason=failure.reason,
                )
            )
        if any(word in said for word in REFUSALS) and failure.status < 500:
            return BackendRefused(backend=NAME, reason=failure.reason)
        if failure.status in (401, 403) or "api key" in said or "api-key" in said:
            return Barred(trouble(replace(failure, status=401), self._names).text)
        if failure.status == 404:
            return Missing(trouble(failure, self._names).text)
        if "version" in said and failure.status < 500:
            setting = self._names.model
            return BackendRejected(
                T(
                    "The {backend} backend does not know the model. Check `{setting}`. It said: {reason}",
                    backend=NAME,
                    setting=setting,
                    reason=failure.reason,
                )
            )
        return None


async def _together(calls: Sequence[Coroutine[Any, Any, V]]) -> tuple[list[V], list[BackendError]]:
    """All at once: what came of them, and what went wrong with the others."""
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, BackendError):
            raise outcome
    came = [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]
    return came, [outcome for outcome in outcomes if isinstance(outcome, BackendError)]


def _painting(request: Request, model: str, style: str, resolution: str) -> list[tuple[str, str | FormFile]]:
    unwanted = ", ".join([*request.negative, *(part.text for part in request.parts if part.weight < 0)])
    form: list[tuple[str, str | FormFile]] = [
        ("text", request.text),
        ("width", str(request.width)),
        ("height", str(request.height)),
        ("image_generator_version", model),
    ]
    form += [("resolution", resolution)] if model == SUPER else []
    form += [("genius_preference", style)] if model == GENIUS and style in PREFERENCES else []
    return form + ([("negative_prompt", unwanted)] if unwanted else [])


def _style(request: Request) -> str:
    """The style that was asked for, in small letters; empty where none was."""
    return str(request.parameters.get("style") or "").lower()


def _whole(link: str) -> str:
    """A link to another place, to which no key goes along. Raises `BackendBroken` for what is none."""
    if not link.startswith(("http://", "https://")) or " " in link:
        raise broken(NAME, T("its link to the picture is no link."))
    return link


def _quarters(path: Path) -> list[Path]:
    """The pictures of a grid, row by row. Blocks."""
    targets = [path.with_name(f"{path.stem}-{index}.jpg") for index in range(GRID)]
    for index, target in enumerate(targets):
        cut(path, index, 2, 2, target)
    return targets

"""The backend: sends each request to the model it is for, and reads what comes back."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from bot.backends.base import Capabilities, Edit, Generated, Operation, Progress, Request, Result, Role
from bot.backends.vertex import gemini, imagen
from bot.backends.vertex.answers import Answer, Models, Predictions
from bot.backends.vertex.canvas import Framed, cropped, framed, outgrown
from bot.backends.vertex.faults import Missing, explain, gone
from bot.backends.vertex.login import Login
from bot.backends.vertex.models import GEMINI, PRICED, SIDES, Model, is_imagen, known, largest, paints, price
from bot.backends.vertex.settings import NAME, VertexSettings
from bot.backends.vertex.words import told
from bot.backends.web import Account, Web, broken, json_body
from bot.errors import BackendError, BackendRefused, BackendRejected, FetchError
from bot.i18n import T, Text
from bot.imaging import full_disk

LOOK_SECONDS = 15.0  # for a question that is answered at once
PAGES = 10  # of the list of models
MAX_INPUTS = 13  # Gemini takes 14 images; one may be a mask
LONGEST = 1.55  # the longer side of 21:9 against that of the square of the same size
SPARE = 1.03  # so much larger than the square's is the area of some shapes
ENLARGED = 4096 * 4096 * SPARE
TURBO = "gemini-3.1-flash-lite-image"
WORDS = ("seed", "no", "iw", "sref", "sw", "cref", "cw", "oref", "ow", "tile", "draft")
PAINTS = frozenset({Operation.GENERATE, Operation.VARY, Operation.INPAINT, Operation.BLEND, Operation.EDIT})
PREDICTS = frozenset({Operation.GENERATE, Operation.INPAINT, Operation.OUTPAINT, Operation.UPSCALE})
EDITS = frozenset({Edit.COLOURISE, Edit.RESTYLE, Edit.REPLACE})
A = TypeVar("A")
P = ParamSpec("P")


class Vertex:
    """One account. Every call has one request's time for itself; nothing can be taken up again after a crash."""

    name = NAME

    def __init__(self, settings: VertexSettings) -> None:
        """Raises `ConfigError` where it is not clear who asks."""
        self._settings = settings.checked()
        key = {} if settings.project else {"x-goog-api-key": settings.key}
        self._web = Web(
            Account(
                backend=NAME,
                url=settings.address,
                names=settings.names,
                headers=key,
                paid=True,
                explain=lambda failure: explain(failure, settings.names),
            )
        )
        file, setting = settings.credentials, settings.account
        self._login = Login(file, setting, self._web.hide) if settings.project else None

    async def close(self) -> None:
        await self._web.close()

    # What it can do

    async def capabilities(self) -> Capabilities:
        models = await self._models()
        wanted = self._settings.model
        model, old = known(wanted), is_imagen(wanted)
        side = min(SIDES[self._settings.size], largest(model))
        parameters = _honoured(model, old=old)
        return Capabilities(
            operations=(PREDICTS if old else PAINTS) | {Operation.DESCRIBE},
            edits=frozenset() if old else EDITS,
            parameters=parameters,
            models=models,
            turbo_model=TURBO if TURBO in models else None,
            max_inputs=1 if old else MAX_INPUTS,
            base_side=side,
            max_side=round(LONGEST * largest(model)),
            max_pixels=round(SPARE * largest(model) ** 2),
            max_upscaled=round(ENLARGED) if old else 0,
            paid=True,
            priced=PRICED,
            concurrency=4,
            seconds=20.0,
        )

    async def _models(self) -> tuple[str, ...]:
        """Those that paint, by Google's list; where it keeps none, those that are known here."""
        names: list[str] = []
        token = ""
        try:
            for _ in range(PAGES):
                params = {"pageSize": "100"} | ({"pageToken": token} if token else {})
                listed = await self._get(Models, self._settings.models(), params)
                names += [one.name.rpartition("/")[2] for one in (*listed.models, *listed.publisher_models)]
                if not (token := listed.next_page_token):
                    break
        except Missing:
            names = list(GEMINI)
        return tuple(dict.fromkeys(name for name in names if paints(name)))

    async def check(self) -> Text | None:
        model = self._settings.model
        try:
            await self._get(dict[str, Any], self._settings.models(model), {})
        except Missing as error:
            return gone(model, self._settings.setting("model"), error).text
        except BackendError as error:
            return self._web.advice(error)
        return None

    async def _get(self, shape: type[A], path: str, params: Mapping[str, str]) -> A:
        headers = await self._login.headers() if self._login else None
        return await self._web.ask(shape, "GET", path, params=params, headers=headers, seconds=LOOK_SECONDS)

    # What it is asked

    def price(self, request: Request) -> float | None:
        """By the table. What is sent along is not counted: it is a hundredth of a picture's price."""
        if request.operation in (Operation.DESCRIBE, Operation.UPSCALE):
            return None
        name = self._model(request)
        model = known(name)
        each = price(model, gemini.size_of(request, model)) if self._priced(request, name) else None
        return None if each is None else each * len(request.seeds)

    def _priced(self, request: Request, name: str) -> bool:
        """Imagen's prices are those of a picture from words."""
        return request.operation is Operation.GENERATE or not is_imagen(name)

    def _model(self, request: Request) -> str:
        return request.model or self._settings.model

    async def submit(self, request: Request) -> str | None:
        return None

    async def cancel(self, request: Request, handle: str) -> None:
        """Nothing is ever handed in: with the task of `collect`, its connections end."""

    async def collect(self, request: Request, handle: str | None, progress: Progress) -> Result:
        name = self._model(request)
        if request.operation is Operation.DESCRIBE:
            return await self._describe(request)
        if is_imagen(name):
            return await self._predict(request, name)
        if request.operation not in PAINTS:
            raise self._unable(name)
        return await self._paint(request, name, progress)

    def _unable(self, name: str) -> BackendRejected:
        return BackendRejected(T("The model `{model}` can't do that. Choose another model.", model=name))

    async def _describe(self, request: Request) -> Result:
        name = self._settings.describer
        body = gemini.description(request.images[0].path, self._settings.safety)
        answer = await self._ask(
            Answer, name, "generateContent", body, request.folder, self._settings.setting("describer")
        )
        return Result(texts=gemini.texts(answer), model=answer.model_version or name)

    # Gemini

    async def _paint(self, request: Request, name: str, progress: Progress) -> Result:
        """One call for each picture. Those that came are kept, whatever became of the others."""
        model = known(name)
        edges = await drawn(framed, request, model.ratios) if request.operation is Operation.INPAINT else None
        done: list[Generated] = []

        async def one(index: int) -> tuple[Generated, float | None]:
            answer, image = await self._picture(request, name, model, index, edges)
            done.append(image)
            progress.image(index, image)
            progress.update(len(done) / len(request.seeds))
            return image, gemini.cost(answer.usage_metadata, model)

        made, troubles = await together([lambda index=index: one(index) for index in range(len(request.seeds))])
        each = price(model, gemini.size_of(request, model))
        costs = [each if cost is None else cost for _, cost in made]
        return Result(
            images=tuple(image for image, _ in made),
            notes=(*self._missed(troubles), *self._small(request, name, model)),
            model=name,
            cost_usd=None if None in costs else sum(cast("list[float]", costs)),
        )

    async def _picture(
        self, request: Request, name: str, model: Model, index: int, edges: Framed | None
    ) -> tuple[Answer, Generated]:
        initial = edges.picture if edges else next((i.path for i in request.images if i.role is Role.INITIAL), None)
        words = told(request, initial, edges.mask if edges else None)
        body = gemini.body(words, request, request.seeds[index], model, self._settings.safety)
        answer = await self._ask(Answer, name, "generateContent", body, request.folder)
        target = request.folder / f"{NAME}-{index}"
        path = await self._web.named(gemini.outcome(answer), target)
        if edges and edges.box:
            path = await drawn(cropped, path, edges.box, target.with_name(f"{target.name}-cropped.png"))
        return answer, Generated(path=path, seed=request.seeds[index])

    def _small(self, request: Request, name: str, model: Model) -> tuple[Text, ...]:
        if not gemini.falls_short(request, model):
            return ()
        return (T("`{model}` makes pictures of at most {side} pixels a side.", model=name, side=largest(model)),)

    def _missed(self, troubles: Sequence[BackendError]) -> tuple[Text, ...]:
        return tuple(T("A picture did not come. {problem}", problem=trouble.text) for trouble in troubles[:1])

    # Imagen

    async def _predict(self, request: Request, name: str) -> Result:
        """All pictures in one call, by the model that does this operation."""
        s = self._settings
        match request.operation:
            case Operation.GENERATE if not request.images:
                setting, body = "model", imagen.generation(request, known(name), s.safety)
            case Operation.INPAINT | Operation.OUTPAINT:
                make = outgrown if request.operation is Operation.OUTPAINT else framed
                edges = await drawn(make, request)
                name, setting, body = s.imagen_editor, "imagen_editor", imagen.edition(request, edges, s.safety)
            case Operation.UPSCALE:
                name, setting, body = s.imagen_upscaler, "imagen_upscaler", imagen.enlargement(request)
            case _:
                raise self._unable(name)
        answer = await self._ask(Predictions, name, "predict", body, request.folder, s.setting(setting))
        return await self._predicted(request, name, answer)

    async def _predicted(self, request: Request, name: str, answer: Predictions) -> Result:
        files = [one.bytes_base64_encoded for one in answer.predictions if one.bytes_base64_encoded is not None]
        reasons = [one.rai_filtered_reason for one in answer.predictions if one.rai_filtered_reason]
        refusals = [BackendRefused(backend=NAME, reason=reason) for reason in reasons]
        if not files:
            raise refusals[0] if refusals else broken(NAME, T("no picture came."))
        paths = [await self._web.named(file, request.folder / f"{NAME}-{index}") for index, file in enumerate(files)]
        images = tuple(Generated(path=path) for path in paths[: len(request.seeds)])
        cost = self.price(replace(request, seeds=request.seeds[: len(images)]))
        return Result(images=images, notes=self._missed(refusals), model=name, cost_usd=cost)

    # Asking

    async def _ask(
        self, shape: type[A], name: str, verb: str, body: Mapping[str, Any], folder: Path, setting: str = ""
    ) -> A:
        headers = await self._login.headers() if self._login else None
        path, seconds = self._settings.method(name, verb), self._settings.timeout
        try:
            return await self._web.ask(
                shape, "POST", path, body=json_body(body), headers=headers, folder=folder, seconds=seconds
            )
        except Missing as error:
            raise gone(name, setting or self._settings.setting("model"), error) from None


def _honoured(model: Model, *, old: bool) -> frozenset[str]:
    """The parameters. Imagen has few."""
    words = (("no",) if model.negative else ()) if old else WORDS
    thinks = ("quality",) if model.thinking else ()
    return frozenset((*words, *thinks, *(("hd",) if largest(model) >= SIDES["2K"] else ())))


async def drawn(function: Callable[P, A], *args: P.args, **kwargs: P.kwargs) -> A:
    """Work on a picture, off the loop. A damaged one is `BackendBroken`, a full disk `StorageFull`."""
    try:
        with full_disk():
            return await asyncio.to_thread(function, *args, **kwargs)
    except FetchError as error:
        raise broken(NAME, error.text) from None


async def together(works: Sequence[Callable[[], Awaitable[A]]]) -> tuple[list[A], list[BackendError]]:
    """What came of all of them, in their order, and what went wrong with the rest.

    Raises the trouble where nothing came: a refusal first, since it is final.
    """

    async def tried(work: Callable[[], Awaitable[A]]) -> A | BackendError:
        try:
            return await work()
        except BackendError as error:
            return error

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(tried(work)) for work in works]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    results = [task.result() for task in tasks]
    made = [result for result in results if not isinstance(result, BackendError)]
    troubles = [result for result in results if isinstance(result, BackendError)]
    if not made:
        raise next((error for error in troubles if isinstance(error, BackendRefused)), troubles[0])
    return made, troubles

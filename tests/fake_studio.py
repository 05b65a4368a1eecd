"""A studio that starts nothing: it checks prompts as the real one does and writes down what it was asked."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from bot.backends.base import Capabilities, Operation
from bot.errors import BackendUnavailable, NotFound
from bot.i18n import T
from bot.jobs import Action, Job, Lane, Place
from bot.prompt import Prompt, parse, permute, render
from bot.store import SavedDraft
from bot.studio import Attachment, Caller, Draft, Studio
from bot.worker import Upload


@dataclass(slots=True)
class FakeCatalog:
    """Two backends, one of which says nothing of itself."""

    names: tuple[str, ...] = ("painter", "openai")
    offers: Capabilities = field(default_factory=lambda: Capabilities(operations=frozenset(Operation)))

    def capabilities(self, name: str) -> Capabilities:
        if name != "painter":
            raise BackendUnavailable(backend=name)
        return self.offers


@dataclass(slots=True)
class FakeStudio:
    """`trouble` is raised by every use case that starts or ends something."""

    catalog: FakeCatalog = field(default_factory=FakeCatalog)
    imagined: list[tuple[Caller, Draft, Place, Sequence[Attachment]]] = field(
        default_factory=list[tuple[Caller, Draft, Place, Sequence[Attachment]]]
    )
    acted: list[tuple[Caller, str, str, int, str, Place, str | None]] = field(
        default_factory=list[tuple[Caller, str, str, int, str, Place, str | None]]
    )
    sent: list[tuple[Caller, str]] = field(default_factory=list[tuple[Caller, str]])
    ended: list[tuple[Caller, str]] = field(default_factory=list[tuple[Caller, str]])
    favourites: set[tuple[int, str, int]] = field(default_factory=set[tuple[int, str, int]])
    drafts: dict[str, SavedDraft] = field(default_factory=dict[str, SavedDraft])
    messages: dict[int, Job] = field(default_factory=dict[int, Job])
    jobs: dict[str, Job] = field(default_factory=dict[str, Job])
    originals: dict[tuple[str, int], Upload] = field(default_factory=dict[tuple[str, int], Upload])
    fingerprint: str | None = None
    trouble: Exception | None = None
    hidden: bool = False  # stealth

    @property
    def real(self) -> Studio:
        return cast("Studio", self)

    def check(
        self, caller: Caller, text: str, overrides: Mapping[str, str] | None = None, *, attached: int = 0
    ) -> Draft:
        prompts = tuple(
            parse(variant, overrides=overrides or {}, attached=attached).prompt for variant in permute(text, 40)
        )
        ephemeral = self.hidden or bool(prompts[0].get("stealth"))
        return Draft(text=text, prompts=prompts, warnings=(), backend="painter", lane=Lane.FAST, ephemeral=ephemeral)

    async def remember(self, caller: Caller) -> None:
        pass

    def remembers(self, caller: Caller) -> bool:
        return True

    def remixes(self, caller: Caller) -> bool:
        return False

    def stealth(self, caller: Caller, prompt: Prompt | None = None) -> bool:
        return self.hidden

    def reworded(self, caller: Caller, text: str, overrides: Mapping[str, str] | None = None) -> Prompt:
        return parse(text, overrides=overrides or {}).prompt

    async def send(self, caller: Caller, job_id: str) -> None:
        self.sent.append((caller, job_id))

    def lanes(self, caller: Caller) -> tuple[Lane, ...]:
        return (Lane.FAST, Lane.RELAX)

    def offered_lanes(self) -> tuple[Lane, ...]:
        return (Lane.FAST, Lane.RELAX)

    def backend_of(self, caller: Caller) -> str:
        return "painter"

    async def imagine(
        self,
        caller: Caller,
        draft: Draft,
        place: Place,
        attachments: Sequence[Attachment] = (),
        *,
        confirmed: str | None = None,
    ) -> list[Job]:
        self._maybe_fail()
        if confirmed is not None and self.drafts.pop(confirmed, None) is None:
            raise NotFound(T("These jobs were started already, or their prompts are no longer kept."))
        self.imagined.append((caller, draft, place, attachments))
        return [job_in(place, f"job{number}") for number, _ in enumerate(draft.prompts)]

    async def act(
        self,
        caller: Caller,
        verb: str,
        job_id: str,
        tile: int,
        extra: str,
        place: Place,
        *,
        text: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self._maybe_fail()
        self.acted.append((caller, verb, job_id, tile, extra, place, text))

    async def cancel(self, caller: Caller, job_id: str) -> bool:
        self._maybe_fail()
        self.ended.append((caller, job_id))
        return True

    async def favourite(self, caller: Caller, job_id: str, tile: int) -> tuple[bool, int]:
        key = (caller.user_id, job_id, tile)
        self.favourites ^= {key}
        return key in self.favourites, len(self.favourites)

    @asynccontextmanager
    async def original(self, caller: Caller, job_id: str, tile: int) -> AsyncGenerator[Upload]:
        if (job_id, tile) not in self.originals:
            raise NotFound
        yield self.originals[job_id, tile]

    async def result(self, job_id: str) -> Job:
        return self.jobs[job_id]

    async def job_of_message(self, message_id: int) -> Job | None:
        return self.messages.get(message_id)

    async def save_draft(self, caller: Caller, text: str, details: Mapping[str, Any] | None = None) -> str:
        draft_id = f"draft{len(self.drafts):05}"
        self.drafts[draft_id] = SavedDraft(user_id=caller.user_id, text=text, created_ms=0, details=details or {})
        return draft_id

    async def draft(self, draft_id: str) -> SavedDraft | None:
        return self.drafts.get(draft_id)

    async def synced(self) -> str | None:
        return self.fingerprint

    async def set_synced(self, fingerprint: str) -> None:
        self.fingerprint = fingerprint

    def _maybe_fail(self) -> None:
        if self.trouble is not None:
            raise self.trouble


def job_in(place: Place, job_id: str = "01jv0example0000", **changes: object) -> Job:
    """A job of Ana's, as far as messages are concerned."""
    base = Job(
        id=job_id,
        action=Action.IMAGINE,
        user_id=1200000000000000101,
        user_name="ana",
        backend="painter",
        place=place,
        prompt=render(parse("a lighthouse --ar 3:2").prompt),
        guild_id=place.guild_id,
    )
    return base.evolve(**changes)

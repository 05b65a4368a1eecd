"""What these servers answer, as far as it is of use."""

from typing import Annotated

from pydantic import BaseModel, Field, Json

from bot.backends.web import Picture


class Named(BaseModel):
    name: str
    path: str | None = None  # of a LoRA


class Checkpoint(BaseModel):
    title: str
    model_name: str = ""


class Info(BaseModel):
    """What is of use in an answer's `info`."""

    all_seeds: list[int] = []
    index_of_first_image: int = 0
    sd_model_name: str | None = None


class Pictures(BaseModel):
    """`/txt2img` and `/img2img`. Some servers leave `info` empty."""

    images: list[Picture] | None
    info: Annotated[Json[Info] | str | None, Field(union_mode="left_to_right")] = None

    @property
    def known(self) -> Info:
        return self.info if isinstance(self.info, Info) else Info()


class Enlarged(BaseModel):
    image: Picture


class Caption(BaseModel):
    caption: str


class Task(BaseModel):
    """`/internal/progress`: one task, by the id that we gave it."""

    active: bool
    queued: bool
    progress: float | None = None
    live_preview: Picture | None = None
    id_live_preview: int | None = -1


class State(BaseModel):
    """`job_count` is 0 when nothing is done, and -1 before it is known. `interrupted` stays until the next job begins."""

    job_count: int = 0
    interrupted: bool = False


class Whole(BaseModel):
    """`/sdapi/v1/progress`: what the server does now, for whomever."""

    progress: float = 0.0
    state: State = State()
    current_image: Picture | None = None

    @property
    def idle(self) -> bool:
        return self.state.job_count == 0 and self.progress == 0

"""The optional packages, imported when first needed: torch takes seconds."""

import importlib.util
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any

from bot.backends.diffusers.settings import NAME
from bot.errors import BackendUnavailable
from bot.i18n import T, Text

#: What the extra `[diffusers]` installs.
PACKAGES = ("torch", "diffusers", "transformers", "accelerate", "safetensors", "peft")


class Library:
    """The packages, as `Any`: they may not be there when types are checked."""

    def __init__(self) -> None:
        self.torch: Any = import_module("torch")
        self.hub_errors: Any = import_module("huggingface_hub.errors")
        # Transformers tells of a choice that it makes while diffusers imports it.
        import_module("transformers.utils.logging").set_verbosity_error()
        import_module("transformers.utils.logging").disable_progress_bar()
        self.diffusers: Any = import_module("diffusers")
        import_module("diffusers.utils.logging").disable_progress_bar()
        self.auto: Any = import_module("diffusers.pipelines.auto_pipeline")


def missing() -> tuple[str, ...]:
    return tuple(name for name in PACKAGES if importlib.util.find_spec(name) is None)


def install(names: Sequence[str]) -> Text:
    """What to do where these packages are missing."""
    return T(
        "The diffusers backend needs packages that are not installed: {names}. Run `pip install 'lienzo[diffusers]'`.",
        names=", ".join(names),
    )


@cache
def library() -> Library:
    """Raises `BackendUnavailable` where it is not installed, or not fit for this machine."""
    if names := missing():
        raise BackendUnavailable(install(names))
    try:
        return Library()
    except (ImportError, OSError, RuntimeError) as error:
        raise BackendUnavailable(
            T("The {backend} backend's packages can't be loaded: {reason}", backend=NAME, reason=short(error))
        ) from None


def short(error: BaseException) -> str:
    """The first line of what went wrong."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:300]

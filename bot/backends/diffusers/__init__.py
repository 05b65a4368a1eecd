"""Diffusion models in this process, by the diffusers library: any model that its Auto pipelines know.

`backend` queues requests and joins those of the same shape into passes; `machine` makes a pass, on the one thread that owns the model.
All that needs torch is imported when it is first used: the extra is `[diffusers]`.
"""

from bot.backends.diffusers.backend import Diffusers
from bot.backends.diffusers.settings import DiffusersSettings

__all__ = ["Diffusers", "DiffusersSettings"]

"""ModelsLab, which was stablediffusionapi.com: Stable Diffusion and its descendants by the picture."""

from bot.backends.modelslab.backend import ModelsLab
from bot.backends.modelslab.payload import ModelsLabSettings

__all__ = ["ModelsLab", "ModelsLabSettings"]

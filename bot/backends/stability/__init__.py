"""Stability AI's REST API, v2beta: one service for each kind of work, one picture for each call, paid in credits.

Sizes are chosen by the service, from the shape alone; what came is told, and nothing is cropped. Only the creative upscaler answers later,
under an id by which the same work is found again after a restart.
"""

from bot.backends.stability.backend import Stability
from bot.backends.stability.services import StabilitySettings

__all__ = ["Stability", "StabilitySettings"]

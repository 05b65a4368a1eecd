"""The painter: procedural art, the backend that is always there.

Words become features (`lexicon`), features and a seed become a scene (`scene`), a scene and a window on it become a picture (`render`).
"""

from bot.backends.painter.backend import Painter

__all__ = ["Painter"]

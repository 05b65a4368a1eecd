"""ComfyUI: workflows as graphs, of ours or of the operator's own making, followed over its websocket.

Each prompt has an id of ours that is its websocket's client id, too: what comes there is of that prompt, and another process can listen to
it again. The seed's part of a graph is there once for each picture, so that each has its own seed and shows as soon as it is done.
"""

from bot.backends.comfyui.backend import ComfyUi
from bot.backends.comfyui.settings import ComfyUiSettings

__all__ = ["ComfyUi", "ComfyUiSettings"]

"""Stable Diffusion behind `/sdapi/v1`: AUTOMATIC1111, Forge, SD.Next and stable-diffusion.cpp's `sd-server`.

They differ in what they can tell and stop, so each is looked at first. A1111 and Forge follow one task by its id; SD.Next shows only what
the server does as a whole, whoever asked for it; `sd-server` shows nothing. Each does one thing at a time, and others may use it, too:
what is not known to be ours is neither shown nor stopped.
"""

from bot.backends.sdwebui.backend import SdWebUi, SdWebUiSettings

__all__ = ["SdWebUi", "SdWebUiSettings"]

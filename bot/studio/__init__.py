"""The use cases: what a command or a click does. Knows the store, the queue and the generators, and nothing of Discord."""

from bot.studio.desk import Attachment, Caller, Desk, Draft, Picture, Source
from bot.studio.library import Library
from bot.studio.making import Making

__all__ = ["Attachment", "Caller", "Desk", "Draft", "Picture", "Source", "Studio"]


class Studio(Making, Library):
    """All use cases over one desk. See the modules of this package for each family of them."""

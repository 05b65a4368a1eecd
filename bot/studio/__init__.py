"""The use cases: what a command or a click does. Knows the store, the queue and the generators, and nothing of Discord."""

from bot.studio.desk import Attachment, Caller, Desk, Draft, Picture, Source
from bot.studio.library import Library
from bot.studio.regions import Regions

__all__ = ["Attachment", "Caller", "Desk", "Draft", "Picture", "Source", "Studio"]


class Studio(Regions, Library):
    """All use cases over one desk. See the modules of this package for each family of them."""

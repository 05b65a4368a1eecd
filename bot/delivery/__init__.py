"""Messages to Discord, by REST alone, with a client and connector of its own: uploads never stand in the way of answers.

A job's *progress message* is the interaction's original response, or one that is posted for it. It is edited through the interaction's
token while that is young, later through the bot's own. The *result* is a new message that pings once, and the progress message goes;
only where the bot may not post, or nobody else may see it, the progress message becomes the result.
"""

from bot.delivery.outlet import Delivery
from bot.delivery.rest import use_host

__all__ = ["Delivery", "use_host"]

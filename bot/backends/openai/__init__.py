"""OpenAI's Images API, and the servers and gateways that speak it, Azure among them.

The models differ in what they can do and in the fields that they take: `families` says how. An unknown name is asked in the plainest way,
or as the one that the operator likens it to.
"""

from bot.backends.openai.backend import OpenAi
from bot.backends.openai.settings import OpenAiSettings

__all__ = ["OpenAi", "OpenAiSettings"]

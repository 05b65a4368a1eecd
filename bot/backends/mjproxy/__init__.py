"""Midjourney itself, through a proxy that drives an account of it. Unofficial: it breaks Midjourney's terms of service, and is off
unless an operator gives its address."""

from bot.backends.mjproxy.backend import MjProxy
from bot.backends.mjproxy.settings import MjProxySettings

__all__ = ["MjProxy", "MjProxySettings"]

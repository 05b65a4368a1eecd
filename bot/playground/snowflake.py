"""Snowflakes: Discord's ids, ordered by time. https://docs.discord.com/developers/reference#snowflakes"""

from bot.playground.clock import Clock

EPOCH_MS = 1_420_070_400_000


class Snowflakes:
    """Gives ids of the clock's time, each greater than the last."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        """A fresh id, as the string that the wire carries."""
        self._last = max(self._last + 1, (self._clock.now_ms() - EPOCH_MS) << 22)
        return str(self._last)


def milliseconds(snowflake: str) -> int:
    """The epoch milliseconds at which an id was made."""
    return (int(snowflake) >> 22) + EPOCH_MS


def is_snowflake(value: object) -> bool:
    """Whether a value can be an id: digits in a string, or the integer that some clients send."""
    if isinstance(value, bool):
        return False
    if isinstance(value, int):
        return 0 <= value < 2**64
    return isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20

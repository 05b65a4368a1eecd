"""Every error that Lienzo raises on purpose, in one tree.

    LienzoError
    ├── UserError              what was asked cannot be done; nothing was started
    │   ├── PromptError        the prompt language was broken
    │   ├── FetchError         an image that was given cannot be used
    │   ├── NotAllowed         not here, not you, not this
    │   ├── LimitReached       a limit of the queue or of a batch
    │   ├── NotFound           no such job or picture (any more)
    │   └── NotPossible        the selected backend can neither do it nor be helped to
    ├── BackendError           a generator failed; `retry` says whether trying again may help
    │   ├── BackendUnavailable
    │   ├── BackendTimeout
    │   ├── RateLimited
    │   ├── BackendRefused     its filter said no
    │   ├── BackendRejected    it would not take the request
    │   └── BackendBroken      it answered with something unusable
    ├── StorageFull            no room for pictures
    └── ConfigError            the operator's settings

Each carries a `Text` for the person who reads it. Nothing secret may be put into one.
"""

from typing import Any, ClassVar

from bot.i18n import N_, Text


class LienzoError(Exception):
    """The root. `message` is the sentence for the user, its `{names}` filled from the keyword arguments."""

    title: ClassVar[str] = N_("Something went wrong")
    message: ClassVar[str] = N_("Something went wrong on our side. It has been written down.")

    def __init__(self, text: Text | None = None, **values: Any) -> None:
        self.text = text or Text(self.message, values)
        super().__init__(str(self.text))


class UserError(LienzoError):
    """What was asked cannot be done. Shown to the one who asked, and to nobody else."""

    title = N_("That did not work")


class PromptError(UserError):
    """The prompt breaks the prompt language."""

    title = N_("Invalid parameter")
    message = N_("The prompt could not be read.")


class FetchError(UserError):
    """An image that was linked or attached cannot be used."""

    title = N_("Invalid image")
    message = N_("The image could not be read.")


class NotAllowed(UserError):
    """Not in this place, not by this person, or not under this server's rules."""

    title = N_("Not allowed")
    message = N_("You can't do that here.")


class LimitReached(UserError):
    """A limit on how much may wait, run or be asked for at once."""

    title = N_("Limit reached")
    message = N_("A limit was reached. Please wait for some of your jobs to finish.")


class NotFound(UserError):
    """No such job or picture, or not any more."""

    title = N_("Not found")
    message = N_("That picture is no longer here.")


class NotPossible(UserError):
    """The selected backend can neither do this nor can it be composed from what it does."""

    title = N_("Not possible")
    message = N_("The {backend} backend can't do that.")


class BackendError(LienzoError):
    """A generator failed."""

    title = N_("The generator failed")
    message = N_("The {backend} backend failed.")
    #: Whether the same request may succeed when it is sent again.
    retry: ClassVar[bool] = False


class BackendUnavailable(BackendError):
    message = N_("The {backend} backend can't be reached right now.")
    retry = True


class BackendTimeout(BackendError):
    message = N_("The {backend} backend took too long.")
    retry = True


class RateLimited(BackendError):
    """`retry_after` is in seconds, where the provider said so."""

    message = N_("The {backend} backend has too much to do right now.")
    retry = True

    def __init__(self, text: Text | None = None, *, retry_after: float | None = None, **values: Any) -> None:
        super().__init__(text, **values)
        self.retry_after = retry_after


class BackendRefused(BackendError):
    """The provider's own filter. Never retried, never charged."""

    title = N_("Request refused")
    message = N_("The {backend} backend refused this prompt: {reason}")


class BackendRejected(BackendError):
    message = N_("The {backend} backend did not accept the request: {reason}")


class BackendBroken(BackendError):
    message = N_("The {backend} backend answered without a usable picture.")
    retry = True


class StorageFull(LienzoError):
    title = N_("No room")
    message = N_("There is no room left for pictures. The server's operator needs to make some.")


class ConfigError(LienzoError):
    """A setting is missing or wrong; the message names it and how to mend it."""

    title = N_("Invalid setting")
    message = N_("`{name}` {problem}")

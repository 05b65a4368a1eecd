"""Google's own login, by the `google-auth` library: a service account's file, or whoever this machine is logged in as."""

import asyncio
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot.backends.vertex.settings import NAME
from bot.errors import BackendRejected, BackendTimeout, BackendUnavailable, ConfigError
from bot.i18n import T

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
SECONDS = 60.0
REASON = 200


class Login:
    """Fetches a token when there is none that is fresh; one at a time. `hide` is told each."""

    def __init__(self, file: Path | None, setting: str, hide: Callable[[SecretStr], None]) -> None:
        """Raises `ConfigError` where the library is not installed."""
        self._file, self._setting, self._hide = file, setting, hide
        self._lock = asyncio.Lock()
        self._credentials: Any = None
        try:
            self._google: Any = import_module("google.auth")
            self._errors: Any = import_module("google.auth.exceptions")
            self._accounts: Any = import_module("google.oauth2.service_account")
            self._request: Any = import_module("google.auth.transport.requests").Request()
        except ImportError:
            raise ConfigError(
                T("A Google Cloud project needs Google's login, which comes with `pip install 'lienzo[vertex]'`.")
            ) from None

    async def headers(self) -> dict[str, str]:
        """For one call. Raises `BackendError`."""
        async with self._lock:
            try:
                async with asyncio.timeout(SECONDS):
                    credentials = await asyncio.to_thread(self._fresh)
            except TimeoutError:
                raise BackendTimeout(backend=NAME) from None
        self._hide(SecretStr(credentials.token))
        quota = getattr(credentials, "quota_project_id", None)
        return {"Authorization": f"Bearer {credentials.token}"} | ({"x-goog-user-project": quota} if quota else {})

    def _fresh(self) -> Any:
        """The credentials with a token that is good for some minutes. Blocks."""
        try:
            self._credentials = self._credentials or self._load()
            if not self._credentials.valid:
                self._credentials.refresh(self._request)
        except self._errors.TransportError:
            raise BackendUnavailable(backend=NAME) from None
        except (self._errors.GoogleAuthError, OSError, ValueError) as error:
            if getattr(error, "retryable", False):
                raise BackendUnavailable(backend=NAME) from None
            raise self._unknown(error) from None
        return self._credentials

    def _load(self) -> Any:
        if self._file is None:
            return self._google.default(scopes=SCOPES)[0]
        return self._accounts.Credentials.from_service_account_file(str(self._file), scopes=SCOPES)

    def _unknown(self, error: Exception) -> BackendRejected:
        reason = str(error.args[0])[:REASON] if isinstance(error, self._errors.GoogleAuthError) and error.args else ""
        text = T(
            "Google did not accept the login. Check `{setting}`, or log in with `gcloud auth application-default login`. It said: {reason}",
            setting=self._setting,
            reason=reason or type(error).__name__,
        )
        return BackendRejected(text)

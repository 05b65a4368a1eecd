"""What Discord answers when it refuses. https://docs.discord.com/developers/topics/opcodes-and-status-codes"""

from typing import Any, cast

JSON = dict[str, Any]
Path = tuple[str | int, ...]


class ApiError(Exception):
    """A refusal: HTTP status, Discord's code and message, and for forms (50035) the tree of errors."""

    def __init__(self, status: int, code: int, message: str, errors: JSON | None = None) -> None:
        super().__init__(f"{status} {code} {message}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    def payload(self) -> JSON:
        """The body on the wire."""
        body: JSON = {"message": self.message, "code": self.code}
        if self.errors:
            body["errors"] = self.errors
        return body


def unauthorized() -> ApiError:
    return ApiError(401, 0, "401: Unauthorized")


def no_such_route() -> ApiError:
    return ApiError(404, 0, "404: Not Found")


def unknown_channel() -> ApiError:
    return ApiError(404, 10003, "Unknown Channel")


def unknown_guild() -> ApiError:
    return ApiError(404, 10004, "Unknown Guild")


def unknown_member() -> ApiError:
    return ApiError(404, 10007, "Unknown Member")


def unknown_message() -> ApiError:
    return ApiError(404, 10008, "Unknown Message")


def unknown_user() -> ApiError:
    return ApiError(404, 10013, "Unknown User")


def unknown_emoji() -> ApiError:
    return ApiError(400, 10014, "Unknown Emoji")


def unknown_webhook() -> ApiError:
    return ApiError(404, 10015, "Unknown Webhook")


def unknown_interaction() -> ApiError:
    return ApiError(404, 10062, "Unknown interaction")


def unknown_command() -> ApiError:
    return ApiError(404, 10063, "Unknown application command")


def too_many_follow_ups() -> ApiError:
    return ApiError(400, 40094, "This interaction has reached the maximum number of follow-up messages")


def already_answered() -> ApiError:
    return ApiError(400, 40060, "Interaction has already been acknowledged.")


def too_large() -> ApiError:
    return ApiError(413, 40005, "Request entity too large")


def missing_access() -> ApiError:
    return ApiError(403, 50001, "Missing Access")


def foreign_message() -> ApiError:
    return ApiError(403, 50005, "Cannot edit a message authored by another user")


def empty_message() -> ApiError:
    return ApiError(400, 50006, "Cannot send an empty message")


def refused_dm() -> ApiError:
    return ApiError(403, 50007, "Cannot send messages to this user")


def missing_permissions() -> ApiError:
    return ApiError(403, 50013, "Missing Permissions")


def dead_token() -> ApiError:
    return ApiError(401, 50027, "Invalid Webhook Token")


def invalid(path: Path, code: str, message: str) -> ApiError:
    """An "Invalid Form Body" with one leaf."""
    check = Check()
    check.fail(path, code, message)
    return check.error()


class Check:
    """Gathers what is wrong with a body into Discord's tree of errors, and reads values on the way."""

    def __init__(self) -> None:
        self.errors: JSON = {}

    def fail(self, path: Path, code: str, message: str) -> None:
        """Note one error under a path of keys and indices; a node has errors or children, never both."""
        node = self.errors
        for key in path:
            if "_errors" in node:
                return
            node = node.setdefault(str(key), {})
        if not node.keys() - {"_errors"}:
            node.setdefault("_errors", []).append({"code": code, "message": message})

    def error(self) -> ApiError:
        return ApiError(400, 50035, "Invalid Form Body", self.errors)

    def done(self) -> None:
        """Raise what was gathered, if anything."""
        if self.errors:
            raise self.error()

    def text(self, value: Any, path: Path, low: int, high: int, *, required: bool = False) -> str | None:
        """A string of `low` to `high` characters, or None where it may be absent."""
        if value is None:
            if required:
                self.fail(path, "BASE_TYPE_REQUIRED", "This field is required")
            return None
        if not isinstance(value, str):
            self.fail(path, "STRING_TYPE_CONVERT", "Only string types are allowed.")
            return None
        if not low <= len(value) <= high:
            if low:
                self.fail(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
            else:
                self.fail(path, "BASE_TYPE_MAX_LENGTH", f"Must be {high} or fewer in length.")
        return value

    def integer(self, value: Any, path: Path, low: int, high: int, *, required: bool = False) -> int | None:
        """An integer from `low` to `high`, or None where it may be absent."""
        if value is None:
            if required:
                self.fail(path, "BASE_TYPE_REQUIRED", "This field is required")
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            self.fail(path, "NUMBER_TYPE_COERCE", f'Value "{value}" is not int.')
            return None
        if not low <= value <= high:
            self.fail(path, "NUMBER_TYPE_RANGE", f"int value should be between {low} and {high}.")
        return value

    def boolean(self, value: Any, path: Path) -> bool:
        """A boolean, false where absent."""
        if value is None or isinstance(value, bool):
            return bool(value)
        self.fail(path, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.")
        return False

    def items(self, value: Any, path: Path, low: int, high: int) -> list[Any]:
        """A list of `low` to `high` items, empty where absent."""
        if value is None and low == 0:
            return []
        if value is None:
            self.fail(path, "BASE_TYPE_REQUIRED", "This field is required")
            return []
        if not isinstance(value, list):
            self.fail(path, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
            return []
        found = cast("list[Any]", value)
        if not low <= len(found) <= high:
            self.fail(path, "BASE_TYPE_BAD_LENGTH", f"Must be between {low} and {high} in length.")
        return found

    def table(self, value: Any, path: Path) -> JSON:
        """An object; anything else is noted and read as an empty one."""
        if isinstance(value, dict):
            return cast("JSON", value)
        self.fail(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
        return {}

    def one_of(self, value: Any, path: Path, allowed: tuple[Any, ...] | frozenset[Any]) -> Any:
        """One of the allowed values."""
        if not isinstance(value, int | str) or isinstance(value, bool) or value not in allowed:
            self.fail(path, "BASE_TYPE_CHOICES", f"Value must be one of {{{', '.join(map(str, sorted(allowed)))}}}.")
        return value

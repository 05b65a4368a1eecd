"""What every remote generator needs of HTTP, and nothing more.

`Web` asks, `Picture` says where an answer has a picture in base64, `json_body` and `form_body` send files without holding them.
"""

from bot.backends.web.bodies import Body, Encoded, FormFile, form_body, json_body, media_type
from bot.backends.web.client import Account, Head, Web, is_near
from bot.backends.web.failures import BackendLost, Failure, Names, broken, retry_after, sentence, trouble
from bot.backends.web.spool import Picture, Spool, Unreadable

__all__ = [
    "Account",
    "BackendLost",
    "Body",
    "Encoded",
    "Failure",
    "FormFile",
    "Head",
    "Names",
    "Picture",
    "Spool",
    "Unreadable",
    "Web",
    "broken",
    "form_body",
    "is_near",
    "json_body",
    "media_type",
    "retry_after",
    "sentence",
    "trouble",
]

"""Google's login for tests: a service account of our own, and the check of what it signs (RFC 7523, RS256). Needs `cryptography`."""

import base64
import json
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

EMAIL = "painter@a-project.iam.gserviceaccount.com"
SCOPE = "https://www.googleapis.com/auth/cloud-platform"


@cache
def _private() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def account(key_id: str, url: str) -> str:
    """A service account's file, whose tokens are fetched at `url`."""
    pem = _private().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    values = {"project_id": "a-project", "private_key_id": key_id, "private_key": pem, "client_email": EMAIL}
    return json.dumps(values | {"type": "service_account", "client_id": "1", "token_uri": url})


def key_of(assertion: str) -> str:
    """The id of the key with which a JSON web token was signed; empty unless it is ours, for us and for this scope."""
    signed, _, signature = assertion.rpartition(".")
    header, claims = (json.loads(_decoded(part)) for part in signed.split("."))
    try:
        _private().public_key().verify(_decoded(signature), signed.encode(), PKCS1v15(), SHA256())
    except InvalidSignature:
        return ""
    good = _fits(claims) and header["alg"] == "RS256"
    return str(header["kid"]) if good else ""


def _fits(claims: dict[str, Any]) -> bool:
    return (claims["iss"], claims["scope"]) == (EMAIL, SCOPE) and claims["exp"] > claims["iat"]


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))

"""What keeps a page from being misused: form tokens, origins, redirects, headers.

Knows nothing of Quart, so that every rule can be read and tried by itself.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection
from functools import lru_cache
from urllib.parse import quote, urlsplit

#: A path of this site: one slash, then neither slash nor backslash. Browsers
#: drop tabs and line ends from a URL, so those could hide a second slash.
_LOCAL_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*\Z")
#: As much as the application stores.
_LONGEST_URL = 8192
_UNSAFE_IN_URL = re.compile(r"[\x00-\x20\x7f<>\"\\]")

#: A multiple of three: its base64 has no padding, alone or after its mask.
_TOKEN_BYTES = 24
_MASKED = re.compile(r"[0-9A-Za-z_-]{64}")

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}

#: What every answer carries. No HSTS: whoever ends TLS in front decides that.
COMMON_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)


class FormTokens:
    """Make and check the token that every unsafe form carries.

    A signed double-submit cookie: the cookie holds `token.signature`, the form
    holds the token. The signature covers the login session too, so a cookie
    planted from elsewhere, or kept from before a login, proves nothing.

    A form has the token under a mask of its own, so that no two pages have the same:
    they are compressed, and from their sizes one could guess what stays (BREACH).
    """

    def __init__(self, secret: str) -> None:
        # A key of its own: the secret also signs other things.
        self._key = hashlib.sha256(b"oneroof form token\0" + secret.encode()).digest()

    def make(self, session_token: str) -> tuple[str, str]:
        """Return a new token for a form and the cookie value that vouches for it."""

        token = secrets.token_urlsafe(_TOKEN_BYTES)
        return _mask(token), f"{token}.{self._sign(token, session_token)}"

    def read(self, cookie: str | None, session_token: str) -> str | None:
        """Return the token of a genuine cookie for another form, or None."""

        token = self._read(cookie, session_token)
        return None if token is None else _mask(token)

    def accepts(self, cookie: str | None, field: str, session_token: str) -> bool:
        """Say whether a form's field and its cookie belong together."""

        token = self._read(cookie, session_token)
        if token is None:
            return False

        return hmac.compare_digest(
            token.encode(), _unmask(field).encode("utf-8", "replace")
        )

    def _read(self, cookie: str | None, session_token: str) -> str | None:
        token, _, signature = (cookie or "").partition(".")
        expected = self._sign(token, session_token)
        if not token or not hmac.compare_digest(signature.encode(), expected.encode()):
            return None

        return token

    def _sign(self, token: str, session_token: str) -> str:
        message = f"{token}\0{session_token}".encode("utf-8", "replace")
        # Keyed BLAKE2 is a MAC of its own, at a tenth of the cost of OpenSSL's HMAC.
        return hashlib.blake2b(message, key=self._key, digest_size=32).hexdigest()


def _mask(token: str) -> str:
    """Hide a token: random bytes, and those of the token with them added."""

    plain = urlsafe_b64decode(token)
    mask = secrets.token_bytes(len(plain))
    hidden = bytes(a ^ b for a, b in zip(plain, mask, strict=True))
    return urlsafe_b64encode(mask + hidden).decode()


def _unmask(field: str) -> str:
    # A form that was open when masks came has its token without one.
    if not _MASKED.fullmatch(field):
        return field

    both = urlsafe_b64decode(field)
    mask, hidden = both[:_TOKEN_BYTES], both[_TOKEN_BYTES:]
    plain = bytes(a ^ b for a, b in zip(hidden, mask, strict=True))
    return urlsafe_b64encode(plain).decode()


def is_json(media_type: str) -> bool:
    """Say whether a body of this type can only be ours or come with our consent.

    A page of another site may send forms and plain text to us unasked. For JSON the
    browser asks first (CORS), and we never say yes.
    """

    return media_type == "application/json" or media_type.endswith("+json")


def is_own_request(
    *,
    fetch_site: str | None,
    origin: str | None,
    host: str,
    allowed: Collection[str] = (),
) -> bool:
    """Say whether an unsafe request may have been made by a page of this site.

    The rule for whatever is logged in by a cookie and carries no form token: its body
    is JSON (`is_json`), and neither of the two headers that browsers add by
    themselves names another site. Programs send neither of them.

    Args:
        fetch_site: the header Sec-Fetch-Site.
        origin: the header Origin.
        host: the header Host; a proxy may have ended TLS, so the scheme is free.
        allowed: further origins, in lower case (ALLOWED_ORIGINS).
    """

    if fetch_site not in {None, "same-origin", "none"}:
        return False

    if origin is None or origin.lower() in allowed:
        return True

    scheme, _, place = origin.lower().partition("://")
    port = _DEFAULT_PORTS.get(scheme)
    if port is None or not place:
        return False

    return place.removesuffix(port) == host.lower().removesuffix(port)


def local_path(target: str, *, default: str = "/") -> str:
    """Return the target where it is a path of this site, else the default."""

    if len(target) > 2048 or not _LOCAL_PATH.match(target):
        return default

    return quote(target, safe="/?&=%#:+,;@!$'()*[]~")


@lru_cache(maxsize=256)
def web_link(url: str | None) -> str | None:
    """Return the URL where it is an absolute http(s) address, else None."""

    if not url or len(url) > _LONGEST_URL or _UNSAFE_IN_URL.search(url):
        return None

    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 (raises for a port that is no number)
    except ValueError:
        return None

    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None

    return url


def image_link(url: str | None) -> str | None:
    """Return the URL where an image may come from it, else None."""

    if not url:
        return None

    if url.startswith("/"):
        path = local_path(url, default="")
        return path or None

    if url.startswith("data:image/") and not _UNSAFE_IN_URL.search(url):
        return url

    return web_link(url)


def content_policy(*, external_images: bool, style: str = "") -> str:
    """Build the Content-Security-Policy of a page.

    `style` is the text of the page's one inline style sheet (where each item
    stands on the grid); it is allowed by its hash.
    """

    styles = "'self'"
    if style:
        digest = hashlib.sha256(style.encode()).digest()
        styles += f" 'sha256-{b64encode(digest).decode()}'"

    # Icons of apps are addresses that the board's owner chose.
    images = "'self' data: https: http:" if external_images else "'self' data:"
    return (
        f"default-src 'self'; style-src {styles}; img-src {images}; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )

"""What a document says of an entry, made into what Homarr's clients get."""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

LONGEST_DESCRIPTION = 250
LONGEST_TITLE = 500
LONGEST_URL = 2000

# Without < inside: a regular expression must not look through the rest of the text for
# each of a million of them.
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>")
_UNSEEN = re.compile(r"<(script|style)\b[^<>]*>[^<]*</\1\s*>", re.IGNORECASE)
#: What would begin a tag for a client that takes a description for HTML.
_BEGIN = re.compile(r"<(?=[a-zA-Z/!?])")
_IMAGE = re.compile(
    r"https?://[^\s\"'<>\\]{1,300}?\.(?:jpg|jpeg|png|gif|bmp|svg|webp|tiff)",
    re.IGNORECASE,
)
_IMAGE_ENDING = re.compile(r"\.(?:jpg|jpeg|png|gif|bmp|svg|webp|tiff)\Z", re.IGNORECASE)


def build_entry(
    fields: Mapping[str, str], media: Iterable[Mapping[str, str]], *, base: str
) -> dict[str, Any]:
    """One entry: id, title, link, published, description, and enclosure if any.

    `fields` are id, title, link, date, summary and content, as far as they are known;
    `media` the attributes of its enclosures: url, type, medium. The description is
    plain text, published is ISO 8601 in UTC, both may be empty; links and images are
    http or https.
    """
    markup = fields.get("summary") or fields.get("content") or ""
    link = make_url(fields.get("link", ""), base)
    if not link:
        link = make_url(fields.get("id", ""), "")

    date = fields.get("date", "")
    entry = {
        "id": fields.get("id") or _make_id(link, fields.get("title", ""), date),
        "title": read_text(fields.get("title", ""))[:LONGEST_TITLE],
        "link": link,
        "published": read_date(date),
        "description": _shorten(read_text(markup), LONGEST_DESCRIPTION),
    }
    image = _find_image(media, base) or _find_image_in(fields)
    if image:
        entry["enclosure"] = image

    return entry


def read_text(markup: str) -> str:
    """The text of HTML, in one line, with nothing in it that could begin a tag."""
    text = _TAG.sub(" ", _UNSEEN.sub(" ", markup))
    text = _TAG.sub(" ", html.unescape(text))
    return " ".join(_BEGIN.sub("", text).split())


def read_date(text: str) -> str:
    """A date of RFC 822 or ISO 8601 in JavaScript's form; "" for any other."""
    text = text.strip()
    if not text or len(text) > 100:
        return ""

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        try:
            moment = parsedate_to_datetime(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            return ""

    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)

    try:
        moment = moment.astimezone(UTC)
    except OverflowError:
        return ""

    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def make_url(text: str, base: str) -> str:
    """An absolute http or https URL, from one that may be relative; else ""."""
    text = text.strip()
    if not text or len(text) > LONGEST_URL:
        return ""

    try:
        url = urljoin(base, text)
        parts = urlsplit(url)
    except ValueError:
        return ""

    return url if parts.scheme in {"http", "https"} and parts.netloc else ""


def _find_image(media: Iterable[Mapping[str, str]], base: str) -> str:
    for one in media:
        url = make_url(one.get("url", ""), base)
        kind = one.get("type", "") or one.get("medium", "")
        named = kind.startswith("image") or (
            not kind and _IMAGE_ENDING.search(urlsplit(url).path)
        )
        if url and named:
            return url

    return ""


def _find_image_in(fields: Mapping[str, str]) -> str:
    for name in ("summary", "content"):
        match = _IMAGE.search(fields.get(name, ""))
        if match is not None:
            return html.unescape(match[0])

    return ""


def _shorten(text: str, length: int) -> str:
    if len(text) <= length:
        return text

    cut = text[: length - 3]
    return (cut.rpartition(" ")[0] or cut) + "..."


def _make_id(link: str, title: str, date: str) -> str:
    seed = "\n".join((link, title, date))
    return hashlib.sha256(seed.encode("utf-8", "replace")).hexdigest()[:24]

"""Read the body of a form and say, in people's words, what is wrong with it.

Every check returns a sentence to show beside the field, or None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape, unescape
from urllib.parse import parse_qs

from quart import Request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from services.web.sanitise import MAX_LENGTH, clean_note
from services.web.security import image_link, web_link

_MAX_FIELDS = 200
#: A host with perhaps a port and a path, as people type it.
_NO_SCHEME = re.compile(
    r"(\[[0-9a-f:.]+\]|\w[\w.-]*)(:\d{1,5})?([/?#]\S*)?", re.IGNORECASE
)
_ELEMENT = re.compile(r"</?[a-zA-Z][^<>]*>")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The fields of one form as they were sent."""

    fields: dict[str, list[str]] = field(default_factory=dict)

    def raw(self, name: str) -> str:
        """Return a field exactly as typed; passwords need this."""

        return self.fields.get(name, [""])[0]

    def text(self, name: str) -> str:
        """Return a field without the space around it."""

        return self.raw(name).strip()

    def all(self, name: str) -> list[str]:
        """Return every value of a field that may be sent several times."""

        return self.fields.get(name, [])


async def read_form(request: Request) -> Form:
    """Read a form's body, which the application's size limit bounds.

    Raises:
        UnsupportedMediaType: the body is something else than a plain form.
        BadRequest: it is not UTF-8 or has hundreds of fields.
        RequestEntityTooLarge: it is longer than the limit.
    """

    body = await request.get_data(cache=False, as_text=False, parse_form_data=False)
    if not body:
        return Form()

    if request.mimetype != "application/x-www-form-urlencoded":
        raise UnsupportedMediaType("The form was sent in a format we do not read.")

    try:
        text = body.decode() if isinstance(body, bytes) else body
        fields = parse_qs(
            text,
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except ValueError as error:
        raise BadRequest("The form could not be read.") from error

    return Form(fields=fields)


def sentence(reason: str) -> str:
    """Write the reason of an error as a sentence."""

    return reason[:1].upper() + reason[1:].rstrip(".") + "."


def check_label(text: str, *, what: str, required: bool = True) -> str | None:
    """Judge a short line such as the name of an app."""

    if required and not text:
        return f"Give the {what} a name."

    if len(text) > 64:
        return "Use at most 64 characters."

    if text and not text.isprintable():
        return "Use letters, digits and signs that can be seen."

    return None


def complete_link(url: str) -> str:
    """Write http:// before an address that was typed without it."""

    return f"http://{url}" if _NO_SCHEME.fullmatch(url) else url


def check_link(url: str, *, required: bool = False) -> str | None:
    """Judge an address that the browser or the ping job will open."""

    if not url:
        return "Give an address." if required else None

    if web_link(url) is None:
        return "Give a full address that starts with http:// or https://."

    return None


def check_icon(url: str) -> str | None:
    """Judge the address of an icon."""

    if url and image_link(url) is None:
        return "Give a full address that starts with http:// or https://."

    return None


def check_timezone(name: str) -> str | None:
    """Judge the name of a time zone; an empty one stands for the reader's own."""

    if not name:
        return None

    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return "There is no such time zone; names look like Europe/London."

    return None


def check_note(text: str) -> str | None:
    """Judge the length of a note."""

    if len(text) > MAX_LENGTH:
        return (
            f"A note holds at most {MAX_LENGTH:,} characters; this has {len(text):,}."
        )

    return None


def note_from_text(text: str) -> str:
    """Turn what was typed into a note's HTML.

    Text with an element of HTML in it is taken as HTML and cleaned; plain text
    becomes paragraphs, parted by empty lines.
    """

    text = text.replace("\r\n", "\n").strip()
    if _looks_like_html(text):
        return clean_note(text)

    paragraphs = (part.strip("\n") for part in text.split("\n\n"))
    return "".join(
        f"<p>{escape(part, quote=False).replace(chr(10), '<br>')}</p>"
        for part in paragraphs
        if part.strip()
    )


def text_from_note(html: str) -> str:
    """Turn a note's HTML into what its editor shows: plain text where it can."""

    plain = html.replace("</p>", "\n\n").replace("<p>", "").replace("<br>", "\n")
    if "<" in plain:
        return html

    text = unescape(plain).strip()
    # Text that would be taken for HTML on its way back stays HTML.
    return html if _looks_like_html(text) else text


def _looks_like_html(text: str) -> bool:
    return _ELEMENT.search(text) is not None

"""What an image is by its own first bytes, whatever is said of it."""

from __future__ import annotations

from contextlib import suppress

#: Homarr's, in its order.
TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif", "image/svg+xml")

#: How far the beginning of an SVG may be from that of its file.
_PROLOG_BYTES = 64 * 1024
#: Drawing programs declare namespaces as entities, and nothing longer.
_LONGEST_ENTITY = 256
#: So much of them at most is put in: a mebibyte, and a hundredth of a second.
_MOST_ENTITIES = 4096
_BEGINNINGS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def find_type(content: bytes) -> str | None:
    """The one of TYPES that the content is; None where it is none of them.

    An SVG is what begins as XML whose outermost element is `svg`; what is in it is not
    looked at. So nothing is taken that a browser would take for a page.
    """
    for beginning, type_ in _BEGINNINGS:
        if content.startswith(beginning):
            return type_

    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"

    is_svg = _find_root(content[:_PROLOG_BYTES]).rpartition(":")[2] == "svg"
    return "image/svg+xml" if is_svg else None


def _find_root(beginning: bytes) -> str:
    if beginning.count(b"&") > _MOST_ENTITIES:
        return ""

    # Loaded late: most images are none of XML.
    from xml.parsers import expat  # it stops at the first element

    found: list[str] = []

    def stop(name: str, _attributes: object) -> None:
        found.append(name)
        raise EOFError

    def declare(_name: str, _is_parameter: bool, value: str | None, *_: object) -> None:
        # What grows by being named many times is no namespace.
        if value is None or "&" in value or len(value) > _LONGEST_ENTITY:
            raise EOFError

    parser = expat.ParserCreate()
    parser.EntityDeclHandler = declare
    parser.StartElementHandler = stop
    # What it ends with is that it is found, or that it is no XML.
    with suppress(EOFError, expat.ExpatError, ValueError, LookupError):
        parser.Parse(beginning)

    return found[0] if found else ""

"""Elements of HTML and SVG: built as a tree, so that nothing can be left unescaped."""

from __future__ import annotations

from xml.etree.ElementTree import Element, tostring

#: A line of their own, so that two pages can be compared line by line.
_LINES = {"head", "meta", "title", "style", "body", "header", "section", "h1", "h2",
          "p", "ul", "li", "dl", "div", "table", "thead", "tbody", "tr", "figure",
          "figcaption", "svg", "g", "defs", "details", "footer", "main"}  # fmt: skip


def node(tag: str, /, *children: Element | str, **attributes: str | float) -> Element:
    """Return an element.

    `class_` stands for `class`; other underscores become hyphens, and numbers are
    written with at most two decimals, so that a coordinate is as short as it is exact.
    """

    made = Element(
        tag,
        {
            name.rstrip("_").replace("_", "-"): _write(value)
            for name, value in attributes.items()
        },
    )
    for child in children:
        if isinstance(child, Element):
            made.append(child)
        elif len(made):
            made[-1].tail = (made[-1].tail or "") + child
        else:
            made.text = (made.text or "") + child

    return made


def write_page(page: Element) -> str:
    """Return the page as HTML that ends with a line end."""

    for element in page.iter():
        if element.tag in _LINES:
            element.tail = (element.tail or "") + "\n"

    return "<!doctype html>\n" + tostring(page, encoding="unicode", method="html")


def _write(value: str | float) -> str:
    if isinstance(value, str):
        return value

    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text

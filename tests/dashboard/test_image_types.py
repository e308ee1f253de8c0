"""What a file begins with, and what that makes it."""

from __future__ import annotations

import pytest

from dashboard.image_types import TYPES, find_type

SVG = "http://www.w3.org/2000/svg"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(9), "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"<svg/>", "image/svg+xml"),
        (f"\ufeff<?xml version='1.0'?>\n<svg xmlns='{SVG}'>".encode(), "image/svg+xml"),
        (f"<s:svg xmlns:s='{SVG}'>".encode("utf-16"), "image/svg+xml"),
        (
            b"<!-- drawn --><!DOCTYPE svg [<!ENTITY ns 'x'>]><svg xmlns='&ns;'>",
            "image/svg+xml",
        ),
    ],
)
def test_an_image_is_known_by_its_beginning(content: bytes, expected: str):
    """Each of the types that Homarr takes, as programs write them."""

    assert find_type(content) == expected
    assert expected in TYPES


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG",
        b"RIFF\x10\0\0\0WAVE",
        b"\0\0\x01\0\x01\0",
        b"%PDF-1.7",
        b"MZ",
        b"\x1f\x8b\x08",
        b"svg",
        b"<html><svg/></html>",
        b"<!DOCTYPE html><html><body>",
        b"<script>alert(1)</script>",
        b"<html xmlns='http://www.w3.org/1999/xhtml'/>",
        b"<?xml version='1.0' encoding='no-such'?><svg/>",
        b"<svgx/>",
        b"<svg",
        b"<!DOCTYPE a [<!ENTITY b 'c'><!ENTITY d '&b;&b;'>]>",
        b" " * (64 * 1024) + b"<svg/>",
        b"<!DOCTYPE svg [<!ENTITY a 'x'><!ENTITY b '&a;&a;'>]><svg a='&b;'/>",
        b"<!DOCTYPE svg [<!ENTITY a '" + b"x" * 300 + b"'>]><svg a='&a;'/>",
        b"<!DOCTYPE svg [<!ENTITY a 'x'>]><svg a='" + b"&a;" * 5000 + b"'/>",
        b"<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><svg/>",
    ],
)
def test_nothing_else_is_one(content: bytes):
    """A page, a program or the beginning of an image is no image."""

    assert find_type(content) is None

"""A kept report as a page, a picture or a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from memory_report.cli import main
from memory_report.files import write_json
from tests.memory_report.attribution_example import ATTRIBUTION


def test_a_page_is_written_with_the_shares_that_were_measured_beside(tmp_path: Path):
    """Two kept files, one page."""

    write_json(ATTRIBUTION, tmp_path / "shares.json")
    words = ["--format", "html", "--output", "page.html"]

    assert main(["show", "small.json", *words]) == 0
    assert "Whose memory it is" not in Path("page.html").read_text(encoding="utf-8")
    assert main(["show", "small.json", *words, "--attribution", "shares.json"]) == 0
    assert "Whose memory it is" in Path("page.html").read_text(encoding="utf-8")


def test_shares_of_other_services_are_no_part_of_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Exit code 4 and no page: whose memory it is would be told of somebody else's."""

    other = replace(ATTRIBUTION, services=("web", "ws"))
    write_json(other, tmp_path / "shares.json")
    words = ["--format", "html", "--output", "page.html"]

    assert main(["show", "small.json", *words, "--attribution", "shares.json"]) == 4
    assert "web+ws+tasks in the report, web+ws in the att" in capsys.readouterr().err
    assert not Path("page.html").exists()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--attribution", "shares.json"], "--format html"),
        (["--output", "missing/page.html"], "cannot write missing/page.html"),
    ],
)
def test_what_show_cannot_do_is_exit_code_2(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
):
    """One line that says what to do instead."""

    assert main(["show", "report.json", *words]) == 2
    assert complaint in capsys.readouterr().err


def test_a_picture_goes_to_a_file():
    """The same command as for the page."""

    words = ["--format", "png", "--output", "picture.png"]

    assert main(["show", "small.json", *words]) == 0
    assert Path("picture.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("output", ["report.json", "./x/../report.json", "link.json"])
def test_a_report_is_not_written_over_by_what_is_shown_of_it(
    output: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Its samples would be gone; whichever path leads to it."""

    (tmp_path / "x").mkdir()
    (tmp_path / "link.json").symlink_to("report.json")
    before = (tmp_path / "report.json").read_bytes()
    words = ["--format", "json", "--output", output]

    assert main(["show", "report.json", *words]) == 2
    assert "which is read; name another file" in capsys.readouterr().err
    assert (tmp_path / "report.json").read_bytes() == before


@pytest.mark.parametrize(
    ("output", "complaint"),
    [
        ("missing/page.html", "the folder missing does not exist"),
        ("small.json/page.html", "the folder small.json is no folder"),
        ("benchmarks", "it is a folder; name a file in it"),
    ],
)
def test_what_is_wrong_with_a_place_is_said(
    output: str, complaint: str, capsys: pytest.CaptureFixture[str]
):
    """A typing error in a folder's name is seen at once."""

    assert main(["show", "report.json", "--output", output]) == 2
    assert complaint in capsys.readouterr().err

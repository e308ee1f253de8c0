"""What a CI service shows beside a step: Markdown in the file that it names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

#: GitHub's name, which Gitea and Forgejo have as well.
VARIABLE = "GITHUB_STEP_SUMMARY"


def append_summary(markdown: str, *, environ: Mapping[str, str] = os.environ) -> None:
    """Append a section where the variable names a file; do nothing where it is unset.

    It needs no token, so that it works for a fork's pull request as well.

    Raises:
        OSError: the file cannot be written.
    """

    path = environ.get(VARIABLE)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(markdown + "\n")

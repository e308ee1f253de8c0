"""What a launch's clients were told: a digest of it for each thing that they asked.

Left out is what differs between launches that did the same work: identifiers, times,
durations, ports and secrets, the clock of a board, and its reading of the memory, which
has sizes, and the names of the processes that there are.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from hashlib import sha256

from memory_report.rows import VARYING_TEXT

#: What was asked, and what came back, in the order in which it came; digests are made
#: when all is over, so that making them is no part of what a request took.
Answers = list[tuple[str, str]]

_VARYING = re.compile(
    r'name="csrf_token"\s+value="[^"]*"'
    r"|<time\b.*?</time>"
    r'|<article class="[^"]*\bmemory\b.*?</article>'
    r'|"(?:lastExecutionTimestamp|durationMs)":[^,}]+'
    rf"|{VARYING_TEXT.pattern}",
    re.DOTALL,
)


def digest_answers(answers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return a digest of all that came back, by what was asked.

    Who asked first makes no difference.
    """

    told = defaultdict(list)
    for asked, answer in answers:
        told[VARYING_TEXT.sub("*", asked)].append(_VARYING.sub("*", answer))

    return {
        asked: sha256("\n".join(sorted(told[asked])).encode()).hexdigest()[:16]
        for asked in sorted(told)
    }

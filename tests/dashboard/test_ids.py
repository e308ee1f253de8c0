from __future__ import annotations

import re

from dashboard.ids import new_id


def test_ids_have_homarrs_shape_and_are_all_different():
    """Clients cannot tell them from cuid2."""
    ids = {new_id() for _ in range(1000)}

    assert len(ids) == 1000
    assert all(re.fullmatch(r"[a-z][a-z0-9]{23}", an_id) for an_id in ids)

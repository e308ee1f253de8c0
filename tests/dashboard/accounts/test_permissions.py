from __future__ import annotations

from dashboard.accounts.permissions import with_implied


def test_admin_may_everything():
    """Through as many steps as it takes."""
    permissions = with_implied(["admin"])

    assert {"app-use-all", "board-view-all", "integration-use-all"} <= permissions
    assert {"media-upload", "other-view-logs", "search-engine-create"} <= permissions


def test_a_permission_implies_only_what_follows_from_it():
    """And an unknown one only itself."""
    assert with_implied(["board-modify-all"]) == {"board-modify-all", "board-view-all"}
    assert with_implied(["new-in-2030"]) == {"new-in-2030"}
    assert with_implied([]) == frozenset()

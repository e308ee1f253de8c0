"""The administration: users, invites, groups and API keys, for administrators only."""

"""Logins: tokens by OAuth 2, and what HTTP itself has."""

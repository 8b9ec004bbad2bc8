"""Mailboxes, folders, messages and who may do what with them."""

"""Microsoft Graph v1.0, the mail part."""

"""Foreign clients that judge the double."""

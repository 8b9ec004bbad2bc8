"""Fetching with Python's poplib and imaplib: one connection; by IMAP in ranges of 500 messages.

Usage: fetch_python.py PORT pop3|imap COUNT; prints the seconds that fetching took, connecting included.
"""

import imaplib
import poplib
import sys
import time

RANGE = 500


def pop3(port: int, messages: int) -> int:
    session = poplib.POP3("127.0.0.1", port)
    session.user("anna")
    session.pass_("secret")
    fetched = sum(session.retr(number)[2] for number in range(1, messages + 1))
    session.quit()
    return fetched


def imap(port: int, messages: int) -> int:
    session = imaplib.IMAP4("127.0.0.1", port)
    session.login("anna", "secret")
    session.select("INBOX", readonly=True)
    fetched = 0
    for first in range(1, messages + 1, RANGE):
        _, items = session.uid("FETCH", f"{first}:{min(first + RANGE - 1, messages)}", "(UID BODY.PEEK[])")
        fetched += sum(len(item[1]) for item in items if isinstance(item, tuple))
    session.logout()
    return fetched


def main() -> None:
    port, workload, count = sys.argv[1:4]
    started = time.monotonic()
    fetched = (imap if workload.startswith("imap") else pop3)(int(port), int(count))
    print(f"{time.monotonic() - started:.6f}")
    if fetched == 0:
        raise SystemExit("no bytes came")


main()

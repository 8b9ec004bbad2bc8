"""Looks into a mailbox over IMAP, by Python's own client, and says what lies there.

    python3 look.py PORT AUTHORITY.pem USER PASSWORD FOLDER

The answer is JSON: all folders as they stand on the wire, and flags, keywords and header of each message in FOLDER.
"""

import imaplib
import json
import re
import ssl
import sys


def main(port, authority, user, password, folder):
    with imaplib.IMAP4_SSL("localhost", int(port), ssl_context=ssl.create_default_context(cafile=authority)) as box:
        box.login(user, password)
        # Without the attributes, the delimiter and the quotes.
        folders = [re.sub(rb'^\(.*?\) "." ', b"", line).strip(b'"').decode() for line in box.list()[1]]
        box.select('"%s"' % folder, readonly=True)
        answers = [part for part in box.fetch("1:*", "(FLAGS BODY.PEEK[HEADER])")[1] if isinstance(part, tuple)]
        flags = [[flag.decode() for flag in imaplib.ParseFlags(head)] for head, _ in answers]
        messages = [{"flags": sorted(set(flag) - {"\\Recent"}), "header": header.decode()} for flag, (_, header) in zip(flags, answers)]
    print(json.dumps({"folders": folders, "messages": messages}))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""What Python's imaplib gets of the parts that the mailbox programs fetch alone: the judge of their bytes.

    python3 imaplib_parts.py PORT USER PASSWORD MAILBOX FOLDER

The mailbox's only message is looked at; FOLDER gets its part 2 with its header, and the first three bytes of part 1 with its.
"""

import imaplib
import ssl
import sys
from pathlib import Path


def fetched(connection, section):
    return connection.fetch("1", "(BODY.PEEK[%s])" % section)[1][0][1]


def main(port, user, password, mailbox, folder):
    # The certificate is that of the test's own authority; nothing but this machine is asked.
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = imaplib.IMAP4("localhost", int(port))
    connection.starttls(context)
    connection.login(user, password)
    assert connection.select(mailbox, readonly=True)[1] == [b"1"]
    (Path(folder) / "judge.part").write_bytes(fetched(connection, "2.MIME") + fetched(connection, "2"))
    # The third byte is the first half of a letter.
    beginning = connection.fetch("1", "(BODY.PEEK[1]<0.3>)")[1][0][1]
    assert beginning == b"Gr\xc3"
    (Path(folder) / "judge.begin").write_bytes(fetched(connection, "1.MIME") + beginning[:2])
    connection.logout()


if __name__ == "__main__":
    main(*sys.argv[1:])

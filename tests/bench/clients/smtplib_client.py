"""The same work done with Python's smtplib: one connection, each mail composed anew with email.message.

Usage: smtplib_client.py PORT small|attachment|file COUNT [FILE]; prints the seconds that sending took.
"""

import smtplib
import sys
import time
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path


REST = "".join(f"Position {line:02} of this invoice: twelve crates of apples, plums and pears.\n" for line in range(28))


def text(number: int) -> str:
    """Two kilobytes whose first line differs from mail to mail; the same lines in every client."""
    return f"Dear customer, this is invoice {number}.\n{REST}"


def compose(number: int, attachment: bytes | None) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Anna Adler <anna@example.com>"
    mail["To"] = "Bruno Berg <bruno@example.org>"
    mail["Subject"] = f"Invoice {number}"
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain="bench.example")
    mail.set_content(text(number))
    if attachment is not None:
        mail.add_attachment(attachment, maintype="application", subtype="pdf", filename="invoice.pdf")
    return mail


def main() -> None:
    port, workload, count, *file = sys.argv[1:]
    pdf = b"\xa5" * (200 * 1024)
    with smtplib.SMTP("127.0.0.1", int(port), local_hostname="bench.example") as server:
        started = time.monotonic()
        for number in range(int(count)):
            attachment = None
            if workload == "attachment":
                attachment = pdf
            elif workload == "file":
                attachment = Path(file[0]).read_bytes()
            server.send_message(compose(number, attachment))
        seconds = time.monotonic() - started
    print(f"{seconds:.6f}")


main()

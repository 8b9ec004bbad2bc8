"""A program in Python that opens a message of Outlook's, takes the e-invoice out of it, and makes a meeting request.

    python3 enclosed.py LETTER.msg FOLDER

The program leaves in FOLDER the XML of the invoice and the message of the request; the test that runs it looks at them.
"""

import sys
from pathlib import Path

import postkontor

MEETING = (
    "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1\nSUMMARY:Gespräch\nDTSTART:20261201T090000Z\n"
    "END:VEVENT\nEND:VCALENDAR\n"
)


def main(letter, folder):
    folder = Path(folder)
    with postkontor.Host({"language": "en"}) as host:
        with host.message(letter) as message:
            assert message["subject"] == "Rechnung für Šunka", message["subject"]
            assert message["from"][0]["address"] == "anna@example.com", message["from"]
            invoice = message["invoice"]
            assert invoice["format"] == "factur-x", invoice
            message.save_part(invoice["part"], folder / "invoice.xml")
        document = {"from": "anna@example.com", "to": "berta@example.com", "text": "Guten Tag", "calendar": MEETING}
        (folder / "meeting.eml").write_bytes(host.build(document))
        with host.message(str(folder / "meeting.eml")) as message:
            calendar = message["calendar"]
            assert (calendar["method"], calendar["summary"]) == ("REQUEST", "Gespräch"), calendar
            assert calendar["start"] == {"time": "2026-12-01T09:00:00Z"}, calendar


if __name__ == "__main__":
    main(*sys.argv[1:])

"""A mail opened, answered and passed on from Python, and a bounce understood.

    python3 answer.py FOLDER

FOLDER has mail.eml and bounce.eml; the program leaves reply.eml and forward.eml there, and the test that runs it looks at them.
"""

import json
import sys
from pathlib import Path

import postkontor

SENDER = json.dumps({"address": "orders@shop.example"})


def main(folder):
    with postkontor.Host({"language": "de"}) as host:
        with host.message(folder / "mail.eml") as mail:
            assert mail["subject"] == "AW: Prüfung", mail["subject"]
            reply = {"reply": {"part": 0, "all": True, "quote": "text"}, "text": "Danke"}
            (folder / "reply.eml").write_bytes(host.build(reply, [mail.raw()], SENDER))
        forward = {"forward": {"file": str(folder / "mail.eml"), "as": "attachment"}, "to": "dora@shop.example", "text": "Bitte"}
        (folder / "forward.eml").write_bytes(host.build(forward, sender=SENDER))
        with host.message(folder / "bounce.eml") as bounce:
            report = bounce["report"]
            assert (report["kind"], report["recipients"][0]["kind"]) == ("failure", "hard"), report


main(Path(sys.argv[1]))

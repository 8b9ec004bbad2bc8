"""A mailbox used from Python, from listing to filing.

    python3 mailbox.py SETTINGS.json FOLDER imap|pop3|exchange-ews|graph

SETTINGS has the accounts "inbox", with messages whose subjects say what becomes of them, and "full", which has no room for what is sent.
The program leaves in FOLDER what it was given; the test that runs it compares that with what the server has, before and after.
"""

import hashlib
import json
import sys
import threading
import time
from pathlib import Path

import postkontor
from postkontor import DELETE, KEEP, SEEN, STOP


# What a mail is answered for which there is no room.
REFUSALS = {
    "imap": (postkontor.REFUSED, "imap.append_refused", "OVERQUOTA"),
    "exchange-ews": (postkontor.LATER, "ews.mailbox_full", "quota"),
}


class Mine(Exception):
    pass


class Desk:
    def __init__(self, host, account, folder):
        self.host, self.account, self.folder = host, account, folder
        self.subjects, self.ids = [], {}
        self.stopping = False
        self.last = None

    def fetch(self, received, state=""):
        self.subjects = []
        return self.account.receive(received, {"state": state})

    def take(self, message):
        """What every fetch does with a message: keeps its summary, its id and its bytes."""
        intro, word = message["subject"].split(": ")
        assert intro == "Prüfung", message["subject"]
        self.subjects.append(word)
        self.ids[word] = message["id"]
        raw = message.raw()
        assert hashlib.sha256(raw).hexdigest() == message["sha256"]
        (self.folder / (word + ".json")).write_text(json.dumps(message.summary), encoding="utf-8")
        (self.folder / (word + ".eml")).write_bytes(raw)
        self.last = message
        return word

    def first(self, message):
        """The first fetch: reads parts, and answers what the subject says."""
        word = self.take(message)
        if word == "keep":
            assert [part["name"] for part in message["parts"]] == ["Größe.bin"]
            message.save(self.folder / "keep.raw")
            message.save_part(0, self.folder / "keep.saved")
            (self.folder / "keep.part").write_bytes(message.part(0))
            self.fails(postkontor.NOT_FOUND, "message.part_missing", message.part, 9)
            return None
        return {"seen": SEEN, "delete": DELETE, "stop": STOP}[word]

    def failing(self, message):
        self.take(message)
        raise Mine("from the function")

    def reentering(self, message):
        """The account is in use, and stays so until the fetch is over; other handles are not."""
        word = self.take(message)
        self.fails(postkontor.BUSY, "handle.busy", self.account.receive, self.failing)
        with self.host.message(message.raw()) as copy:
            assert copy["subject"] == message["subject"]
        return {"after": DELETE, "stop": SEEN}.get(word, KEEP)

    def slow(self, message):
        """Has the next question of the library answered with "stop": it asks every 100 ms."""
        self.take(message)
        self.stopping = True
        time.sleep(0.15)

    def fails(self, status, code, function, *arguments):
        try:
            function(*arguments)
        except postkontor.Error as error:
            assert (error.status, error.code) == (status, code), error.facts
            return error
        raise AssertionError("no " + code)

    def raises(self, received, state):
        try:
            self.fetch(received, state)
        except Mine as error:
            assert str(error) == "from the function"
            return
        raise AssertionError("the exception was lost")

    def receive(self):
        answer = self.fetch(self.first)
        assert self.subjects == ["keep", "seen", "delete", "stop"] and answer["more"]
        assert answer["state"] == self.account.state
        self.fails(postkontor.ARGUMENT, "argument.null", self.last.raw)
        self.raises(self.failing, self.account.state)
        assert self.subjects == ["stop"]
        self.fetch(self.reentering, self.account.state)
        assert self.subjects == ["stop", "after"]
        self.fetch(self.failing, self.account.state)
        assert self.subjects == []

        cancelled = self.fails(postkontor.CANCELLED, "call.cancelled", self.fetch, self.slow)
        assert cancelled.facts["state"] == self.account.state
        self.stopping = False
        assert self.subjects == ["keep"]
        # By another thread, whose exceptions are its own.
        thread = threading.Thread(target=self.fetch, args=(self.reentering, self.account.state))
        thread.start()
        thread.join()
        assert self.subjects == ["seen", "stop"]

    def look_closer(self):
        """What stands in a message, one part of it, and the beginning of its text. Nothing of it counts as fetched."""
        state, looked = self.account.state, []

        def structure(message):
            looked.append(message["subject"])
            assert [(part["section"], part["name"], part["type"]) for part in message["parts"]] == [("2", "Größe.bin", "application/octet-stream")]
            assert [text["section"] for text in message["texts"]] == ["1"]
            assert message.raw().endswith(b"\r\n\r\n") and message["headers_only"]
            return DELETE

        def part(message):
            looked.append(message["section"])
            (self.folder / "part.raw").write_bytes(message.raw())
            (self.folder / "part.bytes").write_bytes(message.part(0))
            return DELETE

        def beginning(message):
            looked.append(message["text"])
            (self.folder / "begin.raw").write_bytes(message.raw())
            assert message["complete"] is False
            return SEEN

        unwanted = {"header": {"name": "Message-ID", "contains": "stop@"}}
        chosen = {"or": [{"subject": "keep"}, {"body": "steht nirgends"}, {"subject": "stop"}], "not": unwanted}
        self.account.receive(structure, {"filter": chosen, "summary": "structure"})
        self.account.receive(part, {"message": self.ids["keep"], "section": "2"})
        self.account.receive(beginning, {"message": self.ids["keep"], "section": "1", "first_bytes": 3})
        assert looked == ["Prüfung: keep", "2", "Gr"] and self.account.state == state, looked
        self.fails(postkontor.NOT_FOUND, "imap.part_missing", self.account.receive, part, {"message": self.ids["keep"], "section": "7"})

    def apply(self, word, action, **more):
        return self.account.apply({"messages": [self.ids[word]], "action": action, **more})

    def file_in_folders(self, settings, transport):
        self.apply("keep", "seen")
        assert self.apply("keep", "move", folder="Ablage/Größe")["applied"] == [self.ids["keep"]]
        self.apply("seen", "unseen")
        # By Graph an id stays good where the message moves to.
        assert self.apply("keep", "delete")["applied" if transport == "graph" else "missing"] == [self.ids["keep"]]
        assert self.account.send({"to": ["b@example.com"], "subject": "Über Python", "text": "Guten Tag"})["saved_to"]
        if transport not in REFUSALS:
            return
        with self.host.account(settings, "full") as full:
            large = {"to": ["b@example.com"], "text": "x" * 60000}
            status, code, word = REFUSALS[transport]
            error = self.fails(status, code, full.send, large)
            assert word in error.facts["server"]["text"], error.facts

    def change_folders(self, prefix):
        """A draft in a folder of its own: marked, labelled, copied; the folder is renamed and deleted."""
        change = self.account.apply
        made = change({"folders": [{"create": "Prüfung"}, {"create": "Prüfung/Größe"}]})
        assert made == {"folders": [{"created": "Prüfung"}, {"created": "Prüfung/Größe"}]}, made
        append = {"folder": "Prüfung/Größe", "flags": ["draft"]}
        receipt = self.account.send({"subject": "Entwurf von Python", "text": "x", "bcc": ["c@example.com"], "append": append})
        assert receipt["filed"]["status"] == "saved" and receipt["recipients"] == [], receipt
        draft = {"messages": [receipt["saved_to"]]}
        change({**draft, "action": "flagged"})
        change({**draft, "action": "keywords", "add": ["Bezahlt"]})
        copied = change({**draft, "action": "copy", "folder": "<drafts>"})
        assert copied["applied"] == draft["messages"] and copied["new_ids"][0]["id"] == receipt["saved_to"], copied
        change({"folders": [{"rename": "Prüfung/Größe", "to": "Prüfung/Maß"}]})
        error = self.fails(postkontor.REFUSED, prefix + ".folder_not_empty", change, {"folders": [{"delete": "Prüfung/Maß"}]})
        assert error.facts["at"][0]["pointer"] == "/folders/0/delete", error.facts
        change({"folders": [{"delete": "Prüfung/Maß", "with_messages": True}, {"delete": "Prüfung"}]})

    def file_by_pop3(self):
        self.fails(postkontor.UNSUPPORTED, "receive.member_unsupported", self.account.receive, self.take, {"message": self.ids["keep"]})
        self.fails(postkontor.UNSUPPORTED, "pop3.only_delete", lambda: self.apply("keep", "move", folder="Ablage/Größe"))
        self.apply("keep", "delete")


def main(settings_file, folder, transport):
    settings = json.loads(Path(settings_file).read_text(encoding="utf-8"))
    desk = None
    with postkontor.Host({"language": "en"}, progress=lambda done, total: desk and desk.stopping) as host:
        with host.account(settings, "inbox") as account:
            desk = Desk(host, account, Path(folder))
            assert len(account.list({"folder": ""})["messages"]) == 5
            if transport != "pop3":
                uses = {entry["name"]: entry["uses"] for entry in account.list()["folders"]}
                assert uses["Entwürfe"] == ["drafts"], uses
            desk.receive()
            if transport == "imap":
                desk.look_closer()
            if transport != "pop3":
                desk.change_folders({"exchange-ews": "ews"}.get(transport, transport))
                desk.file_in_folders(settings, transport)
            else:
                desk.file_by_pop3()
    print("held")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The control port: what tests set up, break and ask. All bodies are JSON."""

import base64
import json
import resource
import time

from .store.content import Content
from .web.message import Answer


def answer(double, request):
    """Answers one request of a test."""
    asked = json.loads(request.body) if request.body else {}
    run = ROUTES.get((request.method, request.path))
    if run is not None:
        with double.lock:
            return as_answer(run(double, asked))
    if request.method == "GET" and request.path.startswith("/log/"):
        return Answer(200, double.log.raw(int(request.path[5:])), kind="application/octet-stream")
    if request.method == "GET" and request.path.startswith("/deliveries/"):
        content = double.organisation.deliveries[int(request.path[12:]) - 1]["content"]
        return Answer(200, content.chunks(), kind="message/rfc822", size=content.size)
    return Answer.json({"error": f"there is no {request.method} {request.path}"}, 404)


def as_answer(value):
    return value if isinstance(value, Answer) else Answer.json(value if value is not None else {})


def options(double, asked):
    unknown = [name for name in asked if name not in double.options and name != "pox"]
    if unknown:
        return Answer.json({"error": f"unknown options {unknown}"}, 400)
    double.options.update(asked)
    return double.options


def token_options(double, asked):
    unknown = [name for name in asked if name not in double.tokens.options]
    if unknown:
        return Answer.json({"error": f"unknown options {unknown}"}, 400)
    double.tokens.options.update(asked)
    return double.tokens.options


def rights(double, asked):
    mailbox = double.organisation.mailbox(asked["mailbox"])
    for right in ("full_access", "send_as", "on_behalf"):
        if right in asked:
            mailbox.rights[right] = {address.lower() for address in asked[right]}


def folders(double, asked):
    """Makes folders by path, or `count` of them below `below`."""
    mailbox = double.organisation.mailbox(asked["mailbox"])
    for path in asked.get("paths", []):
        mailbox.by_path(path)
    parent = mailbox.by_path(asked["below"]) if "below" in asked else mailbox.by_name["msgfolderroot"]
    for number in range(asked.get("count", 0)):
        mailbox.create_folder(f"Folder {number:05}", parent)


def names(double, asked):
    """Renames distinguished folders, as servers of other languages have them."""
    mailbox = double.organisation.mailbox(asked["mailbox"])
    for distinguished, name in asked["names"].items():
        mailbox.by_name[distinguished].name = name


def messages(double, asked):
    """Puts received messages into a folder: `mime`, `mime_base64`, `file`, or `count` small ones; `size` makes it a large one.

    They come a second apart, the first ones an hour ago, so that their dates tell their order.
    """
    mailbox = double.organisation.mailbox(asked["mailbox"])
    found, count = [], asked.get("count", 1)
    for number in range(count):
        mailbox.last_put = max(mailbox.last_put + 1, float(int(time.time()) - 3600 - count))
        received = asked.get("received", mailbox.last_put)
        item = double.organisation.deliver(
            mailbox, content_of(asked, number), asked.get("folder", "inbox"), asked.get("read", False), received
        )
        found.append({"id": item.id, "change_key": item.change_key, "message_id": item.message_id})
    return {"messages": found}


def content_of(asked, number):
    if "file" in asked:
        return Content(path=asked["file"])
    if "mime_base64" in asked:
        return Content.of_bytes(base64.b64decode(asked["mime_base64"]))
    if "mime" in asked:
        return Content.of_bytes(asked["mime"].encode())
    head = (
        f"From: Bob Bauer <bob@example.com>\r\nTo: {asked['mailbox']}\r\nSubject: Message {number}\r\nMessage-ID: <made-{number}-{id(asked)}@example.com>\r\n"
        "Date: Mon, 02 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    ).encode()
    line = b"0123456789 the quick brown fox jumps over the lazy dog, again.\r\n"

    def chunks():
        yield head
        left = asked.get("size", 2048) - len(head)
        block = line * 1024
        while left > 0:
            yield block[:left]
            left -= len(block)

    return Content.of(chunks())


def mailbox_shown(double, asked):
    """What is in a mailbox: folders with their messages."""
    mailbox = double.organisation.mailbox(asked["mailbox"])
    shown = []
    for folder in mailbox.folders.values():
        rows = [
            {
                "id": item.id,
                "change_key": item.change_key,
                "subject": item.subject,
                "message_id": item.message_id,
                "from": item.sender_pairs()[0][1],
                "sender": item.sender_pair and item.sender_pair[1],
                "to": [a for _, a in item.to],
                "cc": [a for _, a in item.cc],
                "bcc": [a for _, a in item.bcc],
                "read": item.is_read,
                "draft": item.is_draft,
                "flagged": item.is_flagged,
                "answered": item.extended.get(f"tag:{0x1081}") in ("102", "103"),
                "categories": item.categories,
                "size": item.size(),
                "attachments": [[a.name, a.content.size] for a in item.attachments],
            }
            for item in folder.items.values()
        ]
        path, parent = [folder.name], folder.parent
        while parent is not None and parent.name:
            path, parent = [parent.name, *path], parent.parent
        shown.append(
            {"id": folder.id, "name": folder.name, "path": "/".join(path[1:]), "distinguished": folder.distinguished, "messages": rows}
        )
    return {"folders": shown, "used": mailbox.used}


def mime(double, asked):
    """The MIME of a message by its id."""
    item = double.organisation.mailbox(asked["mailbox"]).items[asked["id"]]
    content = item.whole()
    return Answer(200, content.chunks(), kind="message/rfc822", size=content.size)


def deliveries(double, _asked):
    with double.organisation.lock:
        return [
            {"number": number, **{name: value for name, value in row.items() if name != "content"}}
            for number, row in enumerate(double.organisation.deliveries, 1)
        ]


def clear(double, _asked):
    double.log.clear()
    with double.organisation.lock:
        double.organisation.deliveries.clear()


def statistics(double, _asked):
    main = double.main
    return {
        "seconds": double.log.seconds(),
        "work": double.log.seconds("work"),
        "memory_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "requests": len(double.log.entries),
        "connections": main.accepted,
        "handshakes": main.handshakes,
        "tokens": double.tokens.issued,
        "deliveries": len(double.organisation.deliveries),
    }


def device(double, asked):
    """Decides about device codes: all of them, or the one of `user_code`."""
    hit = 0
    for row in double.tokens.devices.values():
        if asked.get("user_code") in (None, row["user_code"]):
            row["state"], row["user"] = asked["state"], asked.get("user", double.tokens.options["user"])
            hit += 1
    return {"codes": hit}


def give(double, asked):
    """A token without a grant, for tests of other servers."""
    tokens = double.tokens
    application = next(iter(tokens.applications.values())) if "application" not in asked else tokens.applications[asked["application"]]
    given = tokens.give(application, asked.get("user"), asked["audience"], asked.get("scopes", []), "client_credentials")
    return {
        "access_token": given.text,
        "refresh_token": tokens.give_refresh(application, asked.get("user"), asked.get("refresh_scopes", [])),
    }


def faults(double, asked):
    return {"number": double.faults.add(asked)}


ROUTES = {
    ("GET", "/options"): lambda double, _: double.options,
    ("POST", "/options"): options,
    ("POST", "/users"): lambda double, asked: double.organisation.add_user(asked),
    ("POST", "/mailboxes"): lambda double, asked: double.organisation.add_mailbox(asked) and None,
    ("POST", "/mailbox"): mailbox_shown,
    ("POST", "/rights"): rights,
    ("POST", "/folders"): folders,
    ("POST", "/folder-names"): names,
    ("POST", "/messages"): messages,
    ("POST", "/mime"): mime,
    ("GET", "/deliveries"): deliveries,
    ("POST", "/faults"): faults,
    ("GET", "/faults"): lambda double, _: double.faults.listed(),
    ("DELETE", "/faults"): lambda double, _: double.faults.clear(),
    ("GET", "/log"): lambda double, _: double.log.listed(),
    ("POST", "/log"): lambda double, asked: double.log.listed(asked.get("since", 0)),
    ("POST", "/log/keep"): lambda double, asked: setattr(double.log, "keeps", asked["keep"]),
    ("DELETE", "/log"): clear,
    ("GET", "/statistics"): statistics,
    ("POST", "/tokens"): token_options,
    ("POST", "/tokens/applications"): lambda double, asked: double.tokens.register(asked),
    ("POST", "/tokens/expire"): lambda double, _: {"tokens": double.tokens.expire()},
    ("POST", "/tokens/revoke"): lambda double, asked: double.tokens.revoke(asked.get("refresh", True)),
    ("POST", "/tokens/device"): device,
    ("POST", "/tokens/give"): give,
}

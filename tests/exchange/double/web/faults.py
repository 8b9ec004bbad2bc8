"""Faults that a test asks for: which requests they hit, and what happens to those."""

import re
import threading
import time
import zlib

from . import bombs
from .message import Answer, page

THROTTLED = (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
    '<faultcode xmlns:a="http://schemas.microsoft.com/exchange/services/2006/types">a:{code}</faultcode>'
    '<faultstring xml:lang="en-US">{text}</faultstring><detail>'
    '<e:ResponseCode xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">{code}</e:ResponseCode>'
    '<e:Message xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">{text}</e:Message>{more}'
    "</detail></s:Fault></s:Body></s:Envelope>"
)
BACK_OFF = (
    '<t:MessageXml xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">'
    '<t:Value Name="BackOffMilliseconds">{}</t:Value></t:MessageXml>'
)
LOGIN_PAGE = (
    '<!DOCTYPE html>\n<html><head><title>Outlook</title></head><body class="signInBg"><form action="/owa/auth.owa" method="POST">'
    '<input name="username"/><input name="password" type="password"/>&nbsp;&copy;</form></body></html>'
)
PROXY_PAGE = "<html><head><title>Access Denied</title></head><body><h1>Access Denied</h1><p>Your organisation's policy blocks this page.</p></body></html>"


class Fault:
    """One row of the list. `match` has `operation`, `path` (regular expressions) and `method`; `skip` requests pass before `times` are hit."""

    def __init__(self, number, asked):
        self.number = number
        self.match = asked.get("match", {})
        self.skip = asked.get("skip", 0)
        self.times = asked.get("times", 1)
        self.action = asked["action"]
        self.hits = 0

    def hits_this(self, request):
        match = self.match
        if "method" in match and match["method"] != request.method:
            return False
        if "operation" in match and not re.fullmatch(match["operation"], request.operation or ""):
            return False
        return "path" not in match or re.search(match["path"], request.target, re.IGNORECASE) is not None


class Faults:
    """The list of faults, in the order in which they were asked for."""

    def __init__(self):
        self.lock = threading.Lock()
        self.rows = []
        self.made = 0

    def add(self, asked):
        """Adds a row and returns its number."""
        with self.lock:
            self.made += 1
            self.rows.append(Fault(self.made, asked))
            return self.made

    def clear(self):
        """Removes all rows."""
        with self.lock:
            self.rows = []

    def listed(self):
        """All rows with how often each one hit."""
        with self.lock:
            return [
                {"number": row.number, "match": row.match, "action": row.action, "hits": row.hits, "left": row.times} for row in self.rows
            ]

    def take(self, request):
        """What is to happen to this request, or None."""
        if not self.rows:
            return None
        with self.lock:
            for row in self.rows:
                if row.times == 0 or not row.hits_this(request):
                    continue
                if row.skip > 0:
                    row.skip -= 1
                    continue
                row.times -= 1
                row.hits += 1
                return row.action
        return None


def instead(action, request):
    """The answer that a fault puts in place of the real one, or None."""
    if "throttle" in action:
        text = "The server cannot service this request right now. Try again later."
        more = BACK_OFF.format(action["throttle"]) if action["throttle"] is not None else ""
        body = THROTTLED.format(code="ErrorServerBusy", text=text, more=more)
        return Answer(500, body.encode(), kind="text/xml; charset=utf-8")
    if "fault" in action:
        body = THROTTLED.format(code=action["fault"], text=action.get("text", "Refused on demand."), more="")
        return Answer(500, body.encode(), kind="text/xml; charset=utf-8")
    if "unavailable" in action:
        return Answer(503, b"The service is unavailable.", [("Retry-After", str(action["unavailable"]))], "text/plain")
    if "too_many" in action:
        error = {"error": {"code": "ApplicationThrottled", "message": "Application is over its MailboxConcurrency limit."}}
        return Answer.json(error, 429, [("Retry-After", str(action["too_many"]))])
    if "graph_error" in action:
        asked = action["graph_error"]
        return Answer.json({"error": {"code": asked["code"], "message": asked.get("message", asked["code"])}}, asked.get("status", 400))
    if "redirect" in action:
        return Answer(action.get("status", 302), b"", [("Location", action["redirect"].replace("{target}", request.target))])
    if "page" in action:
        pages = {
            "login": (LOGIN_PAGE, 200, ()),
            "proxy": (PROXY_PAGE, 403, [("Via", "1.1 proxy.example.net"), ("X-Squid-Error", "ERR_ACCESS_DENIED 0")]),
        }
        return page(*pages[action["page"]])
    if "forbidden" in action:
        return Answer(403, b"")
    if "bomb" in action:
        return bombs.answer(action["bomb"], action)
    if "status" in action:
        return Answer(action["status"], action.get("body", "").encode(), action.get("fields", {}).items(), action.get("type"))
    return None


def bend(action, answer, request):
    """Changes an answer as the fault says."""
    for change in action.get("replace", []):
        body = re.sub(change["from"].encode(), change["to"].encode(), answer.whole())
        answer.body, answer.size = body, len(body)
    if action.get("gzip") and answer.status != 401:
        answer.body = zip_up(answer.whole())
        answer.size = len(answer.body)
        answer.fields.append(("Content-Encoding", "gzip"))
    if "type" in action and "status" not in action:
        answer.drop("Content-Type")
        answer.fields.append(("Content-Type", action["type"]))
    if "length" in action:
        answer.fields.append(("Content-Length", str(len(answer.whole()) + action["length"])))
        answer.close = True
    if action.get("close"):
        answer.close = True
    if "cut" in action:
        request.connection.left = action["cut"]


def zip_up(data):
    """Data in gzip's form."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    return packer.compress(data) + packer.flush()


def carry_out(action, request, act):
    """Answers a request that a fault hits; `act` does what the request asks for and answers it."""
    connection = request.connection
    if "delay" in action:
        time.sleep(action["delay"])
    if action.get("reset") == "before":
        connection.reset()
    request.injected = action
    answer = instead(action, request)
    if answer is None:
        answer = act()
    elif action.get("act"):
        act()
    if action.get("reset") == "after":
        connection.reset()
    bend(action, answer, request)
    return answer

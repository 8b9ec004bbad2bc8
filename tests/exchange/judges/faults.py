"""Every fault that a test may ask for happens, and happens as often as it was asked for."""

import gzip
import socket

from .case import CLEAR, SESSION, control, same
from .soap import ENVELOPE, mime, post

HOST, PORT = CLEAR.removeprefix("http://").split(":")
INBOX = '<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds><t:DistinguishedFolderId Id="inbox"/></m:FolderIds></m:GetFolder>'
GET = ENVELOPE.format("Exchange2013_SP1", "", INBOX).encode()
LETTER = mime("From: anna@example.com\nTo: bob@example.com\nSubject: s\n\nx\n")
SEND = ENVELOPE.format(
    "Exchange2013_SP1",
    "",
    '<m:CreateItem MessageDisposition="SendOnly"><m:Items><t:Message><t:MimeContent>'
    f"{LETTER}</t:MimeContent></t:Message></m:Items></m:CreateItem>",
).encode()


def fault(action, **more):
    control("POST", "/faults", {"action": action, **more})


def raw(body=GET, limit=None):
    """Sends a request by hand; the answer's bytes, and whether the connection was reset."""
    head = (
        f"POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nAuthorization: Basic YW5uYUBleGFtcGxlLmNvbTpHZWhlaW0tNw==\r\n"
        f"Content-Length: {len(body)}\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n"
    )
    found = b""
    with socket.create_connection((HOST, int(PORT))) as sock:
        sock.sendall(head.encode() + body)
        sock.settimeout(1)
        try:
            while limit is None or len(found) < limit:
                block = sock.recv(1 << 16)
                if not block:
                    return found, False
                found += block
        except ConnectionResetError:
            return found, True
        except TimeoutError:
            pass
    return found, False


def ends_of_connections():
    for how, delivered in (("before", 0), ("after", 1)):
        fault({"reset": how})
        same((raw(SEND), len(control("GET", "/deliveries"))), ((b"", True), delivered))
    for count in (1, 17, 300):
        fault({"cut": count})
        same(len(raw()[0]), count)
    fault({"cut": 5}, skip=1, times=2)
    same([len(raw(limit=5)[0]) > 5 for _ in range(4)], [True, False, False, True])


def statuses():
    fault({"throttle": 1500}, match={"operation": "GetFolder"})
    answer = post(GET)
    same((answer.status_code, b'Name="BackOffMilliseconds">1500<' in answer.content), (500, True))
    fault({"unavailable": 7})
    same([post(GET).headers.get("Retry-After") for _ in range(2)], ["7", None])
    fault({"too_many": 3})
    same((post(GET).status_code, post(GET).status_code), (429, 200))
    fault({"page": "login"})
    same(post(GET).headers["Content-Type"], "text/html; charset=utf-8")
    fault({"page": "proxy"})
    answer = post(GET)
    same((answer.status_code, "Via" in answer.headers), (403, True))
    fault({"forbidden": True})
    answer = post(GET)
    same((answer.status_code, answer.content), (403, b""))
    fault({"redirect": "https://elsewhere.example{target}", "status": 307})
    answer = SESSION.get(f"{CLEAR}/autodiscover/autodiscover.json?a=b", allow_redirects=False)
    same((answer.status_code, answer.headers["Location"]), (307, "https://elsewhere.example/autodiscover/autodiscover.json?a=b"))
    fault({"status": 502, "body": "Bad Gateway", "fields": {"X-A": "b"}, "act": True})
    before = len(control("GET", "/deliveries"))
    answer = post(SEND)
    same((answer.status_code, answer.headers["X-A"], len(control("GET", "/deliveries")) - before), (502, "b", 1))
    fault({"code": "ErrorQuotaExceeded"})
    same(b"<m:ResponseCode>ErrorQuotaExceeded<" in post(GET).content, True)
    fault({"fault": "ErrorInternalServerTransientError"})
    same(b"<e:ResponseCode" in post(GET).content, True)


def bent_answers():
    plain = post(GET).content
    fault({"gzip": True})
    head, _, body = raw()[0].partition(b"\r\n\r\n")
    same((b"Content-Encoding: gzip" in head, gzip.decompress(body) == plain), (True, True))
    fault({"type": "text/plain"})
    same(post(GET).headers["Content-Type"], "text/plain")
    for more in (-10, 10):
        fault({"length": more})
        head, _, body = raw()[0].partition(b"\r\n\r\n")
        same(f"Content-Length: {len(body) + more}".encode() in head, True)
    fault({"replace": [{"from": 'Id="[^"]*"', "to": 'Id="another"'}]})
    same(b'FolderId Id="another"' in post(GET).content, True)


def attacks():
    for name, sign in (
        ("entities", b"<!ENTITY a10"),
        ("external", b"file:///etc/passwd"),
        ("depth", b"<d>" * 1000),
        ("attributes", b" a999="),
        ("endless", b"endless"),
    ):
        fault({"bomb": name})
        same((name, sign in raw(limit=200_000)[0]), (name, True))
    fault({"bomb": "json_depth", "count": 1000})
    same(b"[" * 1000 in raw()[0], True)
    fault({"bomb": "gzip", "megabytes": 64})
    body, _ = raw()
    same(len(body) < 1_000_000, True)
    fault({"bomb": "endless_header", "count": 500})
    same(raw()[0].count(b"X-Filler-"), 500)


def tokens():
    asked = {"audience": "https://graph.microsoft.com", "scopes": ["Mail.Send"]}
    token = control("POST", "/tokens/give", asked)["access_token"]

    def status(text):
        return SESSION.get(f"{CLEAR}/v1.0/users/anna@example.com/messages", headers={"Authorization": f"Bearer {text}"}).status_code

    same(status(token), 403)
    fault({"graph_error": {"status": 404, "code": "ErrorInvalidUser"}}, match={"operation": "messages.list"})
    same((status(token), status(token)), (404, 403))
    control("POST", "/tokens/expire")
    same(status(token), 401)
    exchange = control("POST", "/tokens/give", {**asked, "audience": "https://outlook.office365.com"})["access_token"]
    same(status(exchange), 401)
    answer = SESSION.post(f"{CLEAR}/EWS/Exchange.asmx", GET, headers={"Content-Type": "text/xml", "Authorization": f"Bearer {exchange}"})
    same((answer.status_code, "2000008" in answer.headers["x-ms-diagnostics"]), (401, True))


def log():
    rows = control("GET", "/log")
    found = control("GET", f"/log/{rows[0]['number']}")
    same((found.startswith(b"POST /EWS/Exchange.asmx HTTP/1.1\r\n"), found.endswith(SEND)), (True, True))
    figures = control("GET", "/statistics")
    same((figures["requests"], figures["seconds"] > 0, figures["connections"] > 10), (len(rows), True, True))
    same(control("GET", "/faults")[0]["hits"], 1)


if __name__ == "__main__":
    ends_of_connections()
    statuses()
    bent_answers()
    attacks()
    tokens()
    log()

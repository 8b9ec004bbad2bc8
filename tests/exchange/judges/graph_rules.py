"""What Graph demands and refuses: logins, permissions, filters, pages, delta, ids that stay, upload sessions, limits."""

import base64

from .case import CLEAR, SESSION, control, same

ROOT = f"{CLEAR}/v1.0"
GRAPH = "https://graph.microsoft.com"


class Client:
    """Requests with a token of these permissions: of an application, or of a user."""

    def __init__(self, *scopes, user=None, audience=GRAPH):
        token = control("POST", "/tokens/give", {"audience": audience, "scopes": list(scopes), "user": user})["access_token"]
        self.login = {"Authorization": f"Bearer {token}"}

    def ask(self, method, path, body=None, headers=None, data=None):
        url = path if path.startswith("http") else f"{ROOT}{path}"
        return SESSION.request(method, url, json=body, data=data, headers={**self.login, **(headers or {})})

    def code(self, method, path, body=None, headers=None, data=None):
        """The status and the code of a refusal."""
        answer = self.ask(method, path, body, headers, data)
        return answer.status_code, answer.json()["error"]["code"] if answer.status_code >= 400 else None


ANNA, BOB = "/users/anna@example.com", "/users/bob@example.com"
ALL = ("Mail.Send", "Mail.ReadWrite", "User.Read.All")


def message(**more):
    return {
        "subject": "Hello",
        "body": {"contentType": "text", "content": "x"},
        "toRecipients": [{"emailAddress": {"address": "bob@example.com"}}],
        **more,
    }


def logins():
    app = Client(*ALL)
    same((app.code("GET", ANNA), app.code("GET", "/me")), ((200, None), (400, "BadRequest")))
    same(SESSION.get(f"{ROOT}{ANNA}").json()["error"]["code"], "InvalidAuthenticationToken")
    same(Client(*ALL, audience="https://outlook.office365.com").code("GET", ANNA), (401, "InvalidAuthenticationToken"))
    same(app.code("GET", "/users/no@example.com/messages"), (404, "ErrorInvalidUser"))
    control("POST", "/mailboxes", {"address": "old@example.com", "on_premises": True})
    same(app.code("GET", "/users/old@example.com/messages"), (404, "MailboxNotEnabledForRESTAPI"))
    control("POST", "/tokens/applications", {"id": "narrow", "mailboxes": ["bob@example.com"]})
    token = control("POST", "/tokens/give", {"audience": GRAPH, "scopes": list(ALL), "application": "narrow"})["access_token"]
    app.login = {"Authorization": f"Bearer {token}"}
    same((app.code("GET", f"{ANNA}/messages"), app.code("GET", f"{BOB}/messages")), ((403, "ErrorAccessDenied"), (200, None)))
    answer = app.ask("GET", f"{BOB}/messages", headers={"client-request-id": "my-number"})
    same((answer.headers["client-request-id"], "request-id" in answer.headers), ("my-number", True))


def permissions():
    sender, reader = Client("Mail.Send"), Client("Mail.Read")
    same(sender.code("POST", f"{ANNA}/sendMail", {"message": message()}), (202, None))
    same(
        [
            sender.code("GET", f"{ANNA}/messages"),
            reader.code("POST", f"{ANNA}/sendMail", {"message": message()}),
            reader.code("POST", f"{ANNA}/messages", message()),
        ],
        [(403, "ErrorAccessDenied")] * 3,
    )
    anna = Client("Mail.Send", "Mail.ReadWrite", "Mail.Send.Shared", "Mail.ReadWrite.Shared", user="anna@example.com")
    same(anna.code("GET", "/me/messages"), (200, None))
    same(anna.code("GET", f"{BOB}/messages"), (403, "ErrorAccessDenied"))
    shared = {"emailAddress": {"address": "shared@example.com"}}
    for path, body in (("/me/sendMail", message(**{"from": shared})), ("/users/shared@example.com/sendMail", message())):
        control("POST", "/rights", {"mailbox": "shared@example.com", "send_as": []})
        same(anna.code("POST", path, {"message": body}), (403, "ErrorSendAsDenied"))
        control("POST", "/rights", {"mailbox": "shared@example.com", "send_as": ["anna@example.com"]})
        same(anna.code("POST", path, {"message": body}), (202, None))
    same([row["from"] for row in control("GET", "/deliveries")], ["anna@example.com"] + ["shared@example.com"] * 2)


def sending():
    app = Client(*ALL)
    plain = {"Content-Type": "text/plain"}
    letter = base64.b64encode(b"From: anna@example.com\r\nTo: bob@example.com\r\nBcc: carol@example.com\r\nSubject: m\r\n\r\nx\r\n")
    same(app.code("POST", f"{ANNA}/sendMail", headers=plain, data=letter), (202, None))
    same(control("GET", "/deliveries")[-1]["to"], ["bob@example.com", "carol@example.com"])
    same(app.code("POST", f"{ANNA}/sendMail", headers=plain, data=b"!!"), (400, "ErrorMimeContentInvalidBase64String"))
    same(app.code("POST", f"{ANNA}/sendMail", headers=plain, data=b"A" * (4 << 20) + b"AAAA"), (413, "RequestEntityTooLarge"))
    same(app.code("POST", f"{ANNA}/sendMail", {"message": message(toRecipients=[])}), (400, "ErrorInvalidRecipients"))
    same(app.code("POST", f"{ANNA}/sendMail", {"message": message(nonsense=1)}), (400, "RequestBodyRead"))
    headers = [{"name": "X-A", "value": "1"}]
    same(app.code("POST", f"{ANNA}/sendMail", {"message": message(internetMessageHeaders=headers)}), (202, None))
    same(
        app.code("POST", f"{ANNA}/sendMail", {"message": message(internetMessageHeaders=[{"name": "List-Id", "value": "1"}])}),
        (400, "InvalidInternetMessageHeader"),
    )
    same(
        app.code("POST", f"{ANNA}/sendMail", {"message": message(internetMessageHeaders=headers * 6)}),
        (400, "InvalidInternetMessageHeaderCollection"),
    )


def listing():
    app = Client(*ALL)
    control("POST", "/mailboxes", {"address": "full@example.com"})
    control("POST", "/messages", {"mailbox": "full@example.com", "count": 25})
    inbox = "/users/full@example.com/mailFolders/inbox/messages"
    page = app.ask("GET", f"{inbox}?$top=10&$select=subject&$filter=isRead eq false").json()
    seen = page["value"]
    while "@odata.nextLink" in page:
        page = app.ask("GET", page["@odata.nextLink"]).json()
        seen += page["value"]
    same((len(seen), len({row["id"] for row in seen}), sorted(seen[0])), (25, 25, ["@odata.etag", "id", "subject"]))
    same(app.code("GET", f"{inbox}?$filter=isRead eq false&$orderby=receivedDateTime"), (400, "InefficientFilter"))
    ordered = "$filter=receivedDateTime ge 2020-01-01T00:00:00Z and isRead eq false&$orderby=receivedDateTime asc"
    same(len(app.ask("GET", f"{inbox}?{ordered}&$top=100").json()["value"]), 25)
    wanted = seen[3]["id"]
    number = app.ask("GET", f"/users/full@example.com/messages/{wanted}").json()["internetMessageId"]
    found = app.ask("GET", "/users/full@example.com/messages?$filter=internetMessageId eq '" + number.replace("<", "%3C") + "'").json()[
        "value"
    ]
    same([row["id"] for row in found], [wanted])
    same(
        [app.code("GET", f"{inbox}?{query}")[0] for query in ("$filter=isRead", "$filter=nothing eq 1", "$top=0", "$select=nothing")],
        [400] * 4,
    )
    same(
        [app.code("GET", f"/users/full@example.com/messages/{name}") for name in ("AAA", wanted.swapcase())],
        [(400, "ErrorInvalidIdMalformed"), (404, "ErrorItemNotFound")],
    )


def delta():
    app, prefer = Client(*ALL), {"Prefer": 'IdType="ImmutableId", odata.maxpagesize=10'}
    box = "/users/full@example.com"
    page = app.ask("GET", f"{box}/mailFolders/inbox/messages/delta?$select=isRead", headers=prefer).json()
    seen = page["value"]
    while "@odata.nextLink" in page:
        page = app.ask("GET", page["@odata.nextLink"], headers=prefer).json()
        seen += page["value"]
    same(len(seen), 25)
    read, moved = seen[0]["id"], seen[1]["id"]
    app.ask("PATCH", f"{box}/messages/{read}", {"isRead": True})
    there = app.ask("POST", f"{box}/messages/{moved}/move", {"destinationId": "archive"}, headers=prefer)
    same((there.status_code, there.json()["id"]), (201, moved))
    same(app.ask("POST", f"{box}/messages/{read}/move", {"destinationId": "nowhere"}).status_code, 400)
    page = app.ask("GET", page["@odata.deltaLink"], headers=prefer).json()
    same([(row["id"], row.get("isRead"), "@removed" in row) for row in page["value"]], [(read, True, False), (moved, None, True)])
    same(app.code("GET", f"{box}/mailFolders/inbox/messages/delta?$deltatoken=bm9uc2Vuc2U"), (410, "SyncStateNotFound"))
    same(
        (
            app.ask("DELETE", f"{box}/messages/{read}").status_code,
            app.ask("GET", f"{box}/mailFolders/deleteditems").json()["totalItemCount"],
        ),
        (204, 1),
    )


def uploads():
    app = Client(*ALL)
    control("POST", "/options", {"first_chunk_missing": 1})
    draft = app.ask("POST", f"{ANNA}/messages", message()).json()["id"]

    def begin(size):
        asked = {"AttachmentItem": {"attachmentType": "file", "name": "x", "size": size}}
        return app.ask("POST", f"{ANNA}/messages/{draft}/attachments/createUploadSession", asked)

    same(
        [begin(size).json()["error"]["code"] for size in (1000, 151 << 20)],
        ["ErrorAttachmentSizeShouldNotBeLessThanMinimumSize", "ErrorAttachmentSizeLimitExceeded"],
    )
    size = 5 << 20
    url = begin(size).json()["uploadUrl"]

    def put(first, count, headers=None):
        place = {"Content-Range": f"bytes {first}-{first + count - 1}/{size}", **(headers or {})}
        return SESSION.put(url, b"a" * count, headers=place)

    part = 4 << 20
    same([put(0, part, app.login).status_code, put(0, part).status_code], [401, 404])
    same(put(0, part).json()["nextExpectedRanges"], [f"{part}-"])
    same([put(0, part).status_code, put(part, size - part).status_code, put(part, size - part).status_code], [416, 201, 404])
    same(
        [(row["name"], row["size"]) for row in app.ask("GET", f"{ANNA}/messages/{draft}/attachments?$select=name").json()["value"]],
        [("x", size)],
    )
    same(
        (app.ask("POST", f"{ANNA}/messages/{draft}/send").status_code, app.code("POST", f"{ANNA}/messages/{draft}/send")),
        (202, (404, "ErrorItemNotFound")),
    )


if __name__ == "__main__":
    logins()
    permissions()
    sending()
    listing()
    delta()
    uploads()

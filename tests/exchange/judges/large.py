"""Messages of 100 MB go up and down, and the double stays below 600 MB of memory."""

import base64
import hashlib
import os
import re

from .case import CLEAR, SESSION, control, same
from .soap import ENVELOPE, ask, ids, post

SIZE = 100 << 20
BLOCK = os.urandom(3 << 20)


def fetched(answer, begin=b"", end=b""):
    """The digest of a streamed answer, or of what is between two marks in it."""
    digest, count, held, inside = hashlib.sha256(), 0, b"", not begin
    for chunk in answer.iter_content(1 << 20):
        held += chunk
        if not inside and begin in held:
            held, inside = held.partition(begin)[2], True
        if inside and end and end in held:
            held = held.partition(end)[0]
            digest.update(held)
            return digest.hexdigest(), count + len(held)
        keep = len(end) or 0
        if inside:
            take = held[: len(held) - keep]
            digest.update(take)
            count += len(take)
            held = held[len(take) :]
    digest.update(held)
    return digest.hexdigest(), count + len(held)


def down():
    made = control("POST", "/messages", {"mailbox": "anna@example.com", "size": SIZE})["messages"][0]
    data = control("POST", "/mime", {"mailbox": "anna@example.com", "id": made["id"]})
    body = (
        "<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent></m:ItemShape>"
        f'<m:ItemIds><t:ItemId Id="{made["id"]}"/></m:ItemIds></m:GetItem>'
    )
    answer = SESSION.post(
        f"{CLEAR}/EWS/Exchange.asmx",
        ENVELOPE.format("Exchange2013_SP1", "", body).encode(),
        headers={"Content-Type": "text/xml"},
        auth=("anna@example.com", "Geheim-7"),
        stream=True,
    )
    coded = base64.b64encode(data)
    same(fetched(answer, b'<t:MimeContent CharacterSet="UTF-8">', b"</t:MimeContent>"), (hashlib.sha256(coded).hexdigest(), len(coded)))


def up_by_ews():
    inside = (
        "<t:Subject>big</t:Subject><t:ToRecipients><t:Mailbox><t:EmailAddress>bob@example.com</t:EmailAddress></t:Mailbox></t:ToRecipients>"
    )
    ((draft, key),) = ids(
        ask(f'<m:CreateItem MessageDisposition="SaveOnly"><m:Items><t:Message>{inside}</t:Message></m:Items></m:CreateItem>')
    )
    body = (
        f'<m:CreateAttachment><m:ParentItemId Id="{draft}" ChangeKey="{key}"/><m:Attachments><t:FileAttachment><t:Name>x.bin</t:Name>'
        f"<t:Content>{base64.b64encode(BLOCK * 10).decode()}</t:Content></t:FileAttachment></m:Attachments></m:CreateAttachment>"
    )
    key = re.search(rb'RootItemChangeKey="([^"]*)"', post(ENVELOPE.format("Exchange2013_SP1", "", body).encode()).content).group(1).decode()
    ask(f'<m:SendItem SaveItemToFolder="true"><m:ItemIds><t:ItemId Id="{draft}" ChangeKey="{key}"/></m:ItemIds></m:SendItem>')


def up_by_graph():
    token = control("POST", "/tokens/give", {"audience": "https://graph.microsoft.com", "scopes": ["Mail.Send", "Mail.ReadWrite"]})[
        "access_token"
    ]
    login, root = {"Authorization": f"Bearer {token}"}, f"{CLEAR}/v1.0/users"
    people = [{"emailAddress": {"address": "bob@example.com"}}]
    draft = SESSION.post(f"{root}/anna@example.com/messages", json={"subject": "upload", "toRecipients": people}, headers=login).json()[
        "id"
    ]
    asked = {"AttachmentItem": {"attachmentType": "file", "name": "g.bin", "size": SIZE}}
    url = SESSION.post(f"{root}/anna@example.com/messages/{draft}/attachments/createUploadSession", json=asked, headers=login).json()[
        "uploadUrl"
    ]
    for begin in range(0, SIZE, len(BLOCK)):
        part = BLOCK[: SIZE - begin]
        place = {"Content-Range": f"bytes {begin}-{begin + len(part) - 1}/{SIZE}"}
        last = SESSION.put(url, part, headers=place).status_code
    same((last, SESSION.put(url, b"x", headers={"Content-Range": f"bytes 0-0/{SIZE}", **login}).status_code), (201, 401))
    same(SESSION.post(f"{root}/anna@example.com/messages/{draft}/send", headers=login).status_code, 202)
    found = SESSION.get(f"{root}/bob@example.com/messages?$filter=subject eq 'upload'&$select=id", headers=login).json()["value"][0]["id"]
    attachment = SESSION.get(f"{root}/bob@example.com/messages/{found}/attachments?$select=id,name", headers=login).json()["value"][0]
    answer = SESSION.get(f"{root}/bob@example.com/messages/{found}/attachments/{attachment['id']}/$value", headers=login, stream=True)
    wanted = hashlib.sha256()
    for begin in range(0, SIZE, len(BLOCK)):
        wanted.update(BLOCK[: SIZE - begin])
    same(fetched(answer), (wanted.hexdigest(), SIZE))


if __name__ == "__main__":
    down()
    up_by_ews()
    up_by_graph()
    same(control("GET", "/statistics")["memory_kb"] < 600_000, True)

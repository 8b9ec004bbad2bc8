"""What Exchange refuses is refused: by the schema, by the header, by rights and limits."""

from lxml import etree

from .case import control, same
from .soap import ENVELOPE, E, S, T, ask, codes, mime, post

SID = (
    "<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>{}</t:PrimarySmtpAddress></t:ConnectingSID></t:ExchangeImpersonation>"
)
GET = "<m:GetFolder><m:FolderShape><t:BaseShape>IdOnly</t:BaseShape></m:FolderShape><m:FolderIds>{}</m:FolderIds></m:GetFolder>"
INBOX = GET.format('<t:DistinguishedFolderId Id="inbox"/>')
# Each breaks the schema at the element named beside it.
BROKEN = [
    (
        '<m:CreateItem MessageDisposition="SaveOnly"><m:Items><t:Message><t:Body BodyType="Text">x</t:Body><t:Subject>s</t:Subject></t:Message></m:Items></m:CreateItem>',
        "Subject",
    ),
    ('<m:CreateItem MessageDisposition="Send"><m:Items><t:Message/></m:Items></m:CreateItem>', "MessageDisposition"),
    (
        '<m:CreateAttachment><m:ParentItemId Id="x"/><m:Attachments><t:FileAttachment><t:Content>$$$</t:Content></t:FileAttachment></m:Attachments></m:CreateAttachment>',
        "Content",
    ),
    ('<m:GetItem><m:ItemIds><t:ItemId Id="x"/></m:ItemIds></m:GetItem>', "ItemIds"),
    (
        '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:ParentFolderIds><t:DistinguishedFolderId Id="inbox"/></m:ParentFolderIds>'
        '<m:IndexedPageItemView MaxEntriesReturned="1" Offset="0" BasePoint="Beginning"/></m:FindItem>',
        "IndexedPageItemView",
    ),
    (GET.format('<t:DistinguishedFolderId Id="Posteingang"/>'), "DistinguishedFolderId"),
    (
        '<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId><t:DistinguishedFolderId Id="inbox"/></m:SyncFolderId>'
        "<m:MaxChangesReturned>513</m:MaxChangesReturned></m:SyncFolderItems>",
        "MaxChangesReturned",
    ),
    ('<m:DeleteItem DeleteType="HardDelete"><m:ItemIds><t:ItemId/></m:ItemIds></m:DeleteItem>', "ItemId"),
    ("<m:NoSuchThing/>", "NoSuchThing"),
]


def by_the_schema():
    for body, named in BROKEN:
        answer = post(("\n" + ENVELOPE.format("Exchange2013_SP1", "", "\n" + body)).lstrip().encode())
        fault = etree.fromstring(answer.content).find(f"{S}Body/{S}Fault/detail")
        if fault is None:
            raise SystemExit(f"taken: {body}")
        same((answer.status_code, fault.findtext(f"{E}ResponseCode")), (500, "ErrorSchemaValidation"))
        xml = fault.find(f"{T}MessageXml")
        same(
            (xml.findtext(f"{T}LineNumber"), xml.findtext(f"{T}LinePosition").isdigit(), named in xml.findtext(f"{T}Violation")),
            ("2", True, True),
        )


def by_the_envelope():
    good = ENVELOPE.format("Exchange2013_SP1", "", INBOX)
    same(post(good.encode()).status_code, 200)
    same(post(good.encode(), kind="application/soap+xml; charset=utf-8").status_code, 415)
    same(post(good[:-5].encode()).status_code, 400)
    same(post(b'<?xml version="1.0"?><!DOCTYPE e [<!ENTITY x "y">]>' + good.encode()).status_code, 400)
    same(post(good.encode(), user=None).status_code, 401)
    same(
        codes(etree.fromstring(post(good.replace("http://schemas.microsoft.com", "https://schemas.microsoft.com").encode()).content)),
        ["ErrorInvalidRequest"],
    )
    same(
        [codes(ask(INBOX, version=version)) for version in ("Exchange2016", "Exchange2007", "Exchange2019", "V2018_01_08")],
        [["NoError"], ["NoError"], ["ErrorInvalidServerVersion"], ["ErrorInvalidServerVersion"]],
    )
    same(codes(ask(INBOX, header="<t:ExchangeImpersonation/>")), ["ErrorSchemaValidation"])


def by_rights():
    header, anchor = SID.format("bob@example.com"), {"X-AnchorMailbox": "bob@example.com"}
    same(codes(ask(INBOX, header=header, headers=anchor)), ["ErrorImpersonateUserDenied"])
    same(codes(ask(INBOX, "service@example.com", header, headers=anchor)), ["NoError"])
    same(codes(ask(INBOX, "service@example.com", header)), ["ErrorInvalidRequest"])
    same(codes(ask(INBOX, "service@example.com", SID.format("no@example.com"), headers=anchor)), ["ErrorNonExistentMailbox"])
    other = GET.format(
        '<t:DistinguishedFolderId Id="inbox"><t:Mailbox><t:EmailAddress>shared@example.com</t:EmailAddress></t:Mailbox></t:DistinguishedFolderId>'
    )
    same(codes(ask(other)), ["ErrorAccessDenied"])
    control("POST", "/rights", {"mailbox": "shared@example.com", "full_access": ["anna@example.com"]})
    same(codes(ask(other)), ["NoError"])
    same(codes(ask(other.replace("shared@", "typo@"))), ["ErrorNonExistentMailbox"])
    control("POST", "/messages", {"mailbox": "bob@example.com"})
    (inbox,) = [
        folder for folder in control("POST", "/mailbox", {"mailbox": "bob@example.com"})["folders"] if folder["distinguished"] == "inbox"
    ]
    identity = inbox["messages"][0]["id"]
    fetch = '<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:ItemIds><t:ItemId Id="{}"/></m:ItemIds></m:GetItem>'
    same(
        [
            codes(ask(fetch.format(name), user))
            for name, user in (
                (identity, "bob@example.com"),
                (identity, "anna@example.com"),
                (identity.swapcase(), "bob@example.com"),
                ("AAA", "bob@example.com"),
            )
        ],
        [["NoError"], ["ErrorAccessDenied"], ["ErrorItemNotFound"], ["ErrorInvalidIdMalformed"]],
    )


def send(sender, to="bob@example.com", disposition="SendAndSaveCopy", more=""):
    text = mime(f"From: {sender}\nTo: {to}\nSubject: s\n\nx{more}\n")
    return codes(
        ask(
            f'<m:CreateItem MessageDisposition="{disposition}"><m:Items><t:Message><t:MimeContent>{text}</t:MimeContent></t:Message></m:Items></m:CreateItem>'
        )
    )


def drafts():
    found = control("POST", "/mailbox", {"mailbox": "anna@example.com"})["folders"]
    return [len(folder["messages"]) for folder in found if folder["distinguished"] == "drafts"]


def by_sender_and_limits():
    same((send("shared@example.com"), drafts()), (["ErrorSendAsDenied"], [1]))
    same((send("shared@example.com", disposition="SendOnly"), drafts()), (["ErrorSendAsDenied"], [1]))
    for right in ("on_behalf", "send_as"):
        control("POST", "/rights", {"mailbox": "shared@example.com", right: ["anna@example.com"]})
        same(send("shared@example.com"), ["NoError"])
    same(
        [(row["from"], row["sender"]) for row in control("GET", "/deliveries")],
        [("shared@example.com", "anna@example.com"), ("shared@example.com", None)],
    )
    same(send("anna@example.com", to=""), ["ErrorInvalidRecipients"])
    broken = '<m:CreateItem MessageDisposition="SendOnly"><m:Items><t:Message><t:MimeContent>$$$</t:MimeContent></t:Message></m:Items></m:CreateItem>'
    same(codes(ask(broken)), ["ErrorMimeContentInvalidBase64String"])
    control("POST", "/mailboxes", {"address": "anna@example.com", "message_limit": 1000})
    same(send("anna@example.com", more="y" * 1000), ["ErrorMessageSizeExceeded"])
    control("POST", "/mailboxes", {"address": "anna@example.com", "quota": 10})
    same([send("anna@example.com", disposition=how) for how in ("SendOnly", "SaveOnly")], [["ErrorQuotaExceeded"]] * 2)
    control("POST", "/options", {"request_limit": 2000})
    same(post(b"x" * 2001).status_code, 413)
    control("POST", "/options", {"too_large": 404, "request_limit": 67_108_864})
    same(post(b"x" * 67_108_865).status_code, 404)


if __name__ == "__main__":
    by_the_schema()
    by_the_envelope()
    by_rights()
    by_sender_and_limits()

"""The smallest bodies that Exchange takes are taken; each answer fits Microsoft's schema."""

from .case import control, same
from .soap import M, T, ask, codes, ids, mime

LETTER = "From: anna@example.com\nTo: bob@example.com\nBcc: carol@example.com\nSubject: One\nMessage-ID: <one@example.com>\n\nHello\n"
INBOX = '<t:DistinguishedFolderId Id="inbox"/>'
VIEW = "<m:ItemShape><t:BaseShape>{}</t:BaseShape></m:ItemShape>"


def create(disposition, inside, saved=""):
    return f'<m:CreateItem MessageDisposition="{disposition}">{saved}<m:Items><t:Message>{inside}</t:Message></m:Items></m:CreateItem>'


def sent_by_mime():
    saved = '<m:SavedItemFolderId><t:DistinguishedFolderId Id="sentitems"/></m:SavedItemFolderId>'
    answer = ask(create("SendAndSaveCopy", f'<t:MimeContent CharacterSet="UTF-8">{mime(LETTER)}</t:MimeContent>', saved))
    same((codes(answer), ids(answer)), (["NoError"], []))
    answer = ask(create("SendOnly", f"<t:MimeContent>{mime(LETTER)}</t:MimeContent>"))
    same((codes(answer), ids(answer)), (["NoError"], []))
    same([row["to"] for row in control("GET", "/deliveries")], [["bob@example.com", "carol@example.com"]] * 2)
    same(b"Bcc" in control("GET", "/deliveries/1"), False)


def sent_in_parts():
    person = "<t:Mailbox><t:EmailAddress>{}</t:EmailAddress></t:Mailbox>"
    inside = f'<t:Subject>Parts</t:Subject><t:Body BodyType="HTML">&lt;p&gt;x&lt;/p&gt;</t:Body><t:ToRecipients>{person.format("bob@example.com")}</t:ToRecipients>'
    inside += f"<t:BccRecipients>{person.format('carol@example.com')}</t:BccRecipients>"
    ((draft, key),) = ids(ask(create("SaveOnly", inside)))
    attachment = "<t:FileAttachment><t:Name>x.pdf</t:Name><t:ContentType>application/pdf</t:ContentType><t:Content>QUJD</t:Content></t:FileAttachment>"
    answer = ask(
        f'<m:CreateAttachment><m:ParentItemId Id="{draft}" ChangeKey="{key}"/><m:Attachments>{attachment}</m:Attachments></m:CreateAttachment>'
    )
    newer = next(answer.iter(f"{T}AttachmentId")).get("RootItemChangeKey")
    same(newer != key, True)

    def send(changed):
        saved = '<m:SavedItemFolderId><t:DistinguishedFolderId Id="sentitems"/></m:SavedItemFolderId>'
        return codes(
            ask(f'<m:SendItem SaveItemToFolder="true"><m:ItemIds><t:ItemId Id="{draft}"{changed}/></m:ItemIds>{saved}</m:SendItem>')
        )

    same(send(f' ChangeKey="{key}"'), ["ErrorStaleObject"])
    same(send(""), ["ErrorChangeKeyRequiredForWriteOperations"])
    same(send(f' ChangeKey="{newer}"'), ["NoError"])
    same(send(f' ChangeKey="{newer}"'), ["ErrorItemNotFound"])
    same(control("GET", "/deliveries")[-1]["to"], ["bob@example.com", "carol@example.com"])


def listed_and_fetched():
    unread = '<m:Restriction><t:IsEqualTo><t:FieldURI FieldURI="message:IsRead"/><t:FieldURIOrConstant><t:Constant Value="false"/></t:FieldURIOrConstant></t:IsEqualTo></m:Restriction>'
    order = '<m:SortOrder><t:FieldOrder Order="Ascending"><t:FieldURI FieldURI="item:DateTimeReceived"/></t:FieldOrder></m:SortOrder>'
    page = '<m:IndexedPageItemView MaxEntriesReturned="{}" Offset="{}" BasePoint="Beginning"/>'

    def find(view, most=100, offset=0):
        return ask(
            f'<m:FindItem Traversal="Shallow">{view}{page.format(most, offset)}{unread}{order}<m:ParentFolderIds>{INBOX}</m:ParentFolderIds></m:FindItem>',
            "bob@example.com",
        )

    subject = '<m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI="item:Subject"/></t:AdditionalProperties></m:ItemShape>'
    same([found.text for found in find(subject).iter(f"{T}Subject")], ["One", "One", "Parts"])
    same(
        [root.get("IncludesLastItemInRange") for offset in (0, 2) for root in find(subject, 2, offset).iter(f"{M}RootFolder")],
        ["false", "true"],
    )
    same(codes(find(subject.replace("item:Subject", "item:Body"))), ["ErrorInvalidPropertyForOperation"])
    for shape in ("Default", "AllProperties"):
        same(codes(find(VIEW.format(shape))), ["NoError"])
    every = "".join(f'<t:ItemId Id="{identity}"/>' for identity, _ in ids(find(VIEW.format("IdOnly"))))
    for shape in ("IdOnly", "Default", "AllProperties"):
        view = f"<m:ItemShape><t:BaseShape>{shape}</t:BaseShape><t:IncludeMimeContent>true</t:IncludeMimeContent></m:ItemShape>"
        answer = ask(f"<m:GetItem>{view}<m:ItemIds>{every}</m:ItemIds></m:GetItem>", "bob@example.com")
        same((codes(answer), len(list(answer.iter(f"{T}MimeContent")))), (["NoError"] * 3, 3))


def sync(state=""):
    state = f"<m:SyncState>{state}</m:SyncState>" if state else ""
    answer = ask(
        f"<m:SyncFolderItems>{VIEW.format('IdOnly')}<m:SyncFolderId>{INBOX}</m:SyncFolderId>{state}<m:MaxChangesReturned>2</m:MaxChangesReturned></m:SyncFolderItems>",
        "bob@example.com",
    )
    kinds = [child.tag.removeprefix(T) for changes in answer.iter(f"{M}Changes") for child in changes]
    return (next((found.text for found in answer.iter(f"{M}SyncState")), codes(answer)), kinds, ids(answer))


def synced_and_changed():
    state, kinds, first = sync()
    same(kinds, ["Create", "Create"])
    state, kinds, _ = sync(state)
    same((kinds, sync("bm9uc2Vuc2U=")[0]), (["Create"], ["ErrorInvalidSyncStateData"]))
    (one, key), (two, _) = first

    def update(more, identity):
        return ask(
            f'<m:UpdateItem {more} ConflictResolution="AutoResolve" SuppressReadReceipts="true"><m:ItemChanges><t:ItemChange>{identity}<t:Updates><t:SetItemField>'
            '<t:FieldURI FieldURI="message:IsRead"/><t:Message><t:IsRead>true</t:IsRead></t:Message></t:SetItemField></t:Updates></t:ItemChange></m:ItemChanges>'
            "</m:UpdateItem>",
            "bob@example.com",
        )

    same(codes(update("", f'<t:ItemId Id="{one}" ChangeKey="{key}"/>')), ["ErrorMessageDispositionRequired"])
    same(codes(update('MessageDisposition="SaveOnly"', f'<t:ItemId Id="{one}"/>')), ["ErrorChangeKeyRequiredForWriteOperations"])
    same(codes(update('MessageDisposition="SaveOnly"', f'<t:ItemId Id="{one}" ChangeKey="{key}"/>')), ["NoError"])
    move = (
        '<m:{0}><m:ToFolderId><t:DistinguishedFolderId Id="junkemail"/></m:ToFolderId><m:ItemIds><t:ItemId Id="{1}"/></m:ItemIds></m:{0}>'
    )
    moved = ask(move.format("MoveItem", two), "bob@example.com")
    same((codes(moved), ids(moved)[0][0] != two), (["NoError"], True))
    same(codes(ask(move.format("MoveItem", two), "bob@example.com")), ["ErrorItemNotFound"])
    same(codes(ask(move.format("CopyItem", one), "bob@example.com")), ["NoError"])
    state, kinds, _ = sync(state)
    same(kinds, ["ReadFlagChange", "Delete"])
    for how in ("MoveToDeletedItems", "SoftDelete", "HardDelete"):
        delete = f'<m:DeleteItem DeleteType="{how}"><m:ItemIds><t:ItemId Id="{one}"/></m:ItemIds></m:DeleteItem>'
        same(codes(ask(delete, "bob@example.com")), ["NoError" if how == "MoveToDeletedItems" else "ErrorItemNotFound"])


def folders_and_names():
    control("POST", "/folders", {"mailbox": "anna@example.com", "paths": ["inbox/Rechnungen & Mahnungen/Ä"]})
    for shape in ("IdOnly", "Default", "AllProperties"):
        view = f"<m:FolderShape><t:BaseShape>{shape}</t:BaseShape></m:FolderShape>"
        same(codes(ask(f"<m:GetFolder>{view}<m:FolderIds>{INBOX}</m:FolderIds></m:GetFolder>")), ["NoError"])
        root = '<m:ParentFolderIds><t:DistinguishedFolderId Id="msgfolderroot"/></m:ParentFolderIds>'
        found = ask(f'<m:FindFolder Traversal="Deep">{view}{root}</m:FindFolder>')
        names = [name.text for name in found.iter(f"{T}DisplayName")]
        same((codes(found), "Rechnungen & Mahnungen" in names and "Ä" in names), (["NoError"], shape != "IdOnly"))
    same(
        codes(ask('<m:ResolveNames ReturnFullContactData="false"><m:UnresolvedEntry>bob@example.com</m:UnresolvedEntry></m:ResolveNames>')),
        ["NoError"],
    )
    same(
        codes(ask('<m:ResolveNames ReturnFullContactData="false"><m:UnresolvedEntry>zzz</m:UnresolvedEntry></m:ResolveNames>')),
        ["ErrorNameResolutionNoResults"],
    )


if __name__ == "__main__":
    sent_by_mime()
    sent_in_parts()
    listed_and_fetched()
    synced_and_changed()
    folders_and_names()

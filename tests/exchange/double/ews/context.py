"""Who asks, for which mailbox, and what may be touched."""

from lxml import etree

from ..store.organisation import Refused
from .schema import MESSAGES, TYPES
from .soap import Fault

M = "{" + MESSAGES + "}"
T = "{" + TYPES + "}"


class Context:
    """One request's view: `mailbox` is the one that it acts for, `address` the one whose rights count."""

    def __init__(self, double, request, caller, mailbox):
        self.double = double
        self.request = request
        self.caller = caller
        self.mailbox = mailbox
        self.address = mailbox.address
        self.organisation = double.organisation

    def may_enter(self, mailbox):
        """Refuses other people's mailboxes."""
        if not mailbox.grants("full_access", self.address):
            raise Refused("ErrorAccessDenied", "Access is denied. Check credentials and try again.")

    def folder(self, element):
        """The folder of a FolderId or DistinguishedFolderId."""
        identity = element.get("Id")
        if etree.QName(element).localname == "DistinguishedFolderId":
            mailbox = self.mailbox
            address = element.findtext(f"{T}Mailbox/{T}EmailAddress")
            if address:
                mailbox = self.organisation.mailbox(address)
                self.may_enter(mailbox)
            if identity not in mailbox.by_name:
                raise Refused("ErrorFolderNotFound", "The specified folder could not be found in the store.")
            return mailbox.by_name[identity]
        for mailbox in [self.mailbox, *self.organisation.mailboxes.values()]:
            if identity in mailbox.folders:
                self.may_enter(mailbox)
                return mailbox.folders[identity]
        raise not_found(identity, "ErrorFolderNotFound", "The specified folder could not be found in the store.")

    def item(self, identity):
        """The message of an id."""
        for mailbox in [self.mailbox, *self.organisation.mailboxes.values()]:
            if identity in mailbox.items:
                self.may_enter(mailbox)
                return mailbox.items[identity]
        raise not_found(
            identity,
            "ErrorItemNotFound",
            "The specified object was not found in the store., The process failed to get the correct properties.",
        )

    def item_to_write(self, element, needs_key=True):
        """The message of an ItemId whose change key must be the newest."""
        item, key = self.item(element.get("Id")), element.get("ChangeKey")
        if key is None and needs_key:
            raise Refused("ErrorChangeKeyRequiredForWriteOperations", "The change key is required for this operation.")
        if key is not None and key != item.change_key:
            raise Refused(
                "ErrorStaleObject",
                "The send or update operation could not be performed because the change key passed in the request "
                "does not match the current change key for the item.",
            )
        return item

    def attachment(self, identity):
        """The message and the attachment of an attachment's id. Ids are made when a message is taken apart."""
        for mailbox in [self.mailbox, *self.organisation.mailboxes.values()]:
            for item in list(mailbox.items.values()):
                found = next((each for each in item.attachments if each.id == identity), None)
                if found is not None:
                    self.may_enter(mailbox)
                    return item, found
        raise not_found(identity, "ErrorItemNotFound", "The specified attachment was not found in the store.")

    def injected(self):
        """Refuses what a test wants refused item by item."""
        if code := self.request.injected.get("code"):
            raise Refused(code, self.request.injected.get("text", f"Refused on demand with {code}."))


def not_found(identity, code, text):
    """The refusal of an id that leads nowhere: those that are no ids at all are told apart."""
    if len(identity) % 4 or len(identity) < 32:
        return Refused("ErrorInvalidIdMalformed", "Id is malformed.")
    return Refused(code, text)


def acting_mailbox(double, request, caller, header):
    """The mailbox that a request acts for: the impersonated one, or the caller's own."""
    impersonation = header.find(f"{T}ExchangeImpersonation") if header is not None else None
    if impersonation is None:
        if caller.address is None:
            raise Fault(
                "ErrorInvalidExchangeImpersonationHeaderData",
                "ExchangeImpersonation SOAP header must be present for this type of OAuth token.",
            )
        if caller.address not in double.organisation.mailboxes:
            raise Fault(
                "ErrorMissingEmailAddress",
                "When making a request as an account that does not have a mailbox, you must specify the "
                "mailbox primary SMTP address for any distinguished folder Ids.",
            )
        return double.organisation.mailbox(caller.address)
    sid = impersonation.find(f"{T}ConnectingSID")[0]
    address = (sid.text or "").strip().lower()
    if etree.QName(sid).localname == "SID":
        raise Fault("ErrorInvalidUserSid", "The Security Identifier (SID) is not valid.")
    if address not in double.organisation.mailboxes:
        named = etree.QName(sid).localname == "PrincipalName"
        raise Fault(
            "ErrorInvalidUserPrincipalName" if named else "ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it."
        )
    if not caller.may_impersonate(address):
        raise Fault("ErrorImpersonateUserDenied", "The account does not have permission to impersonate the requested user.")
    anchor = request.fields.get("x-anchormailbox", "").lower()
    if double.options["anchor"] == "required" and anchor != address:
        raise Fault("ErrorInvalidRequest", f'X-AnchorMailbox must name the impersonated mailbox; it says "{anchor}".')
    return double.organisation.mailbox(address)

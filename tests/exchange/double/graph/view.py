"""One request's view of Graph: who asks, whose mailbox, what is in the way."""

import json
import re

from ..entra.tokens import GRAPH
from ..store import ids
from .errors import Problem


class View:
    """A request: `mailbox` is the one of the path, `steps` what follows in the path."""

    def __init__(self, double, request, steps):
        self.double = double
        self.request = request
        self.token = authenticated(double, request)
        self.immutable = 'idtype="immutableid"' in request.fields.get("prefer", "").replace(" ", "").lower()
        if steps[0].lower() == "me":
            if self.token.user is None:
                raise Problem("BadRequest", "/me request is only valid with delegated authentication flow.")
            address, self.steps = self.token.user, steps[1:]
        else:
            address, self.steps = (steps[1] if len(steps) > 1 else ""), steps[2:]
        self.mailbox = mailbox(double, address, self.token)
        self.address = self.token.user or self.mailbox.address

    def needs(self, *permissions):
        """Refuses tokens that have none of these permissions, or that have them for the own mailbox only."""
        other = self.token.user is not None and self.token.user != self.mailbox.address
        wanted = {f"{name}.Shared" if other else name for name in permissions}
        if (
            not wanted & set(self.token.scopes)
            or other
            and not self.mailbox.grants("full_access", self.address)
            and "Mail.Send" not in permissions
        ):
            raise Problem("ErrorAccessDenied", "Access is denied. Check credentials and try again.")

    def body(self):
        """The JSON of the body."""
        if self.request.media_type() != "application/json":
            raise Problem("RequestBodyRead", "A content type 'application/json' is needed.", 415)
        try:
            asked = json.loads(self.request.body)
        except ValueError:
            raise Problem(
                "BadRequest",
                "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
            ) from None
        if not isinstance(asked, dict):
            raise Problem("BadRequest", "Empty Payload. JSON content expected.")
        return asked

    def folder(self, name):
        """A folder by its well-known name or id."""
        found = self.mailbox.by_name.get(name.lower()) or self.mailbox.folders.get(ids.from_url(name))
        if found is None or found.distinguished == "root":
            raise lost(name, "ErrorItemNotFound", "The specified folder could not be found in the store.")
        return found

    def item(self, name):
        """A message by its id."""
        found = self.mailbox.items.get(ids.from_url(name))
        if found is None:
            raise lost(name, "ErrorItemNotFound", "The specified object was not found in the store.")
        return found


def lost(name, code, text):
    """The refusal of an id that leads nowhere: those that are no ids at all are told apart."""
    if not re.fullmatch(r"[\w=-]{32,}", name, re.ASCII):
        return Problem("ErrorInvalidIdMalformed", "Id is malformed.")
    return Problem(code, text)


def authenticated(double, request):
    """The token of a request, which must be one for Graph."""
    scheme, _, text = request.fields.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text:
        raise Problem("InvalidAuthenticationToken", "Access token is empty.")
    token = double.tokens.access.get(text.strip())
    if token is None:
        raise Problem("InvalidAuthenticationToken", "CompactToken parsing failed with error code: 80049217")
    if token.revoked:
        raise Problem(
            "InvalidAuthenticationToken",
            "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp",
        )
    if not token.is_live():
        raise Problem("InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
    if token.audience != GRAPH:
        raise Problem("InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
    return token


def mailbox(double, address, token):
    """The mailbox of an address, where the application may go there."""
    found = double.organisation.mailboxes.get(address.lower())
    if found is None:
        raise Problem("ErrorInvalidUser", f"The requested user '{address}' is invalid.")
    if found.on_premises:
        raise Problem("MailboxNotEnabledForRESTAPI", "The mailbox is either inactive, soft-deleted, or is hosted on-premise.")
    reach = token.application.mailboxes
    if token.user is None and reach is not None and found.address not in reach:
        raise Problem(
            "ErrorAccessDenied", "Access to OData is disabled: [RAOP] : Blocked by tenant configured AppOnly AccessPolicy settings."
        )
    return found

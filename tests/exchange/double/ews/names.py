"""ResolveNames."""

from . import soap
from .context import M
from .shape import escape


def resolve(context, element):
    """Finds people of the organisation by a part of name or address."""
    wanted = (element.findtext(f"{M}UnresolvedEntry") or "").lower().removeprefix("smtp:")
    found = [box for box in context.organisation.mailboxes.values() if wanted and (wanted in box.address or wanted in box.name.lower())]
    if not found:
        return soap.response("ResolveNames", [soap.error("ResolveNames", "ErrorNameResolutionNoResults", "No results were found.")])
    rows = "".join(
        f"<t:Resolution><t:Mailbox><t:Name>{escape(box.name)}</t:Name><t:EmailAddress>{escape(box.address)}</t:EmailAddress>"
        "<t:RoutingType>SMTP</t:RoutingType><t:MailboxType>Mailbox</t:MailboxType></t:Mailbox></t:Resolution>"
        for box in found
    )
    inside = f'<m:ResolutionSet TotalItemsInView="{len(found)}" IncludesLastItemInRange="true">{rows}</m:ResolutionSet>'
    return soap.response("ResolveNames", [soap.success("ResolveNames", [inside])])


def convert(context, element):
    """Says whose mailbox ids are of; their form stays as it is."""
    messages = []
    for row in element.find(f"{M}SourceIds"):
        inside = f'<m:AlternateId xsi:type="t:AlternateIdType" Format="{element.get("DestinationFormat")}" Id="{escape(row.get("Id"))}" Mailbox="{context.mailbox.address}"/>'
        messages.append(soap.success("ConvertId", [inside]))
    return soap.response("ConvertId", messages)

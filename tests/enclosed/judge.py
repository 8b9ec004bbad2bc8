"""What other programs find in the files of this folder, and e-invoices that they make: python3 judge.py FOLDER

FOLDER gets the invoices. The answer, as JSON, is what extract-msg reads in letter.msg, what tnefparse reads in winmail.dat, and the names of the invoices
with the profile of each.
"""

import base64
import io
import json
import pathlib
import sys

import extract_msg
import facturx
import pypdf
import tnefparse

HERE = pathlib.Path(__file__).resolve().parent
CII = """<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
    xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
    xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
  <rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter>
    <ram:ID>{profile}</ram:ID>
  </ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>
  <rsm:ExchangedDocument>
    <ram:ID>4711</ram:ID><ram:TypeCode>380</ram:TypeCode>
    <ram:IssueDateTime><udt:DateTimeString format="102">20261128</udt:DateTimeString></ram:IssueDateTime>
  </rsm:ExchangedDocument>
  <rsm:SupplyChainTradeTransaction><ram:ApplicableHeaderTradeAgreement>
    <ram:SellerTradeParty><ram:Name>Müller</ram:Name></ram:SellerTradeParty>
    <ram:BuyerTradeParty><ram:Name>Šunka</ram:Name></ram:BuyerTradeParty>
  </ram:ApplicableHeaderTradeAgreement></rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>
"""
PROFILES = {
    "minimum": "urn:factur-x.eu:1p0:minimum",
    "basic": "urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic",
    "en16931": "urn:cen.eu:en16931:2017",
}


def letter():
    with extract_msg.openMsg(HERE / "letter.msg") as message:
        files = [
            {"name": found.getFilename(), "data": base64.b64encode(found.data).decode(), "inline": found.cid}
            for found in message.attachments
            if isinstance(found.data, bytes)
        ]
        inner = [found.data for found in message.attachments if not isinstance(found.data, bytes)]
        return {
            "subject": message.subject,
            "from": message.sender,
            "to": message.to,
            "cc": message.cc,
            "bcc": message.bcc,
            "message_id": message.messageId,
            "seconds": int(message.date.timestamp()),
            "text": message.body,
            "html": message.htmlBody.decode(),
            "files": files,
            "inner": [{"subject": found.subject, "text": found.body} for found in inner],
        }


def winmail():
    wrapping = tnefparse.TNEF((HERE / "winmail.dat").read_bytes(), do_checksum=True)
    # Names in other code pages than UTF-8 are beyond it.
    files = [base64.b64encode(found.data or b"").decode() for found in wrapping.attachments]
    return {"first": wrapping.attachments[0].long_filename(), "files": files, "rtf": wrapping.rtfbody.decode()}


def invoices(folder):
    """One of each profile."""
    names = {}
    for level, profile in PROFILES.items():
        page = io.BytesIO()
        writer = pypdf.PdfWriter()
        writer.add_blank_page(100, 100)
        writer.write(page)
        pdf = facturx.generate_from_binary(
            page.getvalue(), CII.format(profile=profile).encode(), flavor="factur-x", level=level, check_xsd=False, check_schematron=False
        )
        (folder / f"{level}.pdf").write_bytes(pdf)
        names[f"{level}.pdf"] = profile
    return names


def main():
    print(json.dumps({"letter": letter(), "winmail": winmail(), "invoices": invoices(pathlib.Path(sys.argv[1]))}))


main()

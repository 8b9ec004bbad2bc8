//! Electronic invoices: XML on its own (XRechnung and other profiles of EN 16931), or embedded in a PDF (ZUGFeRD, Factur-X).

mod syntax;

use crate::pdf;

/// Names under which the XML is embedded (Factur-X 1.0, 6.2; ZUGFeRD 1.0 and 2.0).
const NAMES: [(&str, &str); 3] = [("factur-x.xml", "factur-x"), ("zugferd-invoice.xml", "zugferd"), ("xrechnung.xml", "xrechnung")];

/// The most bytes of an embedded XML; attachments within it may be some megabytes.
const LARGEST: usize = 64 * 1024 * 1024;

/// What an invoice is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoice {
    /// `zugferd`, `factur-x` or `xrechnung`; `ubl` or `cii` where only the syntax is known.
    pub format: &'static str,
    /// The identifier of its profile, as it stands there.
    pub profile: Option<String>,
}

/// The XML that a PDF holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// Its name in the PDF.
    pub name: String,
    /// Its bytes.
    pub xml: Vec<u8>,
    /// What it is.
    pub invoice: Invoice,
}

/// The invoice in a PDF. What is no PDF has none, nor has one that is encrypted.
pub fn in_pdf(bytes: &[u8]) -> Option<Embedded> {
    let format = |name: &str| NAMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, format)| *format);
    let (name, xml) = pdf::embedded(bytes, &|name| format(name).is_some(), LARGEST)?;
    let profile = syntax::read(&xml).and_then(|found| found.profile);
    let format = format(&name)?;
    Some(Embedded { name, invoice: Invoice { format, profile }, xml })
}

/// What an XML document is, if it is an invoice or a credit note.
pub fn in_xml(bytes: &[u8]) -> Option<Invoice> {
    let found = syntax::read(bytes)?;
    let names = |word: &str| found.profile.as_deref().is_some_and(|profile| profile.to_ascii_lowercase().contains(word));
    let format = if names("xrechnung") {
        "xrechnung"
    } else if names("ferd") {
        "zugferd"
    } else if names("factur-x") {
        "factur-x"
    } else {
        found.format
    };
    Some(Invoice { format, profile: found.profile })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invoice(format: &'static str, profile: &str) -> Option<Invoice> {
        Some(Invoice { format, profile: (!profile.is_empty()).then(|| profile.to_owned()) })
    }

    const UBL: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><!-- x --><ubl:Invoice xmlns:ubl=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\"\
        xmlns:cbc=\"urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2\"><cbc:CustomizationID> urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0\
        </cbc:CustomizationID><cbc:ID>1</cbc:ID></ubl:Invoice>";
    const CII: &str = "<rsm:CrossIndustryInvoice xmlns:rsm=\"urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100\" xmlns:ram=\"r\"><rsm:ExchangedDocumentContext>\
        <ram:BusinessProcessSpecifiedDocumentContextParameter><ram:ID>x</ram:ID></ram:BusinessProcessSpecifiedDocumentContextParameter>\
        <ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>urn:cen.eu:en16931:2017</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext></rsm:CrossIndustryInvoice>";

    #[test]
    fn invoices_are_known_by_their_root_and_their_profile() {
        assert_eq!(in_xml(UBL.as_bytes()), invoice("xrechnung", "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"));
        assert_eq!(in_xml(CII.as_bytes()), invoice("cii", "urn:cen.eu:en16931:2017"));
        let factur = CII.replace("2017<", "2017#compliant#urn:factur-x.eu:1p0:basic<");
        assert_eq!(in_xml(factur.as_bytes()), invoice("factur-x", "urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic"));
        let first = "<rsm:CrossIndustryDocument xmlns:rsm='urn:ferd:CrossIndustryDocument:invoice:1p0' xmlns:ram='r'><rsm:SpecifiedExchangedDocumentContext>\
            <ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>urn:ferd:CrossIndustryDocument:invoice:1p0:comfort</ram:ID>";
        assert_eq!(in_xml(first.as_bytes()), invoice("zugferd", "urn:ferd:CrossIndustryDocument:invoice:1p0:comfort"));
        let credit = "<CreditNote xmlns='urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2'><ID>1</ID></CreditNote>";
        assert_eq!(in_xml(credit.as_bytes()), invoice("ubl", ""));
    }

    #[test]
    fn every_encoding_of_xml_is_read() {
        let utf16: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(UBL.replace("UTF-8", "UTF-16").encode_utf16().flat_map(u16::to_le_bytes)).collect();
        assert_eq!(in_xml(&utf16).map(|invoice| invoice.format), Some("xrechnung"));
        let marked = [&[0xef, 0xbb, 0xbf][..], CII.as_bytes()].concat();
        assert_eq!(in_xml(&marked).map(|invoice| invoice.format), Some("cii"));
        let latin = [&b"<?xml version='1.0' encoding='ISO-8859-1'?><!-- \xfc -->"[..], CII.as_bytes()].concat();
        assert_eq!(in_xml(&latin).map(|invoice| invoice.format), Some("cii"));
    }

    #[test]
    fn other_xml_is_no_invoice() {
        for xml in [
            "",
            "<a",
            "text",
            "<Invoice/>",
            "<Invoice xmlns='urn:other'/>",
            "<!DOCTYPE x [<!ENTITY a 'b'>]><Invoice xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'/>",
        ] {
            assert_eq!(in_xml(xml.as_bytes()), None, "{xml}");
        }
        let deep = format!("<Invoice xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'>{}", "<a>".repeat(1_000_000));
        assert_eq!(in_xml(deep.as_bytes()).map(|invoice| invoice.format), Some("ubl"));
    }
}

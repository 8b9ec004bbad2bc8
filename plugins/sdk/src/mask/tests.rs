use super::*;
use ::base64::Engine as _;
use ::base64::engine::general_purpose::STANDARD;

fn mask(secret: &str) -> Mask {
    let mut mask = Mask::default();
    mask.hide(&Secret::new(secret));
    mask
}

fn masked(mask: &Mask, text: impl AsRef<[u8]>) -> String {
    String::from_utf8_lossy(&mask.apply(text.as_ref())).into_owned()
}

#[test]
fn an_echoed_secret_is_masked_in_base64_at_every_alignment() {
    let secret = "gehe!m?wort";
    let mask = mask(secret);
    for prefix in ["", "a", "ab", "\0anna\0", "user\0"] {
        for suffix in ["", "x", "xy"] {
            let encoded = STANDARD.encode(format!("{prefix}{secret}{suffix}"));
            for echo in [encoded.clone(), encoded.to_lowercase(), encoded.to_uppercase()] {
                assert_eq!(masked(&mask, format!("535 what is {echo} then")), "535 what is *** then", "{prefix:?} {suffix:?}");
            }
        }
    }
    assert_eq!(masked(&mask, "no gehe!m?wort, no"), "no ***, no");
    assert_eq!(masked(&mask, "gehe%21m%3Fwort gehe%21m%3fwort"), "*** ***");
    assert_eq!(masked(&mask, "67656865216D3F776F7274."), "***.");
    assert_eq!(masked(&mask, "gehe!m?worgehe!m?wort"), "gehe!m?wor***");
    let url = super::tests::mask("??>>~~");
    assert_eq!(masked(&url, "<Pz8-Pn5-> <Pz8+Pn5+>"), "<***> <***>");
}

#[test]
fn a_secret_is_masked_in_each_form_in_which_a_server_may_echo_it() {
    // Quote, backslash, umlaut, blank and the signs that web pages and forms escape.
    let mask = mask(r#"Zü"r\ b&<+"#);
    let forms: [&[u8]; 24] = [
        r#"Zü"r\ b&<+"#.as_bytes(),
        r#"zÜ"R\ B&<+"#.as_bytes(),
        br#"Z\374\"r\\ b&<+"#,
        r#"Zü\"r\\ b&<+"#.as_bytes(),
        r#"Zü\\\"r\\\\ b&<+"#.as_bytes(),
        b"Z\xfc\"r\\ b&<+",
        b"Z\xdc\"R\\ B&<+",
        "ZÃ¼\"r\\ b&<+".as_bytes(),
        b"Z?\"r\\ b&<+",
        "Z\u{fffd}\"r\\ b&<+".as_bytes(),
        b"Z%C3%BC%22r%5C%20b%26%3C%2B",
        b"Z%c3%bc%22r%5c+b%26%3c%2b",
        b"%5A%FC%22%72%5C%20%62%26%3C%2B",
        "Zü&quot;r\\ b&amp;&lt;+".as_bytes(),
        b"Z&uuml;&#34;r&#92;&nbsp;b&#38;&#x3C;&#43;",
        b"Z&Uuml;&#x22;r&#x5c; b&amp;amp;&amp;lt;+",
        b"Z=C3=BC=22r=5C=20b=26=3C=2B",
        b"Z=FC\"r\\_b&<+",
        br#"Z\u00fc\u0022r\\ b\u0026\u003c+"#,
        br#"Z\u{fc}\"r\\ b&<+"#,
        br#"Z\xc3\xbc\x22r\\ b&<+"#,
        b"Z&APw-\"r\\ b&-<+",
        b"Z+APw-\"r\\ b&<+-",
        r#"Zü""r\ b&<+"#.as_bytes(),
    ];
    for form in forms {
        let text = [b"535 (", form, b") is wrong"].concat();
        assert_eq!(masked(&mask, &text), "535 (***) is wrong", "{}", String::from_utf8_lossy(form));
    }
}

#[test]
fn letters_beyond_latin_1_are_masked_in_the_charsets_of_their_countries() {
    let mask = mask("žabčaš");
    for form in ["žabčaš".as_bytes(), "ŽABČAŠ".as_bytes(), b"\x9eab\xe8a\x9a", b"\xbeab\xe8a\xb9", b"&zcaron;ab&#269;a&scaron;", b"?ab?a?"]
    {
        assert_eq!(masked(&mask, [b"<", form, b">"].concat()), "<***>", "{}", String::from_utf8_lossy(form));
    }
}

#[test]
fn pieces_of_what_was_sent_are_masked() {
    let mut mask = Mask::default();
    mask.hide_sent(b"AGFubmEAZ2VoZWltZXMgV29ydA==\r\n");
    assert_eq!(masked(&mask, "535 AGFubmEAZ2VoZW... is wrong"), "535 ***... is wrong");
    assert_eq!(masked(&mask, "535 agfubmeaz2vozw is wrong"), "535 *** is wrong");
    assert_eq!(masked(&mask, "535 Authentication failed"), "535 Authentication failed");
}

#[test]
fn what_is_no_secret_stays_as_it_is() {
    let mask = mask("geheim");
    for text in ["", "ge", "gehei", "geheinm", "250 mail.example.com ready", "+OK 3 messages", "größe ✓ \\\\ %%% &&& === ???"] {
        assert_eq!(masked(&mask, text), text);
    }
    let mut short = Mask::default();
    short.hide(&Secret::new("ab"));
    assert!(short.is_empty());
    assert_eq!(masked(&short, "ab"), "ab");
}

#[test]
fn the_texts_of_a_document_are_masked_but_not_its_names() {
    let mut document =
        serde_json::json!({"code": "geheim.code", "text": "no geheim", "at": [{"pointer": "/geheim", "message": "Z2VoZWlt"}]});
    mask("geheim").value(&mut document);
    let expected = serde_json::json!({"code": "geheim.code", "text": "no ***", "at": [{"pointer": "/geheim", "message": "***"}]});
    assert_eq!(document, expected);
}

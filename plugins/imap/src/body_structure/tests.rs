use super::*;

/// Sections, types, names and sizes of the texts and of the attachments.
fn told(structure: &str) -> (Vec<String>, Vec<String>) {
    let parts = parts(structure.as_bytes()).unwrap_or_else(|| panic!("{structure}"));
    let told = |part: &Part| {
        let inline = part.inline.as_ref().map(|id| format!(" <{id}>")).unwrap_or_default();
        format!("{} {} {} {}{inline}", part.section, part.kind, part.name.as_deref().unwrap_or("-"), part.encoded_size)
    };
    (parts.texts.iter().map(told).collect(), parts.parts.iter().map(told).collect())
}

#[test]
fn parts_have_their_sections_names_and_sizes() {
    let alternative = r#"(("TEXT" "PLAIN" ("CHARSET" "utf-8") NIL NIL "quoted-printable" 28 2 NIL NIL NIL NIL)("text" "html" ("charset" "utf-8") NIL NIL "7BIT" 30 1 NIL NIL NIL NIL) "alternative" ("boundary" "x") NIL NIL NIL)"#;
    let image = r#"("image" "png" ("name" "logo.png") "<logo@x>" NIL "base64" 4000 NIL ("inline" ("filename" "logo.png")) NIL NIL)"#;
    let pdf = r#"("application" "pdf" ("name" "=?utf-8?Q?Gr=C3=B6=C3=9Fe.pdf?=") NIL NIL "base64" 136000 NIL ("attachment" ("filename*" "utf-8''Gr%C3%B6%C3%9Fe%201.pdf")) NIL NIL)"#;
    let old = r#"("application" "pdf" ("name*0*" "utf-8''Gr%C3%B6" "name*1*" "%C3%9Fe.pdf") NIL NIL "base64" 7 NIL NIL NIL NIL)"#;
    let message = r#"("message" "rfc822" NIL NIL NIL "7BIT" 342 ("date" "subject" NIL NIL NIL NIL NIL NIL NIL "<id@x>") ("text" "plain" NIL NIL NIL "7BIT" 10 1 NIL NIL NIL NIL) 12 NIL ("attachment" ("filename" "a \"b\".eml")) NIL NIL)"#;
    let (texts, parts) =
        told(&format!(r#"({alternative}{image} "related" NIL NIL NIL NIL){pdf}{old}{message} "mixed" ("boundary" "y") NIL NIL NIL"#));
    assert_eq!(texts, ["1.1.1 text/plain - 28", "1.1.2 text/html - 30"]);
    assert_eq!(
        parts,
        [
            "1.2 image/png logo.png 4000 <logo@x>",
            "2 application/pdf Größe 1.pdf 136000",
            "3 application/pdf Größe.pdf 7",
            "4 message/rfc822 a \"b\".eml 342"
        ]
    );
    // A message that is no multipart is its own first part.
    assert_eq!(told(r#""text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 5 1"#).0, ["1 text/plain - 5"]);
    assert_eq!(
        told(
            r#""application" "pdf" ("name" {5}
a.pdf) NIL NIL "base64" 5 NIL NIL NIL NIL"#
                .replace('\n', "\r\n")
                .as_str()
        )
        .1,
        ["1 application/pdf a.pdf 5"]
    );
}

#[test]
fn whatever_a_server_sends_is_read_or_not_and_nothing_else() {
    for odd in [
        r#"("text" "plain" NIL NIL NIL "7bit" 5 1)"#,
        r#"NIL NIL NIL NIL NIL NIL NIL"#,
        r#""text" "plain""#,
        r#""text" "plain" ("a") NIL NIL NIL "x""#,
        r#""te/xt" "pl\"ain
X: y" ("name" "a
b: c") "<i
d>" NIL NIL 5"#,
        "()",
        "(()) ()",
        r#"("text" "plain") "mixed""#,
    ] {
        drop(parts(odd.as_bytes()));
    }
    for none in ["", "\"", "(\"", "\"text\"", &"(".repeat(100_000), &"() ".repeat(VALUES + 1)] {
        assert_eq!(parts(none.as_bytes()), None, "{}", &none[..none.len().min(20)]);
    }
    let nested =
        |levels: usize| format!("{}\"text\" \"plain\" NIL NIL NIL \"7bit\" 1 1{}", "(".repeat(levels), " \"mixed\")".repeat(levels));
    assert_eq!(told(&format!("{} \"mixed\"", nested(20))).0.len(), 1);
    assert_eq!(parts(nested(90).as_bytes()), None);
}

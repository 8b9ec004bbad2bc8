//! Page D: the server type SMTP, and what both types share.

use crate::form::{Form, host_with_log, mail, patience};
use crate::page_d_setup::{Page, smtp};
use postkontor_core::{Account, Status};
use postkontor_tests::exim::{Delivery, Port};
use postkontor_tests::folder::Folder;
use postkontor_tests::ports::Closed;
use postkontor_tests::scripted::Scripted;
use serde_json::{Value, json};
use std::io::Read;
use std::process::Command;

fn arrives(form: &Form, id: Option<&str>, to: &str) -> Delivery {
    form.send(id, to).unwrap_or_else(|error| panic!("{to}: {error:?}\n{}", form.exim.log()));
    form.exim.delivery(to).unwrap_or_else(|| panic!("{to}: not delivered\n{}", form.exim.log()))
}

fn visible(form: &Form) -> Vec<String> {
    form.check("en")["visible"].as_array().unwrap().iter().map(|pointer| pointer.as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_page_is_free_of_problems_and_names_its_secrets() {
    let Some(form) = smtp() else { return };
    assert_eq!((form.problems("en"), form.warnings()), (vec![], vec![]));
    let secrets = [
        "smtp/tls/client_certificate/password",
        "smtp/auth/password",
        "exchange-sales/auth/oauth2/client_secret",
        "exchange-support/auth/password",
        "exchange-windows/auth/password",
    ];
    assert_eq!(form.check("en")["secrets"], json!(secrets.map(|secret| format!("/accounts/{secret}"))));
}

#[test]
fn enabled_off_validates_nothing_and_sends_nothing() {
    let Some(form) = smtp() else { return };
    arrives(&form, None, "enabled@d.example");
    let wrong = json!({"accounts": {"smtp": {"transport": "pigeon", "server": {"host": ""}}}, "sender": {"address": "none"}});
    let wrong = form.with(wrong);
    assert_ne!(wrong.problems("en"), vec![]);
    let off = wrong.with(json!({"enabled": false}));
    assert_eq!((off.problems("en"), off.warnings()), (vec![], vec![]));
    for id in [None, Some("smtp"), Some("exchange-sales")] {
        let error = off.send(id, "never@enabled.example").unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Disabled, "settings.disabled"));
    }
    assert!(form.exim.deliveries("never@enabled.example").is_empty());
}

#[test]
fn server_type_shows_the_fields_of_its_type() {
    let Some(form) = smtp() else { return };
    let shows = |form: &Form, id: &str, field: &str| visible(form).contains(&format!("/accounts/{id}/{field}"));
    for (field, at_smtp, at_exchange) in [
        ("server/host", true, false),
        ("server/port", true, false),
        ("tls/mode", true, false),
        ("exchange/url", false, true),
        ("server/timeout_seconds", true, true),
    ] {
        assert_eq!(shows(&form, "smtp", field), at_smtp, "{field}");
        assert_eq!(shows(&form, "exchange-sales", field), at_exchange, "{field}");
    }
    let form = form.with_account("smtp", json!({"transport": "exchange-ews", "server": null, "tls": null}));
    assert!(!shows(&form, "smtp", "server/host") && shows(&form, "smtp", "exchange/url"));
}

#[test]
fn authentication_none_windows_and_password_are_what_is_used() {
    let Some(form) = smtp() else { return };
    let windows = arrives(&form, None, "ntlm@auth.example");
    assert_eq!((windows.session("login"), windows.session("user")), ("ntlm", form.user.as_str()));
    assert_eq!(form.exim.dovecot().ntlm_logins(&form.user).pop().unwrap()["domain"], "EXAMPLE");
    let own = form.with_account("smtp", json!({"auth": {"method": "windows"}}));
    assert_eq!(arrives(&own, None, "windows@auth.example").session("login"), "ntlm");
    let password = form.with_account("smtp", json!({"auth": {"method": "password", "user": form.user}}));
    let login = arrives(&password, None, "password@auth.example").session("login").to_owned();
    assert!(!["", "ntlm", "xoauth2"].contains(&login.as_str()), "{login}");
    let none = form.with_account("smtp", json!({"auth": {"method": "none", "user": null, "password": null}}));
    assert_eq!(arrives(&none, None, "none@auth.example").session("login"), "");
    for method in ["ntlm", "windows", "password"] {
        let wrong = form.with_account("smtp", json!({"auth": {"method": method, "password": "falsch"}}));
        let error = wrong.send(None, "never@auth.example").unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (Status::Auth, "auth.refused"), "{method}");
    }
    assert!(form.exim.deliveries("never@auth.example").is_empty());
}

#[test]
fn windows_without_a_user_takes_no_password_and_no_other_mechanism() {
    let Some(form) = smtp() else { return };
    let error = form.send(Some("smtp-logged-on"), "never@windows.example").unwrap_err();
    assert_eq!(error.status, Status::Auth, "{error:?}");
    assert!(["auth.mechanism_not_offered", "auth.ticket_missing"].contains(&error.code.as_str()), "{error:?}");
    assert!(form.exim.deliveries("never@windows.example").is_empty());
}

#[test]
fn host_and_port_are_those_that_are_called_and_the_default_is_25() {
    let Some(form) = smtp() else { return };
    let closed = Closed::new().unwrap();
    let step = form.with_account("smtp", json!({"server": {"port": closed.port}})).failed("smtp");
    assert_eq!((&step["code"], &step["facts"]["port"]), (&json!("net.refused"), &json!(closed.port)), "{step:#}");
    let host = format!("localhost:{}", form.exim.port(Port::Standard));
    arrives(&form.with_account("smtp", json!({"server": {"host": host, "port": null}})), None, "host@d.example");
    let plain =
        form.with_account("smtp", json!({"server": {"port": null}, "tls": {"mode": "none", "ca_file": null, "client_certificate": null}}));
    assert_eq!(plain.check("en")["settings"]["accounts"]["smtp"]["server"]["port"], 25);
}

#[test]
fn the_user_sends_as_others() {
    let Some(form) = smtp() else { return };
    let mut mail = mail("sendas@d.example");
    mail["from"] = json!("Einkauf <einkauf@example.com>");
    form.send_mail(None, &mail).unwrap();
    let delivery = form.exim.delivery("sendas@d.example").unwrap();
    assert_eq!((delivery.from.as_str(), delivery.session("user")), ("einkauf@example.com", form.user.as_str()));
    assert_eq!(delivery.field("From"), "Einkauf <einkauf@example.com>");
}

#[test]
fn tls_yes_is_never_clear_text_and_no_is_none() {
    let Some(form) = smtp() else { return };
    assert_ne!(arrives(&form, None, "tls@d.example").session("tls"), "");
    let form = form.with_account("smtp", json!({"server": {"port": form.exim.port(Port::Clear)}}));
    assert_eq!(form.send(None, "never@tls.d.example").unwrap_err().code, "tls.not_offered");
    let form = form.with_account("smtp", json!({"tls": {"mode": "none"}, "auth": {"allow_cleartext": true}}));
    assert_eq!(arrives(&form, None, "notls@d.example").session("tls"), "");
    assert!(form.exim.deliveries("never@tls.d.example").is_empty());
}

#[test]
fn the_sender_address_is_the_default_and_each_message_may_bring_its_own() {
    let Some(form) = smtp() else { return };
    let usual = arrives(&form, None, "usual@sender.example");
    assert_eq!((usual.from.as_str(), usual.field("From")), ("abteilung@example.com", "abteilung@example.com"));
    let mut own = mail("own@sender.example");
    own["from"] = json!({"name": "Lager Süd", "address": "lager@example.com"});
    form.send_mail(None, &own).unwrap();
    assert_eq!(form.exim.delivery("own@sender.example").unwrap().from, "lager@example.com");
}

#[test]
fn bcc_to_sender_brings_each_mail_to_its_from_address_and_no_header_shows_it() {
    let Some(form) = smtp() else { return };
    let form = form.with(json!({"sender": {"address": "kopie@sender.example"}}));
    let mut own = mail("to@bcc.example");
    own["from"] = json!("eigene@sender.example");
    for (mail, sender) in [(mail("to@bcc.example"), "kopie@sender.example"), (own, "eigene@sender.example")] {
        let receipt = form.send_mail(None, &mail).unwrap();
        let addresses: Vec<&Value> = receipt["recipients"].as_array().unwrap().iter().map(|recipient| &recipient["address"]).collect();
        assert_eq!(addresses, ["to@bcc.example", sender]);
        let copy = form.exim.delivery(sender).unwrap();
        assert_eq!((copy.field("To"), copy.field("Bcc")), ("to@bcc.example", ""));
    }
    assert!(form.exim.deliveries("to@bcc.example").iter().all(|delivery| delivery.field("Bcc").is_empty()));
    let off = form.with(json!({"sender": {"address": "ohne@sender.example", "bcc_to_sender": false}}));
    arrives(&off, None, "off@bcc.example");
    assert!(form.exim.deliveries("ohne@sender.example").is_empty());
}

#[test]
fn the_timeout_is_in_seconds_and_ends_waiting() {
    let Some(form) = smtp() else { return };
    let silent = Scripted::start(|mut stream| stream.read_to_end(&mut Vec::new()).map(drop)).unwrap();
    let silent = form.with_account("smtp", json!({"server": {"port": silent.port, "timeout_seconds": 1}}));
    let error = silent.send(None, "never@timeout.example").unwrap_err();
    assert_eq!(error.status, Status::Timeout, "{error:?}");
    for (wrong, code) in [(json!("soon"), "settings.wrong_type"), (json!(0), "settings.out_of_range")] {
        let form = form.with_account("smtp", json!({"server": {"timeout_seconds": wrong}}));
        let [(pointer, found, _)] = form.problems("en").try_into().unwrap();
        assert_eq!((pointer.as_str(), found.as_str()), ("/accounts/smtp/server/timeout_seconds", code));
    }
}

#[test]
fn the_certificate_for_the_connection_is_shown_as_pkcs12_and_as_pem() {
    let Some(form) = smtp() else { return };
    let port = form.exim.port(Port::ClientCertificate);
    let form = form.with_account("smtp", json!({"server": {"port": port}, "auth": {"method": "none", "user": null, "password": null}}));
    assert_eq!(arrives(&form, None, "pkcs12@certificate.example").session("certificate"), "1");
    let pem = json!({"file": form.exim.files().client_pem(), "password": null});
    let by_pem = form.with_account("smtp", json!({"tls": {"client_certificate": pem}}));
    assert_eq!(arrives(&by_pem, None, "pem@certificate.example").session("certificate"), "1");
    let without = form.with_account("smtp", json!({"tls": {"client_certificate": null}}));
    assert_eq!(without.send(None, "never@certificate.example").unwrap_err().status, Status::Tls);
    let wrong = form.with_account("smtp", json!({"tls": {"client_certificate": {"password": "falsch"}}}));
    assert_eq!(wrong.failed("smtp")["pointer"], "/accounts/smtp/tls/client_certificate/password");
    assert!(form.exim.deliveries("never@certificate.example").is_empty());
}

/// Runs `openssl` in a folder, which has to succeed; what it wrote.
fn openssl(folder: &Folder, arguments: &[&str]) -> String {
    let done = Command::new("openssl").args(arguments).current_dir(folder.path()).output().unwrap();
    assert!(done.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// Makes a person's certificate, which is its own authority: `NAME.pem`, `NAME.key`, and `NAME.p12` with the password of the page.
fn certify(folder: &Folder, name: &str, address: &str) {
    let (key, pem, p12, names) =
        (format!("{name}.key"), format!("{name}.pem"), format!("{name}.p12"), format!("subjectAltName=email:{address}"));
    let mut request =
        vec!["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "400", "-subj", "/CN=Person", "-keyout", &key, "-out", &pem];
    for extension in [&names, "keyUsage=digitalSignature,keyEncipherment", "extendedKeyUsage=emailProtection"] {
        request.extend(["-addext", extension]);
    }
    openssl(folder, &request);
    openssl(folder, &["pkcs12", "-export", "-in", &pem, "-inkey", &key, "-out", &p12, "-passout", "pass:Zertifikat-7"]);
}

#[test]
fn s_mime_yes_signs_and_encrypts_and_openssl_opens_what_arrives() {
    let Some(form) = smtp() else { return };
    let (folder, own) = (Folder::new().unwrap(), Folder::new().unwrap());
    certify(&own, "own", "abteilung@example.com");
    certify(&folder, "berta", "berta@smime.example");
    let smime = |when: &str| {
        let sign = json!({"certificate": own.file("own.p12"), "password": {"secret": "p12"}});
        form.with(json!({"sender": {"smime": {"sign": sign, "encrypt": {"when": when, "certificates": folder.path()}}}}))
    };
    let yes = smime("if_possible");
    assert_eq!((yes.problems("en"), yes.warnings()), (vec![], vec![]));
    let delivery = arrives(&yes, None, "berta@smime.example");
    let mail = mail("berta@smime.example");
    let text = mail["text"].as_str().unwrap().lines().next().unwrap();
    assert!(delivery.field("Content-Type").starts_with("application/pkcs7-mime") && !delivery.text.contains(text), "{}", delivery.text);
    std::fs::write(folder.file("arrived.eml"), &delivery.text).unwrap();
    let opened =
        ["cms", "-decrypt", "-inform", "SMIME", "-in", "arrived.eml", "-inkey", "berta.key", "-recip", "berta.pem", "-out", "signed.eml"];
    openssl(&folder, &opened);
    let (signed, authority) = (folder.file("signed.eml"), "own.pem");
    let verified = openssl(&own, &["cms", "-verify", "-inform", "SMIME", "-in", signed.to_str().unwrap(), "-CAfile", authority]);
    assert!(verified.contains(text), "{verified}");
    // The step of the test knows the certificate; one without a certificate gets the mail signed, and the receipt says so.
    assert_eq!(yes.good("smtp", "smime")["facts"]["certificates"], 1);
    let receipt = yes.send(None, "carl@smime.example").unwrap();
    assert_eq!(receipt["warnings"][0]["code"], "message.smime_not_encrypted", "{receipt:#}");
    assert!(form.exim.delivery("carl@smime.example").unwrap().field("Content-Type").starts_with("multipart/signed"));
    let error = smime("always").send(None, "never@smime.example").unwrap_err();
    assert_eq!(error.at[0].code, "message.smime_no_certificate", "{error:?}");
    assert!(form.exim.deliveries("never@smime.example").is_empty());
}

#[test]
fn the_test_button_says_what_failed_and_the_log_file_has_the_details() {
    let Some(form) = smtp() else { return };
    let form = form.with_account("smtp", json!({"auth": {"password": "falsch-9"}}));
    let folder = Folder::new().unwrap();
    let host = host_with_log("de", &json!({"file": folder.file("mail.log"), "level": "trace"}));
    let report = json!(form.open_in(&host, None).unwrap().test("{}", &patience()).unwrap());
    let steps = report["steps"].as_array().unwrap();
    let failed = steps.iter().find(|step| step["status"] == "fail").unwrap();
    let said = failed["message"].as_str().unwrap();
    assert!(report["ok"] == false && said.contains("Anmeldung") && !failed["advice"].as_array().unwrap().is_empty(), "{failed:#}");
    let log = std::fs::read_to_string(folder.file("mail.log")).unwrap();
    for detail in ["smtp: test, step login: fail auth.refused", "smtp: S: 220 ", "smtp: C: AUTH NTLM", "smtp: S: 535 "] {
        assert!(log.contains(detail), "{detail} in {log}");
    }
    assert!(!log.contains("falsch-9") && !log.contains("Zertifikat-7"), "{log}");
}

#[test]
fn after_saving_the_next_call_uses_the_new_settings_in_the_same_host() {
    let Some(form) = smtp() else { return };
    let host = host_with_log("en", &Value::Null);
    let send = |form: &Form, to: &str| {
        let mut account: Account = form.open_in(&host, None).unwrap();
        account.send_document(&mail(to).to_string(), &[], &patience()).unwrap();
        form.exim.delivery(to).unwrap()
    };
    assert_eq!(send(&form, "one@saved.example").session("login"), "ntlm");
    let changed = form.with(json!({"sender": {"address": "neu@example.com"}, "accounts": {"smtp": {
        "server": {"port": form.exim.port(Port::Implicit)}, "tls": {"mode": "implicit"}, "auth": {"method": "plain", "user": form.user}}}}));
    let delivery = send(&changed, "two@saved.example");
    assert_eq!((delivery.session("login"), delivery.from.as_str()), ("plain", "neu@example.com"));
}

#[test]
fn smtp_logs_in_with_the_token_of_an_exchange_connection() {
    let Some(page) = Page::new() else { return };
    let form = &page.form;
    form.exim.dovecot().trust_tokens_of(page.exchange);
    let delivery = arrives(form, Some("smtp-oauth"), "token@oauth.example");
    assert_eq!((delivery.session("login"), delivery.session("user")), ("xoauth2", "anna"));
    assert_eq!(form.good("smtp-oauth", "login")["facts"]["mechanism"], "XOAUTH2");
    // The connection's own data decides.
    let broken = page.with_account("exchange-sales", json!({"auth": {"oauth2": {"client_secret": "falsch-9"}}}));
    let error = broken.form.send(Some("smtp-oauth"), "never@oauth.example").unwrap_err();
    assert_eq!(error.status, Status::Auth, "{error:?}");
    assert!(!format!("{error:?}").contains("falsch-9"));
    // A server without XOAUTH2 gets no token, and no other mechanism is taken.
    let only_login = page.with_account("smtp-oauth", json!({"server": {"port": form.exim.port(Port::LoginOnly)}}));
    let error = only_login.form.send(Some("smtp-oauth"), "never@oauth.example").unwrap_err();
    assert_eq!(error.code, "auth.mechanism_not_offered", "{error:?}");
    assert!(form.exim.deliveries("never@oauth.example").is_empty());
}

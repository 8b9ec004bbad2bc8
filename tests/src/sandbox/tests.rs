//! A foreign client proves the sandbox.

use super::*;
use std::process::{Command, Output};

/// Python's smtplib, which is on every machine that runs these tests.
fn python(script: &str, sandbox: &Sandbox) -> Output {
    let ports = [sandbox.port, sandbox.tls_port, sandbox.expired_port].map(|port| port.to_string());
    let prelude = "import smtplib, ssl, sys\nport, tls, expired = map(int, sys.argv[1:4])\ncontext = ssl.create_default_context(cafile=sys.argv[4])\n";
    Command::new("python3").arg("-c").arg(format!("{prelude}{script}")).args(ports).arg(&sandbox.ca_file).output().unwrap()
}

fn assert_done(output: &Output) {
    assert!(output.status.success(), "{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_foreign_client_logs_in_over_starttls_and_sends() {
    let folder = Folder::new().unwrap();
    let options = Options { folder: Some(folder.path().join("mails")), ..Options::default() };
    let sandbox = Sandbox::start(options).unwrap();
    assert_done(&python(
        "s = smtplib.SMTP('localhost', port)\ns.starttls(context=context)\ns.login('anna', 'Geheim-7')\n\
         r = s.sendmail('a@example.com', ['b@example.com', 'refused@example.com'], 'Subject: x\\r\\n\\r\\n.dot\\r\\n')\n\
         assert r['refused@example.com'][0] == 550, r\ns.quit()",
        &sandbox,
    ));
    let mails = sandbox.mails();
    assert_eq!(mails.len(), 1);
    assert_eq!((mails[0].from.as_str(), mails[0].recipients.as_slice()), ("a@example.com", ["b@example.com".to_owned()].as_slice()));
    assert_eq!(mails[0].text(), "Subject: x\r\n\r\n.dot\r\n");
    assert_eq!((mails[0].user.as_deref(), mails[0].secure), (Some("anna"), true));
    assert_eq!(std::fs::read(folder.path().join("mails/0001.eml")).unwrap(), mails[0].data);
}

#[test]
fn implicit_tls_works_and_the_expired_certificate_is_refused() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    assert_done(&python(
        "s = smtplib.SMTP_SSL('localhost', tls, context=context)\ns.sendmail('a@example.com', ['b@example.com'], 'x')\ns.quit()\n\
         try:\n  smtplib.SMTP_SSL('localhost', expired, context=context)\n  sys.exit(1)\n\
         except ssl.SSLCertVerificationError as e:\n  assert 'expired' in str(e), e",
        &sandbox,
    ));
    assert_eq!(sandbox.mails().len(), 1);
}

#[test]
fn a_wrong_password_is_refused() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    assert_done(&python(
        "s = smtplib.SMTP('localhost', port)\ntry:\n  s.login('anna', 'falsch')\n  sys.exit(1)\nexcept smtplib.SMTPAuthenticationError as e:\n  assert e.smtp_code == 535",
        &sandbox,
    ));
    assert!(sandbox.logins().is_empty());
}

#[test]
fn chunks_are_put_together() {
    let sandbox = Sandbox::start(Options::default()).unwrap();
    assert_done(&python(
        "s = smtplib.SMTP('localhost', port)\ns.ehlo()\ns.mail('a@example.com')\ns.rcpt('b@example.com')\n\
         s.send(b'BDAT 3\\r\\nabcBDAT 4 LAST\\r\\nde\\r\\n')\nassert s.getreply()[0] == 250\nassert s.getreply()[0] == 250\ns.quit()",
        &sandbox,
    ));
    assert_eq!(sandbox.mails()[0].data, b"abcde\r\n");
}

#[test]
fn what_is_left_out_is_not_offered() {
    let sandbox = Sandbox::start(Options { without: vec!["STARTTLS".to_owned(), "DSN".to_owned()], ..Options::default() }).unwrap();
    assert_done(&python(
        "s = smtplib.SMTP('localhost', port)\ns.ehlo()\nassert not s.has_extn('starttls') and not s.has_extn('dsn') and s.has_extn('size')\n\
         assert s.docmd('STARTTLS')[0] == 500",
        &sandbox,
    ));
}

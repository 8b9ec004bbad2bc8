//! Foreign clients prove the servers, so that a failing test of ours is ours.

use super::*;
use crate::certificates::PASSWORD;
use crate::dovecot::TOKEN;
use std::process::{Command, Output, Stdio};

fn run(command: &mut Command) -> (bool, String) {
    let Output { status, stdout, stderr } = command.stdin(Stdio::null()).output().unwrap();
    (status.success(), format!("{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr)))
}

fn python(exim: &Exim, port: Port, script: &str) {
    let prelude = "import smtplib, ssl, sys\nport = int(sys.argv[1])\nca = sys.argv[2]\ns = smtplib.SMTP('localhost', port)\ns.ehlo()\n";
    let mut command = Command::new("python3");
    command.arg("-c").arg(format!("{prelude}{script}")).arg(exim.port(port).to_string()).arg(exim.files().authority());
    let (done, output) = run(&mut command);
    assert!(done, "{output}\n{}", exim.log());
}

fn swaks(exim: &Exim, port: Port, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new("swaks");
    command.args(["--server", "127.0.0.1", "--from", "swaks@example.com", "--port"]).arg(exim.port(port).to_string());
    run(command.args(arguments))
}

#[test]
fn every_password_mechanism_is_accepted_from_gsasl() {
    let Some(exim) = Exim::shared() else { return };
    for mechanism in ["PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"] {
        let mut command = Command::new("gsasl");
        command.args(["--smtp", "--connect", &format!("localhost:{}", exim.port(Port::Clear)), "-m", mechanism]);
        command.args(["-a", "anna", "-z", "anna", "-p", "Geheim-7", "--no-starttls"]);
        let (done, output) = run(&mut command);
        assert!(done && output.contains("235"), "{mechanism}: {output}\n{}", exim.log());
    }
}

#[test]
fn tokens_are_checked() {
    let Some(exim) = Exim::shared() else { return };
    let script = format!(
        "import base64\nfor mechanism, text in (('XOAUTH2', 'user=anna\\x01auth=Bearer %s\\x01\\x01'), ('OAUTHBEARER', 'n,a=anna,\\x01host=localhost\\x01auth=Bearer %s\\x01\\x01')):\n  \
         for token, code in (('wrong', 535), ('{TOKEN}', 235)):\n    s = smtplib.SMTP('localhost', port)\n    s.ehlo()\n    \
         c, r = s.docmd('AUTH', mechanism + ' ' + base64.b64encode((text % token).encode()).decode())\n    \
         if c == 334: c, r = s.docmd('AQ==')\n    \
         assert c == code, (mechanism, token, c, r)\n",
    );
    python(exim, Port::Clear, &script);
}

#[test]
fn starttls_and_implicit_tls_lead_to_a_delivery() {
    let Some(exim) = Exim::shared() else { return };
    python(
        exim,
        Port::Standard,
        "s.starttls(context=ssl.create_default_context(cafile=ca))\ns.login('anna', 'Geheim-7')\ns.sendmail('a@example.com', ['rig-starttls@example.com'], 'Subject: x\\n\\ny')",
    );
    assert_eq!(exim.delivery("rig-starttls@example.com").unwrap().from, "a@example.com");
    let (done, output) = swaks(exim, Port::Implicit, &["--to", "rig-implicit@example.com", "--tls-on-connect"]);
    assert!(done, "{output}");
    assert!(exim.delivery("rig-implicit@example.com").is_some());
}

#[test]
fn each_port_speaks_exactly_its_tls_version() {
    let Some(exim) = Exim::shared() else { return };
    let versions = [("-tls1", Port::Tls10), ("-tls1_1", Port::Tls11), ("-tls1_2", Port::Tls12), ("-tls1_3", Port::Tls13)];
    for (option, _) in versions {
        for (own, port) in versions {
            let mut command = Command::new("openssl");
            command.args(["s_client", "-starttls", "smtp", "-brief", option, "-cipher", "ALL:@SECLEVEL=0", "-connect"]);
            let (_, output) = run(command.arg(format!("localhost:{}", exim.port(port))));
            assert_eq!(output.contains("CONNECTION ESTABLISHED"), option == own, "{option} at {port:?}: {output}\n{}", exim.log());
        }
    }
}

#[test]
fn a_client_certificate_is_demanded_and_read() {
    let Some(exim) = Exim::shared() else { return };
    let (done, output) = swaks(exim, Port::ClientCertificate, &["--to", "nobody@example.com", "--tls"]);
    assert!(!done, "{output}");
    python(
        exim,
        Port::ClientCertificate,
        &format!(
            "c = ssl.create_default_context(cafile=ca)\nc.load_cert_chain('{}')\ns.starttls(context=c)\ns.ehlo()\nassert s.esmtp_features['auth'].strip() == 'EXTERNAL', s.esmtp_features\n\
             r = s.docmd('AUTH EXTERNAL', 'YW5uYUBsb2NhbGhvc3Q=')\nassert r[0] == 235, r",
            exim.files().client_pem().display()
        ),
    );
    let opened = run(Command::new("openssl")
        .args(["pkcs12", "-nodes", "-passin", &format!("pass:{PASSWORD}"), "-in"])
        .arg(exim.files().client_pkcs12()));
    assert!(opened.0, "{}", opened.1);
}

#[test]
fn capabilities_and_refusals_are_as_promised() {
    let Some(exim) = Exim::shared() else { return };
    python(
        exim,
        Port::Standard,
        "assert all(map(s.has_extn, ('size', 'pipelining', 'chunking', 'dsn', 'smtputf8', '8bitmime', 'starttls'))), s.esmtp_features",
    );
    python(
        exim,
        Port::Bare,
        "assert not any(map(s.has_extn, ('pipelining', 'chunking', 'dsn', 'smtputf8', 'starttls'))), s.esmtp_features",
    );
    python(exim, Port::Small, "r = s.docmd('MAIL FROM:<a@example.com> SIZE=30000')\nassert r[0] == 552, r");
    python(exim, Port::LoginNeeded, "r = s.docmd('MAIL FROM:<a@example.com>')\nassert r[0] == 530, r");
    python(
        exim,
        Port::Standard,
        "assert s.docmd('MAIL FROM:<later@example.com>')[0] == 451\nassert s.docmd('MAIL FROM:<a@example.com>')[0] == 250\n\
         r = [s.docmd('RCPT TO:<%s@example.com>' % n)[0] for n in ('unknown', 'later', 'full', 'b')]\nassert r == [550, 451, 452, 250], r",
    );
}

#[test]
fn pop_login_opens_the_door() {
    let Some(exim) = Exim::shared() else { return };
    let script = format!(
        "import poplib\ns.mail('a@example.com')\nr = s.rcpt('rig-pop@example.com')\nassert r[0] == 550, r\ns.rset()\n\
         p = poplib.POP3('127.0.0.1', {})\np.user('anna')\np.pass_('Geheim-7')\np.quit()\ns.sendmail('a@example.com', ['rig-pop@example.com'], 'x')",
        exim.dovecot().pop3
    );
    exim.forget_pop_logins().unwrap();
    python(exim, Port::PopBefore, &script);
    assert!(exim.delivery("rig-pop@example.com").is_some());
}

#[test]
fn the_sendmail_command_delivers() {
    let Some(exim) = Exim::shared() else { return };
    let mut child = Command::new(exim.sendmail())
        .args(["-i", "-f", "a@example.com", "--", "rig-sendmail@example.com"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"Subject: x\n\n.\ny\n").unwrap();
    assert!(child.wait().unwrap().success(), "{}", exim.log());
    let delivery = exim.delivery("rig-sendmail@example.com").unwrap();
    assert_eq!(delivery.from, "a@example.com");
    assert!(delivery.text.ends_with("\n.\ny\n"), "{}", delivery.text);
}

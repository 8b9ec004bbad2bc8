//! The transport with commands made for the test: small shell scripts.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "this is a test")]

use postkontor_plugin::serde_json::{from_value, json};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Delivery, Error, Mail, Opening, Sent, Status, Transport};
use postkontor_sendmail::Sendmail;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

/// A folder with a command in it, gone after the test.
struct Folder(PathBuf);

impl Folder {
    /// The command is a shell script; `$0.args` and `$0.message` are files that it may write.
    fn with(name: &str, script: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("postkontor-sendmail-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let command = folder.join("sendmail");
        std::fs::write(&command, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&command, std::fs::Permissions::from_mode(0o755)).unwrap();
        Folder(folder)
    }

    fn read(&self, suffix: &str) -> String {
        std::fs::read_to_string(self.0.join(format!("sendmail.{suffix}"))).unwrap_or_default()
    }

    fn transport(&self) -> Sendmail {
        let settings = from_value(json!({"sendmail": {"command": self.0.join("sendmail")}})).unwrap();
        Sendmail::open(settings, &Opening { account: "test".to_owned(), ..Opening::default() }).unwrap()
    }

    fn send(&self, mail: &Mail, message: &str, deadline: Duration) -> Result<Sent, Error> {
        let host = TestHost::new().with_message(message);
        let host = if message.ends_with("FAIL") { host.failing_after(message.len()) } else { host };
        let call = host.call_within(deadline);
        // A file that was just written may still be open in a process that another test is starting (ETXTBSY).
        loop {
            match self.transport().send(mail, &mut call.body(1), &call) {
                Err(error) if error.detail.contains("os error 26") => std::thread::yield_now(),
                result => return result,
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn mail(from: &str, recipients: &[&str]) -> Mail {
    Mail {
        stream: 1,
        size: None,
        from: from.to_owned(),
        recipients: recipients.iter().map(|address| (*address).to_owned()).collect(),
        eight_bit: false,
        utf8: false,
        message_id: String::new(),
        dsn: None,
    }
}

const LONG: Duration = Duration::from_secs(60);
const KEEP: &str = r#"printf '%s\n' "$@" > "$0.args"; cat > "$0.message""#;

#[test]
fn the_command_gets_arguments_without_a_shell_and_the_message_with_local_line_endings() {
    let folder = Folder::with("args", KEEP);
    let sent = folder.send(&mail("a@b", &["c@d", "\"x; touch y\"@z"]), "Subject: x\r\n\r\n.\r\n$(id)\r\n", LONG).unwrap();
    assert_eq!(sent.recipients.len(), 2);
    assert_eq!(folder.read("args"), "-i\n-f\na@b\n--\nc@d\n\"x; touch y\"@z\n");
    assert_eq!(folder.read("message"), "Subject: x\n\n.\n$(id)\n");
    folder.send(&mail("", &["c@d"]), "x\r\n", LONG).unwrap();
    assert_eq!(folder.read("args"), "-i\n-f\n<>\n--\nc@d\n");
}

#[test]
fn a_large_message_is_streamed() {
    let folder = Folder::with("large", r#"wc -c > "$0.size""#);
    let message = "0123456789\r\n".repeat(1_000_000);
    assert_eq!(folder.send(&mail("a@b", &["c@d"]), &message, LONG).unwrap().size, 12_000_000);
    assert_eq!(folder.read("size").trim(), "11000000");
}

#[test]
fn exit_statuses_become_errors_with_what_the_command_said() {
    for (exit, status, code) in
        [(67, Status::Refused, "sendmail.no_user"), (75, Status::Later, "sendmail.later"), (78, Status::Local, "sendmail.misconfigured")]
    {
        let folder =
            Folder::with(&format!("exit{exit}"), &format!("cat > /dev/null; printf 'no\\033[31m luck\\nat all\\n' >&2; exit {exit}"));
        let error = folder.send(&mail("a@b", &["c@d"]), "x\r\n", LONG).unwrap_err();
        assert_eq!((error.status, error.code.as_str()), (status, code));
        assert_eq!(error.detail, "no [31m luck at all");
    }
}

#[test]
fn a_command_that_talks_without_end_is_not_stuck_and_cut_short() {
    let folder = Folder::with("talk", "cat > /dev/null; head -c 1000000 /dev/zero | tr '\\0' x >&2; exit 1");
    let error = folder.send(&mail("a@b", &["c@d"]), "x\r\n", LONG).unwrap_err();
    assert_eq!(error.detail.len(), 4096);
}

#[test]
fn addresses_that_look_like_options_are_refused() {
    let folder = Folder::with("options", KEEP);
    for bad in ["-oQ/tmp", "-X/tmp/x", "a@b,c@d", "|/bin/sh"] {
        let error = folder.send(&mail("a@b", &["c@d", bad]), "x\r\n", LONG).unwrap_err();
        assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Argument, "/recipients/1"));
        let error = folder.send(&mail(bad, &["c@d"]), "x\r\n", LONG).unwrap_err();
        assert_eq!((error.status, error.at[0].pointer.as_str()), (Status::Argument, "/from"));
    }
    assert_eq!(folder.read("args"), "");
}

#[test]
fn at_the_deadline_the_child_is_killed_and_the_mail_in_doubt_only_when_it_was_complete() {
    let folder = Folder::with("slow", r#"cat > /dev/null; echo $$ > "$0.pid"; exec sleep 600"#);
    let error = folder.send(&mail("a@b", &["c@d"]), "x\r\n", Duration::from_secs(2)).unwrap_err();
    assert_eq!((error.status, error.delivery), (Status::Uncertain, Delivery::Unknown));
    let pid = folder.read("pid");
    assert!(!pid.trim().is_empty() && !PathBuf::from(format!("/proc/{}", pid.trim())).exists(), "the child lives on");

    let folder = Folder::with("deaf", "exec sleep 600");
    let error = folder.send(&mail("a@b", &["c@d"]), &"x\r\n".repeat(1_000_000), Duration::from_millis(500)).unwrap_err();
    assert_eq!((error.status, error.delivery), (Status::Timeout, Delivery::None));
}

#[test]
fn a_source_that_fails_ends_the_command_before_it_takes_half_a_message_for_a_whole() {
    let folder = Folder::with("half", r#"(cat > /dev/null && touch "$0.complete") ; true"#);
    let error = folder.send(&mail("a@b", &["c@d"]), "half a messageFAIL", LONG).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (Status::Local, "message.source_failed"));
    assert!(!folder.0.join("sendmail.complete").exists());
}

#[test]
fn a_command_that_does_not_read_everything_is_not_believed() {
    let folder = Folder::with("careless", "exit 0");
    let error = folder.send(&mail("a@b", &["c@d"]), &"x\r\n".repeat(1_000_000), LONG).unwrap_err();
    assert_eq!(error.status, Status::Uncertain);
    let folder = Folder::with("choosy", "echo nonsense >&2; exit 65");
    let error = folder.send(&mail("a@b", &["c@d"]), &"x\r\n".repeat(1_000_000), LONG).unwrap_err();
    assert_eq!((error.status, error.detail.as_str()), (Status::Refused, "nonsense"));
}

#[test]
fn a_command_that_fails_has_taken_nothing_unless_it_had_the_message_for_several() {
    // Small enough to lie between the two unread.
    for script in ["exit 1", "exit 69", "exit 127", "exec /does/not/exist", "cat > /dev/null; exit 1", "cat > /dev/null; exit 127"] {
        let folder = Folder::with("fails", script);
        let error = folder.send(&mail("a@b", &["c@d", "e@f"]), "x\r\n", LONG).unwrap_err();
        assert_eq!(error.delivery, Delivery::None, "{script}");
        assert!(matches!(error.status, Status::Local | Status::Refused), "{script}: {error:?}");
    }
    let folder = Folder::with("some", "cat > /dev/null; exit 69");
    assert_eq!(folder.send(&mail("a@b", &["c@d"]), "x\r\n", LONG).unwrap_err().delivery, Delivery::None);
    assert_eq!(folder.send(&mail("a@b", &["c@d", "e@f"]), "x\r\n", LONG).unwrap_err().delivery, Delivery::Unknown);
}

#[cfg(target_os = "linux")]
#[test]
fn a_command_that_reads_nothing_and_reports_success_is_not_believed() {
    let folder = Folder::with("idle", "exit 0");
    assert_eq!(folder.send(&mail("a@b", &["c@d"]), "x\r\n", LONG).unwrap_err().status, Status::Uncertain);
    // A process that holds the input for a moment is no reader: each one that the host starts meanwhile does until its program runs.
    let folder = Folder::with("held", "exec 3<&0; (sleep 0.1) <&3 > /dev/null 2>&1 & exit 0");
    assert_eq!(folder.send(&mail("a@b", &["c@d"]), "x\r\n", LONG).unwrap_err().status, Status::Uncertain);
    // What it starts in the background may read on.
    let folder = Folder::with("background", r#"exec 3<&0; (sleep 2; cat > "$0.message") <&3 > /dev/null 2>&1 & exit 0"#);
    folder.send(&mail("a@b", &["c@d"]), "x\r\n", LONG).unwrap();
}

#[test]
fn bare_line_breaks_are_refused() {
    let folder = Folder::with("bare", r#"cat > /dev/null && touch "$0.complete""#);
    for bad in ["a\nb\r\n", "a\rb\r\n"] {
        assert_eq!(folder.send(&mail("a@b", &["c@d"]), bad, LONG).unwrap_err().code, "message.bare_line_break");
    }
    assert!(!folder.0.join("sendmail.complete").exists());
}

#[test]
fn a_command_that_is_not_there_is_named() {
    let folder = Folder::with("gone", "exit 0");
    std::fs::remove_file(folder.0.join("sendmail")).unwrap();
    let error = folder.send(&mail("a@b", &["c@d"]), "x\r\n", LONG).unwrap_err();
    assert_eq!(
        (error.status, error.code.as_str(), error.at[0].pointer.as_str()),
        (Status::Local, "sendmail.command_missing", "/sendmail/command")
    );
}

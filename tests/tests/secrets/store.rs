//! `postkontor secret`: what it keeps, foreign programs find, and what they keep, it finds.

use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use postkontor_tests::skip;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Quotes, a backslash and an umlaut, so that no text passes through a shell or a format unseen.
const SECRET: &str = r#"Wo"rt\ro & <ü 7kBuch"#;

/// A user with a folder of his own, without a session bus.
struct User(Folder);

impl User {
    fn new() -> User {
        let folder = Folder::new().unwrap();
        std::fs::create_dir_all(folder.file("home/.cache")).unwrap();
        User(folder)
    }

    fn environment(&self, command: &mut Command) {
        command.env("HOME", self.0.file("home")).env("XDG_CONFIG_HOME", self.0.file("config")).env("XDG_DATA_HOME", self.0.file("data"));
        command.env("XDG_RUNTIME_DIR", self.0.path()).env_remove("DBUS_SESSION_BUS_ADDRESS").env_remove("POSTKONTOR_SECRETS");
        command.env("LC_ALL", "C.UTF-8");
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.0.file("config").join("postkontor").join(name)
    }

    /// What the command answers, as JSON, and its exit status.
    fn secret(&self, arguments: &[&str], input: &str) -> (Value, i32) {
        let mut command = Command::new(Products::built().unwrap().command());
        self.environment(command.arg("secret").args(arguments).arg("--json"));
        let output = with_input(&mut command, input);
        (serde_json::from_slice(&output.stdout).unwrap(), output.status.code().unwrap())
    }
}

fn with_input(command: &mut Command, input: &str) -> std::process::Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // What is refused for its name is not read.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    child.wait_with_output().unwrap()
}

#[test]
fn the_encrypted_file_is_one_of_age() {
    if !Path::new("/usr/bin/age").exists() {
        return skip::because("age is not installed");
    }
    let user = User::new();
    assert_eq!(user.secret(&["set", "office/smtp"], &format!("{SECRET}\n")), (json!({"name": "office/smtp", "store": "file"}), 0));
    let opened =
        Command::new("/usr/bin/age").arg("-d").arg("-i").arg(user.file("secrets.key")).arg(user.file("secrets.age")).output().unwrap();
    let content: Value = serde_json::from_slice(&opened.stdout).unwrap();
    assert_eq!(content, json!({"version": 1, "secrets": {"office/smtp": SECRET}}));

    // What age has written for the same key, with a second recipient, the command opens.
    let key = std::fs::read_to_string(user.file("secrets.key")).unwrap();
    let recipient = key.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap();
    let mut age = Command::new("/usr/bin/age");
    // The second is a public key of nobody in particular.
    age.args(["-r", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", "-r", recipient, "-o"]).arg(user.file("secrets.age"));
    let many: serde_json::Map<String, Value> = (0..4000).map(|at| (format!("n{at:04}"), json!(format!("{SECRET} {at}")))).collect();
    let written = with_input(&mut age, &json!({"version": 1, "secrets": many}).to_string());
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let (listed, _) = user.secret(&["list"], "");
    assert_eq!(listed["secrets"].as_array().unwrap().len(), 4000);
    assert_eq!((&listed["store"], &listed["secrets"][3999]), (&json!("file"), &json!({"name": "n3999", "store": "file"})));
    assert_eq!(user.secret(&["remove", "n3999"], "").1, 0);
    let (unknown, status) = user.secret(&["remove", "n3999"], "");
    assert_eq!((unknown["code"].as_str(), status), (Some("cli.secret_unknown"), 14));
}

#[test]
fn a_damaged_file_is_named_and_stays_as_it_is() {
    let user = User::new();
    user.secret(&["set", "a"], SECRET);
    let mut content = std::fs::read(user.file("secrets.age")).unwrap();
    *content.last_mut().unwrap() ^= 1;
    std::fs::write(user.file("secrets.age"), &content).unwrap();
    for (arguments, input) in [(&["set", "b"][..], SECRET), (&["list"], ""), (&["remove", "a"], "")] {
        let (error, status) = user.secret(arguments, input);
        assert_eq!((error["code"].as_str(), status), (Some("cli.secrets_damaged"), 19));
        assert!(error["message"].as_str().unwrap().contains(user.file("secrets.age").to_str().unwrap()), "{error}");
    }
    assert_eq!(std::fs::read(user.file("secrets.age")).unwrap(), content);
}

#[test]
fn a_name_or_a_text_that_cannot_be_kept_is_refused() {
    let user = User::new();
    for (name, text, code) in [
        ("", SECRET, "cli.secret_name"),
        ("postkontor:oauth:x", SECRET, "cli.secret_name"),
        ("env:HOME", SECRET, "cli.secret_name"),
        ("a\nb", SECRET, "cli.secret_name"),
        ("a", "", "cli.secret_size"),
        ("a", "\n", "cli.secret_size"),
        ("a", &"x".repeat(70_000), "cli.secret_size"),
        ("a", &"x".repeat(300_000), "cli.secret_size"),
    ] {
        let (error, status) = user.secret(&["set", name], text);
        assert_eq!((error["code"].as_str(), status == 0), (Some(code), false), "{name:?} {}", text.len());
    }
    assert!(!user.file("secrets.age").exists());
}

/// What is done in a session with a keyring: the daemon is a foreign one, and so is the client that looks at it.
const SESSION: &str = r#"
printf pw | gnome-keyring-daemon --unlock --components=secrets >/dev/null
printf '%s' "$TEXT" | "$PK" secret set 'office/smtp' --json
secret-tool lookup service postkontor username 'office/smtp'; echo
printf '%s' "$TEXT" | secret-tool store --label=x service postkontor username foreign
"$PK" secret list --json
"$PK" test "$FOLDER/settings.json" --account main --json --plugins "$FOLDER/plugins" --timeout 20
"$PK" secret remove foreign --json
printf '%s' "$TEXT" | "$PK" secret set 'office/smtp' --store file --json
"$PK" secret remove 'office/smtp' --json
secret-tool lookup service postkontor username 'office/smtp' || echo gone
"#;

#[test]
fn the_keyring_has_what_is_kept_and_secret_tool_finds_it() {
    let programs = ["/usr/bin/gnome-keyring-daemon", "/usr/bin/secret-tool", "/usr/bin/dbus-run-session"];
    if let Some(missing) = programs.iter().find(|program| !Path::new(program).exists()) {
        return skip::because(&format!("{missing} is not installed"));
    }
    let (user, products) = (User::new(), Products::built().unwrap());
    products.plugins(user.0.path(), &["smtp"]).unwrap();
    let main = json!({"transport": "smtp", "server": {"host": "127.0.0.1", "port": 1}, "tls": {"mode": "none"},
        "auth": {"user": "anna", "password": {"secret": "foreign"}, "allow_cleartext": true}});
    std::fs::write(user.0.file("settings.json"), json!({"accounts": {"main": main}}).to_string()).unwrap();
    let mut session = Command::new("/usr/bin/dbus-run-session");
    session.args(["--", "/usr/bin/timeout", "120", "/bin/sh", "-c", SESSION]);
    user.environment(&mut session);
    let output = session.env("PK", products.command()).env("FOLDER", user.0.path()).env("TEXT", SECRET).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let told = || format!("{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(lines.len(), 8, "{}", told());
    let answer = |at: usize| serde_json::from_str::<Value>(lines[at]).unwrap_or_else(|_| panic!("{}", told()));
    assert_eq!(answer(0), json!({"name": "office/smtp", "store": "keyring"}));
    assert_eq!(lines[1], SECRET);
    let listed = answer(2);
    assert_eq!(listed["secrets"], json!([{"name": "foreign", "store": "keyring"}, {"name": "office/smtp", "store": "keyring"}]));
    assert_eq!((&listed["store"], &listed["stores"][0]), (&json!("keyring"), &json!({"store": "keyring", "available": true})));
    let step = answer(3)["steps"].as_array().unwrap().iter().find(|step| step["step"] == "secret").unwrap().clone();
    assert_eq!((&step["status"], &step["facts"]["stores"]), (&json!("ok"), &json!({"foreign": "keyring"})));
    assert_eq!(answer(4), json!({"name": "foreign", "removed": true, "store": "keyring"}));
    assert_eq!(answer(5), json!({"name": "office/smtp", "store": "file"}));
    assert_eq!((answer(6)["store"].as_str(), lines[7]), (Some("file"), "gone"));
    let secret = SECRET.replace('"', "\\\"");
    assert!(!text.lines().enumerate().any(|(at, line)| at != 1 && (line.contains(SECRET) || line.contains(&secret))), "{}", told());
}

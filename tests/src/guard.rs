//! Servers that end with the test, however it ends.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Ends its server when its own standard input ends, which happens when the test's process does, even if that was killed.
const SCRIPT: &str = r#"
trap '' INT HUP
folder=$1; shift
"$@" </dev/null & server=$!
cat >/dev/null
kill "$server" 2>/dev/null
wait "$server"
if [ -n "$folder" ]; then
  for attempt in 1 2 3 4 5; do rm -rf "$folder" && break; sleep 0.2; done
fi
"#;

/// A server under guard. Dropping it ends the server; so does the end of this process.
#[derive(Debug)]
pub struct Guard(Child);

impl Guard {
    /// Starts a server that stays in the foreground. Its output goes into `log`; `folder`, where given, is removed after it ended.
    pub fn start(command: &[&str], log: &Path, folder: Option<&Path>) -> io::Result<Guard> {
        let output = std::fs::OpenOptions::new().create(true).append(true).open(log)?;
        let mut guard = Command::new("sh");
        guard.args(["-c", SCRIPT, "guard"]).arg(folder.unwrap_or(Path::new(""))).args(as_user(command));
        guard.stdin(Stdio::piped()).stdout(output.try_clone()?).stderr(output);
        Ok(Guard(guard.spawn()?))
    }
}

impl Guard {
    /// Guards nothing but a folder, which is removed after this process ended. For what lives as long as the process.
    pub fn remover(folder: &Path) -> io::Result<Guard> {
        let mut guard = Command::new("sh");
        guard.args(["-c", "trap '' INT HUP; cat >/dev/null; rm -rf \"$1\"", "guard"]).arg(folder);
        Ok(Guard(guard.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // It ends by itself now; only this place waits for it.
        let _ = self.0.wait();
    }
}

/// User and group that servers run as: ours, or those of the user `nobody` when we are root, since servers refuse that.
pub fn user_and_group() -> io::Result<(String, String)> {
    let id = |option| Ok::<_, io::Error>(String::from_utf8_lossy(&Command::new("id").arg(option).output()?.stdout).trim().to_owned());
    match id("-un")?.as_str() {
        "root" => Ok(("nobody".to_owned(), "nogroup".to_owned())),
        user => Ok((user.to_owned(), id("-gn")?)),
    }
}

/// The command as it must be run to have [`user_and_group`], without the right to gain more (the exim4 file is set-uid).
pub fn as_user(command: &[&str]) -> Vec<String> {
    let mut words = vec!["setpriv".to_owned(), "--no-new-privs".to_owned()];
    if let Ok((user, group)) = user_and_group()
        && user == "nobody"
    {
        words.extend([format!("--reuid={user}"), format!("--regid={group}"), "--clear-groups".to_owned()]);
    }
    words.extend(command.iter().map(|word| (*word).to_owned()));
    words
}

/// Gives a folder and all that is in it to [`user_and_group`].
pub fn hand_over(folder: &Path) -> io::Result<()> {
    let (user, group) = user_and_group()?;
    let status = Command::new("chown").arg("-R").arg(format!("{user}:{group}")).arg(folder).status()?;
    if status.success() { Ok(()) } else { Err(io::Error::other("chown failed")) }
}

/// Writes a file that may be run.
pub fn write_script(path: &Path, text: &str) -> io::Result<PathBuf> {
    let mut file = std::fs::File::create(path)?;
    file.write_all(text.as_bytes())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(path.to_owned())
}

/// Asks again and again until there is an answer or the time is over.
pub fn until<T>(patience: Duration, mut question: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + patience;
    loop {
        if let Some(answer) = question() {
            return Some(answer);
        }
        if Instant::now() >= end {
            return None;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

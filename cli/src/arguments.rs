//! Reads the command line into a command and its options.

use crate::certificate::Certificate;
use crate::given::{CommandOptions, absolute, seconds, text};
use crate::import::{self, Import};
use crate::outbox;
use crate::secret;
use crate::texts::problem;
use lexopt::prelude::*;
use postkontor_core::Error;
use postkontor_import::Source;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// A command, read.
pub(crate) enum Command {
    /// Explain the command.
    Help,
    /// Say which version this is.
    Version,
    /// List the transports and the plugins that failed.
    Transports,
    /// Show a form.
    Schema {
        /// The name of a transport, or of another form; empty for the groups beside the accounts.
        name: String,
    },
    /// Check settings offline.
    Check {
        /// The settings document.
        settings: PathBuf,
    },
    /// Show the settings as a page in the browser.
    Form {
        /// The settings document, which may be one that is not there yet.
        settings: PathBuf,
    },
    /// Serve programs that can speak nothing but SMTP and POP3.
    Bridge(Bridge),
    /// Bring a settings document to today's version.
    Migrate {
        /// The settings document.
        settings: PathBuf,
        /// Whether the file is written anew.
        write: bool,
    },
    /// Keep, list or forget secrets.
    Secret {
        /// What to do.
        wanted: secret::command::Wanted,
        /// The store that is asked for.
        store: Option<secret::Choice>,
    },
    /// Show certificates, or collect those of signed mail.
    Certificate(Certificate),
    /// Find the settings for an address.
    Discover(Discover),
    /// Make a settings document of what another program keeps.
    Import(Import),
    /// Write a settings document down as another program's page has it.
    Export {
        /// The program.
        to: Source,
        /// The settings document.
        settings: PathBuf,
    },
    /// Put mails into the outbox, show what has become of them, or send them.
    Outbox(outbox::Wanted),
    /// Do something with an account.
    Account {
        /// The settings document.
        settings: PathBuf,
        /// The account's name; the document's own choice where none is given.
        account: Option<String>,
        /// The operation.
        verb: Verb,
    },
}

/// An operation on an account.
pub(crate) enum Verb {
    /// Try everything short of sending, and send a test message where an address is given.
    Test {
        /// The address.
        loop_to: Option<String>,
    },
    /// Send a message.
    Send {
        /// The message document.
        message: PathBuf,
    },
    /// List folders, or the messages of one.
    List {
        /// The folder.
        folder: Option<String>,
    },
    /// Change messages or folders.
    Apply {
        /// The request.
        request: PathBuf,
    },
    /// List messages with what stands in them, without their bodies.
    Structure(Structure),
    /// Fetch messages.
    Receive(Box<Receive>),
    /// Fetch what comes until it is stopped.
    Watch(Box<Receive>),
    /// Ask a person for consent.
    Authorize,
}

/// The request to fetch.
pub(crate) struct Receive {
    /// The folder that messages are written to.
    pub(crate) to: PathBuf,
    /// The mailbox folder to fetch from.
    pub(crate) folder: Option<String>,
    /// The file that remembers what was fetched.
    pub(crate) state: Option<PathBuf>,
    /// At most so many messages.
    pub(crate) max: Option<u64>,
    /// At most so many bytes.
    pub(crate) max_bytes: Option<u64>,
    /// Which messages, as JSON.
    pub(crate) filter: Option<String>,
    /// What happens to a fetched message at the server: `keep`, `seen` or `delete`.
    pub(crate) action: Option<String>,
    /// How many seconds to wait for new messages where there are none.
    pub(crate) wait: u64,
    /// Only the message with this id, whether it was fetched before or not.
    pub(crate) message: Option<String>,
    /// Of that only the part with this number.
    pub(crate) section: Option<String>,
    /// Of that only so many bytes.
    pub(crate) first_bytes: Option<u64>,
}

/// The request to serve other programs.
pub(crate) struct Bridge {
    /// The settings document.
    pub(crate) settings: PathBuf,
    /// Whether what they hand over is sent from here.
    pub(crate) works: bool,
}

/// The request to find settings.
pub(crate) struct Discover {
    /// The address; that of the request where none is given.
    pub(crate) address: Option<String>,
    /// The file with the request.
    pub(crate) request: Option<PathBuf>,
    /// The file that the best settings are written to.
    pub(crate) write: Option<PathBuf>,
}

/// The request to list what stands in messages.
pub(crate) struct Structure {
    /// The mailbox folder.
    pub(crate) folder: Option<String>,
    /// Which messages, as JSON.
    pub(crate) filter: Option<String>,
    /// At most so many messages.
    pub(crate) max: Option<u64>,
    /// Only the message with this id.
    pub(crate) message: Option<String>,
    /// How much of each the summary tells: `structure`.
    pub(crate) summary: String,
}

/// How long each round of `watch` waits. It fetches what comes at once, whatever this is.
const ROUND: u64 = 300;

/// How many messages a round of `watch` fetches: so often the state is kept while a full mailbox comes in.
const ROUND_MESSAGES: u64 = 500;

/// The options that every command takes.
#[derive(Default)]
pub(crate) struct Options {
    /// Print the result as JSON.
    pub(crate) json: bool,
    /// The language of the texts; the user's where none is given.
    pub(crate) language: Option<String>,
    /// Folders with plugins, before the default one.
    pub(crate) plugins: Vec<PathBuf>,
    /// The call's deadline.
    pub(crate) timeout: Option<Duration>,
    /// The file that log and transcript go to.
    pub(crate) trace: Option<PathBuf>,
}

const COMMAND_OPTIONS: &[&str] = &[
    "account",
    "message",
    "folder",
    "to",
    "state",
    "max",
    "max-bytes",
    "filter",
    "action",
    "loop",
    "wait",
    "section",
    "first-bytes",
    "summary",
    "request",
    "store",
    "of",
    "write",
    "from",
    "settings",
    "ca-file",
    "password-file",
    "key",
    "queue",
    "not-before",
    "give-up-at",
    "priority",
    "as",
    "message-id",
    "since",
    "until",
    "after",
    "order",
    "lanes",
    "seconds",
];

/// Those that have no value, with the command that they stand behind.
const SWITCHES: &[(&str, &str)] = &[("migrate", "write"), ("import", "keep-secrets"), ("bridge", "no-work"), ("outbox", "service")];

/// Reads the command line. The options are returned beside the error, too, as far as they were understood: they say in which
/// form and language the error is wanted.
pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> (Options, Result<Command, Error>) {
    let mut options = Options::default();
    let command = command(lexopt::Parser::from_iter(arguments), &mut options);
    (options, command)
}

fn command(mut parser: lexopt::Parser, options: &mut Options) -> Result<Command, Error> {
    let mut words: Vec<OsString> = Vec::new();
    let mut given = CommandOptions::default();
    let (mut early, mut wrong) = (None, None);
    loop {
        match next(&mut parser, words.first(), options, &mut given) {
            Ok(Some(Part::Word(word))) => words.push(word),
            Ok(Some(Part::Command(command))) => early = early.or(Some(command)),
            Ok(Some(Part::Option)) => {}
            Ok(None) => break,
            // Reading goes on, because the options behind say how the error is wanted.
            Err(error) => wrong = wrong.or(Some(error)),
        }
    }
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    if let Some(early) = early {
        return Ok(early);
    }
    let mut words = words.into_iter();
    let Some(name) = words.next() else { return Err(problem("cli.command_missing")) };
    let name = text("command", name)?;
    let command = named(&name, &mut words, &mut given)?;
    if let Some(extra) = words.next() {
        return Err(problem("cli.argument_extra").arg("argument", extra.to_string_lossy()));
    }
    if let Some((option, _)) = given.0.pop_first() {
        return Err(problem("cli.option_unsuitable").arg("option", format!("--{option}")).arg("command", name));
    }
    Ok(command)
}

/// A part of the command line.
enum Part {
    /// The command or one of its arguments.
    Word(OsString),
    /// A command in the shape of an option.
    Command(Command),
    /// An option, noted.
    Option,
}

/// `command` is the first word, where it was read already.
fn next(
    parser: &mut lexopt::Parser,
    command: Option<&OsString>,
    options: &mut Options,
    given: &mut CommandOptions,
) -> Result<Option<Part>, Error> {
    let unreadable = |error: lexopt::Error| problem("cli.unreadable").detail(error.to_string());
    let Some(argument) = parser.next().map_err(unreadable)? else { return Ok(None) };
    match argument {
        Value(word) => return Ok(Some(Part::Word(word))),
        Short('h') | Long("help") => return Ok(Some(Part::Command(Command::Help))),
        Short('V') | Long("version") => return Ok(Some(Part::Command(Command::Version))),
        Long("json") => options.json = true,
        Long("lang") => options.language = Some(text("lang", parser.value().map_err(unreadable)?)?),
        Long("plugins") => options.plugins.push(absolute("plugins", parser.value().map_err(unreadable)?)?),
        Long("trace") => options.trace = Some(parser.value().map_err(unreadable)?.into()),
        Long("timeout") => options.timeout = Some(seconds(parser.value().map_err(unreadable)?)?),
        Long(name) => {
            if let Some((_, switch)) = SWITCHES.iter().find(|(of, switch)| *switch == name && command.is_some_and(|command| command == of))
            {
                given.0.insert(switch, OsString::new());
                return Ok(Some(Part::Option));
            }
            let Some(option) = COMMAND_OPTIONS.iter().find(|option| **option == name) else {
                let unknown = problem("cli.option_unknown").arg("option", format!("--{name}"));
                // A value behind its `=` belongs to it.
                drop(parser.optional_value());
                return Err(unknown);
            };
            let value = parser.value().map_err(unreadable)?;
            if given.0.insert(option, value).is_some() {
                return Err(problem("cli.option_twice").arg("option", format!("--{option}")));
            }
        }
        Short(name) => return Err(problem("cli.option_unknown").arg("option", format!("-{name}"))),
    }
    Ok(Some(Part::Option))
}

fn schema(words: &mut impl Iterator<Item = OsString>, given: &mut CommandOptions) -> Result<Command, Error> {
    let of = given.0.remove("of").or_else(|| words.next());
    Ok(Command::Schema { name: of.map(|name| text("NAME", name)).transpose()?.unwrap_or_default() })
}

fn migrate(file: OsString, given: &mut CommandOptions) -> Command {
    Command::Migrate { settings: file.into(), write: given.0.remove("write").is_some() }
}

fn named(name: &str, words: &mut impl Iterator<Item = OsString>, given: &mut CommandOptions) -> Result<Command, Error> {
    let missing = |what: &str| problem("cli.argument_missing").arg("command", name).arg("argument", what);
    let command = match name {
        "help" => Command::Help,
        "transports" => Command::Transports,
        "schema" => schema(words, given)?,
        "migrate" => migrate(words.next().ok_or_else(|| missing("FILE"))?, given),
        "check" => Command::Check { settings: words.next().ok_or_else(|| missing("FILE"))?.into() },
        "bridge" => {
            let settings = words.next().ok_or_else(|| missing("FILE"))?.into();
            Command::Bridge(Bridge { settings, works: given.0.remove("no-work").is_none() })
        }
        "form" => Command::Form { settings: words.next().ok_or_else(|| missing("FILE"))?.into() },
        "certificate" => Command::Certificate(Certificate::read(words, given)?),
        "outbox" => Command::Outbox(outbox::read(words, given)?),
        "import" | "export" | "discover" => elsewhere(name, words, given)?,
        "secret" => {
            let wanted = secret::command::Wanted::read(&mut words.by_ref().map(|word| text("secret", word)))?;
            Command::Secret { wanted, store: given.text("store")?.map(|word| secret::Choice::read(&word)).transpose()? }
        }
        "test" | "send" | "list" | "apply" | "receive" | "watch" | "authorize" => {
            let settings = words.next().ok_or_else(|| missing("FILE"))?.into();
            let account = given.text("account")?;
            let verb = match name {
                "test" => Verb::Test { loop_to: given.text("loop")? },
                "send" => Verb::Send { message: given.0.remove("message").ok_or_else(|| missing("--message"))?.into() },
                "list" => listing(given)?,
                "apply" => Verb::Apply { request: given.0.remove("request").ok_or_else(|| missing("--request"))?.into() },
                "authorize" => Verb::Authorize,
                _ => {
                    let is_watch = name == "watch";
                    let receive = Receive {
                        to: absolute("to", given.0.remove("to").ok_or_else(|| missing("--to"))?)?,
                        folder: given.text("folder")?,
                        state: given.0.remove("state").map(PathBuf::from),
                        max: if is_watch { Some(ROUND_MESSAGES) } else { given.number("max")? },
                        max_bytes: given.number("max-bytes")?,
                        filter: given.text("filter")?,
                        action: given.text("action")?,
                        wait: match given.number("wait")? {
                            // It would log in again and again without a pause.
                            Some(0) if is_watch => return Err(problem("cli.number_invalid").arg("option", "--wait").arg("value", "0")),
                            Some(wait) => wait,
                            None if is_watch => ROUND,
                            None => 0,
                        },
                        message: if is_watch { None } else { given.text("message")? },
                        section: if is_watch { None } else { given.text("section")? },
                        first_bytes: if is_watch { None } else { given.number("first-bytes")? },
                    };
                    if is_watch { Verb::Watch(Box::new(receive)) } else { Verb::Receive(Box::new(receive)) }
                }
            };
            Command::Account { settings, account, verb }
        }
        _ => return Err(problem("cli.command_unknown").arg("command", name)),
    };
    Ok(command)
}

/// The commands whose settings come from elsewhere, or go there.
fn elsewhere(name: &str, words: &mut impl Iterator<Item = OsString>, given: &mut CommandOptions) -> Result<Command, Error> {
    let missing = |what: &str| problem("cli.argument_missing").arg("command", name).arg("argument", what);
    Ok(match name {
        "import" => {
            let from = given.text("from")?.ok_or_else(|| missing("--from"))?;
            let keep_secrets = given.0.remove("keep-secrets").is_some();
            let file = words.next().ok_or_else(|| missing("FILE"))?.into();
            Command::Import(Import { from: import::source("--from", &from)?, file, keep_secrets })
        }
        "export" => {
            let to = given.text("to")?.ok_or_else(|| missing("--to"))?;
            Command::Export { to: import::source("--to", &to)?, settings: words.next().ok_or_else(|| missing("FILE"))?.into() }
        }
        _ => {
            let request = given.0.remove("request").map(PathBuf::from);
            let address = words.next().map(|word| text("ADDRESS", word)).transpose()?;
            if address.is_none() && request.is_none() {
                return Err(missing("ADDRESS"));
            }
            Command::Discover(Discover { address, request, write: given.0.remove("write").map(PathBuf::from) })
        }
    })
}

fn listing(given: &mut CommandOptions) -> Result<Verb, Error> {
    let folder = given.text("folder")?;
    let Some(summary) = given.text("summary")? else { return Ok(Verb::List { folder }) };
    let (filter, max, message) = (given.text("filter")?, given.number("max")?, given.text("message")?);
    Ok(Verb::Structure(Structure { folder, filter, max, message, summary }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> (Options, Result<Command, Error>) {
        read(std::iter::once("postkontor").chain(line.split_whitespace()).map(OsString::from))
    }

    fn code(line: &str) -> String {
        match parse(line).1 {
            Ok(_) => panic!("accepted: {line}"),
            Err(error) => error.code.clone(),
        }
    }

    #[test]
    fn options_may_stand_anywhere() {
        for line in ["--json test s.json --account a --timeout 2.5", "test --timeout=2.5 --account=a --json s.json"] {
            let (options, command) = parse(line);
            assert!(options.json, "{line}");
            assert_eq!(options.timeout, Some(Duration::from_millis(2500)), "{line}");
            let Ok(Command::Account { settings, account, verb: Verb::Test { .. } }) = command else { panic!("{line}") };
            assert_eq!((settings.to_str(), account.as_deref()), (Some("s.json"), Some("a")), "{line}");
        }
    }

    #[test]
    fn no_option_is_accepted_and_ignored() {
        assert_eq!(code("check s.json --account a"), "cli.option_unsuitable");
        assert_eq!(code("test s.json --message m.json"), "cli.option_unsuitable");
        assert_eq!(code("test s.json t.json"), "cli.argument_extra");
        assert_eq!(code("test s.json --password x"), "cli.option_unknown");
        assert_eq!(code("test s.json -x"), "cli.option_unknown");
        assert_eq!(code("watch s.json --to in --max 5"), "cli.option_unsuitable");
        assert_eq!(code("list s.json --wait 5"), "cli.option_unsuitable");
        assert_eq!(code("watch s.json --to in --wait 0"), "cli.number_invalid");
        assert_eq!(code("test s.json --account a --account b"), "cli.option_twice");
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(code(""), "cli.command_missing");
        assert_eq!(code("post s.json"), "cli.command_unknown");
        assert_eq!(code("test"), "cli.argument_missing");
        assert_eq!(parse("send s.json").1.err().unwrap().args["argument"], "--message");
        assert_eq!(parse("receive s.json").1.err().unwrap().args["argument"], "--to");
    }

    #[test]
    fn a_timeout_is_a_positive_number_of_seconds() {
        for line in ["test s --timeout 0", "test s --timeout -1", "test s --timeout NaN", "test s --timeout 1e99", "test s --timeout soon"]
        {
            assert_eq!(code(line), "cli.number_invalid", "{line}");
        }
    }

    #[test]
    fn an_error_leaves_the_options_readable() {
        let (options, command) = parse("nonsense --password=x --json --lang de");
        assert!(command.is_err());
        assert!(options.json);
        assert_eq!(options.language.as_deref(), Some("de"));
    }
}

//! What the documents repeat from the sources is compared with them: the README's programs, its transports, all codes.
//!
//! `POSTKONTOR_WRITE_DOCS=1 cargo test -p postkontor-tests --test docs` writes what these tests compare.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, reason = "a test")]

use postkontor_core::Host;
use postkontor_tests::folder::Folder;
use postkontor_tests::products::Products;
use postkontor_tests::sandbox::{Options, Sandbox};
use postkontor_tests::skip;
use postkontor_tests::strangers::root;
use postkontor_tests::transports;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Compares the part of a document between two marks with what it should be, or writes it.
fn compare(file: &str, begin: &str, end: &str, expected: &str) {
    let path = root().join(file);
    let document = fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(begin).unwrap_or_else(|| panic!("{file} has no {begin:?}"));
    let (found, after) = rest.split_once(end).unwrap_or_else(|| panic!("{file} has no {end:?} behind {begin:?}"));
    if std::env::var_os("POSTKONTOR_WRITE_DOCS").is_some() {
        fs::write(&path, format!("{before}{begin}{expected}{end}{after}")).unwrap();
        return;
    }
    assert_eq!(found, expected, "{file} is stale; see the top of this test");
}

/// The lines of a program between the two lines with `README`, without their common indentation.
fn shown(file: &str) -> String {
    let program = fs::read_to_string(root().join(file)).unwrap();
    let lines: Vec<&str> = program.lines().collect();
    let marks: Vec<usize> =
        (0..lines.len()).filter(|index| lines[*index].trim().trim_matches(['(', ')', '/', '*', ' ']) == "README").collect();
    let [begin, end] = marks[..] else { panic!("{file} has {} marks", marks.len()) };
    let indent = lines[begin].len() - lines[begin].trim_start().len();
    lines[begin + 1..end].iter().map(|line| format!("{}\n", line.get(indent..).unwrap_or_default())).collect()
}

#[test]
fn each_dialogue_lies_with_its_brand_and_is_played_by_a_plugin() {
    let (folder, mut dialogues, mut brands) = (root().join("tests/transcripts"), 0, Vec::new());
    for brand in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        for file in fs::read_dir(&brand).unwrap().map(|entry| entry.unwrap().path()) {
            let text = fs::read_to_string(&file).unwrap();
            let member = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap();
            let played = fs::read_to_string(root().join("plugins").join(member("protocol")).join("tests/dialogues.rs")).unwrap_or_default();
            assert!(played.contains("tests/transcripts") && file.extension().is_some_and(|end| end == "txt"), "{}", file.display());
            assert_eq!(member("brand").to_lowercase().replace(' ', "-"), brand.file_name().unwrap().to_str().unwrap());
            dialogues += 1;
        }
        brands.push(brand);
    }
    assert!(dialogues >= 40 && brands.len() >= 25, "{dialogues} dialogues of {} brands", brands.len());
}

#[test]
fn the_readme_shows_the_programs_as_they_are() {
    for (file, language) in [("examples/c/send.c", "c"), ("examples/delphi/send.dpr", "pascal")] {
        let program = shown(file);
        assert!(program.lines().count() <= 10, "{file}: ten lines are promised");
        compare("README.md", &format!("```{language}\n"), "```\n", &program);
    }
    compare("README.md", "```csharp\n", "```\n", &shown("examples/dotnet/Receive.cs"));
}

#[test]
fn the_readme_lists_the_transports_and_what_they_can_do() {
    let folder = Folder::new().unwrap();
    let names: Vec<String> = transports::shipped().unwrap().into_iter().map(|transport| transport.name).collect();
    let plugins = Products::built().unwrap().plugins(folder.path(), &names).unwrap();
    let host = Host::open(&json!({ "plugins": [plugins] }).to_string(), Box::new(())).unwrap();
    let listed: Vec<Value> = host.transports().iter().map(|transport| serde_json::json!(transport)).collect();
    let mut table = "\n| Transport | What it is | Test | Send | List | Receive |\n|---|---|---|---|---|---|\n".to_owned();
    for name in names {
        let entry = listed.iter().find(|entry| entry["name"] == name.as_str()).unwrap_or_else(|| panic!("{name} is missing: {listed:?}"));
        let manifest = fs::read_to_string(root().join("plugins").join(&name).join("Cargo.toml")).unwrap();
        let about = manifest.lines().find_map(|line| line.strip_prefix("description = \"")?.strip_suffix('"')).unwrap();
        let about = about.split_once(": ").map_or(about, |(_, about)| about);
        let operations = entry["operations"].as_array().unwrap();
        let can = |operation: &str| if operations.contains(&json!(operation)) { "yes" } else { "" };
        table += &format!("| `{name}` | {about} | {} | {} | {} | {} |\n", can("test"), can("send"), can("list"), can("receive"));
    }
    table.push('\n');
    compare("README.md", "<!-- transports -->\n", "<!-- transports -->", &table);
}

#[test]
fn every_code_is_listed() {
    let mut sources = vec![
        ("core".to_owned(), "Host".to_owned()),
        ("plugins/sdk".to_owned(), "Shared by the transports".to_owned()),
        ("cli".to_owned(), "The command `postkontor`".to_owned()),
        ("import".to_owned(), "What an import leaves out".to_owned()),
        ("bridge".to_owned(), "The bridge".to_owned()),
        ("outbox".to_owned(), "The outbox".to_owned()),
    ];
    let transports = transports::shipped().unwrap().into_iter();
    sources.splice(2..2, transports.map(|transport| (transport.folder, format!("Transport `{}`", transport.name))));
    let mut page = String::new();
    for (folder, title) in sources {
        let texts = fs::read_to_string(root().join(&folder).join("locales/en.json")).unwrap();
        let texts: Value = serde_json::from_str(&texts).unwrap();
        for (kind, name) in [("codes", ""), ("advice", ": advice")] {
            // Titles of steps and single words are no codes that anything ends with.
            let wanted = |code: &&String| !["step.", "loop.", "operation.", "stage."].iter().any(|prefix| code.starts_with(prefix));
            let sentences = texts[kind].as_object().into_iter().flatten();
            let mut rows: Vec<_> = sentences.filter(|(code, text)| wanted(code) && text.as_str().unwrap().contains(' ')).collect();
            rows.sort_by_key(|(code, _)| *code);
            if !rows.is_empty() {
                page += &format!("\n## {title}{name}\n\n| Code | Sentence |\n|---|---|\n");
            }
            for (code, text) in rows {
                page += &format!("| `{code}` | {} |\n", text.as_str().unwrap().replace('\n', " ").replace('|', "\\|").replace('<', "\\<"));
            }
        }
    }
    page.push('\n');
    compare("docs/codes.md", "<!-- codes -->\n", "<!-- codes -->", &page);
}

/// Each status of the header has a row that says what to do, and none has two.
#[test]
fn the_page_for_c_says_what_to_do_with_each_status() {
    let read = |file: &str| fs::read_to_string(root().join(file)).unwrap();
    let (header, page) = (read("include/postkontor.h"), read("docs/c-abi.md"));
    let defined = |line: &str| {
        let (name, number) = line.strip_prefix("#define POSTKONTOR_")?.split_once(' ')?;
        number.parse::<u32>().ok().map(|number| format!("{number} {name}"))
    };
    let (_, statuses) = header.split_once("#define POSTKONTOR_OK 0").unwrap();
    let (statuses, _) = statuses.split_once("#define POSTKONTOR_LOG_").unwrap();
    let statuses: Vec<String> = std::iter::once("0 OK".to_owned()).chain(statuses.lines().filter_map(defined)).collect();
    let (_, rows) = page.split_once("| Status | Do |\n|---|---|\n").unwrap();
    let rows: Vec<(&str, &str)> = rows.lines().map_while(|row| row.strip_prefix("| ")?.split_once(" | ")).collect();
    let mut told: Vec<String> = rows.iter().flat_map(|(names, _)| names.split(", ").map(str::to_owned)).collect();
    told.sort_by_key(|status| statuses.iter().position(|known| known == status));
    assert_eq!(told, statuses);
    // What somebody has mistyped has the status of what a program does wrong; the row has to tell them apart.
    let (_, argument) = rows.iter().find(|(names, _)| *names == "1 ARGUMENT").unwrap();
    assert!(
        argument.contains("`\"of\":\"message\"`") && argument.contains("mistyped") && argument.contains("the program is wrong"),
        "{argument}"
    );
}

/// Nothing in the TLS settings asks for revocation, and who reads of verification has to learn that there.
#[test]
fn the_settings_page_says_that_revocation_is_not_asked() {
    let page = fs::read_to_string(root().join("docs/settings.md")).unwrap();
    let said = page.split("\n\n").find(|paragraph| paragraph.contains("Revocation is not asked")).unwrap_or_default();
    for part in ["CRL", "OCSP", "`tls.pin`"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn no_link_leads_nowhere() {
    let mut pages: Vec<PathBuf> = fs::read_dir(root().join("docs")).unwrap().map(|page| page.unwrap().path()).collect();
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.extend([root().join("README.md"), root().join("CHANGELOG.md")]);
    let mut broken = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link) {
            let file = link.split('#').next().unwrap_or_default();
            if !link.contains("://") && !file.is_empty() && !page.parent().unwrap_or(Path::new("/")).join(file).exists() {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert_eq!(broken, Vec::<String>::new());
}

/// Compiles a program of the README into a folder with the library and the plugin smtp, lets it send, and looks what arrived.
#[cfg(target_os = "linux")]
fn sends(compile: impl FnOnce(&Path) -> Command) {
    let products = Products::built().unwrap();
    let folder = Folder::new().unwrap();
    for name in ["libpostkontor.so", "libpostkontor.so.1"] {
        fs::copy(products.library(), folder.file(name)).unwrap();
    }
    products.plugins(folder.path(), &["smtp"]).unwrap();
    let output = compile(folder.path()).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    let sandbox = Sandbox::start(Options::default()).unwrap();
    let settings = |password: &str| {
        json!({"accounts": {"main": {"transport": "smtp", "server": {"host": "localhost", "port": sandbox.port},
                "tls": {"ca_file": sandbox.ca_file}, "auth": {"user": "anna", "password": password}}},
            "sender": {"address": "anna@example.com"}, "send": {"account": "main"}})
    };
    let message = json!({"to": ["bob@example.com"], "subject": "Invoice 4711", "text": "Hello Bob"}).to_string();
    let run = |password: &str| {
        let mut program = Command::new(folder.file("send"));
        let output = program.args([r#"{"language":"de"}"#, &settings(password).to_string(), &message]).output().unwrap();
        (output.status.code(), text(&output.stdout))
    };
    let (status, said) = run("Geheim-7");
    assert!(status == Some(0) && said.contains("\"message_id\""), "{said}");
    assert_eq!(sandbox.mails().len(), 1);
    let (status, said) = run("falsch");
    assert!(status == Some(5) && said.contains("hat die Anmeldung"), "{said}");
}

#[test]
#[cfg(target_os = "linux")]
fn the_c_program_of_the_readme_sends() {
    sends(|folder| {
        let mut gcc = Command::new("gcc");
        gcc.current_dir(root()).args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Iinclude", "examples/c/send.c", "-o"]);
        gcc.arg(folder.join("send")).arg("-L").arg(folder).args(["-lpostkontor", "-Wl,-rpath,$ORIGIN"]);
        gcc
    });
}

#[test]
#[cfg(target_os = "linux")]
fn the_delphi_program_of_the_readme_sends() {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    if !std::env::split_paths(&paths).any(|folder| folder.join("fpc").exists()) {
        return skip::because("fpc is not installed");
    }
    sends(|folder| {
        let mut fpc = Command::new("fpc");
        let here = folder.display();
        fpc.current_dir(root()).args(["-Mdelphi", "-vew", "-Fuffi/bindings/delphi"]);
        fpc.args([format!("-FE{here}"), format!("-Fl{here}"), format!("-k-rpath={here}")]).arg("examples/delphi/send.dpr");
        fpc
    });
}

/// Words that hide who acts, and one for which the protocols have a term.
const RIDDLES: [&[&str]; 5] = [&["nobody"], &["whoever"], &["is", "told"], &["are", "told"], &["takes", "leave"]];

/// Where the words stand in a text: also across line breaks, and the marks of comments in between.
fn riddles(text: &str) -> Vec<String> {
    // An address is no word, nor is a comment in one.
    let text = text.to_lowercase().replace("nobody@", "").replace("(nobody)", "").replace("[nobody]", "");
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let around = |at: usize| words[at.saturating_sub(4)..(at + 6).min(words.len())].join(" ");
    (0..words.len()).filter(|at| RIDDLES.iter().any(|riddle| words[*at..].starts_with(riddle))).map(around).collect()
}

/// All files with words for readers in a folder.
fn readable(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let (name, end) = (path.file_name().unwrap().to_string_lossy(), path.extension().unwrap_or_default().to_string_lossy());
        if path.is_dir() && !["target", "bin", "obj", "node_modules", "__pycache__"].contains(&&*name) {
            readable(&path, files);
        } else if ["bas", "c", "cs", "dpr", "frm", "h", "md", "pas", "py", "rs", "txt"].contains(&&*end) {
            files.push(path);
        }
    }
}

#[test]
fn each_sentence_says_who_acts() {
    assert_eq!(riddles("For\n * whoever asks.\n/// It is\n/// told."), ["for whoever asks it is told", "for whoever asks it is told"]);
    let mut files = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    let plugins = ["abi", "sdk/src", "smtp/src", "pop3/src", "imap/src", "exchange-ews/src", "graph/src", "sendmail"];
    for folder in
        ["docs", "include", "examples", "core/src", "discover/src", "import/src", "keyfile", "reader/src", "smime", "ffi", "cli", "xtask"]
    {
        readable(&root().join(folder), &mut files);
    }
    for folder in plugins {
        readable(&root().join("plugins").join(folder), &mut files);
    }
    assert!(files.len() > 150, "{files:?}");
    let found =
        files.iter().flat_map(|file| riddles(&fs::read_to_string(file).unwrap()).into_iter().map(move |words| (file.clone(), words)));
    let found: Vec<(PathBuf, String)> = found.collect();
    assert!(found.is_empty(), "name the subject of these sentences: {found:#?}");
}

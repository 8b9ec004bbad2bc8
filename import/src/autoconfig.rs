//! The XML of autoconfiguration, `clientConfig` of version 1.1: the servers of a provider.

use crate::draft::Draft;
use crate::{login, thunderbird};
use quick_xml::Reader;
use quick_xml::events::Event;
use std::collections::BTreeMap;

/// How deep elements may be nested; a configuration has five levels.
const DEEPEST: usize = 32;

/// A server of the provider.
#[derive(Default)]
struct Server {
    is_outgoing: bool,
    kind: String,
    /// The first value of each element within it; of `authentication` the others, too.
    values: BTreeMap<String, String>,
    other_methods: Vec<String>,
}

/// Carries a configuration over.
pub(crate) fn read(text: &str, draft: &mut Draft) {
    let servers = match servers(text) {
        Ok(servers) => servers,
        Err(code) => return draft.leave_out("", code).end(),
    };
    if servers.is_empty() {
        draft.leave_out("", "import.nothing_found");
    }
    for server in &servers {
        account(server, draft);
    }
    if draft.has("smtp") {
        draft.set("/send/account", "smtp");
    }
    if let Some(id) = ["imap", "pop3"].into_iter().find(|id| draft.has(id)) {
        draft.set("/receive/account", id);
        if id == "imap" && draft.has("smtp") {
            draft.set("/accounts/imap/imap/via", "smtp");
        }
    }
    let ids = draft.accounts();
    ids.iter().for_each(|id| login::complete(id, draft));
}

fn servers(text: &str) -> Result<Vec<Server>, &'static str> {
    let mut reader = Reader::from_str(text);
    let (mut path, mut servers, mut current) = (Vec::<String>::new(), Vec::new(), None::<Server>);
    let mut content = String::new();
    loop {
        match reader.read_event().map_err(|_| "import.xml_broken")? {
            // Entities of its own are what makes a small file large.
            Event::DocType(_) => return Err("import.xml_doctype"),
            Event::Start(element) => {
                let name = local(element.name().as_ref());
                if path.len() >= DEEPEST {
                    return Err("import.xml_broken");
                }
                if matches!(name.as_str(), "incomingServer" | "outgoingServer") && current.is_none() {
                    let kind = element.attributes().flatten().find(|attribute| attribute.key.as_ref() == "type");
                    let kind = kind.map(|attribute| attribute.value.to_lowercase()).unwrap_or_default();
                    current = Some(Server { is_outgoing: name == "outgoingServer", kind, ..Server::default() });
                }
                path.push(name);
                content.clear();
            }
            Event::Text(piece) => content.push_str(&piece),
            Event::CData(piece) => content.push_str(&piece),
            Event::GeneralRef(reference) => match reference.resolve_char_ref() {
                Ok(Some(character)) => content.push(character),
                _ => content.push_str(resolved(&reference)),
            },
            Event::End(_) => {
                let name = path.pop().unwrap_or_default();
                let is_server = matches!(name.as_str(), "incomingServer" | "outgoingServer");
                if let Some(server) = &mut current
                    && !is_server
                {
                    let value = std::mem::take(&mut content).trim().to_owned();
                    match server.values.entry(name) {
                        std::collections::btree_map::Entry::Vacant(free) => {
                            free.insert(value);
                        }
                        taken if taken.key() == "authentication" => server.other_methods.push(value),
                        _ => {}
                    }
                }
                if is_server {
                    servers.extend(current.take());
                }
            }
            Event::Eof => return if path.is_empty() { Ok(servers) } else { Err("import.xml_broken") },
            _ => {}
        }
    }
}

fn local(name: &str) -> String {
    name.rsplit(':').next().unwrap_or_default().to_owned()
}

/// The five references that every XML has; others are nothing.
fn resolved(name: &str) -> &'static str {
    match name {
        "amp" => "&",
        "lt" => "<",
        "gt" => ">",
        "quot" => "\"",
        "apos" => "'",
        _ => "",
    }
}

fn account(server: &Server, draft: &mut Draft) {
    let value = |name: &str| server.values.get(name).map(String::as_str).unwrap_or_default();
    let transport = match (server.is_outgoing, server.kind.as_str()) {
        (true, "smtp" | "") => "smtp",
        (false, "imap") => "imap",
        (false, "pop3") => "pop3",
        (_, kind) => {
            draft.leave_out(value("hostname"), "import.server_type").arg("type", crate::draft::shortened(kind));
            return;
        }
    };
    let host = value("hostname");
    let field = |name: &str| format!("{transport} {host}: {name}");
    if draft.has(transport) {
        return draft.leave_out(&field("hostname"), "import.further_server").end();
    }
    if host.is_empty() || host.contains('%') {
        return draft.leave_out(&field("hostname"), "import.placeholder").end();
    }
    let place = format!("/accounts/{transport}");
    draft.set(&format!("{place}/transport"), transport);
    draft.set(&format!("{place}/server/host"), host);
    match value("port").parse::<u16>() {
        Ok(port) if port > 0 => draft.set(&format!("{place}/server/port"), port),
        _ if value("port").is_empty() => {}
        _ => draft.refuse(&field("port"), "import.no_number", value("port")),
    }
    match value("socketType").to_ascii_uppercase().as_str() {
        "SSL" | "TLS" => draft.set(&format!("{place}/tls/mode"), "implicit"),
        "STARTTLS" => draft.set(&format!("{place}/tls/mode"), "starttls"),
        "PLAIN" => draft.set(&format!("{place}/tls/mode"), "none"),
        "" => {}
        other => draft.refuse(&field("socketType"), "import.no_choice_known", other),
    }
    match value("authentication") {
        "password-cleartext" | "plain" => draft.set(&format!("{place}/auth/method"), "password"),
        "password-encrypted" | "secure" => draft.set(&format!("{place}/auth/method"), "cram-md5"),
        "NTLM" => draft.set(&format!("{place}/auth/method"), "ntlm"),
        "GSSAPI" => draft.set(&format!("{place}/auth/method"), "windows"),
        "TLS-client-cert" => draft.set(&format!("{place}/auth/method"), "external"),
        "none" | "client-IP-address" => draft.set(&format!("{place}/auth/method"), "none"),
        "OAuth2" => match server.other_methods.iter().any(|other| other == "password-cleartext") {
            // A password needs no consent.
            true => draft.set(&format!("{place}/auth/method"), "password"),
            false => thunderbird::token(&place, transport, host, draft),
        },
        "" => {}
        other => draft.refuse(&field("authentication"), "import.no_choice_known", other),
    }
    let user = value("username");
    let needs_none = draft.get(&format!("{place}/auth/method")).is_some_and(|method| method == "none" || method == "windows");
    if user.contains('%') && !needs_none {
        draft.leave_out(&field("username"), "import.placeholder");
    } else if !user.is_empty() && !needs_none {
        draft.set(&format!("{place}/auth/user"), user);
    }
}

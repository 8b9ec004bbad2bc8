//! A domain with what it has: a name server, an HTTPS server, mail servers, and a proxy that knows where they are.

use crate::dns::{Manner, NameServer, Record};
use crate::web::{Answer, Web, files};
use postkontor_tests::certificates::{Certificates, Identity};
use postkontor_tests::connect_proxy::ConnectProxy;
use postkontor_tests::folder::Folder;
use serde_json::{Value, json};

/// The domain of the tests.
pub(crate) const DOMAIN: &str = "firma.example";

/// The address whose settings are sought.
pub(crate) const ADDRESS: &str = "anna.berg@firma.example";

/// The hosts that the certificate of the domain is for.
const HOSTS: [&str; 9] = [
    "firma.example",
    "autoconfig.firma.example",
    "autodiscover.firma.example",
    "imap.firma.example",
    "mail.firma.example",
    "smtp.firma.example",
    "mx.firma.example",
    "autoconfig.thunderbird.net",
    "mail.provider.example",
];

/// A certificate for these hosts, by the authority that the requests trust.
pub(crate) fn identity() -> Identity {
    Certificates::shared().unwrap().for_hosts(&HOSTS).unwrap()
}

/// A world in which a search takes place.
pub(crate) struct World {
    pub(crate) dns: NameServer,
    pub(crate) web: Web,
    proxy: ConnectProxy,
    folder: Folder,
    timeout: u64,
}

impl World {
    /// The hosts of these names have the web server at port 443; other places lead to ports of this machine.
    pub(crate) fn new(records: Vec<Record>, web_hosts: &[&str], answer: Box<Answer>, places: &[(&str, u16)]) -> World {
        World::with(NameServer::start(records, Manner::Honest), Web::start(&identity(), answer), web_hosts, places)
    }

    pub(crate) fn with(dns: NameServer, web: Web, web_hosts: &[&str], places: &[(&str, u16)]) -> World {
        let at_web: Vec<String> = web_hosts.iter().map(|host| format!("{host}:443")).collect();
        let known: Vec<(&str, u16)> = at_web.iter().map(|place| (place.as_str(), web.port)).chain(places.iter().copied()).collect();
        let proxy = ConnectProxy::start(&known).unwrap();
        let folder = Folder::new().unwrap();
        std::fs::write(folder.file("authority.pem"), Certificates::shared().unwrap().authority.certificate().to_pem().unwrap()).unwrap();
        World { dns, web, proxy, folder, timeout: 20 }
    }

    /// A world with nothing but names.
    pub(crate) fn of_names(records: Vec<Record>) -> World {
        World::new(records, &[], files(&[]), &[])
    }

    /// The same with so many seconds for a search.
    pub(crate) fn within(self, timeout: u64) -> World {
        World { timeout, ..self }
    }

    /// The request that searches here, with more members.
    pub(crate) fn request(&self, more: Value) -> String {
        let mut request = json!({"address": ADDRESS, "dns": [self.dns.place()], "proxy": format!("http://127.0.0.1:{}", self.proxy.port),
            "ca_file": self.folder.file("authority.pem"), "timeout_seconds": self.timeout});
        postkontor_tests::merge_patch::apply(&mut request, more);
        request.to_string()
    }

    /// The places that connections went to.
    pub(crate) fn connected(&self) -> Vec<String> {
        self.proxy.asked()
    }
}

/// A request's steps, of which only these are on.
pub(crate) fn only(steps: &[&str]) -> Value {
    let all = ["table", "srv", "autoconfig", "database", "mx", "autodiscover", "guess"];
    json!({"steps": all.iter().map(|step| ((*step).to_owned(), json!(steps.contains(step)))).collect::<serde_json::Map<_, _>>()})
}

/// Where the accounts of a proposal are: `transport host:port mode user`, by account.
pub(crate) fn places(proposal: &Value) -> Vec<String> {
    let accounts = proposal["settings"]["accounts"].as_object().unwrap();
    let place = |(id, account): (&String, &Value)| {
        let text = |pointer: &str| account.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        let at = match text("/exchange/url") {
            url if !url.is_empty() => url,
            _ => format!("{}:{} {}", text("/server/host"), account["server"]["port"], text("/tls/mode")),
        };
        format!("{id} {} {at} {}", text("/transport"), text("/auth/user")).trim_end().to_owned()
    };
    accounts.iter().map(place).collect()
}

/// What became of a step's attempts, in order.
pub(crate) fn results(found: &Value, step: &str) -> Vec<String> {
    let tried = found["tried"].as_array().unwrap().iter().filter(|tried| tried["step"] == step);
    tried.map(|tried| tried["result"].as_str().unwrap().to_owned()).collect()
}

/// The sentences of a step's attempts.
pub(crate) fn told(found: &Value, step: &str) -> String {
    let tried = found["tried"].as_array().unwrap().iter().filter(|tried| tried["step"] == step);
    tried.map(|tried| tried["message"].as_str().unwrap().to_owned()).collect::<Vec<_>>().join("\n")
}

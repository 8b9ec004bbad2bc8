//! Asking for the settings of an address: the address alone, or a request that says more.

use super::AnyText;
use super::members::{Members, read};
use crate::error::failed;
use postkontor_discover::{Address, STEPS, Steps};
use postkontor_plugin::{Error, Secret, Status};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::net::{IpAddr, SocketAddr};

/// The most name servers.
const NAME_SERVERS: usize = 8;

/// The most seconds that may be asked for.
const LONGEST: u64 = 600;

/// A request for settings.
#[derive(JsonSchema)]
pub(crate) struct Discover {
    #[schemars(with = "String", length(min = 1), extend("examples" = ["anna@example.com"]))]
    pub(crate) address: Address,
    #[schemars(extend("x-postkontor" = {"secret": true}))]
    pub(crate) password: Option<Password>,
    #[schemars(default, schema_with = "switches", extend("x-postkontor" = {"advanced": true}))]
    pub(crate) steps: Steps,
    #[schemars(range(min = 1, max = LONGEST), extend("x-postkontor" = {"unit": "second"}))]
    pub(crate) timeout_seconds: Option<u64>,
    /// Empty for the system's own.
    #[schemars(
        rename = "dns",
        default,
        with = "Vec<AnyText>",
        length(max = NAME_SERVERS),
        extend("examples" = [["192.0.2.1", "[2001:db8::1]:5353"]], "x-postkontor" = {"advanced": true})
    )]
    pub(crate) name_servers: Vec<SocketAddr>,
    #[schemars(with = "Option<String>", extend("x-postkontor" = {"secret": true, "advanced": true}))]
    pub(crate) proxy: Option<Secret>,
    #[schemars(extend("x-postkontor" = {"advanced": true}))]
    pub(crate) ca_file: Option<String>,
    #[schemars(extend("x-postkontor" = {"advanced": true}))]
    pub(crate) client_id: Option<String>,
}

/// A password, or the name that the program keeps it under.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(crate) enum Password {
    #[schemars(with = "String", extend("x-postkontor" = {"lines": true}))]
    Text(Secret),
    #[schemars(with = "Reference")]
    Reference(String),
}

/// The name that the program keeps a secret under; only its schema is wanted.
#[derive(JsonSchema)]
#[allow(dead_code, reason = "Discover::read reads it")]
struct Reference {
    secret: String,
}

/// Each step with its switch.
fn switches(_: &mut SchemaGenerator) -> Schema {
    let switches: serde_json::Map<_, _> =
        STEPS.iter().map(|(name, _)| ((*name).to_owned(), serde_json::json!({"type": "boolean", "default": true}))).collect();
    json_schema!({"type": "object", "properties": switches})
}

impl Discover {
    /// Reads an address, or a request, which begins with a brace.
    pub(crate) fn read(text: &str) -> Result<Discover, Error> {
        if !text.trim_start().starts_with('{') {
            let address = Address::parse(text).ok_or_else(|| failed(Status::Argument, "discover.address_invalid"))?;
            return Ok(Discover::of(address));
        }
        let request = read(text, |members| {
            let address = members.line("address");
            let parsed = address.as_deref().and_then(Address::parse);
            match (&address, &parsed) {
                (None, _) => drop(members.missing::<()>("address")),
                (Some(_), None) => members.wrong("address", "discover.address_invalid"),
                _ => (),
            }
            // What is read further has its own problems noted; without an address nothing of it is used.
            let discover = parsed.map(Discover::of);
            rest(members, discover)
        })?;
        request.ok_or_else(|| failed(Status::Argument, "discover.address_invalid"))
    }

    fn of(address: Address) -> Discover {
        Discover {
            address,
            password: None,
            steps: Steps::default(),
            timeout_seconds: None,
            name_servers: Vec::new(),
            proxy: None,
            ca_file: None,
            client_id: None,
        }
    }
}

/// The members beside the address.
fn rest(members: &mut Members<'_, '_>, discover: Option<Discover>) -> Option<Discover> {
    let password = members.text_or("password", |inner| inner.line("secret").or_else(|| inner.missing("secret")));
    let password = password.map(|given| match given {
        Ok(text) => Password::Text(Secret::new(text)),
        Err(name) => Password::Reference(name.unwrap_or_default()),
    });
    let steps = members.group("steps", steps).unwrap_or_default();
    let timeout_seconds = members.number("timeout_seconds");
    if timeout_seconds.is_some_and(|seconds| !(1..=LONGEST).contains(&seconds)) {
        members.wrong_of("timeout_seconds", "discover.timeout_invalid", LONGEST as usize);
    }
    let name_servers = name_servers(members);
    let (proxy, ca_file, client_id) = (members.line("proxy").map(Secret::new), members.line("ca_file"), members.line("client_id"));
    let discover = discover?;
    Some(Discover { password, steps, timeout_seconds, name_servers, proxy, ca_file, client_id, ..discover })
}

fn steps(members: &mut Members<'_, '_>) -> Steps {
    let mut steps = Steps::default();
    for (name, step) in STEPS {
        if members.switch(name) == Some(false) {
            steps.switch_off(step);
        }
    }
    steps
}

/// Addresses, with the port where it is not 53: `192.0.2.1`, `192.0.2.1:5353`, `[2001:db8::1]:5353`.
fn name_servers(members: &mut Members<'_, '_>) -> Vec<SocketAddr> {
    let given = members.texts("dns").unwrap_or_default();
    let parsed = |text: &String| text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(|address| SocketAddr::new(address, 53)));
    let servers: Vec<Option<SocketAddr>> = given.iter().map(parsed).collect();
    for index in servers.iter().enumerate().filter(|(_, server)| server.is_none()).map(|(index, _)| index) {
        members.wrong_in("dns", index, "discover.name_server_invalid");
    }
    if servers.len() > NAME_SERVERS {
        members.wrong_of("dns", "discover.name_servers_too_many", NAME_SERVERS);
    }
    servers.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(request: &str) -> Vec<(String, String)> {
        let Err(error) = Discover::read(request) else { return Vec::new() };
        error.at.iter().map(|at| (at.pointer.clone(), at.code.clone())).collect()
    }

    #[test]
    fn an_address_alone_is_a_request() {
        let request = Discover::read(" anna@example.com").unwrap();
        assert_eq!((request.address.domain(), request.timeout_seconds), ("example.com", None));
        assert_eq!(Discover::read("anna").err().unwrap().code, "discover.address_invalid");
    }

    #[test]
    fn a_request_says_which_steps_and_by_which_way() {
        let request = r#" {"address":"anna@example.com","password":"hush","steps":{"guess":false,"mx":true},"timeout_seconds":5,
            "dns":["192.0.2.1","[2001:db8::1]:5353"],"proxy":"socks5://p:1","ca_file":"/ca.pem","client_id":"c"}"#;
        let request = Discover::read(request).unwrap();
        assert!(matches!(&request.password, Some(Password::Text(text)) if text.reveal() == "hush"));
        let off: Vec<&str> = STEPS.iter().filter(|(_, step)| !request.steps.is_on(*step)).map(|(name, _)| *name).collect();
        assert_eq!(off, ["guess"]);
        assert_eq!(request.name_servers, ["192.0.2.1:53".parse().unwrap(), "[2001:db8::1]:5353".parse().unwrap()]);
        let request = Discover::read(r#"{"address":"anna@example.com","password":{"secret":"x"}}"#).unwrap();
        assert!(matches!(&request.password, Some(Password::Reference(name)) if name == "x"));
    }

    #[test]
    fn what_cannot_be_is_refused_with_its_place() {
        for (request, pointer, code) in [
            (r"{}", "/address", "request.member_missing"),
            (r#"{"address":"anna"}"#, "/address", "discover.address_invalid"),
            (r#"{"address":"a@b.de","steps":{"gess":false}}"#, "/steps/gess", "request.member_unknown"),
            (r#"{"address":"a@b.de","steps":{"guess":"no"}}"#, "/steps/guess", "request.member_invalid"),
            (r#"{"address":"a@b.de","timeout_seconds":0}"#, "/timeout_seconds", "discover.timeout_invalid"),
            (r#"{"address":"a@b.de","dns":["192.0.2.1","ns.b.de"]}"#, "/dns/1", "discover.name_server_invalid"),
            (r#"{"address":"a@b.de","password":7}"#, "/password", "request.member_invalid"),
            (r#"{"address":"a@b.de","password":{"secrt":"x"}}"#, "/password/secrt", "request.member_unknown"),
            (r#"{"address":"a@b.de","password":{}}"#, "/password/secret", "request.member_missing"),
        ] {
            let found = wrong(request);
            assert!(found.contains(&(pointer.to_owned(), code.to_owned())), "{request}: {found:?}");
        }
    }
}

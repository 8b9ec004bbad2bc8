//! An account without `exchange.url`: Autodiscover at the hosts of the address's domain, which a proxy leads to the double.

use super::setup::{fetch, host, in_folder, mail, patience, send};
use postkontor_core::{Account, Action};
use postkontor_tests::certificates::Kind;
use postkontor_tests::connect_proxy::ConnectProxy;
use postkontor_tests::exchange::{Exchange, PASSWORD};
use postkontor_tests::merge_patch;
use serde_json::{Value, json};

/// The domain of the addresses; the certificate of the double is for the host of that name.
const DOMAIN: &str = "mail.example.com";

const ADDRESS: &str = "anna@mail.example.com";

/// The hosts that are asked where nothing else is known.
const USUAL: [&str; 3] = ["autodiscover.mail.example.com:443", "mail.example.com:443", "outlook.office365.com:443"];

/// A double that is the server of the domain, and a proxy that knows it by these names.
fn setup(names: &[&str]) -> Option<(Exchange, ConnectProxy)> {
    let exchange = Exchange::start_with(Kind::WrongHost, None).unwrap()?;
    exchange.control("POST", "/users", &json!({"address": ADDRESS, "name": "Anna", "password": PASSWORD})).unwrap();
    let places: Vec<(&str, u16)> = names.iter().map(|name| (*name, exchange.port())).collect();
    let proxy = ConnectProxy::start(&places).unwrap();
    Some((exchange, proxy))
}

fn account(exchange: &Exchange, proxy: &ConnectProxy, patch: Value) -> Account {
    let mut account = json!({"transport": "exchange-ews", "tls": {"ca_file": exchange.authority()},
        "server": {"timeout_seconds": 30, "proxy": format!("http://127.0.0.1:{}", proxy.port)},
        "auth": {"method": "password", "user": ADDRESS, "password": PASSWORD}});
    merge_patch::apply(&mut account, patch);
    let settings = json!({"accounts": {"main": account}, "sender": {"address": ADDRESS}});
    Account::open(&host(), &settings.to_string(), None).unwrap_or_else(|error| panic!("{error:?}"))
}

/// Sends a mail to oneself and fetches it.
fn works(exchange: &Exchange, account: &mut Account) {
    send(account, &mail(ADDRESS)).unwrap_or_else(|error| panic!("{error:?}"));
    let (result, got) = fetch(account, &json!({}), |_| Action::Keep);
    assert_eq!((got.len(), in_folder(exchange, ADDRESS, "inbox").len()), (1, 1), "{result:?}");
}

/// The requests for Autodiscover that came to the double: method and path, status, and whether a login went along.
fn discovering(exchange: &Exchange) -> Vec<(String, u64, bool)> {
    let log = exchange.log().unwrap();
    let discovers = |entry: &&Value| entry["target"].as_str().is_some_and(|target| target.starts_with("/autodiscover/"));
    let told = |entry: &Value| {
        let raw = String::from_utf8_lossy(&exchange.raw(entry).unwrap()).into_owned();
        let asked = raw.split([' ', '?']).take(2).collect::<Vec<_>>().join(" ");
        (asked, entry["status"].as_u64().unwrap(), raw.to_ascii_lowercase().contains("\r\nauthorization:"))
    };
    log.iter().filter(discovers).map(told).collect()
}

fn refuses_json(exchange: &Exchange) {
    exchange.fault(&json!({"match": {"operation": "autodiscover.json"}, "times": 100, "action": {"status": 404}})).unwrap();
}

#[test]
fn the_url_is_found_without_a_login_and_serves_for_all_that_follows() {
    let Some((exchange, proxy)) = setup(&["mail.example.com:443"]) else { return };
    let mut account = account(&exchange, &proxy, json!({}));
    works(&exchange, &mut account);
    assert_eq!(discovering(&exchange), [("GET /autodiscover/autodiscover.json".to_owned(), 200, false)]);
    // The host that is not there was tried first; then one connection for the search, and one for the service.
    assert_eq!(proxy.asked(), ["autodiscover.mail.example.com:443", "mail.example.com:443", "mail.example.com:443"]);
}

#[test]
fn where_there_is_no_json_the_older_form_is_asked_with_the_login() {
    let Some((exchange, proxy)) = setup(&["mail.example.com:443"]) else { return };
    refuses_json(&exchange);
    let mut account = account(&exchange, &proxy, json!({}));
    works(&exchange, &mut account);
    let asked = discovering(&exchange);
    assert_eq!(asked.first(), Some(&("GET /autodiscover/autodiscover.json".to_owned(), 404, false)));
    // The double holds the request against Microsoft's schema.
    assert_eq!(asked.last(), Some(&("POST /autodiscover/autodiscover.xml".to_owned(), 200, true)));
}

#[test]
fn a_login_goes_to_no_host_but_those_of_the_domain_and_to_none_without_a_good_certificate() {
    // The double answers under every name, with a certificate that is good for none of those that are asked.
    let names = ["autodiscover.mail.example.com:443", "outlook.office365.com:443"];
    let Some((exchange, proxy)) = setup(&names) else { return };
    let error = send(&mut account(&exchange, &proxy, json!({})), &mail(ADDRESS)).unwrap_err();
    assert_eq!((error.code.as_str(), error.at[0].pointer.as_str()), ("ews.url_not_found", "/accounts/main/exchange/url"), "{error:?}");
    assert!(exchange.log().unwrap().is_empty());
    assert_eq!(proxy.asked()[..3], USUAL);
    assert!(proxy.asked()[3..].iter().all(|place| place.ends_with("mail.example.com:443")), "{:?}", proxy.asked());
    // Without verification the search goes on without a login only.
    let asked = proxy.asked().len();
    refuses_json(&exchange);
    let error = send(&mut account(&exchange, &proxy, json!({"tls": {"verify": false}})), &mail(ADDRESS)).unwrap_err();
    assert_eq!(error.code, "ews.url_not_found");
    assert!(!discovering(&exchange).is_empty() && discovering(&exchange).iter().all(|(_, _, with_login)| !with_login));
    assert_eq!(proxy.asked()[asked..], USUAL);
}

#[test]
fn an_answer_that_leads_elsewhere_is_not_followed_with_the_login() {
    let Some((exchange, proxy)) = setup(&["mail.example.com:443"]) else { return };
    refuses_json(&exchange);
    for options in [
        json!({"redirect_url": "https://evil.example.net/autodiscover/autodiscover.xml"}),
        json!({"redirect_address": "a@evil.example.net"}),
    ] {
        exchange.control("POST", "/options", &json!({"pox": options})).unwrap();
        let error = send(&mut account(&exchange, &proxy, json!({})), &mail(ADDRESS)).unwrap_err();
        assert_eq!(error.code, "ews.url_not_found", "{options}");
    }
    assert!(proxy.asked().iter().all(|place| !place.contains("evil")), "{:?}", proxy.asked());
}

#[test]
fn a_wrong_address_and_answers_of_another_kind_are_not_found_within_the_deadline() {
    let Some((exchange, proxy)) = setup(&["mail.example.com:443"]) else { return };
    let unknown = json!({"exchange": {"mailbox": format!("nobody@{DOMAIN}")}});
    let error = send(&mut account(&exchange, &proxy, unknown), &mail(ADDRESS)).unwrap_err();
    assert_eq!(error.code, "ews.url_not_found");
    for action in [
        json!({"page": "login"}),
        json!({"status": 200, "body": "{\"Url\":\"http://mail.example.com/EWS/Exchange.asmx\"}", "type": "application/json"}),
        json!({"bomb": "endless", "type": "application/json"}),
        json!({"bomb": "entities", "type": "text/xml"}),
        json!({"redirect": "http://mail.example.com/x", "status": 302}),
        json!({"reset": "before"}),
    ] {
        exchange.control("DELETE", "/faults", &Value::Null).unwrap();
        let fault = json!({"match": {"operation": "autodiscover\\..*"}, "times": 100, "action": action});
        exchange.fault(&fault).unwrap();
        let error = account(&exchange, &proxy, json!({})).list("", &patience()).err().unwrap();
        assert_eq!(error.code, "ews.url_not_found", "{action}: {error:?}");
    }
}

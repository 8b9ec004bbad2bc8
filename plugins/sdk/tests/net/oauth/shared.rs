use super::provider::{Provider, REFRESH, application, json, refreshing, tokens, tokens_at};
use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::oauth::{Audience, Tokens};
use postkontor_plugin::serde_json::json as value;
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Call, HostCalls, Level, Secret, Status};
use std::sync::Mutex;
use std::time::{Duration, Instant};

fn access(tokens: &Tokens, host: &TestHost) -> String {
    tokens.access(&host.call(), &mut Recorder::off()).unwrap().reveal().to_owned()
}

#[test]
fn a_host_keeps_the_tokens_of_all_transports_and_hands_them_to_no_program() {
    let provider = Provider::issuing();
    let [one, other] =
        [Audience::Smtp, Audience::Graph].map(|audience| tokens_at(true, &application(&provider, "host-1"), &[], audience).unwrap());
    let hosts = [(); 2].map(|()| TestHost::new().logging(Level::Trace));
    assert_eq!([access(&one, &hosts[0]), access(&other, &hosts[1])], ["token-1", "token-1"]);
    // One renews what both have, and the other takes it.
    let first = Secret::new("token-1");
    for tokens in [&one, &other] {
        assert_eq!(tokens.renew(&first, &hosts[0].call(), &mut Recorder::off()).unwrap().reveal(), "token-2");
    }
    assert_eq!(provider.questions().len(), 2);
    for host in hosts {
        assert!(host.kept_secrets().is_empty());
        assert!(!format!("{:?}", host.log()).contains("token-"), "{:?}", host.log());
    }
}

#[test]
fn calls_of_two_hosts_at_the_same_time_get_one_token() {
    let provider = Provider::new(|_, number| {
        std::thread::sleep(Duration::from_millis(100));
        json(200, &value!({"access_token": format!("t-{number}"), "expires_in": 3600}))
    });
    let settings = application(&provider, "host-2");
    let threads = [(); 8].map(|()| {
        let settings = settings.clone();
        std::thread::spawn(move || access(&tokens_at(true, &settings, &[], Audience::Smtp).unwrap(), &TestHost::new()))
    });
    assert!(threads.into_iter().all(|thread| thread.join().unwrap() == "t-1"));
    assert_eq!(provider.questions().len(), 1);
}

#[test]
fn a_token_keeps_its_end_in_the_host() {
    let provider = Provider::new(|_, number| json(200, &value!({"access_token": format!("t-{number}"), "expires_in": 0})));
    let tokens = tokens_at(true, &application(&provider, "host-3"), &[], Audience::Smtp).unwrap();
    let host = TestHost::new();
    assert_eq!([access(&tokens, &host), access(&tokens, &host)], ["t-1", "t-2"]);
}

#[test]
fn an_account_that_is_opened_with_an_exchanged_refresh_token_shares_what_the_first_one_has() {
    for is_hosted in [true, false] {
        let provider = Provider::new(|question, number| match question.field("refresh_token") == format!("r-{number}") {
            true => json(
                200,
                &value!({"access_token": format!("t-{number}"), "expires_in": 3600, "refresh_token": format!("r-{}", number + 1)}),
            ),
            false => json(400, &value!({"error": "invalid_grant"})),
        });
        let open = |refresh| tokens_at(is_hosted, &refreshing(&provider, refresh), &[(REFRESH, "shared")], Audience::Imap).unwrap();
        let host = TestHost::new();
        let first = open("r-1");
        assert_eq!(access(&first, &host), "t-1");
        assert_eq!(*host.kept_secrets(), [("shared".to_owned(), Secret::new("r-2"))]);
        let second = open("r-2");
        assert_eq!((access(&second, &host).as_str(), provider.questions().len()), ("t-1", 1), "{is_hosted}");
        let renewed = second.renew(&Secret::new("t-1"), &host.call(), &mut Recorder::off()).unwrap();
        assert_eq!((renewed.reveal(), access(&first, &host).as_str()), ("t-2", "t-2"), "{is_hosted}");
    }
}

/// A program behind a host that is older than the plugin: whatever it is asked for goes to the program.
#[derive(Default)]
struct Older(Mutex<Vec<String>>);

impl HostCalls for Older {
    fn secret_get(&self, name: &str) -> Result<Secret, Status> {
        self.0.lock().unwrap().push(name.to_owned());
        Err(Status::NotFound)
    }

    fn secret_put(&self, name: &str, _: &Secret) -> Result<(), Status> {
        self.0.lock().unwrap().push(name.to_owned());
        Ok(())
    }
}

#[test]
fn an_older_host_is_asked_for_no_token_and_gets_none() {
    let provider = Provider::issuing();
    let older = Older::default();
    let call = Call::new(&older, Instant::now() + Duration::from_secs(20));
    let tokens = tokens(&application(&provider, "older"), &[], Audience::Ews).unwrap();
    let first = tokens.access(&call, &mut Recorder::off()).unwrap();
    tokens.renew(&first, &call, &mut Recorder::off()).unwrap();
    assert_eq!(*older.0.lock().unwrap(), [""; 0]);
}

#[test]
fn a_host_that_keeps_nothing_in_spite_of_its_word_costs_a_token_for_each_call() {
    /// It gives turns, and forgets everything.
    struct Forgetful;
    impl HostCalls for Forgetful {
        fn secret_get(&self, name: &str) -> Result<Secret, Status> {
            if name.ends_with(":turn") { Ok(Secret::default()) } else { Err(Status::NotFound) }
        }
    }
    let provider = Provider::issuing();
    let tokens = tokens_at(true, &application(&provider, "forgetful"), &[], Audience::Smtp).unwrap();
    for expected in ["token-1", "token-2"] {
        let call = Call::new(&Forgetful, Instant::now() + Duration::from_secs(20));
        assert_eq!(tokens.access(&call, &mut Recorder::off()).unwrap().reveal(), expected);
    }
}

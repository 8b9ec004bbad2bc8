//! What is hostile is not believed, and costs neither memory nor more than the time of the search.

use crate::dns::{Manner, NameServer, a, cname, mx, srv};
use crate::mail::{Server, Speech};
use crate::rig::{found, host};
use crate::ways::{autoconfig, search};
use crate::web::{Answer, Secured, Web, files, reply};
use crate::world::{DOMAIN, World, identity, only, results, told};
use postkontor_core::{Cancel, Status};
use postkontor_tests::certificates::{Certificates, Kind};
use postkontor_tests::engine::PATIENCE;
use postkontor_tests::scripted::Scripted;
use serde_json::json;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

const FILE: &str = "autoconfig.firma.example/mail/config-v1.1.xml";

/// A world whose autoconfig answers so.
fn answering(answer: impl Fn(&mut Secured) -> io::Result<()> + Send + Sync + 'static) -> World {
    let answer: Box<Answer> = Box::new(move |_, _, stream| answer(stream));
    World::new(Vec::new(), &["autoconfig.firma.example"], answer, &[])
}

/// Nothing is found by autoconfig here; the first attempt has this result and tells this.
#[track_caller]
fn refused(world: &World, result: &str, word: &str) {
    let found = search(world, &["autoconfig"]);
    assert_eq!(found["proposals"], json!([]));
    assert_eq!(results(&found, "autoconfig")[0], result, "{found:#}");
    assert!(told(&found, "autoconfig").contains(word), "{found:#}");
}

#[test]
fn a_redirect_to_another_host_is_refused() {
    let file = autoconfig("imap.evil.example", "smtp.evil.example");
    for there in
        ["https://mail.provider.example/config.xml", "http://autoconfig.firma.example/config.xml", "//mail.provider.example/config.xml"]
    {
        let (file, there) = (file.clone(), there.to_owned());
        let answer: Box<Answer> = Box::new(move |line, _, stream| match line.contains("/mail/config-v1.1.xml") {
            true => reply(stream, "301 Moved Permanently", &format!("Location: {there}\r\n"), ""),
            false => reply(stream, "200 OK", "", &file),
        });
        let world = World::new(Vec::new(), &["autoconfig.firma.example", "mail.provider.example"], answer, &[]);
        refused(&world, "refused", "redirects to");
        assert!(!world.connected().contains(&"mail.provider.example:443".to_owned()), "{:?}", world.connected());
    }
}

#[test]
fn a_redirect_to_clear_text_or_another_host_leads_autodiscover_nowhere() {
    let answer: Box<Answer> =
        Box::new(|_, _, stream| reply(stream, "302 Found", "Location: http://mail.provider.example/autodiscover.json\r\n", ""));
    let world = World::new(Vec::new(), &["autodiscover.firma.example", "mail.provider.example"], answer, &[]);
    let found = search(&world, &["autodiscover"]);
    assert_eq!((&found["proposals"], results(&found, "autodiscover")[0].as_str()), (&json!([]), "refused"), "{found:#}");
    assert!(!world.connected().iter().any(|place| place.starts_with("mail.provider.example")), "{:?}", world.connected());
}

#[test]
fn the_server_of_another_domain_is_not_believed() {
    let file = autoconfig("imap.firma.example", "smtp.firma.example");
    for kind in [Kind::WrongHost, Kind::SelfSigned, Kind::Expired, Kind::UnknownAuthority] {
        let web = Web::start(Certificates::shared().unwrap().server(kind), files(&[(FILE, &file)]));
        let world = World::with(NameServer::start(Vec::new(), Manner::Honest), web, &["autoconfig.firma.example"], &[]);
        refused(&world, "refused", "autoconfig.firma.example");
        assert_eq!(world.web.asked(), [""; 0], "{kind:?}");
    }
}

#[test]
fn a_billion_laughs_are_refused() {
    let entities: String = (1..30).map(|n| format!("<!ENTITY a{n} \"{}\">", format!("&a{};", n - 1).repeat(10))).collect();
    let file = format!("<?xml version=\"1.0\"?><!DOCTYPE c [<!ENTITY a0 \"lol\">{entities}]><clientConfig>&a29;</clientConfig>");
    refused(&answering(move |stream| reply(stream, "200 OK", "Content-Type: text/xml\r\n", &file)), "refused", "no description");
}

#[test]
fn a_hundred_megabytes_are_not_read() {
    refused(
        &answering(|stream| {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n")?;
            (0..1600).try_for_each(|_| stream.write_all(&[b' '; 65536]))
        }),
        "refused",
        "",
    );
}

#[test]
fn an_endless_body_in_chunks_is_not_read_to_its_end() {
    refused(
        &answering(|stream| {
            write!(stream, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")?;
            loop {
                stream.write_all(b"1000\r\n")?;
                stream.write_all(&[b'x'; 4096])?;
                stream.write_all(b"\r\n")?;
            }
        }),
        "refused",
        "",
    );
}

#[test]
fn a_slow_drip_ends_with_the_search() {
    let dripping = || {
        answering(|stream| {
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")?;
            loop {
                stream.write_all(b"x")?;
                std::thread::park_timeout(Duration::from_millis(50));
            }
        })
    };
    refused(&dripping().within(1), "failed", "");
}

#[test]
fn plain_http_is_never_asked_and_a_server_without_tls_never_proposed() {
    // The ports of HTTPS and of mail speak clear text.
    let plain = |greeting: &'static str| {
        Scripted::start(move |mut stream| {
            stream.write_all(greeting.as_bytes())?;
            let mut heard = [0; 512];
            while stream.read(&mut heard)? > 0 {
                stream.write_all(b"a OK no TLS here\r\n")?;
            }
            Ok(())
        })
        .unwrap()
    };
    let (http, imap, smtp) = (plain("HTTP/1.1 200 OK\r\n\r\n"), plain("* OK ready\r\n"), plain("220 mail ESMTP\r\n"));
    let web = Web::start(&identity(), files(&[]));
    let spots = [
        ("autoconfig.firma.example:443", http.port),
        ("autoconfig.firma.example:80", http.port),
        ("firma.example:80", http.port),
        ("imap.firma.example:143", imap.port),
        ("imap.firma.example:993", imap.port),
        ("smtp.firma.example:587", smtp.port),
    ];
    let world = World::with(NameServer::start(Vec::new(), Manner::Honest), web, &[], &spots);
    let found = search(&world, &["autoconfig", "autodiscover", "guess"]);
    assert_eq!(found["proposals"], json!([]), "{found:#}");
    assert!(world.connected().iter().all(|place| !place.ends_with(":80")), "{:?}", world.connected());
    // A file that names a server without TLS names none.
    let file = autoconfig("imap.firma.example", "smtp.firma.example").replace(">SSL<", ">plain<").replace(">STARTTLS<", ">plain<");
    let world = World::new(Vec::new(), &["autoconfig.firma.example"], files(&[(FILE, &file)]), &[]);
    refused(&world, "refused", "without encryption");
}

#[test]
fn names_that_lead_in_a_circle_end_the_question() {
    let circle = vec![cname(DOMAIN, "a.example"), cname("a.example", "b.example"), cname("b.example", "a.example")];
    let found = search(&World::of_names(circle), &["mx"]);
    assert!(told(&found, "mx").contains("without end"), "{found:#}");
    // A chain that has an end, but too far away.
    let long: Vec<_> =
        (0..40).map(|n| cname(&if n == 0 { DOMAIN.to_owned() } else { format!("n{n}.example") }, &format!("n{}.example", n + 1))).collect();
    let world = World::of_names(long);
    let found = search(&world, &["mx"]);
    assert!(told(&found, "mx").contains("without end"), "{found:#}");
    assert!(world.dns.asked().len() <= 9, "{}", world.dns.asked().len());
}

#[test]
fn an_answer_with_another_number_or_to_another_question_is_none() {
    for manner in [Manner::OnlyForged, Manner::Noise, Manner::Failing] {
        let world = World::with(NameServer::start(Vec::new(), manner), Web::start(&identity(), files(&[])), &[], &[]).within(1);
        let found = search(&world, &["srv", "mx"]);
        assert_eq!((&found["proposals"], results(&found, "mx")), (&json!([]), vec!["failed".to_owned()]), "{found:#}");
        assert!(!found.to_string().contains("evil"), "{found:#}");
    }
}

#[test]
fn srv_that_leads_to_this_machine_or_a_private_network_is_refused() {
    for (host, address) in [
        ("localhost", [127, 0, 0, 1]),
        ("a.localhost", [127, 0, 0, 1]),
        ("127.0.0.1", [127, 0, 0, 1]),
        ("printer", [192, 168, 0, 1]),
        ("db.internal", [10, 0, 0, 1]),
        ("mail.firma.example", [127, 0, 0, 1]),
        ("mail.firma.example", [169, 254, 169, 254]),
        ("mail.provider.example", [192, 168, 0, 1]),
        ("mail.provider.example", [10, 0, 0, 1]),
    ] {
        let world = World::of_names(vec![srv("_imaps._tcp.firma.example", 0, 993, host), a(host, address)]);
        let found = search(&world, &["srv"]);
        assert_eq!((&found["proposals"], results(&found, "srv")), (&json!([]), vec!["refused".to_owned()]), "{host}: {found:#}");
    }
    // A company's own network has names of its own.
    let world =
        World::of_names(vec![srv("_imaps._tcp.firma.example", 0, 993, "mail.firma.example"), a("mail.firma.example", [192, 168, 0, 1])]);
    assert_eq!(search(&world, &["srv"])["proposals"].as_array().unwrap().len(), 1);
}

#[test]
fn srv_with_the_port_of_another_service_is_refused_and_an_odd_one_said() {
    let at = |port| {
        let world =
            World::of_names(vec![srv("_imaps._tcp.firma.example", 0, port, "mail.firma.example"), a("mail.firma.example", [192, 0, 2, 1])]);
        search(&world, &["srv"])
    };
    for port in [22, 80, 0, 465] {
        assert_eq!(results(&at(port), "srv"), ["refused"], "{port}");
    }
    let odd = at(10993);
    let notes = odd["proposals"][0]["notes"].to_string();
    assert!(notes.contains("10993") && odd["proposals"][0]["confidence"].as_u64() < Some(60), "{odd:#}");
}

#[test]
fn srv_in_another_domain_has_little_confidence_and_says_so() {
    let world = World::of_names(vec![
        srv("_imaps._tcp.firma.example", 0, 993, "mail.provider.example"),
        srv("_submissions._tcp.firma.example", 0, 465, "mail.provider.example"),
        a("mail.provider.example", [192, 0, 2, 1]),
    ]);
    let found = search(&world, &["srv"]);
    assert_eq!(found["proposals"][0]["confidence"], 45);
    assert!(found["proposals"][0]["notes"][0].as_str().unwrap().contains("is not in the domain firma.example"), "{found:#}");
}

#[test]
fn unknown_places_and_odd_hosts_in_a_file_leave_the_server_out() {
    for imap in ["imap.%REALHOST%", "%EMAILADDRESS%", "localhost", "192.168.0.1", "imap firma", "[::1]", "imap.firma.example:80"] {
        let file = autoconfig(imap, "smtp.%SMTP%");
        let world = World::new(Vec::new(), &["autoconfig.firma.example"], files(&[(FILE, &file)]), &[]);
        refused(&world, "refused", "left out");
    }
}

#[test]
fn without_any_name_server_the_answer_comes_within_the_time_that_was_given() {
    let started = Instant::now();
    let world = World::with(NameServer::start(Vec::new(), Manner::Silent), Web::start(&identity(), files(&[])), &[], &[]).within(2);
    let found = found(&host("en"), &world.request(json!({})));
    assert_eq!(
        (&found["proposals"], results(&found, "srv"), results(&found, "mx")),
        (&json!([]), vec!["failed".to_owned()], vec!["failed".to_owned()])
    );
    // Not a measurement: without a limit the questions alone take four seconds, and hosts that swallow connections two minutes.
    assert!(started.elapsed() < PATIENCE / 3, "{:?}", started.elapsed());
}

#[test]
fn a_search_is_stopped_from_another_thread() {
    let silent = Scripted::start(|mut stream| stream.read(&mut [0; 1]).map(drop)).unwrap();
    let spots = [("imap.firma.example:993", silent.port), ("mail.firma.example:993", silent.port)];
    let world = World::with(NameServer::start(Vec::new(), Manner::Silent), Web::start(&identity(), files(&[])), &[], &spots).within(600);
    let cancel = Cancel::new(Some(PATIENCE));
    let (firing, host, request) = (cancel.clone(), host("en"), world.request(only(&["srv", "guess"])));
    let search = std::thread::spawn(move || host.discover(&request, &cancel));
    while world.dns.asked().is_empty() {
        std::thread::yield_now();
    }
    firing.fire();
    assert_eq!(search.join().unwrap().unwrap_err().status, Status::Cancelled);
}

#[test]
fn mx_alone_never_gives_servers_of_a_stranger() {
    let world = World::of_names(vec![mx(DOMAIN, 0, "mx.gmx.net.evil.example"), mx(DOMAIN, 1, "localhost")]);
    assert_eq!(search(&world, &["mx"])["proposals"], json!([]));
    let evil = Server::start(&identity(), Speech::Imap);
    let world = World::new(vec![mx(DOMAIN, 0, "mail.provider.example")], &[], files(&[]), &[("mail.provider.example:993", evil.port)]);
    assert_eq!(search(&world, &["mx", "guess"])["proposals"], json!([]));
    assert!(!world.connected().iter().any(|place| place.starts_with("mail.provider.example")), "{:?}", world.connected());
}

//! A name server that says what a test wants, also what no name server would. It writes its messages itself (RFC 1035, section 4.1).

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};

pub(crate) const A: u16 = 1;
pub(crate) const CNAME: u16 = 5;
pub(crate) const MX: u16 = 15;
pub(crate) const SRV: u16 = 33;

/// What a record holds.
#[derive(Clone)]
pub(crate) struct Record {
    name: String,
    kind: u16,
    data: Vec<u8>,
}

pub(crate) fn a(name: &str, address: [u8; 4]) -> Record {
    Record { name: name.to_owned(), kind: A, data: address.to_vec() }
}

pub(crate) fn cname(name: &str, target: &str) -> Record {
    Record { name: name.to_owned(), kind: CNAME, data: encoded(target) }
}

pub(crate) fn mx(name: &str, preference: u16, host: &str) -> Record {
    Record { name: name.to_owned(), kind: MX, data: [preference.to_be_bytes().to_vec(), encoded(host)].concat() }
}

pub(crate) fn srv(name: &str, priority: u16, port: u16, host: &str) -> Record {
    let numbers = [priority, 1, port].map(u16::to_be_bytes).concat();
    Record { name: name.to_owned(), kind: SRV, data: [numbers, encoded(host)].concat() }
}

/// How the server behaves.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Manner {
    Honest,
    /// Forged answers arrive first: with another number, and to another question.
    Forged,
    /// Only such arrive.
    OnlyForged,
    /// Datagrams are cut; the whole answer comes by TCP.
    Cut,
    /// Nothing is ever answered.
    Silent,
    /// Every answer is an error (SERVFAIL).
    Failing,
    /// What is no message.
    Noise,
}

/// A running name server; it lives as long as the process.
pub(crate) struct NameServer {
    pub(crate) port: u16,
    asked: Arc<Mutex<Vec<(String, u16)>>>,
}

impl NameServer {
    pub(crate) fn start(records: Vec<Record>, manner: Manner) -> NameServer {
        // A port that both kinds of socket have.
        let (tcp, udp) = loop {
            let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            if let Ok(udp) = UdpSocket::bind((Ipv4Addr::LOCALHOST, tcp.local_addr().unwrap().port())) {
                break (tcp, udp);
            }
        };
        let port = udp.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<(String, u16)>>> = Arc::default();
        let (noted, records) = (asked.clone(), Arc::new(records));
        let known = records.clone();
        std::thread::spawn(move || {
            let mut datagram = [0; 1024];
            while let Ok((length, from)) = udp.recv_from(&mut datagram) {
                let query = &datagram[..length];
                noted.lock().unwrap().push(question(query));
                for answer in answers(query, &known, manner) {
                    udp.send_to(&answer, from).unwrap();
                }
            }
        });
        std::thread::spawn(move || {
            for client in tcp.incoming().map_while(Result::ok) {
                // A client that goes away is for the test to see on its side.
                drop(by_tcp(client, &records));
            }
        });
        NameServer { port, asked }
    }

    pub(crate) fn place(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Names and kinds that were asked for.
    pub(crate) fn asked(&self) -> Vec<(String, u16)> {
        self.asked.lock().unwrap().clone()
    }
}

fn by_tcp(mut client: TcpStream, records: &[Record]) -> io::Result<()> {
    let mut length = [0; 2];
    client.read_exact(&mut length)?;
    let mut query = vec![0; usize::from(u16::from_be_bytes(length))];
    client.read_exact(&mut query)?;
    let answer = answer(&query, records, 0);
    client.write_all(&u16::try_from(answer.len()).unwrap().to_be_bytes())?;
    client.write_all(&answer)
}

fn answers(query: &[u8], records: &[Record], manner: Manner) -> Vec<Vec<u8>> {
    let honest = || answer(query, records, 0);
    let evil = |name: &str| vec![srv(name, 0, 993, "imap.evil.example"), mx(name, 0, "mx00.gmx.net"), cname(name, "evil.example")];
    let forged = || {
        let name = question(query).0;
        let mut other_number = answer(query, &evil(&name), 0);
        other_number[0] ^= 0x5A;
        let mut no_answer = answer(query, &evil(&name), 0);
        no_answer[2] &= 0x7F;
        // The same question in the name of another domain.
        let mut other_question = answer(query, &evil(&name), 0);
        other_question[13] = b'z';
        vec![other_number, no_answer, other_question]
    };
    match manner {
        Manner::Honest => vec![honest()],
        Manner::Forged => forged().into_iter().chain([honest()]).collect(),
        Manner::OnlyForged => forged(),
        Manner::Cut => vec![answer(query, &[], 0x0200)],
        Manner::Silent => Vec::new(),
        Manner::Failing => vec![answer(query, &[], 2)],
        Manner::Noise => vec![vec![0xC0; 40], query.to_vec(), Vec::new(), [&query[..2], &[0xFF; 30]].concat()],
    }
}

/// The answer of a server that knows these records; `flags` come on top.
fn answer(query: &[u8], records: &[Record], flags: u16) -> Vec<u8> {
    let (name, kind) = question(query);
    // The alias of a name comes with what the alias has, as far as that is known.
    let (mut found, mut at) = (Vec::new(), name.clone());
    for _ in 0..20 {
        found.extend(records.iter().filter(|record| record.name == at && record.kind == kind));
        let Some(alias) = records.iter().find(|record| record.name == at && record.kind == CNAME) else { break };
        found.push(alias);
        at = decoded(&alias.data, 0).0;
    }
    let end = decoded(query, 12).1 + 4;
    let mut message = query[..2].to_vec();
    message.extend((0x8180 | flags).to_be_bytes());
    message.extend([0, 1, 0, found.len() as u8, 0, 0, 0, 0]);
    message.extend(&query[12..end]);
    for record in found {
        message.extend(encoded(&record.name));
        message.extend(record.kind.to_be_bytes());
        message.extend([0, 1, 0, 0, 0, 60]);
        message.extend((record.data.len() as u16).to_be_bytes());
        message.extend(&record.data);
    }
    message
}

fn question(query: &[u8]) -> (String, u16) {
    let (name, end) = decoded(query, 12);
    (name, u16::from_be_bytes([query[end], query[end + 1]]))
}

fn encoded(name: &str) -> Vec<u8> {
    let labels = name.split('.').filter(|label| !label.is_empty());
    let mut bytes: Vec<u8> = labels.flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat()).collect();
    bytes.push(0);
    bytes
}

fn decoded(bytes: &[u8], mut at: usize) -> (String, usize) {
    let mut labels = Vec::new();
    while bytes[at] != 0 {
        let end = at + 1 + usize::from(bytes[at]);
        labels.push(String::from_utf8_lossy(&bytes[at + 1..end]).to_lowercase());
        at = end;
    }
    (labels.join("."), at + 1)
}

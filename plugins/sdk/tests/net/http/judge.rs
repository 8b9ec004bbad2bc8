//! The client before Python's own web server.

use super::web::client;
use postkontor_plugin::net::Recorder;
use postkontor_plugin::net::http::{Client, Content, Request};
use postkontor_plugin::serde_json::{Value, from_slice};
use postkontor_plugin::testing::TestHost;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

struct Judge {
    process: Child,
    client: Client,
}

impl Judge {
    /// Nothing where there is no Python.
    fn start() -> Option<Judge> {
        Command::new("python3").arg("--version").output().ok()?;
        let script = include_str!("../../http_judge.py");
        let mut process = Command::new("python3").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Some(Judge { process, client: client(&format!("http://127.0.0.1:{}/", port.trim())) })
    }

    fn ask<'a>(&mut self, method: &'a str, path: &'a str, content: Content<'a>) -> (u16, Value) {
        let host = TestHost::new();
        let call = host.call();
        let request = Request::new(method, path).content(content);
        let mut answer = self.client.request(request, &call, &mut Recorder::off()).unwrap();
        let body = answer.bytes(1 << 20, &call).unwrap();
        (answer.status(), from_slice(&body).unwrap_or_default())
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        self.process.wait().unwrap();
    }
}

#[test]
fn what_is_sent_arrives_and_what_is_answered_is_read_before_a_foreign_server() {
    let Some(mut judge) = Judge::start() else { return eprintln!("skipped: no python3") };
    let data: Vec<u8> = (0..1_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut crc = flate2::Crc::new();
    crc.update(&data);
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        for path in ["/a", "/gzip", "/chunked", "/gzip-chunked?x=y"] {
            for size in [None, Some(data.len() as u64)] {
                let mut rest = data.as_slice();
                let mut source = |block: &mut [u8]| {
                    let length = block.len().min(rest.len()).min(40_000);
                    block[..length].copy_from_slice(&rest[..length]);
                    rest = &rest[length..];
                    Ok(length)
                };
                let (status, told) = judge.ask(method, path, Content::Stream { size, source: &mut source });
                assert_eq!((status, &told["method"], &told["path"]), (200, &method.into(), &path.into()));
                assert_eq!((&told["size"], &told["crc"]), (&data.len().into(), &crc.sum().into()), "{method} {path} {size:?}");
                assert_eq!(told["connections"], 1);
            }
            let (_, told) = judge.ask(method, path, Content::Bytes(&data));
            assert_eq!((&told["size"], &told["crc"]), (&data.len().into(), &crc.sum().into()), "{method} {path} at once");
        }
    }
    assert_eq!(judge.ask("HEAD", "/a", Content::Empty), (200, Value::Null));
    assert_eq!(judge.ask("GET", "/a", Content::Empty).1["connections"], 1);
    // It closes the connection behind an error.
    assert_eq!(judge.ask("GET", "/missing", Content::Empty).0, 404);
    assert_eq!(judge.ask("GET", "/a", Content::Empty).1["connections"], 2);
}

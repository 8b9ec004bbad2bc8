//! One connection to a server of the tests, from greeting to farewell.

use postkontor_plugin::net::{Recorder, Stream};
use postkontor_plugin::settings::{Server, Tls};
use postkontor_plugin::testing::TestHost;
use postkontor_plugin::{Error, Step};
use serde::{Deserialize, Serialize};

/// What a client is to do. It connects, secures the connection, reads the greeting, and says `PASS secret`.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Errand {
    pub(crate) server: Server,
    pub(crate) tls: Tls,
    /// The password of the client certificate, which settings do not give away when they are written.
    #[serde(default)]
    pub(crate) password: String,
    /// So many bytes are sent before that, and the server is to send them back.
    #[serde(default)]
    pub(crate) load: usize,
    /// After that, waits for the server to end the connection.
    #[serde(default)]
    pub(crate) waits: bool,
}

/// What came of it.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Visit {
    /// The step `tls`.
    pub(crate) step: Step,
    pub(crate) is_verified: bool,
    /// The code of the error with which the connection ended; empty for an end as TLS demands it.
    pub(crate) end: Option<String>,
}

impl Errand {
    pub(crate) fn run(&self) -> Result<Visit, Error> {
        let host = TestHost::new();
        let call = host.call();
        let mut recorder = Recorder::on();
        let mut stream = Stream::connect(&self.server, 25, &call, &mut recorder)?;
        stream.secure(&self.tls, &call, &mut recorder)?;
        assert!(stream.is_secure());
        assert_eq!(stream.read_line(&call)?, b"220 ready");
        if self.load > 0 {
            let load: Vec<u8> = (0..self.load).map(|at| (at % 251) as u8).collect();
            stream.write_body(&load, &call)?;
            let mut echo = vec![0; load.len()];
            let mut read = 0;
            while read < echo.len() {
                let length = stream.read(&mut echo[read..], &call)?;
                assert!(length > 0, "the connection ended after {read} bytes");
                read += length;
            }
            assert!(echo == load, "what came back is not what was sent");
        }
        stream.write(b"PASS secret\r\n", &call)?;
        let end = self.waits.then(|| stream.read(&mut [0; 16], &call).err().map(|error| error.code.clone()).unwrap_or_default());
        let is_verified = stream.is_verified();
        stream.finish();
        let step = recorder.steps().pop().unwrap_or_else(|| panic!("no step"));
        Ok(Visit { step, is_verified, end })
    }
}

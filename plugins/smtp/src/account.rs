//! An account, and what is kept of it from one call to the next.

use crate::session::Session;
use crate::settings::Settings;
use crate::write_buffer::WriteBuffer;

/// An account's session: its settings, the connection that is kept between calls, and the buffer for what goes out.
pub struct Smtp {
    pub(crate) settings: Settings,
    pub(crate) session: Option<Session>,
    pub(crate) buffer: WriteBuffer,
}

impl Drop for Smtp {
    fn drop(&mut self) {
        if let Some(mut session) = self.session.take().filter(|session| session.stream.pending() == 0) {
            postkontor_plugin::net::log_out(&mut session);
        }
    }
}

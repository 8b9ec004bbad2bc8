//! The end that a person or the system asks for.

use postkontor_core::{Error, Status};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// The request to end: Ctrl-C, or a signal to that purpose.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From now on such a signal is noted here instead of ending the process.
    pub(crate) fn listen(&self) -> Result<(), Error> {
        self.listening().map_err(|error| Error::new(Status::Local, "cli.signals_unheard").detail(error.to_string()))
    }

    /// Not SIGHUP: `nohup` has it ignored, so that the command outlives the terminal.
    #[cfg(unix)]
    fn listening(&self) -> std::io::Result<()> {
        use signal_hook::consts::{SIGINT, SIGTERM};
        [SIGINT, SIGTERM].into_iter().try_for_each(|signal| signal_hook::flag::register(signal, Arc::clone(&self.0)).map(drop))
    }

    #[cfg(not(unix))]
    fn listening(&self) -> Result<(), ctrlc::Error> {
        let flag = Arc::clone(&self.0);
        ctrlc::set_handler(move || flag.store(true, Ordering::Release))
    }

    /// Whether it is time to end.
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

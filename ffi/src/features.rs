//! What the library was built with.

#[cfg(feature = "outbox")]
pub(crate) use postkontor_outbox::Outbox;
#[cfg(not(feature = "outbox"))]
pub(crate) use without::Outbox;

/// A library that was built without an outbox has the functions all the same.
#[cfg(not(feature = "outbox"))]
mod without {
    use postkontor_core::{Cancel, Host};
    use postkontor_plugin::{Error, Status};
    use std::convert::Infallible;
    use std::sync::Arc;

    /// None of these is ever open.
    pub(crate) struct Outbox(Infallible);

    impl Outbox {
        pub(crate) fn open(_: &Arc<Host>, _: &str, _: &Cancel) -> Result<Outbox, Error> {
            Err(Error::new(Status::Unsupported, "host.without_outbox").usable())
        }

        pub(crate) fn put(&mut self, _: &str, _: &[&[u8]], _: &Cancel) -> Result<(), Error> {
            match self.0 {}
        }

        pub(crate) fn work(&mut self, _: &str, _: &Cancel) -> Result<(), Error> {
            match self.0 {}
        }

        pub(crate) fn query(&mut self, _: &str, _: &Cancel) -> Result<(), Error> {
            match self.0 {}
        }

        pub(crate) fn act(&mut self, _: &str, _: &Cancel) -> Result<(), Error> {
            match self.0 {}
        }
    }
}

//! A request that did not do what it was for.

use crate::fault::Fault;
use postkontor_plugin::Error;

/// Why, and whether it may have been done all the same.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// The service may have carried out the request.
    pub(crate) is_in_doubt: bool,
    /// What the service said, where it said something.
    pub(crate) fault: Option<Box<Fault>>,
}

impl Failure {
    /// Of a request that has not left.
    pub(crate) fn before(error: Error) -> Failure {
        Failure { error, is_in_doubt: false, fault: None }
    }

    /// Whether the thing that was asked for is not there.
    pub(crate) fn is_missing(&self) -> bool {
        self.fault.as_ref().is_some_and(|fault| fault.is_missing())
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        failure.error
    }
}

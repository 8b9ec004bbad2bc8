//! A request as the caller gives it: as its type, or as the JSON document that says the same.

use crate::error::unwritable;
use postkontor_plugin::Error;
use serde::Serialize;
use std::borrow::Cow;
use std::marker::PhantomData;

/// A request that a call takes, as `&T` or as JSON text. Both are checked by the same rules.
pub struct Asked<'r, T> {
    json: Result<Cow<'r, str>, Error>,
    means: PhantomData<fn() -> T>,
}

impl<T: Request> Asked<'_, T> {
    /// The request, with everything that is wrong in it.
    pub fn read(self) -> Result<T, Error> {
        T::read(&self.json?)
    }
}

/// What can be asked for.
pub trait Request: Serialize + Sized {
    /// Reads the request from its JSON document. The error names everything that is wrong in it.
    fn read(json: &str) -> Result<Self, Error>;
}

impl<'r, T> From<&'r str> for Asked<'r, T> {
    fn from(json: &'r str) -> Asked<'r, T> {
        Asked { json: Ok(Cow::Borrowed(json)), means: PhantomData }
    }
}

impl<'r, T> From<&'r String> for Asked<'r, T> {
    fn from(json: &'r String) -> Asked<'r, T> {
        Asked::from(json.as_str())
    }
}

impl<T: Request> From<&T> for Asked<'_, T> {
    fn from(request: &T) -> Self {
        // Read again as any other: a line break in the name of a folder is refused wherever it comes from.
        let json = serde_json::to_string(request).map(Cow::Owned);
        Asked { json: json.map_err(unwritable), means: PhantomData }
    }
}

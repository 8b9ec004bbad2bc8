//! What goes into statements and comes out of them.

use super::fault::Fault;
use postkontor_core::Error;

/// A value of a column or a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Int(i64),
    Text(String),
    Blob(Vec<u8>),
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Value {
        Value::Blob(bytes)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// A row of an answer, its columns in the order of the statement.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row(pub(crate) Vec<Value>);

impl Row {
    /// The number in a column.
    pub(crate) fn int(&self, column: usize) -> Result<i64, Error> {
        self.int_or_none(column)?.ok_or_else(|| self.unexpected(column))
    }

    /// The number in a column that may be empty.
    pub(crate) fn int_or_none(&self, column: usize) -> Result<Option<i64>, Error> {
        match self.0.get(column) {
            Some(Value::Int(number)) => Ok(Some(*number)),
            Some(Value::Null) => Ok(None),
            _ => Err(self.unexpected(column)),
        }
    }

    /// The text in a column.
    pub(crate) fn text(&self, column: usize) -> Result<&str, Error> {
        self.text_or_none(column)?.ok_or_else(|| self.unexpected(column))
    }

    /// The text in a column that may be empty.
    pub(crate) fn text_or_none(&self, column: usize) -> Result<Option<&str>, Error> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            _ => Err(self.unexpected(column)),
        }
    }

    /// The bytes in a column.
    pub(crate) fn blob(&self, column: usize) -> Result<&[u8], Error> {
        match self.0.get(column) {
            Some(Value::Blob(bytes)) => Ok(bytes),
            _ => Err(self.unexpected(column)),
        }
    }

    /// The bytes in a column, which is empty after that.
    pub(crate) fn take_blob(&mut self, column: usize) -> Result<Vec<u8>, Error> {
        match self.0.get_mut(column) {
            Some(Value::Blob(bytes)) => Ok(std::mem::take(bytes)),
            _ => Err(self.unexpected(column)),
        }
    }

    /// Somebody else has written into the tables, or the file is damaged in a way that the database does not see.
    fn unexpected(&self, column: usize) -> Error {
        let kind = match self.0.get(column) {
            None => "no column",
            Some(Value::Null) => "nothing",
            Some(Value::Int(_)) => "a number",
            Some(Value::Text(_)) => "a text",
            Some(Value::Blob(_)) => "bytes",
        };
        Fault::Damaged.error("", format!("column {column} of a row has {kind}"))
    }
}

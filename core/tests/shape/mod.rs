//! Shapes of JSON as comments show them: `{"ok","steps":[{"step","status":"ok|fail",...}],...}`, over several lines of a comment.

use serde_json::{Map, Value};

/// What is shown in one place.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// An object, with what is shown of the value of each member.
    Object(Vec<(String, Option<Shape>)>),
    /// A list, with what is shown of its elements.
    List(Vec<Shape>),
    /// A text; alternatives stand between bars.
    Text(String),
    /// Anything else: a number, `receipt or error`, `...`.
    Words(String),
}

/// Every object with members that a text shows, in order.
pub(crate) fn shapes(text: &str) -> Vec<Shape> {
    let text: String = text.lines().map(|line| line.trim_start().trim_start_matches(['*', '/']).trim_start().to_owned() + "\n").collect();
    let mut found = Vec::new();
    let mut rest = text.as_str();
    while let Some(start) = rest.find("{\"") {
        let mut reader = Reader { rest: &rest[start..] };
        found.push(reader.value());
        rest = reader.rest;
    }
    found
}

/// The parts of a header or a page that are not about the outbox, and those that are: each is compared by the tests of the crate that it is about.
pub(crate) fn parts(text: &str) -> [String; 2] {
    let mut parts = [String::new(), String::new()];
    for part in text.split("/**").flat_map(|part| part.split("\n## ")) {
        let of = &mut parts[usize::from(part.contains("postkontor_outbox_"))];
        of.push_str(part);
        of.push('\n');
    }
    parts
}

impl Shape {
    /// Whether an answer has what is shown; the error says what it lacks.
    pub(crate) fn stands_in(&self, answer: &Value) -> Result<(), String> {
        match (self, answer) {
            (Shape::Object(members), Value::Object(object)) => members.iter().try_for_each(|(name, value)| {
                let found = object.get(name).ok_or_else(|| format!("there is no {name}"))?;
                value.as_ref().map_or(Ok(()), |value| value.stands_in(found).map_err(|lie| format!("{name}: {lie}")))
            }),
            (Shape::List(shown), Value::Array(elements)) => {
                shown.iter().filter(|shape| !matches!(shape, Shape::Words(_))).try_for_each(|shape| {
                    let lies: Vec<String> = elements.iter().filter_map(|element| shape.stands_in(element).err()).collect();
                    if lies.len() < elements.len() { Ok(()) } else { Err(format!("no element is as shown: {lies:?}")) }
                })
            }
            (Shape::Text(shown), Value::String(text)) if shown.contains('|') => {
                let is_shown = shown.split('|').any(|word| word.trim() == text);
                if is_shown { Ok(()) } else { Err(format!("{text:?} is none of {shown}")) }
            }
            (Shape::Text(_), Value::String(_)) | (Shape::Words(_), _) => Ok(()),
            (shape, answer) => Err(format!("{answer} is not {shape:?}")),
        }
    }

    /// What is shown as JSON: of several words the first that is not `...`, of what is not shown nothing.
    pub(crate) fn value(&self) -> Value {
        match self {
            Shape::Object(members) => Value::Object(
                members.iter().map(|(name, value)| (name.clone(), value.as_ref().map_or(Value::Null, Shape::value))).collect::<Map<_, _>>(),
            ),
            Shape::List(elements) => elements.iter().filter(|shape| !matches!(shape, Shape::Words(_))).map(Shape::value).collect(),
            Shape::Text(text) => Value::from(text.as_str()),
            Shape::Words(words) => serde_json::from_str(words).unwrap_or(Value::Null),
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn value(&mut self) -> Shape {
        self.rest = self.rest.trim_start();
        match self.rest.chars().next() {
            Some('{') => Shape::Object(self.members()),
            Some('[') => Shape::List(self.elements()),
            Some('"') => Shape::Text(self.text()),
            _ => Shape::Words(self.words().trim().to_owned()),
        }
    }

    fn members(&mut self) -> Vec<(String, Option<Shape>)> {
        self.rest = &self.rest[1..];
        let mut members = Vec::new();
        loop {
            self.rest = self.rest.trim_start();
            if self.rest.starts_with('"') {
                let name = self.text();
                self.rest = self.rest.trim_start();
                let value = self.rest.strip_prefix(':').map(|rest| {
                    self.rest = rest;
                    self.value()
                });
                members.push((name, value));
            }
            if self.ends('}') {
                return members;
            }
        }
    }

    fn elements(&mut self) -> Vec<Shape> {
        self.rest = &self.rest[1..];
        let mut elements = Vec::new();
        loop {
            if !self.rest.trim_start().starts_with(']') {
                elements.push(self.value());
            }
            if self.ends(']') {
                return elements;
            }
        }
    }

    /// Goes behind the comma, or behind the end, which it tells.
    fn ends(&mut self, end: char) -> bool {
        self.words();
        let ends = self.rest.starts_with(end) || self.rest.is_empty();
        self.rest = self.rest.get(1..).unwrap_or_default();
        ends
    }

    fn text(&mut self) -> String {
        let (text, rest) = self.rest[1..].split_once('"').unwrap_or((self.rest, ""));
        self.rest = rest;
        text.split('\n').map(str::trim).collect()
    }

    /// What stands before the next comma or end.
    fn words(&mut self) -> &'a str {
        let end = self.rest.find([',', '}', ']']).unwrap_or(self.rest.len());
        let (words, rest) = self.rest.split_at(end);
        self.rest = rest;
        words
    }
}

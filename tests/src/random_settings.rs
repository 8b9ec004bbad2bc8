//! Settings documents at random, made from the schema of a form alone: such as it allows, and such with a mistake.

use serde_json::{Map, Value, json};

/// A source of settings documents, begun by a seed: the same in each run.
#[derive(Debug)]
pub struct RandomSettings {
    state: u64,
}

/// What is done to a document that was good.
const MISTAKES: [Mistake; 7] =
    [Mistake::Type, Mistake::Choice, Mistake::Range, Mistake::Removed, Mistake::Cleared, Mistake::Length, Mistake::Member];

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mistake {
    /// A value of another type.
    Type,
    /// A choice that there is not.
    Choice,
    /// A number that is too small or too big.
    Range,
    /// A member taken away.
    Removed,
    /// A field cleared as forms do.
    Cleared,
    /// A text that is too short, too long or not what its pattern says.
    Length,
    /// A member that there is not.
    Member,
}

impl RandomSettings {
    /// Begins with a seed.
    pub fn new(seed: u64) -> RandomSettings {
        RandomSettings { state: seed }
    }

    /// A number below `end` (SplitMix64).
    pub fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % (end.max(1) as u64)).unwrap_or_default()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn one_of<T: Clone>(&mut self, list: &[T]) -> Option<T> {
        list.get(self.below(list.len())).cloned()
    }

    /// A document that the schema of a form allows. Fields that show only under a condition are filled in where it holds.
    pub fn valid(&mut self, schema: &Value) -> Value {
        let mut given = Map::new();
        self.fill(schema, schema, &mut given);
        Value::Object(given)
    }

    /// Makes a mistake or two in a document; what comes of it may still be valid.
    pub fn spoil(&mut self, schema: &Value, document: &mut Value) {
        let mut fields = Vec::new();
        collect(schema, document, &mut Vec::new(), &mut fields);
        for _ in 0..=self.below(2) {
            let Some((path, field)) = self.one_of(&fields) else { return };
            if let Some(mistake) = self.one_of(&MISTAKES) {
                self.mistake(mistake, &path, field, document);
            }
        }
    }

    fn mistake(&mut self, mistake: Mistake, path: &[String], field: &Value, document: &mut Value) {
        let Some((name, groups)) = path.split_last() else { return };
        let Some(group) = group_at(document, groups) else { return };
        let kind = kind(field);
        let value = match mistake {
            Mistake::Type => self.of_other_type(field),
            Mistake::Choice if field.get("oneOf").is_some() && kind != "boolean" => json!("no-such-choice"),
            Mistake::Range if field.get("maximum").is_some() => {
                let beyond = [field["minimum"].as_i64().unwrap_or_default() - 1, field["maximum"].as_i64().unwrap_or_default() + 1];
                json!(beyond[self.below(2)])
            }
            Mistake::Length if kind == "string" && field.get("oneOf").is_none() => json!("x".repeat([1, 65, 300, 5000][self.below(4)])),
            Mistake::Cleared if kind == "string" && field.get("oneOf").is_none() && self.chance(50) => json!(""),
            Mistake::Cleared => Value::Null,
            Mistake::Member => {
                group.insert("no_such_member".to_owned(), json!(1));
                return;
            }
            Mistake::Removed => {
                group.shift_remove(name);
                return;
            }
            Mistake::Choice | Mistake::Range | Mistake::Length => self.of_other_type(field),
        };
        group.insert(name.clone(), value);
    }

    /// Writes a character into a text that has no place in one of a line, or in any.
    pub fn spoil_text(&mut self, document: &mut Value) {
        let mut texts = Vec::new();
        collect_texts(document, &mut texts);
        let place = self.below(texts.len());
        let character = ['\u{7}', '\n', '\0', '\u{85}'][self.below(4)];
        texts.into_iter().nth(place).into_iter().for_each(|text| text.insert(text.len() / 2, character));
    }

    /// A value of another type, but none that `check` takes all the same: a number that is the name of a choice, a text that is a list.
    fn of_other_type(&mut self, field: &Value) -> Value {
        let others = [json!("text"), json!(5), json!(2.5), json!(true), json!({"a": 1}), json!([5]), json!({"secret": 5})];
        let kind = kind(field);
        let is_reference = |value: &Value| field["writeOnly"] == true && value["secret"].is_string();
        let is_other = |value: &&Value| match kind {
            "string" => !value.is_string() && !is_reference(value),
            "integer" => !value.is_i64(),
            "number" => !value.is_number(),
            "boolean" => !value.is_boolean(),
            "object" => !value.is_object(),
            "array" => !value.is_array() && !value.is_string(),
            _ => true,
        };
        let others: Vec<Value> = others.iter().filter(is_other).cloned().collect();
        self.one_of(&others).unwrap_or_default()
    }

    /// Fills in a part of a group: its own members, or those that a condition brings. `whole` is the group with all its branches.
    fn fill(&mut self, part: &Value, whole: &Value, given: &mut Map<String, Value>) {
        let required = |name: &str| part["required"].as_array().is_some_and(|names| names.iter().any(|other| other == name));
        for (name, member) in part["properties"].as_object().into_iter().flatten() {
            let known = find(whole, name).unwrap_or(member);
            let is_missing = given.get(name).is_none_or(|value| value.is_null() || value == "");
            if let Some(inner) = given.get_mut(name).and_then(Value::as_object_mut).filter(|_| member.get("properties").is_some()) {
                self.fill(member, known, inner);
            } else if required(name) && is_missing {
                let value = self.value(known, true);
                given.insert(name.clone(), value);
                if let Some(inner) = given.get_mut(name).and_then(Value::as_object_mut) {
                    self.fill(member, known, inner);
                }
            } else if !given.contains_key(name) && member.get("type").is_some() && self.chance(50) {
                let value = self.value(member, false);
                given.insert(name.clone(), value);
            }
        }
        self.try_ways(part, whole, given);
        let branches = part["allOf"].as_array().into_iter().flatten().chain(part.get("if").map(|_| part));
        for branch in branches {
            if holds(&branch["if"], &Value::Object(given.clone())) {
                self.fill(&branch["then"], whole, given);
            }
        }
    }

    /// Gives members that are there in one way or another, such as a text or a list of texts: each way has a condition on the member itself.
    fn try_ways(&mut self, part: &Value, whole: &Value, given: &mut Map<String, Value>) {
        for branch in part["allOf"].as_array().into_iter().flatten() {
            for (name, member) in branch["then"]["properties"].as_object().into_iter().flatten() {
                let asks_for_itself = branch["if"]["properties"].get(name).is_some();
                if given.contains_key(name) || member.get("title").is_none() || !asks_for_itself || !self.chance(25) {
                    continue;
                }
                let value = self.value(member, true);
                given.insert(name.clone(), value);
                if !holds(&branch["if"], &Value::Object(given.clone())) {
                    given.shift_remove(name);
                } else if let Some(inner) = given.get_mut(name).and_then(Value::as_object_mut) {
                    self.fill(member, find(whole, name).unwrap_or(member), inner);
                }
            }
        }
    }

    fn value(&mut self, member: &Value, is_required: bool) -> Value {
        if member.get("if").is_some() {
            // An item of one of several kinds.
            let way = if self.chance(50) { "then" } else { "else" };
            return self.value(&member[way], true);
        }
        if !is_required && member["type"].is_array() && self.chance(5) {
            return Value::Null;
        }
        if member["writeOnly"] == true && self.chance(30) {
            return json!({"secret": "kept"});
        }
        if let Some(choices) = member["oneOf"].as_array() {
            return self.one_of(choices).map(|choice| choice["const"].clone()).unwrap_or_default();
        }
        match kind(member) {
            "boolean" => json!(self.chance(50)),
            "integer" | "number" => {
                let (least, most) = (member["minimum"].as_i64().unwrap_or_default(), member["maximum"].as_i64().unwrap_or(100));
                json!(least + self.below(usize::try_from(most - least + 1).unwrap_or(1)) as i64)
            }
            "array" => {
                let least = usize::try_from(member["minItems"].as_u64().unwrap_or_default()).unwrap_or_default();
                let most = member["maxItems"].as_u64().map_or(2, |most| usize::try_from(most).unwrap_or(2).min(2));
                let count = least + self.below(most.saturating_sub(least) + 1);
                Value::Array((0..count).map(|_| self.value(&member["items"], true)).collect())
            }
            "object" => {
                let mut inner = Map::new();
                self.fill(member, member, &mut inner);
                if let Some(any) = member.get("additionalProperties").filter(|any| any.is_object()) {
                    inner.extend(["first", "second"].iter().take(self.below(3)).map(|name| ((*name).to_owned(), self.value(any, true))));
                }
                Value::Object(inner)
            }
            _ => self.text(member),
        }
    }

    fn text(&mut self, member: &Value) -> Value {
        let examples = member["examples"].as_array().cloned().unwrap_or_default();
        if !examples.is_empty() {
            return self.one_of(&examples).unwrap_or_default();
        }
        match member["pattern"].as_str() {
            Some(pattern) if pattern.contains('@') => json!("anna@example.com"),
            Some(pattern) if pattern.contains("sha256") => json!(format!("sha256:{}", "0f".repeat(32))),
            Some(_) => json!("1234"),
            None => json!(["first", "second", "mail.example.com"][self.below(3)]),
        }
    }
}

fn collect_texts<'a>(value: &'a mut Value, found: &mut Vec<&'a mut String>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter_mut().for_each(|item| collect_texts(item, found)),
        Value::Object(members) => members.iter_mut().for_each(|(_, member)| collect_texts(member, found)),
        _ => {}
    }
}

/// The type of a field, without `null`.
fn kind(field: &Value) -> &str {
    let types = field["type"].as_array().into_iter().flatten().filter_map(Value::as_str);
    field["type"].as_str().or_else(|| types.into_iter().find(|kind| *kind != "null")).unwrap_or_default()
}

/// The parts of a group: itself, and what its conditions bring.
fn parts(group: &Value) -> impl Iterator<Item = &Value> {
    let branches = group["allOf"].as_array().into_iter().flatten().map(|branch| &branch["then"]);
    [group, &group["then"]].into_iter().chain(branches)
}

/// A member of a group with its title, wherever it stands.
fn find<'a>(group: &'a Value, name: &str) -> Option<&'a Value> {
    parts(group).find_map(|part| part["properties"].get(name).filter(|member| member.get("title").is_some()))
}

/// All groups and fields that a document may have, with their paths; accounts are those that are there.
fn collect<'a>(group: &'a Value, given: &Value, path: &mut Vec<String>, found: &mut Vec<(Vec<String>, &'a Value)>) {
    for part in parts(group).flat_map(|part| parts(part).collect::<Vec<_>>()) {
        for (name, member) in part["properties"].as_object().into_iter().flatten().filter(|(_, member)| member.get("title").is_some()) {
            path.push(name.clone());
            found.push((path.clone(), member));
            collect(member, &given[name.as_str()], path, found);
            if let Some(any) = member.get("additionalProperties").filter(|any| any.is_object()) {
                for id in given[name.as_str()].as_object().into_iter().flatten().map(|(id, _)| id) {
                    path.push(id.clone());
                    found.push((path.clone(), any));
                    collect(any, &given[name.as_str()][id.as_str()], path, found);
                    path.pop();
                }
            }
            path.pop();
        }
    }
}

/// The group at a path, made where it is missing; none where something else stands in the way.
fn group_at<'a>(document: &'a mut Value, path: &[String]) -> Option<&'a mut Map<String, Value>> {
    let mut place = document.as_object_mut()?;
    for name in path {
        let inner = place.entry(name).or_insert_with(|| json!({}));
        if inner.is_null() {
            *inner = json!({});
        }
        place = inner.as_object_mut()?;
    }
    Some(place)
}

/// Whether a condition holds, in so far as the schemas of forms need it.
fn holds(test: &Value, value: &Value) -> bool {
    let Some(test) = test.as_object() else { return *test != Value::Bool(false) };
    test.iter().all(|(keyword, wanted)| match keyword.as_str() {
        "const" => wanted == value,
        "enum" => wanted.as_array().is_some_and(|values| values.contains(value)),
        "not" => !holds(wanted, value),
        "anyOf" => wanted.as_array().is_some_and(|tests| tests.iter().any(|test| holds(test, value))),
        "type" => wanted.as_str().map_or_else(
            || wanted.as_array().is_some_and(|kinds| kinds.iter().filter_map(Value::as_str).any(|kind| is_of(kind, value))),
            |kind| is_of(kind, value),
        ),
        "items" => value.as_array().is_none_or(|items| items.iter().all(|item| holds(wanted, item))),
        "minItems" => value.as_array().is_none_or(|items| items.len() as u64 >= wanted.as_u64().unwrap_or_default()),
        "required" => {
            wanted.as_array().into_iter().flatten().filter_map(Value::as_str).all(|name| !value.is_object() || value.get(name).is_some())
        }
        "properties" => wanted.as_object().into_iter().flatten().all(|(name, test)| value.get(name).is_none_or(|value| holds(test, value))),
        _ => true,
    })
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        _ => value.is_number(),
    }
}

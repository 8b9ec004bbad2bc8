//! The schema of an input, and the UI schemas beside it, written from what its type says.

use super::condition::{both, condition, has, has_such, is_idle, of_no_type, type_of, undrawn};
use super::node::{Group, Kind, Member, Node};
use super::words::Words;
use crate::pointer::child;
use crate::settings::form::asking::ask_for_groups;
use serde_json::{Map, Value, json};

/// Characters that have no place in a text of one line.
pub(super) const CONTROL: &str = r"[\x00-\x1f\x7f-\x9f]";

/// Writes all three for one language.
pub(super) struct Writer<'a> {
    pub(super) words: Words<'a>,
}

/// Where something stands.
struct Place<'a> {
    /// Its pointer; an item of a list is `*`.
    pointer: String,
    /// Its place in the schema for JSON Forms; nothing within a list, whose items have a layout of their own.
    scope: Option<String>,
    /// Turns a condition on the group here into one on the whole.
    around: &'a dyn Fn(Value) -> Value,
}

/// A group as it is written.
struct Written {
    schema: Map<String, Value>,
    elements: Vec<Value>,
    rjsf: Value,
}

/// A member in one of the ways in which it can be given.
struct Variant {
    /// When it shows; nothing where it always does.
    test: Option<Value>,
    schema: Value,
    element: Option<Value>,
    rjsf: Value,
    required: bool,
}

impl Writer<'_> {
    /// The schema, the layout for JSON Forms, and the uiSchema for react-jsonschema-form.
    pub(super) fn document(&self, node: &Node) -> (Value, Value, Value) {
        let empty = Group::default();
        let group = if let Kind::Group(group) = &node.kind { group } else { &empty };
        let place = Place { pointer: String::new(), scope: Some("#".to_owned()), around: &|test: Value| test };
        let written = self.group(group, &place);
        let mut schema = json!({"type": "object"});
        self.words.add_to(&mut schema, "", node, true);
        schema.as_object_mut().into_iter().for_each(|schema| schema.extend(written.schema.clone()));
        (schema, json!({"type": "VerticalLayout", "elements": written.elements}), written.rjsf)
    }

    fn group(&self, group: &Group, place: &Place) -> Written {
        let (mut always, mut required) = (Map::new(), Vec::new());
        let (mut branches, mut checks): (Vec<Value>, Vec<Value>) = (Vec::new(), group.rules.clone());
        let (mut elements, mut ui, mut order) = (Vec::new(), Map::new(), Vec::new());
        for member in &group.members {
            order.push(json!(member.name));
            let shows = condition(&member.node);
            // The columns of a list are the same in each row.
            let is_column = place.scope.is_none() && shows.is_some();
            if let Some(test) = &shows {
                let mut check = json!({"if": test, "else": is_idle(&member.name, member.idle.as_ref())});
                if is_column && member.required {
                    check["then"] = undrawn(has(&member.name));
                }
                checks.push(check);
            }
            for variant in self.variants(member, shows, place) {
                let Variant { test, schema, element, rjsf, required: is_required } = variant;
                let name = &member.name;
                let test = test.filter(|_| !is_column).map(of_object);
                let mut scope = place.scope.clone();
                match &test {
                    None => {
                        always.insert(name.clone(), schema);
                        required.extend((is_required && !is_column).then(|| json!(name)));
                    }
                    Some(test) => {
                        let place = branches.iter().position(|branch| branch["if"] == *test).unwrap_or(branches.len());
                        if place == branches.len() {
                            branches.push(json!({"if": test, "then": {"properties": {}}}));
                        }
                        let then = &mut branches[place]["then"];
                        then["properties"][name.as_str()] = schema;
                        if is_required {
                            let mut names = then["required"].as_array().cloned().unwrap_or_default();
                            names.push(json!(name));
                            then["required"] = json!(names);
                        }
                        scope = scope.map(|scope| format!("{scope}/allOf/{place}/then"));
                    }
                }
                if let Some(options) = rjsf.as_object().filter(|options| !options.is_empty()) {
                    ui.entry(name.clone()).or_insert_with(|| json!(options));
                }
                let drawn = scope.zip(element).map(|(scope, element)| at(element, &child(&format!("{scope}/properties"), name)));
                elements.extend(drawn.map(|element| shown(element, test, place)));
            }
        }
        order.push(json!("*"));
        ui.insert("ui:order".to_owned(), json!(order));
        branches.append(&mut checks);
        let schema = object(group, always, required, branches);
        Written { schema, elements, rjsf: Value::Object(ui) }
    }

    /// The ways in which a member can be given. What is neither is refused by the last of them, in which nothing is drawn.
    fn variants(&self, member: &Member, shows: Option<Value>, place: &Place) -> Vec<Variant> {
        let (name, node) = (member.name.as_str(), &member.node);
        let one = |node: &Node, test: Option<Value>, is_required: bool| {
            let pointer = child(&place.pointer, name);
            let around = |test: Value| (place.around)(within(name, test));
            let place = Place { pointer, scope: place.scope.as_ref().map(|_| "*".to_owned()), around: &around };
            let (schema, element, rjsf) = self.value(node, &place, is_required);
            Variant { test, schema, element, rjsf, required: is_required }
        };
        let ways: Vec<&Node> = match &node.kind {
            Kind::Open => return Vec::new(),
            Kind::Either(ways) => ways.iter().collect(),
            Kind::Group(_) | Kind::List(_) if node.is("given") => vec![node],
            _ => return vec![one(node, shows, member.required)],
        };
        let mut variants = Vec::new();
        for (place, way) in ways.iter().enumerate() {
            let mut way = Node::clone(way);
            // What is said of the member holds of it in each way.
            way.annotations.extend(node.annotations.clone());
            let said: Vec<_> = node.keywords.iter().filter(|(word, _)| fits(word, &way)).collect();
            way.keywords.extend(said.into_iter().map(|(word, value)| (word.clone(), value.clone())));
            for (test, way) in by_items(&way) {
                let is_plain = !matches!(way.kind, Kind::Group(_)) && test.as_object().is_some_and(|test| test.len() == 1);
                let is_default = place == 0 && is_plain && !node.is("given");
                let test = match is_default {
                    true if !member.required => json!({"properties": {name: {"type": [test["type"], "null"]}}}),
                    true => json!({"properties": {name: test}}),
                    false => has_such(name, test),
                };
                let is_required = member.required && is_default;
                variants.push(one(&way, Some(both(shows.clone(), test)), is_required));
            }
        }
        let types: Vec<&str> = ways.iter().map(|way| type_of(way)).collect();
        let refused = json!({"type": types.first()});
        let test = both(shows, has_such(name, of_no_type(&types)));
        variants.push(Variant { test: Some(test), schema: refused, element: None, rjsf: json!({}), required: false });
        variants
    }

    /// One value: its schema, how JSON Forms draws it, and how react-jsonschema-form does.
    fn value(&self, node: &Node, place: &Place, is_required: bool) -> (Value, Option<Value>, Value) {
        let is_item = place.pointer.ends_with("/*");
        let kind = if is_required || is_item { json!(type_of(node)) } else { json!([type_of(node), "null"]) };
        let mut schema = json!({ "type": kind });
        self.words.add_to(&mut schema, &place.pointer, node, is_required);
        let mut ui = json!({});
        let mut element = Some(json!({"type": "Control", "options": options(node, &schema)}));
        match &node.kind {
            Kind::Text => text(node, &mut schema, &mut ui),
            Kind::Choice(words) => schema["oneOf"] = self.words.choices(words, &place.pointer, node, is_required || is_item),
            Kind::List(items) => {
                let place = Place { pointer: child(&place.pointer, "*"), scope: None, around: place.around };
                // No list of JSON Forms has items of several kinds.
                element = element.filter(|_| !matches!(items.kind, Kind::Either(_)));
                let (items, options) = self.items(items, &place);
                schema["items"] = items;
                if options.as_object().is_some_and(|options| !options.is_empty()) {
                    ui["items"] = options;
                }
            }
            Kind::Group(group) => {
                let written = self.group(group, place);
                schema.as_object_mut().into_iter().for_each(|schema| schema.extend(written.schema.clone()));
                ui = written.rjsf;
                let mut group = json!({"type": "Group", "label": schema["title"], "elements": written.elements});
                if node.is("advanced") {
                    group["options"] = json!({"advanced": true});
                }
                element = Some(group);
            }
            Kind::Named(value) => {
                schema["additionalProperties"] =
                    self.value(value, &Place { pointer: child(&place.pointer, "*"), scope: None, around: place.around }, true).0;
                // JSON Forms draws no members of any name.
                element = None;
            }
            _ => {}
        }
        sort(&mut schema, node);
        (schema, element, ui)
    }

    /// The items of a list; of those that are of several kinds each is judged as what it is.
    fn items(&self, items: &Node, place: &Place) -> (Value, Value) {
        let Kind::Either(ways) = &items.kind else {
            let (schema, _, ui) = self.value(items, place, true);
            return (schema, ui);
        };
        let mut rest = json!({"type": ways.first().map(type_of)});
        for (index, way) in ways.iter().enumerate().rev() {
            let schema = self.value(way, place, true).0;
            rest = if index + 1 == ways.len() { schema } else { json!({"if": {"type": type_of(way)}, "then": schema, "else": rest}) };
        }
        (rest, json!({}))
    }
}

/// Lets a condition that asks for members hold of objects only: of a group that is not there yet, each would hold.
fn of_object(mut test: Value) -> Value {
    if test.get("required").is_some() {
        test["type"] = json!("object");
    }
    test
}

/// A list of items of several kinds as one of each kind, and one of mixed; with what a value must be to be drawn so.
fn by_items(way: &Node) -> Vec<(Value, Node)> {
    let of_type = json!({"type": type_of(way)});
    let Kind::List(items) = &way.kind else { return vec![(of_type, way.clone())] };
    let Kind::Either(kinds) = &items.kind else { return vec![(of_type, way.clone())] };
    let mut ways: Vec<(Value, Node)> = Vec::new();
    for kind in kinds {
        let mut test = json!({"type": "array", "items": {"type": type_of(kind)}});
        if !ways.is_empty() {
            test["minItems"] = json!(1);
        }
        ways.push((test, Node { kind: Kind::List(Box::new(kind.clone())), ..way.clone() }));
    }
    let alike: Vec<&Value> = ways.iter().map(|(test, _)| test).collect();
    let mixed = json!({"type": "array", "not": {"anyOf": alike}});
    ways.push((mixed, way.clone()));
    ways
}

/// Whether a keyword that stands at a member says something of this kind.
fn fits(word: &str, node: &Node) -> bool {
    match word {
        "minItems" | "maxItems" => matches!(node.kind, Kind::List(_)),
        "pattern" | "minLength" | "maxLength" | "examples" => matches!(node.kind, Kind::Text),
        _ => !matches!(node.kind, Kind::List(_) | Kind::Group(_)),
    }
}

fn text(node: &Node, schema: &mut Value, ui: &mut Value) {
    let several = node.is("lines");
    let forbidden = node.annotations.get("forbidden").and_then(Value::as_str).or((!several).then_some(CONTROL));
    if let Some(forbidden) = forbidden {
        schema["not"] = json!({"type": "string", "pattern": forbidden});
    }
    if node.is("secret") {
        schema["format"] = json!("password");
        schema["writeOnly"] = json!(true);
        *ui = json!({"ui:widget": "password", "ui:autocomplete": "off"});
    } else if several {
        *ui = json!({"ui:widget": "textarea"});
    }
}

/// How JSON Forms shows a field.
fn options(node: &Node, schema: &Value) -> Value {
    let mut options = json!({});
    for (given, option, value) in [
        (node.is("advanced"), "advanced", json!(true)),
        (schema.get("description").is_some(), "showUnfocusedDescription", json!(true)),
        (node.is("secret"), "format", json!("password")),
        (node.is("lines"), "multi", json!(true)),
        (matches!(node.kind, Kind::Choice(_)), "hideEmptyOption", json!(true)),
    ] {
        if given {
            options[option] = value;
        }
    }
    options
}

/// Adds the keywords of the type and the annotations that are for readers, in the order in which people read them.
fn sort(schema: &mut Value, node: &Node) {
    const LAST: [&str; 7] = ["propertyNames", "items", "properties", "additionalProperties", "required", "allOf", "oneOf"];
    let Some(written) = schema.as_object_mut().map(std::mem::take) else { return };
    let (last, mut first): (Map<_, _>, Map<_, _>) = written.into_iter().partition(|(word, _)| LAST.contains(&word.as_str()));
    first.extend(node.keywords.clone());
    first.extend(last);
    const OWN: [&str; 6] = ["with", "without", "when", "given", "refused", "forbidden"];
    let told: Map<_, _> = node.annotations.clone().into_iter().filter(|(word, _)| !OWN.contains(&word.as_str())).collect();
    if !told.is_empty() {
        first.insert("x-postkontor".to_owned(), Value::Object(told));
    }
    *schema = Value::Object(first);
}

/// A condition of a group as one of the group around it.
fn within(name: &str, test: Value) -> Value {
    let is_required = test.get("required").is_some();
    let mut outer = json!({"properties": {name: test}});
    if is_required {
        outer["required"] = json!([name]);
    }
    outer
}

/// Gives an element its place in the schema, and those in it theirs.
fn at(mut element: Value, scope: &str) -> Value {
    if element["type"] == "Control" {
        let known = element["scope"].as_str().map(str::to_owned);
        element["scope"] = json!(known.map_or_else(|| scope.to_owned(), |known| known.replacen('*', scope, 1)));
        if element["options"].as_object().is_some_and(Map::is_empty) {
            element.as_object_mut().map(|element| element.shift_remove("options"));
        }
        return element;
    }
    for inner in element["elements"].as_array_mut().into_iter().flatten() {
        *inner = at(inner.take(), scope);
    }
    element
}

/// Lets an element show under a condition of its group.
fn shown(mut element: Value, test: Option<Value>, place: &Place) -> Value {
    if let Some(test) = test {
        let mut test = (place.around)(test);
        ask_for_groups(&mut test);
        element["rule"] = json!({"effect": "SHOW", "condition": {"scope": "#", "schema": test}});
    }
    element
}

/// The schema of a group: members that are always there, those that must be, and what holds under conditions.
fn object(group: &Group, always: Map<String, Value>, required: Vec<Value>, conditions: Vec<Value>) -> Map<String, Value> {
    let names: Vec<&str> = group.members.iter().map(|member| member.name.as_str()).collect();
    let mut schema = Map::new();
    schema.insert("propertyNames".to_owned(), json!({ "enum": names }));
    schema.insert("properties".to_owned(), Value::Object(always));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    if !conditions.is_empty() {
        schema.insert("allOf".to_owned(), json!(conditions));
    }
    schema
}

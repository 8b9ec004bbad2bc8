//! Settings and texts laid over one another.

use serde_json::Value;

/// Lays the members of `from` over those of `into`, object by object. Any other value takes the place of what was there, null too: this is
/// no merge patch (RFC 7396), which would take a member away.
pub fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_laid_over_one_another_at_every_depth() {
        let mut into = json!({"server": {"host": "a", "port": 25}, "list": [1, 2], "auth": {"user": "anna"}});
        merge(&mut into, json!({"server": {"port": 587}, "list": [3], "auth": null, "tls": {"mode": "none"}}));
        assert_eq!(into, json!({"server": {"host": "a", "port": 587}, "list": [3], "auth": null, "tls": {"mode": "none"}}));
    }
}

//! Keywords, which Exchange calls categories: a service takes the whole list of a message, not what is added and removed.

/// The keywords with some more and some less. Their case makes no difference.
pub fn changed_keywords(mut names: Vec<String>, add: &[String], remove: &[String]) -> Vec<String> {
    let is_among = |list: &[String], name: &str| list.iter().any(|known| known.to_lowercase() == name.to_lowercase());
    names.retain(|name| !is_among(remove, name));
    for name in add {
        if !is_among(&names, name) {
            names.push(name.clone());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_added_once_and_removed_whatever_their_case() {
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(changed_keywords(texts(&["Geprüft", "Alt"]), &texts(&["geprüft", "Neu"]), &texts(&["ALT", "x"])), ["Geprüft", "Neu"]);
    }
}

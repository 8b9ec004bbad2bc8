//! Which parts are the text of a message, and which are attachments.
//!
//! The first text of a multipart, and in an alternative the one of each kind (RFC 2046, 5.1.4), stand in the message; what has a name or calls
//! itself an attachment does not. Of a multipart/related only its root does (RFC 2387).

use crate::structure::{Entity, Structure};

/// The parts that are no multiparts, by what they are for a reader.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bodies {
    /// The texts without markup, in the order in which they are shown.
    pub text: Vec<usize>,
    /// The texts in HTML.
    pub html: Vec<usize>,
    /// All else, in the order in which it stands in the message.
    pub attachments: Vec<usize>,
}

/// Decides about the parts of a message. `root` names the root of a multipart/related.
pub(crate) fn bodies(structure: &Structure, root: impl Fn(usize) -> Option<usize>) -> Bodies {
    let mut tree = Tree { bodies: Bodies::default(), outermost: Level::default(), levels: Vec::new(), root };
    for (index, entity) in structure.entities.iter().enumerate() {
        while tree.levels.last().is_some_and(|level| level.entity != entity.parent) {
            tree.levels.pop();
        }
        tree.add(index, entity);
    }
    tree.bodies
}

/// The root of a multipart/related with these parts: the one that `start` names, else the first, unless that is neither a text nor a multipart
/// and there is one that is.
pub(crate) fn root(parts: &[(usize, &Entity)], named: Option<usize>) -> Option<usize> {
    let is_readable = |entity: &Entity| entity.is_divided || matches!(Kind::of(entity), Kind::Plain | Kind::Html);
    let first_that = |wanted: &dyn Fn(&Entity) -> bool| parts.iter().find(|(_, entity)| wanted(entity)).map(|(index, _)| *index);
    let first = parts.first()?;
    let other = || first_that(&|entity| Kind::of(entity) == Kind::Html).or_else(|| first_that(&is_readable));
    named.or_else(|| if is_readable(first.1) { None } else { other() }).or(Some(first.0))
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    /// What is around the outermost part.
    #[default]
    Nothing,
    Alternative,
    Related,
    Plain,
    Html,
    /// Pictures, sounds and films are shown where they stand.
    Media,
    Other,
}

impl Kind {
    fn of(entity: &Entity) -> Kind {
        match entity.kind() {
            ("text", "plain" | "") => Kind::Plain,
            ("text", "html") => Kind::Html,
            ("multipart", "alternative") => Kind::Alternative,
            ("multipart", "related") => Kind::Related,
            ("image" | "audio" | "video", _) => Kind::Media,
            _ => Kind::Other,
        }
    }
}

/// A multipart whose parts are being added, or what is around the outermost part.
#[derive(Clone, Copy)]
struct Level {
    entity: Option<usize>,
    kind: Kind,
    root: Option<usize>,
    in_alternative: bool,
    /// Whether a text of this kind is still wanted.
    need_html: bool,
    need_text: bool,
    parts: usize,
}

impl Default for Level {
    fn default() -> Level {
        Level { entity: None, kind: Kind::Nothing, root: None, in_alternative: false, need_html: true, need_text: true, parts: 0 }
    }
}

struct Tree<R> {
    bodies: Bodies,
    /// What is around the outermost part.
    outermost: Level,
    levels: Vec<Level>,
    root: R,
}

impl<R: Fn(usize) -> Option<usize>> Tree<R> {
    fn add(&mut self, index: usize, entity: &Entity) {
        let level = self.levels.last_mut().unwrap_or(&mut self.outermost);
        level.parts += 1;
        let kind = Kind::of(entity);
        if entity.is_divided {
            let in_alternative = level.in_alternative || kind == Kind::Alternative;
            let root = if kind == Kind::Related { (self.root)(index) } else { None };
            let level = Level { entity: Some(index), kind, root, in_alternative, parts: 0, ..*level };
            self.levels.push(level);
            return;
        }
        match (level.shows(index, kind, entity), kind) {
            (true, Kind::Html) => self.bodies.html.push(index),
            (true, Kind::Plain) => self.bodies.text.push(index),
            _ => self.bodies.attachments.push(index),
        }
    }
}

impl Level {
    /// Whether a part stands in the message.
    fn shows(&mut self, index: usize, kind: Kind, entity: &Entity) -> bool {
        let is_text = matches!(kind, Kind::Plain | Kind::Html);
        if self.kind == Kind::Alternative {
            return is_text;
        }
        if !self.is_inline(index, kind, entity) {
            return false;
        }
        if self.in_alternative && (self.need_text || self.need_html) {
            match kind {
                Kind::Html => self.need_text = false,
                Kind::Plain => self.need_html = false,
                _ => (),
            }
        }
        match kind {
            Kind::Html => self.need_html,
            Kind::Plain => self.need_text,
            _ => false,
        }
    }

    /// Whether a part is shown where it stands.
    fn is_inline(&self, index: usize, kind: Kind, entity: &Entity) -> bool {
        if entity.is_attachment || kind == Kind::Other {
            return false;
        }
        let is_named = || entity.content_type.as_ref().is_some_and(|kind| kind.parameter("name").is_some());
        match self.kind {
            Kind::Related => self.root == Some(index),
            _ => self.parts == 1 || kind == Kind::Media || !is_named(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Message;
    use crate::source::Source;

    const HTML: &str = "Content-Type: text/html\n\nh";
    const PLAIN: &str = "Content-Type: text/plain\n\nt";
    const IMAGE: &str = "Content-Type: image/png\nContent-ID: <i@x>\n\ni";

    fn multipart(kind: &str, parts: &[&str]) -> String {
        // Each boundary is longer than those within.
        let boundary = format!("b{}", parts.concat().len());
        let parts: String = parts.iter().map(|part| format!("--{boundary}\n{part}\n")).collect();
        format!("Content-Type: multipart/{kind}; boundary={boundary}\n\n{parts}--{boundary}--\n")
    }

    /// What the texts and the attachments begin with.
    fn shown(raw: &str) -> [String; 3] {
        let source = Source::from(raw.as_bytes().to_vec());
        let message = Message::read(&source, &|| true).unwrap();
        let bodies = message.bodies();
        [&bodies.text, &bodies.html, &bodies.attachments].map(|list| {
            list.iter().map(|index| String::from_utf8_lossy(&message.decoded(*index, 1).unwrap().0).into_owned()).collect::<String>()
        })
    }

    fn is_shown(raw: &str, expected: [&str; 3]) {
        assert_eq!(shown(raw), expected, "{raw}");
    }

    #[test]
    fn texts_of_both_kinds_are_shown_and_the_rest_is_attached() {
        is_shown(&multipart("alternative", &[PLAIN, HTML]), ["t", "h", ""]);
        is_shown(&multipart("mixed", &[&multipart("alternative", &[PLAIN, HTML]), IMAGE]), ["t", "h", "i"]);
        is_shown(&multipart("alternative", &[PLAIN, &multipart("related", &[HTML, IMAGE])]), ["t", "h", "i"]);
        is_shown(&multipart("mixed", &[PLAIN, "Content-Type: text/plain; name=a\n\na", PLAIN]), ["tt", "", "a"]);
        is_shown(&multipart("mixed", &["Content-Disposition: Attachment\n\na", PLAIN]), ["t", "", "a"]);
        is_shown(IMAGE, ["", "", "i"]);
    }

    #[test]
    fn the_root_of_related_parts_is_shown_wherever_it_stands() {
        is_shown(&multipart("related", &[IMAGE, HTML]), ["", "h", "i"]);
        is_shown(&multipart("related", &[PLAIN, HTML]), ["t", "", "h"]);
        is_shown(&multipart("related", &[IMAGE, &multipart("alternative", &[PLAIN, HTML])]), ["t", "h", "i"]);
        is_shown(&multipart("related", &[IMAGE, IMAGE]), ["", "", "ii"]);
        let named = "Content-Type: text/html\nContent-ID: <r@x>\n\nr";
        for start in ["\"<r@x>\"", "r@x", "\"r@x\""] {
            is_shown(&multipart(&format!("related; start={start}"), &[PLAIN, named]), ["", "r", "t"]);
        }
        is_shown(&multipart("related; start=\"<missing>\"", &[HTML, named]), ["", "h", "r"]);
    }

    #[test]
    fn what_was_to_be_divided_and_is_not_is_attached() {
        is_shown("Content-Type: multipart/mixed; boundary=x\n\na", ["", "", "a"]);
    }
}

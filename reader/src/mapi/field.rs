//! The header fields with which a message travelled, kept by Outlook beside its properties.

/// More than this is no header.
const LARGEST: usize = 1024 * 1024;

/// A field: its name and its value with the folds, without the last line end.
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    pub(super) lines: Vec<&'a str>,
}

/// The fields that say something of the message; those of its body are made anew.
pub(super) fn fields(header: &str) -> Vec<Field<'_>> {
    let mut end = header.len().min(LARGEST);
    while !header.is_char_boundary(end) {
        end -= 1;
    }
    let mut fields: Vec<Field<'_>> = Vec::new();
    for line in header[..end].split(['\r', '\n']).filter(|line| !line.trim().is_empty()) {
        if line.starts_with([' ', '\t']) {
            if let Some(field) = fields.last_mut() {
                field.lines.push(line);
            }
        } else if let Some((name, value)) = line.split_once(':') {
            let name = name.trim_end();
            let is_name = name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.bytes().all(|byte| byte.is_ascii_graphic());
            // Exchange heads them with lines of its own ("Microsoft Mail Internet Headers Version 2.0"), which have no colon.
            if is_name {
                fields.push(Field { name, lines: vec![value] });
            }
        }
    }
    fields.retain(|field| !is_of_body(field.name));
    fields
}

fn is_of_body(name: &str) -> bool {
    let is_content = name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"));
    is_content || name.eq_ignore_ascii_case("mime-version")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_kept_but_for_those_of_the_body() {
        let header = "Microsoft Mail Internet Headers Version 2.0\r\nReceived: a\r\n\tb\r\nContent-Type: text/plain;\r\n charset=x\r\n\
            MIME-Version: 1.0\r\n--b: x\r\nSubject: y\r\n\r\n";
        let fields: Vec<(&str, Vec<&str>)> = fields(header).into_iter().map(|field| (field.name, field.lines)).collect();
        assert_eq!(fields, [("Received", vec![" a", "\tb"]), ("Subject", vec![" y"])]);
    }
}

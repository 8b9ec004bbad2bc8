//! The page that tells how to install a release, docs/install.md, read as a person would follow it.

/// A block of code of the page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The last heading above it.
    pub(crate) heading: String,
    /// The language: `sh`, `json`, `python`, ….
    pub(crate) language: String,
    /// The file into which the page tells to write it: the last name in backticks in the line above.
    pub(crate) file: String,
    pub(crate) text: String,
}

/// The blocks of a page in their order.
pub(crate) fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut heading, mut above, mut open) = (String::new(), String::new(), false);
    for line in page.lines() {
        match line.strip_prefix("```") {
            Some(language) if !open => {
                let file = above.rsplit('`').nth(1).unwrap_or_default().to_owned();
                blocks.push(Block { heading: heading.clone(), language: language.to_owned(), file, text: String::new() });
                open = true;
            }
            Some(_) => open = false,
            None if open => {
                if let Some(block) = blocks.last_mut() {
                    block.text += &format!("{line}\n");
                }
            }
            None => {
                if let Some(words) = line.strip_prefix("## ") {
                    words.clone_into(&mut heading);
                }
                if !line.is_empty() {
                    line.clone_into(&mut above);
                }
            }
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::super::platform::version;
    use super::*;

    #[test]
    fn a_block_has_its_heading_and_its_file() {
        let page = "# P\n\n## Linux\n\nRun:\n\n```sh\nls\n```\n\nInto `a.json`:\n\n```json\n{}\n# x\n```\n";
        let block = |language: &str, file: &str, text: &str| Block {
            heading: "Linux".to_owned(),
            language: language.to_owned(),
            file: file.to_owned(),
            text: text.to_owned(),
        };
        assert_eq!(blocks(page), [block("sh", "", "ls\n"), block("json", "a.json", "{}\n# x\n")]);
    }

    #[test]
    fn the_page_names_the_files_of_this_version() {
        let page = std::fs::read_to_string(crate::workspace::root().join("docs/install.md")).unwrap();
        let version = version().unwrap();
        for (before, after) in page.split("postkontor").map(|part| part.split_at(1.min(part.len()))) {
            if (before == "-" || before == "_") && after.starts_with(|sign: char| sign.is_ascii_digit()) {
                assert!(after.starts_with(&version), "docs/install.md: postkontor{before}{} is not of version {version}", &after[..20]);
            }
        }
        assert!(blocks(&page).len() > 5);
    }
}

//! The table of docs/reading.md: how many messages of each kind each parser reads right.

use crate::answer::{self, COMMON, differences};
use crate::corpus::{self, Case};
use crate::judge::Judge;
use crate::told;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const BEGIN: &str = "<!-- made by the test `the_scoreboard_is_current`: begin -->\n";
const END: &str = "<!-- end -->\n";

/// A parser with the cases that it reads wrong.
struct Column {
    title: String,
    wrong: BTreeSet<String>,
}

impl Column {
    fn new(title: String, cases: &[Case], mut is_right: impl FnMut(&Case) -> bool) -> Column {
        let wrong = cases.iter().filter(|case| !is_right(case)).map(|case| case.name.clone()).collect();
        Column { title, wrong }
    }

    fn foreign(title: String, cases: &[Case], mut told: impl FnMut(&[u8]) -> Value) -> Column {
        let is_shown = std::env::var("POSTKONTOR_SHOW").is_ok_and(|shown| title.contains(&shown));
        Column::new(title, cases, |case| {
            let differences = differences(&case.answer, &told(&case.raw), COMMON);
            differences.iter().filter(|_| is_shown).for_each(|difference| println!("{}: {difference}", case.name));
            differences.is_empty()
        })
    }
}

/// The parsers that can be had here; ours must also tell the repairs, the reports and all else that an answer holds.
fn columns(cases: &[Case]) -> Vec<Column> {
    let ours = |case: &Case| differences(&case.answer, &told::by_us(&case.raw), answer::ALL).is_empty();
    let mut columns = vec![Column::new("Postkontor".to_owned(), cases, ours)];
    for policy in ["default", "compat32"] {
        let mut python = Judge::python(policy);
        columns.push(Column::foreign(format!("Python {} {policy}", Judge::python_version()), cases, |raw| python.told(raw)));
    }
    if let Some((mut gmime, version)) = Judge::gmime() {
        columns.push(Column::foreign(format!("GMime {version}"), cases, |raw| gmime.told(raw)));
    }
    columns.push(Column::foreign("mail-parser 0.11".to_owned(), cases, told::by_mail_parser));
    columns
}

/// A table: for each row the cells behind its name, by the title of the column.
type Table = BTreeMap<String, BTreeMap<String, String>>;

/// How many of each group of cases are right.
fn table(cases: &[Case], columns: &[Column], group: impl Fn(&Case) -> String) -> Table {
    let mut groups: BTreeMap<String, Vec<&Case>> = BTreeMap::new();
    cases.iter().for_each(|case| groups.entry(group(case)).or_default().push(case));
    let cell = |column: &Column, cases: &[&Case]| {
        let right = cases.iter().filter(|case| !column.wrong.contains(&case.name)).count();
        format!("{right} / {}", cases.len())
    };
    let row = |cases: &[&Case]| columns.iter().map(|column| (column.title.clone(), cell(column, cases))).collect();
    groups.iter().map(|(name, cases)| (name.clone(), row(cases))).collect()
}

fn written(first: &str, table: &Table, columns: &[Column]) -> String {
    let titles: Vec<&str> = columns.iter().map(|column| column.title.as_str()).collect();
    let mut text = format!("| {first} | {} |\n|---|{}\n", titles.join(" | "), "---|".repeat(titles.len()));
    for (name, cells) in table {
        let cells: Vec<&str> = titles.iter().map(|title| cells[*title].as_str()).collect();
        text += &format!("| {name} | {} |\n", cells.join(" | "));
    }
    text
}

/// The tables of a document, all rows in one.
fn read(text: &str) -> Table {
    let (mut table, mut titles) = (Table::new(), Vec::new());
    for line in text.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        match cells.as_slice() {
            ["Kind" | "Paragraph", rest @ ..] => titles = rest.to_vec(),
            [name, rest @ ..] if line.starts_with('|') && !name.starts_with('-') => {
                let cells = titles.iter().zip(rest).map(|(title, cell)| ((*title).to_owned(), (*cell).to_owned())).collect();
                table.insert((*name).to_owned(), cells);
            }
            _ => (),
        }
    }
    table
}

fn document() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join("docs").join("reading.md")
}

/// A parser of another version than the table was made with is not compared. `POSTKONTOR_SHOW=GMime` prints what that parser reads wrong.
#[test]
fn the_scoreboard_is_current() {
    let cases = corpus::cases();
    let columns = columns(&cases);
    let kinds = table(&cases, &columns, |case| case.name.split('/').next().unwrap_or_default().to_owned());
    let all = table(&cases, &columns, |_| "**all**".to_owned());
    let mut paragraphs = table(&cases, &columns, |case| case.answer["rfc"].as_str().unwrap_or_default().to_owned());
    let is_agreed =
        |cells: &BTreeMap<String, String>| cells.values().all(|cell| cell.split_once(" / ").is_some_and(|(right, all)| right == all));
    paragraphs.retain(|_, cells| !is_agreed(cells));
    let text = std::fs::read_to_string(document()).unwrap();
    let (front, rest) = text.split_once(BEGIN).expect("the mark where the tables begin");
    let (there, back) = rest.split_once(END).expect("the mark where they end");
    if std::env::var_os("POSTKONTOR_WRITE_DOCS").is_some() {
        let total = written("Kind", &all, &columns).lines().last().unwrap_or_default().to_owned();
        let (kinds, paragraphs) = (written("Kind", &kinds, &columns), written("Paragraph", &paragraphs, &columns));
        let between = "\nWhere they differ, these paragraphs decide:\n\n";
        std::fs::write(document(), format!("{front}{BEGIN}{kinds}{total}\n{between}{paragraphs}{END}{back}")).unwrap();
        return;
    }
    let there = read(there);
    for (name, cells) in kinds.iter().chain(&all).chain(&paragraphs) {
        let known = there.get(name).unwrap_or_else(|| panic!("docs/reading.md lacks the row {name}: run with POSTKONTOR_WRITE_DOCS=1"));
        for (title, cell) in cells {
            assert_eq!(known.get(title).unwrap_or(cell), cell, "{name}, {title}: run with POSTKONTOR_WRITE_DOCS=1");
        }
    }
}

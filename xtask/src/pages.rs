//! `cargo xtask pages`: every row of the four settings pages, with the result of the tests that show that it works.

use crate::workspace::{cargo, root};
use std::collections::BTreeMap;
use std::process::{ExitCode, Stdio};

/// The table, in the repository.
const TABLE: &str = "tests/pages/rows.md";

/// A row of a page.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    page: String,
    name: String,
    members: String,
    scope: String,
    /// Program and test, as in the table.
    tests: Vec<(String, String)>,
}

/// Runs the tests of all rows, or of the pages named (`A`, `B` …), and prints the table with their results.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    let text = match std::fs::read_to_string(root().join(TABLE)) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("pages: {TABLE}: {error}");
            return ExitCode::FAILURE;
        }
    };
    let rows: Vec<Row> = rows(&text).into_iter().filter(|row| arguments.is_empty() || arguments.contains(&row.page)).collect();
    let mut wanted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (program, test) in rows.iter().flat_map(|row| &row.tests) {
        let tests = wanted.entry(program).or_default();
        if !tests.contains(&test.as_str()) {
            tests.push(test);
        }
    }
    let mut results = BTreeMap::new();
    for (program, tests) in wanted {
        let output = run_tests(program, &tests);
        results.extend(tests.into_iter().map(|test| ((program.to_owned(), test.to_owned()), result(&output, test))));
    }
    println!("| Page | Row | Members | Scope | Tests | Result |\n|---|---|---|---|---|---|");
    let (mut is_good, mut sum) = (true, BTreeMap::new());
    for row in &rows {
        let told = told(row, &results);
        is_good &= matches!(told, "ok" | "skipped" | "issue 14");
        *sum.entry(told).or_insert(0) += 1;
        let Row { page, name, members, scope, tests } = row;
        let tests: Vec<String> = tests.iter().map(|(program, test)| format!("{program} {test}")).collect();
        println!("| {page} | {name} | {members} | {scope} | {} | {told} |", tests.join("; "));
    }
    let sum: Vec<String> = sum.iter().map(|(told, rows)| format!("{told}: {rows}")).collect();
    println!("\n{} rows. {}", rows.len(), sum.join(", "));
    if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The rows of the table.
fn rows(text: &str) -> Vec<Row> {
    let lines = text.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").map(str::trim).collect();
        let [page, name, members, scope, rest @ ..] = cells.as_slice() else { return None };
        let tests = rest.first().copied().unwrap_or_default();
        let tests = tests.split("; ").filter_map(|test| test.split_once(' ')).map(|(program, test)| (program.to_owned(), test.to_owned()));
        let [page, name, members, scope] = [page, name, members, scope].map(|cell| (*cell).to_owned());
        (page.len() == 1).then(|| Row { page, name, members, scope, tests: tests.collect() })
    });
    lines.collect()
}

/// What a run of these tests of one program prints.
fn run_tests(program: &str, tests: &[&str]) -> String {
    let (package, target) = program.split_once('/').unwrap_or(("postkontor-tests", program));
    let mut command = cargo();
    command.args(["test", "--package", package, "--test", target, "--", "--exact"]).args(tests);
    match command.stderr(Stdio::inherit()).output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout).into_owned(),
        Err(error) => format!("{error}"),
    }
}

/// What became of a test; a test that notes why it cannot run here is skipped.
fn result(output: &str, test: &str) -> &'static str {
    let line = output.lines().find(|line| line.strip_prefix("test ").is_some_and(|line| line.starts_with(&format!("{test} ..."))));
    match line {
        Some(line) if line.ends_with("ok") => "ok",
        Some(line) if line.contains("ignored") => "skipped",
        Some(_) => "failed",
        None => "missing",
    }
}

/// The result of a row: the worst of its tests.
fn told(row: &Row, results: &BTreeMap<(String, String), &'static str>) -> &'static str {
    if row.tests.is_empty() {
        return if row.members == "issue 14" { "issue 14" } else { "no test" };
    }
    let of = |test: &(String, String)| results.get(test).copied().unwrap_or("missing");
    let found: Vec<&str> = row.tests.iter().map(of).collect();
    ["missing", "failed", "skipped"].into_iter().find(|bad| found.contains(bad)).unwrap_or("ok")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_as_good_as_its_worst_test() {
        let text = "| Page | Row | Members | Scope | Tests |\n|---|---|---|---|---|\n| A | Port | x:/p | user | pages a::b; core/c d |\n| D | S/MIME | issue 14 |  |  |\n";
        let rows = rows(text);
        assert_eq!(rows.len(), 2);
        let test = |program: &str, test: &str| (program.to_owned(), test.to_owned());
        assert_eq!(rows[0].tests, [test("pages", "a::b"), test("core/c", "d")]);
        let results = |second| BTreeMap::from([(test("pages", "a::b"), "ok"), (test("core/c", "d"), second)]);
        assert_eq!((told(&rows[0], &results("ok")), told(&rows[0], &results("failed"))), ("ok", "failed"));
        assert_eq!(told(&rows[1], &BTreeMap::new()), "issue 14");
        let output = "running 2 tests\ntest a::b ... ok\ntest a::bc ... FAILED\n";
        assert_eq!([result(output, "a::b"), result(output, "a::bc"), result(output, "a::x")], ["ok", "failed", "missing"]);
    }

    #[test]
    fn every_row_of_the_table_has_a_test_or_an_issue() {
        let rows = rows(&std::fs::read_to_string(root().join(TABLE)).unwrap());
        let count = |page: &str| rows.iter().filter(|row| row.page == page).count();
        assert_eq!([count("A"), count("B"), count("C"), count("D")], [39, 13, 10, 19]);
        assert!(rows.iter().all(|row| !row.tests.is_empty() || row.members == "issue 14"));
    }
}

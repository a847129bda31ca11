//! The project's own documents, so that tests can hold them to what they speak of.

use std::fs;
use std::path::{Path, PathBuf};

/// The project's folder.
pub fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A document, by its path in the project's folder.
pub fn read(document: &str) -> String {
    let path = checkout().join(document);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{document}: {error}"))
}

/// Every document of the project, by its path.
pub fn all() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(checkout().join(&folder)).expect("the folder can be read");
        for entry in entries {
            let entry = entry.expect("the folder can be read");
            let name = entry.file_name().into_string().expect("names are text");
            let path = folder.join(&name);
            if entry.path().is_dir() {
                // What is downloaded, built or somebody else's.
                let other = ["target", "node_modules", "dist"].contains(&name.as_str());
                if !other && !name.starts_with('.') {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|end| end == "md") {
                found.push(path.to_str().expect("names are text").to_owned());
            }
        }
    }
    found.sort();
    found
}

/// The lines for a shell in a document: of a block, named by how it begins.
pub fn block(document: &str, begins: &str) -> String {
    let text = read(document);
    let mut blocks = text.split("```console\n").skip(1);
    let found = blocks.find(|block| block.starts_with(begins));
    let found = found.unwrap_or_else(|| panic!("{document} has no lines that begin {begins}"));
    found.split("```").next().unwrap_or_default().to_owned()
}

/// The part of a text under a heading, up to the next one of its level or above.
pub fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let level = heading.split(' ').next().unwrap_or_default().len();
    let start = text.find(&format!("\n{heading}\n"));
    let start = start.unwrap_or_else(|| panic!("there is no heading {heading}")) + 1;
    let body = &text[start + heading.len()..];
    let mut end = body.len();
    for above in 1..=level {
        let next = format!("\n{} ", "#".repeat(above));
        end = end.min(body.find(&next).unwrap_or(end));
    }
    &body[..end]
}

/// The rows of the first table in a text whose first column has this title: the cells of each, without
/// the head.
pub fn table(text: &str, first: &str) -> Vec<Vec<String>> {
    let head = format!("| {first} |");
    let mut lines = text.lines().skip_while(|line| !line.starts_with(&head));
    let Some(titles) = lines.next() else {
        panic!("there is no table of {first}");
    };
    let columns = cells(titles).len();
    let rows = lines.skip(1).take_while(|line| line.starts_with('|'));
    let rows: Vec<Vec<String>> = rows.map(cells).collect();
    for row in &rows {
        assert_eq!(row.len(), columns, "the table of {first}: {row:?}");
    }
    rows
}

fn cells(line: &str) -> Vec<String> {
    let line = line.trim().trim_start_matches('|').trim_end_matches('|');
    line.split('|').map(|cell| cell.trim().to_owned()).collect()
}

/// The pieces of a text that are code.
pub fn code(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

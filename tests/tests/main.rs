//! The end-to-end tests, in one program: they are linked once, and the last slow test of a file keeps
//! none of the others waiting.

mod accounts;
mod bad_input;
mod chains;
mod clients;
mod conformance;
mod documents;
mod events;
mod face_data;
mod instructions;
mod local_machine;
mod mail;
mod memory;
mod names;
mod protocol;
mod settings;
mod sign_in;
mod steps;
mod template;

/// Cargo looks for no tests in files that this one does not name.
#[test]
fn every_file_of_tests_is_one_of_these() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let there = std::fs::read_dir(folder).expect("this file's folder");
    let names = there.map(|entry| entry.expect("an entry").file_name());
    for name in names {
        let name = name.into_string().expect("a name of ours");
        let module = name.strip_suffix(".rs").unwrap_or(&name);
        let declaration = format!("\nmod {module};\n");
        assert!(
            module == "main" || include_str!("main.rs").contains(&declaration),
            "tests/tests/{name} is never run: name it in tests/tests/main.rs"
        );
    }
}

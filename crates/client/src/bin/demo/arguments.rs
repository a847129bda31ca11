//! What the demonstration is given.

use std::path::PathBuf;

use clap::Parser;

/// Sign up, enrol and sign in with a face against a running stack, and be refused with others.
///
/// Pictures are JPEG or PNG. Without any, faces from the sample photographs are used, which
/// `cargo xtask setup` fetches.
#[derive(Debug, Parser)]
#[command(name = "demo")]
pub(crate) struct Arguments {
    /// What the stack tells its clients; `cargo xtask up` writes it.
    #[arg(long, value_name = "FILE", default_value = ".local/outputs.json")]
    pub(crate) outputs: PathBuf,
    /// The picture to enrol; one given as `--sign-in` serves where this is missing.
    #[arg(long, value_name = "FILE")]
    pub(crate) enrol: Option<PathBuf>,
    /// Another picture of the same person, to sign in with; the enrolled one, taken again, serves
    /// where this is missing.
    #[arg(long, value_name = "FILE")]
    pub(crate) sign_in: Option<PathBuf>,
    /// A picture of somebody else, who must be refused.
    #[arg(long, value_name = "FILE")]
    pub(crate) impostor: Option<PathBuf>,
    /// The fetched parts, with the sample photographs [default: those of the checkout that this
    /// program was built from].
    #[arg(long, value_name = "FOLDER")]
    pub(crate) parts: Option<PathBuf>,
    /// End with one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

#[cfg(test)]
impl Arguments {
    /// The arguments of a command line, without the program's name.
    pub(crate) fn of<const N: usize>(words: [&str; N]) -> Self {
        Self::parse_from(["demo"].into_iter().chain(words))
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
        let arguments = Arguments::of(["--outputs", "o.json", "--sign-in", "b.jpg", "--json"]);
        assert_eq!(arguments.outputs, PathBuf::from("o.json"));
        assert_eq!(arguments.sign_in, Some(PathBuf::from("b.jpg")));
        assert!(arguments.json && arguments.enrol.is_none());
    }

    #[test]
    fn wrong_usage_ends_with_status_2() {
        for words in [&["demo", "picture.jpg"][..], &["demo", "--enrol"]] {
            let error = Arguments::try_parse_from(words).expect_err("wrong usage");
            assert_ne!(error.kind(), ErrorKind::DisplayHelp);
            assert_eq!(error.exit_code(), 2);
        }
    }
}

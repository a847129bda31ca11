//! Settings from the environment: read once, at start; one that is missing or wrong stops the
//! function with a message that names it.

use std::str::FromStr;

use signin_core::face_data::Model;
use signin_core::id::ClientId;
use signin_core::policy::{Factor, Policy};

/// A setting that keeps a function from starting.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("setting {name}: {problem}")]
pub struct InvalidSetting {
    name: &'static str,
    problem: String,
}

/// Reads a setting of any type that says what it expects when it is wrong.
pub fn setting<T>(name: &'static str) -> Result<T, InvalidSetting>
where
    T: FromStr<Err: std::fmt::Display>,
{
    parse(name, std::env::var(name).ok())
}

fn parse<T>(name: &'static str, found: Option<String>) -> Result<T, InvalidSetting>
where
    T: FromStr<Err: std::fmt::Display>,
{
    let problem = |problem: String| InvalidSetting { name, problem };
    match found.filter(|text| !text.is_empty()) {
        None => Err(problem(
            "expected a value, found none; set it in the environment".to_owned(),
        )),
        Some(text) => text
            .parse()
            .map_err(|error: T::Err| problem(error.to_string())),
    }
}

/// Reads a setting that lists app clients, with commas between them. It may be empty, but must be
/// there.
pub fn app_clients(name: &'static str) -> Result<Vec<ClientId>, InvalidSetting> {
    parse_app_clients(name, std::env::var(name).ok())
}

fn parse_app_clients(
    name: &'static str,
    found: Option<String>,
) -> Result<Vec<ClientId>, InvalidSetting> {
    let problem = |problem: String| InvalidSetting { name, problem };
    let Some(found) = found else {
        let expected = "expected a list of app clients' ids with commas between them, or an empty text; \
                        found no setting";
        return Err(problem(expected.to_owned()));
    };
    let ids = found.split(',').map(str::trim).filter(|id| !id.is_empty());
    ids.map(|id| ClientId::parse(id).map_err(|error| problem(error.to_string())))
        .collect()
}

/// What a sign-in takes for the face.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// The policy.
    pub policy: Policy,
    /// The model of its face data, where it has any.
    pub model: Model,
}

impl SignIn {
    /// Reads policy and model. The two do not go together where a sign-in would rest on data that
    /// do not tell people apart, unless the operator has said that this is meant.
    pub fn from_environment() -> Result<Self, InvalidSetting> {
        let (policy, model) = (setting("SIGN_IN_POLICY")?, setting("FACE_DATA_MODEL")?);
        Self::check(policy, model, setting("ALLOW_MESH_ONLY")?)
    }

    fn check(policy: Policy, model: Model, mesh_only: bool) -> Result<Self, InvalidSetting> {
        require(
            "ALLOW_MESH_ONLY",
            mesh_only || !policy.rests_on_a_mesh(model),
            "expected true, since SIGN_IN_POLICY is FACE_DATA and FACE_DATA_MODEL is mesh-468, \
             which does not tell people apart; found false. Take PASSWORD+FACE_DATA, or \
             descriptor-128",
        )?;
        Ok(Self { policy, model })
    }

    /// The model of the face data that are asked for; none where pictures are.
    pub fn face_data(self) -> Option<Model> {
        (self.policy.factor == Factor::FaceData).then_some(self.model)
    }
}

/// Checks a value that several settings make together, or that is allowed elsewhere only.
pub fn require(name: &'static str, met: bool, problem: &str) -> Result<(), InvalidSetting> {
    if met {
        Ok(())
    } else {
        Err(InvalidSetting {
            name,
            problem: problem.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_is_missing_or_wrong_is_named() {
        for found in [None, Some(String::new())] {
            let message = parse::<Policy>("SIGN_IN_POLICY", found)
                .unwrap_err()
                .to_string();
            assert!(
                message.starts_with("setting SIGN_IN_POLICY: expected a value"),
                "{message}"
            );
        }
        let message = parse::<Policy>("SIGN_IN_POLICY", Some("BOTH".into()))
            .unwrap_err()
            .to_string();
        assert!(message.contains("SIGN_IN_POLICY") && message.contains("PASSWORD+FACE"));
    }

    #[test]
    fn a_mesh_is_all_that_a_sign_in_needs_only_where_the_operator_says_so() {
        let check = |policy: &str, model: Model, mesh_only| {
            SignIn::check(policy.parse().unwrap(), model, mesh_only)
        };
        let refused = check("FACE_DATA", Model::Mesh468, false).unwrap_err();
        let message = refused.to_string();
        for named in ["ALLOW_MESH_ONLY", "SIGN_IN_POLICY", "FACE_DATA_MODEL"] {
            assert!(message.contains(named), "{message}");
        }
        let meant = check("FACE_DATA", Model::Mesh468, true).unwrap();
        assert_eq!(meant.face_data(), Some(Model::Mesh468));
        let with_password = check("PASSWORD+FACE_DATA", Model::Mesh468, false).unwrap();
        assert_eq!(with_password.face_data(), Some(Model::Mesh468));
        let pictures = check("FACE", Model::Mesh468, false).unwrap();
        assert_eq!(pictures.face_data(), None);
    }

    #[test]
    fn a_list_of_app_clients_may_be_empty_and_must_be_there() {
        let read = |found: Option<&str>| {
            parse_app_clients("UNGUARDED_CLIENTS", found.map(str::to_owned))
                .map_err(|error| error.to_string())
        };
        let ids = |ids: &[&str]| Ok(ids.iter().map(|id| ClientId::parse(id).unwrap()).collect());
        assert_eq!(read(Some("")), ids(&[]));
        assert_eq!(read(Some("one, two")), ids(&["one", "two"]));
        for wrong in [None, Some("not-an-id"), Some("one;two")] {
            let message = read(wrong).unwrap_err();
            assert!(
                message.starts_with("setting UNGUARDED_CLIENTS"),
                "{message}"
            );
        }
    }
}

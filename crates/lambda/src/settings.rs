//! Settings from the environment: read once, at start; one that is missing or wrong stops the
//! function with a message that names it.

use std::str::FromStr;

use signin_core::face::Threshold;
use signin_core::face_data::{LEAST_THRESHOLD, Model};
use signin_core::factor::Factor;
use signin_core::factor::email_code::CodeKey;
use signin_core::id::ClientId;
use signin_core::policy::{FACE_DATA_ALONE, Policy};

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

/// Reads a setting that may be empty, which stands for none; it must be there all the same.
pub fn setting_or_none(name: &'static str) -> Result<Option<String>, InvalidSetting> {
    match std::env::var(name) {
        Ok(text) if text.is_empty() => Ok(None),
        found => parse(name, found.ok()).map(Some),
    }
}

/// What a setting holds that may be empty elsewhere, but not here.
pub fn needed(name: &'static str, value: Option<String>) -> Result<String, InvalidSetting> {
    parse(name, value)
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

/// Why a policy with `EMAIL_CODE` is not deployed where nothing mails.
pub const NEEDS_MAIL: &str = "expected no EMAIL_CODE, since nothing mails its codes: set MailFrom and \
    MailSourceArn as well";

/// What a sign-in takes for the face.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// The policy.
    pub policy: Policy,
    /// The model of its face data, where it has any.
    pub model: Model,
}

impl SignIn {
    /// Reads policy and model. A sign-in that rests on face data alone is refused, unless the
    /// operator has said that this is meant.
    pub fn from_environment() -> Result<Self, InvalidSetting> {
        let (policy, model) = (setting("SIGN_IN_POLICY")?, setting("FACE_DATA_MODEL")?);
        Self::check(policy, model, setting("ALLOW_FACE_DATA_ONLY")?)
    }

    /// Whether functions start with a policy and a threshold, and whether there is what mails its codes: for
    /// the deployment, which ends where they would not.
    pub fn is_deployable(
        policy: Policy,
        threshold: Threshold,
        mails: bool,
    ) -> Result<(), InvalidSetting> {
        let mailed = policy.factors().any(Factor::is_mailed);
        require("SIGN_IN_POLICY", mails || !mailed, NEEDS_MAIL)?;
        // The model, and whether face data alone are meant, are the template's to check.
        let sign_in = Self {
            policy,
            model: Model::Descriptor128,
        };
        sign_in.check_threshold(threshold).map(|_| ())
    }

    fn check(policy: Policy, model: Model, data_only: bool) -> Result<Self, InvalidSetting> {
        require(
            "ALLOW_FACE_DATA_ONLY",
            data_only || !policy.rests_on_face_data(),
            &format!(
                "expected true, since SIGN_IN_POLICY has FACE_DATA alone; found false: {FACE_DATA_ALONE}"
            ),
        )?;
        Ok(Self { policy, model })
    }

    /// Reads the similarity threshold. Where face data are compared it may not be low.
    pub fn threshold(&self) -> Result<Threshold, InvalidSetting> {
        self.check_threshold(setting("SIMILARITY_THRESHOLD")?)
    }

    fn check_threshold(&self, threshold: Threshold) -> Result<Threshold, InvalidSetting> {
        let data = self.policy.has_face_data();
        require(
            "SIMILARITY_THRESHOLD",
            !data || threshold.value() >= LEAST_THRESHOLD,
            "expected 99 to 100, since SIGN_IN_POLICY has FACE_DATA; found less. Below, an \
             average of other people's data passes for every third person. Set \
             SimilarityThreshold=99, or take a policy with FACE",
        )?;
        Ok(threshold)
    }

    /// The key from which codes follow, where a chain of the policy has one.
    pub fn codes(&self) -> Result<Option<CodeKey>, InvalidSetting> {
        let found = setting_or_none("CODE_KEY")?;
        let mailed = self.policy.factors().any(Factor::is_mailed);
        mailed.then(|| parse("CODE_KEY", found)).transpose()
    }

    /// The model of the face data that a sign-up brings; none where an account may do without.
    pub fn signed_up_with(&self) -> Option<Model> {
        self.policy
            .always_asks_for(Factor::FaceData)
            .then_some(self.model)
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
    fn face_data_are_all_that_a_sign_in_needs_only_where_the_operator_says_so() {
        let check = |policy: &str, model: Model, data_only| {
            SignIn::check(policy.parse().unwrap(), model, data_only)
        };
        for model in Model::ALL {
            let refused = check("FACE_DATA", model, false).unwrap_err();
            let message = refused.to_string();
            for named in [
                "ALLOW_FACE_DATA_ONLY",
                "SIGN_IN_POLICY",
                "PASSWORD+FACE_DATA",
            ] {
                assert!(message.contains(named), "{message}");
            }
            let meant = check("FACE_DATA", model, true).unwrap();
            assert_eq!(meant.signed_up_with(), Some(model));
            let with_password = check("PASSWORD+FACE_DATA", model, false).unwrap();
            assert_eq!(with_password.signed_up_with(), Some(model));
            let pictures = check("FACE", model, false).unwrap();
            assert_eq!(pictures.signed_up_with(), None);
            // Whoever enrols a picture has no use for them.
            let either = check("FACE,PASSWORD+FACE_DATA", model, false).unwrap();
            assert_eq!(either.signed_up_with(), None);
            assert!(check("PASSWORD+FACE,FACE_DATA", model, false).is_err());
        }
    }

    #[test]
    fn face_data_are_compared_under_a_high_threshold_only() {
        for policy in [
            "FACE",
            "PASSWORD+FACE",
            "FACE_DATA",
            "FACE,PASSWORD+FACE_DATA",
        ] {
            let sign_in = SignIn {
                policy: policy.parse().unwrap(),
                model: Model::Descriptor128,
            };
            let check = |threshold: &str| sign_in.check_threshold(threshold.parse().unwrap());
            for high in ["99", "99.5", "100"] {
                assert!(check(high).is_ok(), "{policy:?}: {high}");
            }
            for low in ["80", "95", "98.99"] {
                let pictures = !policy.contains("FACE_DATA");
                assert_eq!(check(low).is_ok(), pictures, "{policy:?}: {low}");
                if let Err(refused) = check(low) {
                    let message = refused.to_string();
                    assert!(message.starts_with("setting SIMILARITY_THRESHOLD: "));
                    assert!(message.contains("SimilarityThreshold=99"), "{message}");
                }
            }
        }
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

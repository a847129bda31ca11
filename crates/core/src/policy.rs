//! Which steps a sign-in needs.

use std::str::FromStr;

use crate::step::Factor;

/// The steps a sign-in needs, in order, as the setting `SIGN_IN_POLICY` names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Policy {
    /// Whether Cognito must have checked the password before any custom step.
    pub password: bool,
    /// The factor that is the face.
    pub factor: Factor,
}

impl Policy {
    /// Every policy, in the order in which messages name them.
    pub const ALL: [Self; 4] = [
        Self {
            password: false,
            factor: Factor::Face,
        },
        Self {
            password: true,
            factor: Factor::Face,
        },
        Self {
            password: false,
            factor: Factor::FaceData,
        },
        Self {
            password: true,
            factor: Factor::FaceData,
        },
    ];

    /// The name that the setting uses.
    pub const fn name(self) -> &'static str {
        match (self.password, self.factor) {
            (false, Factor::Face) => "FACE",
            (true, Factor::Face) => "PASSWORD+FACE",
            (false, Factor::FaceData) => "FACE_DATA",
            (true, Factor::FaceData) => "PASSWORD+FACE_DATA",
        }
    }

    /// Whether face data would be all that a sign-in needs. Whoever can send numbers needs no face:
    /// an average of other people's passes for some, whatever the model and the threshold.
    pub fn rests_on_face_data(self) -> bool {
        !self.password && self.factor == Factor::FaceData
    }
}

/// A policy that is not understood; the message names the allowed ones.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected one of FACE, PASSWORD+FACE, FACE_DATA, PASSWORD+FACE_DATA; found {found:?}")]
pub struct UnknownPolicy {
    found: String,
}

impl FromStr for Policy {
    type Err = UnknownPolicy;

    /// Reads a policy's name, exactly as [`Policy::name`] writes it.
    ///
    /// ```
    /// use signin_core::policy::Policy;
    /// assert!("PASSWORD+FACE".parse::<Policy>().unwrap().password);
    /// assert!("face".parse::<Policy>().is_err());
    /// ```
    fn from_str(text: &str) -> Result<Self, UnknownPolicy> {
        Self::ALL
            .into_iter()
            .find(|policy| policy.name() == text)
            .ok_or_else(|| UnknownPolicy {
                found: text.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_policy_rests_on_face_data_alone() {
        for policy in Policy::ALL {
            assert_eq!(policy.rests_on_face_data(), policy.name() == "FACE_DATA");
        }
    }

    #[test]
    fn a_policy_that_is_not_understood_is_refused_with_the_allowed_ones() {
        for policy in Policy::ALL {
            assert_eq!(policy.name().parse(), Ok(policy));
        }
        for wrong in [
            "",
            "FACE+PASSWORD",
            "PASSWORD",
            "face",
            "FACE ",
            "LIVENESS+FACE",
        ] {
            let message = wrong.parse::<Policy>().unwrap_err().to_string();
            for policy in Policy::ALL {
                assert!(message.contains(policy.name()), "{message}");
            }
        }
    }
}

//! Which steps a sign-in needs: a list of chains, of which one has to pass whole and in order.
//!
//! `CHAIN(,CHAIN)*`, where a chain is `[PASSWORD+]FACTOR(+FACTOR)*`. What asks for nothing, or for less
//! than it seems to, is refused with a sentence: by the template as far as its rules can tell, by the
//! deployment's own resource, and by the functions at their start.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use strum::IntoEnumIterator as _;

use crate::factor::Factor;

/// The most chains of a policy: a chain's place is one digit of a challenge's metadata.
pub const MAX_CHAINS: usize = 10;

/// Why face data may be all that a chain asks for only where the operator says that this is meant.
pub const FACE_DATA_ALONE: &str = "a client that sends a face template needs no face, and an average of \
    other people's templates passes for some users: use PASSWORD+FACE_DATA or FACE, or set \
    AllowFaceDataOnly=true as well";

/// The name of the step that Cognito checks itself.
pub(crate) const PASSWORD: &str = "PASSWORD";

/// The steps of one way to sign in, in order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Chain {
    password: bool,
    /// Not empty; none of them twice.
    factors: Vec<Factor>,
}

impl Chain {
    /// A chain of these steps; an error where there is no factor, or one of them twice.
    pub fn new(password: bool, factors: Vec<Factor>) -> Result<Self, InvalidPolicy> {
        let chain = Self { password, factors };
        let repeated = (1..chain.factors.len())
            .any(|place| chain.factors[..place].contains(&chain.factors[place]));
        if chain.factors.is_empty() {
            return Err(InvalidPolicy::NotAChain(chain.to_string()));
        }
        if repeated {
            return Err(InvalidPolicy::Repeats(chain.to_string()));
        }
        Ok(chain)
    }

    /// Whether Cognito must have checked the password before the first factor.
    pub fn password(&self) -> bool {
        self.password
    }

    /// The factors, in the order in which they are asked for; at least one.
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// Whether face data are all that it asks for. Whoever can send numbers needs no face: an average of
    /// other people's passes for some, whatever the model and the threshold.
    pub fn rests_on_face_data(&self) -> bool {
        !self.password && self.factors == [Factor::FaceData]
    }

    /// Whether whoever passes it has all that the other one asks for, in whatever order.
    pub fn covers(&self, other: &Self) -> bool {
        (self.password || !other.password)
            && other
                .factors
                .iter()
                .all(|factor| self.factors.contains(factor))
    }

    /// Whether an account can have all that it asks for: an account enrols once, for one of the factors
    /// that need it.
    fn can_be_enrolled(&self) -> bool {
        self.factors
            .iter()
            .filter(|factor| factor.enrols().is_some())
            .count()
            <= 1
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = self.password.then_some(PASSWORD);
        let factors = self.factors.iter().map(|factor| factor.name());
        let steps: Vec<&str> = password.into_iter().chain(factors).collect();
        f.write_str(&steps.join("+"))
    }
}

impl From<Chain> for String {
    fn from(chain: Chain) -> Self {
        chain.to_string()
    }
}

impl TryFrom<String> for Chain {
    type Error = InvalidPolicy;

    fn try_from(text: String) -> Result<Self, InvalidPolicy> {
        text.parse()
    }
}

impl FromStr for Chain {
    type Err = InvalidPolicy;

    /// Reads a chain, exactly as it is written.
    ///
    /// ```
    /// use signin_core::policy::Chain;
    /// assert!("PASSWORD+FACE".parse::<Chain>().unwrap().password());
    /// assert!("face".parse::<Chain>().is_err() && "FACE+PASSWORD".parse::<Chain>().is_err());
    /// ```
    fn from_str(text: &str) -> Result<Self, InvalidPolicy> {
        let mut steps = text.split('+').peekable();
        let password = steps.next_if_eq(&PASSWORD).is_some();
        let factors: Option<Vec<Factor>> = steps.map(Factor::parse).collect();
        // CloudFormation takes 4,096 bytes in all of an answer.
        let not_a_chain = || InvalidPolicy::NotAChain(text.chars().take(100).collect());
        let chain = Self::new(password, factors.ok_or_else(not_a_chain)?)?;
        if chain.can_be_enrolled() {
            Ok(chain)
        } else {
            Err(InvalidPolicy::EnrolsTwice(chain))
        }
    }
}

/// What a sign-in needs, as the setting `SIGN_IN_POLICY` says it: one of these chains, whole and in
/// order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Policy(Vec<Chain>);

impl Policy {
    /// A policy of these chains; an error where there is none, one twice, or one that another makes
    /// pointless.
    pub fn new(chains: Vec<Chain>) -> Result<Self, InvalidPolicy> {
        if chains.is_empty() || chains.len() > MAX_CHAINS {
            return Err(InvalidPolicy::Length(chains.len()));
        }
        for (place, chain) in chains.iter().enumerate() {
            if chains[..place].contains(chain) {
                return Err(InvalidPolicy::Twice(chain.clone()));
            }
            let weaker = chains
                .iter()
                .find(|other| *other != chain && chain.covers(other));
            if let Some(weaker) = weaker {
                return Err(InvalidPolicy::Pointless {
                    weaker: weaker.clone(),
                    stronger: chain.clone(),
                });
            }
        }
        Ok(Self(chains))
    }

    /// The chains, in the order of the setting; at least one.
    pub fn chains(&self) -> &[Chain] {
        &self.0
    }

    /// The chain at a place, counted from 0.
    pub fn chain(&self, place: u8) -> Option<&Chain> {
        self.0.get(usize::from(place))
    }

    /// The places of the chains that a session can still complete, by whether its password is proven.
    pub fn open(&self, password_proven: bool) -> impl Iterator<Item = u8> {
        (0..)
            .zip(&self.0)
            .filter_map(move |(place, chain)| (password_proven || !chain.password).then_some(place))
    }

    /// Every factor of any chain, once.
    pub fn factors(&self) -> impl Iterator<Item = Factor> {
        Factor::iter().filter(|factor| self.0.iter().any(|chain| chain.factors.contains(factor)))
    }

    /// Whether some chain asks for face data.
    pub fn has_face_data(&self) -> bool {
        self.factors().any(|factor| factor == Factor::FaceData)
    }

    /// Whether every chain asks for a factor.
    pub fn always_asks_for(&self, factor: Factor) -> bool {
        self.0.iter().all(|chain| chain.factors.contains(&factor))
    }

    /// Whether an account can sign in that has enrolled nothing: some chain asks for nothing that is.
    pub fn takes_the_unenrolled(&self) -> bool {
        let enrols = |chain: &Chain| chain.factors.iter().any(|factor| factor.enrols().is_some());
        self.0.iter().any(|chain| !enrols(chain))
    }

    /// Whether every chain asks for the password.
    pub fn always_asks_for_the_password(&self) -> bool {
        self.0.iter().all(Chain::password)
    }

    /// Whether face data are all that some chain asks for: [`Chain::rests_on_face_data`].
    pub fn rests_on_face_data(&self) -> bool {
        self.0.iter().any(Chain::rests_on_face_data)
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chains: Vec<String> = self.0.iter().map(Chain::to_string).collect();
        f.write_str(&chains.join(","))
    }
}

/// A policy that is not understood, or that makes no sense, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPolicy {
    /// A part of it is no chain.
    #[error("{EXPECTED}, each FACTOR one of {factors}; found {0:?}", factors = factors())]
    NotAChain(String),
    /// It has no chain, or too many.
    #[error("{EXPECTED}; found {0} chains, and at most {MAX_CHAINS} are allowed")]
    Length(usize),
    /// A chain asks for a factor twice.
    #[error("{0} asks for a factor twice")]
    Repeats(String),
    /// A chain asks for two factors that each take an enrolment.
    #[error("{0} takes two enrolments, and an account has one")]
    EnrolsTwice(Chain),
    /// A chain stands in it twice.
    #[error("{0} stands there twice")]
    Twice(Chain),
    /// A chain asks for all that another one asks for, and more.
    #[error("{weaker} makes {stronger} pointless: an attacker takes the weaker one")]
    Pointless {
        /// The one that is enough.
        weaker: Chain,
        /// The one that nobody needs to pass.
        stronger: Chain,
    },
}

/// What a policy is expected to be: what the template says of a value that it does not allow.
pub const EXPECTED: &str = "expected chains of steps with commas between them, such as FACE or \
    PASSWORD+FACE: [PASSWORD+]FACTOR(+FACTOR)*";

/// The factors' names, as messages list them.
fn factors() -> String {
    let factors: Vec<&str> = Factor::iter().map(Factor::name).collect();
    factors.join(", ")
}

impl FromStr for Policy {
    type Err = InvalidPolicy;

    /// Reads a policy, exactly as it is written.
    ///
    /// ```
    /// use signin_core::policy::Policy;
    /// let policy: Policy = "FACE,PASSWORD+FACE_DATA".parse().unwrap();
    /// assert_eq!(policy.chains().len(), 2);
    /// let pointless = "FACE,PASSWORD+FACE".parse::<Policy>().unwrap_err().to_string();
    /// assert!(pointless.starts_with("FACE makes PASSWORD+FACE pointless"));
    /// ```
    fn from_str(text: &str) -> Result<Self, InvalidPolicy> {
        let chains: Result<Vec<Chain>, _> = text.split(',').map(Chain::from_str).collect();
        Self::new(chains?)
    }
}

/// Policies for tests.
#[cfg(test)]
pub(crate) mod made {
    use super::*;

    /// Every policy that makes sense of up to two chains, those included that no account could be
    /// enrolled for: their sessions run by the same rules, as will those of steps to come.
    pub(crate) fn policies() -> Vec<Policy> {
        let (first, last) = (
            Factor::Face,
            Factor::iter().next_back().expect("there are some"),
        );
        let alone = Factor::iter().map(|factor| vec![factor]);
        let orders: Vec<_> = alone
            .chain([vec![first, last], vec![last, first]])
            .collect();
        let chains = orders.iter().flat_map(|factors| {
            [false, true].map(|password| Chain::new(password, factors.clone()).unwrap())
        });
        let chains: Vec<Chain> = chains.collect();
        let single = chains.iter().map(|chain| vec![chain.clone()]);
        let pairs = chains.iter().flat_map(|first| {
            chains
                .iter()
                .map(|second| vec![first.clone(), second.clone()])
        });
        single
            .chain(pairs)
            .filter_map(|chains| Policy::new(chains).ok())
            .collect()
    }

    pub(crate) fn policy(text: &str) -> Policy {
        text.parse().unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::made::policies;
    use super::*;

    #[test]
    fn the_published_policies_mean_what_they_meant() {
        for (text, password, factor) in [
            ("FACE", false, Factor::Face),
            ("PASSWORD+FACE", true, Factor::Face),
            ("FACE_DATA", false, Factor::FaceData),
            ("PASSWORD+FACE_DATA", true, Factor::FaceData),
        ] {
            let policy: Policy = text.parse().unwrap();
            let [chain] = policy.chains() else {
                panic!("{policy}")
            };
            assert_eq!(
                (chain.password(), chain.factors()),
                (password, &[factor][..])
            );
            assert_eq!(policy.to_string(), text);
            assert_eq!(policy.rests_on_face_data(), text == "FACE_DATA");
        }
    }

    #[test]
    fn every_policy_is_read_as_it_is_written() {
        for policy in policies() {
            // Those apart that no account could be enrolled for.
            let allowed = policy.chains().iter().all(Chain::can_be_enrolled);
            let read = policy.to_string().parse();
            assert_eq!(read == Ok(policy.clone()), allowed, "{policy}");
        }
    }

    #[test]
    fn nonsense_is_refused_with_its_reason() {
        let expected = EXPECTED;
        for (wrong, reason) in [
            ("", expected),
            (" ", expected),
            ("FACE,", expected),
            (",FACE", expected),
            ("FACE+PASSWORD", expected),
            ("PASSWORD", expected),
            ("PASSWORD+PASSWORD+FACE", expected),
            ("face", expected),
            ("FACE ", expected),
            ("FACE, PASSWORD+FACE_DATA", expected),
            ("LIVENESS+FACE", expected),
            ("ENROL+FACE", expected),
            ("SELECT", expected),
            ("FACE+", expected),
            ("FACE+FACE", "FACE+FACE asks for a factor twice"),
            ("FACE+FACE_DATA", "FACE+FACE_DATA takes two enrolments"),
            ("FACE,FACE", "FACE stands there twice"),
            ("FACE,PASSWORD+FACE", "FACE makes PASSWORD+FACE pointless"),
            ("PASSWORD+FACE,FACE", "FACE makes PASSWORD+FACE pointless"),
            (
                "FACE,PASSWORD+FACE_DATA,FACE_DATA",
                "FACE_DATA makes PASSWORD+FACE_DATA pointless",
            ),
        ] {
            let message = wrong.parse::<Policy>().unwrap_err().to_string();
            assert!(message.starts_with(reason), "{wrong}: {message}");
        }
        let told = "SMILE".parse::<Policy>().unwrap_err().to_string();
        for factor in Factor::iter() {
            assert!(told.contains(factor.name()), "{told}");
        }
    }

    #[test]
    fn a_policy_has_a_chain_and_no_more_than_a_digit_can_tell() {
        let chain = || Chain::new(false, vec![Factor::Face]).unwrap();
        for length in [0, MAX_CHAINS + 1] {
            let chains = std::iter::repeat_with(chain).take(length).collect();
            assert_eq!(Policy::new(chains), Err(InvalidPolicy::Length(length)));
        }
    }

    #[test]
    fn a_session_is_offered_what_it_can_complete() {
        let policy: Policy = "PASSWORD+FACE_DATA,FACE".parse().unwrap();
        assert_eq!(policy.open(false).collect::<Vec<_>>(), [1]);
        assert_eq!(policy.open(true).collect::<Vec<_>>(), [0, 1]);
        assert!(!policy.always_asks_for_the_password());
        assert!(policy.has_face_data() && !policy.always_asks_for(Factor::FaceData));
    }
}

//! A session that is led as Cognito leads one: define, create, verify and the token guard, one after
//! another.

use signin_core::challenge::PrivateChallenge;
use signin_core::id::{ChallengeId, ClientId};
use signin_core::pass::{Cause, Guard, TokenRequest};
use signin_core::policy::Policy;
use signin_core::reason::{Reason, Verdict};
use signin_core::round::{Answered, Asked};
use signin_core::secret::Sha256Digest;
use signin_core::session::{Entry, Next, define, progress};
use signin_core::step::Step;
use signin_core::time::Timestamp;

use super::fake::World;
use super::people::{NOW, SECRET, ada, answered, invocation};

/// A policy, by its text.
pub fn policy(text: &str) -> Policy {
    text.parse().unwrap()
}

/// A session of Ada's, led as Cognito leads one.
pub struct Led<'a> {
    pub world: &'a World,
    pub policy: Policy,
    pub entries: Vec<Entry>,
    /// The secret that comes with the password.
    pub secret: Option<Sha256Digest>,
    /// What comes with every answer.
    pub browser: Option<Sha256Digest>,
    pub at: Timestamp,
    pub number: u8,
    pub asked: Option<PrivateChallenge>,
    /// The reason that the client was told with it.
    pub told: Option<Reason>,
}

impl<'a> Led<'a> {
    pub fn new(world: &'a World, policy: &Policy, number: u8, entries: Vec<Entry>) -> Self {
        Self {
            world,
            policy: policy.clone(),
            entries,
            secret: Some(Sha256Digest::of(SECRET)),
            browser: None,
            at: NOW,
            number,
            asked: None,
            told: None,
        }
    }

    pub fn next(&self) -> Next {
        define(&self.policy, &self.entries, false)
    }

    /// What is asked for now.
    pub fn asked(&mut self) -> PrivateChallenge {
        assert_eq!(self.next(), Next::CustomChallenge, "{:?}", self.entries);
        let progress = progress(&self.policy, &self.entries).expect("the session goes on");
        let first = progress.password_proven && progress.answered().next().is_none();
        self.number += 1;
        let asked = Asked {
            user: ada(),
            progress,
            secret: self.secret.filter(|_| first),
        };
        let creator = self.world.creator(0);
        let id = ChallengeId::from_random([self.number; 16]);
        let created = creator.create(&asked, id, invocation(self.number, self.at));
        let created = self.world.straight(created).expect("nothing fails");
        self.told = created.public.reason;
        let metadata = created.metadata;
        self.entries.push(Entry::Custom {
            passed: false,
            metadata,
        });
        // What is told travels as text.
        let text = created.private.to_parameter();
        let private = PrivateChallenge::from_parameter(&text).expect("it is ours");
        assert_eq!(private, created.private);
        self.asked = Some(private.clone());
        private
    }

    /// Answers what was asked; whether that passes.
    pub fn answers(&mut self, answer: &str) -> bool {
        let asked = self.asked.take().expect("something was asked");
        self.number += 1;
        let verifier = self.world.verifier(0);
        let answered = Answered {
            browser: self.browser,
            ..answered(&asked, answer)
        };
        let judged = verifier.verify(&answered, invocation(self.number, self.at));
        let judged = self.world.straight(judged);
        if let Some(Entry::Custom { passed, .. }) = self.entries.last_mut() {
            *passed = judged;
        }
        judged
    }

    /// Expects a step, and answers it.
    pub fn step(&mut self, step: Step, answer: &str) -> bool {
        let asked = self.asked();
        assert_eq!(asked.step(), step);
        self.answers(answer)
    }

    /// The same, where the answer must pass.
    pub fn passes(&mut self, step: Step, answer: &str) {
        assert!(self.step(step, answer), "{step:?}: {:?}", self.reason());
    }

    /// Why the last answer did not pass.
    pub fn reason(&self) -> Option<Reason> {
        let Some(Entry::Custom { metadata, .. }) = self.entries.last() else {
            return None;
        };
        match self.world.verdict_on(&metadata.id) {
            Some(Verdict::Refused(reason)) => Some(reason),
            Some(Verdict::Passed) | None => None,
        }
    }

    /// The steps that tokens are issued for now, as the claim names them.
    pub fn tokens(&self) -> Option<String> {
        let guard = self.world.token_guard(Guard {
            policy: self.policy.clone(),
            unguarded: Vec::new(),
        });
        let request = TokenRequest {
            client: ClientId::parse("client").unwrap(),
            cause: Cause::SignIn,
            nonce: None,
            digest: Sha256Digest::of(&[self.number]),
        };
        let user = ada();
        let admitted = guard.admit(&user, &request, invocation(self.number, self.at));
        let admitted = self.world.straight(admitted).expect("nothing fails");
        admitted.ok().flatten().map(|steps| steps.to_string())
    }
}

//! What stands against a user: read and set back as an operator does, and moved into the past as a
//! test does that needs time to have passed.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use signin_core::factor::Factor;
use signin_core::id::ChallengeId;
use signin_core::lockout::{Attempt, Attempts, Level, Levels, Path, SLOW_FALLS, State};
use signin_core::time::Timestamp;
use strum::IntoEnumIterator as _;

use crate::clock;
use crate::stack::Stack;

/// The attributes of an item of attempts that are moments, in milliseconds.
const MOMENTS: [&str; 5] = [
    "fastSince",
    "slowSince",
    "unusableSince",
    "notBefore",
    "emptiedAt",
];

/// The moment now, as the functions know it.
pub fn now() -> Timestamp {
    let since = clock::now().duration_since(SystemTime::UNIX_EPOCH);
    let millis = since.expect("it is later than 1970").as_millis();
    Timestamp::from_millis(u64::try_from(millis).expect("a time of our days"))
}

impl Stack {
    /// The attempts of a user on a path, at whichever factor the stack has.
    pub async fn attempts(&self, user: &str, path: Path) -> Attempts {
        for factor in Factor::iter() {
            let item = self.item(&partition(user), &sort(path, factor)).await;
            if !item.is_null() {
                return read(&item);
            }
        }
        Attempts::default()
    }

    /// How many failures stand against a user on a path, attempts that were never judged included.
    pub async fn failures(&self, user: &str, path: Path) -> u32 {
        let levels = self.attempts(user, path).await.reserved();
        levels.slow.at(SLOW_FALLS, now()).count
    }

    /// Has a user who has tried on a path fail so often there just now, without a wait.
    pub async fn fail_so_often(&self, user: &str, path: Path, failures: u32) {
        for factor in Factor::iter() {
            let mut item = self.item(&partition(user), &sort(path, factor)).await;
            if item.is_object() {
                item["slow"] = json!({"N": failures.to_string()});
                item["slowSince"] = json!({"N": now().as_millis().to_string()});
                self.put_item(&item).await;
            }
        }
    }

    /// Sets a user's attempts on a path back, as an operator does: they start again.
    pub async fn set_attempts_back(&self, user: &str, path: Path) {
        for factor in Factor::iter() {
            self.delete_item(&partition(user), &sort(path, factor))
                .await;
        }
    }

    /// Lets so much time have passed since all of a user's attempts, and since a sign-in on another
    /// path emptied them.
    pub async fn time_passes(&self, user: &str, time: Duration) {
        let back = u64::try_from(time.as_millis()).expect("no eternity");
        let earlier = |moment: &mut Value| {
            if let Some(millis) = moment["N"].as_str().map(str::parse::<u64>) {
                let millis = millis.expect("a moment is a number").saturating_sub(back);
                *moment = json!({"N": millis.to_string()});
            }
        };
        for path in Path::ALL {
            for factor in Factor::iter() {
                let mut item = self.item(&partition(user), &sort(path, factor)).await;
                let Some(attributes) = item.as_object_mut() else {
                    continue;
                };
                for (name, value) in attributes.iter_mut() {
                    if MOMENTS.contains(&name.as_str()) {
                        earlier(value);
                    } else if name == "recent" {
                        let attempts = value["M"].as_object_mut().expect("a map of attempts");
                        attempts
                            .values_mut()
                            .for_each(|tried| earlier(&mut tried["M"]["at"]));
                    }
                }
                self.put_item(&item).await;
            }
        }
    }
}

fn partition(user: &str) -> String {
    format!("USER#{user}")
}

fn sort(path: Path, factor: Factor) -> String {
    format!("TRIES#{}#{}", path.name(), factor.name())
}

fn read(item: &Value) -> Attempts {
    let number = |value: &Value| -> u64 {
        let number = value["N"].as_str();
        number.map_or(0, |number| number.parse().expect("a number"))
    };
    let moment = |value: &Value| Timestamp::from_millis(number(value));
    let level = |count: &str, since: &str| Level {
        count: u32::try_from(number(&item[count])).expect("a count"),
        since: moment(&item[since]),
    };
    let recent = item["recent"]["M"].as_object();
    let recent = recent.into_iter().flatten().map(|(id, tried)| {
        let tried = Attempt {
            at: moment(&tried["M"]["at"]),
            state: State::parse(tried["M"]["state"]["S"].as_str().expect("a state")),
        };
        (ChallengeId::parse(id).expect("a challenge's id"), tried)
    });
    Attempts {
        levels: Levels {
            fast: level("fast", "fastSince"),
            slow: level("slow", "slowSince"),
            not_before: moment(&item["notBefore"]),
            unusable: level("unusable", "unusableSince"),
        },
        recent: recent.collect(),
    }
}

//! Parameters within their bounds, or the service's own words for those that are not.

use std::fmt::Display;

use crate::error::Refusal;

/// Collects what is wrong with a request, so that all of it is said at once.
#[derive(Default)]
pub(crate) struct Validation {
    errors: Vec<String>,
}

impl Validation {
    fn fail(&mut self, value: impl Display, place: &str, constraint: &str) {
        self.errors.push(format!(
            "Value '{value}' at '{place}' failed to satisfy constraint: Member must {constraint}"
        ));
    }

    /// A parameter that must be there; its default stands in until [`Self::finish`] refuses.
    pub(crate) fn required<T: Default>(&mut self, value: Option<T>, place: &str) -> T {
        value.unwrap_or_else(|| {
            self.errors.push(format!(
                "Value null at '{place}' failed to satisfy constraint: Member must not be null"
            ));
            T::default()
        })
    }

    /// A number from `low` to `high`.
    pub(crate) fn range<T: PartialOrd + Display>(
        &mut self,
        value: &T,
        place: &str,
        (low, high): (T, T),
    ) {
        // Written so that what is not a number fails.
        if value
            .partial_cmp(&low)
            .is_none_or(std::cmp::Ordering::is_lt)
        {
            self.fail(
                value,
                place,
                &format!("have value greater than or equal to {low}"),
            );
        } else if *value > high {
            self.fail(
                value,
                place,
                &format!("have value less than or equal to {high}"),
            );
        }
    }

    /// Bytes of a length from `low` to `high`, which are not shown.
    pub(crate) fn length(&mut self, length: usize, place: &str, (low, high): (usize, usize)) {
        if length < low {
            let constraint = format!("have length greater than or equal to {low}");
            self.fail("...", place, &constraint);
        } else if length > high {
            self.fail(
                "...",
                place,
                &format!("have length less than or equal to {high}"),
            );
        }
    }

    /// From 1 to 255 letters, digits and `marks`.
    pub(crate) fn name(&mut self, value: &str, place: &str, marks: &str) {
        let allowed = |letter: char| letter.is_ascii_alphanumeric() || marks.contains(letter);
        if value.is_empty() {
            self.fail(value, place, "have length greater than or equal to 1");
        } else if value.chars().count() > 255 {
            self.fail(value, place, "have length less than or equal to 255");
        }
        if !value.chars().all(allowed) {
            let marks = marks.replace('-', "\\-");
            let pattern = format!("satisfy regular expression pattern: [a-zA-Z0-9{marks}]+");
            self.fail(value, place, &pattern);
        }
    }

    /// The name of a collection, if it is given.
    pub(crate) fn collection(&mut self, value: Option<String>) -> String {
        let given = value.is_some();
        let id = self.required(value, "collectionId");
        if given {
            self.name(&id, "collectionId", "_.-");
        }
        id
    }

    /// The id of a face.
    pub(crate) fn face_id(&mut self, value: &str, place: &str) {
        let groups: Vec<&str> = value.split('-').collect();
        let hexadecimal = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        let well_formed = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
            && groups.iter().all(|group| group.bytes().all(hexadecimal));
        if !well_formed {
            let pattern = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
            self.fail(
                value,
                place,
                &format!("satisfy regular expression pattern: {pattern}"),
            );
        }
    }

    /// Refuses what was found wrong.
    pub(crate) fn finish(self) -> Result<(), Refusal> {
        let count = self.errors.len();
        if count == 0 {
            return Ok(());
        }
        let plural = if count == 1 { "" } else { "s" };
        let errors = self.errors.join("; ");
        let message = format!("{count} validation error{plural} detected: {errors}");
        Err(Refusal::new("ValidationException", message))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn refusal(check: impl FnOnce(&mut Validation)) -> Option<String> {
        let mut validation = Validation::default();
        check(&mut validation);
        validation.finish().err().map(|refusal| refusal.message)
    }

    #[test]
    fn a_name_of_other_characters_is_refused_in_the_services_words() {
        assert_eq!(
            refusal(|v| v.name("a b", "externalImageId", "_.-:")).unwrap(),
            "1 validation error detected: Value 'a b' at 'externalImageId' failed to satisfy \
             constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.\\-:]+"
        );
    }

    #[test]
    fn bounds_are_kept() {
        assert!(refusal(|v| v.range(&99.0, "faceMatchThreshold", (0.0, 100.0))).is_none());
        for value in [-1.0, 100.5, f32::NAN] {
            assert!(refusal(|v| v.range(&value, "faceMatchThreshold", (0.0, 100.0))).is_some());
        }
        assert!(refusal(|v| v.name(&"a".repeat(255), "x", "")).is_none());
        assert!(refusal(|v| v.name(&"a".repeat(256), "x", "")).is_some());
        assert!(refusal(|v| v.name("", "x", "")).is_some());
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let message = refusal(|v| {
            v.collection(None);
            v.face_id("nonsense", "faceId");
        });
        let message = message.unwrap();
        assert!(
            message.starts_with("2 validation errors detected: Value null"),
            "{message}"
        );
    }

    #[test]
    fn a_face_id_is_a_lower_case_uuid() {
        let id = "0f8fad5b-d9cb-469f-a165-70867728950e";
        assert!(refusal(|v| v.face_id(id, "faceId")).is_none());
        assert!(refusal(|v| v.face_id(&id.to_uppercase(), "faceId")).is_some());
        assert!(refusal(|v| v.face_id(&id.replace('-', ""), "faceId")).is_some());
    }
}

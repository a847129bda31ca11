//! A moment, as an argument: nothing in this crate reads a clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A moment in milliseconds since 1970-01-01T00:00:00Z, leap seconds ignored.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The moment this many milliseconds after the epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded up: what a time-to-live attribute holds.
    pub const fn as_seconds_rounded_up(self) -> u64 {
        self.0.div_ceil(1000)
    }

    /// This moment and `duration`; the end of time where that would overflow.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }

    /// `duration` before this moment; the epoch where that would be earlier.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }

    /// How long from `earlier` until this moment; zero where `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }

    /// RFC 3339 in UTC with whole seconds, rounded down, such as `2026-11-20T23:49:05Z`; the last
    /// moment of the year 9999 for whatever is later, since the form ends there.
    ///
    /// ```
    /// use signin_core::time::Timestamp;
    /// assert_eq!(Timestamp::from_millis(0).to_rfc3339(), "1970-01-01T00:00:00Z");
    /// assert_eq!(Timestamp::from_millis(1_709_210_096_500).to_rfc3339(), "2024-02-29T12:34:56Z");
    /// assert_eq!(Timestamp::from_millis(u64::MAX).to_rfc3339(), "9999-12-31T23:59:59Z");
    /// ```
    pub fn to_rfc3339(self) -> String {
        let seconds = i64::try_from(self.0 / 1000).ok();
        let moment = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
        let written = moment.and_then(|moment| moment.format(&Rfc3339).ok());
        written.unwrap_or_else(|| "9999-12-31T23:59:59Z".to_owned())
    }

    /// Reads what [`Timestamp::to_rfc3339`] writes; none where it is anything else, a moment before
    /// 1970 or a day that the calendar does not have among it.
    ///
    /// ```
    /// use signin_core::time::Timestamp;
    /// let moment = Timestamp::from_rfc3339("2024-02-29T12:34:56Z").unwrap();
    /// assert_eq!(moment.as_millis(), 1_709_210_096_000);
    /// assert_eq!(Timestamp::from_rfc3339("2023-02-29T12:34:56Z"), None);
    /// ```
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        let seconds = u64::try_from(moment.unix_timestamp()).ok()?;
        let moment = Self::from_millis(seconds * 1000);
        // RFC 3339 has offsets, fractions and small letters too; nothing here writes them.
        (moment.to_rfc3339() == text).then_some(moment)
    }

    /// The basic ISO 8601 form that AWS signatures use, such as `20261120T234905Z`.
    ///
    /// ```
    /// use signin_core::time::Timestamp;
    /// assert_eq!(Timestamp::from_millis(951_782_400_000).to_basic(), "20000229T000000Z");
    /// ```
    pub fn to_basic(self) -> String {
        self.to_rfc3339().replace(['-', ':'], "")
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_the_calendar_has_it() {
        for (seconds, text) in [
            (68_169_599, "1972-02-28T23:59:59Z"),
            (68_169_600, "1972-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_798_761_599, "2026-12-31T23:59:59Z"),
            (1_798_761_600, "2027-01-01T00:00:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
        ] {
            let moment = Timestamp::from_millis(seconds * 1000);
            assert_eq!(moment.to_rfc3339(), text);
            assert_eq!(Timestamp::from_rfc3339(text), Some(moment));
        }
    }

    #[test]
    fn what_no_calendar_has_is_no_moment() {
        for text in [
            "",
            "2026-11-26",
            "2026-11-26T10:00:00",
            "2026-11-26T10:00:00+01:00",
            "2026-11-26T10:00:00.000Z",
            "2026-11-31T10:00:00Z",
            "2026-13-01T10:00:00Z",
            "2026-00-01T10:00:00Z",
            "2026-11-00T10:00:00Z",
            "2026-11-26T24:00:00Z",
            "1969-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "+026-11-26T10:00:00Z",
            "2026-11-26T10:00:0éZ",
        ] {
            assert_eq!(Timestamp::from_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn sums_never_wrap_around() {
        let end = Timestamp::from_millis(u64::MAX);
        assert_eq!(end.plus(Duration::from_secs(1)), end);
        assert_eq!(
            Timestamp::from_millis(5).minus(Duration::from_secs(1)),
            Timestamp::from_millis(0)
        );
        assert_eq!(Timestamp::from_millis(1).since(end), Duration::ZERO);
    }
}

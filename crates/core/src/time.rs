//! A moment, as an argument: nothing in this crate reads a clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};

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

    /// RFC 3339 in UTC with whole seconds, rounded down, such as `2026-11-20T23:49:05Z`.
    ///
    /// ```
    /// use signin_core::time::Timestamp;
    /// assert_eq!(Timestamp::from_millis(0).to_rfc3339(), "1970-01-01T00:00:00Z");
    /// assert_eq!(Timestamp::from_millis(1_709_210_096_500).to_rfc3339(), "2024-02-29T12:34:56Z");
    /// ```
    pub fn to_rfc3339(self) -> String {
        let (year, month, day) = civil_date(self.0 / 86_400_000);
        let second_of_day = self.0 / 1000 % 86_400;
        format!(
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
            second_of_day / 3600,
            second_of_day / 60 % 60,
            second_of_day % 60
        )
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
        let number = |from: usize, to: usize| -> Option<u64> {
            let digits = text.get(from..to)?;
            let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| digits.parse().ok())?
        };
        let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
        let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
        // The day of the year, counted from 1 March as below; and from there, days since the epoch.
        let (year, month) = match month {
            3..=12 => (year, month - 3),
            1 | 2 => (year.checked_sub(1)?, month + 9),
            _ => return None,
        };
        let days = year * 365 + year / 4 - year / 100 + year / 400;
        let days = days + (153 * month + 2) / 5 + day.checked_sub(1)?;
        let days = days.checked_sub(DAYS_FROM_MARCH_OF_YEAR_0)?;
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second;
        let moment = Self::from_millis(seconds * 1000);
        // Whatever is not as it would be written is something else.
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

/// How many days before 1970-01-01 the count by eras begins: on 1 March of the year 0.
const DAYS_FROM_MARCH_OF_YEAR_0: u64 = 719_468;

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The Gregorian date of a day counted from 1970-01-01, by counting in eras of 400 years
/// (146,097 days) that begin on 1 March, so that a leap day is always a year's last.
fn civil_date(days_since_epoch: u64) -> (u64, u64, u64) {
    const DAYS_IN_ERA: u64 = 146_097;
    let day = days_since_epoch + DAYS_FROM_MARCH_OF_YEAR_0;
    let (era, day_of_era) = (day / DAYS_IN_ERA, day % DAYS_IN_ERA);
    let leap_days = day_of_era / 1460 + day_of_era / 146_096;
    let year_of_era = (day_of_era - leap_days + day_of_era / 36_524) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day_of_month)
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

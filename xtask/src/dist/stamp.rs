//! The one time that all files of a release bear.

use crate::run;
use crate::workspace::root;
use std::process::Command;

/// Seconds since 1970 in UTC: `SOURCE_DATE_EPOCH`, else the time of the last commit.
pub(crate) struct Stamp {
    pub(crate) seconds: u64,
}

impl Stamp {
    pub(crate) fn read() -> Result<Stamp, String> {
        let (source, text) = match std::env::var("SOURCE_DATE_EPOCH") {
            Ok(text) => ("SOURCE_DATE_EPOCH", text),
            Err(_) => {
                let asked = run::output(Command::new("git").args(["log", "-1", "--format=%ct"]).current_dir(root()));
                ("the time of the last commit", asked.map_err(|problem| format!("{problem}; set SOURCE_DATE_EPOCH instead"))?)
            }
        };
        let seconds = text.trim().parse().map_err(|_| format!("{source} is `{}`, which is no number of seconds", text.trim()))?;
        Ok(Stamp::at(seconds))
    }

    /// The given time; ZIP can tell none before 1980.
    pub(crate) fn at(seconds: u64) -> Stamp {
        Stamp { seconds: seconds.max(315_532_800) }
    }

    /// Year, month and day.
    fn date(&self) -> (u64, u64, u64) {
        let (mut day, mut year) = (self.seconds / 86_400, 1970);
        let leap = |year: u64| (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
        while day >= 365 + u64::from(leap(year)) {
            day -= 365 + u64::from(leap(year));
            year += 1;
        }
        let mut month = 0;
        let lengths = [31, 28 + u64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        while day >= lengths[month] {
            day -= lengths[month];
            month += 1;
        }
        (year, month as u64 + 1, day + 1)
    }

    /// `2026-11-30T03:04:05Z`
    pub(crate) fn iso(&self) -> String {
        let (year, month, day) = self.date();
        let time = self.seconds % 86_400;
        format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", time / 3600, time / 60 % 60, time % 60)
    }

    /// Time and date as MS-DOS and ZIP write them: two seconds are the smallest step.
    pub(crate) fn dos(&self) -> [u8; 4] {
        let (year, month, day) = self.date();
        let time = self.seconds % 86_400;
        let (time, date) = (((time / 3600) << 11) | ((time / 60 % 60) << 5) | (time % 60 / 2), ((year - 1980) << 9) | (month << 5) | day);
        let [low, high, ..] = time.to_le_bytes();
        let [date_low, date_high, ..] = date.to_le_bytes();
        [low, high, date_low, date_high]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_written_as_date_writes_it() {
        for seconds in [315_532_800, 951_782_399, 951_782_400, 1_709_164_800, 1_709_251_199, 1_735_689_599, 1_796_000_001, 4_102_444_799] {
            let judge = run::output(Command::new("date").args(["-u", "+%Y-%m-%dT%H:%M:%SZ", "-d", &format!("@{seconds}")])).unwrap();
            assert_eq!(Stamp::at(seconds).iso(), judge.trim());
        }
    }
}

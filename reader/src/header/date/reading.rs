//! Puts the pieces of a date together.

use super::calendar::{Date, Numbers};
use super::tokens::{self, Kind, Token};
use super::words;

/// A date in the making.
#[derive(Debug, Default)]
pub(super) struct Reading {
    tokens: Vec<Token>,
    at: usize,
    /// Numbers of which it is not known yet whether they are the day or the year, with their digits.
    numbers: Vec<(u32, usize)>,
    /// Year, month and day, where they were written in figures.
    figures: Option<(u32, u32, u32)>,
    month: Option<u32>,
    time: Option<(u32, u32, u32)>,
    offset: Option<i32>,
}

impl Reading {
    /// The date that a value tells, and whether it is written in another form than that of RFC 5322.
    pub(super) fn of(value: &[u8]) -> Option<(Date, bool)> {
        let (tokens, note) = tokens::of(value)?;
        let is_guessed = !is_plain(&tokens);
        let mut reading = Reading { tokens, ..Reading::default() };
        while reading.at < reading.tokens.len() {
            reading.step()?;
        }
        let (year, month, day) = reading.day()?;
        let named = note.filter(|_| reading.time.is_some()).and_then(|note| words::zone(&note));
        let offset = reading.offset.or(named).unwrap_or_default();
        let numbers = Numbers { year, month, day, time: reading.time.unwrap_or_default(), offset };
        Some((Date::new(numbers)?, is_guessed))
    }

    /// Year, month and day, as far as they are known.
    fn day(&self) -> Option<(u32, u32, u32)> {
        match (self.figures, self.month, &*self.numbers) {
            (Some(figures), None, []) => Some(figures),
            (None, Some(month), [first, second]) => {
                let (day, year) = if first.1 > 2 || first.0 > 31 { (second, first) } else { (first, second) };
                Some((whole_year(*year)?, month, day.0))
            }
            _ => None,
        }
    }

    fn kind(&self, ahead: usize) -> Option<&Kind> {
        self.tokens.get(self.at + ahead).map(|token| &token.kind)
    }

    fn is_glued(&self, ahead: usize) -> bool {
        self.tokens.get(self.at + ahead).is_some_and(|token| token.is_glued)
    }

    /// The number that stands there, with its digits.
    fn number(&self, ahead: usize) -> Option<(u32, usize)> {
        match self.kind(ahead)? {
            Kind::Number(number, digits) => Some((*number, *digits)),
            _ => None,
        }
    }

    fn is_sign(&self, ahead: usize, sign: char) -> bool {
        self.kind(ahead) == Some(&Kind::Sign(sign))
    }

    /// Takes what stands at the place; `None` where it belongs to no date.
    fn step(&mut self) -> Option<()> {
        match self.kind(0)?.clone() {
            Kind::Number(number, digits) => self.figure(number, digits),
            Kind::Word(word) => self.word(&word),
            Kind::Sign(sign @ ('+' | '-'))
                if self.time.is_some() && self.offset.is_none() && self.number(1).is_some() && !self.is_hyphen() =>
            {
                self.at += 1;
                self.zone(if sign == '-' { -1 } else { 1 })
            }
            Kind::Sign(',' | '.' | '-' | '/' | ';' | '\'' | '"') => self.pass(),
            Kind::Sign(_) => self.strange(),
        }
    }

    /// Whether a sign stands in the middle of a date like 15-Dec-2010.
    fn is_hyphen(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        self.is_glued(0) && before.is_some_and(|token| matches!(&token.kind, Kind::Word(word) if words::month(word).is_some()))
    }

    fn pass(&mut self) -> Option<()> {
        self.at += 1;
        Some(())
    }

    /// What no date has, behind a complete one.
    fn strange(&mut self) -> Option<()> {
        self.time?;
        self.day()?;
        self.pass()
    }

    fn figure(&mut self, number: u32, digits: usize) -> Option<()> {
        if self.is_sign(1, ':') && self.time.is_none() {
            return self.clock(':');
        }
        let separator = ['-', '/', '.'].into_iter().find(|sign| self.is_sign(1, *sign) && self.is_glued(1) && self.is_sign(3, *sign));
        if let (Some(separator), Some(second), Some(third)) = (separator, self.number(2), self.number(4)) {
            if separator == '.' && self.time.is_none() && (self.month.is_some() || self.figures.is_some()) {
                return self.clock('.');
            }
            return self.figures(separator, (number, digits), second, third);
        }
        if digits == 8 && self.numbers.is_empty() && self.figures.is_none() {
            return self.compact(number);
        }
        if self.day().is_some() {
            // A sign that became a blank: `+` in what a form sends.
            let is_zone = self.time.is_some() && self.offset.is_none() && matches!(digits, 3 | 4);
            return if is_zone { self.zone(1) } else { self.strange() };
        }
        self.numbers.push((number, digits));
        self.at += 1;
        // The 1st, the 2nd.
        if matches!(self.kind(0), Some(Kind::Word(word)) if self.is_glued(0) && matches!(word.as_str(), "st" | "nd" | "rd" | "th")) {
            self.at += 1;
        }
        Some(())
    }

    /// A date in three numbers.
    fn figures(&mut self, separator: char, first: (u32, usize), second: (u32, usize), third: (u32, usize)) -> Option<()> {
        if self.figures.is_some() || self.month.is_some() || !self.numbers.is_empty() {
            return self.strange();
        }
        self.figures = Some(if first.1 == 4 {
            (first.0, second.0, third.0)
        } else {
            // With slashes the month comes first in America and the day elsewhere.
            let (day, month) = match separator {
                '/' if first.0 <= 12 && second.0 > 12 => (second.0, first.0),
                '/' if first.0 <= 12 && first.0 != second.0 => return None,
                _ => (first.0, second.0),
            };
            (whole_year(third)?, month, day)
        });
        self.at += 5;
        // The T of ISO 8601.
        if matches!(self.kind(0), Some(Kind::Word(word)) if word == "t") && self.number(1).is_some() {
            self.at += 1;
        }
        Some(())
    }

    /// `20101215T100000` of ISO 8601, with or without the letter.
    fn compact(&mut self, date: u32) -> Option<()> {
        self.figures = Some((date / 10_000, date / 100 % 100, date % 100));
        self.at += 1;
        if matches!(self.kind(0), Some(Kind::Word(word)) if word == "t")
            && let Some((time, 6)) = self.number(1)
        {
            self.time = Some((time / 10_000, time / 100 % 100, time % 100));
            self.at += 2;
        }
        Some(())
    }

    /// A time: hour, minute, perhaps the second with a fraction, perhaps AM or PM.
    fn clock(&mut self, separator: char) -> Option<()> {
        let (hour, minute) = (self.number(0)?, self.number(2)?);
        self.at += 3;
        let mut second = (0, 2);
        if self.is_sign(0, separator) {
            second = self.number(1)?;
            self.at += 2;
            let is_fraction =
                (self.is_sign(0, '.') || self.is_sign(0, ',')) && self.is_glued(0) && self.is_glued(1) && self.number(1).is_some();
            self.at += if is_fraction { 2 } else { 0 };
        }
        if hour.1 > 2 || minute.1 > 2 || second.1 > 2 {
            return None;
        }
        self.time = Some((self.half(hour.0)?, minute.0, second.0));
        Some(())
    }

    /// The hour of the day, where AM or PM follows.
    fn half(&mut self, hour: u32) -> Option<u32> {
        let word = match self.kind(0) {
            Some(Kind::Word(word)) => word.clone(),
            _ => return Some(hour),
        };
        let is_dotted = self.is_sign(1, '.') && matches!(self.kind(2), Some(Kind::Word(letter)) if letter == "m");
        let is_afternoon = match word.as_str() {
            "am" => false,
            "pm" => true,
            "a" if is_dotted => false,
            "p" if is_dotted => true,
            _ => return Some(hour),
        };
        self.at += if is_dotted { 3 } else { 1 };
        match (hour, is_afternoon) {
            (12, false) => Some(0),
            (1..=11, true) => Some(hour + 12),
            // 15:00 PM says the same twice.
            (0..=11, false) | (12..=23, true) => Some(hour),
            _ => None,
        }
    }

    /// The digits of a zone, as hours and minutes.
    fn zone(&mut self, sign: i32) -> Option<()> {
        let (number, digits) = self.number(0)?;
        self.at += 1;
        let number = i32::try_from(number).ok()?;
        let (hours, minutes) = match digits {
            1 | 2 if self.is_sign(0, ':') && self.is_glued(0) => {
                let (minutes, 2) = self.number(1)? else { return None };
                self.at += 2;
                (number, i32::try_from(minutes).ok()?)
            }
            1 | 2 => (number, 0),
            3 | 4 => (number / 100, number % 100),
            _ => return None,
        };
        if minutes > 59 || hours > 23 {
            return None;
        }
        self.offset = Some(sign * (hours * 60 + minutes));
        Some(())
    }

    fn word(&mut self, word: &str) -> Option<()> {
        if let Some(zone) = words::zone(word).filter(|_| self.time.is_some()) {
            return self.named(zone);
        }
        if let Some(month) = words::month(word).filter(|_| self.month.is_none() && self.figures.is_none()) {
            self.month = Some(month);
            return self.pass();
        }
        // Whatever stands before the first comma is the day of the week.
        if words::is_silent(word) || (self.at == 0 && (self.is_sign(1, ',') || self.is_sign(1, '.'))) {
            return self.pass();
        }
        // An unknown zone.
        self.strange()
    }

    /// A zone by name, perhaps with a distance from it: `GMT+0200`.
    fn named(&mut self, offset: i32) -> Option<()> {
        self.at += 1;
        if self.offset.is_some() {
            return Some(());
        }
        let sign = if self.is_sign(0, '+') {
            1
        } else if self.is_sign(0, '-') {
            -1
        } else {
            0
        };
        if sign != 0 && self.number(1).is_some() && offset == 0 {
            self.at += 1;
            return self.zone(sign);
        }
        self.offset = Some(offset);
        Some(())
    }
}

/// A year of two or three digits (RFC 5322, 4.3).
fn whole_year((year, digits): (u32, usize)) -> Option<u32> {
    match digits {
        2 if year < 50 => Some(2000 + year),
        2 | 3 => Some(1900 + year),
        4 => Some(year),
        _ => None,
    }
}

/// Whether a date is written as RFC 5322 wants it, whatever stands there as the day of the week.
fn is_plain(tokens: &[Token]) -> bool {
    let mut kinds = tokens.iter().map(|token| &token.kind).peekable();
    kinds.next_if(|kind| matches!(kind, Kind::Word(_)));
    kinds.next_if(|kind| matches!(kind, Kind::Sign('.')));
    kinds.next_if(|kind| matches!(kind, Kind::Sign(',')));
    let mut is = |is: fn(&Kind) -> bool| kinds.next_if(|kind| is(kind)).is_some();
    let is_day = is(|kind| matches!(kind, Kind::Number(_, 1 | 2)))
        && is(|kind| matches!(kind, Kind::Word(month) if words::PLAIN_MONTHS.contains(&month.as_str())))
        && is(|kind| matches!(kind, Kind::Number(_, 2..=4)));
    let is_colon = |kind: &Kind| matches!(kind, Kind::Sign(':'));
    let is_two = |kind: &Kind| matches!(kind, Kind::Number(_, 2));
    let is_time = is(|kind| matches!(kind, Kind::Number(_, 1 | 2))) && is(is_colon) && is(is_two) && (!is(is_colon) || is(is_two));
    let is_zone = is(|kind| matches!(kind, Kind::Word(zone) if words::plain_zone(zone).is_some()))
        || is(|kind| matches!(kind, Kind::Sign('+' | '-'))) && is(|kind| matches!(kind, Kind::Number(_, 4)));
    is_day && is_time && is_zone && kinds.next().is_none()
}

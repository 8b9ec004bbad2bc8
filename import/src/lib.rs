//! Makes settings documents of what other programs keep of their mail accounts.
//!
//! Only texts are read: no network, no file, no other program. Any input gives an [`Imported`]; what of it could not be carried over is named
//! there with the reason. The work is linear in the input.
//!
//! - `text` finds out the character encoding, `dump` reads keys with values (INI or JSON).
//! - `page` carries the fields of a settings page over by a table; `pantheon`, `officeplaner`, `starface` and `esoffice` are such tables.
//! - `thunderbird` reads `prefs.js` and the XML of autoconfig, `prf` the profiles of Outlook.
//!
//! Passwords never get into the document. A reference stands in their place, and the text itself among [`Imported::secrets`].
#![forbid(unsafe_code)]

mod autoconfig;
mod draft;
mod dump;
mod esoffice;
mod login;
mod officeplaner;
mod page;
mod pantheon;
mod prf;
mod starface;
mod text;
mod thunderbird;

use draft::Draft;
pub use draft::{Imported, LeftOut, Secret};
use page::Page;

/// The sentences of what is left out, by language: `{"codes":{…}}`.
pub const TEXTS: &[(&str, &str)] =
    &[("en", include_str!("../locales/en.json")), ("de", include_str!("../locales/de.json")), ("sl", include_str!("../locales/sl.json"))];

/// The most that is read, in bytes. Settings have a few thousand; a profile of Thunderbird with many accounts some hundred thousand.
pub const LARGEST: usize = 4 << 20;

/// Where settings come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A dump of PANTHEON's page of servers.
    Pantheon,
    /// A dump of OfficePlaner's page of a mail account.
    Officeplaner,
    /// A dump of STARFACE's page of the mail server.
    Starface,
    /// A dump of esoffice's page of the outgoing mail server.
    Esoffice,
    /// Thunderbird's `prefs.js`, or the XML of its autoconfiguration.
    Thunderbird,
    /// A profile of Outlook (`.prf`).
    OutlookPrf,
}

impl Source {
    /// All of them.
    pub const ALL: [Source; 6] =
        [Source::Pantheon, Source::Officeplaner, Source::Starface, Source::Esoffice, Source::Thunderbird, Source::OutlookPrf];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Source::Pantheon => "pantheon",
            Source::Officeplaner => "officeplaner",
            Source::Starface => "starface",
            Source::Esoffice => "esoffice",
            Source::Thunderbird => "thunderbird",
            Source::OutlookPrf => "outlook-prf",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Source> {
        Source::ALL.into_iter().find(|source| source.name() == name)
    }

    fn page(self) -> Option<&'static Page> {
        match self {
            Source::Pantheon => Some(&pantheon::PAGE),
            Source::Officeplaner => Some(&officeplaner::PAGE),
            Source::Starface => Some(&starface::PAGE),
            Source::Esoffice => Some(&esoffice::PAGE),
            Source::Thunderbird | Source::OutlookPrf => None,
        }
    }

    /// The code page of texts that are no UTF-8: that of the country where the program is at home.
    fn code_page(self) -> &'static encoding_rs::Encoding {
        if self == Source::Pantheon { encoding_rs::WINDOWS_1250 } else { encoding_rs::WINDOWS_1252 }
    }
}

/// Reads what a program keeps. A settings document, also within the answer of the command `import` or `check`, is taken as it is.
pub fn import(from: Source, bytes: &[u8]) -> Imported {
    let mut draft = Draft::of(from.name());
    if bytes.len() > LARGEST {
        draft.leave_out("", "import.too_large").arg("size", bytes.len()).arg("most", LARGEST);
        return draft.done();
    }
    let text = text::decoded(bytes, from.code_page());
    if let Some(document) = dump::document(&text) {
        return Imported { document, ..Imported::default() };
    }
    match from.page() {
        Some(page) => page.read(&text, &mut draft),
        None if from == Source::OutlookPrf => prf::read(&text, &mut draft),
        None if text.trim_start().starts_with('<') => autoconfig::read(&text, &mut draft),
        None => thunderbird::read(&text, &mut draft),
    }
    draft.done()
}

/// Writes a document down as a dump of a program's page, in the words of [`import`]; `None` where the program has none. What the page has no
/// field for is lost.
pub fn export(to: Source, document: &serde_json::Value) -> Option<String> {
    to.page().map(|page| page.write(document))
}

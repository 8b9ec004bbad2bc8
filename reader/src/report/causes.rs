//! Why a server refuses, in its words, as data; written as in `phrases`.

/// The server wants to be asked again, and says so by the name of the method.
pub(super) const GREYLISTED: &[&str] = &["greylist", "graylist", "grey-list", "gray-list", "grey list", "postgrey", "milter-greylist"];

/// It says so in other words; a code has to fit.
pub(super) const LATER: &[&str] =
    &["try again in", "retry in", "try again later in", "come back in", "please wait", "first contact", "seconds", "try later"];

/// The mailbox is full.
pub(super) const FULL: &[&str] = &[
    "mailbox full",
    "mailbox is full",
    "mailbox too full",
    "inbox is full",
    "quota",
    "over its storage",
    "out of storage",
    "insufficient storage",
    "exceeded storage",
    "storage limit",
    "mailbox exceeds",
    "mailbox size",
    "postfach voll",
    "postfach ist voll",
    "postfach des empfängers ist voll",
    "speicherplatz",
    "boîte aux lettres est pleine",
    "boîte de réception est pleine",
    "poštni predal je poln",
    "nabiralnik je poln",
    "predal prejemnika je poln",
    "casella piena",
];

/// The message is too large, and would be at any time.
pub(super) const TOO_LARGE: &[&str] = &["message size", "too large", "too big", "message exceeds", "size limit", "zu groß", "prevelik"];

/// The address does not exist.
pub(super) const LASTING: &[&str] = &[
    "user unknown",
    "unknown user",
    "unknown recipient",
    "recipient unknown",
    "unknown address",
    "unknown local",
    "no such user",
    "no such address",
    "no mailbox",
    "not found",
    "couldn't be found",
    "could not be found",
    "does not exist",
    "doesn't exist",
    "invalid recipient",
    "not listed in",
    "unrouteable",
    "disabled",
    "existiert nicht",
    "unbekannt",
    "nicht gefunden",
    "introuvable",
    "n'existe pas",
    "ne obstaja",
    "ni bilo mogoče najti",
    "neznan",
];

/// It may work another time.
pub(super) const PASSING: &[&str] = &[
    "timed out",
    "timeout",
    "connection refused",
    "temporar",
    "try again",
    "too many",
    "deferred",
    "unreachable",
    "no route",
    "network",
    "retry",
    "not responding",
    "no response",
    "vorübergehend",
    "nicht erreichbar",
    "später erneut",
    "zeitüberschreitung",
    "temporaire",
    "začasn",
    "ni dosegljiv",
];

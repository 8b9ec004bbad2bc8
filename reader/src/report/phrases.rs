//! What servers write in bounces, as data: a further server is a further row.
//!
//! All in lower case, with single blanks and straight apostrophes, as [`clean`] and [`lower`] make a text. `{}` stands for an address, in
//! quotes, in brackets or bare.

use super::outcome::Kind;

/// What a server says of a message.
pub(super) struct Phrase {
    pub(super) words: &'static str,
    pub(super) kind: Kind,
    /// Whether it is enough at the beginning of a text, by any sender.
    pub(super) alone: bool,
}

const fn failure(words: &'static str) -> Phrase {
    Phrase { words, kind: Kind::Failure, alone: false }
}

const fn delay(words: &'static str) -> Phrase {
    Phrase { words, kind: Kind::Delay, alone: false }
}

impl Phrase {
    const fn alone(self) -> Phrase {
        Phrase { alone: true, ..self }
    }
}

/// In texts. What stands behind the first of them is searched for recipients.
pub(super) const TEXT: &[Phrase] = &[
    // qmail; James, which speaks alike; Yahoo
    failure("this is the qmail-send program").alone(),
    failure("this is the james mail server").alone(),
    failure("wasn't able to deliver your message to the following addresses"),
    failure("unable to deliver message to the following address").alone(),
    failure("unable to deliver your message to the following address"),
    // Exim, GMX, WEB.DE, IONOS
    failure("could not be delivered to one or more of its recipients").alone(),
    failure("could not be delivered to all of its recipients").alone(),
    failure("could not be delivered to the following address"),
    delay("has not yet been delivered to one or more of its recipients").alone(),
    delay("the address to which the message has not yet been delivered is"),
    failure("konnte an einen oder mehrere empfänger nicht zugestellt werden"),
    failure("konnte nicht an alle empfänger zugestellt werden"),
    // Postfix, Zimbra, iCloud, mailbox.org
    failure("this is the postfix program at host").alone(),
    failure("your message could not be delivered to one or more recipients"),
    delay("this is a warning only. you do not need to resend your message"),
    delay("it will be retried until it is"),
    failure("konnte an einen oder mehrere der empfänger nicht zugestellt werden"),
    failure("ihre nachricht konnte nicht zugestellt werden"),
    failure("ihre e-mail konnte nicht zugestellt werden"),
    delay("dies ist nur eine warnung"),
    delay("die zustellung wird weiter versucht"),
    // Sendmail, AOL
    failure("the following addresses had permanent fatal errors").alone(),
    failure("the following addresses had fatal errors"),
    delay("the following addresses had transient non-fatal errors"),
    delay("this is a warning message only"),
    failure("the following addresses have delivery problems"),
    // Exchange 2003, hMailServer
    failure("your message did not reach some or all of the intended recipients").alone(),
    failure("the following recipient(s) could not be reached"),
    failure("the following recipient(s) cannot be reached"),
    failure("hat einige oder alle empfänger nicht erreicht").alone(),
    failure("folgende empfänger konnten nicht erreicht werden"),
    failure("folgende(r) empfänger konnte(n) nicht erreicht werden"),
    failure("n'a pas pu atteindre certains ou tous les destinataires"),
    failure("ni dosegla nekaterih ali vseh prejemnikov"),
    // Exchange 2007 to 2019
    failure("delivery has failed to these recipients").alone(),
    failure("delivery to the following recipients failed"),
    delay("delivery is delayed to these recipients"),
    delay("delivery to the following recipients has been delayed"),
    failure("fehler bei der nachrichtenzustellung an folgende empfänger").alone(),
    failure("fehler bei der zustellung der nachricht an folgende empfänger").alone(),
    failure("fehler bei der zustellung an diese empfänger"),
    failure("die nachricht konnte folgenden empfängern nicht zugestellt werden"),
    delay("die zustellung an diese empfänger oder gruppen verzögert sich"),
    delay("zustellung an folgende empfänger oder gruppen wurde verzögert"),
    delay("zustellung an folgende empfänger wurde verzögert"),
    failure("échec de la remise à ces destinataires").alone(),
    failure("échec de la remise pour ces destinataires").alone(),
    delay("la remise à ces destinataires ou groupes est retardée"),
    failure("dostava tem prejemnikom ali skupinam ni uspela").alone(),
    failure("dostava naslednjim prejemnikom ni uspela").alone(),
    delay("dostava tem prejemnikom ali skupinam je zakasnjena"),
    failure("recapito non riuscito per i seguenti destinatari").alone(),
    failure("error de entrega a estos destinatarios").alone(),
    failure("isporuka ovim primateljima ili grupama nije uspjela").alone(),
    failure("het bezorgen van het bericht aan de volgende geadresseerden is mislukt"),
    failure("dostarczenie do następujących adresatów lub grup nie powiodło się"),
    // Exchange Online
    failure("your message to {} couldn't be delivered").alone(),
    failure("your message couldn't be delivered"),
    failure("your message wasn't delivered"),
    failure("ihre nachricht an {} konnte nicht zugestellt werden").alone(),
    failure("ihre nachricht an {} konnte nicht übermittelt werden").alone(),
    failure("votre message à {} n'a pas pu être remis").alone(),
    failure("vašega sporočila za {} ni bilo mogoče dostaviti").alone(),
    failure("sporočila za {} ni bilo mogoče dostaviti").alone(),
    failure("impossibile recapitare il messaggio a {}").alone(),
    failure("il messaggio per {} non è stato recapitato").alone(),
    failure("no se pudo entregar el mensaje a {}").alone(),
    failure("vaša poruka za {} nije mogla biti isporučena").alone(),
    delay("this message hasn't been delivered yet"),
    delay("delivery will continue to be attempted"),
    delay("es wird weiterhin versucht, sie zu"),
    // Gmail
    failure("delivery to the following recipient failed permanently").alone(),
    failure("delivery to the following recipients failed permanently").alone(),
    delay("delivery to the following recipient has been delayed").alone(),
    failure("your message wasn't delivered to {}").alone(),
    failure("there was a problem delivering your message to {}"),
    delay("there was a temporary problem delivering your message to {}").alone(),
    delay("gmail will retry for"),
    failure("ihre nachricht wurde nicht an {} zugestellt").alone(),
    failure("deine nachricht wurde nicht an {} zugestellt").alone(),
    failure("bei der zustellung ihrer nachricht an {} ist ein problem aufgetreten").alone(),
    delay("beim zustellen ihrer nachricht an {} ist ein vorübergehendes problem aufgetreten").alone(),
    failure("votre message n'a pas été remis à {}").alone(),
    failure("vaše sporočilo ni bilo dostavljeno na naslov {}").alone(),
    // Domino
    failure("was not delivered to"),
    failure("wurde nicht zugestellt an"),
    failure("konnte nicht zugestellt werden an"),
    failure("n'a pas été remis à"),
    failure("ni bilo dostavljeno"),
    // Amazon SES
    failure("an error occurred while trying to deliver the mail to the following recipients").alone(),
    // MDaemon
    failure("had permanent fatal delivery errors").alone(),
    failure("your message was not delivered to one or more recipients"),
    delay("had transient non-fatal delivery errors"),
    // SmarterMail, MailEnable, Kerio
    failure("could not deliver message to the following recipient").alone(),
    failure("message could not be delivered to some recipients"),
    failure("the following recipients could not be reached"),
    failure("your message could not be delivered to the following recipient"),
    failure("the message could not be delivered to the following recipient"),
    failure("could not deliver the message to {}"),
    // Courier
    failure("your message to the following recipients cannot be delivered"),
    delay("your message to the following recipients is still waiting"),
    delay("your message to the following recipients has not been delivered yet"),
    // T-Online and other smail
    failure("no valid recipients were found for this message"),
    failure("failed addresses follow"),
    failure("ihre nachricht an {} konnte nicht ausgeliefert werden").alone(),
    failure("ihre nachricht konnte nicht ausgeliefert werden"),
    // Oracle and Sun messaging servers, as older iCloud
    failure("your message cannot be delivered to the following recipients").alone(),
    delay("your message has been enqueued and undeliverable for"),
    // OpenSMTPD
    failure("an error has occurred while attempting to deliver a message for the following list of recipients").alone(),
    delay("a message is delayed for more than"),
    // Cisco (IronPort), CommuniGate, Post.Office, GroupWise, IMail, Dovecot
    failure("the following message to {} was undeliverable").alone(),
    failure("failed to deliver to {}").alone(),
    failure("this message was undeliverable due to the following reason").alone(),
    failure("the message that you sent was undeliverable to the following").alone(),
    failure("user mailbox exceeds allowed size: {}"),
    failure("unknown user: {}"),
    failure("unknown local recipient: {}"),
    failure("your message to {} was automatically rejected").alone(),
    failure("your message to {} was rejected"),
    failure("delivery to {} failed"),
    failure("the following addresses failed"),
    failure("an undisclosed address (generated from {})"),
    failure("did not reach the following recipient"),
    failure("did not receive a copy of your message"),
    failure("unable to deliver your message to {}"),
    failure("unable to deliver message to {}"),
    failure("invalid final delivery userid: {}"),
    failure("attempts: {}"),
    failure("mailbox is full: {}"),
    failure("could not be delivered to {}"),
    failure("could not be delivered to: {}"),
    failure("could not be delivered to the following"),
    failure("the following message, addressed to {}"),
    failure("your message to {} has reached our local address"),
    failure("(originally addressed to {})"),
    failure("n'a pas pu être délivré à {}"),
    failure("local mailbox {} is unavailable"),
    failure("no such user here"),
    failure("не может быть доставлено"),
    failure("the problem appears to be"),
    delay("delivery of email to this address"),
    delay("delivery attempts will continue"),
    delay("will continue to try to deliver"),
    failure("the following address failed"),
    failure("die folgende adresse ist fehlerhaft"),
    failure("an folgende adressen fehlgeschlagen"),
    failure("folgende empfänger haben ihre nachricht nicht erhalten"),
];

/// At the beginning of subjects, behind marks such as `[SPAM]`. With a sender that is a server, they are enough.
pub(super) const SUBJECTS: &[Phrase] = &[
    failure("undelivered mail returned to sender"),
    failure("mail delivery failed"),
    failure("mail delivery failure"),
    failure("returned mail"),
    failure("failure notice"),
    failure("delivery failure"),
    failure("delivery failed"),
    failure("delivery status notification (failure)"),
    failure("delivery notification: delivery has failed"),
    failure("permanent delivery failure"),
    failure("message delivery failure"),
    failure("mail system error - returned mail"),
    failure("nondeliverable mail"),
    failure("mail delivery problem"),
    failure("mail could not be delivered"),
    failure("email delivery failure"),
    failure("email could not be delivered"),
    failure("message undeliverable"),
    failure("non-delivery"),
    failure("ваше сообщение не доставлено"),
    delay("mail delivery warning"),
    failure("undeliverable"),
    failure("undeliverable mail"),
    failure("undelivered mail"),
    failure("unzustellbar"),
    failure("nicht zustellbar"),
    failure("nicht zugestellt"),
    failure("unzustellbare nachricht"),
    failure("zustellungsfehler"),
    failure("fehler bei der zustellung"),
    failure("rückläufer"),
    failure("non remis"),
    failure("échec de la remise"),
    failure("non recapitabile"),
    failure("no se puede entregar"),
    failure("ni mogoče dostaviti"),
    failure("nedostavljivo"),
    failure("neisporučivo"),
    failure("onbestelbaar"),
    failure("nedoručitelné"),
    delay("delayed mail (still being retried)"),
    delay("delivery status notification (delay)"),
    delay("delivery delayed"),
    delay("warning: message"),
    delay("warning: could not send message"),
    delay("zustellung verzögert"),
    delay("verzögert"),
    delay("remise retardée"),
    delay("zakasnjeno"),
];

/// What a server calls itself, at the beginning of an address or in a name.
pub(super) const SENDERS: &[&str] = &[
    "mailer-daemon",
    "mailer_daemon",
    "mailerdaemon",
    "postmaster",
    "mail-daemon",
    "maildaemon",
    "mail delivery s",
    "mail-delivery",
    "mail.delivery",
    "mdaemon",
    "maildelivery",
    "microsoftexchange",
    "mail administrator",
    "mail system",
    "double-bounce",
    "systemadministrator",
    "system administrator",
    "system attendant",
    "delivery subsystem",
];

/// The returned message or its header begins, and with it addresses that have nothing to do with the failure.
pub(super) const ENDS: &[&str] = &[
    "--- below this line is a copy",
    "this is a copy of the message",
    "this is a copy of your message",
    "the body of the message is",
    "original message follows",
    "original message headers",
    "original message header",
    "message header follows",
    "message text follows",
    "message headers follow",
    "copy of the first part of the message",
    "start of returned message",
    "returned mail follows",
    "-------- returned mail",
    "-- original message",
    "your message reads",
    "a copy of the original message below",
    "lines of your original message follow",
    "the header of the original message",
    "below is a copy of the original message",
    "included is a copy of the message",
    "enclosed are the original header",
    "ursprüngliche nachrichtenkopfzeilen",
    "kopfzeilen der ursprünglichen nachricht",
    "kopfzeilen der originalnachricht",
    "es folgt die ursprüngliche nachricht",
    "es folgt eine kopie",
    "en-têtes de message d'origine",
    "izvirne glave sporočila",
    "glave izvirnega sporočila",
    "-----original message-----",
    "----- original message -----",
    "-----ursprüngliche nachricht-----",
    "the attached message",
    "unsent message follows",
    "unsent message below",
];

/// Lines that a returned header has, where nothing announces it; what servers quote of it in their own words is indented.
pub(super) const HEADERS: &[&str] =
    &["\nreceived: ", "\nreturn-path: ", "\nfrom: ", "\nmessage-id: ", "\nmime-version: ", "\ndkim-signature: ", "\nx-mailer: "];

/// In front of a recipient, at the beginning of a line.
pub(super) const LABELS: &[&str] = &[
    "recipient: [smtp:",
    "recipient:",
    "recipients:",
    "recipient address:",
    "intended recipient:",
    "undeliverable address:",
    "error-for:",
    "failed recipient:",
    "failed address:",
    "failed addresses:",
    "final-recipient: rfc822;",
    "original-recipient: rfc822;",
    "to:",
    "user:",
    "address:",
    "addressee:",
    "empfänger:",
    "empfängeradresse:",
    "adresse:",
    "an:",
    "destinataire:",
    "destinataire :",
    "prejemnik:",
    "naslov:",
    "destinatario:",
    "rcpt to:",
];

/// In front of the address that the message was sent to, where the server names another one.
pub(super) const EXPANDED: &[&str] =
    &["expanded from ", "expanded from: ", "generated from ", "original address: ", "originally addressed to "];

/// In front of the server's words: what stands behind them, or in the next lines, is the cause.
pub(super) const CAUSES: &[&str] = &[
    "because:",
    "due to:",
    "reason:",
    "the reason:",
    "reason of the failure:",
    "the reason for the problem:",
    "diagnostic code: smtp;",
    "diagnostic code:",
    "the error that the other server returned was:",
    "the response from the remote server was:",
    "the response was:",
    "remote server returned:",
    "remote server replied:",
    "weil:",
    "grund:",
    "ursache:",
    "die antwort des remoteservers lautete:",
    "die antwort lautete:",
    "antwort des servers:",
    "motif:",
    "motif :",
    "la réponse du serveur distant était:",
    "la réponse était:",
    "razlog:",
    "vzrok:",
    "odgovor strežnika:",
    "odgovor je bil:",
];

/// A text with LF for all line ends, straight apostrophes and ordinary blanks.
pub(super) fn clean(text: &str) -> String {
    let same = |letter: char| match letter {
        '\u{2018}' | '\u{2019}' | '\u{b4}' | '`' => '\'',
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' => '"',
        '\u{a0}' | '\u{202f}' | '\t' => ' ',
        letter => letter,
    };
    if text.bytes().all(|byte| byte.is_ascii() && !matches!(byte, b'\r' | b'\t' | b'`')) {
        return text.to_owned();
    }
    text.chars().filter(|letter| !matches!(letter, '\r' | '\u{feff}' | '\u{200b}' | '\u{200e}' | '\u{200f}')).map(same).collect()
}

/// A text in lower case, each letter as long as it was, so that a place in the one is the same in the other.
pub(super) fn lower(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let small = |letter: char| letter.to_lowercase().next().filter(|small| small.len_utf8() == letter.len_utf8()).unwrap_or(letter);
    text.chars().map(small).collect()
}

#[cfg(test)]
mod tests {
    use super::super::causes::{FULL, GREYLISTED, LASTING, LATER, PASSING, TOO_LARGE};
    use super::*;

    #[test]
    fn the_tables_are_written_as_texts_are_made() {
        let words = TEXT.iter().chain(SUBJECTS).map(|phrase| phrase.words);
        let lists = [SENDERS, ENDS, LABELS, CAUSES, GREYLISTED, LATER, FULL, TOO_LARGE, LASTING, PASSING];
        for words in words.chain(lists.into_iter().flatten().copied()) {
            assert_eq!(lower(&clean(words)), words);
            assert!(!words.contains("  ") && words.trim() == words, "{words}");
        }
    }

    #[test]
    fn the_names_of_servers_begin_with_the_letters_that_are_looked_for() {
        let begins = |name: &str| name.starts_with(['d', 'm', 'p', 's']) && name[1..].starts_with(['a', 'd', 'e', 'i', 'o', 'y']);
        assert!(SENDERS.iter().all(|name| name.is_ascii() && begins(name)));
    }

    #[test]
    fn places_are_the_same_in_lower_case() {
        for text in ["ÉCHEC İstanbul ẞ", "Straße ǅ Ω"] {
            assert_eq!(lower(text).len(), text.len());
        }
    }
}

//! Reading any message takes less than eight times its size in memory. This program's allocator counts.

mod counting;

use counting::most;
use postkontor_core::Opened;

/// What reading takes whatever the length.
const ALWAYS: usize = 128 * 1024;

/// What a part takes, be it of five bytes: the summary alone tells a hundred of it. No more than 20,000 are read.
const PART: usize = 512;

/// A beginning, and what follows it over and over, with a number in place of `#`.
struct Family {
    name: &'static str,
    start: &'static [u8],
    piece: &'static [u8],
}

/// Where little is kept, where much is, and where limits are reached.
const SIZES: [usize; 3] = [4 * 1024, 48 * 1024, 256 * 1024];

const fn family(name: &'static str, start: &'static [u8], piece: &'static [u8]) -> Family {
    Family { name, start, piece }
}

const FAMILIES: &[Family] = &[
    family("8-bit text", b"\n", b"\xfc"),
    family("8-bit lines", b"\n", b"Gr\xfc\xdfe aus K\xf6ln\r\n"),
    family("8-bit html", b"Content-Type: text/html\n\n", b"\x80"),
    family("invalid utf-8", b"Content-Type: text/plain; charset=utf-8\n\n", b"\xc3\xbc\xff"),
    family("nothing but U+FFFD", b"Content-Type: text/plain; charset=shift_jis\n\n", b"\xff"),
    family("windows-1252", b"Content-Type: text/plain; charset=windows-1252\n\n", b"\x80"),
    family("cp850", b"Content-Type: text/plain; charset=cp850\n\n", b"\xb0"),
    family("shift_jis", b"Content-Type: text/plain; charset=shift_jis\n\n", b"\xb1"),
    family("gb18030", b"Content-Type: text/plain; charset=gb18030\n\n", b"\x81\x30\x81\x30"),
    family("iso-2022-jp", b"Content-Type: text/plain; charset=iso-2022-jp\n\n", b"\x1b$B$3$s\x1b(B"),
    family("iso-2022-kr", b"Content-Type: text/plain; charset=iso-2022-kr\n\n", b"\x0e>H3g\x0f"),
    family("hz", b"Content-Type: text/plain; charset=hz-gb-2312\n\n", b"~{<:Ky~}"),
    family("utf-7", b"Content-Type: text/plain; charset=utf-7\n\n", b"+ZeVnLIqe-"),
    family("one word of utf-7", b"Content-Type: text/plain; charset=utf-7\n\n+", b"ZeVnLIqe"),
    family("utf-16", b"Content-Type: text/plain; charset=utf-16le\n\n", b"\xac\x20"),
    family("utf-16 of letters", b"Content-Type: text/plain; charset=utf-16\n\n", b"a\0"),
    family("utf-32", b"Content-Type: text/plain; charset=utf-32be\n\n", b"\0\0\x20\xac"),
    family("NUL", b"\n", b"\0"),
    family("control characters", b"Content-Type: text/plain; charset=utf-8\n\n", b"\x01"),
    family("8-bit control characters", b"\n", b"\x80\x01"),
    family("line ends", b"\n", b"\n"),
    family("flowed", b"Content-Type: text/plain; charset=utf-8; format=flowed\n\n", b"a \n"),
    family("8-bit flowed", b"Content-Type: text/plain; format=flowed\n\n", b"\x80 \n"),
    family("html", b"Content-Type: text/html\n\n", b"<p>&euro;</p>"),
    family("short fields", b"", b"X:\n"),
    family("empty fields of two letters", b"", b"To:\n"),
    family("subjects", b"", b"Subject:\n"),
    family("received", b"", b"Received:\n"),
    family("folds", b"Subject: x\n", b" \n"),
    family("folded addresses", b"To: x\n", b" a,\n"),
    family("8-bit subject", b"Subject: ", b"\x80"),
    family("8-bit date", b"Date: ", b"\x80"),
    family("date of control characters", b"Date: ", b"\x01"),
    family("8-bit name", b"From: ", b"\x80"),
    family("8-bit message id", b"Message-ID: <", b"\x80"),
    family("encoded words", b"Subject: ", b"=?utf-8?q?a?= "),
    family("encoded words of two sets", b"Subject: ", b"=?utf-8?q?a?= =?cp850?b?gQ==?= "),
    family("one encoded word", b"Subject: =?cp1252?q?", b"\x80"),
    family("addresses", b"To: ", b"a,"),
    family("addresses with a domain", b"To: ", b"a@b,"),
    family("addresses with semicolons", b"To: ", b"a;"),
    family("addresses in brackets", b"To: ", b"<a@b>"),
    family("addresses without commas", b"To: ", b"a@b "),
    family("broken addresses", b"To: ", b"<,"),
    family("at", b"To: ", b"@"),
    family("groups", b"To: ", b"g:a;"),
    family("members of a group", b"To: ggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg:", b"a@b,"),
    family("fields of addresses", b"", b"To:a\n"),
    family("comments", b"To: ", b"(a)"),
    family("quotes", b"To: ", b"\"a\""),
    family("dots", b"To: ", b"a."),
    family("words", b"To: ", b"a "),
    family("message ids", b"References: ", b"<a>"),
    family("message ids without brackets", b"References: ", b"a@ "),
    family("message ids answered", b"In-Reply-To: ", b"<#>"),
    family("parameters", b"Content-Type: text/plain", b";a=#"),
    family("parameters of one letter", b"Content-Type: text/plain", b";#="),
    family("pieces of a parameter", b"Content-Type: text/plain; charset*0*=''", b";charset*#*=x"),
    family("a long parameter", b"Content-Type: text/plain; name=", b"\x80"),
    family("a long name", b"Content-Type: application/pdf; name=\"", b"\x80"),
    family("parts", b"Content-Type: multipart/mixed; boundary=x\n\n", b"--x\n\n"),
    family("parts without headers", b"Content-Type: multipart/mixed; boundary=x\n\n", b"--x\n\na\n"),
    family("attachments", b"Content-Type: multipart/mixed; boundary=x\n\n", b"--x\nContent-Type:a/b\n\n"),
    family("attachments with names", b"Content-Type: multipart/mixed; boundary=x\n\n", b"--x\nContent-Type:a/b;name=#\n\n"),
    family("attached messages", b"Content-Type: multipart/mixed; boundary=x\n\n", b"--x\nContent-Type:message/rfc822\n\nSubject:#\n\n"),
    family("reports", b"Content-Type: multipart/mixed; boundary=x\n\n", b"--x\nContent-Type:message/delivery-status\n\nAction:failed\n"),
    family("digest", b"Content-Type: multipart/digest; boundary=x\n\n", b"--x\n\n"),
    family("related", b"Content-Type: multipart/related; boundary=x\n\n", b"--x\n\n"),
    family("alternatives", b"Content-Type: multipart/alternative; boundary=x\n\n", b"--x\n\n"),
    family("nested", b"", b"Content-Type:multipart/a;boundary=b#\n\n--b#\n"),
    family("texts", b"Content-Type: multipart/mixed; boundary=x\n\n", b"--x\nContent-Disposition:inline\n\n\x80\n"),
    family("base64", b"Content-Transfer-Encoding: base64\n\n", b"gICA"),
    family("base64 of 8-bit html", b"Content-Type: text/html\nContent-Transfer-Encoding: base64\n\n", b"gICA\r\n"),
    family("base64 of nothing", b"Content-Transfer-Encoding: base64\n\n", b"QQ==\n"),
    family("quoted-printable", b"Content-Transfer-Encoding: quoted-printable\n\n", b"=80"),
    family("quoted-printable without signs", b"Content-Transfer-Encoding: quoted-printable\n\n", b"\x80"),
    family(
        "quoted-printable, flowed",
        b"Content-Type: text/plain; format=flowed\nContent-Transfer-Encoding: quoted-printable\n\n",
        b"\x80 \n",
    ),
    family("uuencode", b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 a\n", b"#@(\"`\n"),
    family("uuencode in a text", b"\n", b"begin 644 a\n!80``\n`\nend\n"),
    family("a bounce", b"From: MAILER-DAEMON@a\nSubject: failure notice\n\n", b"<a#@b.c>: 5.1.1 no\n"),
    family(
        "a receipt",
        b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n",
        b"Final-Recipient:a;#\n\n",
    ),
    family("status fields", b"Content-Type: multipart/report; boundary=x\n\n--x\nContent-Type: message/delivery-status\n\n", b"A:\n"),
    family("a calendar", b"Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR\nBEGIN:VEVENT\n", b"ATTENDEE:a\n"),
    family("lines of CR", b"", b"X:\r"),
];

fn message(family: &Family, size: usize) -> Vec<u8> {
    let mut raw = family.start.to_vec();
    let mut number = 0;
    while raw.len() < size {
        for byte in family.piece {
            match byte {
                b'#' if !family.name.starts_with("uuencode") => raw.extend(number.to_string().bytes()),
                byte => raw.push(*byte),
            }
        }
        number += 1;
    }
    raw
}

/// How much reading this message takes.
fn taken(raw: &[u8]) -> usize {
    let message = Opened::new(raw.to_vec());
    let ((), reading) = most(|| {
        message.summary();
    });
    let parts = (0..).take_while(|part| message.part(*part).is_ok()).count();
    let parts = (0..parts).map(|part| most(|| message.part(part).is_ok()).1).max();
    reading.max(parts.unwrap_or_default())
}

#[test]
fn a_short_text_behind_a_long_one_takes_no_second_of_it() {
    let mut raw = b"Content-Type: multipart/mixed; boundary=x\n\n--x\n\n".to_vec();
    raw.extend([0x80].repeat(500_000));
    raw.extend(b"\n--x\n\na\n--x--\n");
    let taken = taken(&raw);
    assert!(taken < 8 * raw.len() + ALWAYS, "{taken}");
}

#[test]
fn reading_takes_less_than_eight_times_the_size() {
    // What the process makes once and keeps.
    taken(&message(&FAMILIES[0], 1000));
    let mut failed = Vec::new();
    for size in SIZES {
        for family in FAMILIES {
            let raw = message(family, size);
            let taken = taken(&raw);
            let line = format!("{:>9} {:>9} {:>5.1} {}", raw.len(), taken, taken as f64 / raw.len() as f64, family.name);
            let parts = raw.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"--")).count().min(20_000);
            if taken >= 8 * raw.len() + ALWAYS + PART * parts {
                failed.push(line);
            }
        }
    }
    assert!(failed.is_empty(), "bytes, bytes taken, times\n{}", failed.join("\n"));
}

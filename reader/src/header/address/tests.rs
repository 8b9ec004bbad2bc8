use super::*;

const INVALID: &str = "header.address_invalid";
const GUESSED: &str = "header.address_guessed";
const CHARSET: &str = "header.charset_guessed";

/// The mailboxes as `group: name <address>` or `group: name [text]`, and the codes of the repairs with their places.
fn read_all(values: &[&[u8]], fallback: Option<&str>) -> (Vec<String>, Vec<String>) {
    let mut repairs = Repairs::default();
    let fallback = fallback.and_then(crate::charset::encoding);
    let mailboxes = mailboxes(values.iter().copied(), fallback, &mut repairs, "/to");
    let shown = mailboxes.into_iter().map(|mailbox| {
        let group = mailbox.group.map(|group| format!("{group}: ")).unwrap_or_default();
        let name = mailbox.name.map(|name| format!("{name} ")).unwrap_or_default();
        match (mailbox.address, mailbox.text) {
            (Some(address), None) => format!("{group}{name}<{address}>"),
            (None, Some(text)) => format!("{group}{name}[{text}]"),
            both => panic!("{both:?}"),
        }
    });
    let told = repairs.as_slice().iter().map(|repair| format!("{} {}", repair.code, repair.pointer));
    (shown.collect(), told.collect())
}

fn check(value: &[u8], right: &[&str], codes: &[&str]) {
    let (shown, told) = read_all(&[value], None);
    let mut told: Vec<&str> = told.iter().map(|told| told.split(' ').next().unwrap()).collect();
    told.dedup();
    assert_eq!((shown, told), (right.iter().map(|right| (*right).to_owned()).collect(), codes.to_vec()), "{}", value.escape_ascii());
}

#[test]
fn addresses_of_rfc_5322_are_read_without_doubt() {
    let table: [(&str, &[&str]); 47] = [
        ("anna@example.com", &["<anna@example.com>"]),
        (" Anna Meier <anna@example.com>\r\n", &["Anna Meier <anna@example.com>"]),
        ("Anna\r\n Meier\r\n <anna@example.com>,\r\n\tberta@example.com", &["Anna Meier <anna@example.com>", "<berta@example.com>"]),
        ("\"Müller, Carl\" <carl@example.com>", &["Müller, Carl <carl@example.com>"]),
        ("\"a \\\"b\\\" \\\\c\" <a@b.c>", &["a \"b\" \\c <a@b.c>"]),
        ("\"a@b.c\" <a@b.c>", &["a@b.c <a@b.c>"]),
        ("a@b.c <a@b.c>", &["a@b.c <a@b.c>"]),
        ("\"a  b\" <a@b.c>", &["a  b <a@b.c>"]),
        ("\"\" <a@b.c>", &["<a@b.c>"]),
        ("J. R. Smith <a@b.c>", &["J. R. Smith <a@b.c>"]),
        ("a@b.c (Anna Meier)", &["Anna Meier <a@b.c>"]),
        ("a@b.c (Anna (Meier) \\))", &["Anna (Meier) ) <a@b.c>"]),
        ("(x) a (y) @ (z) b (v) . (w) c", &["x y z v w <a@b.c>"]),
        ("Anna (Vertrieb) Meier <a@b.c>", &["Anna Meier <a@b.c>"]),
        ("Anna <a@b.c> (Vertrieb)", &["Anna <a@b.c>"]),
        ("(Vertrieb) <a@b.c>", &["Vertrieb <a@b.c>"]),
        ("<a@b.c>", &["<a@b.c>"]),
        ("< a@b.c >", &["<a@b.c>"]),
        ("<@x.y,@z:a@b.c>", &["<a@b.c>"]),
        ("Anna <@x.y, @z : a@b.c>, b@b.c", &["Anna <a@b.c>", "<b@b.c>"]),
        ("Anna < a . m @ b . c >", &["Anna <a.m@b.c>"]),
        ("a . m @ b . c", &["<a.m@b.c>"]),
        ("\"anna\"@b.c", &["<anna@b.c>"]),
        ("\"anna meier\"@b.c", &["<\"anna meier\"@b.c>"]),
        ("<\"a\\\"b\\\\\"@b.c>", &["<\"a\\\"b\\\\\"@b.c>"]),
        ("\"a@b\"@c.d", &["<\"a@b\"@c.d>"]),
        ("\"a..b\"@c.d", &["<\"a..b\"@c.d>"]),
        ("\"a\".\"b\"@c.d", &["<a.b@c.d>"]),
        ("\"\"@c.d", &["<\"\"@c.d>"]),
        ("a@[192.0.2.1]", &["<a@[192.0.2.1]>"]),
        ("a@[IPv6:2001:db8::1], b@[ 192.0.2.1 ]", &["<a@[IPv6:2001:db8::1]>", "<b@[192.0.2.1]>"]),
        ("jürgen@müller.example", &["<jürgen@müller.example>"]),
        ("a+b_c-d=e!{}|~'`?^/*&%$#@example.com", &["<a+b_c-d=e!{}|~'`?^/*&%$#@example.com>"]),
        (",, a@b.c , ,\r\n d@e.f,", &["<a@b.c>", "<d@e.f>"]),
        ("Team: Anna <a@b.c>, d@e.f; g@h.i", &["Team: Anna <a@b.c>", "Team: <d@e.f>", "<g@h.i>"]),
        ("\"Das Team\": a@b.c;, x@y.z", &["Das Team: <a@b.c>", "<x@y.z>"]),
        ("undisclosed-recipients:;", &[]),
        ("A: a@b.c; B: d@e.f;", &["A: <a@b.c>", "B: <d@e.f>"]),
        ("", &[]),
        ("=?utf-8?Q?M=C3=BCller=2C_Carl?= <a@b.c>", &["Müller, Carl <a@b.c>"]),
        ("=?utf-8?Q?M=C3=BCller,_Carl?= <a@b.c>", &["Müller, Carl <a@b.c>"]),
        ("\"=?utf-8?Q?M=C3=BC?= =?utf-8?Q?ller?=\" <a@b.c>", &["Müller <a@b.c>"]),
        ("=?iso-8859-1?q?Gr=FC=DFe?=\r\n =?iso-8859-1?q?_an?= alle <a@b.c>", &["Grüße an alle <a@b.c>"]),
        ("a@b.c (=?utf-8?Q?M=C3=BCller?=)", &["Müller <a@b.c>"]),
        ("=?utf-8?Q?=22a=22_<x@y.z>?= <a@b.c>", &["\"a\" <x@y.z> <a@b.c>"]),
        ("[EXT] Anna <a@b.c>", &["[EXT] Anna <a@b.c>"]),
        ("a@localhost", &["<a@localhost>"]),
    ];
    table.iter().for_each(|(value, right)| check(value.as_bytes(), right, &[]));
}

#[test]
fn semicolons_end_an_address_as_commas_do() {
    check(b"a@b.c; Anna <d@e.f>;g@h.i;", &["<a@b.c>", "Anna <d@e.f>", "<g@h.i>"], &[GUESSED]);
    check(b"a@b.c;", &["<a@b.c>"], &[]);
    check("Müller, Carl <a@b.c>; Meier, Anna <d@e.f>".as_bytes(), &["Müller, Carl <a@b.c>", "Meier, Anna <d@e.f>"], &[GUESSED]);
    assert_eq!(read_all(&[b"a@b.c; d@e.f"], None).1, ["header.address_guessed /to/1"]);
}

#[test]
fn what_is_likely_counts_as_a_guess() {
    let table: [(&str, &[&str]); 35] = [
        ("Müller, Carl <a@b.c>", &["Müller, Carl <a@b.c>"]),
        ("Müller, Carl, Dr. <a@b.c>, Anna <d@e.f>", &["Müller, Carl, Dr. <a@b.c>", "Anna <d@e.f>"]),
        ("<<a@b.c>>", &["<a@b.c>"]),
        ("Anna <<a@b.c>", &["Anna <a@b.c>"]),
        ("Anna <a@b.c", &["Anna <a@b.c>"]),
        ("Anna <a@b.c, Berta <d@e.f>", &["Anna <a@b.c>", "Berta <d@e.f>"]),
        ("a@b.c>", &["<a@b.c>"]),
        ("Anna <a@b.c> Berta <d@e.f>", &["Anna <a@b.c>", "Berta <d@e.f>"]),
        ("<a@b.c><d@e.f>", &["<a@b.c>", "<d@e.f>"]),
        ("a@b.c d@e.f", &["<a@b.c>", "<d@e.f>"]),
        ("<a@b.c> d@e.f", &["<a@b.c>", "<d@e.f>"]),
        ("<a@b.c> Anna", &["Anna <a@b.c>"]),
        ("Anna a@b.c", &["Anna <a@b.c>"]),
        ("a@b.c Anna Meier", &["Anna Meier <a@b.c>"]),
        ("Anna a@b.c Berta d@e.f", &["Anna <a@b.c>", "Berta <d@e.f>"]),
        ("\"Anna <a@b.c>", &["Anna <a@b.c>"]),
        ("Anna\" <a@b.c>", &["Anna <a@b.c>"]),
        ("\"Anna <a@b.c>, \"Berta\" <d@e.f>", &["Anna <a@b.c>", "Berta <d@e.f>"]),
        ("\"Anna\" \"<a@b.c>", &["Anna <a@b.c>"]),
        ("mailto:a@b.c", &["<a@b.c>"]),
        ("SMTP:a@b.c", &["<a@b.c>"]),
        ("Anna <mailto:a@b.c>", &["Anna <a@b.c>"]),
        ("'a@b.c'", &["<a@b.c>"]),
        ("Anna <'a@b.c'>", &["Anna <a@b.c>"]),
        ("a@b.c.", &["<a@b.c>"]),
        ("Anna <a@b.c.>", &["Anna <a@b.c>"]),
        ("a@b.c. Anna", &["Anna <a@b.c>"]),
        ("anna..m@b.c", &["<anna..m@b.c>"]),
        ("<.anna.@b.c>", &["<.anna.@b.c>"]),
        ("\"a@b.c\"", &["<a@b.c>"]),
        ("=?utf-8?Q?a=40b.c?=", &["<a@b.c>"]),
        ("=?utf-8?B?QW5uYSA8YUBiLmM+?=", &["Anna <a@b.c>"]),
        ("Anna =?utf-8?Q?=3Ca=40b.c=3E?=", &["Anna <a@b.c>"]),
        ("x@y.z <a@b.c>", &["x@y.z <a@b.c>"]),
        ("=?utf-8?Q?anna?=@b.c", &["<anna@b.c>"]),
    ];
    table.iter().for_each(|(value, right)| check(value.as_bytes(), right, &[GUESSED]));
}

#[test]
fn what_is_no_address_becomes_text() {
    let table: [(&str, &[&str]); 22] = [
        ("root", &["[root]"]),
        ("phil, joe", &["[phil]", "[joe]"]),
        ("root (Cron Daemon)", &["Cron Daemon [root]"]),
        ("MAILER-DAEMON <>", &["MAILER-DAEMON [<>]"]),
        ("<>", &["[<>]"]),
        ("Anna <root>", &["Anna [root]"]),
        ("Anna <anna maria@b.c>", &["Anna [anna maria@b.c]"]),
        ("Anna <a,b>", &["Anna [a,b]"]),
        ("name@", &["[name@]"]),
        ("@b.c", &["[@b.c]"]),
        ("@", &["[@]"]),
        ("a@b@c", &["[a@b@c]"]),
        ("Anna <a@b@c>", &["Anna [a@b@c]"]),
        ("\"Anna Meier\"", &["[Anna Meier]"]),
        ("Anna Meier, root", &["[Anna Meier]", "[root]"]),
        ("(nobody)", &["[nobody]"]),
        ("Team: root, a@b.c;", &["Team: [root]", "Team: <a@b.c>"]),
        ("root, <a@b.c>", &["[root]", "<a@b.c>"]),
        ("root, a@b.c", &["[root]", "<a@b.c>"]),
        ("=?utf-8?Q?M=C3=BCller?=", &["[Müller]"]),
        ("Anna (a", &["[Anna (a]"]),
        ("[a]", &["[[a]]"]),
    ];
    table.iter().for_each(|(value, right)| check(value.as_bytes(), right, &[INVALID]));
}

#[test]
fn raw_letters_are_of_utf_8_or_the_bodys_charset_or_windows_1252() {
    check(b"M\xfcller <a@b.c>", &["Müller <a@b.c>"], &[CHARSET]);
    check(b"\"M\xfcller, Carl\" <a@b.c>", &["Müller, Carl <a@b.c>"], &[CHARSET]);
    check(b"Anna <j\xfcrgen@b.c>", &["Anna <jürgen@b.c>"], &[CHARSET]);
    assert_eq!(read_all(&[b"\xb9unka <a@b.c>"], Some("iso-8859-2")).0, ["šunka <a@b.c>"]);
}

#[test]
fn fields_of_one_name_are_one_list_and_repairs_tell_the_place() {
    let (shown, told) = read_all(&[b"a@b.c, Team: d@e.f", b"root, Anna x@y.z"], None);
    assert_eq!(shown, ["<a@b.c>", "Team: <d@e.f>", "[root]", "Anna <x@y.z>"]);
    assert_eq!(told, ["header.address_invalid /to/2", "header.address_guessed /to/3"]);
}

#[test]
fn names_hold_no_line_ends() {
    check(b"=?utf-8?Q?Anna=0D=0ABcc:_x=00?= <a@b.c>", &["Anna Bcc: x <a@b.c>"], &["header.control_removed"]);
    check(b"a\0b@c.d", &["[a b@c.d]"], &["header.control_removed", INVALID]);
}

#[test]
fn long_lists_and_long_names_of_groups_are_cut() {
    let value = "a@b.c,".repeat(MOST + 10);
    let mut repairs = Repairs::default();
    assert_eq!(mailboxes([value.as_bytes()].into_iter(), None, &mut repairs, "/to").len(), MOST);
    assert_eq!(repairs.as_slice()[0].code, "header.truncated");
    let value = format!("{}: a@b.c;", "ü".repeat(1000));
    assert_eq!(mailboxes([value.as_bytes()].into_iter(), None, &mut repairs, "")[0].group, Some("ü".repeat(GROUP)));
    let value = format!("{}:{}", "g".repeat(GROUP), "a@b.c,".repeat(NAMED / GROUP + 1));
    let mut repairs = Repairs::default();
    let told = mailboxes([value.as_bytes()].into_iter(), None, &mut repairs, "/to");
    assert_eq!((told.iter().filter(|mailbox| mailbox.group.is_some()).count(), told.len()), (NAMED / GROUP, NAMED / GROUP + 1));
    assert_eq!(repairs.as_slice()[0].code, "header.truncated");
    let mut given = Vec::new();
    each_mailbox([value.as_bytes()].into_iter(), None, &mut repairs, "/to", &mut |mailbox| given.push(mailbox));
    assert_eq!(given, told);
}

//! The forms of one character: as it is, escaped, in another charset, in another letter case.

/// How many bytes at the beginning of a text spell the characters, in whatever forms; the longest of several possibilities.
pub(super) fn spelt(characters: &[char], text: &[u8]) -> Option<usize> {
    // Several places may be possible at a time: `\\` is one backslash that was escaped, or two.
    let mut places = vec![0];
    for character in characters {
        let mut next: Vec<usize> = Vec::new();
        for place in places {
            forms(*character, &text[place..], &mut |length| {
                if !next.contains(&(place + length)) {
                    next.push(place + length);
                }
            });
        }
        if next.is_empty() {
            return None;
        }
        places = next;
    }
    places.into_iter().max()
}

/// The bytes with which a form of the character may begin.
pub(super) fn starts(character: char) -> impl Iterator<Item = u8> {
    let spelling = |c: char| c.encode_utf8(&mut [0; 4]).bytes().next();
    let cases = character.to_lowercase().chain(character.to_uppercase()).chain([character]).filter_map(spelling).collect::<Vec<_>>();
    let single = single_bytes(character).collect::<Vec<_>>();
    // Beside the escapes: the bytes of UTF-8 that was read as Latin-1, a lost character, and the blank's stand-ins.
    let foreign = (!character.is_ascii()).then_some([0xc2, 0xc3, b'?', 0xef]).into_iter().flatten();
    let blank = (character == ' ').then_some([b'+', b'_']).into_iter().flatten();
    cases.into_iter().chain(single).chain(foreign).chain(blank).chain(*b"\\%=&")
}

/// Tells the length of each form of the character at the beginning of a text.
fn forms(character: char, text: &[u8], found: &mut impl FnMut(usize)) {
    let Some(first) = text.first() else { return };
    plain(character, text, found);
    match first {
        b'\\' => {
            // Once for the quotes of a command, twice for those of JSON around it.
            let count = text.iter().take(4).take_while(|byte| **byte == b'\\').count();
            for at in 1..=count {
                plain(character, &text[at..], &mut |length| found(at + length));
                backslash(character, &text[at..], &mut |length| found(at + length));
            }
        }
        b'%' | b'=' => escaped_bytes(character, text, &[*first], 16, found),
        b'&' => entity(character, text, found),
        b'+' | b'_' if character == ' ' => found(1),
        _ => {}
    }
}

/// As it is, in either case, in UTF-8, in an old charset, or misread; or lost.
fn plain(character: char, text: &[u8], found: &mut impl FnMut(usize)) {
    if let Some(read) = read(text) {
        if same(read, character) {
            found(read.len_utf8());
        }
        if read == '\u{fffd}' && !character.is_ascii() {
            (1..=character.len_utf8())
                .filter(|count| text.starts_with("\u{fffd}".repeat(*count).as_bytes()))
                .for_each(|count| found(3 * count));
        }
    }
    if character.is_ascii() {
        // As SQL and CSV write a quote inside quotes.
        if matches!(character, '"' | '\'') && text.len() > 1 && text[..2].iter().all(|byte| char::from(*byte) == character) {
            found(2);
        }
        return;
    }
    let Some(first) = text.first() else { return };
    if single_bytes(character).any(|byte| byte == *first) {
        found(1);
    }
    let lost = text.iter().take(character.len_utf8()).take_while(|byte| **byte == b'?').count();
    (1..=lost).for_each(&mut *found);
    for spelling in cases(character) {
        // UTF-8 that was taken for Latin-1 and written in UTF-8 again.
        let misread: String = spelling.encode_utf8(&mut [0; 4]).bytes().map(char::from).collect();
        if text.starts_with(misread.as_bytes()) {
            found(misread.len());
        }
    }
}

/// Behind a backslash: `\u00fc`, `\u{fc}`, `\xfc`, `\374`.
fn backslash(character: char, text: &[u8], found: &mut impl FnMut(usize)) {
    match text {
        [b'u', b'{', rest @ ..] => {
            if let Some((number, length)) = number(rest, 16, 6)
                && rest.get(length) == Some(&b'}')
                && char::from_u32(number).is_some_and(|read| same(read, character))
            {
                found(length + 3);
            }
        }
        [b'u', rest @ ..] => {
            let unit = |text: &[u8]| number(text.get(..4)?, 16, 4).filter(|(_, length)| *length == 4).map(|(number, _)| number as u16);
            let Some(one) = unit(rest) else { return };
            let other = rest.get(4..6).filter(|mark| *mark == b"\\u").and_then(|_| unit(&rest[6..]));
            let single = char::decode_utf16([one]).next().and_then(Result::ok).map(|read| (read, 5));
            let pair = other.and_then(|other| char::decode_utf16([one, other]).next()?.ok()).map(|read| (read, 11));
            single.or(pair).into_iter().filter(|(read, _)| same(*read, character)).for_each(|(_, length)| found(length));
        }
        // What stands before each byte was taken off before the first.
        [b'x', ..] => escaped_bytes(character, text, b"\\x", 16, found),
        [digit, ..] if digit.is_ascii_digit() => escaped_bytes(character, text, b"\\", 8, found),
        _ => {}
    }
}

/// The bytes of the character as numbers, each behind the mark: `%C3%BC`, `=FC`, `\303\274`.
fn escaped_bytes(character: char, text: &[u8], mark: &[u8], radix: u32, found: &mut impl FnMut(usize)) {
    let digits = if radix == 16 { 2 } else { 3 };
    let mut bytes = Vec::new();
    let mut at = 0;
    while bytes.len() < 4 {
        let rest = &text[at..];
        // The first mark of a longer one may be gone already.
        let rest = match rest.strip_prefix(mark) {
            Some(rest) => rest,
            None if at == 0 && mark[0] == b'\\' => rest.strip_prefix(&mark[1..]).unwrap_or_default(),
            None => return,
        };
        let Some((byte, length)) = rest.get(..digits).and_then(|rest| number(rest, radix, digits)) else { return };
        let (Ok(byte), true) = (u8::try_from(byte), length == digits) else { return };
        bytes.push(byte);
        at = text.len() - rest.len() + digits;
        let whole = std::str::from_utf8(&bytes).ok().and_then(|text| text.chars().next());
        if whole.is_some_and(|read| same(read, character)) || matches!(bytes[..], [byte] if single_bytes(character).any(|own| own == byte))
        {
            found(at);
        }
    }
}

/// `&amp;`, `&#38;`, `&#x26;`, and the names of the letters of Latin-1; `&amp;#38;`, where something was escaped twice.
fn entity(character: char, text: &[u8], found: &mut impl FnMut(usize)) {
    const NAMED: [(&[u8], char); 7] =
        [(b"amp", '&'), (b"lt", '<'), (b"gt", '>'), (b"quot", '"'), (b"apos", '\''), (b"nbsp", ' '), (b"szlig", 'ß')];
    let Some(behind) = text.strip_prefix(b"&") else { return };
    let again = behind.get(..4).filter(|name| name.eq_ignore_ascii_case(b"amp;")).map_or(behind, |_| &behind[4..]);
    for rest in if again.len() == behind.len() { vec![behind] } else { vec![behind, again] } {
        let before = text.len() - rest.len();
        let mut end = |length: usize| found(before + length + usize::from(rest.get(length) == Some(&b';')));
        if let Some(digits) = rest.strip_prefix(b"#") {
            let (digits, radix, mark) = match digits {
                [b'x' | b'X', digits @ ..] => (digits, 16, 2),
                digits => (digits, 10, 1),
            };
            if let Some((number, length)) = number(digits, radix, 7)
                && char::from_u32(number).is_some_and(|read| same(read, character))
            {
                end(mark + length);
            }
            continue;
        }
        let is_named = |name: &[u8]| rest.get(..name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
        NAMED.iter().filter(|(name, read)| same(*read, character) && is_named(name)).for_each(|(name, _)| end(name.len()));
        if let Some(name) = letter_name(character)
            && is_named(name.as_bytes())
        {
            end(name.len());
        }
    }
}

/// The name of a letter with an accent in HTML: its base letter and the accent.
fn letter_name(character: char) -> Option<String> {
    const ACCENTS: [(&str, &str); 8] = [
        ("uml", "äaëeïiöoüuÿy"),
        ("acute", "áaéeíióoúuýy"),
        ("grave", "àaèeìiòoùu"),
        ("circ", "âaêeîiôoûu"),
        ("tilde", "ãañnõo"),
        ("ring", "åa"),
        ("cedil", "çc"),
        ("caron", "ččššžž"),
    ];
    let lower = character.to_lowercase().next()?;
    ACCENTS.iter().find_map(|(accent, letters)| {
        let letters: Vec<char> = letters.chars().collect();
        let pair = letters.chunks(2).find(|pair| pair[0] == lower)?;
        let base = match pair[1] {
            'č' => 'c',
            'š' => 's',
            'ž' => 'z',
            base => base,
        };
        Some(format!("{base}{accent}"))
    })
}

/// The character in its cases, of which the text may have any.
fn cases(character: char) -> impl Iterator<Item = char> {
    let simple = |mut chars: Box<dyn Iterator<Item = char>>| chars.next().filter(|_| chars.next().is_none());
    [Some(character), simple(Box::new(character.to_lowercase())), simple(Box::new(character.to_uppercase()))].into_iter().flatten()
}

/// The byte of a character beyond ASCII in Latin-1, and of the letters of Slovenian in windows-1250 and ISO-8859-2, in either case.
fn single_bytes(character: char) -> impl Iterator<Item = u8> {
    const SLOVENIAN: [(char, [u8; 2]); 6] =
        [('č', [0xe8, 0xe8]), ('Č', [0xc8, 0xc8]), ('š', [0x9a, 0xb9]), ('Š', [0x8a, 0xa9]), ('ž', [0x9e, 0xbe]), ('Ž', [0x8e, 0xae])];
    cases(character).filter(|c| !c.is_ascii()).flat_map(|c| {
        let own = SLOVENIAN.iter().find(|(letter, _)| *letter == c).map(|(_, bytes)| *bytes).into_iter().flatten();
        own.chain(u8::try_from(u32::from(c)).ok())
    })
}

/// Whether two characters differ in their case at most.
fn same(one: char, other: char) -> bool {
    one == other || one.to_lowercase().eq(other.to_lowercase()) || one.to_uppercase().eq(other.to_uppercase())
}

/// The first character of a text in UTF-8.
fn read(text: &[u8]) -> Option<char> {
    let length = match text.first()? {
        0..0x80 => 1,
        0xc2..0xe0 => 2,
        0xe0..0xf0 => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    std::str::from_utf8(text.get(..length)?).ok()?.chars().next()
}

/// A number of at most so many digits, and how many there are.
fn number(text: &[u8], radix: u32, most: usize) -> Option<(u32, usize)> {
    let length = text.iter().take(most).take_while(|byte| char::from(**byte).is_digit(radix)).count();
    let digits = std::str::from_utf8(&text[..length]).ok()?;
    Some((u32::from_str_radix(digits, radix).ok()?, length))
}

//! Documents made for the purpose; factur-x and pypdf, programs in Python, make and read others (tests of the workspace).

#[path = "../../tests/worked/mod.rs"]
mod worked;

use super::*;
use std::io::Write;
use worked::worked;

const XML: &[u8] = b"<invoice/>";

fn flate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An object that is a stream.
fn stream(dictionary: &str, bytes: &[u8]) -> Vec<u8> {
    [format!("<<{dictionary}/Length {}>>\nstream\r\n", bytes.len()).as_bytes(), bytes, b"\nendstream"].concat()
}

/// A document of these objects with a table, and what stands where.
fn document(objects: &[(u32, Vec<u8>)]) -> (Vec<u8>, Vec<(u32, usize)>) {
    let mut bytes = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut places = Vec::new();
    for (number, object) in objects {
        places.push((*number, bytes.len()));
        bytes.extend([format!("{number} 0 obj\n").as_bytes(), object, b"\nendobj\n"].concat());
    }
    (bytes, places)
}

fn with_table(objects: &[(u32, Vec<u8>)]) -> Vec<u8> {
    let (mut bytes, places) = document(objects);
    let start = bytes.len();
    bytes.extend(b"xref\n0 1\n0000000000 65535 f \n");
    for (number, at) in places {
        bytes.extend(format!("{number} 1\n{at:010} 00000 n \n").as_bytes());
    }
    bytes.extend(format!("trailer\n<</Size 20/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n").as_bytes());
    bytes
}

/// The objects of a document that embeds the XML under this name.
fn embedding(name: &str) -> Vec<(u32, Vec<u8>)> {
    embedding_of(name, XML)
}

fn embedding_of(name: &str, xml: &[u8]) -> Vec<(u32, Vec<u8>)> {
    vec![
        (1, b"<</Type/Catalog/Names<</EmbeddedFiles 2 0 R>>>>".to_vec()),
        (2, b"<</Kids[3 0 R 2 0 R]>>".to_vec()),
        (3, b"<</Names[(a)4 0 R(b)5 0 R]>>".to_vec()),
        (4, b"<</Type/Filespec/F(other.xml)/EF<</F 6 0 R>>>>".to_vec()),
        (5, format!("<</Type/Filespec/UF{name}/EF<</F 6 0 R>>>>").into_bytes()),
        (6, stream("/Type/EmbeddedFile/Filter/FlateDecode", &flate(xml))),
    ]
}

fn found(bytes: &[u8]) -> Option<Vec<u8>> {
    embedded(bytes, &|name| name == "factur-x.xml", 1000).map(|(_, xml)| xml)
}

#[test]
fn a_file_is_found_by_a_table() {
    let wide: String = "factur-x.xml".encode_utf16().map(|unit| format!("{unit:04X}")).collect();
    for name in ["(factur-x.xml)".to_owned(), format!("<FEFF{wide}>")] {
        assert_eq!(found(&with_table(&embedding(&name))).as_deref(), Some(XML), "{name}");
    }
    assert_eq!(found(&with_table(&embedding("(order.xml)"))), None);
    assert_eq!(found(b"factur-x.xml"), None);
}

/// As newer programs write: objects in a stream of objects, and the table as a stream with a predictor.
fn packed() -> (Vec<u8>, usize) {
    packed_of(XML)
}

/// The same with another XML.
pub(crate) fn packed_of(xml: &[u8]) -> (Vec<u8>, usize) {
    let objects = embedding_of("(factur-x.xml)", xml);
    let (mut index, mut inner) = (String::new(), Vec::new());
    for (number, object) in &objects[..5] {
        index += &format!("{number} {} ", inner.len());
        inner.extend_from_slice(object);
        inner.push(b'\n');
    }
    let container =
        stream(&format!("/Type/ObjStm/N 5/First {}/Filter/FlateDecode", index.len()), &flate(&[index.as_bytes(), &inner].concat()));
    let (mut bytes, places) = document(&[(6, objects[5].1.clone()), (7, container)]);
    let start = bytes.len();
    let entry = |kind: u8, at: usize, index: u8| [&[kind][..], &u32::try_from(at).unwrap().to_be_bytes(), &[index]].concat();
    let mut rows = vec![entry(0, 0, 0)];
    rows.extend((0..5).map(|index| entry(2, 7, index)));
    rows.extend([entry(1, places[0].1, 0), entry(1, places[1].1, 0), entry(1, start, 0)]);
    let mut table = Vec::new();
    let mut above = vec![0; 6];
    for row in rows {
        table.push(2);
        table.extend(row.iter().zip(&above).map(|(byte, above): (&u8, &u8)| byte.wrapping_sub(*above)));
        above = row;
    }
    let parameters = "/Type/XRef/W[1 4 1]/Size 9/Root 1 0 R/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 6>>";
    bytes.extend([&b"8 0 obj\n"[..], &stream(parameters, &flate(&table)), b"\nendobj\n"].concat());
    bytes.extend(format!("startxref\n{start}\n%%EOF").as_bytes());
    (bytes, start)
}

#[test]
fn a_file_is_found_by_streams() {
    assert_eq!(found(&packed().0).as_deref(), Some(XML));
}

#[test]
fn a_later_version_of_an_object_counts_and_earlier_tables_hold_the_rest() {
    let mut bytes = with_table(&embedding("(order.xml)"));
    let previous = memchr::memmem::rfind(&bytes, b"xref\n0 1").unwrap();
    let at = bytes.len();
    bytes.extend(b"5 0 obj\n<</F(factur-x.xml)/EF<</F 6 0 R>>>>\nendobj\n");
    let start = bytes.len();
    bytes.extend(format!("xref\n5 1\n{at:010} 00000 n \ntrailer\n<</Root 1 0 R/Prev {previous}>>\nstartxref\n{start}\n%%EOF\n").as_bytes());
    assert_eq!(found(&bytes).as_deref(), Some(XML));
}

#[test]
fn a_file_is_found_where_the_tables_are_damaged() {
    let mut bytes = with_table(&embedding("(factur-x.xml)"));
    bytes.truncate(memchr::memmem::rfind(&bytes, b"xref\n0 1").unwrap());
    assert_eq!(found(&bytes).as_deref(), Some(XML));
    let (mut bytes, start) = packed();
    bytes.truncate(start);
    assert_eq!(found(&bytes).as_deref(), Some(XML));
}

#[test]
fn an_encrypted_document_is_not_opened() {
    let text = String::from_utf8_lossy(&with_table(&embedding("(factur-x.xml)"))).into_owned();
    assert_eq!(found(text.replace("/Root 1", "/Encrypt 9 0 R/Root 1").as_bytes()), None);
}

#[test]
fn damaged_documents_never_fail() {
    let mut random = 9u64;
    for whole in [with_table(&embedding("(factur-x.xml)")), packed().0] {
        for _ in 0..3000 {
            let mut bytes = whole.clone();
            for _ in 0..3 {
                random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (random >> 33) as usize % bytes.len();
                bytes[at] = if random & 4096 == 0 { b"0123456789 <>[]()/R"[(random >> 20) as usize % 19] } else { (random >> 20) as u8 };
            }
            found(&bytes);
        }
    }
}

/// A document of about so many bytes.
type Make = fn(usize) -> Vec<u8>;

/// What refers to itself, repeats itself or opens without closing is read so many times and no more.
#[test]
fn hostile_documents_take_no_longer_than_their_length() {
    let reading = |make: Make, length: usize| {
        let bytes = make(length);
        let started = worked();
        assert_eq!(found(&bytes), None);
        (worked() - started).as_secs_f64()
    };
    let makes: [(&str, Make); 5] = [
        ("objects in a text without an end", |n| [&b"%PDF-1.7\n"[..], &b"1 0 obj (/Catalog ".repeat(n / 18)].concat()),
        ("streams without an end", |n| {
            [&b"%PDF-1.7\n"[..], &b"1 0 obj<</Type/ObjStm/N 1/First 4/Length 1>>stream ".repeat(n / 50)].concat()
        }),
        ("lists", |n| [&b"%PDF-1.7\n"[..], &b"1 0 obj [ /Catalog ".repeat(n / 19)].concat()),
        ("names in a long list that many name", |n| {
            let kids = "4 0 R ".repeat(n / 12);
            let names = "1 ".repeat(n / 4);
            with_table(&[
                (1, b"<</Type/Catalog/Names<</EmbeddedFiles 2 0 R>>>>".to_vec()),
                (2, format!("<</Kids[{kids}]>>").into_bytes()),
                (4, format!("<</Names[{names}]>>").into_bytes()),
            ])
        }),
        ("tables", |n| [&b"%PDF-1.7\nxref\n"[..], &b"1 0\n".repeat(n / 4), b"trailer<<>>\nstartxref\n9\n%%EOF"].concat()),
    ];
    for (name, make) in makes {
        let grows = |_| reading(make, 400_000) / (reading(make, 100_000) + 0.005);
        let ratios: Vec<f64> = (0..8).map(grows).take_while(|ratio| *ratio >= 8.0).collect();
        assert!(ratios.len() < 8, "{name}: {ratios:?}");
    }
}

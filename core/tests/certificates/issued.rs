//! Certificates of every kind that an authority may issue, good and bad, for anna@example.com.

use super::people::{FOR_MAIL, Folder, PASSWORD, authority};
use std::sync::OnceLock;

const AUTHORITY: &str = "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nserial=serial\npolicy=p\nunique_subject=no\n[p]\ncountryName=optional\norganizationName=optional\ncommonName=supplied\nemailAddress=optional\n";

/// What a certificate is like.
struct Kind {
    key: &'static [&'static str],
    extensions: &'static str,
    address: Option<&'static str>,
    from: &'static str,
    until: &'static str,
    digest: &'static str,
}

const GOOD: Kind = Kind {
    key: &["rsa:2048"],
    extensions: FOR_MAIL,
    address: Some("anna@example.com"),
    from: "20200101000000Z",
    until: "20951231235959Z",
    digest: "sha256",
};

const FOR_SERVERS: &str =
    "basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth\n";
const FOR_SIGNING: &str = "basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=emailProtection\n";

/// `NAME.pem`, `NAME.key`, and `NAME.p12` with the password of all.
fn issue(folder: &Folder, name: &str, kind: &Kind) {
    let address = kind.address.map(|address| format!("subjectAltName=email:{address}\n")).unwrap_or_default();
    folder.write(
        "x.cnf",
        format!("[req]\ndistinguished_name=n\nprompt=no\n[n]\nC=DE\nO=Muster GmbH\nCN=Anna Muster\n[x]\n{}{address}", kind.extensions),
    );
    let (key, pem, p12) = (format!("{name}.key"), format!("{name}.pem"), format!("{name}.p12"));
    let mut request = vec!["req", "-new", "-utf8", "-config", "x.cnf", "-nodes", "-keyout", &key, "-out", "x.csr", "-newkey"];
    request.extend(kind.key);
    folder.openssl(&request);
    folder.openssl(&[
        "ca",
        "-batch",
        "-config",
        "authority.cnf",
        "-cert",
        "ca.pem",
        "-keyfile",
        "ca.key",
        "-in",
        "x.csr",
        "-out",
        &pem,
        "-notext",
        "-utf8",
        "-startdate",
        kind.from,
        "-enddate",
        kind.until,
        "-md",
        kind.digest,
        "-extfile",
        "x.cnf",
        "-extensions",
        "x",
    ]);
    folder.openssl(&["pkcs12", "-export", "-in", &pem, "-inkey", &key, "-out", &p12, "-passout", &format!("pass:{PASSWORD}")]);
}

/// All of them in one folder, made once.
pub(crate) fn issued() -> &'static Folder {
    static FOLDER: OnceLock<Folder> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = authority();
        folder.write("authority.cnf", AUTHORITY);
        folder.write("index.txt", "");
        folder.write("serial", "1000");
        let soon = String::from_utf8(folder.run("date", &["-u", "-d", "+9 days", "+%Y%m%d%H%M%SZ"]).stdout).unwrap();
        issue(&folder, "good", &GOOD);
        issue(&folder, "curve", &Kind { key: &["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], ..GOOD });
        issue(&folder, "berta", &Kind { address: Some("berta@example.com"), ..GOOD });
        issue(&folder, "expired", &Kind { until: "20210101000000Z", ..GOOD });
        issue(&folder, "future", &Kind { from: "20900101000000Z", ..GOOD });
        issue(&folder, "ending", &Kind { until: Box::leak(soon.trim().to_owned().into_boxed_str()), ..GOOD });
        issue(&folder, "server", &Kind { extensions: FOR_SERVERS, ..GOOD });
        issue(&folder, "signer", &Kind { extensions: FOR_SIGNING, ..GOOD });
        issue(&folder, "nameless", &Kind { address: None, ..GOOD });
        issue(&folder, "weak", &Kind { key: &["rsa:1024"], ..GOOD });
        issue(&folder, "old", &Kind { digest: "sha1", ..GOOD });
        let read = |name: &str| folder.read(name);
        folder.write("both.pem", [read("good.pem"), read("good.key")].concat());
        folder.write("foreign.pem", [read("good.pem"), read("berta.key")].concat());
        folder.write("keyless.pem", read("good.pem"));
        folder.write("lonely.pem", read("good.key"));
        folder.write("damaged.p12", &read("good.p12")[..900]);
        folder.write("words.p12", "no certificate at all");
        folder.write("large.p12", vec![0; (1 << 20) + 1]);
        folder.openssl(&["crl2pkcs7", "-nocrl", "-certfile", "good.pem", "-certfile", "berta.pem", "-outform", "DER", "-out", "both.p7b"]);
        folder
    })
}

//! The commands `import` and `export`: settings of other programs become a document, and a document the dump of a page.

use crate::answer::{Answer, Kind};
use crate::file::local;
use crate::secret::Secrets;
use crate::texts::{Texts, problem};
use postkontor_core::{Error, Host, Secret, Status};
use postkontor_import::{LARGEST, LeftOut, Source};
use serde_json::{Map, Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};

/// What is to be imported.
pub(crate) struct Import {
    /// Where it comes from.
    pub(crate) from: Source,
    /// The file.
    pub(crate) file: PathBuf,
    /// Whether its passwords go to the store of secrets.
    pub(crate) keep_secrets: bool,
}

/// The source of that name; an error lists them all.
pub(crate) fn source(option: &str, name: &str) -> Result<Source, Error> {
    let names = Source::ALL.map(Source::name).join(", ");
    Source::named(name).ok_or_else(|| problem("cli.source_unknown").arg("option", option).arg("value", name).arg("sources", names))
}

/// Makes a document of what another program keeps, and checks it.
pub(crate) fn import(host: &Host, wanted: &Import, secrets: &Secrets, texts: &Texts) -> Result<Answer, Error> {
    let imported = postkontor_import::import(wanted.from, &bytes(&wanted.file)?);
    let mut left_out: Vec<Value> = imported.left_out.iter().map(|left_out| named(left_out, texts)).collect();
    let mut kept = Vec::new();
    for secret in &imported.secrets {
        if wanted.keep_secrets {
            let place = secrets.put(&secret.name, &Secret::new(secret.value.as_str()))?;
            kept.push(json!({"name": secret.name, "store": place.word()}));
        } else {
            let args = Map::from_iter([("name".to_owned(), Value::from(secret.name.as_str()))]);
            left_out.push(named(&LeftOut { field: secret.field.clone(), code: "import.password_not_kept", args }, texts));
        }
    }
    let checked = host.check(&imported.document.to_string());
    let status = if checked.ok { Status::Ok } else { Status::Settings };
    let mut answer = json!({"settings": imported.document, "left_out": left_out, "check": checked});
    if wanted.keep_secrets {
        answer["secrets"] = Value::from(kept);
    }
    Ok(Answer { json: answer, status, kind: Kind::Imported })
}

/// Writes a document down as the dump of a page.
pub(crate) fn export(to: Source, document: &Path) -> Result<Answer, Error> {
    // A document is read like every other source, and so is the answer of `import` or `check`.
    let document = postkontor_import::import(to, &bytes(document)?).document;
    let dump = postkontor_import::export(to, &document).ok_or_else(|| problem("cli.export_unsuitable").arg("value", to.name()))?;
    Ok(Answer { json: Value::from(dump), status: Status::Ok, kind: Kind::Text })
}

fn named(left_out: &LeftOut, texts: &Texts) -> Value {
    let message = texts.sentence(left_out.code, &left_out.args).unwrap_or_else(|| left_out.code.to_owned());
    json!({"field": left_out.field, "code": left_out.code, "message": message})
}

/// The bytes of a file, one more than the importer takes at the most; `-` is standard input.
fn bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let (mut bytes, most) = (Vec::new(), LARGEST as u64 + 1);
    let result = if path == Path::new("-") {
        std::io::stdin().take(most).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    result.map_err(|error| local("cli.file_unreadable", path, &error))?;
    Ok(bytes)
}

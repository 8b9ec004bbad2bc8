//! The message document that the command line names.

use crate::file::read;
use postkontor_core::Error;
use serde_json::Value;
use std::path::Path;

/// The message document, in which relative paths are meant from the folder that the document lies in.
pub(crate) fn message_from(path: &Path) -> Result<String, Error> {
    let text = read(path)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    // A text that is not JSON goes to the library as it is; the library's error says what is wrong with it.
    let Ok(mut message) = serde_json::from_str::<Value>(&text) else { return Ok(text) };
    let messages = match &mut message {
        Value::Array(messages) => messages.as_mut_slice(),
        one => std::slice::from_mut(one),
    };
    messages.iter_mut().for_each(|message| anchor(message, folder));
    Ok(message.to_string())
}

/// Makes the relative paths of a message absolute: they are meant from this folder.
pub(crate) fn anchor(message: &mut Value, folder: &Path) {
    let attached = message.get("attachments").and_then(Value::as_array).map_or(0, Vec::len);
    let pointers = (0..attached).map(|index| format!("/attachments/{index}/file")).chain(["/file".to_owned()]);
    for pointer in pointers {
        let Some(Value::String(file)) = message.pointer_mut(&pointer) else { continue };
        if let Ok(absolute) = std::path::absolute(folder.join(&*file)) {
            *file = absolute.to_string_lossy().into_owned();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_a_message_are_meant_from_its_folder() {
        let file = std::env::temp_dir().join(format!("postkontor-message-{}.json", std::process::id()));
        std::fs::write(&file, r#"{"attachments":[{"file":"a.pdf"},{"part":0},{"file":"/b.pdf"}]}"#).unwrap();
        let message: Value = serde_json::from_str(&message_from(&file).unwrap()).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(message["attachments"][0]["file"], std::env::temp_dir().join("a.pdf").to_str().unwrap());
        // On Windows: from the root of that folder's disk.
        let root = std::env::temp_dir().ancestors().last().unwrap().join("b.pdf");
        assert_eq!(message["attachments"][2]["file"], root.to_str().unwrap());
    }
}

//! A list of groups, such as the keys of S/MIME.

use super::{draw, drawing, generators, host};
use serde_json::json;

#[test]
fn a_list_of_groups_is_drawn_by_each_generator_and_keeps_what_is_in_it() {
    let Some(work) = generators() else { return };
    let keys = json!([{"certificate": "/x/a.p12", "password": {"secret": "kept"}}, {"certificate": "/x/b.pem"}]);
    let data = json!({"receive": {"smime": {"keys": keys}}});
    let drawn = draw(&work, &[drawing(&host(), "", "de", data, json!({}))]);
    assert_eq!((&drawn["complaints"], &drawn["console"]), (&json!([]), &json!([])));
    for one in drawn["drawn"].as_array().unwrap() {
        let (generator, text) = (&one["generator"], one["text"].as_str().unwrap());
        assert_eq!(one["saved"]["data"]["receive"]["smime"]["keys"], keys, "{generator}");
        assert!(text.contains("Schlüssel"), "{generator}: {text}");
        if generator != "material" {
            // That one folds each item.
            assert!(text.matches("Zertifikat mit Schlüssel").count() >= 3, "{generator}: {text}");
        }
    }
}

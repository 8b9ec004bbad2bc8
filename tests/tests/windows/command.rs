//! The command `postkontor.exe`.

use crate::good;
use postkontor_tests::transports;
use postkontor_tests::windows::{Installation, Width};
use serde_json::Value;

#[test]
fn the_command_finds_every_plugin_in_a_folder_of_any_name() {
    let shipped: Vec<String> = transports::shipped().unwrap().into_iter().map(|transport| transport.name).collect();
    for width in Width::ALL {
        let Some(installation) = Installation::new(width, &shipped).unwrap() else { return };
        let output = good(installation.postkontor().args(["transports", "--json"]));
        let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
        let names: Vec<&str> = listed.as_array().unwrap().iter().filter_map(|transport| transport["name"].as_str()).collect();
        assert_eq!(names, shipped, "{listed:#}");
    }
}

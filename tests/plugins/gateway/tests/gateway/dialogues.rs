//! The dialogues of this transport, whole and cut at every byte (docs/plugins.md, “Dialogues”).

#[test]
fn dialogues_go_as_they_are_written_and_whatever_is_cut_off_is_told_truly() {
    postkontor_plugin::testing::play::<postkontor_gateway::Gateway>(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/dialogues"));
}

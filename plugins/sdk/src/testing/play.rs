//! Plays dialogues in all ways, and reports what is wrong.

use super::dialogue::{Dialogue, Exchange};
use super::performance::{Performance, perform, settings};
use super::server::{Cut, Ending, Pace};
use crate::{Status, Transport};
use serde_json::Value;
use std::cmp::Reverse;
use std::fs;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Plays the dialogues of this transport that lie in a folder and the folders in it; their number.
///
/// Each file `*.txt` whose `protocol` is the transport's name is played whole, line by line and byte by byte, and then with the
/// connection closed at each byte that the server sends, and reset and silent around the end of each of its lines. No socket is opened. docs/plugins.md describes the files.
///
/// # Panics
///
/// With a list of what is wrong: a line or an outcome that differs, a secret in the log, a call that hangs or panics, and each
/// result that is not true: a mail reported as sent that the server has not accepted, or as not sent although it may have
/// been; a change reported as done that the server has not confirmed; a message reported as fetched before its end was certain.
pub fn play<T: Transport>(folder: impl AsRef<Path>) -> usize {
    let folder = folder.as_ref();
    let mut files = Vec::new();
    find(folder, &mut files);
    let mut dialogues = Vec::new();
    let mut wrong = Vec::new();
    for file in files {
        let name = file.strip_prefix(folder).unwrap_or(&file).display().to_string();
        let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        match Dialogue::parse(&text) {
            Ok(dialogue) if dialogue.protocol != T::NAME => {}
            Ok(dialogue) => dialogues.push((text.len(), name, Arc::new(dialogue))),
            Err(error) => wrong.push(format!("{name}: {error}")),
        }
    }
    let played = dialogues.len() + wrong.len();
    // The longest first, so that no thread is left alone with one at the end.
    dialogues.sort_by_key(|(length, _, _)| Reverse(*length));
    wrong.extend(side_by_side(&dialogues, |(_, name, dialogue)| in_all_ways::<T>(dialogue).err().map(|error| format!("{name}: {error}"))));
    wrong.sort();
    assert!(wrong.is_empty(), "{} of {played} dialogues:\n\n{}\n", wrong.len(), wrong.join("\n\n"));
    assert!(played > 0, "there is no dialogue for {} in {}", T::NAME, folder.display());
    played
}

/// What is found wrong with each of these, on as many threads as there are processors.
fn side_by_side<D: Sync>(all: &[D], judge: impl Fn(&D) -> Option<String> + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let work = || std::iter::from_fn(|| all.get(next.fetch_add(1, Ordering::Relaxed))).filter_map(&judge).collect::<Vec<_>>();
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.map_while(Result::ok).map(|entry| entry.path()) {
        if path.is_dir() {
            find(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "txt") {
            files.push(path);
        }
    }
}

fn in_all_ways<T: Transport>(dialogue: &Arc<Dialogue>) -> Result<(), String> {
    let settings = settings::<T>(dialogue);
    let once = |pace, cut| once::<T>(dialogue, &settings, pace, cut);
    let mut whole = None;
    for pace in [Pace::Whole, Pace::Lines, Pace::Bytes] {
        let performance = once(pace, None).map_err(|error| format!("{pace:?}: {error}"))?;
        as_it_stands::<T>(dialogue, &performance).map_err(|error| format!("{pace:?}: {error}"))?;
        whole.get_or_insert(performance);
    }
    let Some(whole) = whole else { return Ok(()) };
    let everywhere = (0..whole.course.sent).map(|at| (at, Ending::Closed));
    // The other two differ from the first only in what is made of them, not in what was read until then.
    let at_lines =
        whole.course.line_ends.iter().flat_map(|end| [end - 1, *end, end + 1].map(|at| [(at, Ending::Reset), (at, Ending::Silent)]));
    for (at, ending) in everywhere.chain(at_lines.flatten()).filter(|(at, _)| *at < whole.course.sent) {
        let place = |error: String| format!("{ending:?} after {at} bytes: {error}");
        let performance = once(Pace::Whole, Some((at, ending))).map_err(place)?;
        is_true(&performance, &whole, at).map_err(place)?;
    }
    Ok(())
}

fn once<T: Transport>(dialogue: &Arc<Dialogue>, settings: &Value, pace: Pace, cut: Cut) -> Result<Performance, String> {
    catch_unwind(AssertUnwindSafe(|| perform::<T>(dialogue, settings, pace, cut))).map_err(|payload| {
        let words = payload.downcast_ref::<String>().map(String::as_str).or_else(|| payload.downcast_ref::<&str>().copied());
        format!("panicked: {}", words.unwrap_or_default())
    })
}

/// Whether everything is as the file says.
fn as_it_stands<T: Transport>(dialogue: &Dialogue, played: &Performance) -> Result<(), String> {
    for (Exchange { request, outcome }, answer) in dialogue.exchanges.iter().zip(&played.answers) {
        if let Some(difference) = difference(outcome, answer) {
            let left = played.left.as_ref().err().map_or("", String::as_str);
            return Err(format!("{left}\n{request}\n{difference}\n{answer:#}"));
        }
    }
    played.left.clone()?;
    let secrets = secrets::<T>(&dialogue.settings);
    if let Some(secret) = secrets.into_iter().find(|secret| played.shown.contains(secret.as_str())) {
        return Err(format!("the secret {secret} is shown"));
    }
    for (index, deed) in played.deeds.iter().enumerate().filter(|(_, deed)| is_done(deed)) {
        if !played.course.settled.contains_key(&(index + 1)) {
            return Err(format!("{deed} was done: the mark “! settled {}” is missing", index + 1));
        }
    }
    match (played.fetched.len(), played.course.whole.len()) {
        (fetched, marked) if fetched != marked => {
            Err(format!("{fetched} messages were fetched, and “! whole” stands there {marked} times"))
        }
        _ => Ok(()),
    }
}

/// Whether the results are true when the client has received only so many bytes.
fn is_true(cut: &Performance, whole: &Performance, bytes: usize) -> Result<(), String> {
    let got = |needed: &usize| *needed <= bytes;
    for (index, (deed, as_a_whole)) in cut.deeds.iter().zip(&whole.deeds).enumerate() {
        let is_settled = whole.course.settled.get(&(index + 1)).is_some_and(got);
        let may_be_done = cut.course.in_doubt.contains(&(index + 1)) && !is_settled;
        let is_uncertain = deed["status"] == Status::Uncertain.number();
        let mistake = match is_done(deed) {
            true if !is_settled || !is_done(as_a_whole) => "told as done, and the server has not said so",
            true if deed["recipients"] != as_a_whole["recipients"] => "other recipients than the server has accepted",
            false if may_be_done && !is_uncertain => "told as not done, and it may have been",
            false if is_uncertain && !may_be_done => "told as uncertain, and it is not",
            false if is_settled && is_done(as_a_whole) => "told as not done, and the server has done it",
            _ => continue,
        };
        return Err(format!("{mistake}:\n{deed:#}"));
    }
    let certain = whole.course.whole.iter().filter(|needed| got(needed)).count();
    if cut.fetched.len() > certain {
        return Err(format!("{} messages were told as fetched, of which only {certain} were certain", cut.fetched.len()));
    }
    if !whole.fetched.starts_with(&cut.fetched) {
        return Err(format!("other messages were fetched: {:?}", cut.fetched));
    }
    Ok(())
}

/// Whether something was done, as the transport reports it.
fn is_done(deed: &Value) -> bool {
    // A change that found nothing to change has done nothing.
    deed["status"] == 0 && deed["applied"] != Value::Array(Vec::new())
}

/// Where an answer is not what was expected: each member that is expected has to be there, others may be.
fn difference(expected: &Value, answer: &Value) -> Option<String> {
    match (expected, answer) {
        (Value::Object(expected), answer) => expected.iter().find_map(|(name, expected)| {
            let difference = difference(expected, answer.get(name).unwrap_or(&Value::Null))?;
            Some(format!("/{name}{difference}"))
        }),
        (Value::Array(expected), Value::Array(answer)) if expected.len() == answer.len() => {
            let mut pairs = expected.iter().zip(answer).enumerate();
            pairs.find_map(|(index, (expected, answer))| Some(format!("/{index}{}", difference(expected, answer)?)))
        }
        _ if expected == answer => None,
        _ => Some(format!(": {expected} was expected, and it is {answer}")),
    }
}

/// The secrets among the settings.
fn secrets<T: Transport>(settings: &Value) -> Vec<String> {
    let mut places = Vec::new();
    secret_places(&crate::settings::schema::<T::Settings>(), "", &mut places);
    places.iter().filter_map(|place| settings.pointer(place)?.as_str().map(str::to_owned)).collect()
}

/// The pointers at which a schema has secrets.
fn secret_places(schema: &Value, place: &str, places: &mut Vec<String>) {
    if schema["writeOnly"] == true {
        places.push(place.to_owned());
    }
    let branches = schema["allOf"].as_array().into_iter().flatten().map(|branch| &branch["then"]);
    for (name, member) in [schema].into_iter().chain(branches).filter_map(|part| part["properties"].as_object()).flatten() {
        secret_places(member, &format!("{place}/{name}"), places);
    }
}

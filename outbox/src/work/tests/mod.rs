//! Lanes on a store in a file, with a transport that does what its recipients' names say.

mod fake;
mod office;

use super::limits::Limits;
use super::request::{Until, WorkRequest};
use super::settle::Tally;
use office::{Office, Put};
use postkontor_core::Cancel;
use std::time::{Duration, Instant};

fn tally(sent: u64, held: u64, failed: u64, later: u64) -> Tally {
    Tally { sent, held, failed, later }
}

#[test]
fn what_is_due_goes_out_and_leaves_no_bytes_behind() {
    for mut office in Office::each("due") {
        office.put_all(250);
        assert_eq!(office.work(), tally(250, 0, 0, 0));
        assert_eq!(office.count("state = 'sent' AND content = '' AND attempts = 1 AND lease = '' AND receipt IS NOT NULL"), 250);
        assert_eq!(office.blocks(), 0);
        let sent = office.fake.sent();
        assert_eq!(sent.len(), 250);
        assert!(sent.iter().all(|mail| mail.bytes.starts_with(b"Date: ") || mail.bytes.windows(10).any(|window| window == b"Message-ID")));
        assert_eq!(office.fake.logins(), 1);
    }
}

#[test]
fn urgent_mail_goes_first_and_what_is_not_due_stays() {
    for mut office in Office::each("urgent") {
        office.put(Put { priority: 9, ..Put::to("c@example.com") });
        office.put(Put { due_in: 3_600_000, priority: 0, ..Put::to("later-on@example.com") });
        office.put(Put { priority: 0, ..Put::to("a@example.com") });
        office.put(Put { priority: 5, ..Put::to("b@example.com") });
        assert_eq!(office.work(), tally(3, 0, 0, 0));
        let sent: Vec<String> = office.fake.sent().iter().map(|mail| mail.recipients.join(",")).collect();
        assert_eq!(sent, ["a@example.com", "b@example.com", "c@example.com"]);
        assert_eq!(office.count("state = 'queued'"), 1);
    }
}

#[test]
fn a_mail_of_a_named_queue_waits_for_those_before_it() {
    for mut office in Office::each("order") {
        for name in ["a", "b", "c", "d"] {
            office.put(Put { queue: "invoices", ..Put::to(&format!("{name}@example.com")) });
        }
        office.put(Put { queue: "others", ..Put::to("refused@example.com") });
        office.put(Put { queue: "others", ..Put::to("e@example.com") });
        assert_eq!(office.count("state = 'queued' AND ready = 1"), 2);
        assert_eq!(office.work(), tally(5, 0, 1, 0));
        let sent: Vec<String> = office.fake.sent().iter().map(|mail| mail.recipients.join(",")).collect();
        let invoices: Vec<&String> = sent.iter().filter(|address| !address.starts_with('e')).collect();
        assert_eq!(invoices, ["a@example.com", "b@example.com", "c@example.com", "d@example.com"]);
    }
}

#[test]
fn a_mail_that_is_held_keeps_its_queue_waiting() {
    for mut office in Office::each("held") {
        for name in ["lost", "b"] {
            office.put(Put { queue: "invoices", ..Put::to(&format!("{name}@example.com")) });
        }
        assert_eq!(office.work(), tally(0, 1, 0, 0));
        assert_eq!(office.count("state = 'held' AND leaving = 0"), 1);
        assert_eq!(office.count("state = 'queued' AND ready = 0"), 1);
        assert!(office.texts("error")[0].contains("outbox.uncertain"));
    }
}

#[test]
fn those_refused_for_now_are_tried_again_alone() {
    for mut office in Office::each("partial") {
        office.put(Put::to("a@example.com, later@example.com, refused@example.com"));
        assert_eq!(office.work(), tally(0, 0, 0, 1));
        assert_eq!(office.fake.sent().len(), 1);
        assert_eq!(office.count("due > updated + 50000"), 1, "it is not due before its pause is over");
        office.fake.accept_all();
        office.sql("UPDATE postkontor_outbox_entries SET due = 0");
        assert_eq!(office.work(), tally(1, 0, 0, 0));
        assert_eq!(office.fake.sent()[1].recipients, ["later@example.com"]);
        assert_eq!(office.fake.sent()[0].bytes, office.fake.sent()[1].bytes);
        let recipients = &office.texts("recipients")[0];
        assert_eq!(recipients.matches("accepted").count(), 2, "{recipients}");
        assert_eq!(recipients.matches("\"refused\"").count(), 1, "{recipients}");
    }
}

#[test]
fn a_wrong_password_costs_one_login_for_each_pause_and_the_right_one_lets_all_go() {
    for mut office in Office::each("password") {
        office.put_all(3000);
        office.fake.refuse_login(true);
        assert_eq!(office.work(), tally(0, 0, 0, 0));
        assert_eq!(office.work(), tally(0, 0, 0, 0));
        assert_eq!(office.fake.logins(), 1);
        for pause in 2..5 {
            office.sql("UPDATE postkontor_outbox_accounts SET paused_until = 0");
            assert_eq!(office.work(), tally(0, 0, 0, 0));
            assert_eq!(office.fake.logins(), pause);
            assert_eq!(office.pauses(), pause as i64);
        }
        assert_eq!(office.count("state = 'queued' AND attempts = 0 AND error IS NULL AND leaving = 0"), 3000);
        office.fake.refuse_login(false);
        office.sql("UPDATE postkontor_outbox_accounts SET paused_until = 0");
        assert_eq!(office.work(), tally(3000, 0, 0, 0));
        assert_eq!(office.pauses(), 0);
    }
}

#[test]
fn four_lanes_try_a_wrong_password_once() {
    for mut office in Office::each("lanes") {
        office.put_all(40);
        office.fake.refuse_login(true);
        let stopping = Cancel::new(Some(Duration::from_secs(3)));
        office.several(4, &WorkRequest { until: Until::Stopped, ..WorkRequest::default() }, &stopping);
        assert_eq!(office.fake.logins(), 1);
        office.fake.refuse_login(false);
        office.sql("UPDATE postkontor_outbox_accounts SET paused_until = 0");
        let tally = office.several(4, &WorkRequest::default(), &Cancel::default());
        assert_eq!((tally.sent, office.count("state = 'sent'")), (40, 40));
        let mut ids: Vec<String> = office.fake.sent().iter().map(|mail| mail.message_id.clone()).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 40);
    }
}

#[test]
fn a_worker_that_died_leaves_nothing_to_be_sent_twice() {
    for mut office in Office::each("died") {
        office.put_all(3);
        // As a worker leaves them that is killed: one before its mark, two after.
        office.sql("UPDATE postkontor_outbox_entries SET state = 'sending', lease = 'dead', lease_until = 1, leaving = id % 2");
        assert_eq!(office.work(), tally(1, 2, 0, 0));
        assert_eq!(office.count("state = 'held' AND attempts = 1"), 2);
        assert_eq!(office.texts("recipients").iter().filter(|text| text.contains("unknown")).count(), 2);
    }
    for mut office in Office::each("died-again") {
        office.rules.sends_again = true;
        office.put_all(3);
        office.sql("UPDATE postkontor_outbox_entries SET state = 'sending', lease = 'dead', lease_until = 1, leaving = 1");
        assert_eq!(office.work(), tally(0, 0, 0, 3));
        office.sql("UPDATE postkontor_outbox_entries SET due = 0");
        assert_eq!(office.work(), tally(3, 0, 0, 0));
    }
}

#[test]
fn a_lease_that_is_running_is_left_alone() {
    for mut office in Office::each("running") {
        office.put_all(1);
        office.sql("UPDATE postkontor_outbox_entries SET state = 'sending', lease = 'alive', lease_until = 99999999999999, leaving = 1");
        assert_eq!(office.work(), tally(0, 0, 0, 0));
        assert_eq!(office.count("state = 'sending'"), 1);
    }
}

#[test]
fn what_is_overdue_fails_with_its_last_error_also_while_its_account_rests() {
    for mut office in Office::each("overdue") {
        office.put_all(2);
        office.fake.refuse_login(true);
        office.work();
        office.sql("UPDATE postkontor_outbox_entries SET give_up = 1 WHERE id = 1");
        assert_eq!(office.work(), tally(0, 0, 1, 0));
        let error = &office.texts("error")[0];
        assert!(error.contains("outbox.given_up") && error.contains("auth.refused"), "{error}");
    }
}

#[test]
fn limits_hold_for_all_lanes_together() {
    for mut office in Office::each("limits") {
        office.rules.limits.insert("main".to_owned(), Limits { per_minute: Some(7), connections: Some(1) });
        office.put_all(20);
        // The minute of the clock may change once meanwhile.
        let stopping = Cancel::new(Some(Duration::from_secs(2)));
        let tally = office.several(3, &WorkRequest { until: Until::Stopped, ..WorkRequest::default() }, &stopping);
        assert!(tally.sent == 7 || tally.sent == 14, "{tally:?}");
        assert_eq!(office.fake.most_sessions(), 1);
        assert_eq!(office.lanes(), 0, "a lane that ends gives its connection back");
    }
}

#[test]
fn a_lane_that_is_stopped_finishes_what_is_in_flight_and_ends_within_two_seconds() {
    for mut office in Office::each("stopped") {
        office.fake.slow(Duration::from_millis(40));
        office.put_all(400);
        let (cancel, stopper) = (Cancel::default(), Cancel::default());
        let fired = {
            let (cancel, fake) = (cancel.clone(), office.fake.clone());
            std::thread::spawn(move || {
                fake.wait_for(20);
                cancel.fire();
                Instant::now()
            })
        };
        let tally = office.several(1, &WorkRequest { until: Until::Stopped, ..WorkRequest::default() }, &cancel);
        assert!(fired.join().unwrap().elapsed() < Duration::from_secs(2));
        assert_eq!((tally.held, tally.failed), (0, 0));
        assert_eq!(office.fake.sent().len() as u64, tally.sent);
        assert_eq!(office.count("state = 'queued'"), 400 - tally.sent as i64);
        assert!(!stopper.is_fired());
    }
}

#[test]
fn a_mail_whose_bytes_are_gone_fails_and_does_not_stop_the_others() {
    for mut office in Office::each("gone") {
        office.put_all(3);
        office.sql("DELETE FROM postkontor_outbox_blocks WHERE entry = 2");
        assert_eq!(office.work(), tally(2, 0, 1, 0));
        assert!(office.texts("error").iter().any(|error| error.contains("outbox.content_missing")));
    }
}

#[test]
fn what_ended_long_ago_is_forgotten_and_what_has_not_ended_never_is() {
    for mut office in Office::each("forget") {
        office.put_all(2);
        office.put(Put::to("lost@example.com"));
        office.work();
        office.sql("UPDATE postkontor_outbox_entries SET updated = 1");
        office.work();
        assert_eq!(office.count("state = 'sent'"), 0);
        assert_eq!(office.count("state = 'held'"), 1);
    }
}

#[test]
fn no_more_mails_go_out_than_were_asked_for() {
    for mut office in Office::each("most") {
        office.put_all(30);
        let tally = office.several(1, &WorkRequest { max_mails: Some(11), ..WorkRequest::default() }, &Cancel::default());
        assert_eq!((tally.sent, office.fake.sent().len()), (11, 11));
    }
}

#[test]
fn a_large_mail_is_marked_before_its_last_block_and_not_completed_once_its_lease_has_passed_to_another() {
    for mut office in Office::each("large") {
        let large = || Put { lines: 100_000, ..Put::to("a@example.com") };
        // Halfway it has no mark, so this changes nothing.
        office.fake.halfway(office.later("UPDATE postkontor_outbox_entries SET subject = 'early' WHERE leaving = 1"));
        office.put(large());
        assert_eq!(office.work(), tally(1, 0, 0, 0));
        assert_eq!(office.fake.sent()[0].bytes.len() as i64, office.size());
        assert_eq!(office.count("subject = 'early'"), 0);
        office.fake.halfway(office.later("UPDATE postkontor_outbox_entries SET lease = 'of another' WHERE state = 'sending'"));
        office.put(large());
        assert_eq!(office.work(), tally(0, 0, 0, 0));
        assert_eq!(office.fake.sent().len(), 1);
        assert_eq!(office.count("state = 'sending' AND leaving = 0 AND lease = 'of another'"), 1);
    }
}

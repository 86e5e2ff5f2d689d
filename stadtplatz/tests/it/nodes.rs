//! What the real process does as one node among several: it says that it goes before it goes.

use crate::{program::Program, wire::Wire};
use std::time::{Duration, Instant};

#[test]
fn a_node_that_is_asked_to_stop_says_so_first_and_answers_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::new(folder.path());
    // Long enough that even a busy machine asks both questions in time.
    program.settings.push(("STADTPLATZ_DRAIN", "8".to_owned()));
    program.must(&["municipality", "add", "localhost", "Testdorf", "--template", "standard"]);
    program.serve();
    let status = |path: &str| Wire::new(program.address).get(path).ok().map(|answer| answer.status);
    assert_eq!(status("/readyz"), Some(200));
    program.ask_to_stop();
    let began = Instant::now();
    while status("/readyz") != Some(503) {
        assert!(began.elapsed() < Duration::from_secs(7), "it never said that it goes");
    }
    assert_eq!(status("/"), Some(200), "whoever is still sent here is served");
    assert_eq!(status("/healthz"), Some(200), "it is alive");
    assert!(program.stop(), "it ends in order");
}

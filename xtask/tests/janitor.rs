//! The janitor as a real process: when its pipe ends, the entered groups and folders are gone, the released ones stay.
//! It is what makes Ctrl-C and `kill -9` harmless.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

#[test]
fn what_was_entered_is_gone_when_the_pipe_ends() -> std::io::Result<()> {
    let folder = std::env::temp_dir().join(format!("stadtplatz-janitor-test-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("inner"))?;
    let mut entered = Command::new("sh").args(["-c", "sleep 60 & sleep 60"]).process_group(0).spawn()?;
    let mut released = Command::new("sleep").arg("60").process_group(0).spawn()?;

    let mut janitor = Command::new(env!("CARGO_BIN_EXE_xtask")).arg("janitor").stdin(Stdio::piped()).spawn()?;
    let mut pipe = janitor.stdin.take().expect("stdin is piped");
    writeln!(pipe, "group {}\ngroup {}\nfolder {}", entered.id(), released.id(), folder.display())?;
    writeln!(pipe, "gone {}", released.id())?;
    drop(pipe);
    // The dead child has to be waited for, else its group lives on as a zombie.
    let ended = entered.wait()?;
    assert!(janitor.wait()?.success());

    assert!(!ended.success(), "the entered group was ended by a signal");
    assert!(!folder.exists(), "the folder is removed");
    assert!(released.try_wait()?.is_none(), "the released group lives on");
    released.kill()?;
    released.wait()?;
    Ok(())
}

//! The one binary: reads the command line and runs one command. Everything else is in the library beside it.

use clap::Parser;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let command_line = stadtplatz::cli::CommandLine::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            stadtplatz::cli::say(format_args!("Das Programm kann nicht starten: {error}"));
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(stadtplatz::cli::run(command_line)) {
        Ok(code) => code,
        Err(error) => {
            // The chain is for operators; secrets never enter it.
            stadtplatz::cli::say(format_args!("Fehler: {}", stadtplatz::cli::told(&error)));
            ExitCode::FAILURE
        }
    }
}

//! The real program as a child process with its own folder and port. Killed when dropped.

use std::{
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

pub struct Program {
    pub address: SocketAddr,
    pub data: PathBuf,
    /// Empty: SQLite in the data folder.
    database: String,
    /// More of the environment.
    pub settings: Vec<(&'static str, String)>,
    child: Option<Child>,
}

impl Program {
    pub fn new(data: &Path) -> Self {
        // Taken and given back at once: nobody else on this machine asks for ports as fast.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Self { address, data: data.to_path_buf(), database: String::new(), settings: vec![], child: None }
    }

    /// The same program on another database than its own file.
    pub fn on(data: &Path, database: &str) -> Self {
        let mut program = Self::new(data);
        database.clone_into(&mut program.database);
        program
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stadtplatz"));
        command
            .args(words)
            .env_clear()
            .env("STADTPLATZ_DATA", &self.data)
            .env("STADTPLATZ_LISTEN", self.address.to_string())
            .env("STADTPLATZ_PUBLIC_URL", format!("http://localhost:{}", self.address.port()))
            .env("STADTPLATZ_LIMITS", "aus")
            .env("STADTPLATZ_LOG_LEVEL", "warn")
            .current_dir(&self.data)
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        if !self.database.is_empty() {
            command.env("STADTPLATZ_DATABASE", &self.database);
        }
        command
    }

    /// Runs one command to its end and returns its output and whether it succeeded.
    pub fn run(&self, words: &[&str]) -> (String, bool) {
        let output = self.command(words).output().unwrap();
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (text, output.status.success())
    }

    #[track_caller]
    pub fn must(&self, words: &[&str]) -> String {
        let (text, good) = self.run(words);
        assert!(good, "stadtplatz {words:?}:\n{text}");
        text
    }

    /// Starts `serve` and waits until it accepts connections.
    pub fn serve(&mut self) {
        let child = self.command(&["serve"]).stdout(Stdio::null()).spawn().unwrap();
        self.child = Some(child);
        let start = Instant::now();
        while TcpStream::connect_timeout(&self.address, Duration::from_millis(200)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(60), "the program did not start");
            std::thread::yield_now();
        }
    }

    /// Starts `serve`, which must end by itself, badly; says what it said.
    #[track_caller]
    pub fn refuses_to_serve(&self) -> String {
        let mut child = self.command(&["serve"]).stdout(Stdio::piped()).spawn().unwrap();
        let start = Instant::now();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            if TcpStream::connect(self.address).is_ok() || start.elapsed() > Duration::from_secs(60) {
                child.kill().unwrap();
                child.wait().unwrap();
                panic!("the program serves");
            }
            std::thread::yield_now();
        };
        assert!(!status.success());
        std::io::read_to_string(child.stdout.take().unwrap()).unwrap()
    }

    /// SIGKILL: nothing gets a chance to tidy up.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// SIGTERM, without waiting.
    pub fn ask_to_stop(&self) {
        if let Some(child) = &self.child {
            let told = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
            assert!(told.is_ok_and(|status| status.success()), "kill is there");
        }
    }

    /// SIGTERM, and waits for the orderly end.
    pub fn stop(&mut self) -> bool {
        self.ask_to_stop();
        let Some(mut child) = self.child.take() else { return true };
        child.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

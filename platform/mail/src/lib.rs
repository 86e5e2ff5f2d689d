//! Letters by electronic mail: composed of a few blocks, so that plain text and HTML say the same, and sent by SMTP or
//! laid into a folder. Not a queue: a job calls `Mailer::send` and repeats on `MailError::Transient`. Invariant: a
//! letter keeps its Message-ID over all repetitions, and nothing a stranger wrote becomes a header line or markup.

mod address;
mod compose;
mod folder;
mod letter;
mod mailer;
mod smtp;

pub use address::{EmailAddress, NoAddress};
pub use compose::Mail;
pub use folder::{Folder, Posted};
pub use letter::{Letter, MessageId};
pub use mailer::{MailError, Mailer, Settings};
pub use smtp::{LETTER_SECONDS, Smtp};

#[cfg(test)]
mod tests;

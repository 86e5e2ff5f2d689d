//! The web kit every room stands on: who visits which town, forms that lose nothing, errors as pages, texts, layout,
//! security headers, limits. It knows no room: rooms hand over a manifest (`Room`) and the binary puts them together.
//! Not here: what any page says or does.

mod access;
pub mod api;
mod assets;
mod cookies;
mod display;
mod error;
mod form;
mod forwarded;
mod halves;
mod headers;
pub mod hours;
mod kept;
mod keys;
mod limits;
mod memo;
mod multipart;
mod operations;
mod pace;
mod page;
mod photos;
mod post;
mod room;
mod router;
mod signed_out;
mod site;
mod spelled;
mod store;
mod texts;
mod town;
mod upload;
mod versions;
mod visit;
pub mod words;

pub use access::{Access, Routes, SeenRoute};
pub use cookies::{cookie, expired_cookie};
pub use display::Display;
pub use error::{Answer, PageError, Trouble};
pub use form::{FieldError, Form, FormState, harmless};
pub use keys::Keys;
pub use limits::{LimitKind, Limits};
pub use memo::Gathered;
pub use page::{COUNT_MAX, DeskGroup, DeskLink, DeskShell, FooterGroup, NavLink, Page, count_text};
pub use photos::{Photo, take_photos};
pub use post::{Letterbox, MAIL_JOB, run_mail_job, signed};
pub use room::{
    AreaCard, CardLink, CaseLink, DemoPage, DeskContext, JobError, JobKind, JobRun, Listener, News, Room, SearchHit,
    Stage, demo_pages,
};
pub use router::router;
pub use site::{Rooms, Settings, Site, SiteParts};
pub use store::{forget_tries, load_town, save_town};
pub use texts::{Lang, Texts, TextsOfAll};
pub use town::{MIGRATIONS, Town, TownKind};
pub use upload::Upload;
pub use visit::{ClientAddress, Visit, render};

/// What template code of every room needs.
pub use askama::Template;

//! What the routes of the house are about, and how a world gets a fresh one of it, through the same pages as people do.
//! Not what is then done with it: that is `forms`. Invariant: every thing is new, so what one test does to it is nothing
//! to another.

use crate::world::{Names, World};
use base::{AccountId, Actor, OrgUnitId};
use identity::NewStaff;
use serde_json::json;
use testkit::{Browser, Seen};

/// A photo of four by four pixels.
pub const PHOTO: &[u8] = &[
    137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82, 0, 0, 0, 4, 0, 0, 0, 4, 8, 2, 0, 0, 0, 38, 147, 9,
    41, 0, 0, 0, 16, 73, 68, 65, 84, 120, 156, 99, 56, 81, 161, 1, 71, 12, 196, 113, 0, 83, 82, 22, 129, 25, 170, 14,
    207, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130,
];
/// The first box of an MP4.
pub const FILM: &[u8] = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2";

macro_rules! things {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Thing { $($(#[$meta])* $name),+ }

        impl Thing {
            pub const ALL: &'static [Self] = &[$(Self::$name),+];
        }
    };
}

things!(
    Nothing,
    Case,
    /// The keeper works on it.
    HeldCase,
    ClosedCase,
    /// The same from the citizen's side, with the cookie that number and PIN give.
    OwnCase,
    OwnClosedCase,
    /// A photo the citizen sent, and one that waits for the rest of its form to be mended.
    Attachment,
    KeptPhoto,
    /// Links in mails to who opened a case.
    ConfirmLink,
    StopLink,
    /// The page after a question to the town.
    Receipt,
    Notice,
    Film,
    /// Below green spaces, and below public order.
    Unit,
    UnitElsewhere,
    /// Of green spaces, and of public order.
    Person,
    PersonElsewhere,
    LockedPerson,
    Invitation,
    Category,
    Block,
    ProgramKey,
    /// Another office that takes reports, with one service, and a report that may go there.
    Partner,
    /// A report on its way there, which could not be sent; and what they said of another that arrived.
    Forward,
    /// Taken over from another system.
    ImportedReport,
    StuckJob,
    Draft,
    DraftPhoto,
    /// Not reviewed yet, with a photo.
    Report,
    PublicReport,
    PublicPhoto,
    Follow,
    Asset,
    /// A mail as the demo shows it.
    Letter,
);

/// A thing: the names that lead to it, and the cookies of whoever it belongs to.
#[derive(Debug, Clone, Default)]
pub struct Made {
    pub names: Names,
    pub cookies: Vec<(&'static str, String)>,
}

fn named<const N: usize>(names: [(&'static str, String); N]) -> Made {
    Made { names: Names::from(names), cookies: vec![] }
}

/// What stands between `start` and the next quote, slash or question mark.
fn word_after(text: &str, start: &str) -> String {
    let rest = text.split_once(start).unwrap_or_else(|| panic!("no {start} in:\n{text}")).1;
    rest.split(['"', '/', '?', '&']).next().unwrap().to_owned()
}

/// The part of a link beginning so that stands last before these words.
fn word_before(page: &Seen, words: &str, start: &str) -> String {
    let (html, words) = (page.html(), &shown(words));
    let before = html.split_once(words.as_str()).unwrap_or_else(|| panic!("no {words} in:\n{html}")).0;
    let at = before.rfind(start).unwrap_or_else(|| panic!("no {start} before {words}"));
    word_after(&before[at..], start)
}

/// As a text stands in a page.
fn shown(words: &str) -> String {
    let table = [('&', "&#38;"), ('<', "&#60;"), ('>', "&#62;"), ('"', "&#34;"), ('\'', "&#39;")];
    table.iter().fold(words.to_owned(), |text, (sign, escaped)| text.replace(*sign, escaped))
}

fn location(seen: &Seen) -> String {
    seen.is(303).location().unwrap().to_owned()
}

impl World<'_> {
    pub async fn make(&mut self, thing: Thing) -> Made {
        match thing {
            Thing::Nothing => Made::default(),
            Thing::Case | Thing::HeldCase | Thing::ClosedCase | Thing::OwnCase | Thing::OwnClosedCase => {
                self.case(thing).await
            }
            Thing::Attachment => self.attachment().await,
            Thing::KeptPhoto => self.kept_photo().await,
            Thing::ConfirmLink | Thing::StopLink => self.mail_link(thing == Thing::StopLink).await,
            Thing::Receipt => self.receipt().await,
            Thing::Notice => self.notice().await,
            Thing::Film => self.film().await,
            Thing::Unit => self.unit("green_spaces").await,
            Thing::UnitElsewhere => self.unit("public_order").await,
            Thing::Person => self.person("green_spaces", false).await,
            Thing::PersonElsewhere => self.person("public_order", false).await,
            Thing::LockedPerson => self.person("green_spaces", true).await,
            Thing::Invitation => named([("token", self.invitation().await.1)]),
            Thing::Category => self.category().await,
            Thing::Block => self.block().await,
            Thing::ProgramKey => self.program_key().await,
            Thing::Partner => self.partner().await,
            Thing::Forward => self.forward().await,
            Thing::ImportedReport => self.imported_report().await,
            Thing::StuckJob => self.stuck_job().await,
            Thing::Draft => named([("draft", self.draft().await.1)]),
            Thing::DraftPhoto => self.draft_photo().await,
            Thing::Report => self.report().await,
            Thing::PublicReport => self.public_report(false).await,
            Thing::PublicPhoto => self.public_report(true).await,
            Thing::Follow => self.follow().await,
            Thing::Asset => named([("token", self.names()["asset"].clone())]),
            Thing::Letter => self.letter().await,
        }
    }

    async fn case(&mut self, thing: Thing) -> Made {
        let title = self.fresh();
        let opened = self.open_case(&title, None).await;
        let number = opened.number;
        let desk = format!("/arbeit/fall/{number}");
        if thing == Thing::HeldCase {
            self.pressed(&desk, &format!("{desk}/uebernahme"), &[]).await;
        }
        if matches!(thing, Thing::ClosedCase | Thing::OwnClosedCase) {
            let typed = [("antwort", title.as_str()), ("ergebnis", "resolved"), ("aktion", "schliessen")];
            self.pressed(&desk, &format!("{desk}/antwort"), &typed).await;
        }
        let until = self.site.site.clock.now().plus_days(1);
        let link = self.site.site.keys.seal(self.id, "case-link", &number, until);
        let mut made = named([("number", number.clone()), ("pin", opened.pin.clone()), ("token", link)]);
        if matches!(thing, Thing::OwnCase | Thing::OwnClosedCase) {
            made.cookies =
                vec![("stand", self.at_home(&number, &opened.pin).await.cookie("stand").unwrap().to_owned())];
        }
        made
    }

    /// Whoever opened the case, after number and PIN.
    async fn at_home(&self, number: &str, pin: &str) -> Browser {
        let mut citizen = self.site.visitor(self.host);
        let page = citizen.visit("/stand").await;
        citizen.send_only(&page, "/stand", &[("nummer", number), ("pin", pin)]).await.is(303);
        citizen
    }

    /// The citizen answers with a photo; the page it leads to, and what the browser then holds.
    async fn answered(&mut self, text: &str) -> (Seen, Made) {
        let made = self.case(Thing::OwnCase).await;
        let mut citizen = self.site.visitor(self.host);
        citizen.set_cookie("stand", &made.cookies[0].1);
        let path = format!("/stand/{}", made.names["number"]);
        let page = citizen.visit(&path).await;
        let (action, files) = (format!("{path}/antwort"), [("fotos", "bild.png", "image/png", PHOTO)]);
        let seen = citizen.send_with_files(&page, &action, &[("text", text)], &files).await;
        (seen, made)
    }

    async fn attachment(&mut self) -> Made {
        let text = self.fresh();
        let (page, mut made) = self.answered(&text).await;
        made.names.insert("id", word_after(&page.is(200).html(), "/anhang/"));
        // The staff answer, and write a note that stays inside.
        let desk = format!("/arbeit/fall/{}", made.names["number"]);
        self.pressed(&desk, &format!("{desk}/antwort"), &[("antwort", &text), ("aktion", "antworten")]).await;
        self.pressed(&desk, &format!("{desk}/notiz"), &[("notiz", &text)]).await;
        made
    }

    async fn kept_photo(&mut self) -> Made {
        let too_long = self.fresh().repeat(1_000);
        let (page, mut made) = self.answered(&too_long).await;
        made.names.insert("token", word_after(&page.is(422).html(), "/foto/"));
        made
    }

    async fn mail_link(&mut self, stop: bool) -> Made {
        let title = self.fresh();
        let email = format!("{}@example.org", self.fresh_word().to_lowercase());
        self.open_case(&title, Some(&email)).await;
        let token = self.link(&email, "/post/bestaetigen/").await;
        if !stop {
            return named([("token", token)]);
        }
        let path = format!("/post/bestaetigen/{token}");
        let mut citizen = self.site.visitor(self.host);
        let page = citizen.visit(&path).await;
        citizen.send_only(&page, &path, &[]).await.is(303);
        named([("token", self.link(&email, "/post/abbestellen/").await)])
    }

    async fn receipt(&mut self) -> Made {
        let text = self.fresh();
        let mut citizen = self.site.visitor(self.host);
        let page = citizen.visit("/kontakt").await;
        let sent = citizen.send_only(&page, "/kontakt", &[("text", &text)]).await;
        named([("token", word_after(&location(&sent), "/kontakt/fertig/"))])
    }

    async fn notice(&mut self) -> Made {
        let title = self.fresh();
        let typed = [("title", title.as_str()), ("body", title.as_str())];
        self.pressed("/verwaltung/hinweise/neu", "/verwaltung/hinweise/neu", &typed).await;
        let list = self.keeper.visit("/verwaltung/hinweise").await;
        named([("id", word_before(&list, &title, "/verwaltung/hinweise/"))])
    }

    async fn film(&mut self) -> Made {
        let text = self.fresh();
        let path = "/verwaltung/gebaerdensprache";
        let page = self.keeper.visit(path).await;
        let captions = format!("WEBVTT\n\n00:00.000 --> 00:01.000\n{text}\n");
        let files =
            [("film", "film.mp4", "video/mp4", FILM), ("captions", "film.vtt", "text/vtt", captions.as_bytes())];
        self.keeper.send_with_files(&page, path, &[("transcript", &text)], &files).await.is(200);
        Made::default()
    }

    async fn unit(&mut self, below: &'static str) -> Made {
        let (name, parent) = (self.fresh(), crate::people::unit(self.id, below).to_string());
        let path = "/verwaltung/aemter/neu";
        self.pressed(path, path, &[("name", &name), ("short", "ZM"), ("parent", &parent)]).await;
        let units = self.write(identity::org_units).await;
        let unit = units.into_iter().find(|unit| unit.name == name).expect("the office is there");
        named([("unit", unit.id.to_string())])
    }

    async fn person(&mut self, unit: &'static str, locked: bool) -> Made {
        let (name, word) = (self.fresh(), self.fresh_word());
        let unit: OrgUnitId = crate::people::unit(self.id, unit);
        let account: AccountId = self
            .write(move |tx| {
                let new = NewStaff {
                    name: name.clone(),
                    email: format!("{word}@example.org"),
                    password: None,
                    roles: vec![("clerk".to_owned(), Some(unit))],
                    home_unit: Some(unit),
                };
                let account = identity::create_staff(tx, &new)?;
                if locked {
                    identity::disable_staff(tx, &Actor::System, account)?;
                }
                Ok(account)
            })
            .await;
        named([("account", account.to_string())])
    }

    /// Address and token.
    async fn invitation(&mut self) -> (String, String) {
        let (name, word) = (self.fresh(), self.fresh_word());
        let (email, unit) = (format!("{}@example.org", word.to_lowercase()), self.names()["green"].clone());
        let path = "/verwaltung/personen/neu";
        let typed = [("name", name.as_str()), ("email", email.as_str()), ("role", "clerk"), ("unit", unit.as_str())];
        self.pressed(path, path, &typed).await;
        let token = self.link(&email, "/einladung/").await;
        (email, token)
    }

    async fn letter(&mut self) -> Made {
        let (email, _) = self.invitation().await;
        let mails = self.site.mails(self.id).await;
        let mail = mails.iter().find(|mail| mail.to == email).expect("the mail is there");
        named([("id", mail.id.to_string())])
    }

    /// With a problem and two questions of its own.
    async fn category(&mut self) -> Made {
        let (label, problem, question, second) = (self.fresh(), self.fresh(), self.fresh(), self.fresh());
        let unit = self.names()["green"].clone();
        let typed =
            [("label-de", label.as_str()), ("icon", "toy-brick"), ("unit", unit.as_str()), ("synonyms", &label)];
        let active = [typed.as_slice(), &[("active", "ja"), ("public", "ja")]].concat();
        let sent = self.pressed("/arbeit/kategorien/neu", "/arbeit/kategorien/neu", &active).await;
        let path = location(&sent);
        for (kind, label) in [("problem", &problem), ("frage", &question), ("frage", &second)] {
            let form = format!("{path}/{kind}/neu");
            self.pressed(&form, &form, &[("label-de", label), ("kind", "text")]).await;
        }
        let page = self.keeper.visit(&path).await;
        named([
            ("word", word_after(&path, "/arbeit/kategorien/")),
            ("problem", word_before(&page, &problem, "/problem/")),
            ("question", word_before(&page, &question, "/frage/")),
        ])
    }

    async fn block(&mut self) -> Made {
        let (pattern, note) = (self.fresh(), self.fresh());
        self.pressed("/arbeit/sperren", "/arbeit/sperren", &[("pattern", &pattern), ("note", &note)]).await;
        let list = self.keeper.visit("/arbeit/sperren").await.html();
        let row = list.split_once(&shown(&note)).expect("the block is in the list").1;
        named([("id", word_after(row, "/arbeit/sperren/"))])
    }

    async fn program_key(&mut self) -> Made {
        let (path, name) = ("/verwaltung/schluessel", self.fresh());
        let page = self.keeper.visit(path).await;
        let made = self.keeper.send_only(&page, path, &[("name", &name)]).await.is(200).html();
        let row = made.split_once(&format!("<td>{}", shown(&name))).expect("the key is in the list").1;
        let key = made.split_once("class=\"figures\"><code>").expect("the key is shown").1;
        let key = key.split('<').next().unwrap_or_default().to_owned();
        let (service, lat, long) = ("road.pothole", "50.1201", "11.0302");
        let call = [
            ("api_key", key.as_str()),
            ("service_code", service),
            ("lat", lat),
            ("long", long),
            ("description", &name),
        ];
        let sent = self.site.visitor(self.host).post("/open311/v2/requests.json", &call).await;
        let number = word_after(&sent.is(200).html(), "service_request_id\":\"");
        named([("id", word_after(row, "/verwaltung/schluessel/")), ("key", key), ("number", number)])
    }

    async fn partner(&mut self) -> Made {
        let mut made = self.report().await;
        let name = self.fresh();
        let address = format!("https://{}.example/v2", self.fresh_word());
        let id =
            self.write(move |tx| reports::seed_partners::office(tx, &name, &address, &[("1", name.as_str())])).await;
        made.names.insert("id", id.to_string());
        made.names.insert("target", format!("{id}/1"));
        made
    }

    async fn forward(&mut self) -> Made {
        use reports::seed_partners::{Outcome, hand_on};
        let (office, told, refused) = (self.partner().await, self.report().await, self.report().await);
        let words = self.fresh();
        let office = base::uuid::Uuid::try_parse(&office.names["id"]).expect("an id");
        let (told, number) = (told.names["number"].clone(), refused.names["number"].clone());
        let id = self.write(move |tx| {
            hand_on(tx, &told, office, Outcome::Arrived(&words, Some(("OPEN", &words))))?;
            hand_on(tx, &number, office, Outcome::Refused(&words))
        });
        named([("id", id.await.to_string())])
    }

    async fn imported_report(&mut self) -> Made {
        let (source, words) = (self.fresh_word(), self.fresh());
        let list = json!([{ "service_request_id": source, "status": "open", "description": words,
            "requested_datetime": "2026-11-01T06:00:00Z", "lat": 50.1201, "long": 11.0302 }]);
        let wish = reports::import::Wish { source, ..reports::import::Wish::default() };
        let site = &self.site.site;
        let taken = reports::import::import(site, self.id, list.to_string().as_bytes(), &wish).await;
        assert_eq!(taken.expect("the list is readable").written, 1);
        Made::default()
    }

    async fn stuck_job(&mut self) -> Made {
        let mark = self.fresh();
        self.write(move |tx| {
            tx.enqueue(db::NewJob {
                kind: web::MAIL_JOB,
                payload: json!({ "no mail": mark }),
                run_at: None,
                key: None,
            });
            Ok(())
        })
        .await;
        self.work_off().await;
        let stuck = self.write(|tx| tx.stuck_jobs(1_000)).await;
        named([("id", stuck.iter().map(|job| job.id).max().expect("the job is stuck").to_string())])
    }

    /// A visitor on the way to a report, and the draft.
    async fn draft(&mut self) -> (Browser, String) {
        let words = self.fresh();
        let mut citizen = self.site.visitor(self.host);
        let first = citizen.visit("/melden").await;
        let at = [("lat", "50.1201"), ("lon", "11.0302")];
        let second =
            citizen.send_with_files(&first, "/melden", &at, &[("photo", "bild.png", "image/png", PHOTO)]).await;
        let typed = [("problem", "playground/chain"), ("body", words.as_str())];
        let sent = citizen.send_only(&second, "/melden/was", &typed).await;
        let draft = word_after(&location(&sent), "entwurf=");
        (citizen, draft)
    }

    async fn draft_photo(&mut self) -> Made {
        let (mut citizen, draft) = self.draft().await;
        let page = citizen.visit(&format!("/melden?entwurf={draft}")).await;
        let photo = word_after(&page.html(), &format!("/melden/entwurf/{draft}/"));
        named([("draft", draft), ("photo", photo)])
    }

    async fn report(&mut self) -> Made {
        let (mut citizen, draft) = self.draft().await;
        let page = citizen.visit(&format!("/melden/pruefen?entwurf={draft}")).await;
        let receipt = location(&citizen.send_only(&page, "/melden/pruefen", &[]).await);
        let number = word_after(&receipt, "/melden/fertig/");
        let review = self.keeper.visit(&format!("/arbeit/meldung/{number}")).await;
        let photo = word_after(&review.html(), &format!("/arbeit/meldung/{number}/foto/"));
        named([("number", number), ("token", word_after(&receipt, "beleg=")), ("photo", photo)])
    }

    /// Published, with its photo or without.
    async fn public_report(&mut self, with_photo: bool) -> Made {
        let mut made = self.report().await;
        let (path, photo) = (format!("/arbeit/meldung/{}", made.names["number"]), made.names["photo"].clone());
        self.pressed(&path, &path, &[("verdict", "publish")]).await;
        if with_photo {
            self.pressed(&path, &path, &[("deed", &format!("show {photo}"))]).await;
        }
        made.names.insert("id", photo);
        let asked = format!("/open311/v2/requests/{}.json?extensions=true", made.names["number"]);
        let answer = self.site.visitor(self.host).look(&asked).await.is(200).html();
        made.names.insert("report", word_after(&answer, "\"token\":\""));
        made
    }

    async fn follow(&mut self) -> Made {
        let made = self.public_report(false).await;
        let (path, email) =
            (format!("/melden/{}/folgen", made.names["number"]), format!("{}@example.org", self.fresh_word()));
        let email = email.to_lowercase();
        let mut citizen = self.site.visitor(self.host);
        let page = citizen.visit(&path).await;
        citizen.send_only(&page, &path, &[("email", &email)]).await.is(303);
        named([("token", self.link(&email, "/melden/folgen/").await)])
    }
}

//! `/verwaltung/texte`: the town's own words for the pages it owes, with preview and all versions. Invariant: nobody's
//! words are lost; who saves upon an older version sees both and decides.

use crate::{
    markup,
    store::{self, TextVersion},
    town_text::{self, PLACEHOLDERS, TextPage},
};
use axum::extract::Path;
use base::AccountId;
use db::{Audit, DbError, Once};
use serde_json::json;
use web::{Answer, Form, FormState, Lang, Page, PageError, Template, Visit, words};

const BODY_MAX: usize = 60_000;

#[derive(Template)]
#[template(path = "texts.html")]
struct TextsPage {
    page: Page,
    texts: Vec<TextLine>,
}

struct TextLine {
    title: &'static str,
    path: &'static str,
    lang: &'static str,
    href: String,
    /// Empty: the default holds.
    changed: String,
}

fn language_name(lang: Lang) -> &'static str {
    match lang {
        Lang::De => "Deutsch",
        Lang::En => "Englisch",
    }
}

fn href(page: TextPage, lang: Lang) -> String {
    format!("/verwaltung/texte/{}/{}", page.word(), lang.code())
}

/// `GET /verwaltung/texte`
pub async fn list(visit: Visit) -> Answer {
    let asking = visit.clone();
    let (states, desk) = visit.read(move |tx| Ok::<_, DbError>((store::text_states(tx)?, asking.desk(tx)?))).await?;
    let now = visit.site.clock.now();
    let mut texts = vec![];
    for page in TextPage::ALL {
        for lang in page.languages() {
            let state = states.iter().find(|state| state.page == *page && state.lang == lang.code());
            texts.push(TextLine {
                title: visit.site.texts().de.s(page.title()),
                path: page.path(),
                lang: language_name(*lang),
                href: href(*page, *lang),
                changed: state.map(|state| words::when(Lang::De, state.changed_at, now)).unwrap_or_default(),
            });
        }
    }
    web::render(&TextsPage { page: visit.page("Texte").with_desk(desk), texts })
}

#[derive(Template)]
#[template(path = "text-edit.html")]
struct TextPageEdit {
    page: Page,
    form: FormState,
    title: String,
    path: &'static str,
    action: String,
    lang: &'static str,
    /// Rendered by `markup`, which escapes everything; empty: no preview was asked for.
    preview: String,
    /// The words somebody else saved meanwhile.
    theirs: Option<String>,
    versions: Vec<VersionLine>,
    placeholders: &'static [(&'static str, &'static str)],
}

struct VersionLine {
    href: String,
    number: i64,
    when: String,
    who: String,
}

fn parse(page: &str, lang: &str) -> Result<(TextPage, Lang), PageError> {
    let page = TextPage::from_word(page).ok_or(PageError::NotFound)?;
    let lang = Lang::from_code(lang).filter(|lang| page.languages().contains(lang)).ok_or(PageError::NotFound)?;
    Ok((page, lang))
}

/// What the edit page needs from the database.
struct Known {
    newest: Option<TextVersion>,
    wanted: Option<TextVersion>,
    versions: Vec<(TextVersion, String)>,
    desk: web::DeskShell,
}

async fn known(visit: &Visit, page: TextPage, lang: Lang, wanted: Option<i64>) -> Result<Known, DbError> {
    let asking = visit.clone();
    visit
        .read(move |tx| {
            let versions = store::text_versions(tx, page, lang)?;
            let account = |text: &TextVersion| text.changed_by.strip_prefix("staff:").and_then(AccountId::parse);
            let names = identity::names(tx, &versions.iter().filter_map(account).collect::<Vec<_>>())?;
            let named = versions.iter().map(|text| {
                let name = account(text).and_then(|account| names.get(&account).cloned());
                (text.clone(), name.unwrap_or_default())
            });
            Ok(Known {
                newest: versions.first().cloned(),
                wanted: match wanted {
                    Some(version) => store::text_version(tx, page, lang, version)?,
                    None => None,
                },
                versions: named.collect(),
                desk: asking.desk(tx)?,
            })
        })
        .await
}

fn edit_page(visit: &Visit, (page, lang): (TextPage, Lang), known: Known, form: FormState) -> TextPageEdit {
    let title = visit.site.texts().de.s(page.title());
    let now = visit.site.clock.now();
    let line = |(text, who): (TextVersion, String)| VersionLine {
        href: format!("{}?fassung={}", href(page, lang), text.version),
        number: text.version,
        when: words::when(Lang::De, text.changed_at, now),
        who,
    };
    let shell = visit.page(format!("{title} bearbeiten")).with_desk(known.desk);
    TextPageEdit {
        page: if form.has_errors() { shell.failed() } else { shell },
        form,
        title: format!("{title} ({})", language_name(lang)),
        path: page.path(),
        action: href(page, lang),
        lang: lang.code(),
        preview: String::new(),
        theirs: None,
        versions: known.versions.into_iter().map(line).collect(),
        placeholders: PLACEHOLDERS,
    }
}

/// `GET /verwaltung/texte/{page}/{lang}?fassung=`: the newest words, or an older version to save anew.
pub async fn edit(visit: Visit, Path((page, lang)): Path<(String, String)>, form: Form) -> Answer {
    let (page, lang) = parse(&page, &lang)?;
    let mut known = known(&visit, page, lang, form.integer("fassung")).await?;
    let base = known.newest.as_ref().map_or(0, |text| text.version);
    let body = known.wanted.take().or(known.newest.take()).map(|text| text.body);
    let body = body.unwrap_or_else(|| page.default_text(lang).to_owned());
    let form = Form::from_pairs([("body", body), ("version", base.to_string())]);
    web::render(&edit_page(&visit, (page, lang), known, form.into()))
}

/// What stops a change; either way nothing is written, not even the once-only key.
enum Stop {
    Page(PageError),
    Stale,
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Self::Page(error.into())
    }
}

/// A link that would be no link on the page is named, instead of vanishing.
fn refuse_links(state: &mut FormState) {
    let refused: Vec<String> =
        markup::refused_links(state.form.raw("body")).iter().map(|to| format!("„{to}“")).collect();
    if !refused.is_empty() {
        let message = format!(
            "Diese Links führen nirgendwohin: {}. Links beginnen mit / (Seite dieser Website), https://, mailto: oder tel:.",
            refused.join(", ")
        );
        state.refuse("body", message);
    }
}

/// `POST /verwaltung/texte/{page}/{lang}`: `deed` is "vorschau" or "speichern".
pub async fn save(visit: Visit, Path((page, lang)): Path<(String, String)>, form: Form) -> Answer {
    let (page, lang) = parse(&page, &lang)?;
    let (key, fingerprint) = (visit.once_key(&form)?, form.fingerprint());
    let preview = form.text("deed") == "vorschau";
    let mut state = FormState::from(form);
    state.require("body", "Der Text ist leer. Schreiben Sie etwas oder verlassen Sie die Seite ohne zu speichern.");
    state.limit("body", BODY_MAX, "Der Text ist zu lang. Kürzen Sie ihn auf 60.000 Zeichen.");
    refuse_links(&mut state);
    if state.has_errors() || preview {
        let known = known(&visit, page, lang, None).await?;
        let failed = state.has_errors();
        let html = markup::render(&town_text::fill(state.form.raw("body"), &visit.town, lang));
        let template = TextPageEdit { preview: html, ..edit_page(&visit, (page, lang), known, state) };
        return if failed { Visit::unprocessable(&template) } else { web::render(&template) };
    }
    let body = state.form.raw("body").replace("\r\n", "\n");
    let base = state.form.integer("version").unwrap_or(0);
    let actor = visit.actor.clone();
    let saved = visit
        .write(move |tx| {
            match tx.once(key, fingerprint)? {
                Once::Again(_) => return Ok(()),
                Once::Conflict => return Err(Stop::Page(PageError::Conflict)),
                Once::First => {}
            }
            if !store::put_text(tx, page, lang, base, &body, &actor)? {
                return Err(Stop::Stale);
            }
            tx.audit(Audit {
                actor: actor.trace(),
                action: "text.changed",
                subject: format!("text:{}:{}", page.word(), lang.code()),
                detail: json!({ "version": base + 1 }),
            });
            Ok(())
        })
        .await;
    match saved {
        Ok(()) => return Ok(visit.see_other_saying(&href(page, lang), "flash-guide-saved")),
        Err(Stop::Page(error)) => return Err(error),
        Err(Stop::Stale) => {}
    }
    let known = known(&visit, page, lang, None).await?;
    let theirs = known.newest.as_ref().map(|text| text.body.clone());
    // Saving once more replaces what is shown beside; both versions stay in the list.
    state.form.set("version", known.newest.as_ref().map_or(0, |text| text.version).to_string());
    state.refuse(
        "body",
        "Jemand hat den Text inzwischen geändert. Vergleichen Sie beide Fassungen und speichern Sie dann noch einmal.",
    );
    Visit::unprocessable(&TextPageEdit { theirs, ..edit_page(&visit, (page, lang), known, state) })
}

//! Staff pages of this room: the things of the town as a list, and the sheet of labels with QR codes that are stuck upon
//! them. German only. Whoever reads the code reports damage to that very thing; nothing here changes anything.

use crate::model::{Asset, AssetKind};
use crate::{search, store};
use askama::Template;
use axum::extract::RawQuery;
use db::{DbError, Tx};
use qrcode::{Color, EcLevel, QrCode};
use web::{Answer, Form, FormState, Page, PageError, Visit};

/// Rows of one page of the list.
const ROWS_MAX: usize = 60;
/// Ten sheets of 21 labels: more at once only jams the printer.
pub(crate) const LABELS_MAX: usize = 210;
/// "At this place" means this far around it.
const PLACE_METRES: f64 = 250.0;

/// What the filter says; the words are those of the address.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AssetFilter {
    pub kind: Option<AssetKind>,
    pub district: String,
    /// A number or its beginning, or an address or place.
    pub place: String,
    /// Token of the last thing of the page before.
    pub after: String,
}

impl AssetFilter {
    fn of(form: &Form) -> Self {
        let short = |name: &str| form.text(name).chars().take(120).collect::<String>();
        Self {
            kind: AssetKind::ALL.iter().copied().find(|kind| kind.word() == form.text("art")),
            district: short("ortsteil"),
            place: short("ort"),
            after: short("nach"),
        }
    }

    fn address(&self, path: &str, after: &str) -> String {
        let mut pairs = vec![];
        for (name, value) in [
            ("art", self.kind.map_or("", AssetKind::word)),
            ("ortsteil", &self.district),
            ("ort", &self.place),
            ("nach", after),
        ] {
            if !value.is_empty() {
                pairs.push(format!("{name}={}", crate::in_address(value)));
            }
        }
        format!("{path}?{}", pairs.join("&"))
    }

    fn fits(&self, asset: &Asset) -> bool {
        self.kind.is_none_or(|kind| asset.kind == kind)
            && (self.district.is_empty() || asset.district.as_ref() == Some(&self.district))
    }
}

/// Things that fit, at most `limit`, whether there are more, and around which place.
pub struct Found {
    pub assets: Vec<Asset>,
    pub has_more: bool,
    pub around: String,
}

pub fn find(tx: &Tx<'_>, filter: &AssetFilter, limit: usize) -> Result<Found, DbError> {
    let many = i64::try_from(limit).unwrap_or(i64::MAX - 1) + 1;
    let number = crate::register::fold_name(&filter.place);
    let after = store::asset_by_token(tx, &filter.after)?;
    let mut assets = store::assets_listed(tx, filter, &number, after.as_ref(), many)?;
    let mut around = String::new();
    if assets.is_empty() && !filter.place.is_empty() && after.is_none() {
        // No number begins like this, so it is a place.
        if let Some(hit) = search::search_places(tx, &filter.place, None, 1)?.into_iter().next() {
            let near = store::assets_near(tx, hit.position, PLACE_METRES, LABELS_MAX * 5)?;
            assets = near.into_iter().map(|near| near.asset).filter(|asset| filter.fits(asset)).collect();
            around = hit.label;
            // All at once: by distance there is no next page.
            assets.truncate(LABELS_MAX);
            return Ok(Found { assets, has_more: false, around });
        }
    }
    let has_more = assets.len() > limit;
    assets.truncate(limit);
    Ok(Found { assets, has_more, around })
}

struct Choice {
    value: String,
    label: String,
}

#[derive(Template)]
#[template(path = "assets.html")]
struct AssetsPage {
    page: Page,
    form: FormState,
    kinds: Vec<Choice>,
    districts: Vec<Choice>,
    found: Found,
    sheet: String,
    next: String,
    is_filtered: bool,
}

/// `GET /arbeit/objekte?art&ortsteil&ort`
pub async fn list(visit: Visit, RawQuery(query): RawQuery) -> Answer {
    let form = Form::from_urlencoded(query.as_deref().unwrap_or_default());
    web::render(&list_page(&visit, form.into()).await?)
}

async fn list_page(visit: &Visit, form: FormState) -> Result<AssetsPage, PageError> {
    let filter = AssetFilter::of(&form.form);
    let (wanted, v) = (filter.clone(), visit.clone());
    let (found, kinds, districts, desk) = visit
        .read(move |tx| {
            let found = find(tx, &wanted, ROWS_MAX)?;
            Ok::<_, PageError>((found, store::asset_kinds(tx)?, store::asset_districts(tx)?, v.desk(tx)?))
        })
        .await?;
    let next = found.assets.last().filter(|_| found.has_more);
    let page = visit.page("Objekte und QR-Codes").with_desk(desk);
    Ok(AssetsPage {
        page: if form.has_errors() { page.failed() } else { page },
        sheet: filter.address("/arbeit/objekte/bogen", ""),
        next: next.map(|last| filter.address("/arbeit/objekte", &last.token)).unwrap_or_default(),
        is_filtered: filter != AssetFilter::default(),
        kinds: kinds
            .iter()
            .map(|kind| Choice { value: kind.word().to_owned(), label: kind.german().to_owned() })
            .collect(),
        districts: districts.iter().map(|name| Choice { value: name.clone(), label: name.clone() }).collect(),
        found,
        form,
    })
}

/// One label to stick on.
pub(crate) struct Label {
    pub title: String,
    pub number: String,
    pub url: String,
    pub code: Code,
}

#[derive(Template)]
#[template(path = "asset-labels.html")]
struct LabelsPage {
    page: Page,
    labels: Vec<Label>,
    back: String,
    next: String,
    town: String,
}

/// `GET /arbeit/objekte/bogen`: labels of the ticked things (`objekt`, asked for with `auswahl`), or of all that fit the
/// filter.
pub async fn labels(visit: Visit, RawQuery(query): RawQuery) -> Answer {
    let form = Form::from_urlencoded(query.as_deref().unwrap_or_default());
    let filter = AssetFilter::of(&form);
    let ticked: Vec<String> = form.all("objekt").take(LABELS_MAX).map(str::to_owned).collect();
    if form.has("auswahl") && ticked.is_empty() {
        let mut state = FormState::from(form);
        state.refuse("", "Kreuzen Sie mindestens ein Objekt an.");
        return Visit::unprocessable(&list_page(&visit, state).await?);
    }
    let (wanted, v) = (filter.clone(), visit.clone());
    let (found, desk) = visit
        .read(move |tx| {
            let found = if ticked.is_empty() { find(tx, &wanted, LABELS_MAX)? } else { named(tx, &ticked)? };
            Ok::<_, PageError>((found, v.desk(tx)?))
        })
        .await?;
    let next = found.assets.last().filter(|_| found.has_more);
    let next = next.map(|last| filter.address("/arbeit/objekte/bogen", &last.token)).unwrap_or_default();
    let labels = found.assets.iter().map(|asset| label(asset, &visit.town.base_url)).collect::<Option<_>>();
    web::render(&LabelsPage {
        page: visit.page("QR-Codes drucken").with_desk(desk),
        labels: labels.ok_or(PageError::NotFound)?,
        back: filter.address("/arbeit/objekte", ""),
        next,
        town: format!("{} {}", visit.town.kind_name, visit.town.name),
    })
}

fn named(tx: &Tx<'_>, tokens: &[String]) -> Result<Found, DbError> {
    let mut assets = Vec::new();
    for token in tokens {
        assets.extend(store::asset_by_token(tx, token)?);
    }
    Ok(Found { assets, has_more: false, around: String::new() })
}

/// `None`: the address of the town is longer than any code holds.
pub(crate) fn label(asset: &Asset, base_url: &str) -> Option<Label> {
    let url = format!("{}/o/{}", base_url.trim_end_matches('/'), asset.token);
    Some(Label { title: asset.title(), number: asset.number.clone(), code: Code::of(&url)?, url })
}

/// A QR code as one path, so that it prints sharply at any size.
pub(crate) struct Code {
    /// Modules along one side, with the quiet zone of four around (ISO/IEC 18004).
    pub side: usize,
    pub path: String,
}

const QUIET: usize = 4;

impl Code {
    /// A quarter of the label may be scratched or overgrown.
    pub fn of(text: &str) -> Option<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::Q).ok()?;
        let wide = code.width();
        let mut path = String::new();
        for (row, line) in code.to_colors().chunks(wide).enumerate() {
            for (column, _) in line.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
                path.push_str(&format!("M{} {}h1v1h-1z", column + QUIET, row + QUIET));
            }
        }
        Some(Self { side: wide + 2 * QUIET, path })
    }
}

//! The name of a blob: town, id and part. It is made of UUIDs and an enum, so a path that leaves the folder cannot be
//! written down. The same name is the object's name in S3.

use base::MunicipalityId;
use std::path::PathBuf;

base::typed_id!(
    /// Hochgeladene Datei: one upload. A picture keeps its three sizes under one id.
    pub struct BlobId
);

/// What is stored under an id: the upload as it is, or one size of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    Whole,
    Large,
    Medium,
    Small,
}

impl Part {
    pub const ALL: [Self; 4] = [Self::Whole, Self::Large, Self::Medium, Self::Small];
    /// The sizes of a picture, in the order of `Picture::sizes`.
    pub const SIZES: [Self; 3] = [Self::Large, Self::Medium, Self::Small];

    const fn suffix(self) -> &'static str {
        match self {
            Self::Whole => "",
            Self::Large => ".large",
            Self::Medium => ".medium",
            Self::Small => ".small",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobKey {
    pub municipality: MunicipalityId,
    pub id: BlobId,
    pub part: Part,
}

impl BlobKey {
    pub const fn whole(municipality: MunicipalityId, id: BlobId) -> Self {
        Self { municipality, id, part: Part::Whole }
    }

    #[must_use]
    pub const fn part(self, part: Part) -> Self {
        Self { part, ..self }
    }

    /// `<municipality>/<xx>/<id>[.size]`. `xx` are the *last* digits of the id, because a UUID v7 begins with the time
    /// and would put a whole day into one folder.
    pub fn object_name(&self) -> String {
        let id = self.id.to_string();
        let shard = &id[id.len() - 2..];
        format!("{}/{shard}/{id}{}", self.municipality, self.part.suffix())
    }

    pub(crate) fn relative_path(&self) -> PathBuf {
        PathBuf::from(self.object_name())
    }

    /// The key of a file found in the folder; `None` for anything this crate did not name.
    pub(crate) fn from_file_name(municipality: MunicipalityId, name: &str) -> Option<Self> {
        let part = Part::ALL.into_iter().rev().find(|part| name.ends_with(part.suffix()))?;
        let id = BlobId::parse(name.strip_suffix(part.suffix())?)?;
        let key = Self { municipality, id, part };
        key.object_name().ends_with(&format!("/{name}")).then_some(key)
    }

    /// The key of an object found in a bucket; `None` for anything this crate did not name.
    pub(crate) fn from_object_name(name: &str) -> Option<Self> {
        let (town, rest) = name.split_once('/')?;
        let (_, file) = rest.split_once('/')?;
        let key = Self::from_file_name(MunicipalityId::parse(town)?, file)?;
        (key.object_name() == name).then_some(key)
    }
}

//! Blobs in an S3-compatible store: the same names as on disk, below a prefix of the operator's choice. It knows no rows
//! and no uploads under way; those lie on the local disk until they are whole. Invariant: a write has returned only
//! after the store acknowledged the whole content, and what is read whole is what was written, by its SHA-256.

use crate::{StoreError, disk};
use aws_lc_rs::digest;
use bytes::Bytes;
use futures_util::{
    StreamExt, TryStreamExt,
    future::BoxFuture,
    stream::{self, BoxStream},
};
use object_store::{
    Attribute, Attributes, Error, GetOptions, GetRange, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, RetryConfig,
    aws::{AmazonS3, AmazonS3Builder},
    client::{ClientOptions, HttpClient, HttpConnector},
    path::Path as ObjectPath,
};
use std::{fmt, future::Future, io, path::PathBuf, sync::Arc, time::Duration};
use tokio::{io::AsyncReadExt, sync::Semaphore};

/// Where the store is and how it knows us.
#[derive(Clone, PartialEq, Eq)]
pub struct S3 {
    /// `https://host[:port]`; plain `http` is for the machine itself.
    pub endpoint: String,
    pub bucket: String,
    /// Names begin with it: several sites may share a bucket. May be empty.
    pub prefix: String,
    pub region: String,
    pub key_id: String,
    pub secret: String,
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3({}/{}/{})", self.endpoint, self.bucket, self.prefix)
    }
}

/// The SHA-256 of the content travels with the object.
const SUM: &str = "sha256";
/// S3 takes parts of 5 MiB and more. Smaller content goes in one piece.
const PART_BYTES: usize = 8 * 1024 * 1024;
/// Large uploads on their way at once: each holds one part in memory.
const LARGE_AT_ONCE: usize = 4;
const CONNECT: Duration = Duration::from_secs(3);
const SILENCE: Duration = Duration::from_secs(30);
/// For a picture, a part, a deletion: with everything that is tried again.
const OPERATION: Duration = Duration::from_secs(60);
const RETRIES: usize = 2;
const RETRY_WITHIN: Duration = Duration::from_secs(5);

#[derive(Clone)]
pub(crate) struct Remote {
    client: Arc<AmazonS3>,
    prefix: String,
    large: Arc<Semaphore>,
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The client knows the secret.
        write!(f, "Remote({})", self.prefix)
    }
}

/// An object as it was found, to be read in parts.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub size: u64,
    path: ObjectPath,
    etag: Option<String>,
    sum: Option<String>,
}

/// An object in a listing: its name without the prefix.
pub(crate) struct Listed {
    pub name: String,
    pub modified_micros: i64,
}

/// Hands our client to `object_store`, which would else make one that reads proxies from the environment.
#[derive(Debug)]
struct OurClient(HttpClient);

impl HttpConnector for OurClient {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(self.0.clone())
    }
}

impl Remote {
    /// Builds the client and asks nobody: the site starts while the store is away.
    pub fn open(settings: &S3) -> Result<Self, StoreError> {
        let setting = |error: &dyn fmt::Display| StoreError::Broken {
            doing: "set up the client of the file store",
            source: io::Error::other(error.to_string()),
        };
        let client = outgoing::for_operators_server(CONNECT, SILENCE).map_err(|error| setting(&error))?;
        let retry = RetryConfig { max_retries: RETRIES, retry_timeout: RETRY_WITHIN, ..RetryConfig::default() };
        let client = AmazonS3Builder::new()
            .with_endpoint(&settings.endpoint)
            .with_allow_http(settings.endpoint.starts_with("http://"))
            .with_bucket_name(&settings.bucket)
            .with_region(&settings.region)
            .with_access_key_id(&settings.key_id)
            .with_secret_access_key(&settings.secret)
            .with_virtual_hosted_style_request(false)
            // One by one: not every compatible store knows the other call.
            .with_disable_bulk_delete(true)
            .with_retry(retry)
            .with_http_connector(OurClient(HttpClient::new(client)))
            .build()
            .map_err(|error| setting(&error))?;
        let prefix = settings.prefix.trim_matches('/').to_owned();
        Ok(Self { client: Arc::new(client), prefix, large: Arc::new(Semaphore::new(LARGE_AT_ONCE)) })
    }

    fn path(&self, name: &str) -> ObjectPath {
        if self.prefix.is_empty() {
            ObjectPath::from(name)
        } else {
            ObjectPath::from(format!("{}/{name}", self.prefix))
        }
    }

    /// In a task of its own: who hangs up in between leaves no half-sent parts behind.
    async fn to_the_end<T: Send + 'static>(
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        tokio::spawn(work).await.unwrap_or_else(|stopped| {
            Err(StoreError::Broken { doing: "finish a file operation", source: io::Error::other(stopped) })
        })
    }

    pub async fn put(&self, name: &str, bytes: Bytes) -> Result<(), StoreError> {
        let sum = base::hex(digest::digest(&digest::SHA256, &bytes).as_ref());
        self.put_as(name, bytes, &sum).await
    }

    pub(crate) async fn put_as(&self, name: &str, bytes: Bytes, sum: &str) -> Result<(), StoreError> {
        let (client, path) = (Arc::clone(&self.client), self.path(name));
        let options = PutOptions { attributes: attributes(sum), ..PutOptions::default() };
        Self::to_the_end(async move {
            in_time("store a blob", client.put_opts(&path, PutPayload::from_bytes(bytes), options)).await?;
            Ok(())
        })
        .await
    }

    /// Sends a local file, part by part, and compares what was sent with the sum it had when it came.
    pub async fn put_file(&self, name: &str, file: PathBuf, size: u64, sum: String) -> Result<(), StoreError> {
        if size <= PART_BYTES as u64 {
            let bytes = tokio::fs::read(&file).await.map(Bytes::from).map_err(disk::failed("read an upload"))?;
            if base::hex(digest::digest(&digest::SHA256, &bytes).as_ref()) != sum {
                return Err(damaged(name));
            }
            return self.put_as(name, bytes, &sum).await;
        }
        let (client, path, large) = (Arc::clone(&self.client), self.path(name), Arc::clone(&self.large));
        let name = name.to_owned();
        Self::to_the_end(async move {
            let _seat = large.acquire_owned().await.map_err(|_| StoreError::Interrupted)?;
            let options = PutMultipartOptions { attributes: attributes(&sum), ..PutMultipartOptions::default() };
            let mut upload = in_time("begin a large blob", client.put_multipart_opts(&path, options)).await?;
            match send_parts(&mut *upload, &file, &sum, &name).await {
                Ok(()) => Ok(()),
                Err(error) => {
                    // What cannot be taken back either, the bucket's own rule removes (handbook).
                    let _ = in_time("take back a large blob", upload.abort()).await;
                    Err(error)
                }
            }
        })
        .await
    }

    pub async fn get(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        let path = self.path(name);
        let whole = async {
            let found = self.client.get_opts(&path, GetOptions::default()).await?;
            let sum = sum_of(&found.attributes);
            Ok((found.bytes().await?, sum))
        };
        let Some((bytes, sum)) = found(in_time("read a blob", whole).await)? else { return Ok(None) };
        if sum.is_some_and(|sum| sum != base::hex(digest::digest(&digest::SHA256, &bytes).as_ref())) {
            return Err(damaged(name));
        }
        Ok(Some(bytes))
    }

    pub async fn open_object(&self, name: &str) -> Result<Option<Object>, StoreError> {
        let path = self.path(name);
        let options = GetOptions { head: true, ..GetOptions::default() };
        let Some(head) = found(in_time("open a blob", self.client.get_opts(&path, options)).await)? else {
            return Ok(None);
        };
        let sum = sum_of(&head.attributes);
        Ok(Some(Object { size: head.meta.size, path, etag: head.meta.e_tag, sum }))
    }

    /// This part of the object as it was when it was opened. Read whole, its end is an error if the sum is another.
    pub async fn part(
        &self,
        object: Object,
        from: u64,
        length: u64,
    ) -> Result<BoxStream<'static, io::Result<Bytes>>, StoreError> {
        let whole = from == 0 && length == object.size;
        if length == 0 {
            return Ok(stream::empty().boxed());
        }
        let options = GetOptions {
            if_match: object.etag,
            range: (!whole).then(|| GetRange::Bounded(from..from + length)),
            ..GetOptions::default()
        };
        let opened = in_time("read a blob", self.client.get_opts(&object.path, options)).await?;
        let pieces = opened.into_stream().map_err(|error| io::Error::other(why(&error))).boxed();
        Ok(match object.sum.filter(|_| whole) {
            Some(sum) => checked(pieces, sum, object.path.to_string()),
            None => pieces,
        })
    }

    pub async fn delete(&self, name: &str) -> Result<(), StoreError> {
        let path = self.path(name);
        found(in_time("delete a blob", self.client.delete(&path)).await).map(drop)
    }

    /// Everything whose name begins with these folders (`""` for all), page by page, in the order of its name.
    pub async fn list(&self, folder: &str) -> Result<Vec<Listed>, StoreError> {
        let prefix = self.path(folder);
        let mut pages = self.client.list((!prefix.is_root()).then_some(&prefix));
        let mut listed = Vec::new();
        while let Some(object) = in_time("list the blobs", pages.try_next()).await? {
            listed.extend(self.listed(&object));
        }
        listed.sort_by(|one: &Listed, other| one.name.cmp(&other.name));
        Ok(listed)
    }

    fn listed(&self, object: &ObjectMeta) -> Option<Listed> {
        let whole = object.location.as_ref();
        let name = if self.prefix.is_empty() { whole } else { whole.strip_prefix(&self.prefix)?.strip_prefix('/')? };
        Some(Listed { name: name.to_owned(), modified_micros: object.last_modified.timestamp_micros() })
    }

    /// Writes, reads and deletes a small object, so that `doctor` knows that the rights suffice.
    pub async fn check(&self) -> Result<(), StoreError> {
        const PROBE: &str = "probe-of-doctor";
        self.put(PROBE, Bytes::from_static(b"probe")).await?;
        let read = self.get(PROBE).await?;
        self.list("probe").await?;
        self.delete(PROBE).await?;
        if read.as_deref() == Some(b"probe") { Ok(()) } else { Err(damaged(PROBE)) }
    }
}

async fn send_parts(
    upload: &mut dyn MultipartUpload,
    file: &std::path::Path,
    sum: &str,
    name: &str,
) -> Result<(), StoreError> {
    let mut file = tokio::fs::File::open(file).await.map_err(disk::failed("read an upload"))?;
    let mut hash = digest::Context::new(&digest::SHA256);
    loop {
        let mut part = Vec::with_capacity(PART_BYTES);
        (&mut file).take(PART_BYTES as u64).read_to_end(&mut part).await.map_err(disk::failed("read an upload"))?;
        if part.is_empty() {
            break;
        }
        hash.update(&part);
        in_time("store a part of a blob", upload.put_part(PutPayload::from(part))).await?;
    }
    if base::hex(hash.finish().as_ref()) != sum {
        return Err(damaged(name));
    }
    in_time("complete a large blob", upload.complete()).await?;
    Ok(())
}

/// Passes the pieces on and compares the sum at their end.
fn checked(
    pieces: BoxStream<'static, io::Result<Bytes>>,
    sum: String,
    name: String,
) -> BoxStream<'static, io::Result<Bytes>> {
    let state = Some((pieces, digest::Context::new(&digest::SHA256), sum, name));
    stream::unfold(state, |state| -> BoxFuture<'static, _> {
        Box::pin(async move {
            let (mut pieces, mut hash, sum, name) = state?;
            match pieces.next().await {
                Some(Ok(piece)) => {
                    hash.update(&piece);
                    Some((Ok(piece), Some((pieces, hash, sum, name))))
                }
                Some(Err(error)) => Some((Err(error), None)),
                None if base::hex(hash.finish().as_ref()) == sum => None,
                None => Some((Err(not_what_was_stored(&name)), None)),
            }
        })
    })
    .boxed()
}

fn attributes(sum: &str) -> Attributes {
    let mut attributes = Attributes::new();
    attributes.insert(Attribute::Metadata(SUM.into()), sum.to_owned().into());
    attributes
}

/// An object that other tools put there may have none.
fn sum_of(attributes: &Attributes) -> Option<String> {
    attributes.get(&Attribute::Metadata(SUM.into())).map(|sum| sum.as_ref().to_owned())
}

fn not_what_was_stored(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the bytes of {name} are not those that were stored"))
}

fn damaged(name: &str) -> StoreError {
    StoreError::Broken { doing: "read a blob", source: not_what_was_stored(name) }
}

/// What an operation came to: an absent object is told apart from a store that does not do its work.
enum Failed {
    Absent,
    Away { doing: &'static str, why: String },
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Absent => Self::Away { doing: "find a blob", why: "it is gone".to_owned() },
            Failed::Away { doing, why } => Self::Away { doing, why },
        }
    }
}

async fn in_time<T>(
    doing: &'static str,
    work: impl Future<Output = object_store::Result<T>> + Send,
) -> Result<T, Failed> {
    match tokio::time::timeout(OPERATION, work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(Error::NotFound { ref source, .. })) if !source.to_string().contains("NoSuchBucket") => {
            Err(Failed::Absent)
        }
        Ok(Err(error)) => Err(Failed::Away { doing, why: why(&error) }),
        Err(_) => Err(Failed::Away { doing, why: "no answer in time".to_owned() }),
    }
}

fn found<T>(result: Result<T, Failed>) -> Result<Option<T>, StoreError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Failed::Absent) => Ok(None),
        Err(failed) => Err(failed.into()),
    }
}

/// For the log and for `doctor`. What the server itself wrote is left out: it repeats the name of the key.
fn why(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let more = inner.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = inner.source();
    }
    let plain = text.split('<').next().unwrap_or_default();
    plain.chars().take(400).collect::<String>().trim_end_matches([':', ' ']).to_owned()
}

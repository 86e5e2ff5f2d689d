//! Photos from strangers: recognised by content, decoded under limits, turned upright, and written anew as JPEG in
//! three sizes. Nothing of the upload but its pixels survives, so no metadata, no second file hidden behind the first,
//! no thumbnail of an unredacted original. The position the camera noted is handed over apart, to be offered, not kept.

use crate::{Area, Incoming, Refused, StoreError, redact};
use base::Position;
use bytes::Bytes;
use image::{
    DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, RgbImage,
    codecs::jpeg::JpegEncoder,
    imageops::{self, FilterType},
};
use std::{fmt, io::Cursor};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Longest side in pixels and JPEG quality of the sizes large, medium and small.
const SIZES: [(u32, u8); 3] = [(1600, 82), (800, 80), (240, 76)];

/// Two pictures at once: decoding may take hundreds of megabytes, and the pages want a processor too.
pub(crate) static SEATS: Semaphore = Semaphore::const_new(2);

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub bytes: u64,
    pub pixels: u64,
    /// Memory for the decoded picture: a PNG of 16 bits a channel needs twice that of the usual one.
    pub memory_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 25 * 1024 * 1024, pixels: 50_000_000, memory_bytes: 256 * 1024 * 1024 }
    }
}

/// One encoded size.
#[derive(Clone)]
pub struct Jpeg {
    pub bytes: Bytes,
    pub width: u32,
    pub height: u32,
}

impl fmt::Debug for Jpeg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jpeg({}x{}, {} bytes)", self.width, self.height, self.bytes.len())
    }
}

/// A photo fit to be stored and shown.
#[derive(Clone)]
pub struct Picture {
    /// Large, medium, small; a small upload is never blown up.
    pub sizes: [Jpeg; 3],
    /// Of the upload, upright.
    pub width: u32,
    pub height: u32,
    /// Where the camera says it was. Personal data: offer it, then forget it.
    pub exif_position: Option<Position>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let position = self.exif_position.map(|_| "***");
        f.debug_struct("Picture").field("sizes", &self.sizes).field("exif_position", &position).finish()
    }
}

/// Reads and re-encodes an uploaded photo on the blocking pool. A decoder that panics on a crafted file is a broken
/// file here, not a broken site.
pub async fn prepare(bytes: Bytes, limits: Limits) -> Result<Picture, Refused> {
    seated(move || prepare_now(&bytes, limits)).await
}

/// `prepare` for an upload that is still on disk: it is read only when a seat is free, so that many large photos at once
/// wait as files and not in memory.
pub async fn prepare_upload(incoming: &Incoming, limits: Limits) -> Result<Picture, StoreError> {
    if incoming.size() > limits.bytes {
        return Err(Refused::TooLarge { limit: limits.bytes }.into());
    }
    let seat = seat().await?;
    let bytes = incoming.read().await?;
    Ok(work_at(seat, move || prepare_now(&bytes, limits)).await?)
}

/// Makes the areas unreadable for good and writes all sizes anew from the result, so that none of them keeps the
/// original. `jpeg` is the large size. The caller replaces all three parts, or the original is still there.
pub async fn redact(jpeg: Bytes, areas: Vec<Area>) -> Result<Picture, Refused> {
    seated(move || {
        let mut decoded = decode(&jpeg, Limits::default())?.image.into_rgb8();
        redact::cover(&mut decoded, &areas);
        let (width, height) = decoded.dimensions();
        Ok(Picture { sizes: encode_sizes(&decoded)?, width, height, exif_position: None })
    })
    .await
}

/// True if the content begins like a kind of picture that `prepare` reads.
pub fn is_picture(head: &[u8]) -> bool {
    recognise(head).is_some()
}

/// `prepare` without the pool: for the demo town, which draws its photos, and for the fuzzer.
pub fn prepare_now(bytes: &[u8], limits: Limits) -> Result<Picture, Refused> {
    if bytes.len() as u64 > limits.bytes {
        return Err(Refused::TooLarge { limit: limits.bytes });
    }
    let decoded = decode(bytes, limits)?;
    let upright = flatten(decoded.image);
    let (width, height) = decoded.upright_size;
    Ok(Picture { sizes: encode_sizes(&upright)?, width, height, exif_position: decoded.position })
}

pub(crate) async fn seated<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    work_at(seat().await?, work).await
}

async fn seat() -> Result<SemaphorePermit<'static>, Refused> {
    // The semaphore is never closed; were it, refusing would be right.
    SEATS.acquire().await.map_err(|_| Refused::Broken)
}

/// The seat goes with the work: whoever hangs up leaves it behind, and it is free only when the work is over.
async fn work_at<T: Send + 'static>(
    seat: SemaphorePermit<'static>,
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    let working = move || {
        let _seat = seat;
        work()
    };
    tokio::task::spawn_blocking(working).await.unwrap_or(Err(Refused::Broken))
}

struct Decoded {
    /// Upright, and no larger than is needed for the sizes.
    image: DynamicImage,
    upright_size: (u32, u32),
    position: Option<Position>,
}

fn recognise(head: &[u8]) -> Option<ImageFormat> {
    match head {
        [0xFF, 0xD8, 0xFF, ..] => Some(ImageFormat::Jpeg),
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(ImageFormat::Png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(ImageFormat::WebP),
        _ => None,
    }
}

/// HEIF with HEVC inside (ISO/IEC 23008-12): the first box names the brand.
fn is_heic(head: &[u8]) -> bool {
    const BRANDS: [&[u8]; 8] = [b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"];
    head.get(4..8) == Some(b"ftyp") && head.get(8..12).is_some_and(|brand| BRANDS.contains(&brand))
}

fn decode(bytes: &[u8], limits: Limits) -> Result<Decoded, Refused> {
    let unknown = || if is_heic(bytes) { Refused::Heic } else { Refused::WrongType };
    let format = recognise(bytes).ok_or_else(unknown)?;
    if format == ImageFormat::Jpeg && !jpeg_has_an_end(bytes) {
        return Err(Refused::Broken);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut decoder_limits = image::Limits::default();
    decoder_limits.max_alloc = Some(limits.memory_bytes);
    reader.limits(decoder_limits);
    let mut decoder = reader.into_decoder().map_err(|error| refusal(&error))?;
    // Before a single pixel is decoded: the header alone says how much memory the file would like to have.
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels > limits.pixels || decoder.total_bytes() > limits.memory_bytes {
        return Err(Refused::TooManyPixels);
    }
    // Unreadable metadata is no reason to refuse the photo.
    let exif = decoder.exif_metadata().ok().flatten();
    let orientation = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let full = DynamicImage::from_decoder(decoder).map_err(|error| refusal(&error))?;
    // A fast box filter to twice the largest size first: the fine filter would want a full copy in floating point.
    let enough = SIZES[0].0 * 2;
    let mut image = if width.max(height) > enough { full.thumbnail(enough, enough) } else { full };
    image.apply_orientation(orientation);
    let upright_size = if lies_on_its_side(orientation) { (height, width) } else { (width, height) };
    Ok(Decoded { image, upright_size, position: exif.and_then(position_in) })
}

const fn lies_on_its_side(orientation: image::metadata::Orientation) -> bool {
    use image::metadata::Orientation as O;
    matches!(orientation, O::Rotate90 | O::Rotate270 | O::Rotate90FlipH | O::Rotate270FlipH)
}

fn refusal(error: &ImageError) -> Refused {
    match error {
        ImageError::Limits(_) => Refused::TooManyPixels,
        _ => Refused::Broken,
    }
}

/// The decoder paints the missing rest of a cut-off JPEG grey and calls it a success. Walks the segments to the scan
/// (thumbnails inside the metadata have ends of their own) and wants the end marker after it.
fn jpeg_has_an_end(bytes: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xDA;
    let mut at = 2;
    while let Some(&[marker, kind, high, low]) = bytes.get(at..at + 4).and_then(|four| four.first_chunk::<4>()) {
        if marker != 0xFF {
            return false;
        }
        if kind == 0xFF {
            // Fill bytes before a marker are allowed.
            at += 1;
            continue;
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
        if kind == START_OF_SCAN {
            return bytes.get(at..).is_some_and(|scan| scan.windows(2).any(|pair| pair == [0xFF, 0xD9]));
        }
    }
    false
}

/// On white, as paper would show it; JPEG knows no transparency.
fn flatten(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let rgba = image.into_rgba8();
    RgbImage::from_fn(rgba.width(), rgba.height(), |x, y| {
        let [r, g, b, a] = rgba.get_pixel(x, y).0;
        let a = u32::from(a);
        let on_white = |c: u8| u8::try_from((u32::from(c) * a + 255 * (255 - a)) / 255).unwrap_or(u8::MAX);
        image::Rgb([on_white(r), on_white(g), on_white(b)])
    })
}

/// Each size from the next larger one: the small ones then cost almost nothing.
fn encode_sizes(image: &RgbImage) -> Result<[Jpeg; 3], Refused> {
    let large = fit(image, SIZES[0].0);
    let medium = fit(&large, SIZES[1].0);
    let small = fit(&medium, SIZES[2].0);
    Ok([encode(&large, SIZES[0].1)?, encode(&medium, SIZES[1].1)?, encode(&small, SIZES[2].1)?])
}

fn fit(image: &RgbImage, longest: u32) -> RgbImage {
    let (width, height) = image.dimensions();
    let side = width.max(height);
    if side <= longest {
        return image.clone();
    }
    let scaled = |length: u32| {
        let exact = (u64::from(length) * u64::from(longest) + u64::from(side) / 2) / u64::from(side);
        u32::try_from(exact).unwrap_or(longest).max(1)
    };
    imageops::resize(image, scaled(width), scaled(height), FilterType::CatmullRom)
}

/// The encoder writes pixels and nothing else: no EXIF, no XMP, no colour profile.
fn encode(image: &RgbImage, quality: u8) -> Result<Jpeg, Refused> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality).encode_image(image).map_err(|_| Refused::Broken)?;
    Ok(Jpeg { bytes: bytes.into(), width: image.width(), height: image.height() })
}

/// Latitude and longitude from an EXIF block; `None` for anything incomplete. Exactly 0, 0 is what cameras write that
/// know nothing.
fn position_in(chunk: Vec<u8>) -> Option<Position> {
    let tiff = chunk.strip_prefix(b"Exif\0\0").map(<[u8]>::to_vec).unwrap_or(chunk);
    let exif = exif::Reader::new().read_raw(tiff).ok()?;
    let lat = degrees(&exif, exif::Tag::GPSLatitude, exif::Tag::GPSLatitudeRef, b'S')?;
    let lon = degrees(&exif, exif::Tag::GPSLongitude, exif::Tag::GPSLongitudeRef, b'W')?;
    if lat == 0.0 && lon == 0.0 {
        return None;
    }
    Position::new(lat, lon)
}

fn degrees(exif: &exif::Exif, value: exif::Tag, reference: exif::Tag, negative: u8) -> Option<f64> {
    let exif::Value::Rational(parts) = &exif.get_field(value, exif::In::PRIMARY)?.value else { return None };
    let [degrees, minutes, seconds] = parts.first_chunk::<3>()?;
    if [degrees, minutes, seconds].iter().any(|part| part.denom == 0) {
        return None;
    }
    let exif::Value::Ascii(reference) = &exif.get_field(reference, exif::In::PRIMARY)?.value else { return None };
    let sign = if reference.first()?.first()?.eq_ignore_ascii_case(&negative) { -1.0 } else { 1.0 };
    Some(sign * (degrees.to_f64() + minutes.to_f64() / 60.0 + seconds.to_f64() / 3600.0))
}

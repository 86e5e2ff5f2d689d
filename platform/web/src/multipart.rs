//! Multipart bodies, read with limits: number of parts, length of their names, text altogether. The parser keeps all that
//! arrives until it finds a boundary or the end of a part's head, and searches it again each time; so the body comes in
//! sips, and what lies between two parts may be only so long. Not here: what becomes of a file, see `upload`.

use crate::{
    Form, PageError, Visit,
    form::{FIELDS_MAX, TEXT_BYTES_MAX, harmless},
    upload,
};
use axum::{
    RequestExt,
    body::{Body, Bytes},
    extract::{Multipart, Request},
};
use http::header::CONTENT_LENGTH;
use http_body::Frame;
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

/// Ours are words.
const NAME_BYTES_MAX: usize = 200;
/// What may arrive before the first part, between two, and as the head of one.
const BETWEEN_BYTES_MAX: usize = 64 * 1024;
const SIP_BYTES: usize = 16 * 1024;
/// Inside a part everything that arrives comes out again.
const INSIDE: usize = usize::MAX;

pub async fn read(request: Request, visit: &Visit) -> Result<Form, PageError> {
    // Nobody holds a connection with a body that will be refused in the end.
    let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > visit.site.settings.form_bytes_max() as u64) {
        return Err(PageError::TooLarge);
    }
    let left = Arc::new(AtomicUsize::new(BETWEEN_BYTES_MAX));
    let sips = |body| Body::new(Sips { body, rest: Bytes::new(), is_pausing: false, left: Arc::clone(&left) });
    let request = request.map(sips);
    let mut multipart: Multipart =
        request.extract().await.map_err(|_| PageError::BadRequest("multipart without boundary"))?;
    let broken = |error| upload::broken(&error);
    let mut form = Form::default();
    let mut text_bytes = 0;
    loop {
        left.store(BETWEEN_BYTES_MAX, Ordering::Relaxed);
        let Some(mut field) = multipart.next_field().await.map_err(broken)? else { return Ok(form) };
        left.store(INSIDE, Ordering::Relaxed);
        let name = field.name().unwrap_or("").to_owned();
        if form.parts() >= FIELDS_MAX || name.len() > NAME_BYTES_MAX {
            return Err(PageError::TooManyWords);
        }
        if field.file_name().is_some() {
            if let Some(upload) = upload::receive(name, field, visit, form.uploads.len()).await? {
                form.uploads.push(upload);
            }
            continue;
        }
        text_bytes += name.len();
        let mut value = Vec::new();
        while let Some(chunk) = field.chunk().await.map_err(broken)? {
            text_bytes += chunk.len();
            if text_bytes > TEXT_BYTES_MAX {
                return Err(PageError::TooManyWords);
            }
            value.extend_from_slice(&chunk);
        }
        form.push(name, harmless(&String::from_utf8_lossy(&value)));
    }
}

/// A body in small pieces with a pause behind each: the parser reads as long as there is something, and only in the
/// pause does it look at what it has.
struct Sips {
    body: Body,
    rest: Bytes,
    is_pausing: bool,
    /// How much may still come until the next part.
    left: Arc<AtomicUsize>,
}

impl http_body::Body for Sips {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if std::mem::take(&mut self.is_pausing) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        while self.rest.is_empty() {
            match std::task::ready!(Pin::new(&mut self.body).poll_frame(context)) {
                Some(Ok(frame)) => self.rest = frame.into_data().unwrap_or_default(),
                end => return Poll::Ready(end),
            }
        }
        let length = self.rest.len().min(SIP_BYTES);
        let sip = self.rest.split_to(length);
        let left = self.left.load(Ordering::Relaxed);
        if left < length {
            return Poll::Ready(Some(Err(axum::Error::new("too much between two parts"))));
        }
        if left != INSIDE {
            self.left.store(left - length, Ordering::Relaxed);
        }
        self.is_pausing = true;
        Poll::Ready(Some(Ok(Frame::data(sip))))
    }
}

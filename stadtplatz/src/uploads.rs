//! Where uploads are kept, from the settings: the data folder, or an S3-compatible store named `s3+https://HOST/BUCKET`.
//! The store itself is `platform/files`. Invariant: the key travels encrypted, or does not leave this machine.

use crate::{address::without_secrets, config::Config};
use anyhow::{Context, bail, ensure};
use axum::http::Uri;
use std::net::IpAddr;

const REGION: &str = "us-east-1";

pub fn settings(config: &Config) -> files::Settings {
    files::Settings { s3: config.s3.clone(), ..files::Settings::below(&config.data) }
}

/// `address` as the operator wrote it: `s3+https://HOST[:PORT]/BUCKET[/PREFIX][?region=REGION]`.
pub fn s3(address: Option<&str>, key: Option<String>, secret: Option<String>) -> anyhow::Result<Option<files::S3>> {
    let Some(address) = address.map(str::trim).filter(|address| !address.is_empty()) else { return Ok(None) };
    let shown = without_secrets(address);
    let plain = address
        .strip_prefix("s3+")
        .filter(|rest| rest.starts_with("https://") || rest.starts_with("http://"))
        .with_context(|| format!("files = {shown} beginnt nicht mit s3+https://"))?;
    let uri: Uri = plain.parse().ok().with_context(|| format!("files = {shown} ist keine Adresse"))?;
    let authority = uri.authority().with_context(|| format!("files = {shown} nennt keinen Rechner"))?;
    if authority.as_str().contains('@') {
        bail!("files: Der Zugang gehört nicht in die Adresse, sondern in files_key und files_secret");
    }
    let endpoint = format!("{}://{authority}", uri.scheme_str().unwrap_or("https"));
    ensure!(
        endpoint.starts_with("https://") || is_this_machine(authority.host()),
        "files = {shown}: Unverschlüsselt geht es nur zu diesem Rechner; nehmen Sie s3+https://"
    );
    let path = uri.path().trim_matches('/');
    let (bucket, prefix) = path.split_once('/').unwrap_or((path, ""));
    ensure!(!bucket.is_empty(), "files = {shown} nennt keinen Bucket: s3+https://host/bucket");
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    ensure!(
        path.chars().all(fits) && !path.split('/').any(|step| step.is_empty() || step == "." || step == ".."),
        "files = {shown}: Bucket und Ordner bestehen aus Buchstaben, Ziffern, Punkt, - und _"
    );
    let (Some(key_id), Some(secret)) = (key.filter(|key| !key.is_empty()), secret.filter(|key| !key.is_empty())) else {
        bail!("files = {shown} braucht files_key und files_secret (STADTPLATZ_FILES_KEY, STADTPLATZ_FILES_SECRET)");
    };
    let region = region(uri.query()).with_context(|| format!("files = {shown} kennt nur die Angabe region"))?;
    let (bucket, prefix) = (bucket.to_owned(), prefix.to_owned());
    Ok(Some(files::S3 { endpoint, bucket, prefix, region, key_id, secret }))
}

/// `None` for anything that is not understood.
fn region(query: Option<&str>) -> Option<String> {
    match query {
        None | Some("") => Some(REGION.to_owned()),
        Some(query) => query.strip_prefix("region=").filter(|r| !r.is_empty() && !r.contains('&')).map(str::to_owned),
    }
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(address: &str) -> anyhow::Result<Option<files::S3>> {
        s3(Some(address), Some("stadt".to_owned()), Some("geheim".to_owned()))
    }

    #[test]
    fn an_address_names_server_bucket_folder_and_region() {
        let place = |address| {
            let s3 = read(address).unwrap().unwrap();
            (s3.endpoint, s3.bucket, s3.prefix, s3.region)
        };
        let table = [
            ("s3+https://s3.example/stadt", ("https://s3.example", "stadt", "", REGION)),
            ("s3+https://s3.example:9000/stadt/a/b/", ("https://s3.example:9000", "stadt", "a/b", REGION)),
            ("s3+https://s3.example/stadt?region=eu-1", ("https://s3.example", "stadt", "", "eu-1")),
            ("s3+http://127.0.0.1:9000/stadt", ("http://127.0.0.1:9000", "stadt", "", REGION)),
            ("s3+http://[::1]:9000/stadt", ("http://[::1]:9000", "stadt", "", REGION)),
            ("s3+http://localhost/stadt", ("http://localhost", "stadt", "", REGION)),
        ];
        for (address, (endpoint, bucket, prefix, region)) in table {
            let expected = (endpoint.to_owned(), bucket.to_owned(), prefix.to_owned(), region.to_owned());
            assert_eq!(place(address), expected, "{address}");
        }
        assert_eq!(s3(None, None, None).unwrap(), None);
        assert_eq!(s3(Some(" "), None, None).unwrap(), None);
    }

    #[test]
    fn mistakes_are_named_and_no_secret_is_repeated() {
        let table = [
            ("s3://s3.example/stadt", "s3+https://"),
            ("https://s3.example/stadt", "s3+https://"),
            ("s3+https://s3.example", "keinen Bucket"),
            ("s3+https://s3.example/a/../b", "Bucket und Ordner"),
            ("s3+https://s3.example/a%2Fb", "Bucket und Ordner"),
            ("s3+https://stadt:geheim@s3.example/stadt", "files_key"),
            ("s3+http://s3.example/stadt", "Unverschlüsselt"),
            ("s3+http://127.0.0.1.example/stadt", "Unverschlüsselt"),
            ("s3+http://10.0.0.5:9000/stadt", "Unverschlüsselt"),
            ("s3+https://s3.example/stadt?key=x", "region"),
        ];
        for (address, word) in table {
            let error = format!("{:#}", read(address).unwrap_err());
            assert!(error.contains(word) && !error.contains("geheim"), "{address}: {error}");
        }
        let keyless = s3(Some("s3+https://s3.example/stadt"), Some("stadt".to_owned()), None).unwrap_err();
        assert!(format!("{keyless:#}").contains("files_secret"));
    }
}

//! Attachments: kinds by content, names made harmless, header values nobody can break out of.

use crate::{
    Refused,
    attachment::{Kind, disposition, recognise, safe_name, shown_name},
};
use proptest::prelude::*;

/// The local header of a ZIP's first member, as writers of office documents make it.
fn zip(member: &str, content: &[u8]) -> Vec<u8> {
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend([0; 22]);
    bytes.extend(u16::try_from(member.len()).unwrap().to_le_bytes());
    bytes.extend([0, 0]);
    bytes.extend(member.as_bytes());
    bytes.extend(content);
    bytes
}

#[test]
fn kinds_are_told_by_content() {
    let odt = zip("mimetype", b"application/vnd.oasis.opendocument.textPK\x03\x04");
    let docx = zip("[Content_Types].xml", b"\x4b\x2c");
    let table: [(&[u8], &str, Kind); 7] = [
        (b"%PDF-1.7\n", "antrag.pdf", Kind::Pdf),
        // The name may lie, the content decides.
        (b"%PDF-1.7\n", "antrag.exe", Kind::Pdf),
        ("Grüße\n".as_bytes(), "brief.txt", Kind::Text),
        (&odt, "brief.ODT", Kind::Odt),
        (&docx, "brief.docx", Kind::Docx),
        (b"\xFF\xD8\xFF\xE0", "foto", Kind::Jpeg),
        (b"\x89PNG\r\n\x1a\n", "foto.png", Kind::Png),
    ];
    for (head, name, kind) in table {
        assert_eq!(recognise(head, name), Ok(kind), "{name}");
    }
}

#[test]
fn everything_else_is_refused() {
    let template = zip("mimetype", b"application/vnd.oasis.opendocument.text-templatePK\x03\x04");
    let apk = zip("AndroidManifest.xml", b"");
    let docx = zip("[Content_Types].xml", b"");
    let table: [(&[u8], &str); 12] = [
        (b"MZ\x90\0", "rechnung.pdf"),
        (b"\x7fELF", "foto.jpg"),
        (b"<html><script>", "seite.html"),
        (b"<svg onload=alert(1)>", "bild.svg"),
        (b"#!/bin/sh\n", "skript.sh"),
        (b"\x00\x01", "brief.txt"),
        (b"gr\xFC\xDFe", "brief.txt"),
        (b"", "leer.txt"),
        (b" %PDF-1.7", "antrag.pdf"),
        (&template, "brief.odt"),
        (&apk, "brief.docx"),
        (&docx, "makros.docm"),
    ];
    for (head, name) in table {
        assert_eq!(recognise(head, name), Err(Refused::WrongType), "{name}");
    }
}

#[test]
fn a_text_may_be_cut_within_a_letter() {
    let text = "Straße".as_bytes();
    assert_eq!(recognise(&text[..5], "brief.txt"), Ok(Kind::Text));
}

#[test]
fn names_are_made_harmless() {
    let table = [
        ("Antrag Müller.pdf", "Antrag Müller.pdf"),
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\Anna\\Antrag.PDF", "Antrag.pdf"),
        ("rechnung\u{202e}fdp.exe", "rechnungfdp.exe.pdf"),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie- x=1.pdf"),
        ("\"><script>.pdf", "---script-.pdf"),
        (".htaccess", "htaccess.pdf"),
        ("CON.pdf", "Datei.pdf"),
        ("com1", "Datei.pdf"),
        ("Komma.pdf", "Komma.pdf"),
        ("", "Datei.pdf"),
        ("...", "Datei.pdf"),
        ("/", "Datei.pdf"),
    ];
    for (name, safe) in table {
        assert_eq!(safe_name(name, Kind::Pdf), safe, "{name:?}");
    }
    assert_eq!(safe_name("foto.jpeg", Kind::Jpeg), "foto.jpeg");
    assert_eq!(safe_name(&"ü".repeat(500), Kind::Text).chars().count(), 84);
    assert_eq!(safe_name(".\u{a0}a", Kind::Pdf), "a.pdf");
}

#[test]
fn downloads_are_named_for_old_and_new_programs() {
    assert_eq!(
        disposition("Grüße aus Bindlach.pdf"),
        "attachment; filename=\"Gr__e aus Bindlach.pdf\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20aus%20Bindlach.pdf"
    );
}

proptest! {
    #[test]
    fn no_name_breaks_anything(name in any::<String>(), head in proptest::collection::vec(any::<u8>(), 0..64)) {
        let kind = recognise(&head, &name).unwrap_or(Kind::Pdf);
        let safe = safe_name(&name, kind);
        prop_assert!(!safe.contains(['/', '\\', '\0', '\r', '\n', '"', '<', '>', '\u{202e}']), "{safe:?}");
        prop_assert!(!safe.starts_with('.') && safe.chars().count() <= 90);
        prop_assert_eq!(&safe_name(&safe, kind), &safe, "cleaning twice changes nothing");
        let header = disposition(&name);
        prop_assert!(header.bytes().all(|b| (0x20..0x7f).contains(&b)));
        prop_assert_eq!(header.matches('"').count(), 2);
    }

    #[test]
    fn a_zip_header_may_lie_about_its_lengths(tail in proptest::collection::vec(any::<u8>(), 0..80)) {
        let head = [b"PK\x03\x04".as_slice(), &tail].concat();
        // Any answer is right as long as there is one.
        let _ = recognise(&head, "brief.odt");
        prop_assert!(recognise(&head, "brief.zip").is_err());
    }
}

#[test]
fn a_refused_file_is_named_as_its_owner_knows_it() {
    let names = [
        ("IMG_2047.HEIC", "IMG_2047.HEIC"),
        ("C:\\Fotos\\bild.png", "bild.png"),
        ("../../etc/passwd", "passwd"),
        ("a\u{202e}gnp.exe\0", "agnp.exe"),
        (" ", "Datei"),
        ("", "Datei"),
    ];
    for (given, shown) in names {
        assert_eq!(shown_name(given), shown, "{given:?}");
    }
    assert_eq!(shown_name(&"ä".repeat(500)).chars().count(), 80);
}

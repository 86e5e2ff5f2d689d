//! Which part of a film a browser wants: the `Range` header of one request. Pure. Only a single range of bytes is
//! answered in part; whoever asks for several gets the whole (RFC 9110, section 14.2 lets a server ignore the header).

/// What to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Whole,
    /// First byte and number of bytes, inside of the file.
    Part {
        from: u64,
        length: u64,
    },
    /// Nothing of the file is in the range: 416.
    Outside,
}

/// Reads `bytes=FROM-TO`, `bytes=FROM-` or `bytes=-LAST` for a file of this size.
pub fn wanted(header: Option<&str>, size: u64) -> Wanted {
    let Some((from, to)) =
        header.and_then(|text| text.trim().strip_prefix("bytes=")).and_then(|range| range.split_once('-'))
    else {
        return Wanted::Whole;
    };
    let number = |text: &str| -> Option<u64> {
        // `parse` would take a plus sign.
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten()
    };
    match (from.trim(), to.trim()) {
        ("", last) => match number(last) {
            Some(0) => Wanted::Outside,
            Some(last) if size > 0 => Wanted::Part { from: size.saturating_sub(last), length: last.min(size) },
            Some(_) => Wanted::Outside,
            None => Wanted::Whole,
        },
        (from, to) => match (number(from), to.is_empty(), number(to)) {
            (Some(from), _, _) if from >= size => Wanted::Outside,
            (Some(from), true, _) => Wanted::Part { from, length: size - from },
            (Some(from), false, Some(to)) if from <= to => Wanted::Part { from, length: to.min(size - 1) - from + 1 },
            _ => Wanted::Whole,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_cut_and_everything_else_is_whole_or_outside() {
        let part = |from, length| Wanted::Part { from, length };
        let table = [
            (None, Wanted::Whole),
            (Some("bytes=0-"), part(0, 100)),
            (Some("bytes=0-0"), part(0, 1)),
            (Some("bytes=10-19"), part(10, 10)),
            (Some("bytes=90-500"), part(90, 10)),
            (Some("bytes=-30"), part(70, 30)),
            (Some("bytes=-500"), part(0, 100)),
            (Some("bytes=-0"), Wanted::Outside),
            (Some("bytes=100-"), Wanted::Outside),
            (Some("bytes=20-10"), Wanted::Whole),
            (Some("bytes=0-1,5-6"), Wanted::Whole),
            (Some("bytes=x-"), Wanted::Whole),
            (Some("bytes=-"), Wanted::Whole),
            (Some("lines=1-2"), Wanted::Whole),
            (Some("bytes=99999999999999999999-"), Wanted::Whole),
        ];
        for (header, expected) in table {
            assert_eq!(wanted(header, 100), expected, "{header:?}");
        }
        assert_eq!(wanted(Some("bytes=-5"), 0), Wanted::Outside);
    }
}

//! Bytes as people compare them. One writer of hexadecimal for checksums and marks; nobody here reads it back.

/// Two lower-case digits for each byte.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|four| char::from(DIGITS[usize::from(four)])).collect()
}

#[cfg(test)]
mod tests {
    use super::hex;

    #[test]
    fn every_byte_has_two_digits() {
        assert_eq!(hex(&[]), "");
        assert_eq!(hex(&[0x00, 0x0f, 0xa0, 0xff]), "000fa0ff");
        let all: Vec<u8> = (0..=255).collect();
        let standard: String = all.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex(&all), standard);
    }
}

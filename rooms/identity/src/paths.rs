//! Where a person may be sent back to after signing in or choosing a language: only to pages of this town. Pure.

/// The path, if it is root-relative and cannot be read as another host by any browser. Backslashes count as slashes
/// for browsers, and control characters are dropped by some before they look.
pub fn own_path(path: &str) -> Option<&str> {
    let tame = path.len() <= 2_000 && !path.contains('\\') && !path.chars().any(char::is_control);
    (tame && path.starts_with('/') && !path.starts_with("//")).then_some(path)
}

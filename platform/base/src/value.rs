//! The few kinds of values that mean the same on SQLite and PostgreSQL. `platform/db` translates them to the drivers;
//! rooms give their own types a meaning by `ToValue` and `FromValue`, without knowing a driver.

use uuid::Uuid;

/// One value on its way into or out of a database.
///
/// Columns are declared `BIGINT`, `DOUBLE PRECISION`, `BOOLEAN`, `TEXT`, `BYTEA` or `UUID`; times are `BIGINT`
/// microseconds, money is `BIGINT` cents, JSON is `TEXT`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Real(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Uuid(Uuid),
}

impl Value<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Value::Null => "NULL",
            Value::Bool(_) => "BOOLEAN",
            Value::Int(_) => "BIGINT",
            Value::Real(_) => "DOUBLE PRECISION",
            Value::Text(_) => "TEXT",
            Value::Bytes(_) => "BYTEA",
            Value::Uuid(_) => "UUID",
        }
    }
}

/// A column held something else than the program expects; never carries the content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found {found}")]
pub struct WrongType {
    pub expected: &'static str,
    pub found: &'static str,
}

impl WrongType {
    pub fn new(expected: &'static str, found: &Value<'_>) -> Self {
        Self { expected, found: found.kind() }
    }
}

pub trait ToValue: Sync {
    fn to_value(&self) -> Value<'_>;
}

pub trait FromValue: Sized {
    fn from_value(value: Value<'_>) -> Result<Self, WrongType>;
}

macro_rules! direct {
    ($type:ty, $kind:literal, |$this:ident| $to:expr, $($pattern:pat => $from:expr),+) => {
        impl ToValue for $type {
            fn to_value(&self) -> Value<'_> {
                let $this = self;
                $to
            }
        }
        impl FromValue for $type {
            fn from_value(value: Value<'_>) -> Result<Self, WrongType> {
                match value {
                    $($pattern => Ok($from),)+
                    other => Err(WrongType::new($kind, &other)),
                }
            }
        }
    };
}

// SQLite has no boolean: it answers 0 or 1. Nor a UUID: it answers 16 bytes.
direct!(bool, "BOOLEAN", |v| Value::Bool(*v), Value::Bool(b) => b, Value::Int(0) => false, Value::Int(1) => true);
direct!(i64, "BIGINT", |v| Value::Int(*v), Value::Int(i) => i);
direct!(f64, "DOUBLE PRECISION", |v| Value::Real(*v), Value::Real(r) => r, Value::Int(i) => {
    #[expect(clippy::cast_precision_loss, reason = "SQLite may store 2.0 as the integer 2")]
    let real = i as f64;
    real
});
direct!(String, "TEXT", |v| Value::Text(v), Value::Text(t) => t.to_owned());
direct!(Vec<u8>, "BYTEA", |v| Value::Bytes(v), Value::Bytes(b) => b.to_vec());

impl ToValue for Uuid {
    fn to_value(&self) -> Value<'_> {
        Value::Uuid(*self)
    }
}

impl FromValue for Uuid {
    fn from_value(value: Value<'_>) -> Result<Self, WrongType> {
        match value {
            Value::Uuid(id) => Ok(id),
            Value::Bytes(bytes) => Uuid::from_slice(bytes).map_err(|_| WrongType::new("UUID", &value)),
            other => Err(WrongType::new("UUID", &other)),
        }
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value<'_> {
        Value::Bytes(self)
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value<'_> {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value<'_>) -> Result<Self, WrongType> {
        match value {
            Value::Null => Ok(None),
            other => T::from_value(other).map(Some),
        }
    }
}

/// Declares an enum that is stored as a stable word: `stored_words!(pub enum State { Received = "received", … });`
/// An unknown word in a column is a `WrongType`, not a panic.
#[macro_export]
macro_rules! stored_words {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $($(#[$inner])* $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stored word; it never changes, unlike the people's text for it.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
        impl $crate::ToValue for $name {
            fn to_value(&self) -> $crate::Value<'_> {
                $crate::Value::Text(self.word())
            }
        }
        impl $crate::FromValue for $name {
            fn from_value(value: $crate::Value<'_>) -> Result<Self, $crate::WrongType> {
                match value {
                    $crate::Value::Text(word) => Self::from_word(word)
                        .ok_or($crate::WrongType { expected: stringify!($name), found: "an unknown word" }),
                    other => Err($crate::WrongType::new(stringify!($name), &other)),
                }
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_shapes_are_understood() {
        assert_eq!(bool::from_value(Value::Int(1)), Ok(true));
        assert!(bool::from_value(Value::Int(2)).is_err());
        assert_eq!(Option::<i64>::from_value(Value::Null), Ok(None));
        let id = Uuid::from_u128(5);
        assert_eq!(Uuid::from_value(Value::Bytes(id.as_bytes())), Ok(id));
    }

    #[test]
    fn a_wrong_type_names_kinds_not_contents() {
        let wrong = i64::from_value(Value::Text("Anna Beispiel")).unwrap_err();
        assert_eq!(wrong.to_string(), "expected BIGINT, found TEXT");
    }
}

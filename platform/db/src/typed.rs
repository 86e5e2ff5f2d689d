//! Values on their way to PostgreSQL and back, for the house's few types only. Not here: what they mean, that is in `base`.
//! Invariant: a value never becomes part of a message or of an error.

use crate::{
    DbError,
    tx::{Args, storable},
};
use base::{FromValue, Value};
use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};
use uuid::Uuid;

pub(crate) fn bind<'a>(args: &'a Args<'_>) -> Result<Vec<Bound<'a>>, DbError> {
    (1..=args.len())
        .map(|number| {
            let value = args.value(number);
            storable(&value)?;
            Ok(Bound(value))
        })
        .collect()
}

/// A value on its way into a statement. The driver logs arguments by `Debug`, so that shows nothing.
pub(crate) struct Bound<'a>(Value<'a>);

impl std::fmt::Debug for Bound<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// A value of a statement that is sent ahead: its text or bytes are copied.
pub(crate) enum Kept {
    Plain(Value<'static>),
    Text(String),
    Bytes(Vec<u8>),
}

impl Kept {
    pub fn bound(&self) -> Bound<'_> {
        Bound(match self {
            Self::Plain(value) => *value,
            Self::Text(text) => Value::Text(text),
            Self::Bytes(bytes) => Value::Bytes(bytes),
        })
    }
}

pub(crate) fn keep(args: &Args<'_>) -> Result<Vec<Kept>, DbError> {
    let kept = |Bound(value): Bound<'_>| match value {
        Value::Text(text) => Kept::Text(text.to_owned()),
        Value::Bytes(bytes) => Kept::Bytes(bytes.to_vec()),
        Value::Null => Kept::Plain(Value::Null),
        Value::Bool(b) => Kept::Plain(Value::Bool(b)),
        Value::Int(i) => Kept::Plain(Value::Int(i)),
        Value::Real(r) => Kept::Plain(Value::Real(r)),
        Value::Uuid(id) => Kept::Plain(Value::Uuid(id)),
    };
    Ok(bind(args)?.into_iter().map(kept).collect())
}

#[derive(Debug, thiserror::Error)]
#[error("a value does not fit a parameter of type {0}")]
pub(crate) struct Misfit(String);

type Boxed = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Bound<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Boxed> {
        match (&self.0, ty) {
            (Value::Null, _) => return Ok(IsNull::Yes),
            (Value::Bool(b), &Type::BOOL) => out.put_u8(u8::from(*b)),
            (Value::Int(i), &Type::INT8) => out.put_i64(*i),
            (Value::Int(i), &Type::INT4) => out.put_i32(i32::try_from(*i)?),
            (Value::Int(i), &Type::INT2) => out.put_i16(i16::try_from(*i)?),
            (Value::Int(i), &Type::FLOAT8) => {
                #[expect(clippy::cast_precision_loss, reason = "a whole number for a column of real numbers")]
                out.put_f64(*i as f64);
            }
            (Value::Real(r), &Type::FLOAT8) => out.put_f64(*r),
            (Value::Text(t), &(Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN)) => {
                out.put_slice(t.as_bytes());
            }
            (Value::Bytes(b), &Type::BYTEA) => out.put_slice(b),
            (Value::Uuid(id), &Type::UUID) => out.put_slice(id.as_bytes()),
            _ => return Err(Box::new(Misfit(ty.name().to_owned()))),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Boxed> {
        self.to_sql(ty, out)
    }
}

/// A column on its way out.
struct Column<'a>(Value<'a>);

impl<'a> FromSql<'a> for Column<'a> {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Boxed> {
        Ok(Self(match *ty {
            Type::BOOL => Value::Bool(bool::from_sql(ty, raw)?),
            Type::INT8 => Value::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Value::Int(i64::from(i32::from_sql(ty, raw)?)),
            Type::INT2 => Value::Int(i64::from(i16::from_sql(ty, raw)?)),
            Type::FLOAT8 => Value::Real(f64::from_sql(ty, raw)?),
            Type::FLOAT4 => Value::Real(f64::from(f32::from_sql(ty, raw)?)),
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
                Value::Text(<&str>::from_sql(ty, raw)?)
            }
            Type::BYTEA => Value::Bytes(raw),
            Type::UUID => Value::Uuid(Uuid::from_slice(raw)?),
            _ => return Err(Box::new(Misfit(ty.name().to_owned()))),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Self, Boxed> {
        Ok(Self(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

pub(crate) fn column<V: FromValue>(row: &tokio_postgres::Row, index: usize) -> Result<V, DbError> {
    let Column(value) = row.try_get(index).map_err(|_| {
        let ty = row.columns().get(index).map_or("missing", |column| column.type_().name());
        DbError::WrongShape(format!("column {index} of type {ty} cannot be read: CAST it to one of the house's types"))
    })?;
    V::from_value(value).map_err(|wrong| DbError::WrongShape(format!("column {index}: {wrong}")))
}

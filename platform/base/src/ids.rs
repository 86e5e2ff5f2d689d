//! Ids are types: a `CaseId` never stands where an `OrgUnitId` is meant. All are UUID v7, so newer ids sort later
//! and a primary key pages by key set for free.

use crate::{Chance, Clock, Moment};
use uuid::Uuid;

/// Makes a new UUID v7 from the injected clock and chance.
pub fn new_id(clock: &dyn Clock, chance: &dyn Chance) -> Uuid {
    let mut random = [0u8; 10];
    chance.fill(&mut random);
    let millis = u64::try_from(clock.now().micros() / 1_000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

/// Before every id made at this moment or later, and after every one made a millisecond earlier: a bound for reading
/// tables by age along their key.
pub fn first_id_of(moment: Moment) -> Uuid {
    let millis = u128::try_from(moment.micros() / 1_000).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

/// Declares an id type around a UUID: `typed_id!(/// Vorgang … pub struct CaseId);`
#[macro_export]
macro_rules! typed_id {
    ($(#[$meta:meta])* $vis:vis struct $name:ident) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis struct $name(pub $crate::uuid::Uuid);

        impl $name {
            /// Reads the id from a path or form value; `None` if it is no UUID.
            pub fn parse(text: &str) -> Option<Self> {
                $crate::uuid::Uuid::try_parse(text).ok().map(Self)
            }
        }
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.fmt(f)
            }
        }
        impl $crate::ToValue for $name {
            fn to_value(&self) -> $crate::Value<'_> {
                $crate::Value::Uuid(self.0)
            }
        }
        impl $crate::FromValue for $name {
            fn from_value(value: $crate::Value<'_>) -> Result<Self, $crate::WrongType> {
                <$crate::uuid::Uuid as $crate::FromValue>::from_value(value).map(Self)
            }
        }
    };
}

typed_id!(
    /// Gemeinde: the tenant. First column of every room table.
    pub struct MunicipalityId
);
typed_id!(
    /// Amt, Fachbereich or Team: a node of the town's tree of offices.
    pub struct OrgUnitId
);
typed_id!(
    /// Nutzerkonto: a person who can sign in.
    pub struct AccountId
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Moment, SeededChance, TurnedClock};

    #[test]
    fn later_ids_sort_later() {
        let (clock, chance) = (TurnedClock::at(Moment::from_micros(1_700_000_000_000_000)), SeededChance::new(1));
        let first = new_id(&clock, &chance);
        clock.advance_seconds(1);
        assert!(first < new_id(&clock, &chance));
        assert_eq!(first.get_version_num(), 7);
    }
}

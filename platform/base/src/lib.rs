//! What every room stands on: ids, time, chance, the values a database understands, who acts and what they may do.
//! Pure: no IO, no async, no driver, no HTML. Nothing here knows a room.

mod actor;
mod calendar;
mod chance;
mod geo;
mod hex;
mod ids;
mod moment;
mod value;

pub use actor::{Actor, Grant, Permission, Scope, StaffActor, may};
pub use calendar::{Land, UnknownLand, WorkingDays, easter_sunday, is_public_holiday};
pub use chance::{Chance, SeededChance, SystemChance};
pub use geo::{Bounds, Position};
pub use hex::hex;
pub use ids::{AccountId, MunicipalityId, OrgUnitId, first_id_of, new_id};
pub use moment::{Clock, Moment, SystemClock, TurnedClock};
pub use value::{FromValue, ToValue, Value, WrongType};

// The macros of this crate name their own dependencies through this door.
#[doc(hidden)]
pub use uuid;

//! The one list of rooms. Their order is the order of the navigation, of migrations and of the desk's rail; a room
//! stands after those it depends on. To remove a room, delete its folder and its line.

use web::Rooms;

pub fn rooms() -> Rooms {
    [identity::room(), places::room(), cases::room(), reports::room(), guide::room()].into()
}

/// All migrations: the kit's, then each room's.
pub fn migrations(rooms: &Rooms) -> Vec<db::Migrations> {
    let own = std::iter::once(("web", web::MIGRATIONS));
    own.chain(rooms.iter().map(|room| (room.name, room.migrations))).collect()
}

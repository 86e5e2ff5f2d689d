//! Figures beside their budgets, as a table for people. The budgets are those of the house's law; a figure without one
//! is shown all the same.

use super::drive::Measured;
use std::fmt::Write as _;

/// What a load may cost, in microseconds of server and database together; on SQLite and on PostgreSQL.
pub enum Budget {
    Each(f64, f64),
    /// At least this part of what bare hello serves.
    Hello(f64),
    /// Each may cost so much, and as many a second as the disk syncs for one writer.
    Durable(f64, f64),
}

/// A load, and bare hello right before and after.
pub struct Row {
    pub ours: Measured,
    pub hello: [Measured; 2],
    pub budget: Budget,
}

/// Of one run: on which database, and what the disk gave.
pub struct Ground {
    pub postgres: bool,
    pub syncs: f64,
}

impl Row {
    fn hello_per_second(&self) -> f64 {
        (self.hello[0].per_second + self.hello[1].per_second) / 2.0
    }

    /// The budget in words, and whether it is met.
    fn judged(&self, ground: &Ground) -> (String, &'static str) {
        let yes_no = |met| if met { "yes" } else { "**no**" };
        let cost = self.ours.server + self.ours.database;
        let of = |sqlite: f64, postgres: f64| if ground.postgres { postgres } else { sqlite };
        match self.budget {
            Budget::Each(sqlite, postgres) => {
                let most = of(sqlite, postgres);
                (format!("≤ {most:.0} µs"), yes_no(cost <= most))
            }
            Budget::Hello(part) => {
                let reached = self.ours.per_second / self.hello_per_second();
                (format!("≥ {part} × hello ({reached:.2})"), yes_no(reached >= part))
            }
            Budget::Durable(sqlite, postgres) => {
                let most = of(sqlite, postgres);
                let rate = if ground.postgres { 0.0 } else { ground.syncs };
                let words = if rate > 0.0 { format!(", ≥ {rate:.0}/s") } else { String::new() };
                (format!("≤ {most:.0} µs{words}"), yes_no(cost <= most && self.ours.per_second >= rate))
            }
        }
    }
}

pub fn table(rows: &[Row], ground: &Ground) -> String {
    let mut text =
        "| load | req/s | p50 | p99 | µs server | µs database | budget | met | hello req/s | foreign | failed |\n\
                    |---|---|---|---|---|---|---|---|---|---|---|\n"
            .to_owned();
    for row in rows {
        let (budget, met) = row.judged(ground);
        let it = &row.ours;
        // Writing to a text does not fail.
        let _ = writeln!(
            text,
            "| {} | {:.0} | {} | {} | {:.0} | {:.0} | {budget} | {met} | {:.0} | {:.0} % | {} |",
            it.name,
            it.per_second,
            it.p50,
            it.p99,
            it.server,
            it.database,
            row.hello_per_second(),
            it.foreign,
            it.failed,
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(per_second: f64, server: f64, database: f64) -> Measured {
        let (name, p50, p99) = ("x".to_owned(), "1ms".to_owned(), "2ms".to_owned());
        Measured { name, per_second, p50, p99, server, database, foreign: 1.0, failed: 0 }
    }

    #[test]
    fn budgets_are_judged_by_the_database_and_the_disk() {
        let row = |budget| Row {
            ours: measured(500.0, 100.0, 50.0),
            hello: [measured(900.0, 1.0, 0.0), measured(1_100.0, 1.0, 0.0)],
            budget,
        };
        let (sqlite, postgres) = (Ground { postgres: false, syncs: 600.0 }, Ground { postgres: true, syncs: 600.0 });
        assert_eq!(row(Budget::Each(120.0, 350.0)).judged(&sqlite).1, "**no**");
        assert_eq!(row(Budget::Each(120.0, 350.0)).judged(&postgres).1, "yes");
        assert_eq!(row(Budget::Hello(0.5)).judged(&sqlite).1, "yes");
        assert_eq!(row(Budget::Durable(150.0, 1_000.0)).judged(&sqlite).1, "**no**");
        assert_eq!(row(Budget::Durable(150.0, 1_000.0)).judged(&postgres).1, "yes");
    }
}

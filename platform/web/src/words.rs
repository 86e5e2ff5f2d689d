//! Times, distances and counts as people say them, in German and English. Pure: `now` is a parameter. Every place that
//! shows a relative time also shows the absolute one.

use crate::texts::Lang;
use base::Moment;
use jiff::civil::{Date, Weekday};

const DAYS_DE: [&str; 7] = ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"];
const DAYS_EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS_DE: [&str; 12] = [
    "Januar",
    "Februar",
    "März",
    "April",
    "Mai",
    "Juni",
    "Juli",
    "August",
    "September",
    "Oktober",
    "November",
    "Dezember",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

fn index(number: i8) -> usize {
    usize::try_from(number).unwrap_or(1).saturating_sub(1)
}

pub fn weekday(lang: Lang, day: Weekday) -> &'static str {
    let names = if lang == Lang::De { &DAYS_DE } else { &DAYS_EN };
    names.get(index(day.to_monday_one_offset())).copied().unwrap_or("")
}

/// "Dienstag, 25. November" / "Tuesday, 25 November"; with the year when it is not this one.
pub fn date(lang: Lang, day: Date, today: Date) -> String {
    let year = if day.year() == today.year() { String::new() } else { format!(" {}", day.year()) };
    format!("{}, {}{year}", weekday(lang, day.weekday()), day_and_month(lang, day))
}

fn day_and_month(lang: Lang, day: Date) -> String {
    let months = if lang == Lang::De { &MONTHS_DE } else { &MONTHS_EN };
    let month = months.get(index(day.month())).copied().unwrap_or("");
    if lang == Lang::De { format!("{}. {month}", day.day()) } else { format!("{} {month}", day.day()) }
}

/// "25.11.2026": for tables and printed pages.
pub fn short_date(day: Date) -> String {
    format!("{:02}.{:02}.{}", day.day(), day.month(), day.year())
}

/// "22.11.2026, 18:46 Uhr" (English: "22.11.2026, 18:46").
pub fn date_time(lang: Lang, moment: Moment) -> String {
    let local = moment.local();
    let clock = if lang == Lang::De { " Uhr" } else { "" };
    format!("{}, {:02}:{:02}{clock}", short_date(local.date()), local.hour(), local.minute())
}

/// "heute, 16:00", "gestern, 09:02", "morgen, 12:00", else "Di., 25. Nov., 16:00".
pub fn when(lang: Lang, moment: Moment, now: Moment) -> String {
    let local = moment.local();
    let clock = format!("{:02}:{:02}", local.hour(), local.minute());
    format!("{}, {clock}", near_day(lang, moment.date(), now.date()))
}

/// "heute", "gestern", "morgen", else "Di., 25. Nov." (with the year when it is another).
pub fn near_day(lang: Lang, day: Date, today: Date) -> String {
    let german = lang == Lang::De;
    match today.until(day).map_or(i32::MAX, |span| span.get_days()) {
        0 if german => "heute".to_owned(),
        0 => "today".to_owned(),
        -1 if german => "gestern".to_owned(),
        -1 => "yesterday".to_owned(),
        1 if german => "morgen".to_owned(),
        1 => "tomorrow".to_owned(),
        _ => {
            let name = weekday(lang, day.weekday());
            let months = if german { &MONTHS_DE } else { &MONTHS_EN };
            let month = months.get(index(day.month())).copied().unwrap_or("");
            let short = if month.chars().count() > 4 {
                format!("{}.", month.chars().take(3).collect::<String>())
            } else {
                month.to_owned()
            };
            let year = if day.year() == today.year() { String::new() } else { format!(" {}", day.year()) };
            if german {
                format!("{}., {}. {short}{year}", name.chars().take(2).collect::<String>(), day.day())
            } else {
                format!("{} {} {short}{year}", name.chars().take(3).collect::<String>(), day.day())
            }
        }
    }
}

/// "vor 5 Minuten", "vor 2 Tagen", "vor 3 Monaten"; the future counts as now. After a whole day the days of the calendar
/// count, as for everything else that names a day: what is said changes at midnight, not with the minute.
pub fn ago(lang: Lang, moment: Moment, now: Moment) -> String {
    let seconds = now.seconds_since(moment).max(0);
    let days = i64::from(moment.date().until(now.date()).map_or(0, |span| span.get_days()));
    let (count, one_de, many_de, one_en, many_en) = match seconds {
        0..60 => return if lang == Lang::De { "gerade eben".to_owned() } else { "just now".to_owned() },
        60..3_600 => (seconds / 60, "Minute", "Minuten", "minute", "minutes"),
        3_600..86_400 => (seconds / 3_600, "Stunde", "Stunden", "hour", "hours"),
        // The day on which clocks go back has 25 hours.
        _ if days < 60 => (days.max(1), "Tag", "Tagen", "day", "days"),
        _ if days < 730 => (days / 30, "Monat", "Monaten", "month", "months"),
        _ => (days / 365, "Jahr", "Jahren", "year", "years"),
    };
    match (lang, count) {
        (Lang::De, 1) => format!("vor 1 {one_de}"),
        (Lang::De, _) => format!("vor {count} {many_de}"),
        (Lang::En, 1) => format!("1 {one_en} ago"),
        (Lang::En, _) => format!("{count} {many_en} ago"),
    }
}

/// "12 m", "340 m", "1,2 km".
pub fn distance(lang: Lang, metres: f64) -> String {
    if metres < 1_000.0 {
        return format!("{metres:.0} m");
    }
    let text = format!("{:.1} km", metres / 1_000.0);
    if lang == Lang::De { text.replace('.', ",") } else { text }
}

/// "3,2 Tage" from seconds.
pub fn days(lang: Lang, seconds: i64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a duration of some days needs no more than a tenth")]
    let days = seconds as f64 / 86_400.0;
    let number = format!("{days:.1}");
    match lang {
        Lang::De => format!("{} Tage", number.replace('.', ",")),
        Lang::En => format!("{number} days"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as day;

    #[test]
    fn near_days_have_names() {
        let now = Moment::at(day(2026, 11, 22), 18, 46);
        assert_eq!(when(Lang::De, Moment::at(day(2026, 11, 22), 16, 0), now), "heute, 16:00");
        assert_eq!(when(Lang::De, Moment::at(day(2026, 11, 21), 9, 2), now), "gestern, 09:02");
        assert_eq!(when(Lang::En, Moment::at(day(2026, 11, 23), 9, 2), now), "tomorrow, 09:02");
        assert_eq!(when(Lang::De, Moment::at(day(2026, 11, 26), 16, 0), now), "Do., 26. Nov., 16:00");
        assert_eq!(when(Lang::De, Moment::at(day(2027, 5, 4), 8, 0), now), "Di., 4. Mai 2027, 08:00");
    }

    #[test]
    fn spans_are_said_as_people_say_them() {
        let now = Moment::at(day(2026, 11, 22), 12, 0);
        let cases = [(5, "gerade eben"), (60, "vor 1 Minute"), (7_200, "vor 2 Stunden"), (172_800, "vor 2 Tagen")];
        for (seconds, words) in cases {
            assert_eq!(ago(Lang::De, now.plus_seconds(-seconds), now), words);
        }
        assert_eq!(ago(Lang::En, now.plus_days(-90), now), "3 months ago");
    }

    #[test]
    fn from_the_second_day_on_the_days_of_the_calendar_count() {
        let at = |day_of_month, hour, minute| Moment::at(day(2026, 3, day_of_month), hour, minute);
        let cases = [
            // Less than a day ago, although it was yesterday.
            (at(24, 23, 30), at(25, 22, 30), "vor 23 Stunden"),
            (at(24, 8, 0), at(25, 8, 0), "vor 1 Tag"),
            // One evening, told in the morning and in the evening five days later.
            (at(20, 18, 0), at(25, 9, 0), "vor 5 Tagen"),
            (at(20, 18, 0), at(25, 20, 0), "vor 5 Tagen"),
            (at(20, 18, 0), at(24, 23, 59), "vor 4 Tagen"),
            // The night in which the clock goes forward is an hour shorter.
            (at(28, 0, 30), at(29, 0, 30), "vor 1 Tag"),
            (at(28, 12, 0), at(29, 12, 0), "vor 23 Stunden"),
            (at(28, 12, 0), at(30, 0, 30), "vor 2 Tagen"),
            // That in which it goes back is an hour longer: a whole day, and still the same date.
            (Moment::at(day(2026, 10, 25), 0, 30), Moment::at(day(2026, 10, 25), 23, 30), "vor 1 Tag"),
        ];
        for (moment, now, words) in cases {
            assert_eq!(ago(Lang::De, moment, now), words, "{moment:?} {now:?}");
        }
    }

    #[test]
    fn numbers_follow_the_language() {
        assert_eq!(distance(Lang::De, 1_234.0), "1,2 km");
        assert_eq!(days(Lang::De, 276_480), "3,2 Tage");
        assert_eq!(days(Lang::En, 276_480), "3.2 days");
        assert_eq!(date(Lang::De, day(2026, 11, 25), day(2026, 11, 22)), "Mittwoch, 25. November");
    }
}

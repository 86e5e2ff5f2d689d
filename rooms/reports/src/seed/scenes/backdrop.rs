//! What stands around in every picture: sky, hills, houses, trees, grass, roads. Not the damage itself. All functions
//! draw over the whole width unless they take a place.

use super::brush::{Brush, HEIGHT, WIDTH};

pub fn sky(b: &mut Brush, top: u32, low: u32) {
    b.fade(0.0, 0.0, WIDTH, 620.0, top, low);
}

/// A friendly day with a few clouds.
pub fn day(b: &mut Brush) {
    sky(b, 0x8FC3E8, 0xEAF4F4);
    for (x, y, s) in [(210.0, 130.0, 1.0), (760.0, 90.0, 1.35), (1050.0, 210.0, 0.8)] {
        cloud(b, x, y, s);
    }
}

/// Grey, a little damp.
pub fn grey_day(b: &mut Brush) {
    sky(b, 0xAEBBC6, 0xE4E7E6);
    for (x, y, s) in [(160.0, 90.0, 1.7), (620.0, 140.0, 1.9), (1040.0, 80.0, 1.6)] {
        cloud(b, x, y, s);
    }
}

fn cloud(b: &mut Brush, x: f32, y: f32, s: f32) {
    let soft = (0xFFFFFF, 0.55);
    b.oval(x, y, 90.0 * s, 22.0 * s, soft);
    b.circle(x - 30.0 * s, y - 14.0 * s, 30.0 * s, soft);
    b.circle(x + 18.0 * s, y - 22.0 * s, 38.0 * s, soft);
    b.circle(x + 52.0 * s, y - 8.0 * s, 24.0 * s, soft);
}

pub fn hills(b: &mut Brush, y: f32, far: u32, near: u32) {
    b.blob(
        &[
            (-200.0, y + 10.0),
            (120.0, y - 90.0),
            (420.0, y - 30.0),
            (760.0, y - 110.0),
            (1120.0, y - 40.0),
            (1400.0, y - 70.0),
            (1400.0, y + 200.0),
            (-200.0, y + 200.0),
        ],
        far,
    );
    b.blob(
        &[
            (-200.0, y - 20.0),
            (260.0, y - 10.0),
            (560.0, y - 62.0),
            (900.0, y - 8.0),
            (1400.0, y - 50.0),
            (1400.0, y + 220.0),
            (-200.0, y + 220.0),
        ],
        near,
    );
}

/// A tree with a round crown; `y` is its foot, `s` 1 for one of about 300 pixels.
pub fn tree(b: &mut Brush, x: f32, y: f32, s: f32, crown: u32) {
    b.shadow(x, y + 4.0 * s, 90.0 * s, 14.0 * s);
    b.poly(
        &[(x - 14.0 * s, y), (x - 8.0 * s, y - 150.0 * s), (x + 8.0 * s, y - 150.0 * s), (x + 14.0 * s, y)],
        0x6B4F3A,
    );
    b.line(&[(x, y - 110.0 * s), (x - 40.0 * s, y - 170.0 * s)], 8.0 * s, 0x6B4F3A);
    b.line(&[(x, y - 125.0 * s), (x + 38.0 * s, y - 180.0 * s)], 8.0 * s, 0x6B4F3A);
    let leaves =
        [(0.0, -225.0, 88.0), (-68.0, -190.0, 62.0), (66.0, -196.0, 64.0), (-30.0, -260.0, 60.0), (40.0, -262.0, 56.0)];
    for (dx, dy, r) in leaves {
        b.circle(x + dx * s, y + dy * s, r * s, crown);
    }
    for (dx, dy, r) in [(-20.0, -260.0, 40.0), (34.0, -232.0, 34.0), (-70.0, -206.0, 26.0)] {
        b.circle(x + dx * s, y + dy * s, r * s, (0xFFFFF0, 0.13));
    }
    b.circle(x + 30.0 * s, y - 176.0 * s, 44.0 * s, (0x0B2A1E, 0.13));
}

/// Without leaves: for winter and November.
pub fn bare_tree(b: &mut Brush, x: f32, y: f32, s: f32) {
    let bark = 0x5B4A40;
    b.poly(&[(x - 15.0 * s, y), (x - 6.0 * s, y - 190.0 * s), (x + 6.0 * s, y - 190.0 * s), (x + 15.0 * s, y)], bark);
    for (dx, dy, w) in [(-90.0, -290.0, 9.0), (80.0, -300.0, 9.0), (-30.0, -340.0, 8.0), (30.0, -350.0, 7.0)] {
        b.bow((x, y - 150.0 * s), (x + dx * 0.2 * s, y - 230.0 * s), (x + dx * s, y + dy * s), w * s, bark);
        b.line(
            &[(x + dx * 0.6 * s, y + dy * 0.82 * s), (x + (dx * 0.6 + 46.0) * s, y + (dy - 14.0) * s)],
            4.0 * s,
            bark,
        );
        b.line(
            &[(x + dx * 0.72 * s, y + dy * 0.88 * s), (x + (dx * 0.72 - 44.0) * s, y + (dy - 26.0) * s)],
            4.0 * s,
            bark,
        );
    }
}

pub fn bush(b: &mut Brush, x: f32, y: f32, s: f32, leaf: u32) {
    for (dx, dy, r) in [(-56.0, -26.0, 36.0), (0.0, -44.0, 52.0), (58.0, -28.0, 40.0), (24.0, -20.0, 40.0)] {
        b.circle(x + dx * s, y + dy * s, r * s, leaf);
    }
    b.circle(x - 12.0 * s, y - 60.0 * s, 24.0 * s, (0xFFFFF0, 0.14));
    b.rect(x - 90.0 * s, y - 14.0 * s, 186.0 * s, 14.0 * s, (0x0B2A1E, 0.12));
}

pub fn meadow(b: &mut Brush, y: f32, top: u32, low: u32) {
    b.fade(0.0, y, WIDTH, HEIGHT - y, top, low);
    for _ in 0..150 {
        let (x, at) = (b.any(WIDTH), y + 16.0 + b.any(HEIGHT - y - 16.0));
        let tall = 8.0 + (at - y) * 0.045;
        b.line(&[(x, at), (x + 3.0, at - tall)], 2.0, (0x1E4A2A, 0.28));
        b.line(&[(x + 5.0, at), (x + 10.0, at - tall * 0.8)], 2.0, (0xE9F5C8, 0.22));
    }
}

pub fn flowers(b: &mut Brush, y: f32) {
    for i in 0..46_u8 {
        let (x, at) = (b.any(WIDTH), y + b.any(HEIGHT - y));
        let petals = [0xFFFFFF, 0xF6D24A, 0xE9A5C0][usize::from(i % 3)];
        b.circle(x, at, 5.0, petals);
        b.circle(x, at, 2.0, 0xC98A1B);
    }
}

pub fn leaves_on(b: &mut Brush, y: f32, height: f32, count: u16) {
    for i in 0..count {
        let (x, at, turn) = (b.any(WIDTH), y + b.any(height), b.any(180.0));
        let colour = [0xC8702A, 0xD99A35, 0x9B4A24, 0xB8862D][usize::from(i % 4)];
        b.turned(turn, x, at, |b| b.oval(x, at, 11.0, 5.5, colour));
    }
}

const WALLS: [u32; 6] = [0xE8D3B0, 0xD9B49A, 0xC9D2C4, 0xEBDDC8, 0xD8C3C0, 0xDFCBA4];
const ROOFS: [u32; 3] = [0xA4553F, 0x8E4A3C, 0xB4694A];

/// A row of gabled houses with their feet at `y`; at night some windows are lit.
pub fn houses(b: &mut Brush, y: f32, night: bool) {
    let mut x = -60.0;
    for i in 0..7_u8 {
        let width = 170.0 + f32::from(u16::from(i) * 37 % 60);
        let tall = 150.0 + f32::from(u16::from(i) * 53 % 80);
        let (wall, roof) =
            if night { (0x2E3850, 0x222A3E) } else { (WALLS[usize::from(i % 6)], ROOFS[usize::from(i % 3)]) };
        house(b, (x, y), (width, tall), wall, roof);
        windows(b, (x, y), (width, tall), i, night);
        x += width + 2.0;
    }
}

fn house(b: &mut Brush, (x, y): (f32, f32), (width, tall): (f32, f32), wall: u32, roof: u32) {
    b.fade(x, y - tall, width, tall, wall, wall);
    b.rect(x + width - 26.0, y - tall, 26.0, tall, (0x1A2233, 0.10));
    b.poly(
        &[(x - 10.0, y - tall + 4.0), (x + width / 2.0, y - tall - 110.0), (x + width + 10.0, y - tall + 4.0)],
        roof,
    );
    b.poly(
        &[
            (x + width / 2.0, y - tall - 110.0),
            (x + width + 10.0, y - tall + 4.0),
            (x + width / 2.0 + 34.0, y - tall + 4.0),
        ],
        (0x1A1010, 0.14),
    );
    b.rect(x + width * 0.68, y - tall - 98.0, 22.0, 56.0, roof);
}

fn windows(b: &mut Brush, (x, y): (f32, f32), (width, tall): (f32, f32), house: u8, night: bool) {
    let columns = 3_u8;
    let step = width / (f32::from(columns) + 0.4);
    let mut row = 0_u8;
    while f32::from(row) * 66.0 + 90.0 < tall {
        for column in 0..columns {
            let (wx, wy) = (x + 16.0 + f32::from(column) * step, y - tall + 30.0 + f32::from(row) * 66.0);
            let lit = (house + row * 2 + column).is_multiple_of(3);
            let glass = match (night, lit) {
                (true, true) => 0xF4C86A,
                (true, false) => 0x1C2436,
                (false, _) => 0x6E8CA0,
            };
            if !night {
                b.rect(wx - 4.0, wy - 4.0, 40.0, 50.0, 0xF7F2E8);
            }
            b.rect(wx, wy, 32.0, 42.0, glass);
            b.rect(wx + 14.5, wy, 3.0, 42.0, if night { 0x222A3E } else { 0xF7F2E8 });
            if night && lit {
                b.glow(wx + 16.0, wy + 21.0, 60.0, 0xF4C86A, 0.25);
            }
        }
        row += 1;
    }
}

/// Paving, kerb and road below `y`.
pub fn street(b: &mut Brush, y: f32, paving: u32, road: u32) {
    b.fade(0.0, y, WIDTH, 130.0, paving, paving);
    for i in 0..16_u8 {
        let x = f32::from(i) * 84.0 - 30.0;
        b.line(&[(x, y), (x - 34.0, y + 130.0)], 2.0, (0x3A3A3A, 0.18));
    }
    b.line(&[(0.0, y + 52.0), (WIDTH, y + 52.0)], 2.0, (0x3A3A3A, 0.18));
    b.rect(0.0, y + 130.0, WIDTH, 12.0, 0xD8D4CC);
    b.rect(0.0, y + 142.0, WIDTH, 14.0, 0x9C978E);
    b.fade(0.0, y + 156.0, WIDTH, HEIGHT - y - 156.0, road, road);
    speckle(b, y + 160.0, 260);
}

/// Grit in asphalt and gravel.
pub fn speckle(b: &mut Brush, y: f32, count: u16) {
    for i in 0..count {
        let (x, at) = (b.any(WIDTH), y + b.any(HEIGHT - y));
        let size = 1.5 + b.any(3.0);
        b.circle(x, at, size, if i % 2 == 0 { (0xFFFFFF, 0.14) } else { (0x000000, 0.16) });
    }
}

/// A sandy way from the foot of the picture to the horizon at `y`.
pub fn path(b: &mut Brush, y: f32, sand: u32) {
    b.poly(&[(300.0, HEIGHT), (545.0, y), (655.0, y), (900.0, HEIGHT)], sand);
    b.poly(&[(300.0, HEIGHT), (545.0, y), (556.0, y), (345.0, HEIGHT)], (0x5A4A30, 0.16));
}

/// The ground of a park with trees behind: the stage of most pictures.
pub fn park(b: &mut Brush, crown: u32) {
    day(b);
    hills(b, 470.0, 0xA9C7B4, 0x86B08C);
    tree(b, 130.0, 520.0, 0.85, crown);
    tree(b, 1080.0, 530.0, 1.0, crown);
    tree(b, 900.0, 500.0, 0.55, crown);
    bush(b, 330.0, 512.0, 0.9, 0x5E9463);
    bush(b, 720.0, 505.0, 0.7, 0x6AA06C);
    meadow(b, 500.0, 0x9CC276, 0x6FA05A);
}

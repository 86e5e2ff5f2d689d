//! Pictures of what stands in a town for everybody: benches, stops, stands, a fountain.

use super::{
    backdrop as bg,
    brush::{Brush, HEIGHT, WIDTH},
};

const WOOD: u32 = 0xB9783E;
const IRON: u32 = 0x37424A;

/// A park bench with a broken slat.
pub fn bench(b: &mut Brush) {
    bg::park(b, 0x5C9A5A);
    bg::flowers(b, 560.0);
    b.poly(&[(0.0, 800.0), (WIDTH, 780.0), (WIDTH, HEIGHT), (0.0, HEIGHT)], 0xDCCBA2);
    b.shadow(600.0, 800.0, 360.0, 26.0);
    for x in [300.0_f32, 900.0] {
        b.line(&[(x - 20.0, 800.0), (x, 640.0), (x - 10.0, 440.0)], 20.0, IRON);
        b.line(&[(x + 60.0, 806.0), (x + 40.0, 650.0), (x, 640.0)], 20.0, IRON);
        b.bow((x - 10.0, 560.0), (x + 30.0, 520.0), (x + 60.0, 560.0), 14.0, IRON);
    }
    for y in [450.0, 500.0] {
        slat(b, 220.0, y, 760.0);
    }
    // The lowest slat of the back hangs down in two pieces.
    slat(b, 220.0, 550.0, 300.0);
    b.turned(24.0, 940.0, 560.0, |b| slat(b, 640.0, 550.0, 320.0));
    splinters(b, 520.0, 550.0);
    for y in [630.0, 664.0, 698.0] {
        slat(b, 210.0, y, 790.0);
    }
    b.turned(-9.0, 560.0, 830.0, |b| slat(b, 430.0, 820.0, 240.0));
    splinters(b, 668.0, 800.0);
}

fn slat(b: &mut Brush, x: f32, y: f32, w: f32) {
    b.round(x, y, w, 32.0, 8.0, WOOD);
    b.round(x, y, w, 9.0, 4.0, (0xFFFFFF, 0.25));
    b.line(&[(x + 30.0, y + 20.0), (x + w - 30.0, y + 22.0)], 2.0, (0x5A3416, 0.5));
}

fn splinters(b: &mut Brush, x: f32, y: f32) {
    for (dx, dy) in [(34.0, 2.0), (22.0, 10.0), (40.0, 18.0), (18.0, 26.0)] {
        b.poly(&[(x - 6.0, y + dy - 4.0), (x + dx, y + dy), (x - 6.0, y + dy + 6.0)], 0xE2B57A);
    }
}

/// A bus shelter whose pane is a web of cracks.
pub fn shelter(b: &mut Brush) {
    bg::day(b);
    bg::houses(b, 430.0, false);
    bg::street(b, 600.0, 0xCFC7BA, 0x6E7277);
    b.rect(0.0, 420.0, WIDTH, 190.0, 0xB7C3A4);
    b.rect(0.0, 600.0, WIDTH, 8.0, 0xA8A298);
    b.shadow(560.0, 712.0, 380.0, 20.0);
    b.poly(&[(170.0, 250.0), (960.0, 250.0), (1000.0, 210.0), (150.0, 210.0)], 0x2F4A5C);
    b.rect(150.0, 200.0, 850.0, 16.0, 0x3F6278);
    for x in [196.0, 560.0, 920.0] {
        b.rect(x, 250.0, 16.0, 460.0, 0x4A5C68);
    }
    b.rect(212.0, 270.0, 348.0, 340.0, (0xCFE6EE, 0.6));
    b.rect(576.0, 270.0, 344.0, 340.0, (0xCFE6EE, 0.6));
    b.poly(&[(240.0, 600.0), (340.0, 280.0), (400.0, 280.0), (300.0, 600.0)], (0xFFFFFF, 0.4));
    b.round(260.0, 560.0, 250.0, 22.0, 6.0, WOOD);
    b.rect(280.0, 580.0, 14.0, 120.0, IRON);
    b.rect(476.0, 580.0, 14.0, 120.0, IRON);
    let heart = (735.0, 410.0);
    b.poly(&[(700.0, 390.0), (740.0, 362.0), (790.0, 400.0), (770.0, 446.0), (720.0, 452.0)], 0xB7C3A4);
    for (x, y) in [
        (580.0, 280.0),
        (650.0, 274.0),
        (740.0, 272.0),
        (850.0, 276.0),
        (916.0, 350.0),
        (916.0, 480.0),
        (860.0, 606.0),
        (740.0, 606.0),
        (640.0, 606.0),
        (580.0, 500.0),
        (580.0, 400.0),
    ] {
        b.line(&[heart, ((heart.0 + x) / 2.0 + 8.0, (heart.1 + y) / 2.0 - 6.0), (x, y)], 3.0, (0xFFFFFF, 0.95));
    }
    b.ring(heart.0, heart.1, 62.0, 3.0, (0xFFFFFF, 0.9));
    b.ring(heart.0, heart.1, 112.0, 2.0, (0xFFFFFF, 0.8));
    for _ in 0..34 {
        let (x, y) = (610.0 + b.any(300.0), 706.0 + b.any(40.0));
        b.poly(&[(x, y), (x + 16.0, y - 6.0), (x + 10.0, y + 9.0)], (0xE6F6FA, 0.95));
    }
    b.rect(1070.0, 260.0, 14.0, 460.0, 0x4A5C68);
    b.circle(1077.0, 240.0, 58.0, 0x2E8B57);
    b.circle(1077.0, 240.0, 48.0, 0xF2D64B);
    b.line(&[(1060.0, 214.0), (1060.0, 266.0)], 9.0, 0x2E8B57);
    b.line(&[(1094.0, 214.0), (1094.0, 266.0)], 9.0, 0x2E8B57);
    b.line(&[(1060.0, 240.0), (1094.0, 240.0)], 9.0, 0x2E8B57);
}

/// A bike stand run over, with the last bicycle still in it.
pub fn bike_stand(b: &mut Brush) {
    bg::day(b);
    bg::houses(b, 430.0, false);
    bg::street(b, 430.0, 0xD2CABD, 0x77797C);
    b.rect(0.0, 560.0, WIDTH, 340.0, 0xC9C2B6);
    bg::speckle(b, 580.0, 220);
    for (i, lean) in [0.0_f32, 0.0, 12.0, 38.0, 62.0].into_iter().enumerate() {
        let x = [200.0, 380.0, 560.0, 740.0, 930.0][i];
        b.shadow(x + 40.0, 790.0, 70.0, 10.0);
        b.turned(lean, x, 790.0, |b| {
            b.line(&[(x, 790.0), (x, 640.0)], 16.0, 0x8C969D);
            b.bow((x, 640.0), (x, 590.0), (x + 45.0, 590.0), 16.0, 0x8C969D);
            b.bow((x + 45.0, 590.0), (x + 90.0, 590.0), (x + 90.0, 640.0), 16.0, 0x8C969D);
            b.line(&[(x + 90.0, 640.0), (x + 90.0, 790.0)], 16.0, 0x8C969D);
            b.line(&[(x - 4.0, 780.0), (x - 4.0, 650.0)], 4.0, (0xFFFFFF, 0.5));
        });
    }
    bicycle(b, 300.0, 760.0);
    b.bow((1200.0, 900.0), (980.0, 830.0), (860.0, 700.0), 14.0, (0x26282B, 0.45));
    b.bow((1120.0, 910.0), (900.0, 850.0), (780.0, 730.0), 14.0, (0x26282B, 0.45));
}

fn bicycle(b: &mut Brush, x: f32, y: f32) {
    for dx in [-110.0, 130.0] {
        b.ring(x + dx, y, 84.0, 9.0, 0x23292D);
        b.ring(x + dx, y, 76.0, 3.0, 0xB9C0C0);
        for turn in 0..6_u8 {
            b.turned(f32::from(turn) * 30.0, x + dx, y, |b| {
                b.line(&[(x + dx - 74.0, y), (x + dx + 74.0, y)], 1.6, (0x8C969D, 0.8));
            });
        }
    }
    let frame = 0x2E8B8B;
    b.line(&[(x - 110.0, y), (x - 50.0, y - 130.0), (x + 96.0, y - 130.0), (x, y), (x - 110.0, y)], 11.0, frame);
    b.line(&[(x, y), (x - 60.0, y - 160.0)], 11.0, frame);
    b.line(&[(x + 130.0, y), (x + 86.0, y - 180.0), (x + 120.0, y - 196.0)], 11.0, frame);
    b.round(x - 100.0, y - 176.0, 76.0, 20.0, 10.0, 0x5A3A28);
    b.circle(x, y, 18.0, 0x59636A);
}

/// The fountain on the market square, dry and full of leaves.
pub fn fountain(b: &mut Brush) {
    bg::day(b);
    bg::houses(b, 470.0, false);
    b.rect(0.0, 460.0, WIDTH, HEIGHT - 460.0, 0xC9BFAE);
    for row in 0..9_u8 {
        let y = 480.0 + f32::from(row) * 50.0;
        for column in 0..15_u8 {
            let x = f32::from(column) * 88.0 - if row % 2 == 0 { 0.0 } else { 44.0 };
            b.bow((x, y + 30.0), (x + 44.0, y - 4.0), (x + 88.0, y + 30.0), 3.0, (0x8A7F6C, 0.35));
        }
    }
    b.shadow(600.0, 800.0, 400.0, 36.0);
    b.oval(600.0, 760.0, 380.0, 90.0, 0x9C9588);
    b.rect(220.0, 690.0, 760.0, 70.0, 0xB5AEA0);
    b.oval(600.0, 690.0, 380.0, 90.0, 0xD2CBBD);
    b.oval(600.0, 694.0, 330.0, 70.0, 0x8F8778);
    b.oval(600.0, 704.0, 310.0, 56.0, 0xA59C8B);
    for i in 0..70_u16 {
        let (x, y, turn) = (370.0 + b.any(460.0), 672.0 + b.any(66.0), b.any(180.0));
        let leaf = [0xC8702A, 0xD99A35, 0x9B4A24, 0xB8862D][usize::from(i % 4)];
        b.turned(turn, x, y, |b| b.oval(x, y, 13.0, 6.0, leaf));
    }
    b.poly(&[(550.0, 700.0), (570.0, 420.0), (630.0, 420.0), (650.0, 700.0)], 0xB5AEA0);
    b.poly(&[(610.0, 420.0), (630.0, 420.0), (650.0, 700.0), (620.0, 700.0)], (0x000000, 0.12));
    b.oval(600.0, 430.0, 170.0, 40.0, 0xC8C0B1);
    b.oval(600.0, 422.0, 140.0, 26.0, 0x968E7F);
    b.poly(&[(580.0, 424.0), (588.0, 300.0), (612.0, 300.0), (620.0, 424.0)], 0xB5AEA0);
    b.circle(600.0, 280.0, 34.0, 0xC8C0B1);
    for dx in [-1.0_f32, 1.0] {
        b.poly(&[(600.0, 262.0), (600.0 + dx * 46.0, 226.0), (600.0 + dx * 22.0, 280.0)], 0x6F9F8C);
        b.line(&[(600.0 + dx * 120.0, 444.0), (600.0 + dx * 120.0, 474.0)], 7.0, (0x6F8F86, 0.6));
    }
    b.poly(&[(600.0, 196.0), (576.0, 258.0), (624.0, 258.0)], 0x6F9F8C);
}

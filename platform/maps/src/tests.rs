//! The renderer as a black box: projection, edges between tiles, sameness, refusals. Looks are judged by eye on the
//! demo town; these tests hold what an eye does not see.

use crate::canvas::{cut_line, cut_ring};
use crate::draw::draw;
use crate::*;
use base::Position;
use proptest::prelude::*;

const HERE: Position = Position { lat: 50.12, lon: 11.03 };

fn at(north: f64, east: f64) -> Position {
    Position { lat: HERE.lat + north / 111_195.0, lon: HERE.lon + east / 71_290.0 }
}

fn block(north: f64, east: f64, tall: f64, wide: f64) -> Geometry {
    let ring = vec![at(north, east), at(north, east + wide), at(north + tall, east + wide), at(north + tall, east)];
    Geometry::area(&[ring]).unwrap()
}

/// A park with a pond, a crooked main street in two pieces, side streets, a rail line, houses, trees, a bus stop.
fn small_town() -> Scene {
    let line =
        |points: &[(f64, f64)]| Geometry::line(&points.iter().map(|p| at(p.0, p.1)).collect::<Vec<_>>()).unwrap();
    let mut features = vec![
        Feature::new(Class::Park, Some("Lindenpark"), block(40.0, 40.0, 160.0, 220.0)),
        Feature::new(Class::WaterArea, Some("Ententeich"), block(90.0, 90.0, 50.0, 110.0)),
        Feature::new(Class::Playground, Some("Spielplatz Lindenpark"), block(160.0, 60.0, 20.0, 30.0)),
        Feature::new(Class::Primary, Some("Hauptstraße"), line(&[(-5.0, -900.0), (0.0, -300.0), (12.0, 0.0)])),
        Feature::new(Class::Primary, Some("Hauptstraße"), line(&[(12.0, 0.0), (20.0, 300.0), (-90.0, 900.0)])),
        Feature::new(Class::River, Some("Ahorn"), line(&[(-300.0, -900.0), (-220.0, 0.0), (-330.0, 900.0)])),
        Feature::new(Class::Rail, None, line(&[(300.0, -900.0), (330.0, 900.0)])),
        Feature::new(Class::DistrictBorder, None, line(&[(-200.0, -900.0), (-140.0, 900.0)])),
        Feature::new(Class::PublicBuilding, Some("Rathaus"), block(-60.0, -80.0, 30.0, 50.0)),
        Feature::new(Class::Stop, Some("Marktplatz"), Geometry::point(at(-8.0, -150.0))),
    ];
    for index in 0..14 {
        let east = f64::from(index) * 60.0 - 420.0;
        features.push(Feature::new(Class::Street, Some("Gartenweg"), line(&[(-400.0, east), (400.0, east + 30.0)])));
        features.push(Feature::new(Class::Building, None, block(-40.0, east + 12.0, 14.0, 18.0)));
        features.push(Feature::new(Class::HouseNumber, Some("12"), Geometry::point(at(-33.0, east + 20.0))));
        features.push(Feature::new(Class::Tree, None, Geometry::point(at(30.0, east))));
    }
    Scene::new(features)
}

fn pixels(png: &[u8]) -> tiny_skia::Pixmap {
    tiny_skia::Pixmap::decode_png(png).unwrap()
}

/// Largest difference of a channel, and how many pixels differ at all.
fn difference(a: &tiny_skia::Pixmap, b: &tiny_skia::Pixmap, shift: (u32, u32)) -> (u8, u32) {
    let (mut largest, mut count) = (0, 0);
    for y in 0..b.height() {
        for x in 0..b.width() {
            let (p, q) = (a.pixel(x + shift.0, y + shift.1).unwrap(), b.pixel(x, y).unwrap());
            let channels = [(p.red(), q.red()), (p.green(), q.green()), (p.blue(), q.blue())];
            let here = channels.iter().map(|(p, q)| p.abs_diff(*q)).max().unwrap();
            largest = largest.max(here);
            count += u32::from(here > 0);
        }
    }
    (largest, count)
}

#[test]
fn four_tiles_are_one_picture() {
    let scene = small_town();
    for (zoom, scale) in [(15, Scale::One), (16, Scale::Two), (17, Scale::One), (18, Scale::One)] {
        let centre = View::around(HERE, zoom, 2, 2).unwrap();
        let (x, y) = (u32::try_from(centre.left / 256).unwrap(), u32::try_from(centre.top / 256).unwrap());
        let corner = View::tile(zoom, x, y).unwrap();
        let whole = View { width: 512, height: 512, ..corner };
        let whole = draw(&scene, whole, Theme::Light, scale).unwrap();
        let whole = whole.pixmap();
        let side = whole.width() / 2;
        for (dx, dy) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let tile = draw(&scene, View::tile(zoom, x + dx, y + dy).unwrap(), Theme::Light, scale).unwrap();
            let (off, count) = difference(whole, tile.pixmap(), (dx * side, dy * side));
            // Edges are smoothed in sixteen steps; rounding may tip a pixel by one step, nothing more.
            assert!(off <= 16 && count * 200 <= side * side, "zoom {zoom}, tile {dx} {dy}: {count} pixels by {off}");
        }
    }
}

#[test]
fn few_colours_look_the_same() {
    let scene = small_town();
    for (zoom, theme) in [(15, Theme::Light), (16, Theme::Dark), (18, Theme::Light)] {
        let canvas = draw(&scene, View::around(HERE, zoom, 400, 300).unwrap(), theme, Scale::One).unwrap();
        let png = canvas.png().unwrap();
        let (off, _) = difference(canvas.pixmap(), &pixels(&png), (0, 0));
        assert!(off <= 16, "zoom {zoom}: a shade is off by {off}");
        assert!(png.len() < canvas.pixmap().encode_png().unwrap().len() * 2 / 3, "zoom {zoom}: {} bytes", png.len());
    }
}

#[test]
fn a_picture_of_all_colours_is_still_encoded() {
    let mut noise = tiny_skia::Pixmap::new(64, 64).unwrap();
    for (index, pixel) in noise.pixels_mut().iter_mut().enumerate() {
        let [red, green, ..] = (u32::try_from(index).unwrap().wrapping_mul(2_654_435_761)).to_be_bytes();
        *pixel = tiny_skia::ColorU8::from_rgba(red, green, red ^ green, 255).premultiply();
    }
    let (off, _) = difference(&noise, &pixels(&crate::encode::png(&noise).unwrap()), (0, 0));
    assert!(off <= 32);
}

#[test]
fn the_same_scene_gives_the_same_bytes_in_any_order() {
    let tile = View::around(HERE, 17, 1, 1).unwrap();
    let (x, y) = (u32::try_from(tile.left / 256).unwrap(), u32::try_from(tile.top / 256).unwrap());
    let (first, town) = (small_town(), small_town());
    let mut turned = town.features().to_vec();
    turned.reverse();
    let second = Scene::new(turned);
    for theme in [Theme::Light, Theme::Dark] {
        let picture = |scene| render_tile(scene, 17, x, y, theme, Scale::One).unwrap();
        assert_eq!(picture(&first), picture(&second));
    }
    let light = render_tile(&first, 17, x, y, Theme::Light, Scale::One).unwrap();
    assert_ne!(light, render_tile(&first, 17, x, y, Theme::Dark, Scale::One).unwrap());
}

#[test]
fn an_empty_town_is_plain_paper() {
    let tile = pixels(&render_tile(&Scene::new(vec![]), 15, 17_400, 11_100, Theme::Light, Scale::Two).unwrap());
    assert_eq!((tile.width(), tile.height()), (512, 512));
    let paper = tiny_skia::ColorU8::from_rgba(0xf4, 0xf1, 0xea, 255).premultiply();
    assert!(tile.pixels().iter().all(|pixel| *pixel == paper));
}

#[test]
fn what_is_out_of_range_is_refused() {
    let scene = Scene::new(vec![]);
    let tile = |z, x, y| render_tile(&scene, z, x, y, Theme::Light, Scale::One);
    assert_eq!(tile(9, 0, 0), Err(MapRefusal::Zoom));
    assert_eq!(tile(20, 0, 0), Err(MapRefusal::Zoom));
    assert_eq!(tile(10, 1024, 0), Err(MapRefusal::NoSuchTile));
    assert_eq!(tile(10, 0, u32::MAX), Err(MapRefusal::NoSuchTile));
    assert!(tile(10, 1023, 1023).is_ok());
    assert_eq!(View::around(HERE, 15, 0, 100), Err(MapRefusal::Size));
    assert_eq!(View::around(HERE, 15, 100, SIDE_MAX + 1), Err(MapRefusal::Size));
    assert_eq!(View::around(Position { lat: 89.0, lon: 0.0 }, 15, 100, 100), Err(MapRefusal::OffTheMap));
    assert_eq!(View::around(Position { lat: f64::NAN, lon: 0.0 }, 15, 100, 100), Err(MapRefusal::OffTheMap));
    let huge = View { width: 5000, ..View::around(HERE, 15, 10, 10).unwrap() };
    assert_eq!(render_static(&scene, huge, Theme::Light, Scale::One, &Overlay::default()), Err(MapRefusal::Size));
}

#[test]
fn a_still_image_shows_pin_and_credit() {
    let scene = small_town();
    let view = View::around(HERE, 16, 480, 320).unwrap();
    let pin = Pin { at: at(0.0, 0.0), kind: PinKind::Chosen, number: None };
    let credit = Overlay { attribution: "© Stadt Ahornfurt", ..Overlay::default() };
    let with = render_static(&scene, view, Theme::Light, Scale::One, &Overlay { pins: &[pin], ..credit }).unwrap();
    let without = render_static(&scene, view, Theme::Light, Scale::One, &credit).unwrap();
    let bare = render_static(&scene, view, Theme::Light, Scale::One, &Overlay::default()).unwrap();
    assert!(difference(&pixels(&with), &pixels(&without), (0, 0)).0 > 50);
    assert!(difference(&pixels(&without), &pixels(&bare), (0, 0)).0 > 50);
    // The body of the drop stands above the place.
    let drop = pixels(&with).pixel(240 - 9, 160 - 23).unwrap();
    assert_eq!((drop.red(), drop.green(), drop.blue()), (0xb3, 0x19, 0x0f));
}

#[test]
fn a_name_is_set_once_over_joined_pieces() {
    let scene = small_town();
    let main: Vec<_> = scene.chains().iter().filter(|chain| chain.label == "Hauptstraße").collect();
    assert_eq!(main.len(), 1);
    assert_eq!(main[0].points.len(), 5);
    let labels = scene.labels_within(16, [0.0, 0.0], [f64::MAX, f64::MAX]);
    assert!(labels.len() > 5);
    let apart =
        |a: [f64; 4], b: [f64; 4]| a[0] >= b[2] - 6.0 || a[2] <= b[0] + 6.0 || a[1] >= b[3] - 6.0 || a[3] <= b[1] + 6.0;
    let upright: Vec<_> = labels.iter().filter(|label| label.letters.iter().all(|l| l.angle == 0.0)).collect();
    for (index, one) in upright.iter().enumerate() {
        assert!(upright[..index].iter().all(|other| apart(one.reach, other.reach)));
    }
}

#[test]
fn every_embedded_face_has_german_letters() {
    use crate::text::{Face, letters, outline};
    for face in [Face::Plain, Face::Strong, Face::Italic] {
        for letter in letters(face, "ÄÖÜäöüßẞ0123456789Éñš©–") {
            assert_ne!(letter.glyph, 0);
            assert!(outline(face, letter.glyph).is_some());
        }
    }
}

#[test]
fn damaged_bytes_are_no_geometry() {
    let bytes = block(0.0, 0.0, 10.0, 10.0).encode();
    assert!(Geometry::decode(&bytes).is_ok());
    for length in 0..bytes.len() {
        assert_eq!(Geometry::decode(&bytes[..length]), Err(Unreadable));
    }
    assert_eq!(Geometry::decode(&[7, 1, 1, 0, 0]), Err(Unreadable));
    assert_eq!(Geometry::decode(&[2, 0xff, 0xff, 0xff, 0xff, 0x7f]), Err(Unreadable));
}

#[test]
fn an_area_holds_its_inside_and_not_its_hole() {
    let outer = vec![at(0.0, 0.0), at(0.0, 100.0), at(100.0, 100.0), at(100.0, 0.0)];
    let hole = vec![at(40.0, 40.0), at(40.0, 60.0), at(60.0, 60.0), at(60.0, 40.0)];
    let area = Geometry::area(&[outer, hole]).unwrap();
    assert!(area.holds(at(20.0, 20.0)));
    assert!(!area.holds(at(50.0, 50.0)));
    assert!(!area.holds(at(150.0, 50.0)));
    assert!(area.holds(area.middle()));
}

#[test]
fn lines_are_cut_with_their_dash_step() {
    let runs = cut_line(&[(-100.0, 5.0), (100.0, 5.0), (100.0, 300.0)], [0.0, 0.0, 50.0, 50.0]);
    assert_eq!(runs, vec![(100.0, vec![(0.0, 5.0), (50.0, 5.0)])]);
    assert!(cut_line(&[(-10.0, -10.0), (-5.0, 90.0)], [0.0, 0.0, 50.0, 50.0]).is_empty());
    let ring = cut_ring(vec![(-10.0, -10.0), (60.0, -10.0), (60.0, 60.0), (-10.0, 60.0)], [0.0, 0.0, 50.0, 50.0]);
    assert!(ring.iter().all(|p| (0.0..=50.0).contains(&p.0) && (0.0..=50.0).contains(&p.1)));
    assert_eq!(ring.len(), 4);
}

proptest! {
    #[test]
    fn a_pixel_is_the_place_it_shows(lat in -80.0..80.0f64, lon in -179.0..179.0f64, zoom in 10u8..=19, x in 0.0..400.0f64, y in 0.0..300.0f64) {
        let view = View::around(Position { lat, lon }, zoom, 400, 300).unwrap();
        let (back_x, back_y) = view.project(view.unproject(x, y));
        prop_assert!((back_x - x).abs() < 0.05 && (back_y - y).abs() < 0.05);
        let (middle_x, middle_y) = view.project(Position { lat, lon });
        prop_assert!((middle_x - 200.0).abs() <= 1.0 && (middle_y - 150.0).abs() <= 1.0);
    }

    #[test]
    fn stored_geometry_comes_back(points in prop::collection::vec((-80.0..80.0f64, -179.0..179.0f64), 3..40)) {
        let points: Vec<_> = points.into_iter().map(|(lat, lon)| Position { lat, lon }).collect();
        for geometry in [Geometry::line(&points), Geometry::area(std::slice::from_ref(&points)), Some(Geometry::point(points[0]))].into_iter().flatten() {
            prop_assert_eq!(Geometry::decode(&geometry.encode()), Ok(geometry));
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(geometry) = Geometry::decode(&bytes) {
            prop_assert_eq!(Geometry::decode(&geometry.encode()), Ok(geometry));
        }
    }
}

/// A square of one colour as PNG.
fn square(side: u32, color: [u8; 3]) -> Vec<u8> {
    let mut pixmap = tiny_skia::Pixmap::new(side, side).unwrap();
    pixmap.fill(tiny_skia::Color::from_rgba8(color[0], color[1], color[2], 255));
    pixmap.encode_png().unwrap()
}

#[test]
fn only_squares_of_a_sensible_size_are_tiles() {
    for side in [64, 256, 512, 1024] {
        assert!(Raster::decode(&square(side, [9, 9, 9])).is_ok(), "{side}");
    }
    for side in [1, 63, 1025, 3000] {
        assert!(Raster::decode(&square(side, [9, 9, 9])).is_err(), "{side}");
    }
    let mut oblong = Vec::new();
    let mut encoder = png::Encoder::new(&mut oblong, 256, 128);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&[7; 256 * 128]).unwrap();
    let whole = square(256, [1, 2, 3]);
    // A bomb says in its head that it is huge: 60,000 pixels a side in a few bytes.
    let mut bomb = whole.clone();
    bomb[16..24].copy_from_slice(&[0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60]);
    for wrong in [&oblong[..], &whole[..60], &bomb, b"<html>", b"GIF89a\x00\x01\x00\x01", b"", b"\x89PNG\r\n\x1a\n"] {
        assert!(Raster::decode(wrong).is_err(), "{} bytes", wrong.len());
    }
}

#[test]
fn tiles_cover_a_view_and_the_last_zoom_is_stretched() {
    let tile = View::tile(16, 34_000, 22_000).unwrap();
    assert_eq!(tiles_of(tile, &(6..=19)), [(16, 34_000, 22_000)]);
    assert_eq!(tiles_of(tile, &(6..=14)), [(14, 8_500, 5_500)]);
    assert_eq!(tiles_of(tile, &(17..=19)), []);
    let across = View { left: tile.left + 200, top: tile.top - 10, width: 300, height: 20, zoom: 16 };
    let expected = [(16, 34_000, 21_999), (16, 34_001, 21_999), (16, 34_000, 22_000), (16, 34_001, 22_000)];
    assert_eq!(tiles_of(across, &(6..=19)), expected);
    let edge = View { left: -300, top: -300, width: 2, height: 2, zoom: 10 };
    assert_eq!(tiles_of(edge, &(0..=19)), [(10, 0, 0)]);
}

#[test]
fn a_mosaic_lies_where_it_belongs_and_darkens_at_night() {
    let patch = |x, color| Patch { zoom: 16, x, y: 9, raster: Raster::decode(&square(256, color)).unwrap() };
    let patches = [patch(7, [255, 255, 255]), patch(8, [200, 0, 0])];
    let (ground, night) = (Scene::new(vec![]), Night::Inverted);
    let mosaic = Mosaic { patches: &patches, night, ground: &ground };
    // Half of the one, half of the other, and below both our own paper.
    let view = View { zoom: 16, left: 7 * 256 + 128, top: 9 * 256 + 128, width: 256, height: 256 };
    let at = |theme, x, y| {
        let picture = render_mosaic(&mosaic, view, theme, Scale::One, None).unwrap();
        let pixel = pixels(&picture).pixel(x, y).unwrap();
        [pixel.red(), pixel.green(), pixel.blue()]
    };
    assert_eq!((at(Theme::Light, 127, 5), at(Theme::Light, 128, 5)), ([255, 255, 255], [200, 0, 0]));
    assert_eq!(at(Theme::Light, 60, 200), [0xf4, 0xf1, 0xea]);
    assert_eq!(at(Theme::Dark, 10, 5), [24, 24, 24]);
    let red = at(Theme::Dark, 200, 5);
    assert!(red[0] > red[1] && red[1] == red[2], "red stays red: {red:?}");
    assert_eq!(crate::foreign::night_of([200, 100, 50], Night::Dimmed), [120, 60, 30]);
    assert_eq!(crate::foreign::night_of([0, 0, 0], Night::Inverted), [224, 224, 224]);
    // A tile from the last zoom of its source fills four times its width.
    let far = [Patch { zoom: 14, x: 1, y: 2, raster: Raster::decode(&square(256, [1, 2, 3])).unwrap() }];
    let view = View::tile(16, 7, 11).unwrap();
    let mosaic = Mosaic { patches: &far, night, ground: &ground };
    let picture = pixels(&render_mosaic(&mosaic, view, Theme::Light, Scale::One, None).unwrap());
    assert_eq!(picture.pixels().iter().filter(|pixel| pixel.blue() == 3).count(), 256 * 256);
}

#[test]
fn a_photo_keeps_all_its_colours() {
    let mut photo = tiny_skia::Pixmap::new(256, 256).unwrap();
    for (index, pixel) in photo.pixels_mut().iter_mut().enumerate() {
        let shade = |part: usize| u8::try_from(part % 256).unwrap();
        *pixel = tiny_skia::PremultipliedColorU8::from_rgba(shade(index), shade(index / 256), shade(index / 7), 255)
            .unwrap();
    }
    let patches = [Patch { zoom: 16, x: 0, y: 0, raster: Raster::decode(&photo.encode_png().unwrap()).unwrap() }];
    let mosaic = Mosaic { patches: &patches, night: Night::Dimmed, ground: &Scene::new(vec![]) };
    let view = View::tile(16, 0, 0).unwrap();
    let drawn = render_mosaic(&mosaic, view, Theme::Light, Scale::One, None).unwrap();
    assert_eq!(pixels(&drawn).data(), photo.data());
}

#[test]
fn a_ring_shows_an_area_and_a_long_credit_is_not_cut() {
    let (scene, view) = (Scene::new(vec![]), View::around(HERE, 16, 288, 320).unwrap());
    let still =
        |overlay: &Overlay<'_>| pixels(&render_static(&scene, view, Theme::Light, Scale::One, overlay).unwrap());
    let bare = still(&Overlay::default());
    let ring = still(&Overlay { ring: Some(Ring { at: HERE, metres: 150.0 }), ..Overlay::default() });
    assert_ne!(ring.pixel(144, 160), bare.pixel(144, 160), "tinted within");
    assert_eq!(ring.pixel(5, 5), bare.pixel(5, 5), "and untouched outside");
    let long = "© Landesamt für Digitalisierung, Breitband und Vermessung · © OpenStreetMap-Mitwirkende";
    let credit = still(&Overlay { attribution: long, ..Overlay::default() });
    assert_ne!(credit.pixel(280, 290), bare.pixel(280, 290), "a second line");
    for metres in [250.0, 500.0, 1_000.0, 3_000.0] {
        let zoom = View::zoom_for(HERE, metres, 288);
        let view = View::around(HERE, zoom, 288, 320).unwrap();
        let (x, _) = view.project(at(0.0, metres));
        assert!((190.0..288.0).contains(&x), "{metres} m reach {x} px");
    }
}

//! Draws a scene: ground, water, houses, roads with their edges level by level, rails, borders, trees, names. Tiles and
//! still images go through the same function, so they look alike. Pure: the same input gives the same bytes.

use crate::canvas::{Canvas, Pencil};
use crate::labels::{Badge, Placed, Voice};
use crate::look::{Ink, Palette, Theme, area_inks, edge_width, line_width, road_inks, shown_from};
use crate::mercator::{MapRefusal, View, metres_per_pixel, units_per_pixel};
use crate::pin::{Pin, Ring, draw_pins, draw_ring};
use crate::scene::Scene;
use crate::shape::{Class, Feature, Kind};
use crate::text::{self, Face};
use tiny_skia::PathBuilder;

/// Longest side of a still image in pixels of the page.
pub const SIDE_MAX: u32 = 1600;

/// Device pixels per pixel of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scale {
    One,
    Two,
}

impl Scale {
    fn factor(self) -> f32 {
        match self {
            Scale::One => 1.0,
            Scale::Two => 2.0,
        }
    }
}

/// One map tile as PNG, 256 pixels a side (512 at `Scale::Two`).
pub fn render_tile(scene: &Scene, z: u8, x: u32, y: u32, theme: Theme, scale: Scale) -> Result<Vec<u8>, MapRefusal> {
    draw(scene, View::tile(z, x, y)?, theme, scale)?.png()
}

/// What a still image shows besides the map.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Overlay<'a> {
    pub ring: Option<Ring>,
    pub pins: &'a [Pin],
    /// Stands in the lower right corner: the licence of the map data asks for it.
    pub attribution: &'a str,
}

/// A still image as PNG.
pub fn render_static(
    scene: &Scene,
    view: View,
    theme: Theme,
    scale: Scale,
    overlay: &Overlay<'_>,
) -> Result<Vec<u8>, MapRefusal> {
    if view.width > SIDE_MAX || view.height > SIDE_MAX {
        return Err(MapRefusal::Size);
    }
    let mut canvas = draw(scene, view, theme, scale)?;
    finish(&mut canvas, theme, overlay);
    canvas.png()
}

pub(crate) fn finish(canvas: &mut Canvas, theme: Theme, overlay: &Overlay<'_>) {
    let palette = theme.palette();
    if let Some(ring) = overlay.ring {
        draw_ring(canvas, palette, ring);
    }
    draw_pins(canvas, palette, overlay.pins);
    credit(canvas, palette, overlay.attribution);
}

pub(crate) fn draw(scene: &Scene, view: View, theme: Theme, scale: Scale) -> Result<Canvas, MapRefusal> {
    let palette = theme.palette();
    let mut canvas = Canvas::new(view, scale.factor(), palette.paper.color())?;
    let (unit, margin) = (units_per_pixel(view.zoom), 48.0);
    let (left, top) = (view.left as f64, view.top as f64);
    let (right, bottom) = (left + f64::from(view.width), top + f64::from(view.height));
    let low = [(left - margin) * unit, (top - margin) * unit];
    let features = scene.within(low, [(right + margin) * unit, (bottom + margin) * unit]);
    let visible: Vec<&Feature> =
        features.into_iter().filter(|f| view.zoom >= shown_from(f.class) && is_visible(f, unit)).collect();
    let roads_from = visible.partition_point(|f| !f.class.is_road() && is_below_roads(f.class));
    let roads_to = roads_from + visible[roads_from..].partition_point(|f| f.class.is_road());
    visible[..roads_from].iter().for_each(|feature| draw_ground(&mut canvas, palette, feature));
    for level in visible[roads_from..roads_to].chunk_by(|a, b| a.level == b.level) {
        draw_roads(&mut canvas, palette, level);
    }
    visible[roads_to..].iter().for_each(|feature| draw_above(&mut canvas, palette, feature));
    for label in scene.labels_within(view.zoom, [left, top], [right, bottom]) {
        draw_label(&mut canvas, palette, label);
    }
    Ok(canvas)
}

/// Smaller than half a pixel draws nothing but costs time.
fn is_visible(feature: &Feature, unit: f64) -> bool {
    let (low, high) = feature.geometry.extent();
    feature.geometry.kind() == Kind::Point || f64::from((high.x - low.x).max(high.y - low.y)) > unit * 0.5
}

fn is_below_roads(class: Class) -> bool {
    class <= Class::River
}

fn draw_ground(canvas: &mut Canvas, palette: &Palette, feature: &Feature) {
    let zoom = canvas.view.zoom;
    if feature.geometry.kind() == Kind::Line {
        if feature.class.is_water() && feature.level >= 0 {
            let width = line_width(feature.class, zoom);
            if width > 0.0 {
                canvas.stroke(&feature.geometry, Pencil::solid(width, palette.water.color()));
            }
        }
        return;
    }
    let Some((fill, edge)) = area_inks(feature.class, palette) else { return };
    canvas.fill(&feature.geometry, fill.color());
    if let Some((ink, _)) = edge.filter(|(_, from)| zoom >= *from) {
        canvas.stroke(&feature.geometry, Pencil::solid(1.0, ink.color()));
    }
}

/// All roads of one level: first every edge, then every surface, so that crossings are open.
fn draw_roads(canvas: &mut Canvas, palette: &Palette, roads: &[&Feature]) {
    let zoom = canvas.view.zoom;
    for road in roads.iter().filter(|road| has_edge(road.class, zoom)) {
        let (_, edge) = road_inks(road.class, palette);
        let width = line_width(road.class, zoom);
        let (ink, round) = if road.level > 0 { (palette.bridge_edge, false) } else { (edge, true) };
        let color = if road.level < 0 { ink.faded(110) } else { ink.color() };
        let dash: &[f32] = if road.level < 0 { &[5.0, 4.0] } else { &[] };
        canvas.stroke(
            &road.geometry,
            Pencil { width: width + 2.0 * edge_width(zoom), color, round: round && dash.is_empty(), dash },
        );
    }
    for road in roads {
        let width = line_width(road.class, zoom);
        if width <= 0.0 {
            continue;
        }
        match road.class {
            Class::Rail => draw_rail(canvas, palette, road, width),
            Class::Path | Class::Track | Class::Steps => draw_path(canvas, palette, road, width),
            _ => {
                let (fill, edge) = road_inks(road.class, palette);
                // A thin white line on pale paper is no line: far out, small streets are drawn in the colour of the edge.
                let ink = if has_edge(road.class, zoom) { fill } else { edge };
                let alpha = if road.level < 0 { 130 } else { 255 };
                canvas.stroke(&road.geometry, Pencil::solid(width, ink.faded(alpha)));
            }
        }
    }
}

fn has_edge(class: Class, zoom: u8) -> bool {
    !matches!(class, Class::Rail | Class::Path | Class::Track | Class::Steps) && line_width(class, zoom) >= 1.8
}

fn draw_rail(canvas: &mut Canvas, palette: &Palette, road: &Feature, width: f32) {
    if road.level < 0 {
        let pencil = Pencil { width, color: palette.rail.faded(120), round: false, dash: &[3.0, 5.0] };
        return canvas.stroke(&road.geometry, pencil);
    }
    if road.level > 0 && canvas.view.zoom >= 15 {
        let pencil = Pencil { width: width + 5.0, color: palette.bridge_edge.color(), round: false, dash: &[] };
        canvas.stroke(&road.geometry, pencil);
    }
    if canvas.view.zoom < 14 {
        return canvas.stroke(&road.geometry, Pencil::solid(width, palette.rail.color()));
    }
    let ground = Pencil { width: width + 1.6, color: palette.rail_ground.color(), round: false, dash: &[] };
    canvas.stroke(&road.geometry, ground);
    let dash = [width * 3.2, width * 2.0];
    canvas.stroke(&road.geometry, Pencil { width, color: palette.rail.color(), round: false, dash: &dash });
}

fn draw_path(canvas: &mut Canvas, palette: &Palette, road: &Feature, width: f32) {
    let color = palette.path.faded(if road.level < 0 { 120 } else { 230 });
    if road.level > 0 && canvas.view.zoom >= 15 {
        let edge = Pencil { width: width + 4.0, color: palette.bridge_edge.color(), round: false, dash: &[] };
        canvas.stroke(&road.geometry, edge);
        let surface = Pencil { width: width + 2.0, color: palette.road.color(), round: true, dash: &[] };
        canvas.stroke(&road.geometry, surface);
    }
    let (dash, width) = match road.class {
        Class::Track => ([width * 4.5, width * 1.8], width),
        Class::Steps => ([1.6, 1.6], width * 1.9),
        _ => ([width * 2.4, width * 1.7], width),
    };
    canvas.stroke(&road.geometry, Pencil { width, color, round: false, dash: &dash });
}

/// Borders and trees.
fn draw_above(canvas: &mut Canvas, palette: &Palette, feature: &Feature) {
    let zoom = canvas.view.zoom;
    match feature.class {
        Class::DistrictBorder => {
            let width = line_width(Class::DistrictBorder, zoom);
            let dash = [9.0, 4.0, 2.0, 4.0];
            // Close by, the border is only a hint: streets and names matter more.
            let alpha = if zoom >= 16 { 95 } else { 150 };
            let pencil = Pencil { width, color: palette.border.faded(alpha), round: false, dash: &dash };
            canvas.stroke(&feature.geometry, pencil);
        }
        Class::Tree => {
            let spot = feature.geometry.parts()[0][0];
            let (x, y) = canvas.view.pixel(spot);
            let metre = metres_per_pixel(zoom, spot.position().lat).max(0.01) as f32;
            // Crowns differ a little; the place decides, so that every tile sees the same tree.
            let crown = 2.3 + (spot.x.wrapping_mul(31).wrapping_add(spot.y) >> 4 & 7) as f32 * 0.16;
            let radius = (crown / metre).clamp(1.6, 16.0);
            canvas.dot(x, y, radius, palette.tree_edge.faded(190));
            canvas.dot(x, y, radius - 0.8, palette.tree.faded(235));
        }
        _ => {}
    }
}

fn draw_label(canvas: &mut Canvas, palette: &Palette, label: &Placed) {
    let ink = match label.voice {
        Voice::Text => palette.text,
        Voice::Strong => palette.text_strong,
        Voice::Quiet => palette.text_quiet,
        Voice::Green => palette.text_green,
        Voice::Water => palette.text_water,
        Voice::Public => palette.text_public,
    };
    if let Some(badge) = label.badge {
        draw_badge(canvas, palette, badge, label.at);
    }
    canvas.write(label, ink.color(), palette.halo.faded(225));
}

fn draw_badge(canvas: &mut Canvas, palette: &Palette, badge: Badge, at: (f64, f64)) {
    let (x, y) = (at.0 - canvas.view.left as f64, at.1 - canvas.view.top as f64);
    canvas.dot(x, y, 8.0, palette.halo.color());
    canvas.dot(x, y, 7.0, palette.badge.color());
    let (x, y) = (x as f32, y as f32);
    match badge {
        // The sign at every German bus stop: H on a round plate.
        Badge::Stop => {
            canvas.dot(f64::from(x), f64::from(y), 5.6, Ink(0xffdf57).color());
            canvas.write_line(Face::Strong, "H", 9.0, x - 2.95, y + 3.1, Ink(0x1d5a36).color());
        }
        // A swing: frame, ropes, seat.
        Badge::Playground => {
            let mut path = PathBuilder::new();
            for (ax, ay, bx, by) in [
                (-3.4, 3.6, -2.0, -3.4),
                (3.4, 3.6, 2.0, -3.4),
                (-2.6, -3.4, 2.6, -3.4),
                (-0.9, -3.4, -0.9, 1.4),
                (0.9, -3.4, 0.9, 1.4),
                (-1.5, 1.6, 1.5, 1.6),
            ] {
                path.move_to(x + ax, y + ay);
                path.line_to(x + bx, y + by);
            }
            if let Some(path) = path.finish() {
                canvas.stroke_path(&path, Pencil::solid(1.1, palette.badge_sign.color()), 0.0);
            }
        }
    }
}

/// In as many lines as the narrowest phone's picture needs: a credit that is cut off credits nobody.
fn credit(canvas: &mut Canvas, palette: &Palette, attribution: &str) {
    let (size, step) = (10.5, 14.0);
    let (right, bottom) = (canvas.view.width as f32, canvas.view.height as f32);
    let wide = |line: &str| text::width(&text::letters(Face::Plain, line)) * size;
    let mut lines: Vec<String> = vec![];
    for word in attribution.split_whitespace() {
        match lines.last_mut() {
            Some(line) if wide(&format!("{line} {word}")) <= right - 12.0 => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    let Some(widest) = lines.iter().map(|line| wide(line)).reduce(f32::max) else { return };
    let tall = lines.len() as f32 * step + 3.0;
    canvas.rectangle(right - widest - 10.0, bottom - tall, widest + 10.0, tall, palette.credit_ground.faded(215));
    for (row, line) in lines.iter().rev().enumerate() {
        let (x, y) = (right - wide(line) - 5.0, bottom - 5.0 - row as f32 * step);
        canvas.write_line(Face::Plain, line, size, x, y, palette.text.color());
    }
}

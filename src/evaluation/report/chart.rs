//! Text alignment against likeness: a line a method over its strengths, the base model and the photos as
//! marks beside them.

use serde::Serialize;

use super::{
    BASE,
    cells::{Cells, DINO, FOREGROUND, IMAGE, Metric, TEXT},
    digits, title,
};

/// The picture's size and the margin for axes, in its own units.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 400.0;
const MARGIN: f64 = 52.0;
/// Line colours that the page's style defines.
const COLOURS: usize = 6;

#[derive(Serialize)]
pub(super) struct Chart {
    title: String,
    likeness: &'static str,
    width: f64,
    height: f64,
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
    lines: Vec<Line>,
    /// Horizontal positions and numbers; vertical ones below.
    across: Vec<Tick>,
    up: Vec<Tick>,
}

#[derive(Serialize)]
struct Line {
    title: String,
    class: String,
    /// "x,y x,y …"
    points: String,
    marks: Vec<Mark>,
    label_y: f64,
}

#[derive(Serialize)]
struct Mark {
    x: f64,
    y: f64,
    /// What is read when the mark is pointed at.
    tip: String,
    strength: String,
}

#[derive(Serialize)]
struct Tick {
    at: f64,
    text: String,
}

struct Series {
    title: String,
    class: String,
    /// Strength, likeness, text.
    points: Vec<(String, f64, f64)>,
}

pub(super) fn charts(cells: &Cells) -> Vec<Chart> {
    [IMAGE, FOREGROUND, DINO].into_iter().filter_map(|likeness| chart(cells, likeness)).collect()
}

fn chart(cells: &Cells, likeness: Metric) -> Option<Chart> {
    let mut colour = 0;
    let mut series = Vec::new();
    for method in cells.methods() {
        let point = |strength: f64| {
            let of = |metric| cells.interval(method, strength, metric).map(|interval| interval.mean);
            let name = if method == BASE { String::new() } else { strength.to_string() };
            Some((name, of(likeness)?, of(TEXT)?))
        };
        let class = if method == BASE {
            "base".to_owned()
        } else {
            colour += 1;
            format!("line{}", (colour - 1) % COLOURS)
        };
        series.push(Series {
            title: title(method),
            class,
            points: cells.strengths(method).into_iter().filter_map(point).collect(),
        });
    }
    let photos = cells.of_photos(|photos| match likeness.name {
        name if name == IMAGE.name => photos.image_alignment,
        name if name == FOREGROUND.name => photos.foreground,
        _ => photos.dino,
    });
    if let (Some(likeness), Some(text)) = (photos, cells.of_photos(|photos| Some(photos.text_alignment))) {
        let points = vec![(String::new(), likeness, text)];
        series.push(Series { title: "real photos".to_owned(), class: "photos".to_owned(), points });
    }
    let points = || series.iter().flat_map(|series| &series.points);
    let across = Axis::new(points().map(|point| point.1), MARGIN, WIDTH - 12.0)?;
    let up = Axis::new(points().map(|point| point.2), HEIGHT - MARGIN, 12.0)?;
    let lines = series.iter().enumerate().map(|(index, series)| {
        let marks: Vec<Mark> = series
            .points
            .iter()
            .map(|(strength, likeness, text)| Mark {
                x: across.place(*likeness),
                y: up.place(*text),
                tip: format!(
                    "{} {strength}: text {}, likeness {}",
                    series.title,
                    digits(*text),
                    digits(*likeness)
                ),
                strength: strength.clone(),
            })
            .collect();
        let points: Vec<String> = marks.iter().map(|mark| format!("{:.1},{:.1}", mark.x, mark.y)).collect();
        Line {
            title: series.title.clone(),
            class: series.class.clone(),
            points: points.join(" "),
            marks,
            label_y: 26.0 + 17.0 * index as f64,
        }
    });
    Some(Chart {
        title: format!("Text alignment against likeness: {}", likeness.name),
        likeness: likeness.name,
        width: WIDTH,
        height: HEIGHT,
        left: MARGIN,
        right: WIDTH - 12.0,
        top: 12.0,
        bottom: HEIGHT - MARGIN,
        lines: lines.collect(),
        across: across.ticks(),
        up: up.ticks(),
    })
}

/// Values to places.
struct Axis {
    least: f64,
    most: f64,
    from: f64,
    to: f64,
}

impl Axis {
    /// `None` without values.
    fn new(values: impl Iterator<Item = f64> + Clone, from: f64, to: f64) -> Option<Self> {
        let least = values.clone().reduce(f64::min)?;
        let most = values.reduce(f64::max)?;
        let room = ((most - least) * 0.06).max(0.005);
        Some(Self { least: least - room, most: most + room, from, to })
    }

    fn place(&self, value: f64) -> f64 {
        let share = (value - self.least) / (self.most - self.least);
        ((self.from + share * (self.to - self.from)) * 10.0).round() / 10.0
    }

    /// Round numbers, about six of them.
    fn ticks(&self) -> Vec<Tick> {
        let span = self.most - self.least;
        let steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5];
        let step = steps.into_iter().find(|step| span / step <= 6.5).unwrap_or(1.0);
        let (first, last) = ((self.least / step).ceil() as i64, (self.most / step).floor() as i64);
        (first..=last)
            .map(|index| index as f64 * step)
            .map(|value| Tick { at: self.place(value), text: digits(value) })
            .collect()
    }
}

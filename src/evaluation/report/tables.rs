//! The report's tables.

use super::{
    super::{
        results::TrainingRun,
        statistics::{Interval, Standing, Verdict, interval, mean, paired_difference, wins},
    },
    BASE, CONTROL, Table,
    cells::{CLIP_SCORE, CONTAMINATION, Cells, IMAGE, LIKENESSES, Metric, TEXT},
    digits, signed, title,
    verdict::comparison,
};
use crate::plan::gigabytes;

pub(super) fn all(cells: &Cells) -> Vec<Table> {
    let tables = [
        scores(cells),
        elements(cells),
        against_control(cells),
        against_curve(cells),
        taken_attention(cells),
        cost(cells),
    ];
    tables.into_iter().flatten().filter(|table| !table.rows.is_empty()).collect()
}

fn with_interval(interval: Option<Interval>) -> String {
    interval.map_or("–".to_owned(), |Interval { low, mean, high }| {
        format!("{} ({} to {})", digits(mean), digits(low), digits(high))
    })
}

/// The mean difference of paired cells with its interval.
fn difference(pairs: &[(f64, f64)]) -> String {
    paired_difference(pairs).map_or("–".to_owned(), |Interval { low, mean, high }| {
        format!("{} ({} to {})", signed(mean), signed(low), signed(high))
    })
}

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The metrics that anything was measured by.
fn measured(cells: &Cells) -> Vec<Metric> {
    let all = [&[TEXT][..], &LIKENESSES, &[CONTAMINATION, CLIP_SCORE]].concat();
    let has =
        |metric: &Metric| cells.pictures.iter().any(|picture| (metric.measure)(&picture.scores).is_some());
    all.into_iter().filter(has).collect()
}

fn scores(cells: &Cells) -> Option<Table> {
    let metrics = measured(cells);
    let mut header = texts(&["method", "strength"]);
    header.extend(metrics.iter().map(|metric| metric.name.to_owned()));
    header.push("CLIP-I, unstyled prompts".to_owned());
    let mut rows = Vec::new();
    for method in cells.methods() {
        for strength in cells.strengths(method) {
            let mut row =
                vec![title(method), if method == BASE { "–".to_owned() } else { strength.to_string() }];
            row.extend(metrics.iter().map(|metric| with_interval(cells.interval(method, strength, *metric))));
            let unstyled = cells.values(method, strength, |picture| {
                (!picture.styled).then_some(picture.scores.image_alignment)
            });
            row.push(with_interval(interval(&unstyled.into_values().collect::<Vec<_>>())));
            rows.push(row);
        }
    }
    let mut photos = texts(&["real photos", "–"]);
    let of_photos = |metric: &Metric| match metric.name {
        name if name == TEXT.name => cells.of_photos(|photos| Some(photos.text_alignment)),
        name if name == IMAGE.name => cells.of_photos(|photos| photos.image_alignment),
        "foreground" => cells.of_photos(|photos| photos.foreground),
        "DINO-I" => cells.of_photos(|photos| photos.dino),
        _ => None,
    };
    let value = |value: Option<f64>| value.map_or("–".to_owned(), digits);
    photos.extend(metrics.iter().map(|metric| value(of_photos(metric))));
    photos.push(value(of_photos(&IMAGE)));
    rows.push(photos);
    let found = cells.pictures.iter().filter(|picture| picture.scores.foreground.is_some()).count();
    let (with_mask, all_photos) = cells
        .photos
        .iter()
        .fold((0, 0), |(found, all), photos| (found + photos.foregrounds, all + photos.photos.len()));
    Some(Table {
        title: "Scores".to_owned(),
        remark: format!(
            "Means over cells with 95 % bootstrap intervals. Text and image alignment are plain cosines by CLIP, of pictures with the clean prompt and with the subject's photos; compare each only within its column. A margin is the likeness less the mean likeness to the other subjects' photos. Foreground is CLIP-I of the subject cut out by colour (what differs from the colours of the picture's rim, largest part near the middle, holes filled, before grey): found in {found} of {} pictures and {with_mask} of {all_photos} photos, the others are left out. Contamination is the share of the subject's word of the attention that the prompt's content words get in that foreground (DAAM heat maps): the lower, the more of the prompt is left. CLIPScore begins the caption with \"A photo depicts \" and multiplies by 2.5. Real photos are compared with each other.",
            cells.pictures.len()
        ),
        header,
        rows,
    })
}

fn elements(cells: &Cells) -> Option<Table> {
    let mut names: Vec<&str> = Vec::new();
    for name in cells.pictures.iter().flat_map(|picture| &picture.element_names) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return None;
    }
    let mut header = texts(&["method", "strength"]);
    header.extend(names.iter().map(|name| (*name).to_owned()));
    header.push("whole prompt".to_owned());
    let mut rows = Vec::new();
    for method in cells.methods() {
        let strength = cells.full_strength(method);
        let mut row = vec![title(method), if method == BASE { "–".to_owned() } else { strength.to_string() }];
        for name in &names {
            let values = cells.values(method, strength, |picture| {
                let named = picture.element_names.iter().zip(&picture.scores.elements);
                let own: Vec<f64> = named.filter(|(own, _)| own == name).map(|(_, value)| *value).collect();
                mean(&own)
            });
            row.push(with_interval(interval(&values.into_values().collect::<Vec<_>>())));
        }
        row.push(with_interval(cells.interval(method, strength, TEXT)));
        rows.push(row);
    }
    let remark = "Cosine of the pictures with the phrase of each element of the prompt by itself, adapters as trained.";
    Some(Table { title: "Text alignment by element".to_owned(), remark: remark.to_owned(), header, rows })
}

fn against_control(cells: &Cells) -> Option<Table> {
    let others: Vec<&str> = cells.trained().into_iter().filter(|method| *method != CONTROL).collect();
    if !cells.trained().contains(&CONTROL) {
        return None;
    }
    let metrics = measured(cells);
    let control = (CONTROL, cells.full_strength(CONTROL));
    let mut header = texts(&["method", "cells with more text alignment"]);
    header.extend(metrics.iter().map(|metric| metric.name.to_owned()));
    let rows = others.iter().map(|&method| {
        let own = (method, cells.full_strength(method));
        let text = cells.pairs(own, control, TEXT);
        let share = 100.0 * wins(&text) as f64 / text.len().max(1) as f64;
        let mut row = vec![title(method), format!("{} of {} ({share:.0} %)", wins(&text), text.len())];
        row.extend(metrics.iter().map(|metric| difference(&cells.pairs(own, control, *metric))));
        row
    });
    Some(Table {
        title: "Differences from TI+DB, paired by cell, adapters as trained".to_owned(),
        remark: "An interval that holds 0 is no difference. Cells of one subject or prompt are not independent, so with few of them the intervals are too narrow.".to_owned(),
        rows: rows.collect(),
        header,
    })
}

fn against_curve(cells: &Cells) -> Option<Table> {
    let metrics: Vec<Metric> = LIKENESSES
        .into_iter()
        .filter(|metric| measured(cells).iter().any(|known| known.name == metric.name))
        .collect();
    let mut header = texts(&["method", "strength"]);
    header.extend(metrics.iter().map(|metric| format!("at the same {}", metric.name)));
    let mut rows = Vec::new();
    for method in cells.trained().into_iter().filter(|method| *method != CONTROL) {
        for strength in cells.strengths(method) {
            let compared = |metric: &Metric| comparison(cells, method, strength, *metric);
            if compared(&IMAGE).is_none() {
                continue;
            }
            let mut row = vec![title(method), strength.to_string()];
            row.extend(metrics.iter().map(|metric| {
                compared(metric).map_or("–".to_owned(), |comparison| {
                    let verdict = match comparison.verdict() {
                        Verdict::Above => "above",
                        Verdict::Below => "below",
                        Verdict::Open => "can't be told",
                        Verdict::Beyond => "beyond the curve",
                        Verdict::TooFew => "too few cells",
                    };
                    match comparison.standing {
                        Standing::Above(difference) => format!("{} · {verdict}", signed(difference)),
                        Standing::Below(difference) => format!("{} · {verdict}", signed(-difference)),
                        Standing::Beyond => format!("– · {verdict}"),
                    }
                })
            }));
            rows.push(row);
        }
    }
    Some(Table {
        title: "Against TI+DB's strength curve".to_owned(),
        remark: "Text alignment above (+) or below (−) what TI+DB gives at the strength where it is as near to the subject, straight between its strengths. \"Above\" and \"below\" are said where 97.5 % of resamples agree.".to_owned(),
        header,
        rows,
    })
}

/// The contamination of the class noun in the base model, and of each method's new word.
fn taken_attention(cells: &Cells) -> Option<Table> {
    cells.pictures.iter().find_map(|picture| picture.scores.contamination)?;
    let control = (CONTROL, cells.full_strength(CONTROL));
    let rows = cells.methods().into_iter().map(|method| {
        let strength = cells.full_strength(method);
        let against_base = cells.pairs_with_base(method, strength, CONTAMINATION);
        let against_control = cells.pairs((method, strength), control, CONTAMINATION);
        let is = |other: &str| method == other;
        vec![
            title(method),
            with_interval(cells.interval(method, strength, CONTAMINATION)),
            if is(BASE) { "–".to_owned() } else { difference(&against_base) },
            if is(BASE) || is(CONTROL) { "–".to_owned() } else { difference(&against_control) },
        ]
    });
    Some(Table {
        title: "Contamination: what the subject's word takes from the other words".to_owned(),
        remark: "Share of the subject's word (in the base model the class noun) of the attention that the prompt's content words get in the foreground, by DAAM heat maps, adapters as trained; with what that is more or less than the class noun's in the same cells, and than TI+DB's. Pictures in which no foreground stands out are left out.".to_owned(),
        header: texts(&["method", "contamination", "from the class noun's", "from TI+DB's"]),
        rows: rows.collect(),
    })
}

fn cost(cells: &Cells) -> Option<Table> {
    let rows = cells.trained().into_iter().filter_map(|method| {
        let runs: Vec<&&TrainingRun> = cells.trainings.iter().filter(|run| run.method == method).collect();
        let of = |value: &dyn Fn(&TrainingRun) -> f64| {
            let values: Vec<f64> = runs.iter().map(|run| value(run)).collect();
            mean(&values)
        };
        let measured = of(&|run| run.measured_memory as f64)?;
        Some(vec![
            title(method),
            runs.len().to_string(),
            format!("{:.1}", of(&|run| run.seconds)?),
            format!("{:.0}", of(&|run| run.unet_evaluations as f64)?),
            gigabytes(of(&|run| run.planned_memory as f64)? as u64),
            if measured > 0.0 { gigabytes(measured as u64) } else { "not counted".to_owned() },
            format!("{:.2}", of(&|run| run.alignment_ratio)?),
        ])
    });
    Some(Table {
        title: "Cost of a training".to_owned(),
        remark: "Means over trainings. U-Net evaluations are predictions of one picture, with gradients and without (backward passes are not counted); memory is the planned peak, and what the device had handed out. The ratio is ‖λΔ‖ / ‖2(ε̂ − ε)‖ where alignment acted: .3 to .6 keeps the subject.".to_owned(),
        header: texts(&["method", "trainings", "seconds", "U-Net evaluations", "planned memory", "measured memory", "alignment ratio"]),
        rows: rows.collect(),
    })
}

/// The settings of each method's first training, by name.
pub(super) fn trainings(cells: &Cells) -> Vec<(String, String)> {
    let first = |method: &str| cells.trainings.iter().find(|run| run.method == method);
    cells
        .trained()
        .into_iter()
        .filter_map(|method| Some((title(method), format!("{:#}", first(method)?.settings))))
        .collect()
}

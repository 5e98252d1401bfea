//! Results put together: what each method got in each cell, at each strength.

use std::collections::BTreeMap;

use super::{
    super::{
        PictureScores,
        results::{PhotosResult, PictureResult, Record, TrainingRun},
        statistics::{Interval, Point, interval, mean},
    },
    BASE,
};

/// A subject, a prompt and a training seed.
pub(super) type CellKey = (String, String, u64);

/// A number that pictures have.
pub(super) type Measure = fn(&PictureScores) -> Option<f64>;

/// A number with its name and what it says.
#[derive(Clone, Copy)]
pub(super) struct Metric {
    pub name: &'static str,
    pub measure: Measure,
}

pub(super) const TEXT: Metric =
    Metric { name: "text (CLIP-T)", measure: |scores| Some(scores.text_alignment) };
pub(super) const IMAGE: Metric =
    Metric { name: "image (CLIP-I)", measure: |scores| Some(scores.image_alignment) };
pub(super) const MARGIN: Metric = Metric { name: "image margin", measure: |scores| scores.margin };
pub(super) const FOREGROUND: Metric = Metric { name: "foreground", measure: |scores| scores.foreground };
pub(super) const FOREGROUND_MARGIN: Metric =
    Metric { name: "foreground margin", measure: |scores| scores.foreground_margin };
pub(super) const DINO: Metric = Metric { name: "DINO-I", measure: |scores| scores.dino };
pub(super) const CLIP_SCORE: Metric =
    Metric { name: "CLIPScore (×2.5)", measure: |scores| Some(scores.clip_score) };

pub(super) const CONTAMINATION: Metric =
    Metric { name: "contamination", measure: |scores| scores.contamination };

/// What says how near pictures are to the subject.
pub(super) const LIKENESSES: [Metric; 5] = [IMAGE, MARGIN, FOREGROUND, FOREGROUND_MARGIN, DINO];

/// All results of one judge.
pub(super) struct Cells<'a> {
    pub pictures: Vec<&'a PictureResult>,
    pub trainings: Vec<&'a TrainingRun>,
    pub photos: Vec<&'a PhotosResult>,
}

impl<'a> Cells<'a> {
    pub fn new(records: &'a [Record], judge: &str) -> Self {
        let mut cells = Self { pictures: Vec::new(), trainings: Vec::new(), photos: Vec::new() };
        for record in records {
            match record {
                Record::Picture(picture) if picture.judge == judge => cells.pictures.push(picture),
                Record::Training(run) => cells.trainings.push(run),
                Record::Photos(photos) if photos.judge == judge => cells.add_photos(photos),
                _ => {}
            }
        }
        cells
    }

    /// A comparison that went on with other prompts scored the photos again: the score by the most prompts counts.
    fn add_photos(&mut self, photos: &'a PhotosResult) {
        match self.photos.iter_mut().find(|known| known.subject == photos.subject) {
            Some(known) if known.prompts.len() > photos.prompts.len() => {}
            Some(known) => *known = photos,
            None => self.photos.push(photos),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.pictures.is_empty()
    }

    /// Methods in the order in which they were first drawn.
    pub fn methods(&self) -> Vec<&'a str> {
        in_order(self.pictures.iter().map(|picture| picture.cell.method.as_str()))
    }

    /// The methods that were trained.
    pub fn trained(&self) -> Vec<&'a str> {
        self.methods().into_iter().filter(|method| *method != BASE).collect()
    }

    pub fn subjects(&self) -> Vec<&'a str> {
        in_order(self.pictures.iter().map(|picture| picture.cell.subject.as_str()))
    }

    /// A method's strengths, from the lowest.
    pub fn strengths(&self, method: &str) -> Vec<f64> {
        let own = self.pictures.iter().filter(|picture| picture.cell.method == method);
        let mut strengths: Vec<f64> = own.map(|picture| picture.cell.strength).collect();
        strengths.sort_by(f64::total_cmp);
        strengths.dedup();
        strengths
    }

    /// The strength a method is reported at: 1, or the one that is nearest to it.
    pub fn full_strength(&self, method: &str) -> f64 {
        let off = |strength: &f64| (strength - 1.0).abs();
        self.strengths(method).into_iter().min_by(|a, b| off(a).total_cmp(&off(b))).unwrap_or(0.0)
    }

    /// The mean over each cell's pictures of those that have the number.
    pub fn values(
        &self,
        method: &str,
        strength: f64,
        measure: impl Fn(&PictureResult) -> Option<f64>,
    ) -> BTreeMap<CellKey, f64> {
        let mut values: BTreeMap<CellKey, Vec<f64>> = BTreeMap::new();
        for picture in &self.pictures {
            let cell = &picture.cell;
            if cell.method == method && cell.strength == strength {
                let key = (cell.subject.clone(), cell.prompt.clone(), cell.training_seed);
                values.entry(key).or_default().extend(measure(picture));
            }
        }
        values.into_iter().filter_map(|(key, values)| Some((key, mean(&values)?))).collect()
    }

    pub fn metric(&self, method: &str, strength: f64, metric: Metric) -> BTreeMap<CellKey, f64> {
        self.values(method, strength, |picture| (metric.measure)(&picture.scores))
    }

    /// A number's mean over cells with its interval.
    pub fn interval(&self, method: &str, strength: f64, metric: Metric) -> Option<Interval> {
        let values: Vec<f64> = self.metric(method, strength, metric).into_values().collect();
        interval(&values)
    }

    /// Two methods' values of the cells that both have.
    pub fn pairs(&self, first: (&str, f64), second: (&str, f64), metric: Metric) -> Vec<(f64, f64)> {
        let other = self.metric(second.0, second.1, metric);
        let own = self.metric(first.0, first.1, metric);
        own.into_iter().filter_map(|(key, value)| Some((value, *other.get(&key)?))).collect()
    }

    /// A method's values and the base model's of the same subject and prompt; the base model has no training
    /// seeds.
    pub fn pairs_with_base(&self, method: &str, strength: f64, metric: Metric) -> Vec<(f64, f64)> {
        let base = self.metric(BASE, self.full_strength(BASE), metric);
        let own = self.metric(method, strength, metric).into_iter();
        own.filter_map(|((subject, prompt, _), value)| Some((value, *base.get(&(subject, prompt, 0))?)))
            .collect()
    }

    /// A method at a strength and another one's curve, in the cells that all of them have.
    pub fn against_curve(
        &self,
        method: &str,
        strength: f64,
        control: &str,
        likeness: Metric,
    ) -> (Vec<Point>, Vec<Vec<Point>>) {
        let points = |method: &str, strength: f64| {
            let text = self.metric(method, strength, TEXT);
            let likeness = self.metric(method, strength, likeness);
            let both = text.into_iter();
            let both = both.filter_map(|(key, text)| {
                let point = Point { text, likeness: *likeness.get(&key)? };
                Some((key, point))
            });
            both.collect::<BTreeMap<CellKey, Point>>()
        };
        let own = points(method, strength);
        let curve: Vec<_> =
            self.strengths(control).into_iter().map(|strength| points(control, strength)).collect();
        let shared: Vec<&CellKey> =
            own.keys().filter(|key| curve.iter().all(|points| points.contains_key(*key))).collect();
        let pick = |points: &BTreeMap<CellKey, Point>| {
            shared.iter().filter_map(|key| points.get(*key).copied()).collect::<Vec<_>>()
        };
        (pick(&own), curve.iter().map(pick).collect())
    }

    /// The mean of a number of the photos.
    pub fn of_photos(&self, value: impl Fn(&PhotosResult) -> Option<f64>) -> Option<f64> {
        let values: Vec<f64> = self.photos.iter().filter_map(|photos| value(photos)).collect();
        mean(&values)
    }

    /// What there is, in words.
    pub fn counts(&self) -> String {
        let prompts = in_order(self.pictures.iter().map(|picture| picture.cell.prompt.as_str())).len();
        let mut seeds: Vec<u64> = self.pictures.iter().map(|picture| picture.cell.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        let mut training_seeds: Vec<u64> = self.trainings.iter().map(|run| run.training_seed).collect();
        training_seeds.sort_unstable();
        training_seeds.dedup();
        let many = |count: usize, one: &str| format!("{count} {one}{}", if count == 1 { "" } else { "s" });
        format!(
            "{}: {}, {}, {} of each prompt, {} of each adapter.",
            many(self.pictures.len(), "picture"),
            many(self.subjects().len(), "subject"),
            many(prompts, "prompt"),
            many(seeds.len(), "seed"),
            many(training_seeds.len().max(1), "training")
        )
    }
}

fn in_order<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut known = Vec::new();
    for name in names {
        if !known.contains(&name) {
            known.push(name);
        }
    }
    known
}

//! Means, intervals, and whether a method does better than turning another one down.
//!
//! Intervals are percentile bootstraps: cells are drawn again with replacement, [`RESAMPLES`] times, by a
//! generator with a fixed seed, so the same results give the same interval. Where two methods are compared,
//! a cell is drawn with its values under both (paired).

/// How often cells are drawn again.
pub const RESAMPLES: usize = 10_000;
/// The share of resamples that lies in an interval.
pub const CONFIDENCE: f64 = 0.95;

/// A verdict needs so many cells: one cell drawn again is always itself.
pub const MIN_CELLS: usize = 6;

/// A mean and where it lies in 95 of 100 resamples.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub mean: f64,
    pub high: f64,
}

/// The arithmetic mean; `None` of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The mean and its bootstrap interval; `None` of nothing.
pub fn interval(values: &[f64]) -> Option<Interval> {
    let mean = mean(values)?;
    let statistic =
        |cells: &[usize]| cells.iter().map(|&cell| values[cell]).sum::<f64>() / cells.len() as f64;
    let mut means = resample(values.len(), statistic);
    let (low, high) = middle(&mut means)?;
    Some(Interval { low, mean, high })
}

/// The mean difference of paired cells, first minus second, with its interval.
pub fn paired_difference(pairs: &[(f64, f64)]) -> Option<Interval> {
    let differences: Vec<f64> = pairs.iter().map(|(first, second)| first - second).collect();
    interval(&differences)
}

/// In how many paired cells the first value is above the second.
pub fn wins(pairs: &[(f64, f64)]) -> usize {
    pairs.iter().filter(|(first, second)| first > second).count()
}

/// How well a method follows the prompt (`text`) and keeps the subject (`likeness`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    pub text: f64,
    pub likeness: f64,
}

/// Where a point lies against another method's curve over its strength.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Standing {
    /// This much more text alignment than the curve gives at the same likeness.
    Above(f64),
    /// This much less (or 0).
    Below(f64),
    /// The curve has no such likeness, and neither end of it is better or worse in both ways.
    Beyond,
}

/// Compares a point with a curve, given by its points in the order of the strength and straight between
/// them. Where the curve passes the point's likeness several times, its best text alignment counts. Beyond
/// the curve's ends the nearer end counts only where one of the two is better in both ways.
pub fn standing(point: Point, curve: &[Point]) -> Standing {
    let crossings = curve.windows(2).filter_map(|ends| crossing(point.likeness, ends[0], ends[1]));
    let touching = curve.iter().filter(|end| end.likeness == point.likeness).map(|end| end.text);
    if let Some(best) = crossings.chain(touching).reduce(f64::max) {
        return match point.text - best {
            difference if difference > 0.0 => Standing::Above(difference),
            difference => Standing::Below(-difference),
        };
    }
    let by_likeness = |a: &&Point, b: &&Point| a.likeness.total_cmp(&b.likeness);
    let (Some(least), Some(most)) = (curve.iter().min_by(by_likeness), curve.iter().max_by(by_likeness))
    else {
        return Standing::Beyond;
    };
    if point.likeness > most.likeness && point.text > most.text {
        Standing::Above(point.text - most.text)
    } else if point.likeness < least.likeness && point.text < least.text {
        Standing::Below(least.text - point.text)
    } else {
        Standing::Beyond
    }
}

/// The text alignment at a likeness on the straight line between two points.
fn crossing(likeness: f64, from: Point, to: Point) -> Option<f64> {
    let share = (likeness - from.likeness) / (to.likeness - from.likeness);
    (0.0..=1.0).contains(&share).then_some(from.text + share * (to.text - from.text))
}

/// A point against a curve, and how often it stands so when the cells are drawn again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    pub standing: Standing,
    /// Share of resamples in which the point lies above the curve.
    pub above: f64,
    /// Share in which it lies below.
    pub below: f64,
    /// Cells it was asked of.
    pub cells: usize,
    /// Where the difference in text alignment lies in 95 of 100 of those that can be compared.
    pub difference: Option<(f64, f64)>,
}

impl Comparison {
    /// What may be said of it.
    pub fn verdict(&self) -> Verdict {
        let sure = 1.0 - (1.0 - CONFIDENCE) / 2.0;
        if self.cells < MIN_CELLS {
            Verdict::TooFew
        } else if self.above >= sure {
            Verdict::Above
        } else if self.below >= sure {
            Verdict::Below
        } else if self.above + self.below < 0.5 {
            Verdict::Beyond
        } else {
            Verdict::Open
        }
    }
}

/// What may be said of a point against a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Above,
    Below,
    /// Neither for sure: it lies on the curve as far as these cells tell.
    Open,
    /// Most resamples can't be compared.
    Beyond,
    /// Fewer cells than [`MIN_CELLS`]: drawing them again says nothing.
    TooFew,
}

/// Compares a method with another one's curve, by the means over the same cells. `curve[s][c]` is what the
/// other method got in cell `c` at its `s`-th strength; `points[c]` what this one got there.
pub fn compare(points: &[Point], curve: &[Vec<Point>]) -> Option<Comparison> {
    if points.is_empty() || curve.iter().any(|cells| cells.len() != points.len()) {
        return None;
    }
    let stand = |cells: &[usize]| {
        let curve: Vec<Point> = curve.iter().map(|strength| mean_point(strength, cells)).collect();
        standing(mean_point(points, cells), &curve)
    };
    let all: Vec<usize> = (0..points.len()).collect();
    let standings = resample(points.len(), stand);
    let share = |count: usize| count as f64 / RESAMPLES as f64;
    let above = standings.iter().filter(|standing| matches!(standing, Standing::Above(_))).count();
    let below = standings.iter().filter(|standing| matches!(standing, Standing::Below(_))).count();
    let signed = |standing: &Standing| match standing {
        Standing::Above(difference) => Some(*difference),
        Standing::Below(difference) => Some(-difference),
        Standing::Beyond => None,
    };
    let mut differences: Vec<f64> = standings.iter().filter_map(signed).collect();
    Some(Comparison {
        standing: stand(&all),
        cells: points.len(),
        above: share(above),
        below: share(below),
        difference: middle(&mut differences),
    })
}

fn mean_point(points: &[Point], cells: &[usize]) -> Point {
    let mean_of = |value: fn(&Point) -> f64| {
        cells.iter().map(|&cell| value(&points[cell])).sum::<f64>() / cells.len() as f64
    };
    Point { text: mean_of(|point| point.text), likeness: mean_of(|point| point.likeness) }
}

/// A statistic of [`RESAMPLES`] draws of `count` cells out of `count`, with replacement.
fn resample<T>(count: usize, statistic: impl Fn(&[usize]) -> T) -> Vec<T> {
    let mut generator = SplitMix64(0);
    let mut cells = vec![0; count];
    let draw = |_| {
        cells.fill_with(|| generator.below(count));
        statistic(&cells)
    };
    (0..RESAMPLES).map(draw).collect()
}

/// The ends of the middle 95 %.
fn middle(values: &mut [f64]) -> Option<(f64, f64)> {
    values.sort_by(f64::total_cmp);
    let tail = (1.0 - CONFIDENCE) / 2.0;
    let last = values.len().checked_sub(1)?;
    let at = |share: f64| values[((last as f64 * share).round() as usize).min(last)];
    Some((at(tail), at(1.0 - tail)))
}

/// Steele, Lea and Flood's SplitMix64 (OOPSLA 2014).
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A whole number below `limit`.
    fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.next()) * limit as u128) >> 64) as usize
    }
}

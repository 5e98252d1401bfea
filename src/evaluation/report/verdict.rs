//! The report's first paragraph.

use super::{
    super::statistics::{Comparison, Standing, Verdict, compare, paired_difference, wins},
    CONTROL, PALP,
    cells::{Cells, FOREGROUND_MARGIN, IMAGE, Metric, TEXT},
    digits, signed, title,
};

/// Whether PALP lies above TI+DB's strength curve, said plainly.
pub(super) fn sentences(cells: &Cells) -> Vec<String> {
    let trained = cells.trained();
    if !trained.contains(&PALP) || !trained.contains(&CONTROL) {
        return vec![
            "PALP and TI+DB are not both among the methods, so this report can't say whether PALP lies above \
             TI+DB's strength curve."
                .to_owned(),
        ];
    }
    let mut sentences = vec![by(cells, IMAGE)];
    sentences.push(plain(cells));
    if comparison(cells, PALP, cells.full_strength(PALP), FOREGROUND_MARGIN).is_some() {
        sentences.push(format!(
            "Asked of the subject alone (foreground margin): {}",
            by(cells, FOREGROUND_MARGIN)
        ));
    }
    sentences
}

/// A method at a strength against TI+DB's curve; `None` without a curve or cells.
pub(super) fn comparison(cells: &Cells, method: &str, strength: f64, likeness: Metric) -> Option<Comparison> {
    let (points, curve) = cells.against_curve(method, strength, CONTROL, likeness);
    if curve.len() < 2 { None } else { compare(&points, &curve) }
}

fn by(cells: &Cells, likeness: Metric) -> String {
    let strength = cells.full_strength(PALP);
    let Some(comparison) = comparison(cells, PALP, strength, likeness) else {
        return "TI+DB was drawn at one strength only, so there is no curve to compare PALP with.".to_owned();
    };
    let beginning = match comparison.verdict() {
        Verdict::Above => "PALP lies above TI+DB's strength curve",
        Verdict::Below => "PALP lies below TI+DB's strength curve: turning TI+DB down gives more",
        Verdict::Open => "PALP can't be told from TI+DB with its strength turned down",
        Verdict::TooFew => "These are too few cells to say whether PALP lies above TI+DB's strength curve",
        Verdict::Beyond => {
            "PALP can't be compared with TI+DB's strength curve, which doesn't reach PALP's likeness"
        }
    };
    format!("{beginning}. {}", details(&comparison, likeness))
}

fn details(comparison: &Comparison, likeness: Metric) -> String {
    let at = format!("At the same likeness ({}), its text alignment is", likeness.name);
    let range = comparison.difference.map_or(String::new(), |(low, high)| {
        format!(" (95 % of the resamples that can be compared: {} to {})", signed(low), signed(high))
    });
    let shares = format!(
        "{:.0} % of resamples lie above the curve, {:.0} % below.",
        100.0 * comparison.above,
        100.0 * comparison.below
    );
    match comparison.standing {
        Standing::Above(difference) => format!("{at} {} higher{range}; {shares}", digits(difference)),
        Standing::Below(difference) => format!("{at} {} lower{range}; {shares}", digits(difference)),
        Standing::Beyond => format!("The curve has no such likeness ({}){range}; {shares}", likeness.name),
    }
}

/// Both at full strength, as the paper compares them.
fn plain(cells: &Cells) -> String {
    let both = |method| (method, cells.full_strength(method));
    let text = cells.pairs(both(PALP), both(CONTROL), TEXT);
    let image = cells.pairs(both(PALP), both(CONTROL), IMAGE);
    let change = |pairs: &[(f64, f64)]| {
        paired_difference(pairs).map_or("unknown".to_owned(), |interval| {
            format!("{} (95 %: {} to {})", signed(interval.mean), signed(interval.low), signed(interval.high))
        })
    };
    format!(
        "With both adapters as trained, as the paper compares them, {} follows the prompt better than {} in {} of {} cells; text alignment changes by {}, image alignment by {}.",
        title(PALP),
        title(CONTROL),
        wins(&text),
        text.len(),
        change(&text),
        change(&image)
    )
}

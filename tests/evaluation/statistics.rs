//! Statistics against numbers worked out by hand.

use palpable::evaluation::statistics::{
    Comparison, Interval, Point, Standing, Verdict, compare, interval, paired_difference, standing, wins,
};

fn point(text: f64, likeness: f64) -> Point {
    Point { text, likeness }
}

#[test]
fn intervals_of_known_distributions() {
    assert_eq!(interval(&[]), None);
    assert_eq!(interval(&[0.5; 4]), Some(Interval { low: 0.5, mean: 0.5, high: 0.5 }));
    // Resampled means of {0, 1} are 0, ½, 1 with ¼, ½, ¼: 95 % reach from end to end.
    assert_eq!(interval(&[0.0, 1.0]), Some(Interval { low: 0.0, mean: 0.5, high: 1.0 }));
    // Of 100 coins, 50 heads: the mean's deviation is √(¼/100) = 0.05, so 95 % lie within ±0.098.
    let coins: Vec<f64> = (0..100).map(|index| f64::from(index % 2)).collect();
    let Interval { low, mean, high } = interval(&coins).unwrap();
    assert_eq!(mean, 0.5);
    assert!((low - 0.402).abs() < 0.011 && (high - 0.598).abs() < 0.011, "{low} to {high}");
    assert_eq!(interval(&coins), interval(&coins), "the seed is fixed");
}

#[test]
fn pairs_are_compared_cell_by_cell() {
    // Cells differ by far more than the methods do, which pairing takes out.
    let pairs = [(1.1, 1.0), (5.1, 5.0), (9.1, 9.0), (2.9, 3.0)];
    let Interval { low, mean, high } = paired_difference(&pairs).unwrap();
    assert!((mean - 0.05).abs() < 1e-12, "{mean}");
    // The worst of 256 equally likely draws (four times the fourth cell) has the chance 1/256 < 2.5 %; with
    // three of them (12/256) or more it is 5.1 %: the lower end is the mean of three −0.1 and one 0.1.
    assert!((low + 0.05).abs() < 1e-9 && (high - 0.1).abs() < 1e-9, "{low} to {high}");
    assert_eq!(wins(&pairs), 3);
    assert_eq!(wins(&[(1.0, 1.0)]), 0, "a tie is no win");
}

#[test]
fn a_point_stands_against_a_curve() {
    let curve = [point(0.6, 0.1), point(0.5, 0.2), point(0.3, 0.3)];
    let near = |standing: Standing, expected: Standing| match (standing, expected) {
        (Standing::Above(a), Standing::Above(b)) | (Standing::Below(a), Standing::Below(b)) => {
            assert!((a - b).abs() < 1e-12, "{a}, not {b}");
        }
        (a, b) => assert_eq!(a, b),
    };
    // Half way from .2 to .3 the curve gives .4.
    near(standing(point(0.45, 0.25), &curve), Standing::Above(0.05));
    near(standing(point(0.35, 0.25), &curve), Standing::Below(0.05));
    near(standing(point(0.5, 0.2), &curve), Standing::Below(0.0));
    // More likeness than any and more text than the end with most; less of both than the other end.
    near(standing(point(0.4, 0.35), &curve), Standing::Above(0.1));
    near(standing(point(0.5, 0.05), &curve), Standing::Below(0.1));
    // More likeness but less text: a trade, not a win.
    near(standing(point(0.2, 0.35), &curve), Standing::Beyond);
    near(standing(point(0.7, 0.05), &curve), Standing::Beyond);
    near(standing(point(0.7, 0.05), &[]), Standing::Beyond);
    // A curve that comes back: its best counts.
    let back = [point(0.6, 0.1), point(0.5, 0.3), point(0.2, 0.2)];
    near(standing(point(0.5, 0.2), &back), Standing::Below(0.05));
}

#[test]
fn verdicts_need_nearly_all_resamples() {
    let cells =
        |text: f64| (0..10).map(|cell| point(text + 0.001 * f64::from(cell), 0.2)).collect::<Vec<_>>();
    let curve = |shift: f64| {
        let at =
            |text: f64, likeness: f64| (0..10).map(|_| point(text + shift, likeness)).collect::<Vec<_>>();
        vec![at(0.5, 0.1), at(0.3, 0.3)]
    };
    let above = compare(&cells(0.45), &curve(0.0)).unwrap();
    assert_eq!((above.verdict(), above.above), (Verdict::Above, 1.0));
    let (low, high) = above.difference.unwrap();
    assert!(low > 0.05 && high < 0.06, "{low} to {high}: .4545 against .4");
    assert_eq!(compare(&cells(0.35), &curve(0.0)).unwrap().verdict(), Verdict::Below);
    // The curve passes through the cells' mean, .3545.
    assert_eq!(compare(&cells(0.35), &curve(-0.0455)).unwrap().verdict(), Verdict::Open);
    let far: Vec<_> = cells(0.2).into_iter().map(|cell| point(cell.text, 0.5)).collect();
    assert_eq!(compare(&far, &curve(0.0)).unwrap().verdict(), Verdict::Beyond);
    let few: Vec<_> = curve(0.0).into_iter().map(|cells| cells[..3].to_vec()).collect();
    assert_eq!(compare(&cells(0.45)[..3], &few).unwrap().verdict(), Verdict::TooFew);
    assert_eq!(compare(&cells(0.4)[..3], &curve(0.0)), None, "other cells");
    let first = |count: usize| {
        let curve: Vec<_> = curve(0.0).into_iter().map(|cells| cells[..count].to_vec()).collect();
        compare(&cells(0.45)[..count], &curve).unwrap().verdict()
    };
    assert_eq!([first(5), first(6)], [Verdict::TooFew, Verdict::Above]);
}

/// The 95 % in the middle leave 2.5 % at either end.
#[test]
fn verdicts_follow_the_shares_of_resamples() {
    let verdict = |above: f64, below: f64| {
        let standing = Standing::Beyond;
        Comparison { standing, above, below, cells: 6, difference: None }.verdict()
    };
    assert_eq!([verdict(0.976, 0.0), verdict(0.974, 0.0)], [Verdict::Above, Verdict::Open]);
    assert_eq!([verdict(0.0, 0.976), verdict(0.0, 0.974)], [Verdict::Below, Verdict::Open]);
    assert_eq!([verdict(0.3, 0.21), verdict(0.3, 0.19)], [Verdict::Open, Verdict::Beyond]);
}

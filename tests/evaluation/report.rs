//! The report's numbers against means worked out by hand: over which pictures, in which cells, at which strength.

use palpable::evaluation::report::{Study, render};
use palpable::evaluation::results::Record;
use serde_json::{from_value, json};

/// A picture of the cat; the base model's has neither strength nor training.
fn picture(method: &str, strength: f64, prompt: &str, seed: u64, scores: [f64; 3]) -> Record {
    let [text, image, taken] = scores;
    let record = json!({
        "record": "picture", "judge": "a judge", "file": "", "styled": false, "elementNames": ["style"],
        "subject": "cat", "method": method, "strength": strength, "trainingSeed": u8::from(method != "base"),
        "prompt": prompt, "seed": seed, "textAlignment": text, "elements": [text], "clipScore": 2.5 * text,
        "imageAlignment": image, "contamination": (taken > 0.0).then_some(taken),
    });
    from_value(record).expect("a picture")
}

fn photos(prompts: &[&str], text_alignment: f64) -> Record {
    let record = json!({
        "record": "photos", "judge": "a judge", "subject": "cat", "classNoun": "cat", "prompts": prompts,
        "photos": [], "foregrounds": 0, "textAlignment": text_alignment,
    });
    from_value(record).expect("photos")
}

fn training(seconds: f64) -> Record {
    let record = json!({
        "record": "training", "subject": "cat", "method": "ti-db", "trainingSeed": 1, "adapter": "",
        "settings": {}, "seconds": seconds, "unetEvaluations": 8, "plannedMemory": 2_000_000_000,
        "measuredMemory": 0, "alignmentRatio": 0.0,
    });
    from_value(record).expect("a training")
}

fn report() -> String {
    let mut records = vec![
        picture("base", 0.0, "first", 0, [0.2, 0.5, 0.6]),
        picture("base", 0.0, "second", 0, [0.2, 0.5, 0.6]),
        picture("ti-db", 0.5, "first", 0, [0.3, 0.6, 0.0]),
        picture("ti-db", 0.5, "second", 0, [0.3, 0.6, 0.0]),
        // Two pictures in one cell.
        picture("ti-db", 1.0, "first", 0, [0.2, 0.7, 0.8]),
        picture("ti-db", 1.0, "first", 1, [0.3, 0.7, 0.8]),
        picture("ti-db", 1.0, "second", 0, [0.35, 0.7, 0.8]),
        picture("ti-db", 1.5, "first", 0, [0.1, 0.9, 0.0]),
        picture("ti-db", 1.5, "second", 0, [0.1, 0.9, 0.0]),
        picture("palp", 1.0, "first", 0, [0.35, 0.65, 0.7]),
        picture("palp", 1.0, "second", 0, [0.35, 0.65, 0.7]),
        // Nothing else was drawn of this prompt.
        picture("palp", 1.0, "third", 0, [0.99, 0.65, 0.0]),
        photos(&["first", "second", "third"], 0.4),
        photos(&["first"], 0.1),
        training(10.0),
        training(20.0),
    ];
    let mut foreign = picture("palp", 1.0, "first", 0, [0.0; 3]);
    if let Record::Picture(picture) = &mut foreign {
        picture.judge = "another".to_owned();
    }
    records.push(foreign);
    let [command, date, device] = ["make", "today", "cpu"].map(str::to_owned);
    let study = Study { command, date, device, settings: Vec::new(), judge: "a judge".to_owned(), records };
    render(&study, &|_| None).expect("a report")
}

/// The table whose title begins so: in the row that begins with `row`, the text below each of `columns`.
fn cells(html: &str, title: &str, row: &[&str], columns: &[&str]) -> Vec<String> {
    let (_, rest) = html.split_once(&format!("<h2>{title}")).expect("the title");
    let (table, _) = rest.split_once("</table>").expect("its end");
    let texts = |line: &str| -> Vec<String> {
        let parts = line.split("</t").filter_map(|part| part.rsplit_once('>'));
        parts.map(|(_, text)| text.to_owned()).filter(|text| !text.is_empty()).collect()
    };
    let mut lines = table.split("<tr>").skip(1).map(texts);
    let header = lines.next().expect("a header");
    let found = lines.find(|line| line.iter().zip(row).all(|(text, wanted)| text == wanted));
    let found = found.unwrap_or_else(|| panic!("no {row:?} in {table}"));
    let place = |column: &&str| header.iter().position(|name| name == column).expect("a column");
    columns.iter().map(place).map(|place| found[place].clone()).collect()
}

#[test]
fn scores_are_means_over_cells() {
    let html = report();
    let scores = |row: &[&str]| cells(&html, "Scores", row, &["text (CLIP-T)"]).remove(0);
    assert_eq!(scores(&["base model, class noun", "–"]), "0.200 (0.200 to 0.200)");
    // The cells' .25 and .35, and their resampled means .25, .3, .35.
    assert_eq!(scores(&["TI+DB", "1"]), "0.300 (0.250 to 0.350)");
    // One of 27 draws is all of the third cell: 3.7 %, which is more than the 2.5 % that are cut off.
    assert_eq!(scores(&["PALP", "1"]), "0.563 (0.350 to 0.990)");
    // What they scored by the most prompts.
    assert_eq!(scores(&["real photos", "–"]), "0.400");
}

#[test]
fn adapters_are_compared_as_trained_in_the_cells_of_both() {
    let html = report();
    let style = cells(&html, "Text alignment by element", &["TI+DB", "1"], &["style"]);
    assert_eq!(style, ["0.300 (0.250 to 0.350)"], "not at 1.5");
    let columns = ["cells with more text alignment", "text (CLIP-T)"];
    let paired = cells(&html, "Differences from TI+DB", &["PALP"], &columns);
    // .35 − .25 and .35 − .35: a tie is no win.
    assert_eq!(paired, ["1 of 2 (50 %)", "+0.050 (0.000 to +0.100)"]);
    // TI+DB has .3 at a likeness of .6 and of .7.
    let curve = cells(&html, "Against TI+DB", &["PALP", "1"], &["at the same image (CLIP-I)"]);
    assert_eq!(curve, ["+0.050 · too few cells"]);
    let columns = ["contamination", "from the class noun&#x27;s", "from TI+DB&#x27;s"];
    let taken = cells(&html, "Contamination", &["PALP"], &columns);
    let expected = ["0.700 (0.700 to 0.700)", "+0.100 (+0.100 to +0.100)", "−0.100 (−0.100 to −0.100)"];
    assert_eq!(taken, expected);
    let cost = cells(&html, "Cost of a training", &["TI+DB"], &["trainings", "seconds", "measured memory"]);
    assert_eq!(cost, ["2", "15.0", "not counted"]);
    assert!(html.contains("These are too few cells") && html.contains("in 1 of 2 cells"));
}

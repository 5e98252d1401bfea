//! A resumed run goes on on the terms that it was begun on: the same photos, and the same judge of them.

use palpable::training::{Trainer, checkpoint::Terms};

use crate::error::Error;

/// Refuses other photos and another judge than a checkpoint's run was begun with.
pub fn check(trainer: &Trainer, now: &Terms) -> Result<(), Error> {
    let photos = trainer.photos();
    let before = match &trainer.terms {
        Some(before) if before == now => return Ok(()),
        Some(before) => in_words(before),
        // Of an earlier version.
        None if photos != now.trained.len() => format!("photos: {photos}"),
        // Unjudged, its further steps would give way to the best state so far at the end.
        None if now.judge.is_none() && trainer.standing().best.is_some() => {
            format!("photos: {photos}, others held back")
        }
        None => return Ok(()),
    };
    let now = in_words(now);
    // Other pictures, or the same in another order.
    let difference =
        if before == now { "as many, but not the same".to_owned() } else { format!("{before}; now {now}") };
    Err(Error::Other(format!(
        "The run in this checkpoint was begun with other photos or another judge ({difference}); give --photos, \
         --subject, --hold-back, --clip and --dino as then."
    )))
}

fn in_words(Terms { trained, held_back, judge }: &Terms) -> String {
    let judged = judge.as_ref().map(|judge| format!(", {} held back for {judge}", held_back.len()));
    format!("photos: {}{}", trained.len(), judged.unwrap_or_default())
}

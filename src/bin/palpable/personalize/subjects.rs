//! Further subjects on the command line: `'<my-cat>=cat:photos/cat'`.

use std::{path::PathBuf, str::FromStr};

use palpable::training::{Photo, photo_folder::PhotoFolder, photos::PhotoError, settings::Subject};

use super::arguments::Arguments;

/// A subject beside the first, and where its photos are.
#[derive(Clone, Debug)]
pub struct SubjectArgument {
    placeholder: String,
    class_noun: String,
    folder: PathBuf,
}

impl FromStr for SubjectArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').and_then(|(placeholder, rest)| {
            let (class_noun, folder) = rest.split_once(':')?;
            Some((placeholder.trim(), class_noun.trim(), folder.trim()))
        });
        match parts {
            Some((placeholder, class_noun, folder)) if ![placeholder, class_noun, folder].contains(&"") => {
                let [placeholder, class_noun] = [placeholder, class_noun].map(str::to_owned);
                Ok(Self { placeholder, class_noun, folder: folder.into() })
            }
            _ => Err("write the new word, what it is and the folder of its photos, '<my-cat>=cat:photos/cat' for example".to_owned()),
        }
    }
}

impl SubjectArgument {
    /// The subject without its photos.
    pub fn setting(&self, personalization_prompt: &str) -> Subject {
        Subject {
            placeholder: self.placeholder.clone(),
            class_noun: self.class_noun.clone(),
            personalization_prompt: personalization_prompt.to_owned(),
            photos: 0,
        }
    }
}

/// The photos of all subjects and their captions, the first subject's first.
pub struct Photos {
    pub photos: Vec<Photo>,
    pub captions: Vec<Option<String>>,
    /// How many each further subject has.
    pub further: Vec<usize>,
}

/// # Errors
/// A folder or a photo can't be read, or there are too many photos.
pub fn read_photos(arguments: &Arguments) -> Result<Photos, PhotoError> {
    let mut all = PhotoFolder::read(&arguments.photos)?;
    let mut further = Vec::new();
    for subject in &arguments.subjects {
        let PhotoFolder { photos, captions } = PhotoFolder::read(&subject.folder)?;
        further.push(photos.len());
        all.photos.extend(photos);
        all.captions.extend(captions);
    }
    let captions = if arguments.prompts.captions { all.captions } else { Vec::new() };
    Ok(Photos { photos: all.photos, captions, further })
}

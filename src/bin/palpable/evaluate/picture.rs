//! One cell of the grid: its picture, drawn or found, and the picture's scores.

use image::{ImageFormat, RgbImage};
use palpable::{
    evaluation::{
        ForegroundMask, SubjectVectors, contamination,
        foreground::SubjectMask,
        judge::Expected,
        prompt_sets::EvaluationPrompt,
        results::{Cell, Drawing, PictureResult, Record},
    },
    pipeline::{self, AppliedAdapter, Generation, GenerationSettings, PromptSyntax},
};

use super::{
    super::{error::Error, terminal::say},
    folder::picture_file,
    grid::Grid,
    trainings::PLACEHOLDER,
};

/// An adapter and what prompts call its subject.
#[derive(Clone, Copy)]
pub(super) struct Personal<'a> {
    pub applied: AppliedAdapter<'a>,
    pub phrase: &'a str,
}

impl Grid<'_> {
    /// Draws a cell's picture, unless it is there, and scores it.
    pub async fn fill(
        &mut self,
        subject: usize,
        cell: Cell,
        adapter: Option<Personal<'_>>,
        prompt: &EvaluationPrompt,
    ) -> Result<(), Error> {
        let noun = &self.subjects[subject].class_noun;
        let clean_prompt = prompt.clean(noun);
        let file = picture_file(&cell);
        let picture = match self.folder.picture(&file)? {
            Some(picture) => picture,
            None => {
                let (picture, contamination) = self.draw(prompt, noun, cell.seed, adapter).await?;
                self.folder.add(Record::Drawing(Drawing { file: file.clone(), contamination }))?;
                self.folder.write(&file, &png(&picture)?)?;
                picture
            }
        };
        let elements: Vec<String> = prompt.elements.iter().map(|element| element.phrase(noun)).collect();
        let others: Vec<&SubjectVectors> = self
            .vectors
            .iter()
            .enumerate()
            .filter(|(index, _)| *index != subject)
            .map(|(_, other)| other)
            .collect();
        let expected = Expected {
            clean_prompt: &clean_prompt,
            elements: &elements,
            subject: &self.vectors[subject],
            others: &others,
        };
        let mut scores = self.judge.score(&picture, expected).await.map_err(pipeline::Error::from)?;
        // A pass that failed leaves numbers too.
        self.model.gpu.check().map_err(pipeline::Error::from)?;
        scores.contamination = self.folder.contamination(&file);
        say!(
            "picture {} of {}: {}, {}, strength {}, \"{}\", seed {}: text {:.3}, image {:.3}",
            self.done,
            self.total,
            cell.subject,
            cell.method,
            cell.strength,
            clean_prompt,
            cell.seed,
            scores.text_alignment,
            scores.image_alignment
        );
        self.folder.add(Record::Picture(PictureResult {
            cell,
            judge: self.judge_name.clone(),
            file,
            styled: prompt.is_styled(),
            element_names: prompt.elements.iter().map(|element| element.name.clone()).collect(),
            scores,
        }))
    }

    /// A picture, and how much of its foreground the subject's word takes from the other words of the prompt.
    async fn draw(
        &self,
        prompt: &EvaluationPrompt,
        noun: &str,
        seed: u64,
        adapter: Option<Personal<'_>>,
    ) -> Result<(RgbImage, Option<f64>), Error> {
        let (text, own) = match adapter {
            Some(personal) => (prompt.personal(personal.phrase), PLACEHOLDER),
            None => (prompt.clean(noun), noun),
        };
        let encoder = self.model.prompt_encoder();
        let read = |word: &String| !encoder.word_positions(&text, word, PromptSyntax::Literal).is_empty();
        let mut words = vec![own.to_owned()];
        words.extend(prompt.content_words().into_iter().filter(|word| word != own && read(word)));
        let settings = GenerationSettings { seed, heat_maps: words, ..self.arguments.drawing(text) };
        let applied: Vec<AppliedAdapter> = adapter.into_iter().map(|personal| personal.applied).collect();
        let mut generation = Generation::new(&self.model, &settings, &applied)?;
        while generation.step().await? < generation.steps() {}
        let maps = generation.heat_maps().await?;
        let picture = generation.finish().await?;
        let pixels = RgbImage::from_raw(picture.width as u32, picture.height as u32, picture.rgb)
            .ok_or_else(|| Error::Other("The device returned a picture of another size.".to_owned()))?;
        let mask = SubjectMask::find(&pixels).map(|mask| ForegroundMask::from(&mask));
        let contamination = mask.and_then(|mask| contamination(&maps, own, &mask).ok());
        Ok((pixels, contamination))
    }
}

pub(super) fn png(picture: &RgbImage) -> Result<Vec<u8>, Error> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png).map_err(|reason| Error::Other(reason.to_string()))?;
    Ok(bytes.into_inner())
}

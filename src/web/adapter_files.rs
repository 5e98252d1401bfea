//! Adapters as files that leave the engine, and projects as the page takes them apart.

use js_sys::Uint8Array;
use serde::Serialize;
use serde_json::{Map, Value};
use wasm_bindgen::prelude::*;

use super::{
    engine::Engine,
    fault::{fault, named},
    from_js, to_js,
};
use crate::adapter::{ExportFormat, Project, ProjectPicture, read_project, zip_of};

/// What a project holds beside its adapter and its pictures.
#[derive(Serialize)]
struct ProjectWords {
    settings: Map<String, Value>,
    prompts: Vec<String>,
}

/// A project without its adapter.
#[wasm_bindgen]
pub struct ProjectContents(Project);

#[wasm_bindgen]
impl ProjectContents {
    /// `{ settings, prompts }`
    pub fn words(&self) -> Result<JsValue, JsValue> {
        let Project { settings, prompts, .. } = &self.0;
        to_js(&ProjectWords { settings: settings.clone(), prompts: prompts.clone() })
    }

    /// The files of its small pictures, as they came.
    pub fn thumbnails(&self) -> Vec<Uint8Array> {
        files(&self.0.thumbnails)
    }

    /// The files of its photos, as they came.
    pub fn photos(&self) -> Vec<Uint8Array> {
        files(&self.0.photos)
    }
}

#[wasm_bindgen]
impl Engine {
    /// A kohya-style file with the embedding inside; or the adapter as "diffusers" or "peft" (a zip archive of
    /// the folder), or "embedding" (a zip archive if there are several words).
    #[wasm_bindgen(js_name = exportAdapter)]
    pub fn export_adapter(&self, id: u32, format: Option<String>) -> Result<Uint8Array, JsValue> {
        let library = self.adapters.borrow();
        let adapter = library.get(id)?;
        let format = match format {
            Some(name) => ExportFormat::by_name(&name)
                .ok_or_else(|| named("BadSettings", "Adapters can't be written in that format."))?,
            None => ExportFormat::Kohya,
        };
        let mut files = adapter.export(format).map_err(fault)?;
        let is_folder = matches!(format, ExportFormat::Diffusers | ExportFormat::Peft);
        let bytes = match files.pop() {
            Some(file) if files.is_empty() && !is_folder => file.bytes,
            last => zip_of(files.into_iter().chain(last).collect()).map_err(fault)?,
        };
        Ok(Uint8Array::from(bytes.as_slice()))
    }

    /// A project: the adapter with settings (an object), prompts, and files of small pictures and photos, all of
    /// them JPEG.
    #[wasm_bindgen(js_name = exportProject)]
    pub fn export_project(
        &self,
        id: u32,
        settings: JsValue,
        prompts: Vec<String>,
        thumbnails: Vec<Uint8Array>,
        photos: Vec<Uint8Array>,
    ) -> Result<Uint8Array, JsValue> {
        let pictures = |name: &str, files: Vec<Uint8Array>| {
            let picture = |file: Uint8Array| ProjectPicture { name: name.to_owned(), bytes: file.to_vec() };
            files.into_iter().map(picture).collect()
        };
        let project = Project {
            adapter: self.adapters.borrow().get(id)?.clone(),
            settings: from_js(settings)?,
            prompts,
            thumbnails: pictures("preview.jpg", thumbnails),
            photos: pictures("photo.jpg", photos),
        };
        Ok(Uint8Array::from(project.to_bytes().map_err(fault)?.as_slice()))
    }

    /// What a project's file holds beside the adapter, which `addAdapter` takes; nothing for other files.
    #[wasm_bindgen(js_name = openProject)]
    pub fn open_project(&self, bytes: &[u8], file_name: &str) -> Result<Option<ProjectContents>, JsValue> {
        Ok(read_project(bytes, file_name).map_err(fault)?.map(ProjectContents))
    }
}

fn files(pictures: &[ProjectPicture]) -> Vec<Uint8Array> {
    pictures.iter().map(|picture| Uint8Array::from(picture.bytes.as_slice())).collect()
}

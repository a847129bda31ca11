//! The operations.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use face_engine::{Descriptor, Face, Picture, similarity};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    collections::{Collection, Collections, Source, StoredFace, missing},
    error::Refusal,
    faces::{Detail, Frame, confidence, filtered},
    images::{Caller, Images, ObjectStore, decode},
    recogniser::Recogniser,
    validation::Validation,
    wire::{self, QualityFilter, Request},
};

/// The version of what turns faces into descriptors: descriptors of two versions cannot be
/// compared.
const FACE_MODEL_VERSION: &str = "1.0";

/// Least similarity of a match where a request names none; the service's default.
const DEFAULT_THRESHOLD: f32 = 80.0;

/// Most matches where a request names no number.
const DEFAULT_MATCHES: i64 = 80;

/// Most faces of a target that are compared: the largest ones, as the service documents it.
const MAX_TARGETS: usize = 100;

/// Most faces in an answer, and the default.
const MAX_RESULTS: i64 = 4096;

type Answer = Result<Value, Refusal>;

/// Everything behind the API.
pub(crate) struct Service {
    engine: Arc<Recogniser>,
    collections: Arc<Collections>,
    images: Images,
    region: String,
}

impl Service {
    pub(crate) const OPERATIONS: [&str; 8] = [
        "CompareFaces",
        "CreateCollection",
        "DeleteCollection",
        "DeleteFaces",
        "DetectFaces",
        "IndexFaces",
        "ListFaces",
        "SearchFacesByImage",
    ];

    pub(crate) fn new(engine: Recogniser, store: Option<ObjectStore>, region: String) -> Self {
        let collections = Arc::new(Collections::default());
        Self {
            engine: Arc::new(engine),
            collections,
            images: Images::new(store),
            region,
        }
    }

    /// Answers one of [`Self::OPERATIONS`]; pictures in buckets are read as the caller.
    pub(crate) async fn call(&self, operation: &str, body: &[u8], caller: Caller<'_>) -> Answer {
        // Only an object: a list would be read as one too.
        let object = body.trim_ascii_start().starts_with(b"{");
        let request: Request = object
            .then(|| serde_json::from_slice(body).ok())
            .flatten()
            .ok_or_else(|| Refusal::serialization("The request is not valid JSON for it"))?;
        match operation {
            "CompareFaces" => self.compare_faces(request, caller).await,
            "CreateCollection" => self.create_collection(request),
            "DeleteCollection" => self.delete_collection(request),
            "DeleteFaces" => self.delete_faces(request),
            "DetectFaces" => self.detect_faces(request, caller).await,
            "IndexFaces" => self.index_faces(request, caller).await,
            "ListFaces" => self.list_faces(request),
            "SearchFacesByImage" => self.search_faces_by_image(request, caller).await,
            _ => Err(Refusal::internal()),
        }
    }

    /// Runs what takes many milliseconds of computing away from the threads that serve others.
    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Recogniser) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let engine = Arc::clone(&self.engine);
        tokio::task::spawn_blocking(move || work(&engine))
            .await
            .unwrap_or_else(|_| {
                tracing::error!("the engine failed");
                Err(Refusal::internal())
            })
    }

    fn create_collection(&self, request: Request) -> Answer {
        let id = collection_id(request.collection_id)?;
        let mut collections = self.collections.write();
        if collections.contains_key(&id) {
            let message = format!("The collection id: {id} already exists");
            return Err(Refusal::new("ResourceAlreadyExistsException", message));
        }
        // The service leaves out the first part of the name here.
        let name = self.collection_name(&id);
        collections.insert(id, Collection::default());
        Ok(json!({
            "StatusCode": 200,
            "CollectionArn": name.trim_start_matches("arn:"),
            "FaceModelVersion": FACE_MODEL_VERSION,
        }))
    }

    fn delete_collection(&self, request: Request) -> Answer {
        let id = collection_id(request.collection_id)?;
        let removed = self.collections.write().remove(&id);
        removed
            .map(|_| json!({ "StatusCode": 200 }))
            .ok_or_else(|| missing(&id))
    }

    fn collection_name(&self, id: &str) -> String {
        format!(
            "arn:aws:rekognition:{}:000000000000:collection/{id}",
            self.region
        )
    }

    fn list_faces(&self, request: Request) -> Answer {
        if request.user_id.is_some() {
            return Err(Refusal::invalid_parameter(
                "Users are not known to this server",
            ));
        }
        let mut validation = Validation::default();
        let id = validation.collection(request.collection_id);
        for face in request.face_ids.iter().flatten() {
            validation.face_id(face, "faceIds");
        }
        validation.finish()?;
        let (after, count) = page(request.next_token, request.max_results)?;
        let wanted = request.face_ids.filter(|ids| !ids.is_empty());
        self.collections.with(&id, |collection| {
            let among = |id: &&String| wanted.as_ref().is_none_or(|wanted| wanted.contains(id));
            let ids = collection.faces.keys().filter(among);
            let (ids, next) = take_page(ids, after.as_deref(), count);
            let faces: Vec<&wire::Face> = ids
                .into_iter()
                .map(|id| &collection.faces[id].face)
                .collect();
            let mut answer = json!({ "Faces": faces, "FaceModelVersion": FACE_MODEL_VERSION });
            add_token(&mut answer, next);
            answer
        })
    }

    fn delete_faces(&self, request: Request) -> Answer {
        let mut validation = Validation::default();
        let id = validation.collection(request.collection_id);
        let given = request.face_ids.is_some();
        let faces = validation.required(request.face_ids, "faceIds");
        if given {
            let count = i64::try_from(faces.len()).unwrap_or(i64::MAX);
            validation.range(&count, "faceIds", (1, MAX_RESULTS));
        }
        for face in &faces {
            validation.face_id(face, "faceIds");
        }
        validation.finish()?;
        let (deleted, unknown): (Vec<String>, Vec<String>) =
            self.collections.change(&id, |collection| {
                faces
                    .into_iter()
                    .partition(|face| collection.faces.remove(face).is_some())
            })?;
        let failure = |face| json!({ "FaceId": face, "Reasons": ["FACE_NOT_FOUND"] });
        let failures: Vec<Value> = unknown.into_iter().map(failure).collect();
        Ok(json!({ "DeletedFaces": deleted, "UnsuccessfulFaceDeletions": failures }))
    }

    async fn detect_faces(&self, request: Request, caller: Caller<'_>) -> Answer {
        let detail = Detail::of(request.attributes)?;
        let bytes = self.images.bytes(request.image, "image", caller).await?;
        self.compute(move |engine| {
            let picture = decode(&bytes)?;
            let frame = Frame::of(&picture);
            let faces = engine.faces(&picture);
            let details: Vec<_> = faces
                .iter()
                .map(|face| frame.detail(face, detail))
                .collect();
            Ok(json!({ "FaceDetails": details }))
        })
        .await
    }

    async fn index_faces(&self, request: Request, caller: Caller<'_>) -> Answer {
        let mut validation = Validation::default();
        let id = validation.collection(request.collection_id);
        if let Some(external) = &request.external_image_id {
            validation.name(external, "externalImageId", "_.-:");
        }
        let most = request.max_faces.unwrap_or(i64::MAX);
        validation.range(&most, "maxFaces", (1, i64::MAX));
        validation.finish()?;
        let detail = Detail::of(request.detection_attributes)?;
        self.collections.with(&id, |_| ())?;
        let filter = request.quality_filter.unwrap_or(QualityFilter::Auto);
        let external = request.external_image_id;
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let bytes = self.images.bytes(request.image, "image", caller).await?;
        let (indexed, unindexed) = self
            .compute(move |engine| {
                let picture = decode(&bytes)?;
                Ok(index(
                    engine,
                    (&picture, Source::of(&bytes)),
                    external.as_deref(),
                    (most, filter),
                    detail,
                ))
            })
            .await?;
        // The collection may have been deleted meanwhile.
        let records = self.collections.change(&id, |collection| {
            let records = indexed.into_iter().map(|(stored, detail)| {
                let face = collection.store(stored);
                json!({ "Face": face, "FaceDetail": detail })
            });
            records.collect::<Vec<Value>>()
        })?;
        Ok(json!({
            "FaceRecords": records,
            "UnindexedFaces": unindexed,
            "FaceModelVersion": FACE_MODEL_VERSION,
        }))
    }

    async fn search_faces_by_image(&self, request: Request, caller: Caller<'_>) -> Answer {
        let mut validation = Validation::default();
        let id = validation.collection(request.collection_id);
        let (threshold, count) = matching(
            &mut validation,
            request.face_match_threshold,
            request.max_faces,
        );
        validation.finish()?;
        self.collections.with(&id, |_| ())?;
        let filter = request.quality_filter.unwrap_or_default();
        let bytes = self.images.bytes(request.image, "image", caller).await?;
        let (bounds, confidence, descriptor) = self
            .compute(move |engine| {
                let picture = decode(&bytes)?;
                let face = largest(engine, &picture, filter)?;
                let bounds = Frame::of(&picture).bounding_box(&face);
                Ok((bounds, confidence(&face), engine.describe(&picture, &face)))
            })
            .await?;
        let matches = self
            .collections
            .with(&id, |found| found.search(&descriptor, threshold, count))?;
        Ok(json!({
            "SearchedFaceBoundingBox": bounds,
            "SearchedFaceConfidence": confidence,
            "FaceMatches": matches,
            "FaceModelVersion": FACE_MODEL_VERSION,
        }))
    }

    async fn compare_faces(&self, request: Request, caller: Caller<'_>) -> Answer {
        let mut validation = Validation::default();
        let threshold = request.similarity_threshold.unwrap_or(DEFAULT_THRESHOLD);
        validation.range(&threshold, "similarityThreshold", (0.0, 100.0));
        validation.finish()?;
        let filter = request.quality_filter.unwrap_or_default();
        let (source, target) = tokio::try_join!(
            self.images
                .bytes(request.source_image, "sourceImage", caller),
            self.images
                .bytes(request.target_image, "targetImage", caller),
        )?;
        // Side by side: each half takes as long as a search.
        let source = self.compute(move |engine| {
            let picture = decode(&source)?;
            let face = largest(engine, &picture, filter)?;
            let descriptor = engine.describe(&picture, &face);
            let bounds = Frame::of(&picture).bounding_box(&face);
            let face = json!({ "BoundingBox": bounds, "Confidence": confidence(&face) });
            Ok((face, descriptor))
        });
        let target = self.compute(move |engine| {
            let picture = decode(&target)?;
            let frame = Frame::of(&picture);
            let mut faces = engine.faces(&picture);
            faces.truncate(MAX_TARGETS);
            faces.retain(|face| filtered(face, filter).is_empty());
            let described = faces.iter().map(|face| {
                (
                    frame.detail(face, Detail::default()),
                    engine.describe(&picture, face),
                )
            });
            Ok(described.collect::<Vec<(wire::FaceDetail, Descriptor)>>())
        });
        let ((source_face, source), targets) = tokio::try_join!(source, target)?;
        if targets.is_empty() {
            return Err(no_face());
        }
        let (mut matches, mut others) = (Vec::new(), Vec::new());
        for (face, descriptor) in targets {
            let similarity = similarity::from_distance(source.distance(&descriptor));
            if similarity >= threshold {
                matches.push((similarity, face));
            } else {
                others.push(face);
            }
        }
        matches.sort_by(|a, b| b.0.total_cmp(&a.0));
        let matches: Vec<Value> = matches
            .into_iter()
            .map(|(similarity, face)| json!({ "Similarity": similarity, "Face": face }))
            .collect();
        Ok(json!({
            "SourceImageFace": source_face,
            "FaceMatches": matches,
            "UnmatchedFaces": others,
        }))
    }
}

fn no_face() -> Refusal {
    Refusal::invalid_parameter("There are no faces in the image. Should be at least 1.")
}

fn collection_id(given: Option<String>) -> Result<String, Refusal> {
    let mut validation = Validation::default();
    let id = validation.collection(given);
    validation.finish().map(|()| id)
}

/// The least similarity and the greatest number of matches that a request asks for.
fn matching(
    validation: &mut Validation,
    threshold: Option<f32>,
    count: Option<i64>,
) -> (f32, usize) {
    let threshold = threshold.unwrap_or(DEFAULT_THRESHOLD);
    validation.range(&threshold, "faceMatchThreshold", (0.0, 100.0));
    let count = count.unwrap_or(DEFAULT_MATCHES);
    validation.range(&count, "maxFaces", (1, MAX_RESULTS));
    (threshold, usize::try_from(count).unwrap_or(0))
}

/// The largest face that passes the filter.
fn largest(engine: &Recogniser, picture: &Picture, filter: QualityFilter) -> Result<Face, Refusal> {
    let mut faces = engine.faces(picture).into_iter();
    faces
        .find(|face| filtered(face, filter).is_empty())
        .ok_or_else(no_face)
}

type Indexed = (StoredFace, wire::FaceDetail);

/// Describes the largest faces that pass the filter, and says why the others are left out.
fn index(
    engine: &Recogniser,
    (picture, source): (&Picture, Source),
    external: Option<&str>,
    (most, filter): (usize, QualityFilter),
    detail: Detail,
) -> (Vec<Indexed>, Vec<Value>) {
    let frame = Frame::of(picture);
    let image_id = Uuid::new_v4().to_string();
    let (mut indexed, mut unindexed) = (Vec::new(), Vec::new());
    for face in engine.faces(picture) {
        let face_detail = frame.detail(&face, detail);
        let mut reasons = filtered(&face, filter);
        if indexed.len() == most {
            reasons.push("EXCEEDS_MAX_FACES");
        }
        if reasons.is_empty() {
            let descriptor = engine.describe(picture, &face);
            let face = wire::Face {
                face_id: Uuid::new_v4().to_string(),
                bounding_box: frame.bounding_box(&face),
                image_id: image_id.clone(),
                external_image_id: external.map(str::to_owned),
                confidence: confidence(&face),
                index_faces_model_version: FACE_MODEL_VERSION,
            };
            let stored = StoredFace {
                face,
                descriptor,
                source,
            };
            indexed.push((stored, face_detail));
        } else {
            unindexed.push(json!({ "Reasons": reasons, "FaceDetail": face_detail }));
        }
    }
    (indexed, unindexed)
}

/// Where a page begins (after this id) and how long it is.
fn page(token: Option<String>, count: Option<i64>) -> Result<(Option<String>, usize), Refusal> {
    let count = count.unwrap_or(MAX_RESULTS);
    let mut validation = Validation::default();
    validation.range(&count, "maxResults", (0, MAX_RESULTS));
    validation.finish()?;
    let after = token.map(|token| {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok();
        bytes
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| {
                let message = "Request has invalid pagination token";
                Refusal::new("InvalidPaginationTokenException", message)
            })
    });
    // Nothing asked for means the default here, too.
    let count = if count == 0 { MAX_RESULTS } else { count };
    Ok((after.transpose()?, usize::try_from(count).unwrap_or(0)))
}

/// The ids of a page, and the last one's token where more follow.
fn take_page<'a>(
    ids: impl Iterator<Item = &'a String>,
    after: Option<&str>,
    count: usize,
) -> (Vec<&'a String>, Option<String>) {
    let mut rest = ids
        .filter(|id| after.is_none_or(|after| id.as_str() > after))
        .peekable();
    let page: Vec<&String> = rest.by_ref().take(count).collect();
    let more = rest.peek().is_some();
    let token = page
        .last()
        .filter(|_| more)
        .map(|last| BASE64_URL_SAFE_NO_PAD.encode(last));
    (page, token)
}

fn add_token(answer: &mut Value, token: Option<String>) {
    if let Some(token) = token {
        answer["NextToken"] = token.into();
    }
}

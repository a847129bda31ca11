//! `FACE`: exactly one good face, and it is this user's. And `ENROL` for it: the picture of a document
//! is accepted and its face indexed.

use signin_aws::faces::{Recogniser as _, RecognitionError};
use signin_aws::fault::{Fault, in_time};
use signin_aws::pictures::{Found, Pictures as _};
use signin_aws::stopwatch::Call;
use signin_aws::table::{PassedFace, Settled, Ticket};
use signin_core::alarm::CROWDED;
use signin_core::answer::Answer;
use signin_core::budget;
use signin_core::face::{DetectedFace, Resembling, Search, assess, is_the_documents, search};
use signin_core::factor::Factor;
use signin_core::factor::face::Secret;
use signin_core::id::{EnrolmentId, FaceId};
use signin_core::key::DocumentKey;
use signin_core::lockout::Cost;
use signin_core::picture::inspect;
use signin_core::reason::{Outcome, Reason};
use signin_core::round::Answered;
use signin_core::secret::{PictureBytes, Sha256Digest};
use tokio::time::Instant;

use crate::attempt::{Compared, Judged};
use crate::enrol::{Document, Indexed};
use crate::services::Services;
use crate::verify::{MatchMode, Verifier};

/// An answer to a challenge for the face.
pub(crate) struct Face<'a, S: Services> {
    verifier: &'a Verifier<S>,
    answered: &'a Answered,
    answer: Result<Answer, Reason>,
    secret: &'a Secret,
}

/// What was found that the picture resembles.
enum Resembles {
    /// In the collection.
    Searched(Search),
    /// On the document, or the decoy.
    Compared {
        resembling: Vec<Resembling>,
        /// The user's face that the document shows; none where it was the decoy.
        own: Option<FaceId>,
    },
}

impl<S: Services> Compared for Face<'_, S> {
    const FACTOR: Factor = Factor::Face;
    type Probe = PictureBytes;
    type Matched = FaceId;

    /// None of an upload, which is to be read.
    fn unfit(&self) -> Option<Reason> {
        match &self.answer {
            Ok(Answer::Uploaded) => None,
            Ok(Answer::Inline(bytes)) => inspect(bytes.as_slice()).err(),
            Err(reason) => Some(*reason),
        }
    }

    async fn fetch(&self) -> Result<Result<PictureBytes, Reason>, Fault> {
        match &self.answer {
            Ok(Answer::Uploaded) => {
                let read = self.verifier.sign_ins.read(self.key(), None);
                let until = Instant::now() + budget::PICTURE_READ;
                Ok(in_time("GetObject", until, read).await?.into_bytes())
            }
            Ok(Answer::Inline(bytes)) => Ok(Ok(bytes.clone())),
            Err(reason) => Ok(Err(*reason)),
        }
    }

    fn digest(&self, picture: &PictureBytes) -> Sha256Digest {
        picture.digest()
    }

    /// Matches and measures, side by side.
    async fn examine(&self, picture: &PictureBytes) -> Result<Judged<FaceId>, Fault> {
        let header = match inspect(picture.as_slice()) {
            Ok(header) => header,
            Err(reason) => return Ok(Judged::Refused(reason, Cost::Nothing)),
        };
        let recognition = &self.verifier.indexer.recognition;
        let (detected, found) = tokio::join!(recognition.detect(picture), self.find(picture));
        let judged = detected.and_then(|faces| {
            let measured = assess(&faces, header).map_err(RecognitionError::Unusable)?;
            Ok(self.whose(&found?, measured, &faces))
        });
        match judged {
            Ok(Search::Matched(face)) => Ok(Judged::Matched(face)),
            Ok(Search::NotMatched) => Ok(Judged::Refused(Reason::NoMatch, Cost::Comparison)),
            // A fault that an operator hears of, and yet a comparison: whoever fills the list
            // would guess without counting.
            Ok(Search::Crowded) => {
                Fault::new("SearchFacesByImage", CROWDED).log();
                Ok(Judged::Refused(Reason::TryLater, Cost::Comparison))
            }
            Err(RecognitionError::Unusable(reason)) => {
                Ok(Judged::Refused(reason, Cost::Acquisition))
            }
            Err(RecognitionError::Service(fault)) => Err(fault),
        }
    }

    async fn passed(&self, face: FaceId) -> Result<Result<Option<PassedFace>, Settled>, Fault> {
        let Some(id) = &self.secret.activates else {
            return Ok(Ok(Some(PassedFace::Known(face))));
        };
        let table = &self.verifier.indexer.table;
        let indexed = table.indexed(&self.answered.user, id).await?;
        // Otherwise another enrolment has taken its place meanwhile.
        let same = indexed.filter(|indexed| indexed.id == face);
        let activates = same.map(|indexed| PassedFace::Activates(id.clone(), indexed));
        Ok(activates.map(Some).ok_or(Settled::Superseded))
    }

    fn activates(&self) -> bool {
        self.secret.activates.is_some()
    }

    /// Deletes an uploaded picture. Where that fails, the bucket's lifecycle does it.
    async fn clean_up(&self) {
        let delete = self.verifier.sign_ins.delete(self.key());
        if self.answer == Ok(Answer::Uploaded)
            && let Err(fault) = in_time(
                "DeleteObject",
                Instant::now() + budget::PICTURE_DELETION,
                delete,
            )
            .await
        {
            fault.log();
        }
    }
}

impl<'a, S: Services> Face<'a, S> {
    pub(crate) fn new(
        verifier: &'a Verifier<S>,
        answered: &'a Answered,
        secret: &'a Secret,
    ) -> Self {
        Self {
            verifier,
            answered,
            answer: Answer::parse(&answered.answer),
            secret,
        }
    }

    /// Where an upload lies.
    fn key(&self) -> &str {
        &self.answered.challenge.key
    }

    /// Looks for the user's own face. A user without one causes the same call, and the same work.
    async fn find(&self, picture: &PictureBytes) -> Result<Resembles, RecognitionError> {
        let Verifier {
            mode,
            threshold,
            indexer,
            ..
        } = self.verifier;
        let recognition = &indexer.recognition;
        match mode {
            MatchMode::Collection => {
                let own: Vec<FaceId> = self
                    .secret
                    .faces
                    .iter()
                    .map(|face| face.id.clone())
                    .collect();
                let found = recognition
                    .search(&indexer.collection, picture, *threshold)
                    .await?;
                Ok(Resembles::Searched(search(&found, &own, *threshold)))
            }
            MatchMode::Compare { decoy } => {
                let kept = self
                    .secret
                    .faces
                    .iter()
                    .find_map(|face| Some((face, face.document.as_ref()?)));
                let document = kept.map_or(decoy, |(_, document)| document);
                let bucket = indexer.documents.name();
                let resembling = recognition
                    .compare(bucket, document, picture, *threshold)
                    .await?;
                Ok(Resembles::Compared {
                    resembling,
                    own: kept.map(|(face, _)| face.id.clone()),
                })
            }
        }
    }

    /// Whose the face is that was measured, by what was found.
    fn whose(&self, found: &Resembles, measured: &DetectedFace, faces: &[DetectedFace]) -> Search {
        match found {
            Resembles::Searched(search) => search.clone(),
            Resembles::Compared { resembling, own } => {
                let threshold = self.verifier.threshold;
                let resembles = is_the_documents(resembling, measured, faces, threshold);
                match own {
                    Some(face) if resembles => Search::Matched(face.clone()),
                    Some(_) | None => Search::NotMatched,
                }
            }
        }
    }
}

impl<S: Services> Verifier<S> {
    /// Accepts the picture of a document, and records that it was.
    pub(crate) async fn enrol_face(
        &self,
        ticket: &Ticket,
        answered: &Answered,
        enrolment: &EnrolmentId,
        call: Call,
    ) -> Result<Outcome, Fault> {
        let until = call.watch.after(budget::JUDGEMENT);
        let indexed = self.index(answered, enrolment, call);
        let reason = match tokio::time::timeout_at(until, Box::pin(indexed)).await {
            Ok(Ok(Indexed::Done(_))) => return self.accept(ticket).await,
            Ok(Ok(Indexed::Rejected(reason))) => reason,
            Ok(Ok(Indexed::Over)) => Reason::Superseded,
            // Slower than a trigger may be, or somebody else is at it: the client asks again.
            Ok(Ok(Indexed::Busy)) | Err(_) => Reason::Pending,
            Ok(Err(fault)) => {
                fault.log();
                Reason::TryLater
            }
        };
        self.refuse(ticket, reason, Cost::Nothing, None).await
    }

    async fn index(
        &self,
        answered: &Answered,
        enrolment: &EnrolmentId,
        call: Call,
    ) -> Result<Indexed, Fault> {
        let key = DocumentKey::Enrolment(enrolment.clone());
        let found = match Answer::parse(&answered.answer) {
            Ok(Answer::Inline(bytes)) => match inspect(bytes.as_slice()) {
                Ok(header) => {
                    let picture = self.indexer.store_image(&key, bytes, header.format);
                    Found::Picture(picture.await?)
                }
                Err(reason) => return Ok(Indexed::Rejected(reason)),
            },
            Ok(Answer::Uploaded) => {
                let uploaded = &answered.challenge.key;
                self.indexer.documents.read(uploaded, None).await?
            }
            Err(reason) => return Ok(Indexed::Rejected(reason)),
        };
        let document = Document {
            key,
            user: answered.user.clone(),
            enrolment: enrolment.clone(),
            found,
        };
        let until = call.watch.after(budget::JUDGEMENT);
        self.indexer.poll(&document, call, until).await
    }
}

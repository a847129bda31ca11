//! `FACE`: exactly one good face, and it is this user's.
//!
//! Three round trips, each of several calls side by side: consume the challenge and reserve a
//! try while the picture is read; match and measure; record the verdict while the picture is
//! deleted.

use signin_aws::faces::Trouble;
use signin_aws::fault::{Fault, in_time};
use signin_aws::stopwatch::Call;
use signin_aws::table::{Claim, FullPass, PassedFace, Settled, Ticket};
use signin_core::alarm::CROWDED;
use signin_core::answer::Answer;
use signin_core::budget;
use signin_core::challenge::{ExpectedFace, Stake};
use signin_core::face::{DetectedFace, Resembling, Search, assess, is_the_documents, search};
use signin_core::id::{EnrolmentId, FaceId};
use signin_core::lockout::{Cost, Scope};
use signin_core::pass::Steps;
use signin_core::picture::inspect;
use signin_core::reason::{Reason, Verdict};
use signin_core::secret::{PictureBytes, Sha256Digest};
use signin_core::step::Factor;
use signin_edge::verify_auth_challenge::Answered;
use tokio::time::Instant;

use crate::match_mode::MatchMode;
use crate::verifier::{Verifier, answering};

/// What the challenge asks for.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) stake: &'a Stake,
    pub(crate) faces: &'a [ExpectedFace],
    pub(crate) activates: Option<&'a EnrolmentId>,
}

/// What was found that the picture resembles.
enum Found {
    /// In the collection.
    Searched(Search),
    /// On the document, or the decoy.
    Compared {
        resembling: Vec<Resembling>,
        /// The user's face that the document shows; none where it was the decoy.
        own: Option<FaceId>,
    },
}

/// What the picture shows.
enum Judged {
    Matched(FaceId),
    Refused(Reason, Cost),
}

impl Verifier {
    /// Judges an answer; none where the challenge was used before.
    pub(crate) async fn face(
        &self,
        answered: &Answered,
        asked: Asked<'_>,
        call: Call,
    ) -> Result<Option<Verdict>, Fault> {
        let table = &self.indexer.table;
        let until = call.watch.after(budget::JUDGEMENT);
        let answer = Answer::parse(&answered.answer);
        // What no recogniser would be asked about puts no try at stake, not even for a moment.
        if let Some(reason) = unreadable(&answer) {
            return self.refuse_unread(answered, reason, call).await;
        }
        let scope = Scope {
            path: asked.stake.path,
            factor: Factor::Face,
        };
        let (claim, picture) = tokio::join!(
            table.claim_try(answering(answered, call), scope, &asked.stake.seen),
            self.picture(&answered.challenge.key, &answer),
        );
        let ticket = match claim? {
            Claim::Mine(ticket) => ticket,
            Claim::Refused => return Ok(None),
            Claim::Settled(verdict, judged) => {
                return Ok(same_picture(&picture, judged).then_some(verdict));
            }
        };
        let judged = async {
            match picture? {
                Ok(bytes) => {
                    let digest = bytes.digest();
                    Ok((self.look(&bytes, asked).await?, Some(digest)))
                }
                // Nobody had to look at it.
                Err(reason) => Ok((Judged::Refused(reason, Cost::Nothing), None)),
            }
        };
        let judged = in_time("Judge", until, judged).await;
        let (verdict, ()) = tokio::join!(
            self.settle(&ticket, judged, answered, asked, call),
            self.delete(&answered.challenge.key, &answer),
        );
        verdict
    }

    /// The picture that was answered with: its bytes, or what is wrong with it.
    async fn picture(
        &self,
        key: &str,
        answer: &Result<Answer, Reason>,
    ) -> Result<Result<PictureBytes, Reason>, Fault> {
        match answer {
            Ok(Answer::Uploaded) => {
                let read = self.sign_ins.read(key, None);
                let found =
                    in_time("GetObject", Instant::now() + budget::PICTURE_READ, read).await?;
                Ok(found.into_bytes())
            }
            Ok(Answer::Inline(bytes)) => Ok(Ok(bytes.clone())),
            Err(reason) => Ok(Err(*reason)),
        }
    }

    /// Deletes an uploaded picture. Where that fails, the bucket's lifecycle does it.
    async fn delete(&self, key: &str, answer: &Result<Answer, Reason>) {
        let delete = self.sign_ins.delete(key);
        if answer == &Ok(Answer::Uploaded)
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

    /// Matches and measures, side by side.
    async fn look(&self, picture: &PictureBytes, asked: Asked<'_>) -> Result<Judged, Fault> {
        let header = match inspect(picture.as_slice()) {
            Ok(header) => header,
            Err(reason) => return Ok(Judged::Refused(reason, Cost::Nothing)),
        };
        let recognition = &self.indexer.recognition;
        let (detected, found) =
            tokio::join!(recognition.detect(picture), self.find(picture, asked.faces));
        let judged = detected.and_then(|faces| {
            let measured = assess(&faces, header).map_err(Trouble::Picture)?;
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
            Err(Trouble::Picture(reason)) => Ok(Judged::Refused(reason, Cost::Acquisition)),
            Err(Trouble::Fault(fault)) => Err(fault),
        }
    }

    /// Looks for the user's own face. A user without one causes the same call, and the same work.
    async fn find(&self, picture: &PictureBytes, faces: &[ExpectedFace]) -> Result<Found, Trouble> {
        let recognition = &self.indexer.recognition;
        match &self.mode {
            MatchMode::Collection => {
                let own: Vec<FaceId> = faces.iter().map(|face| face.id.clone()).collect();
                let collection = &self.indexer.collection;
                let found = recognition
                    .search(collection, picture, self.threshold)
                    .await?;
                Ok(Found::Searched(search(&found, &own, self.threshold)))
            }
            MatchMode::Compare { decoy } => {
                let kept = faces
                    .iter()
                    .find_map(|face| Some((face, face.document.as_ref()?)));
                let document = kept.map_or(decoy, |(_, document)| document);
                let bucket = self.indexer.documents.name();
                let resembling = recognition
                    .compare(bucket, document, picture, self.threshold)
                    .await?;
                Ok(Found::Compared {
                    resembling,
                    own: kept.map(|(face, _)| face.id.clone()),
                })
            }
        }
    }

    /// Whose the face is that was measured, by what was found.
    fn whose(&self, found: &Found, measured: &DetectedFace, faces: &[DetectedFace]) -> Search {
        match found {
            Found::Searched(search) => search.clone(),
            Found::Compared { resembling, own } => {
                let resembles = is_the_documents(resembling, measured, faces, self.threshold);
                match own {
                    Some(face) if resembles => Search::Matched(face.clone()),
                    Some(_) | None => Search::NotMatched,
                }
            }
        }
    }

    /// Records the verdict; the one that stands is returned.
    async fn settle(
        &self,
        ticket: &Ticket,
        judged: Result<(Judged, Option<Sha256Digest>), Fault>,
        answered: &Answered,
        asked: Asked<'_>,
        call: Call,
    ) -> Result<Option<Verdict>, Fault> {
        let recorded = match judged {
            Ok((Judged::Matched(face), Some(picture))) => {
                self.settle_pass(ticket, face, picture, answered, asked, call)
                    .await
            }
            Ok((Judged::Matched(_), None)) => {
                self.refuse(ticket, Reason::NoMatch, Cost::Comparison, None)
                    .await
            }
            Ok((Judged::Refused(reason, cost), picture)) => {
                self.refuse(ticket, reason, cost, picture).await
            }
            Err(fault) => Err(fault),
        };
        self.or_give_back(ticket, recorded).await
    }

    /// Records a pass, provided that picture and face are still good for one.
    async fn settle_pass(
        &self,
        ticket: &Ticket,
        face: FaceId,
        picture: Sha256Digest,
        answered: &Answered,
        asked: Asked<'_>,
        call: Call,
    ) -> Result<Option<Verdict>, Fault> {
        let table = &self.indexer.table;
        let passed = match asked.activates {
            None => PassedFace::Known(face),
            Some(id) => match table.indexed(&answered.user, id).await? {
                Some(indexed) if indexed.id == face => PassedFace::Activates(id.clone(), indexed),
                // Another enrolment has taken its place meanwhile.
                _ => return self.stands(ticket, Settled::Superseded, picture).await,
            },
        };
        let pass = FullPass {
            picture,
            face: passed,
            steps: Steps::passed(asked.stake.path, asked.activates.is_some(), Factor::Face),
            client: &answered.client,
            session: answered.challenge.session,
            nonce: answered.nonce,
        };
        self.pass(ticket, &pass, call).await
    }
}

/// Why an answer shows no picture, where its own text says so; none of an upload, which is to be read.
fn unreadable(answer: &Result<Answer, Reason>) -> Option<Reason> {
    match answer {
        Ok(Answer::Uploaded) => None,
        Ok(Answer::Inline(bytes)) => inspect(bytes.as_slice()).err(),
        Err(reason) => Some(*reason),
    }
}

/// Whether a repeat is about the picture that was judged. The first call may have deleted it
/// already; what lies at the key now must not be another one.
fn same_picture(
    now: &Result<Result<PictureBytes, Reason>, Fault>,
    judged: Option<Sha256Digest>,
) -> bool {
    match now {
        Ok(Ok(bytes)) => judged.is_none_or(|judged| judged == bytes.digest()),
        Ok(Err(_)) => true,
        Err(_) => false,
    }
}

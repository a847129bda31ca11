//! Services in memory. Their calls are carried out when the explorer lets them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use signin_aws::faces::{IndexedFace, Recogniser, RecognitionError};
use signin_aws::fault::Fault;
use signin_aws::mail::{Post, Unsent};
use signin_aws::pictures::{Found, Listed, Listing, Marker, Picture, Pictures};
use signin_aws::table::memory::Memory;
use signin_aws::table::rows::{Before, Change, Debt, Item, Key, Next, Rows, Transaction, Write};
use signin_aws::user_pool::{Addresses, SignOuts};
use signin_core::challenge::PresignedPost;
use signin_core::face::{DetectedFace, Match, Place, Resembling, Threshold};
use signin_core::id::{EnrolmentId, FaceId, UserName, UserPoolId};
use signin_core::mail::{Address, Letter};
use signin_core::profile::StoredDocument;
use signin_core::reason::Reason;
use signin_core::secret::PictureBytes;
use signin_core::time::Timestamp;
use signin_flow::Services;

use super::explorer::{Access, Calls, Task};

/// The services that all invocations of a scenario share.
#[derive(Clone)]
pub struct World {
    pub memory: Memory,
    pub collection: Rc<RefCell<BTreeMap<String, StoredFace>>>,
    pub objects: Rc<RefCell<Objects>>,
    pub signed_out: Rc<RefCell<usize>>,
    pub letters: Rc<RefCell<Vec<(Address, Letter)>>>,
    /// Ada's address, proven.
    pub address: Rc<RefCell<String>>,
    /// What becomes of the next letters.
    pub unsent: Rc<RefCell<Option<Unsent>>>,
    pub calls: Calls,
}

impl Default for World {
    /// Ada has an account, and nothing else is there.
    fn default() -> Self {
        Self {
            memory: Memory::default(),
            collection: Rc::default(),
            objects: Rc::default(),
            signed_out: Rc::default(),
            letters: Rc::default(),
            address: Rc::new(RefCell::new("ada@example.com".to_owned())),
            unsent: Rc::default(),
            calls: Calls::default(),
        }
    }
}

/// A face in the collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFace {
    pub external_id: String,
    pub person: u8,
    pub picture: Vec<u8>,
}

/// Objects with their versions, the newest last.
#[derive(Default)]
pub struct Objects {
    pub versions: BTreeMap<String, Vec<(String, Vec<u8>)>>,
    count: usize,
}

impl Objects {
    /// Puts an object there, and says which version it is.
    pub fn put(&mut self, key: &str, bytes: Vec<u8>) -> String {
        self.count += 1;
        let version = format!("v{}", self.count);
        let versions = self.versions.entry(key.to_owned()).or_default();
        versions.push((version.clone(), bytes));
        version
    }
}

/// The services as one invocation reaches them.
#[derive(Clone)]
pub struct Reached {
    pub world: World,
    pub task: Task,
    pub bucket: &'static str,
}

impl World {
    /// A world of its own that begins as this one is.
    pub fn fork(&self) -> Self {
        let objects = self.objects.borrow();
        Self {
            memory: self.memory.fork(),
            collection: Rc::new(RefCell::new(self.collection.borrow().clone())),
            objects: Rc::new(RefCell::new(Objects {
                versions: objects.versions.clone(),
                count: objects.count,
            })),
            signed_out: Rc::new(RefCell::new(*self.signed_out.borrow())),
            letters: Rc::new(RefCell::new(self.letters.borrow().clone())),
            address: Rc::new(RefCell::new(self.address.borrow().clone())),
            unsent: Rc::new(RefCell::new(self.unsent.borrow().clone())),
            calls: Calls::default(),
        }
    }

    /// As an invocation reaches them.
    pub fn by(&self, task: Task, bucket: &'static str) -> Reached {
        Reached {
            world: self.clone(),
            task,
            bucket,
        }
    }
}

/// The services of these tests.
#[derive(Clone, Copy, Debug)]
pub enum Fake {}

impl Services for Fake {
    type Rows = Reached;
    type Pictures = Reached;
    type Faces = Reached;
    type Pool = Reached;
    type Post = Reached;
}

/// The picture of a person. Two takes of one person are other bytes.
pub fn picture(person: u8, take: u8) -> Vec<u8> {
    // A header that declares 400 × 400 pixels, and what our recogniser sees.
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
    bytes.extend(400_u32.to_be_bytes());
    bytes.extend(400_u32.to_be_bytes());
    bytes.extend([person, take]);
    bytes
}

/// Who is in a picture.
fn person(picture: &[u8]) -> u8 {
    picture[picture.len() - 2]
}

/// What is done at once.
pub fn now<T>(work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    match work.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("memory does not make anybody wait"),
    }
}

impl Rows for Reached {
    async fn read(&self, keys: Vec<Key>) -> Result<Vec<Item>, Fault> {
        let reading = |access: Access, key: &Key| access.reading(&key.to_string());
        let access = keys.iter().fold(Access::default(), reading);
        let memory = self.world.memory.clone();
        let effect = move || now(memory.read(keys));
        self.call("BatchGetItem", access, effect).await
    }

    async fn write(&self, changes: Vec<Change>) -> Result<Transaction, Fault> {
        let access = changes.iter().fold(Access::default(), |access, change| {
            let key = change.key().to_string();
            match change {
                Change::Check(_) => access.reading(&key),
                Change::Put { .. } | Change::Update(_) | Change::Delete { .. } => {
                    access.writing(&key)
                }
            }
        });
        let memory = self.world.memory.clone();
        let effect = move || now(memory.write(changes));
        self.call("TransactWriteItems", access, effect).await
    }

    async fn update(
        &self,
        what: &'static str,
        write: Write,
        before: Before,
    ) -> Result<Option<Item>, Fault> {
        let access = Access::default().writing(&write.key().to_string());
        let memory = self.world.memory.clone();
        let effect = move || now(memory.update(what, write, before));
        self.call(what, access, effect).await
    }

    async fn owed(
        &self,
        debt: Debt,
        now_is: Timestamp,
        from: Option<Next>,
        at_most: i32,
    ) -> Result<(Vec<Item>, Option<Next>), Fault> {
        now(self.world.memory.owed(debt, now_is, from, at_most))
    }
}

impl Reached {
    async fn call<T: 'static>(
        &self,
        what: &'static str,
        access: Access,
        effect: impl FnOnce() -> Result<T, Fault> + 'static,
    ) -> Result<T, Fault> {
        self.world.calls.call(self.task, what, access, effect).await
    }

    fn at(&self, key: &str) -> String {
        format!("{}/{key}", self.bucket)
    }
}

impl Pictures for Reached {
    fn name(&self) -> &str {
        self.bucket
    }

    async fn presign(&self, key: &str, _: Timestamp, _: Timestamp) -> Result<PresignedPost, Fault> {
        Ok(PresignedPost {
            url: "https://uploads.example".to_owned(),
            fields: BTreeMap::from([("key".to_owned(), key.to_owned())]),
        })
    }

    async fn read(&self, key: &str, version: Option<&str>) -> Result<Found, Fault> {
        let at = self.at(key);
        let (objects, version) = (Rc::clone(&self.world.objects), version.map(str::to_owned));
        let effect = move || {
            let objects = objects.borrow();
            let versions = objects.versions.get(&at).map_or(&[][..], Vec::as_slice);
            let found = match &version {
                Some(version) => versions.iter().find(|(of, _)| of == version),
                None => versions.last(),
            };
            Ok(match found {
                Some((version, bytes)) => Found::Picture(Picture {
                    bytes: PictureBytes::new(bytes.clone()),
                    version: Some(version.clone()),
                }),
                None => Found::Nothing,
            })
        };
        self.call(
            "GetObject",
            Access::default().reading(&self.at(key)),
            effect,
        )
        .await
    }

    async fn write(
        &self,
        key: &str,
        picture: &PictureBytes,
        _: &str,
    ) -> Result<Option<String>, Fault> {
        let at = self.at(key);
        let (objects, bytes) = (Rc::clone(&self.world.objects), picture.as_slice().to_vec());
        let effect = move || Ok(Some(objects.borrow_mut().put(&at, bytes)));
        self.call(
            "PutObject",
            Access::default().writing(&self.at(key)),
            effect,
        )
        .await
    }

    async fn delete(&self, key: &str) -> Result<(), Fault> {
        let at = self.at(key);
        let objects = Rc::clone(&self.world.objects);
        let effect = move || {
            objects.borrow_mut().versions.remove(&at);
            Ok(())
        };
        self.call(
            "DeleteObject",
            Access::default().writing(&self.at(key)),
            effect,
        )
        .await
    }

    async fn delete_version(&self, key: &str, version: &str) -> Result<(), Fault> {
        let (at, version) = (self.at(key), version.to_owned());
        let objects = Rc::clone(&self.world.objects);
        let effect = move || {
            let mut objects = objects.borrow_mut();
            if let Some(versions) = objects.versions.get_mut(&at) {
                versions.retain(|(of, _)| *of != version);
            }
            Ok(())
        };
        self.call(
            "DeleteObjectVersion",
            Access::default().writing(&self.at(key)),
            effect,
        )
        .await
    }

    async fn objects(&self, _: &str, _: Option<&Marker>) -> Result<Listing, Fault> {
        Ok(Listing {
            found: Vec::new(),
            next: None,
        })
    }

    async fn versions(&self, prefix: &str, _: Option<&Marker>) -> Result<Listing, Fault> {
        let at = self.at(prefix);
        let length = self.bucket.len() + 1;
        let objects = Rc::clone(&self.world.objects);
        let effect = move || {
            let objects = objects.borrow();
            let under = objects
                .versions
                .iter()
                .filter(|(key, _)| key.starts_with(&at));
            let listed = under.flat_map(|(key, versions)| {
                versions.iter().map(move |(version, _)| Listed {
                    key: key[length..].to_owned(),
                    version: Some(version.clone()),
                    since: Timestamp::default(),
                    is_mark: false,
                })
            });
            Ok(Listing {
                found: listed.collect(),
                next: None,
            })
        };
        self.call(
            "ListObjectVersions",
            Access::default().reading(&self.at(prefix)),
            effect,
        )
        .await
    }
}

/// Everything about the collection touches everything else about it.
const COLLECTION: &str = "collection";

impl Recogniser for Reached {
    /// Whom a picture shows changes with nothing, so this waits for nothing.
    async fn detect(&self, _: &PictureBytes) -> Result<Vec<DetectedFace>, RecognitionError> {
        Ok(vec![DetectedFace {
            place: Place {
                left: 0.25,
                top: 0.25,
                width: 0.5,
                height: 0.5,
            },
            brightness: 80.0,
            sharpness: 80.0,
            yaw: 0.0,
            pitch: 0.0,
            occluded: 0.0,
        }])
    }

    async fn search(
        &self,
        _: &str,
        picture: &PictureBytes,
        _: Threshold,
    ) -> Result<Vec<Match>, RecognitionError> {
        let (collection, who) = (
            Rc::clone(&self.world.collection),
            person(picture.as_slice()),
        );
        let effect = move || {
            let collection = collection.borrow();
            let own = collection.iter().filter(|(_, face)| face.person == who);
            let found = own.map(|(id, _)| Match {
                face: FaceId::new(id),
                similarity: 99.9,
            });
            Ok(found.collect())
        };
        let access = Access::default().reading(COLLECTION);
        Ok(self.call("SearchFacesByImage", access, effect).await?)
    }

    async fn compare(
        &self,
        _: &str,
        _: &StoredDocument,
        _: &PictureBytes,
        _: Threshold,
    ) -> Result<Vec<Resembling>, RecognitionError> {
        Err(RecognitionError::Unusable(Reason::NoFace))
    }

    /// One face for one picture under one external id, as the service has it.
    async fn index(
        &self,
        _: &str,
        picture: &PictureBytes,
        enrolment: &EnrolmentId,
    ) -> Result<Option<IndexedFace>, RecognitionError> {
        let collection = Rc::clone(&self.world.collection);
        let (external_id, picture) = (enrolment.as_str().to_owned(), picture.as_slice().to_vec());
        let effect = move || {
            let mut collection = collection.borrow_mut();
            let same =
                |face: &&StoredFace| face.external_id == external_id && face.picture == picture;
            let known = collection.iter().find(|(_, face)| same(face));
            let known = known.map(|(id, _)| id.clone());
            let id = known.unwrap_or_else(|| format!("face-{}", picture[picture.len() - 1]));
            let face = StoredFace {
                person: person(&picture),
                external_id,
                picture,
            };
            collection.insert(id.clone(), face);
            Ok(Some(IndexedFace {
                id: FaceId::new(&id),
                model_version: "1".to_owned(),
            }))
        };
        let access = Access::default().writing(COLLECTION);
        Ok(self.call("IndexFaces", access, effect).await?)
    }

    async fn faces_of(
        &self,
        _: &str,
        picture: &PictureBytes,
        enrolment: &EnrolmentId,
    ) -> Result<Vec<FaceId>, RecognitionError> {
        let collection = Rc::clone(&self.world.collection);
        let (id, who) = (enrolment.as_str().to_owned(), person(picture.as_slice()));
        let effect = move || {
            let collection = collection.borrow();
            let own = collection
                .iter()
                .filter(|(_, face)| face.external_id == id && face.person == who);
            Ok(own.map(|(id, _)| FaceId::new(id)).collect())
        };
        let access = Access::default().reading(COLLECTION);
        Ok(self.call("SearchFacesByImage", access, effect).await?)
    }

    async fn forget(&self, _: &str, face: &FaceId) -> Result<(), Fault> {
        let (collection, id) = (Rc::clone(&self.world.collection), face.as_str().to_owned());
        let effect = move || {
            collection.borrow_mut().remove(&id);
            Ok(())
        };
        self.call("DeleteFaces", Access::default().writing(COLLECTION), effect)
            .await
    }
}

impl SignOuts for Reached {
    async fn sign_out(&self, _: &UserPoolId, _: &UserName) -> Result<(), Fault> {
        let signed_out = Rc::clone(&self.world.signed_out);
        let effect = move || {
            *signed_out.borrow_mut() += 1;
            Ok(())
        };
        let access = Access::default().writing("user pool");
        self.call("AdminUserGlobalSignOut", access, effect).await
    }
}

impl Addresses for Reached {
    /// Ada's; nobody else has an account.
    async fn address(&self, _: &UserPoolId, user: &UserName) -> Result<Option<Address>, Fault> {
        let known = user.as_str() == "ada";
        let address = Rc::clone(&self.world.address);
        let effect = move || Ok(known.then(|| Address::new(address.borrow().clone())));
        let access = Access::default().reading("user pool");
        self.call("AdminGetUser", access, effect).await
    }
}

impl Post for Reached {
    async fn send(&self, to: &Address, letter: &Letter) -> Result<(), Unsent> {
        let (letters, unsent) = (
            Rc::clone(&self.world.letters),
            Rc::clone(&self.world.unsent),
        );
        let sent = (to.clone(), letter.clone());
        let effect = move || {
            let unsent = unsent.borrow().clone();
            if unsent.is_none() {
                letters.borrow_mut().push(sent);
            }
            Ok(unsent)
        };
        let access = Access::default().writing("mailbox");
        match self.call("SendEmail", access, effect).await {
            Ok(None) => Ok(()),
            Ok(Some(unsent)) => Err(unsent),
            Err(fault) => Err(Unsent::NotYet(fault)),
        }
    }
}

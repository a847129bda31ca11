//! The services that the calls go to.

use signin_aws::faces::{Recogniser, Recognition};
use signin_aws::mail::{Post, PostOffice};
use signin_aws::pictures::{Bucket, Pictures};
use signin_aws::table::DynamoDb;
use signin_aws::table::rows::Rows;
use signin_aws::user_pool::{Addresses, SignOuts, UserPools};

/// Which services the calls go to.
pub trait Services {
    /// Holds the user table's items.
    type Rows: Rows;
    /// Holds pictures.
    type Pictures: Pictures;
    /// Finds faces and compares them.
    type Faces: Recogniser;
    /// Signs people out everywhere, and knows their addresses.
    type Pool: SignOuts + Addresses;
    /// Mails.
    type Post: Post;
}

/// AWS's: what is deployed.
#[derive(Clone, Copy, Debug)]
pub enum Aws {}

impl Services for Aws {
    type Rows = DynamoDb;
    type Pictures = Bucket;
    type Faces = Recognition;
    type Pool = UserPools;
    type Post = PostOffice;
}

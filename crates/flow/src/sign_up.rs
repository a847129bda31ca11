//! A sign-up, and what is stored of it.

use signin_aws::fault::{in_time, told};
use signin_aws::stopwatch::Call;
use signin_aws::table::UserTable;
use signin_core::budget;
use signin_core::reason::Unavailable;
use signin_core::round::{Invocation, SigningUp};

use crate::services::{Aws, Services};

/// Stores sign-ups.
pub struct Registrar<S: Services = Aws> {
    /// The user table.
    pub table: UserTable<S::Rows>,
}

impl<S: Services> Registrar<S> {
    /// Stores a sign-up as pending.
    pub async fn store(
        &self,
        SigningUp { user, sign_up }: &SigningUp,
        invocation: Invocation,
    ) -> Result<(), Unavailable> {
        let watch = Call::of(invocation).watch;
        let stored = self.table.store_sign_up(user, sign_up, watch.now());
        told(in_time("StoreSignUp", watch.after(budget::TRIGGER), stored).await)
    }
}

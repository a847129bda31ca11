//! A change of an account's address, of which the address before it is told.

use signin_aws::fault::{Fault, in_time, told};
use signin_aws::stopwatch::{Call, Stopwatch};
use signin_aws::table::UserTable;
use signin_aws::user_pool::Addresses as _;
use signin_core::budget;
use signin_core::notice::Notice;
use signin_core::reason::Unavailable;
use signin_core::round::{AddressChange, Invocation};

use crate::services::{Aws, Services};

/// Has owners told of changed addresses.
pub struct Teller<S: Services = Aws> {
    /// The user table.
    pub table: UserTable<S::Rows>,
    /// What knows addresses.
    pub pools: S::Pool,
}

impl<S: Services> Teller<S> {
    /// Has the owner told at the address that is still the account's: this comes before the code that
    /// proves the new one is mailed. Where it fails, so must the change, of which nobody would hear.
    pub async fn tell(
        &self,
        change: &AddressChange,
        invocation: Invocation,
    ) -> Result<(), Unavailable> {
        let watch = Call::of(invocation).watch;
        let ordered = self.order(change, watch);
        told(in_time("TellOfAddress", watch.after(budget::TRIGGER), ordered).await)
    }

    async fn order(&self, change: &AddressChange, watch: Stopwatch) -> Result<(), Fault> {
        let AddressChange { user, pool } = change;
        match self.pools.address(pool, user).await? {
            Some(old) => {
                let now = watch.now();
                self.table
                    .tell_at(user, Notice::AddressChange, &old, now)
                    .await
            }
            // There is no address that was ever its owner's.
            None => Ok(()),
        }
    }
}

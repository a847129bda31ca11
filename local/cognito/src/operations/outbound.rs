//! SES's `SendEmail`: mail that a function of the stack writes itself.

use axum::http::request::Parts;
use local_guard::Credentials;
use local_guard::signature::Invalid;
use uuid::Uuid;

use super::UserPools;
use crate::administrators::signer;
use crate::mailbox::code_in;
use crate::ses::{Identity, Outbound, Refusal};
use crate::stack::Consent;

/// The name that signatures for SES have in their scope.
const SERVICE: &str = "ses";

impl UserPools {
    /// Sends a message to each of its recipients, or to none; the id under which it went out.
    pub(crate) async fn send_email(&self, request: &Parts, body: &[u8]) -> Result<String, Refusal> {
        let access = self.stack.access();
        let caller = signer(access, SERVICE, request, body).map_err(Refusal::unsigned)?;
        let outbound = Outbound::parse(body)?;
        let identity = self.ses.identity_of(&outbound);
        let identity =
            identity.ok_or_else(|| Refusal::unverified(&outbound.from, &access.region))?;
        if !access.key().is_root(&caller.access_key_id) {
            self.check_sender(&caller, &outbound.from, identity).await?;
        }
        let mut obstacles = outbound.to.iter().filter_map(|to| {
            let obstacle = self.ses.obstacle(to)?;
            Some(obstacle.refuse(to, &access.region))
        });
        if let Some(refusal) = obstacles.next() {
            return Err(refusal);
        }
        let code = code_in(&outbound.message.body).unwrap_or_default();
        let now = self.clock.now();
        for to in &outbound.to {
            let message = outbound.message.clone();
            self.mailbox.deliver(to, message, code, now);
        }
        Ok(format!(
            "{:016x}-{}-000000",
            rand::random::<u64>(),
            Uuid::new_v4()
        ))
    }

    /// Refuses a sender whose role does not allow mail from this address.
    async fn check_sender(
        &self,
        caller: &Credentials,
        from: &str,
        identity: &Identity,
    ) -> Result<(), Refusal> {
        let consent = self.stack.consent_to_send(caller, from, identity.arn());
        match consent.await {
            Ok(Consent::Given) => Ok(()),
            Ok(Consent::Denied(message)) => Err(Refusal::denied(message)),
            Ok(Consent::Unknown) => Err(Refusal::unsigned(Invalid::UnknownKey)),
            Err(error) => {
                tracing::error!(%error, "the stack's IAM could not be asked");
                Err(Refusal::internal("The deployed stack did not answer."))
            }
        }
    }
}

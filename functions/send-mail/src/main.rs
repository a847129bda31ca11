//! send-mail: mails codes, and what owners of accounts are to hear. The table's stream calls it.

use serde_json::json;
use signin_aws::table::{Errand, UserTable};
use signin_aws::{client, mail::PostOffice, user_pool::UserPools};
use signin_flow::mail::Mailer;
use signin_lambda::settings::setting;
use signin_lambda::stream::parse;
use signin_lambda::{Failure, Refusal, invocation, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let (table, from): (String, String) = (setting("USER_TABLE")?, setting("MAIL_FROM")?);
    let pool = setting("USER_POOL")?;
    let codes = setting("CODE_KEY")?;
    let config = client::load().await;
    let mailer: Mailer = Mailer {
        table: UserTable::open(&config, table),
        pools: UserPools::open(&config),
        pool,
        post: PostOffice::open(&config, from),
        codes,
    };
    run(async |event| {
        let written = parse(&event)?;
        // Whatever else is written to the table is for others to look at.
        let errands: Vec<_> = written
            .iter()
            .filter_map(|(partition, sort)| Errand::of(partition, sort))
            .collect();
        let mut failed = false;
        for errand in &errands {
            failed |= mailer.run(errand, invocation()?).await.is_err();
        }
        // Lambda calls again, as long as the template has it.
        if failed {
            return Err(Refusal::unavailable());
        }
        Ok(json!({"errands": errands.len()}))
    })
    .await
}

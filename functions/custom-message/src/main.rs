//! custom-message: no code is sent for a changed address, where the user pool's plan is `LITE`.

use signin_lambda::{Failure, custom_message, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    run(async |event| custom_message::answer(event)).await
}

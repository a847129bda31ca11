//! Mail, over Amazon SES.

use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::ProvideErrorMetadata as _;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message};
use signin_core::mail::{Address, Letter};

use crate::client::Config;
use crate::fault::Fault;

/// What mails letters.
pub trait Post {
    /// Hands a letter over.
    fn send(&self, to: &Address, letter: &Letter) -> impl Future<Output = Result<(), Unsent>>;
}

/// Why a letter was not taken. The fault names what the service says: that the sender's address is not
/// verified, say, or, while the account is in the sandbox, the recipient's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unsent {
    /// This letter will never be taken.
    Refused(Fault),
    /// It may be taken later.
    NotYet(Fault),
}

/// What the service calls a letter that it will never take; whatever else it says, throttling and lacking
/// permissions among it, may be another time.
const REFUSED: [&str; 2] = ["MessageRejected", "BadRequestException"];

/// Amazon SES, with the address that it sends from.
#[derive(Clone, Debug)]
pub struct PostOffice {
    client: Client,
    from: String,
}

impl PostOffice {
    /// The service that the environment names.
    pub fn open(config: &Config, from: String) -> Self {
        Self {
            client: Client::new(config),
            from,
        }
    }
}

impl Post for PostOffice {
    async fn send(&self, to: &Address, letter: &Letter) -> Result<(), Unsent> {
        let text = |data: &str| {
            let content = Content::builder().data(data).charset("UTF-8").build();
            content.map_err(|_| Unsent::Refused(Fault::new(OPERATION, "request not built")))
        };
        let body = Body::builder().text(text(&letter.text)?).build();
        let message = Message::builder().subject(text(letter.subject)?).body(body);
        let content = EmailContent::builder().simple(message.build()).build();
        let to = Destination::builder().to_addresses(to.as_str()).build();
        let request = self
            .client
            .send_email()
            .from_email_address(&self.from)
            .destination(to)
            .content(content);
        let sent = request.send().await;
        sent.map(|_| ()).map_err(|error| {
            let fault = Fault::of(OPERATION, &error);
            let code = error.as_service_error().and_then(|error| error.code());
            if code.is_some_and(|code| REFUSED.contains(&code)) {
                Unsent::Refused(fault)
            } else {
                Unsent::NotYet(fault)
            }
        })
    }
}

/// What a fault calls it.
const OPERATION: &str = "SendEmail";

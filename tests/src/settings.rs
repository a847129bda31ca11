//! The functions' settings, as the template gives them by default.

use std::collections::BTreeMap;

use crate::template::Template;

/// The parameters of a stack that mails.
const MAIL: [(&str, &str); 2] = [
    ("MailFrom", "sign-in@example.com"),
    (
        "MailSourceArn",
        "arn:aws:ses:us-east-1:000000000000:identity/example.com",
    ),
];

/// The settings of a function; of one that a stack has only where it mails, as they are there. Their values
/// hold variables: `${UserTable}` is the stack's table.
pub fn settings(function: &str) -> BTreeMap<String, String> {
    let template = Template::read();
    let mut parameters = template.defaults();
    if !template.deploys(function, &parameters) {
        let mail = MAIL.map(|(name, value)| (name.to_owned(), value.to_owned()));
        parameters.extend(mail);
    }
    template.settings(function, &parameters)
}

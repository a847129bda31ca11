//! The functions' settings, as the template gives them by default.

use std::collections::BTreeMap;

use crate::template::Template;

/// The settings of a function. Their values hold variables: `${UserTable}` is the stack's table.
pub fn settings(function: &str) -> BTreeMap<String, String> {
    let template = Template::read();
    template.settings(function, &template.defaults())
}

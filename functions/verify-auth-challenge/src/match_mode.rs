//! With what a probe is compared, by the setting `MATCH_MODE`.

use std::str::FromStr;

use signin_core::key::DECOY;
use signin_core::profile::StoredDocument;
use signin_flow::verify::MatchMode;
use signin_lambda::settings::{InvalidSetting, needed, setting, setting_or_none};

/// Reads the mode, and what goes with it.
pub(crate) fn from_environment() -> Result<MatchMode, InvalidSetting> {
    // Read in every mode, so that a setting which is missing is known before it is needed.
    let version = setting_or_none("DECOY_VERSION")?;
    Ok(match setting("MATCH_MODE")? {
        Mode::Collection => MatchMode::Collection,
        Mode::Compare => MatchMode::Compare {
            decoy: StoredDocument {
                key: DECOY.to_owned(),
                version: needed("DECOY_VERSION", version)?,
            },
        },
    })
}

/// A mode as the setting names it.
enum Mode {
    Collection,
    Compare,
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "COLLECTION" => Ok(Self::Collection),
            "COMPARE" => Ok(Self::Compare),
            _ => Err(format!("expected COLLECTION or COMPARE, found {text:?}")),
        }
    }
}

//! The functions' settings, as the template gives them by default.

use std::collections::BTreeMap;

/// The settings of a function. Their values hold variables: `${UserTable}` is the stack's table.
pub fn settings(function: &str) -> BTreeMap<String, String> {
    let table = ("USER_TABLE", "${UserTable}");
    let documents = ("DOCUMENT_BUCKET", "${DocumentBucket}");
    let sign_ins = ("SIGN_IN_BUCKET", "${SignInBucket}");
    let collection = ("FACE_COLLECTION", "${FaceCollection}");
    let policy = ("SIGN_IN_POLICY", "FACE");
    let keep = ("KEEP_DOCUMENTS", "false");
    let model = ("FACE_DATA_MODEL", "descriptor-128");
    let data_only = ("ALLOW_FACE_DATA_ONLY", "false");
    let settings: &[(&str, &str)] = match function {
        "create-auth-challenge" => &[policy, model, data_only, table, documents, sign_ins],
        "create-collection" | "custom-message" => &[],
        "define-auth-challenge" => &[policy],
        "index-images" => &[table, documents, collection, keep],
        "post-confirmation" => &[table],
        "pre-token-generation" => &[
            policy,
            table,
            ("UNGUARDED_CLIENTS", ""),
            ("USER_POOL_TIER", "ESSENTIALS"),
        ],
        "pre-signup" => &[policy, model, data_only, table, ("CONSENT_VERSION", "1")],
        "verify-auth-challenge" => &[
            policy,
            model,
            data_only,
            table,
            documents,
            sign_ins,
            collection,
            keep,
            ("MATCH_MODE", "COLLECTION"),
            ("SIMILARITY_THRESHOLD", "99"),
        ],
        _ => panic!("nothing is known of the settings of {function}"),
    };
    let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    settings.iter().map(owned).collect()
}

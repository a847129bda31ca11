//! A setting that is missing or wrong stops a function at its start, before it takes any event,
//! with a message that names the setting.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use e2e::events::{fill, functions};
use e2e::lambda::Function;
use e2e::settings::settings;
use e2e::stack::{Stack, Variant};
use e2e::template::Template;

/// What no setting may be, and what the message says beside the setting's name.
fn wrong(setting: &str) -> &'static [(&'static str, &'static str)] {
    match setting {
        "SIGN_IN_POLICY" => &[
            ("", "expected a value"),
            ("PASSWORD", "PASSWORD+FACE"),
            ("face", "PASSWORD+FACE"),
            ("FACE+FACE", "FACE+FACE asks for a factor twice"),
            ("ENROL", "found \"ENROL\""),
            ("FACE,PASSWORD+FACE", "FACE makes PASSWORD+FACE pointless"),
        ],
        "MATCH_MODE" => &[("", "expected a value"), ("BOTH", "COLLECTION or COMPARE")],
        "SIMILARITY_THRESHOLD" => &[
            ("", "expected a value"),
            ("79.9", "80 to 100"),
            ("101", "80 to 100"),
            ("NaN", "80 to 100"),
            ("high", "80 to 100"),
        ],
        "UNGUARDED_CLIENTS" => &[
            ("not-an-id", "an app client's id"),
            ("a;b", "an app client's id"),
        ],
        "FACE_DATA_MODEL" => &[
            ("", "expected a value"),
            ("mesh", "descriptor-128 or mesh-468"),
        ],
        "KEEP_DOCUMENTS" | "ALLOW_FACE_DATA_ONLY" => {
            &[("", "expected a value"), ("yes", "`true` or `false`")]
        }
        // Empty means that the operator states nothing, or that nothing is compared with a decoy, and
        // whatever else stands there is a version.
        // So may the key of codes, where no chain has one.
        "BULK_CONSENT" | "DECOY_VERSION" | "CODE_KEY" => &[],
        "ADDRESS_CHANGES" => &[("", "expected a value"), ("told", "REFUSED or TOLD")],
        _ => &[("", "expected a value")],
    }
}

/// Starts a function with these settings, which it does not accept; what it printed.
async fn refused(function: &str, settings: &BTreeMap<String, String>) -> String {
    let started = Function::start(function, settings).await;
    started.refuse_to_start().await.function
}

/// So `sam local invoke --env-vars` works, and the other tests here begin with what is deployed.
#[test]
fn the_file_of_environments_holds_every_functions_settings_and_no_key() {
    let stack = Stack::read(Variant::Default);
    let text = fs::read_to_string(&stack.environments).expect("the file is there");
    assert!(!text.contains(&stack.outputs.secret_access_key));
    let mode = fs::metadata(&stack.environments).map(|file| file.permissions().mode());
    assert_eq!(mode.expect("the file is there") & 0o777, 0o600);
    let template = Template::read();
    let deployed = |function: &String| template.deploys(function, &template.defaults());
    for function in functions().into_iter().filter(deployed) {
        let (mut sdk, mut given) = (BTreeMap::new(), stack.environment(&function));
        given.retain(|name, value| {
            let own = !name.starts_with("AWS_");
            if !own {
                sdk.insert(name.clone(), value.clone());
            }
            own
        });
        let mut expected = settings(&function);
        for value in expected.values_mut() {
            *value = fill(value, &stack.by_name);
        }
        assert_eq!(given, expected, "{function}");
        let outputs = &stack.outputs;
        for (name, url) in [
            ("AWS_ENDPOINT_URL", &outputs.s3_endpoint),
            (
                "AWS_ENDPOINT_URL_REKOGNITION",
                &outputs.rekognition_endpoint,
            ),
            (
                "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
                &outputs.cognito_endpoint,
            ),
            ("AWS_ENDPOINT_URL_SESV2", &outputs.cognito_endpoint),
        ] {
            assert_eq!(sdk.get(name), Some(url), "{function}");
        }
    }
}

#[tokio::test]
async fn a_setting_that_is_missing_or_wrong_stops_a_function_and_is_named() {
    for function in functions() {
        let mut complete = settings(&function);
        for value in complete.values_mut() {
            // What is looked at more closely than that it is there.
            *value = value.replace("${UserPoolId}", "eu-central-1_aB3dE5gH1");
        }
        for name in complete.keys() {
            let named = format!("setting {name}: ");

            let mut without = complete.clone();
            without.remove(name);
            let printed = refused(&function, &without).await;
            let expected = format!("{named}expected a");
            assert!(printed.contains(&expected), "{function}: {printed}");

            for (value, expected) in wrong(name) {
                let mut with = complete.clone();
                with.insert(name.clone(), (*value).to_owned());
                let printed = refused(&function, &with).await;
                let both = printed.contains(&named) && printed.contains(expected);
                assert!(both, "{function} with {name}={value:?}: {printed}");
            }
        }
    }
}

#[tokio::test]
async fn settings_that_do_not_go_together_stop_a_function_and_are_named() {
    let mut comparing = settings("verify-auth-challenge");
    comparing.insert("MATCH_MODE".to_owned(), "COMPARE".to_owned());
    let printed = refused("verify-auth-challenge", &comparing).await;
    assert!(printed.contains("setting DECOY_VERSION: "), "{printed}");
    comparing.insert("DECOY_VERSION".to_owned(), "1".to_owned());
    comparing.insert("KEEP_DOCUMENTS".to_owned(), "false".to_owned());
    let printed = refused("verify-auth-challenge", &comparing).await;
    assert!(printed.contains("setting KEEP_DOCUMENTS: "), "{printed}");

    for function in functions() {
        let mut data_alone = settings(&function);
        if !data_alone.contains_key("ALLOW_FACE_DATA_ONLY") {
            continue;
        }
        data_alone.insert("SIGN_IN_POLICY".to_owned(), "FACE_DATA".to_owned());
        let printed = refused(&function, &data_alone).await;
        let named = printed.contains("setting ALLOW_FACE_DATA_ONLY: ");
        assert!(named, "{function}: {printed}");
    }

    for policy in ["FACE_DATA", "PASSWORD+FACE_DATA", "FACE,PASSWORD+FACE_DATA"] {
        let mut lax = settings("verify-auth-challenge");
        lax.insert("SIGN_IN_POLICY".to_owned(), policy.to_owned());
        lax.insert("ALLOW_FACE_DATA_ONLY".to_owned(), "true".to_owned());
        lax.insert("SIMILARITY_THRESHOLD".to_owned(), "98.9".to_owned());
        let printed = refused("verify-auth-challenge", &lax).await;
        let named = printed.contains("setting SIMILARITY_THRESHOLD: ");
        assert!(named, "{policy}: {printed}");
    }
}

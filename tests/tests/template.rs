//! What the template says of the functions, held to the functions, both ways.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use e2e::document::{code, read, section, table};
use e2e::events::{fill, functions};
use e2e::lambda::starts;
use e2e::template::{Parameters, Template};
use serde_json::{Value, json};
use signin_core::alarm::Alarm;
use signin_core::budget;
use signin_core::face_data::Model;
use signin_core::factor::Factor;
use signin_core::policy::{self, FACE_DATA_ALONE, Policy};
use signin_lambda::custom_resource::parse;
use strum::IntoEnumIterator as _;

/// Parameters, each with a value of every kind that the functions tell apart, and then some that
/// nobody takes.
const PARAMETERS: [(&str, &[&str], &[&str]); 6] = [
    (
        "SignInPolicy",
        &[
            "FACE",
            "PASSWORD+FACE",
            "FACE_DATA",
            "PASSWORD+FACE_DATA",
            "FACE,PASSWORD+FACE_DATA",
            "FACE,PASSWORD+EMAIL_CODE",
        ],
        &[
            "",
            "PASSWORD",
            "ENROL",
            "face",
            "FACE+FACE",
            "FACE+FACE_DATA",
            "FACE,",
            "FACE,,FACE",
        ],
    ),
    (
        "FaceDataModel",
        &["descriptor-128", "mesh-468"],
        &["", "mesh"],
    ),
    ("AllowFaceDataOnly", &["true", "false"], &["", "yes"]),
    ("MatchMode", &["COLLECTION", "COMPARE"], &["", "BOTH"]),
    ("KeepDocuments", &["true", "false"], &["", "yes"]),
    (
        "SimilarityThreshold",
        &["80", "98.9", "99", "100"],
        &["", "79.9", "100.1", "high"],
    ),
];

/// Every combination of values that are taken one by one, and every other value among defaults.
fn combinations(defaults: &Parameters) -> Vec<Parameters> {
    let with = |parameters: &Parameters, name: &str, value: &str| {
        let mut parameters = parameters.clone();
        parameters.insert(name.to_owned(), value.to_owned());
        parameters
    };
    let mut all = vec![defaults.clone()];
    for (name, values, _) in PARAMETERS {
        let mut next = Vec::new();
        for parameters in &all {
            next.extend(values.iter().map(|value| with(parameters, name, value)));
        }
        all = next;
    }
    for (name, _, values) in PARAMETERS {
        all.extend(values.iter().map(|value| with(defaults, name, value)));
    }
    all
}

#[tokio::test]
async fn the_template_takes_what_the_functions_take_and_refuses_what_they_refuse() {
    let template = Template::read();
    let functions = functions();
    let deployed = template.section("Outputs").keys().map(|name| {
        let value = match name.as_str() {
            "UserPoolId" => "eu-central-1_aB3dE5gH1",
            _ => "deployed",
        };
        (name.clone(), value.to_owned())
    });
    let deployed = deployed.collect();
    // Each function once for each of its settings, whichever parameters they come from.
    let mut started: BTreeMap<(&str, Parameters), Result<(), String>> = BTreeMap::new();
    let mut differ = BTreeSet::new();
    let mut admitted = 0;
    let all = combinations(&template.defaults());
    for parameters in &all {
        let mut refusal = Ok(());
        for function in functions
            .iter()
            .filter(|name| template.deploys(name, parameters))
        {
            let mut settings = template.settings(function, parameters);
            for value in settings.values_mut() {
                *value = fill(value, &deployed);
            }
            let key = (function.as_str(), settings);
            if !started.contains_key(&key) {
                let outcome = starts(function, &key.1).await;
                started.insert(key.clone(), outcome);
            }
            let told = started[&key]
                .as_ref()
                .map_err(|told| format!("{function}: {told}"));
            refusal = refusal.and(told.copied());
        }
        let admits = template
            .admits(parameters)
            .and_then(|()| is_deployed(parameters));
        admitted += usize::from(admits.is_ok());
        if admits.is_ok() != refusal.is_ok() {
            let shown = PARAMETERS.map(|(name, ..)| format!("{name}={}", parameters[name]));
            let shown = shown.join(" ");
            differ.insert(format!(
                "{shown}: template {admits:?}, functions {refusal:?}"
            ));
        }
    }
    assert!(differ.is_empty(), "{differ:#?}");
    // Neither side takes everything, or nothing.
    assert!(admitted > 20 && admitted < all.len(), "{admitted}");
}

#[test]
fn the_template_names_every_policy_and_model_and_no_other() {
    let template = Template::read();
    let parameters = template.section("Parameters");
    let allowed = |name: &str| -> BTreeSet<String> {
        let values = parameters[name]["AllowedValues"].as_array();
        let values = values.into_iter().flatten().filter_map(Value::as_str);
        values.map(str::to_owned).collect()
    };
    assert_eq!(
        parameters["SignInPolicy"]["ConstraintDescription"],
        policy::EXPECTED
    );
    let models = Model::ALL.map(|model| model.name().to_owned());
    assert_eq!(allowed("FaceDataModel"), BTreeSet::from(models));
}

/// An address that SES may send from, and the identity that lets it.
const SENDER: (&str, &str) = (
    "sign-in@example.com",
    "arn:aws:ses:eu-central-1:123456789012:identity/example.com",
);

/// The template's defaults with these two.
fn mailing(template: &Template, from: &str, source: &str) -> Parameters {
    let mut parameters = template.defaults();
    parameters.insert("MailFrom".to_owned(), from.to_owned());
    parameters.insert("MailSourceArn".to_owned(), source.to_owned());
    parameters
}

#[test]
fn mail_goes_over_ses_with_an_address_and_its_identity_or_not_at_all() {
    let template = Template::read();
    let (from, source) = SENDER;
    let admits =
        |from: &str, source: &str| template.admits(&mailing(&template, from, source)).err();
    assert_eq!(admits("", ""), None);
    assert_eq!(admits(from, source), None);
    for (alone, missing) in [
        (admits(from, ""), "MailSourceArn"),
        (admits("", source), "MailFrom"),
    ] {
        let told = alone.expect("one without the other is refused");
        let does = format!("set {missing} as well, or neither");
        assert!(told.ends_with(&does), "{told}");
    }
}

#[test]
fn cognito_mails_as_the_stacks_own_sender_does_and_otherwise_a_limit_is_told() {
    let template = Template::read();
    let pools: Vec<_> = template.resources("AWS::Cognito::UserPool").collect();
    let [(_, pool)] = pools.as_slice() else {
        panic!("expected one user pool");
    };
    let sending = &pool["Properties"]["EmailConfiguration"];
    let none = template.defaults();
    let sent = template.taken(sending, &none);
    assert_eq!(sent, &json!({ "EmailSendingAccount": "COGNITO_DEFAULT" }));
    assert!(template.outputs(&none).contains("MailLimit"));

    let both = mailing(&template, SENDER.0, SENDER.1);
    let sent = template.taken(sending, &both);
    let over_ses = json!({
        "EmailSendingAccount": "DEVELOPER",
        "From": { "Ref": "MailFrom" },
        "SourceArn": { "Ref": "MailSourceArn" },
    });
    assert_eq!(sent, &over_ses);
    assert!(!template.outputs(&both).contains("MailLimit"));
}

#[test]
fn mail_is_from_a_bare_address_and_of_an_identity() {
    let template = Template::read();
    let (from, source) = SENDER;
    let long = |length: usize| format!("{}@example.com", "a".repeat(length));
    for address in [from, "a.b+c@mail.example.co.uk", &long(64)] {
        let parameters = mailing(&template, address, source);
        assert_eq!(template.admits(&parameters), Ok(()), "{address}");
    }
    for address in [
        "Example <sign-in@example.com>",
        "<sign-in@example.com>",
        "sign-in@example.com, other@example.com",
        "sign-in@example.com ",
        "sign-in@example",
        "@example.com",
        "sign-in@@example.com",
        "*@example.com",
        "${aws:username}@example.com",
        "sign-in@example.com\n",
        &long(65),
    ] {
        let told = template.admits(&mailing(&template, address, source));
        let told = told.expect_err("no bare address");
        assert!(told.contains("one bare e-mail address"), "{told}");
    }
    for identity in [
        "example.com",
        "arn:aws:ses:eu-central-1:123456789012:identity/",
        "arn:aws:ses:eu-central-1:123456789012:identity/*",
        "arn:aws:ses:eu-central-1:123456789012:configuration-set/example",
        "arn:aws:sns:eu-central-1:123456789012:identity/example.com",
        "*",
    ] {
        let told = template.admits(&mailing(&template, from, identity));
        let told = told.expect_err("no identity");
        assert!(told.contains("the ARN of an SES identity"), "{told}");
    }
}

/// `sam local` takes the name of an output for a reference to the parameter of that name, and ends
/// with a Python traceback where the parameter is a list.
#[test]
fn no_output_has_the_name_of_a_list() {
    let template = Template::read();
    let outputs = template.section("Outputs");
    let lists = template.section("Parameters").iter().filter(|(_, it)| {
        it["Type"]
            .as_str()
            .is_some_and(|kind| kind == "CommaDelimitedList" || kind.starts_with("List<"))
    });
    let lists: Vec<&String> = lists.map(|(name, _)| name).collect();
    assert!(!lists.is_empty());
    let shared = lists.iter().filter(|name| outputs.contains_key(**name));
    assert_eq!(shared.collect::<Vec<_>>(), Vec::<&&String>::new());
}

/// Whether CloudFormation's resource is made with these parameters; why not, otherwise.
fn is_deployed(parameters: &Parameters) -> Result<(), String> {
    let event = json!({
        "RequestType": "Create",
        "ResourceType": "Custom::FaceCollection",
        "ResourceProperties": {
            "CollectionId": "faces",
            "KeepOnDelete": "false",
            "SignInPolicy": parameters["SignInPolicy"],
            "SimilarityThreshold": parameters["SimilarityThreshold"],
            "MailFrom": parameters["MailFrom"],
        },
    });
    parse(&event).map(|_| ())
}

/// Every list of up to three chains, and of things that are none.
#[test]
fn nonsense_is_refused_by_template_and_functions_in_the_same_words() {
    let template = Template::read();
    let factors: Vec<&str> = Factor::iter().map(Factor::name).collect();
    let pairs = factors.iter().flat_map(|first| {
        factors
            .iter()
            .map(move |second| format!("{first}+{second}"))
    });
    let steps: Vec<String> = factors
        .iter()
        .map(ToString::to_string)
        .chain(pairs)
        .collect();
    let chains = steps
        .iter()
        .flat_map(|steps| [steps.clone(), format!("PASSWORD+{steps}")]);
    let nonsense = ["", "PASSWORD", "ENROL", "SELECT", "LIVENESS"].map(str::to_owned);
    let named: Vec<String> = chains.chain(nonsense).collect();
    let is_short = |name: &&String| {
        let factors = name.strip_prefix("PASSWORD+").unwrap_or(name);
        !factors.contains('+')
    };
    let short: Vec<String> = named.iter().filter(is_short).cloned().collect();
    let mut lists: Vec<String> = named.clone();
    for length in [2, 3] {
        let shorter = lists.clone();
        let shorter = shorter
            .iter()
            .filter(|list| list.split(',').count() == length - 1);
        // The third has one factor at most: with all of them there were tens of thousands.
        let added = if length == 2 { &named } else { &short };
        let longer =
            shorter.flat_map(|list| added.iter().map(move |name| format!("{list},{name}")));
        lists.extend(longer.collect::<Vec<_>>());
    }
    let mut admitted = 0;
    for list in lists {
        let mut parameters = template.defaults();
        parameters.insert("SignInPolicy".to_owned(), list.clone());
        // Whether face data alone are meant is another question, and asked for the last.
        parameters.insert("AllowFaceDataOnly".to_owned(), "true".to_owned());
        // Nor whether anything mails.
        let (from, source) = SENDER;
        parameters.insert("MailFrom".to_owned(), from.to_owned());
        parameters.insert("MailSourceArn".to_owned(), source.to_owned());
        let by_template = template
            .admits(&parameters)
            .and_then(|()| is_deployed(&parameters));
        let by_functions = list.parse::<Policy>();
        match (by_template, by_functions) {
            (Ok(()), Ok(policy)) => {
                admitted += 1;
                parameters.insert("AllowFaceDataOnly".to_owned(), "false".to_owned());
                let told = template.admits(&parameters).err();
                let alone = told.is_some_and(|told| told.ends_with(FACE_DATA_ALONE));
                assert_eq!(alone, policy.rests_on_face_data(), "{list}");
            }
            (Err(told), Err(error)) => {
                // The functions add what they found; of several faults each may tell another.
                let sentence = told.split_once(": ").map(|(_, sentence)| sentence);
                let sentence = sentence.expect("it is said of what");
                let alone = list
                    .split(',')
                    .filter_map(|chain| chain.parse::<Policy>().err());
                let mut errors = alone.chain([error]).map(|error| error.to_string());
                let same = errors.any(|error| error.starts_with(sentence));
                assert!(same, "{list}: {sentence}");
            }
            (by_template, by_functions) => {
                panic!("{list}: template {by_template:?}, functions {by_functions:?}")
            }
        }
    }
    // Each chain alone, and each two that make sense in either order.
    assert!(admitted >= 12, "{admitted}");
}

#[test]
fn every_executable_is_a_function_of_the_template_and_the_other_way_round() {
    let template = Template::read();
    let named = template
        .resources("AWS::Serverless::Function")
        .filter_map(|(_, function)| function["Metadata"]["BuildProperties"]["Binary"].as_str())
        .map(str::to_owned);
    assert_eq!(
        named.collect::<BTreeSet<_>>(),
        functions().into_iter().collect()
    );
}

/// What Lambda's own log says of a process that crashed or was too slow.
const CRASHES: &str = concat!(
    r#"{ ($.type = "platform.report") && (($.record.status = "timeout") "#,
    r#"|| ($.record.errorType = "Runtime.*") || ($.record.errorType = "Sandbox.*")) }"#,
);

/// The metric that a filter counts for, in its namespace.
fn counted(filter: &Value) -> (String, Value) {
    let transformations = filter["Properties"]["MetricTransformations"].as_array();
    let [transformation] = transformations.map_or(&[][..], Vec::as_slice) else {
        panic!("expected one metric, found {filter}");
    };
    // An alarm on the metric names no dimensions, and would see nothing of one that has some.
    assert!(transformation["Dimensions"].is_null(), "{filter}");
    let name = transformation["MetricName"].as_str().expect("a name");
    (name.to_owned(), transformation["MetricNamespace"].clone())
}

#[test]
fn what_is_counted_is_what_the_code_writes_and_each_count_has_one_alarm() {
    let template = Template::read();
    let mut patterns = BTreeMap::new();
    let mut namespaces = BTreeSet::new();
    for (name, filter) in template.resources("AWS::Logs::MetricFilter") {
        let (metric, namespace) = counted(filter);
        let pattern = filter["Properties"]["FilterPattern"]
            .as_str()
            .expect("a pattern");
        let known = patterns.insert(metric, pattern.to_owned());
        assert!(
            known.is_none_or(|known| known == pattern),
            "{name}: {pattern}"
        );
        namespaces.insert(namespace.to_string());
    }
    let mut written: BTreeMap<String, String> = Alarm::ALL
        .iter()
        .map(|alarm| (alarm.metric().to_owned(), alarm.pattern()))
        .collect();
    written.insert("Crashes".to_owned(), CRASHES.to_owned());
    assert_eq!(patterns, written);
    let mut alarms = Vec::new();
    for (name, alarm) in template.resources("AWS::CloudWatch::Alarm") {
        let properties = &alarm["Properties"];
        let metric = properties["MetricName"].as_str().expect("a metric");
        if properties["Namespace"] == "AWS/Lambda" {
            continue;
        }
        assert!(
            namespaces.contains(&properties["Namespace"].to_string()),
            "{name}"
        );
        assert!(properties["Dimensions"].is_null(), "{name}");
        assert_eq!(properties["Threshold"], 1, "{name}");
        alarms.push(metric.to_owned());
    }
    alarms.sort();
    assert_eq!(alarms, written.into_keys().collect::<Vec<_>>());
}

#[test]
fn faults_and_crashes_are_counted_in_every_functions_own_log_and_where_the_function_is() {
    let template = Template::read();
    for executable in functions() {
        let function = template.function(&executable);
        let logging = &function["Properties"]["LoggingConfig"];
        assert_eq!(logging["LogFormat"], "JSON", "{executable}");
        for metric in [Alarm::Faults.metric(), "Crashes"] {
            let filters = template.resources("AWS::Logs::MetricFilter");
            let counting = filters.filter(|(_, filter)| {
                filter["Properties"]["LogGroupName"] == logging["LogGroup"]
                    && filter["Condition"] == function["Condition"]
                    && counted(filter).0 == metric
            });
            assert_eq!(counting.count(), 1, "{metric} of {executable}");
        }
    }
}

#[test]
fn what_only_one_function_writes_is_counted_in_its_log() {
    let template = Template::read();
    for (metric, executables) in [
        (Alarm::CrowdedSearches, &["verify-auth-challenge"][..]),
        (Alarm::OwedSignOuts, &["post-confirmation", "sweep"]),
        (Alarm::RefusedTokens, &["pre-token-generation"]),
    ] {
        let logs = executables.iter().map(|executable| {
            let function = template.function(executable);
            function["Properties"]["LoggingConfig"]["LogGroup"].to_string()
        });
        let filters = template.resources("AWS::Logs::MetricFilter");
        let counting = filters.filter(|(_, filter)| counted(filter).0 == metric.metric());
        let counting = counting.map(|(_, filter)| filter["Properties"]["LogGroupName"].to_string());
        let (counting, logs): (BTreeSet<_>, BTreeSet<_>) = (counting.collect(), logs.collect());
        assert_eq!(counting, logs, "{metric:?}");
    }
}

#[test]
fn the_times_that_the_template_holds_are_the_ones_that_the_functions_reckon_with() {
    let template = Template::read();
    let seconds = |value: &Value| value.as_u64().map(Duration::from_secs);
    let common = seconds(&template.globals("Function")["Timeout"]);
    for executable in functions() {
        let own = seconds(&template.function(&executable)["Properties"]["Timeout"]);
        let expected = match executable.as_str() {
            "create-collection" => budget::RESOURCE_FUNCTION,
            "index-images" => budget::INDEXING,
            "sweep" => budget::SWEEP,
            "send-mail" => budget::MAIL_FUNCTION,
            _ => budget::COGNITO_WAITS,
        };
        assert_eq!(own.or(common), Some(expected), "{executable}");
    }
    for kind in ["Custom::FaceCollection", "Custom::Decoy"] {
        for (name, resource) in template.resources(kind) {
            let waits = seconds(&resource["Properties"]["ServiceTimeout"]);
            assert_eq!(waits, Some(budget::RESOURCE_WAITS), "{name}");
        }
    }
    for (name, client) in template.resources("AWS::Cognito::UserPoolClient") {
        let minutes = client["Properties"]["AuthSessionValidity"].as_u64();
        assert_eq!(
            minutes.map(Duration::from_mins),
            Some(budget::ROUND),
            "{name}"
        );
    }
}

/// How `docs/parameters.md` writes what a parameter may be.
fn allowed(parameter: &Value) -> String {
    if let Some(values) = parameter["AllowedValues"].as_array() {
        let values = values.iter().map(|value| match value {
            Value::String(text) => format!("`{text}`"),
            other => format!("`{other}`"),
        });
        return values.collect::<Vec<_>>().join(", ");
    }
    if parameter["AllowedPattern"].is_string() {
        let told = parameter["ConstraintDescription"].as_str();
        return told.expect("a pattern is told in words").to_owned();
    }
    format!("{} to {}", parameter["MinValue"], parameter["MaxValue"])
}

#[test]
fn the_page_of_parameters_names_each_with_its_type_default_and_values() {
    let template = Template::read();
    let defaults = template.defaults();
    let expected = template.section("Parameters").iter();
    let expected: BTreeSet<[String; 4]> = expected
        .map(|(name, parameter)| {
            let default = match defaults[name].as_str() {
                "" => "none".to_owned(),
                default => format!("`{default}`"),
            };
            let kind = parameter["Type"].as_str().expect("a type").to_owned();
            [format!("`{name}`"), kind, default, allowed(parameter)]
        })
        .collect();
    let rows = table(&read("docs/parameters.md"), "parameter");
    assert_eq!(rows.len(), expected.len());
    let told = rows.into_iter().map(|row| {
        assert!(!row[4].is_empty(), "{} means nothing", row[0]);
        [0, 1, 2, 3].map(|cell| row[cell].clone())
    });
    assert_eq!(told.collect::<BTreeSet<_>>(), expected);
}

#[test]
fn operators_are_told_of_every_alarm_and_of_no_other() {
    let template = Template::read();
    let alarms = template.resources("AWS::CloudWatch::Alarm");
    let alarms: BTreeSet<String> = alarms.map(|(name, _)| name.to_owned()).collect();
    let text = read("docs/operations.md");
    let rows = table(section(&text, "## Alarms"), "alarm");
    assert_eq!(rows.len(), alarms.len());
    let told = rows.iter().flat_map(|row| code(&row[0]));
    assert_eq!(told.map(str::to_owned).collect::<BTreeSet<_>>(), alarms);
}

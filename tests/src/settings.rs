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
    let consent = ("CONSENT_VERSION", "1");
    let settings: &[(&str, &str)] = match function {
        "create-auth-challenge" => &[
            policy, model, data_only, table, documents, sign_ins, consent,
        ],
        "create-collection" | "custom-message" => &[],
        "define-auth-challenge" => &[policy],
        "index-images" => &[table, documents, collection, keep, ("BULK_CONSENT", "")],
        "post-confirmation" => &[table, consent],
        "pre-token-generation" => &[
            policy,
            table,
            ("UNGUARDED_CLIENTS", ""),
            ("USER_POOL_TIER", "ESSENTIALS"),
        ],
        "pre-signup" => &[policy, model, data_only, table, consent],
        "sweep" => &[
            table,
            documents,
            sign_ins,
            collection,
            ("USER_POOL", "${UserPoolId}"),
        ],
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use crate::events::functions;

    /// A resource of the template's: its name and its lines.
    fn resources(template: &str) -> Vec<(&str, String)> {
        let mut found: Vec<(&str, String)> = Vec::new();
        for line in template.lines() {
            let indented = line.trim_start().len();
            match line.strip_suffix(':') {
                Some(name) if line.len() - indented == 2 && !name.contains('#') => {
                    found.push((name.trim(), String::new()));
                }
                _ => {
                    if let Some((_, lines)) = found.last_mut() {
                        lines.push_str(line.trim());
                        lines.push('\n');
                    }
                }
            }
        }
        found
    }

    #[test]
    fn a_fault_and_a_crash_of_every_function_raise_an_alarm() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
        let template = fs::read_to_string(path).expect("the template is there");
        let resources = resources(&template);
        let of = |kind: &str, line: &str| {
            let kind = format!("Type: {kind}\n");
            let mut fitting = resources
                .iter()
                .filter(|(_, lines)| lines.contains(&kind) && lines.lines().any(|own| own == line));
            (fitting.next(), fitting.next().is_none())
        };
        for (metric, pattern) in [
            ("Faults", r#"FilterPattern: '{ $.message = "fault" }'"#),
            (
                "Crashes",
                concat!(
                    r#"FilterPattern: '{ ($.type = "platform.report") && "#,
                    r#"(($.record.status = "timeout") || ($.record.errorType = "Runtime.*") "#,
                    r#"|| ($.record.errorType = "Sandbox.*")) }'"#,
                ),
            ),
        ] {
            for function in functions() {
                let binary = format!("Binary: {function}");
                let (Some((_, lines)), true) = of("AWS::Serverless::Function", &binary) else {
                    panic!("{function} should stand in the template, once");
                };
                assert!(lines.contains("LogFormat: JSON\n"), "{function}");
                let log = lines
                    .lines()
                    .find_map(|line| line.strip_prefix("LogGroup: !Ref "));
                let log = log.unwrap_or_else(|| panic!("{function} has no log of its own"));
                // What counts a function's lines stands where the function does, and only there.
                let condition = lines.lines().find(|line| line.starts_with("Condition: "));
                let counted = resources.iter().any(|(_, lines)| {
                    lines.contains("Type: AWS::Logs::MetricFilter\n")
                        && lines.lines().find(|line| line.starts_with("Condition: ")) == condition
                        && lines.contains(&format!("LogGroupName: !Ref {log}\n"))
                        && lines.contains(pattern)
                        && lines.contains(&format!("- MetricName: {metric}\n"))
                });
                assert!(counted, "nobody counts the {metric} of {function}");
            }
            let (alarm, once) = of("AWS::CloudWatch::Alarm", &format!("MetricName: {metric}"));
            let (_, lines) = alarm.filter(|_| once).expect("one alarm for the metric");
            assert!(lines.contains("\nThreshold: 1\n"), "{lines}");
        }
    }
}

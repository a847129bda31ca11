//! The template as its text has it, so that tests can hold the code to it.
//!
//! YAML's short forms of intrinsic functions are read as their long ones: `!Ref X` is
//! `{"Ref": "X"}`, `!Sub …` is `{"Fn::Sub": …}`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use regex_lite::Regex;
use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Map, Value, json};

/// The template.
#[derive(Clone, Debug)]
pub struct Template(Value);

/// Values of parameters, by name.
pub type Parameters = BTreeMap<String, String>;

impl Template {
    /// Reads `template.yaml`.
    pub fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml");
        let text = fs::read_to_string(path).expect("the template is there");
        let documents = Yaml::load_from_str(&text).expect("the template is YAML");
        let [document] = documents.as_slice() else {
            panic!(
                "expected one document in the template, found {}",
                documents.len()
            );
        };
        Self(to_json(document))
    }

    /// A section: `Parameters`, `Rules`, `Conditions`, `Outputs`.
    pub fn section(&self, name: &str) -> &Map<String, Value> {
        let section = self.0[name].as_object();
        section.unwrap_or_else(|| panic!("the template has no section {name}"))
    }

    /// What all resources of a kind have in common: `Function`.
    pub fn globals(&self, kind: &str) -> &Value {
        &self.section("Globals")[kind]
    }

    /// The resources of a type, by their names.
    pub fn resources<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
        let resources = self.section("Resources").iter();
        let fitting = resources.filter(move |(_, resource)| resource["Type"] == kind);
        fitting.map(|(name, resource)| (name.as_str(), resource))
    }

    /// The function that an executable is.
    pub fn function(&self, executable: &str) -> &Value {
        let mut functions = self.resources("AWS::Serverless::Function");
        let own = |(_, function): &(&str, &Value)| {
            function["Metadata"]["BuildProperties"]["Binary"] == executable
        };
        let found = functions.find(own);
        found
            .unwrap_or_else(|| panic!("the template has no function {executable}"))
            .1
    }

    /// Whether a stack with these parameters has the function that an executable is.
    pub fn deploys(&self, executable: &str, parameters: &Parameters) -> bool {
        let condition = self.function(executable).get("Condition");
        condition.is_none_or(|named| self.holds(&json!({ "Condition": named }), parameters))
    }

    /// The parameters' defaults.
    pub fn defaults(&self) -> Parameters {
        let parameters = self.section("Parameters").iter();
        let defaults = parameters.map(|(name, parameter)| {
            let default = text(&parameter["Default"]);
            let default = default.unwrap_or_else(|| panic!("{name} has no default"));
            (name.clone(), default)
        });
        defaults.collect()
    }

    /// The settings of a function's own, as it gets them with these parameters. What is known only
    /// of a deployed stack is a variable: `${UserTable}`, named after the stack's output.
    pub fn settings(&self, executable: &str, parameters: &Parameters) -> Parameters {
        let variables = &self.function(executable)["Properties"]["Environment"]["Variables"];
        let variables = variables.as_object().into_iter().flatten();
        let settings = variables.map(|(name, value)| {
            let value = self.resolve(value, parameters);
            (name.clone(), value)
        });
        settings.collect()
    }

    /// The actions that a function's role is allowed, but for writing its own log.
    pub fn actions_of(&self, executable: &str) -> BTreeSet<String> {
        let role = self.function(executable)["Properties"]["Role"]["Fn::GetAtt"].as_str();
        let role = role.and_then(|role| role.strip_suffix(".Arn"));
        let role = role.unwrap_or_else(|| panic!("{executable} has no role of its own"));
        let own = self.section("Resources")[role]["Properties"]["Policies"].as_array();
        let own = own
            .into_iter()
            .flatten()
            .map(|policy| &policy["PolicyDocument"]);
        let attached = self
            .resources("AWS::IAM::Policy")
            .filter_map(|(_, policy)| {
                let properties = &policy["Properties"];
                let mut roles = properties["Roles"].as_array()?.iter();
                let is_own = roles.any(|named| named["Ref"] == role);
                is_own.then(|| &properties["PolicyDocument"])
            });
        let statements = own
            .chain(attached)
            .filter_map(|document| document["Statement"].as_array())
            .flatten();
        let mut actions = BTreeSet::new();
        // One that stands only under a condition counts: this is about all stacks.
        let statements = statements.flat_map(|statement| match statement["Fn::If"].as_array() {
            Some(branches) => branches.iter().skip(1).collect(),
            None => vec![statement],
        });
        for statement in statements.filter(|one| one["Ref"] != "AWS::NoValue") {
            assert_eq!(statement["Effect"], "Allow", "{executable}: {statement}");
            match &statement["Action"] {
                Value::String(action) => {
                    actions.insert(action.clone());
                }
                Value::Array(list) => {
                    actions.extend(list.iter().filter_map(Value::as_str).map(str::to_owned));
                }
                other => panic!("expected actions, found {other}"),
            }
        }
        actions.retain(|action| !action.starts_with("logs:"));
        actions
    }

    /// What a value is with these parameters: of two that it depends on a condition, the one that is
    /// taken.
    pub fn taken<'a>(&'a self, value: &'a Value, parameters: &Parameters) -> &'a Value {
        let [condition, then, otherwise] =
            value["Fn::If"].as_array().map_or(&[][..], Vec::as_slice)
        else {
            return value;
        };
        if self.holds(&json!({ "Condition": condition }), parameters) {
            then
        } else {
            otherwise
        }
    }

    /// The names of the outputs that a stack with these parameters has.
    pub fn outputs(&self, parameters: &Parameters) -> BTreeSet<&str> {
        let outputs = self.section("Outputs").iter();
        let there = outputs.filter(|(_, output)| {
            let condition = output.get("Condition");
            condition.is_none_or(|named| self.holds(&json!({ "Condition": named }), parameters))
        });
        there.map(|(name, _)| name.as_str()).collect()
    }

    fn resolve(&self, value: &Value, parameters: &Parameters) -> String {
        if let Some(plain) = text(value) {
            return plain;
        }
        if let Some(parameter) = value["Ref"].as_str().and_then(|name| parameters.get(name)) {
            return parameter.clone();
        }
        // A list's text is what stands between its commas.
        if value["Fn::Join"][0] == "," {
            return self.resolve(&value["Fn::Join"][1], parameters);
        }
        if value.get("Fn::If").is_some() {
            return self.resolve(self.taken(value, parameters), parameters);
        }
        let outputs = self.section("Outputs").iter();
        let output = outputs
            .filter(|(_, output)| self.is_the_same(&output["Value"], value))
            .map(|(name, _)| format!("${{{name}}}"))
            .next();
        output.unwrap_or_else(|| value.to_string())
    }

    /// Whether two expressions name the same: in the same words, or one by a resource and the other by
    /// the name that the template gives it.
    fn is_the_same(&self, output: &Value, value: &Value) -> bool {
        let given = output["Ref"].as_str().and_then(|resource| {
            let resource = self.section("Resources").get(resource)?;
            resource["Properties"].get("BucketName")
        });
        output == value || given == Some(value)
    }

    /// Whether CloudFormation takes these parameters: each by itself, and by the rules together; why
    /// not, otherwise.
    pub fn admits(&self, parameters: &Parameters) -> Result<(), String> {
        for (name, value) in parameters {
            self.admits_alone(name, value)?;
        }
        for (name, rule) in self.section("Rules") {
            let applies = rule
                .get("RuleCondition")
                .is_none_or(|condition| self.holds(condition, parameters));
            let assertions = rule["Assertions"].as_array().into_iter().flatten();
            for assertion in assertions.filter(|_| applies) {
                if !self.holds(&assertion["Assert"], parameters) {
                    let told = assertion["AssertDescription"].as_str().unwrap_or_default();
                    return Err(format!("{name}: {told}"));
                }
            }
        }
        Ok(())
    }

    fn admits_alone(&self, name: &str, value: &str) -> Result<(), String> {
        let parameter = &self.section("Parameters")[name];
        let refused = |by: &str| Err(format!("{name}={value}: {by}"));
        // Each value of a list by itself. Nothing else holds the other separator.
        let is_list = parameter["Type"] == "CommaDelimitedList";
        let parts = || value.split(if is_list { ',' } else { '\0' });
        if let Some(allowed) = parameter["AllowedValues"].as_array() {
            let allowed: BTreeSet<_> = allowed.iter().filter_map(text).collect();
            if !parts().all(|part| allowed.contains(part)) {
                return refused("AllowedValues");
            }
        }
        if let Some(pattern) = parameter["AllowedPattern"].as_str() {
            let pattern = Regex::new(&format!("^(?:{pattern})$")).expect("a pattern");
            if !parts().all(|part| pattern.is_match(part)) {
                let told = parameter["ConstraintDescription"].as_str();
                return refused(told.unwrap_or("AllowedPattern"));
            }
        }
        if parameter["Type"] == "Number" {
            let Ok(number) = value.parse::<f64>() else {
                return refused("Number");
            };
            if parameter["MinValue"]
                .as_f64()
                .is_some_and(|least| number < least)
                || parameter["MaxValue"]
                    .as_f64()
                    .is_some_and(|most| number > most)
            {
                return refused("MinValue, MaxValue");
            }
        }
        Ok(())
    }

    /// Whether a condition holds.
    fn holds(&self, condition: &Value, parameters: &Parameters) -> bool {
        let (name, arguments) = condition
            .as_object()
            .and_then(|function| function.iter().next())
            .unwrap_or_else(|| panic!("expected a condition, found {condition}"));
        let of = |argument: &Value| self.resolve(argument, parameters);
        let holds = |argument: &Value| self.holds(argument, parameters);
        let list = || arguments.as_array().expect("a list of arguments").iter();
        match name.as_str() {
            "Fn::Equals" => of(&arguments[0]) == of(&arguments[1]),
            "Fn::Not" => !holds(&arguments[0]),
            "Fn::Or" => list().any(holds),
            "Fn::And" => list().all(holds),
            "Fn::Contains" => {
                let wanted = of(&arguments[1]);
                match arguments[0].as_array() {
                    Some(values) => values.iter().any(|value| of(value) == wanted),
                    // A parameter that is a list.
                    None => of(&arguments[0]).split(',').any(|value| value == wanted),
                }
            }
            "Condition" => {
                let name = arguments.as_str().expect("a condition's name");
                holds(&self.section("Conditions")[name])
            }
            _ => panic!("nothing is known of the condition {name}"),
        }
    }
}

/// A plain value as a parameter's text.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn to_json(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(flag)) => json!(flag),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::FloatingPoint(number)) => json!(number.into_inner()),
        Yaml::Value(Scalar::String(text)) => json!(text),
        Yaml::Sequence(elements) => elements.iter().map(to_json).collect(),
        Yaml::Mapping(members) => {
            let members = members.iter().map(|(name, member)| {
                let name = text(&to_json(name)).expect("a member's name is a text");
                (name, to_json(member))
            });
            Value::Object(members.collect())
        }
        Yaml::Tagged(tag, node) => {
            let name = match tag.suffix.as_str() {
                plain @ ("Ref" | "Condition") => plain.to_owned(),
                function => format!("Fn::{function}"),
            };
            json!({ name: to_json(node) })
        }
        Yaml::Representation(..) | Yaml::Alias(_) | Yaml::BadValue => {
            panic!("expected plain YAML in the template, found {node:?}")
        }
    }
}

//! Where a Lambda function meets the rules.

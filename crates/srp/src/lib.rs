//! The secure remote password protocol as Cognito speaks it.

//! What mail may be sent from.

use std::str::FromStr;

/// An identity that somebody has verified in SES: an address, or a domain with everything in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    arn: String,
    /// The address or the domain.
    name: String,
}

/// What is no identity's ARN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected arn:<partition>:ses:<region>:<account>:identity/<address or domain>")]
pub struct NotAnIdentity;

impl FromStr for Identity {
    type Err = NotAnIdentity;

    fn from_str(arn: &str) -> Result<Self, NotAnIdentity> {
        let (place, name) = arn.split_once(":identity/").ok_or(NotAnIdentity)?;
        let place: Vec<&str> = place.split(':').collect();
        let ["arn", _, "ses", _, _] = place.as_slice() else {
            return Err(NotAnIdentity);
        };
        if name.is_empty() {
            return Err(NotAnIdentity);
        }
        Ok(Self {
            arn: arn.to_owned(),
            name: name.to_owned(),
        })
    }
}

impl Identity {
    /// The whole ARN, which policies name.
    pub(crate) fn arn(&self) -> &str {
        &self.arn
    }

    /// Whether mail may be sent from an address: the very address, or one of this domain or of a
    /// domain below it. Case counts before the `@` alone (developer guide, "Verified identities").
    pub(crate) fn covers(&self, address: &str) -> bool {
        let Some((local, domain)) = address.rsplit_once('@') else {
            return false;
        };
        if let Some((own_local, own_domain)) = self.name.rsplit_once('@') {
            return local == own_local && domain.eq_ignore_ascii_case(own_domain);
        }
        let own = self.name.to_ascii_lowercase();
        let domain = domain.to_ascii_lowercase();
        let above = domain.strip_suffix(&own);
        above.is_some_and(|above| above.is_empty() || above.ends_with('.'))
    }

    /// Greater for what covers less: an address before domains, a domain before those above it.
    pub(crate) fn narrowness(&self) -> (bool, usize) {
        (self.name.contains('@'), self.name.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(name: &str) -> Identity {
        let arn = format!("arn:aws:ses:us-east-1:000000000000:identity/{name}");
        arn.parse().unwrap()
    }

    #[test]
    fn an_identity_is_named_by_its_arn() {
        for other in [
            "",
            "example.com",
            "arn:aws:ses:us-east-1:000000000000:identity/",
            "arn:aws:ses:us-east-1:000000000000:configuration-set/example",
            "arn:aws:sns:us-east-1:000000000000:identity/example.com",
            "arn:aws:ses:000000000000:identity/example.com",
        ] {
            assert_eq!(other.parse::<Identity>(), Err(NotAnIdentity), "{other}");
        }
    }

    #[test]
    fn a_domain_covers_its_addresses_and_those_below_it() {
        let domain = identity("Example.com");
        for address in ["a@example.com", "a@EXAMPLE.COM", "a@mail.example.com"] {
            assert!(domain.covers(address), "{address}");
        }
        for address in [
            "a@example.org",
            "a@badexample.com",
            "a@example.com.org",
            "example.com",
            "a@com",
        ] {
            assert!(!domain.covers(address), "{address}");
        }
    }

    #[test]
    fn an_address_covers_itself() {
        let address = identity("Sign-In@example.com");
        assert!(address.covers("Sign-In@EXAMPLE.com"));
        for other in [
            "sign-in@example.com",
            "Sign-In@mail.example.com",
            "example.com",
        ] {
            assert!(!address.covers(other), "{other}");
        }
        assert!(address.narrowness() > identity("a.very.long.domain.example.com").narrowness());
        assert!(identity("mail.example.com").narrowness() > identity("example.com").narrowness());
    }
}

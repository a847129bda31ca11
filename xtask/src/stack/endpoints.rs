//! Where a stack's servers listen.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

/// The region the local AWS plays.
pub(crate) const REGION: &str = "us-east-1";

/// What sends a program with an AWS SDK to AWS, to Rekognition, to Cognito and to SES.
pub(crate) const VARIABLES: [&str; 4] = [
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_REKOGNITION",
    "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
    "AWS_ENDPOINT_URL_SESV2",
];

/// The ports of a stack's servers, all on loopback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Endpoints {
    aws: u16,
    cognito: u16,
    rekognition: u16,
    proxy: u16,
    web: u16,
}

impl Endpoints {
    /// The ports a developer gets to know; free ones for those that are taken.
    pub(crate) fn usual() -> Result<Self> {
        Self::choose([4566, 4568, 4567, 4569, 5173])
    }

    /// Free ports, whichever they are.
    pub(crate) fn free() -> Result<Self> {
        Self::choose([0; 5])
    }

    fn choose(wanted: [u16; 5]) -> Result<Self> {
        // All are held until all are chosen, so that none is chosen twice.
        let held = wanted
            .map(|port| bind(port).or_else(|_| bind(0)))
            .into_iter()
            .collect::<Result<Vec<_>, _>>()
            .context("cannot find a free port on 127.0.0.1")?;
        let port = |index: usize| -> Result<u16> {
            let listener = held.get(index).context("a port was not chosen")?;
            Ok(listener.local_addr()?.port())
        };
        Ok(Self {
            aws: port(0)?,
            cognito: port(1)?,
            rekognition: port(2)?,
            proxy: port(3)?,
            web: port(4)?,
        })
    }

    /// Free ports for so many servers more, none of them one of these.
    pub(crate) fn more(self, count: usize) -> Result<Vec<u16>> {
        let own = [
            self.aws,
            self.cognito,
            self.rekognition,
            self.proxy,
            self.web,
        ];
        let (mut held, mut chosen) = (Vec::new(), Vec::new());
        while chosen.len() < count {
            let listener = bind(0).context("cannot find a free port on 127.0.0.1")?;
            let port = listener.local_addr()?.port();
            // Held as well, so that it does not come again.
            held.push(listener);
            if !own.contains(&port) {
                chosen.push(port);
            }
        }
        Ok(chosen)
    }

    /// The port of the gate before the local AWS.
    pub(crate) fn aws_port(self) -> u16 {
        self.aws
    }

    /// The address that the gate before the local AWS listens at.
    pub(crate) fn aws_address(self) -> String {
        address(self.aws)
    }

    /// The port of the proxy.
    pub(crate) fn proxy_port(self) -> u16 {
        self.proxy
    }

    /// The port of the local Cognito.
    pub(crate) fn cognito_port(self) -> u16 {
        self.cognito
    }

    /// The port of the page.
    pub(crate) fn web_port(self) -> u16 {
        self.web
    }

    /// Everything of AWS but Cognito, Rekognition and SES.
    pub(crate) fn aws(self) -> String {
        url(self.aws)
    }

    /// The local Cognito, which takes SES's mail as well.
    pub(crate) fn cognito(self) -> String {
        url(self.cognito)
    }

    /// The local Rekognition.
    pub(crate) fn rekognition(self) -> String {
        url(self.rekognition)
    }

    /// The proxy between the functions and what they call, in stacks that have one.
    pub(crate) fn proxy(self) -> String {
        url(self.proxy)
    }

    /// The address that the proxy listens at.
    pub(crate) fn proxy_address(self) -> String {
        address(self.proxy)
    }

    /// The address that the local Cognito listens at.
    pub(crate) fn cognito_address(self) -> String {
        address(self.cognito)
    }

    /// The address that the local Rekognition listens at.
    pub(crate) fn rekognition_address(self) -> String {
        address(self.rekognition)
    }

    /// What sends a program with an AWS SDK to these servers.
    pub(crate) fn variables(self) -> impl Iterator<Item = (String, String)> {
        let (rekognition, cognito) = (self.rekognition(), self.cognito());
        let urls = [self.aws(), rekognition, cognito.clone(), cognito];
        VARIABLES.map(str::to_owned).into_iter().zip(urls)
    }

    /// What a client needs beside the template's own outputs, and tests where there is a proxy.
    pub(crate) fn outputs(self, proxied: bool) -> Vec<(String, String)> {
        let proxy = proxied.then(|| ("ProxyEndpoint", self.proxy()));
        let servers = [
            ("CognitoEndpoint", self.cognito()),
            ("S3Endpoint", self.aws()),
            ("DynamoDbEndpoint", self.aws()),
            ("LambdaEndpoint", self.aws()),
            ("RekognitionEndpoint", self.rekognition()),
        ];
        servers
            .into_iter()
            .chain(proxy)
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }
}

fn bind(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
}

pub(super) fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}

pub(super) fn url(port: u16) -> String {
    format!("http://{}", address(port))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_taken_port_is_replaced_by_a_free_one() {
        let taken = bind(0).unwrap();
        let port = taken.local_addr().unwrap().port();
        let chosen = Endpoints::choose([port, 0, 0, 0, 0]).unwrap();
        assert_ne!(chosen.aws_port(), port);
        assert_ne!(chosen.aws_port(), 0);
    }

    #[test]
    fn no_port_is_chosen_twice() {
        let chosen = Endpoints::free().unwrap();
        assert_ne!(chosen.aws, chosen.cognito);
        assert_ne!(chosen.aws, chosen.rekognition);
        assert_ne!(chosen.cognito, chosen.rekognition);
    }
}

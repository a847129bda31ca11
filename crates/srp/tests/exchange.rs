//! Both sides against each other, and against values computed by pycognito 2024.5.1's own
//! functions (Python) from the same secrets.

use cognito_srp::{Challenge, Client, Identity, Server, SrpError, Verifier};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

const IDENTITY: Identity<'_> = Identity {
    pool_id: "us-east-1_Example",
    user_id: "7d3c1f0e-0000-4000-8000-000000000001",
};
const PASSWORD: &str = "Correct-horse-1";
const SECRET_BLOCK: &[u8] = b"secret block";
const TIMESTAMP: &str = "Sat Nov 7 03:04:05 UTC 2026";

const SALT: [u8; 16] = {
    let mut salt = [0x33; 16];
    salt[0] = 0x93;
    salt
};

fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

fn server(client: &Client) -> Server {
    let verifier = Verifier::new(IDENTITY, PASSWORD, SALT);
    Server::new(verifier, &client.public_value(), [0x22; 32]).expect("the client's value is good")
}

fn sign(client: &Client, server: &Server, password: &str) -> String {
    let (salt, public_value) = (server.salt(), server.public_value());
    let challenge = Challenge {
        salt: &salt,
        public_value: &public_value,
        secret_block: SECRET_BLOCK,
    };
    client
        .sign(IDENTITY, &challenge, password, TIMESTAMP)
        .expect("the server's values are good")
}

#[test]
fn the_values_are_those_of_an_independent_implementation() {
    let client = Client::new([0x11; 32]);
    let server = server(&client);
    assert_eq!(
        digest(&client.public_value()),
        "99f14375d9cdbb6a94ee1804aa89f307dd0cdc5c3a8002a9d24a1012a9d5e1a1"
    );
    assert_eq!(
        digest(&server.public_value()),
        "0c0d5fba8e1b48f85cab41cedc50c4d66bc8e0e021aa9ac20d1cc4e3a30ed521"
    );
    assert_eq!(
        sign(&client, &server, PASSWORD),
        "Wv19f/5P84/BsOZqlK7jCg3SKNt4wTosVVU97uWYmlQ="
    );
}

#[test]
fn a_right_password_is_accepted_and_nothing_else_is() {
    let client = Client::new([0x11; 32]);
    let server = server(&client);
    let signature = sign(&client, &server, PASSWORD);
    let accepts = |identity, block: &[u8], timestamp, signature: &str| {
        server.accepts(identity, block, timestamp, signature)
    };

    assert_eq!(
        accepts(IDENTITY, SECRET_BLOCK, TIMESTAMP, &signature),
        Ok(true)
    );
    let somebody_else = Identity {
        user_id: "b",
        ..IDENTITY
    };
    let other_pool = Identity {
        pool_id: "us-east-1_Other",
        ..IDENTITY
    };
    for refused in [
        accepts(
            IDENTITY,
            SECRET_BLOCK,
            TIMESTAMP,
            &sign(&client, &server, "correct-horse-1"),
        ),
        accepts(IDENTITY, b"another block", TIMESTAMP, &signature),
        accepts(
            IDENTITY,
            SECRET_BLOCK,
            "Sat Nov 7 03:04:06 UTC 2026",
            &signature,
        ),
        accepts(IDENTITY, SECRET_BLOCK, TIMESTAMP, &signature[4..]),
        accepts(IDENTITY, SECRET_BLOCK, TIMESTAMP, "no Base64"),
        accepts(IDENTITY, SECRET_BLOCK, TIMESTAMP, ""),
        accepts(somebody_else, SECRET_BLOCK, TIMESTAMP, &signature),
        accepts(other_pool, SECRET_BLOCK, TIMESTAMP, &signature),
    ] {
        assert_eq!(refused, Ok(false));
    }
}

#[test]
fn a_public_value_that_vanishes_is_refused_by_either_side() {
    let verifier = Verifier::new(IDENTITY, PASSWORD, SALT);
    assert_eq!(
        Server::new(verifier, "0", [0x22; 32]).expect_err("A is zero"),
        SrpError::ZeroPublicValue
    );
    let challenge = Challenge {
        salt: "93",
        public_value: "000",
        secret_block: SECRET_BLOCK,
    };
    assert_eq!(
        Client::new([0x11; 32]).sign(IDENTITY, &challenge, PASSWORD, TIMESTAMP),
        Err(SrpError::ZeroPublicValue)
    );
}

#[test]
fn a_decoy_keeps_its_salt_and_accepts_nothing() {
    let client = Client::new([0x11; 32]);
    let decoy = |random| {
        Server::new(
            Verifier::decoy(SALT, random),
            &client.public_value(),
            [0x22; 32],
        )
        .expect("the client's value is good")
    };
    let (one, two) = (decoy([4; 32]), decoy([5; 32]));
    assert_eq!(one.salt(), two.salt());
    assert_ne!(one.public_value(), two.public_value());
    let signature = sign(&client, &one, PASSWORD);
    assert_eq!(
        one.accepts(IDENTITY, SECRET_BLOCK, TIMESTAMP, &signature),
        Ok(false)
    );
}

#[test]
fn nothing_secret_is_printed() {
    let client = Client::new([0x11; 32]);
    let verifier = Verifier::new(IDENTITY, PASSWORD, SALT);
    assert_eq!(format!("{client:?}"), "Client { .. }");
    assert_eq!(format!("{verifier:?}"), "Verifier { .. }");
    assert_eq!(format!("{:?}", server(&client)), "Server { .. }");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn both_sides_agree_for_every_password_and_all_random_bytes(
        password in "\\PC{0,40}",
        salt: [u8; 16],
        a in prop::array::uniform32(1_u8..),
        b in prop::array::uniform32(1_u8..),
    ) {
        let client = Client::new(a);
        let verifier = Verifier::new(IDENTITY, &password, salt);
        let server = Server::new(verifier, &client.public_value(), b).expect("A is good");
        let signature = sign(&client, &server, &password);
        prop_assert_eq!(server.accepts(IDENTITY, SECRET_BLOCK, TIMESTAMP, &signature), Ok(true));
    }
}

"""Signing up and signing in with a face, with boto3: all that a program needs of the protocol
(docs/protocol.md). pycognito proves the password (SRP)."""

import base64
import hashlib
import json
import secrets

import boto3
import requests
from botocore import UNSIGNED
from botocore.config import Config
from pycognito.aws_srp import AWSSRP

# Cognito's limit for an answer, in characters. A larger picture is uploaded.
MAX_ANSWER = 131_072

# Timeout of an upload, in seconds.
PATIENCE = 30


class FaceSignIn:
    """A client of one stack, by its outputs. `CognitoEndpoint` is for a stack that is not AWS."""

    def __init__(self, outputs):
        self.pool_id = outputs["UserPoolId"]
        self.client_id = outputs["UserPoolClientId"]
        self.cognito = boto3.client(
            "cognito-idp",
            endpoint_url=outputs.get("CognitoEndpoint"),
            region_name=self.pool_id.split("_")[0],
            config=Config(
                # These calls carry no AWS credentials.
                signature_version=UNSIGNED,
                # A session is valid for one answer: a retry would fail because it has been used.
                retries={"total_max_attempts": 1},
            ),
        )

    def open_account(self, email, password, consent):
        """Opens an account for somebody who has agreed to this version of the consent text.

        Returns the binding secret, which must be sent with the mailed code and with each password until
        the face is enrolled: keep it in memory.
        """
        secret = secrets.token_hex(32)
        self.cognito.sign_up(
            ClientId=self.client_id,
            Username=email,
            Password=password,
            UserAttributes=[{"Name": "email", "Value": email}],
            ClientMetadata={
                "consent": consent,
                "binding": hashlib.sha256(secret.encode()).hexdigest(),
            },
        )
        return secret

    def confirm_account(self, email, code, secret):
        """Confirms the address with the mailed code."""
        self.cognito.confirm_sign_up(
            ClientId=self.client_id,
            Username=email,
            ConfirmationCode=code,
            ClientMetadata={"bindingSecret": secret},
        )

    def begin_with_password(self, email, password, secret=None):
        """Begins a sign-in with the password, which is proven and not sent."""
        srp = AWSSRP(
            username=email,
            password=password,
            pool_id=self.pool_id,
            client_id=self.client_id,
            client=self.cognito,
        )
        parameters = srp.get_auth_params()
        begun = self.cognito.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="CUSTOM_AUTH",
            AuthParameters={**parameters, "CHALLENGE_NAME": "SRP_A"},
        )
        return self.cognito.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName=begun["ChallengeName"],
            Session=begun["Session"],
            ChallengeResponses=srp.process_challenge(begun["ChallengeParameters"], parameters),
            ClientMetadata={"bindingSecret": secret} if secret else {},
        )

    def begin_by_face(self, email):
        """Begins a sign-in by face alone."""
        return self.cognito.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="CUSTOM_AUTH",
            AuthParameters={"USERNAME": email},
        )

    def answer_all(self, challenge, take):
        """Answers challenge after challenge, and returns the tokens.

        `take` receives the challenge (`step`, and `reason` if the last answer did not pass) and returns
        the next picture: the bytes of a JPEG, and whether to upload it even if it fits into an answer.
        """
        # A new one for each sign-in: only requests that carry it get the tokens.
        nonce = secrets.token_hex(32)
        while "AuthenticationResult" not in challenge:
            parameters = challenge["ChallengeParameters"]
            picture = take(parameters)
            # PENDING: the picture has been uploaded, and the enrolment is still running.
            pending = parameters.get("reason") == "PENDING"
            challenge = self.cognito.respond_to_auth_challenge(
                ClientId=self.client_id,
                ChallengeName=challenge["ChallengeName"],
                Session=challenge["Session"],
                ChallengeResponses={
                    "USERNAME": parameters["USERNAME"],
                    "ANSWER": "uploaded" if pending else answer(parameters, *picture),
                },
                ClientMetadata={"passNonce": nonce},
            )
        return challenge["AuthenticationResult"]

    def account(self, tokens):
        """The account, read with the access token; none after a sign-in by face alone, which lacks the
        scope."""
        try:
            user = self.cognito.get_user(AccessToken=tokens["AccessToken"])
        except self.cognito.exceptions.NotAuthorizedException:
            return None
        attributes = {each["Name"]: each["Value"] for each in user["UserAttributes"]}
        return {"sub": attributes["sub"], "email": attributes["email"]}

    def sign_out(self, tokens):
        """Revokes the refresh token."""
        self.cognito.revoke_token(Token=tokens["RefreshToken"], ClientId=self.client_id)


def answer(parameters, jpeg, upload=False):
    """The text of an answer: the picture itself if it fits, otherwise `uploaded` after the upload."""
    inline = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
    if not upload and len(inline) <= MAX_ANSWER:
        return inline
    # The picture comes last.
    response = requests.post(
        parameters["uploadUrl"],
        data=json.loads(parameters["uploadFields"]),
        files={"file": jpeg},
        timeout=PATIENCE,
    )
    response.raise_for_status()
    return "uploaded"


def claims(token):
    """The claims of a token that comes from Cognito itself, over TLS. If you get a token from anybody
    else, verify its signature first."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def mailed_code(outputs, email):
    """The mailed code: from the local stack's mailbox, or from the person at the terminal."""
    if "CognitoEndpoint" not in outputs:
        return input(f"The code that was mailed to {email}: ").strip()
    mailbox = requests.get(
        outputs["CognitoEndpoint"] + "/_local/mailbox",
        params={"to": email},
        headers={"Authorization": "Bearer " + outputs["SecretAccessKey"]},
        timeout=PATIENCE,
    )
    mailbox.raise_for_status()
    # The newest comes first.
    return mailbox.json()[0]["code"]

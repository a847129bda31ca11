"""Signs up, enrols and signs in with boto3, and tries an impostor.

Nothing is changed about boto3 or about pycognito, which does the password's proof (SRP): they are
told the endpoint, and everything else comes from the stack's outputs. Each picture is used once.

    boto3_client.py OUTPUTS DOCUMENT LIVE LIVE_AGAIN IMPOSTOR...

The last line on stdout is a JSON object with what was seen; tests/tests/clients.rs reads it.
"""

import argparse
import base64
import hashlib
import json
import secrets
from pathlib import Path

import boto3
import requests
from botocore import UNSIGNED
from botocore.config import Config
from pycognito.aws_srp import AWSSRP

# The version of the consent text that the user agrees to: the template's default.
CONSENT = "1"

# Seconds; a server that takes longer has failed.
PATIENCE = 30


class App:
    """An app of one stack, with one user of its own."""

    def __init__(self, outputs):
        self.client_id = outputs["UserPoolClientId"]
        self.pool_id = outputs["UserPoolId"]
        self.endpoint = outputs["CognitoEndpoint"]
        self.mailbox_key = outputs["SecretAccessKey"]
        self.cognito = boto3.client(
            "cognito-idp",
            endpoint_url=self.endpoint,
            region_name=outputs["Region"],
            config=Config(
                # An app's calls carry no AWS credentials.
                signature_version=UNSIGNED,
                # An answer counts once: a second try would only find its session used up.
                retries={"total_max_attempts": 1},
                read_timeout=PATIENCE,
            ),
        )
        self.email = f"boto3-{secrets.token_hex(8)}@example.com"
        # The end is for the pool's password policy.
        self.password = secrets.token_urlsafe(24) + "-aA1"
        # Sent with the code and with each password: whoever controls the mailbox also chose the
        # password.
        self.secret = secrets.token_hex(32)
        self.nonce = None

    def sign_up(self):
        """Signs up, and confirms the address with the mailed code."""
        self.cognito.sign_up(
            ClientId=self.client_id,
            Username=self.email,
            Password=self.password,
            ClientMetadata={
                "consent": CONSENT,
                "binding": hashlib.sha256(self.secret.encode()).hexdigest(),
            },
        )
        self.cognito.confirm_sign_up(
            ClientId=self.client_id,
            Username=self.email,
            ConfirmationCode=self.mailed_code(),
            ClientMetadata={"bindingSecret": self.secret},
        )

    def mailed_code(self):
        """The code in the newest letter; only the local machine has this mailbox."""
        mailbox = requests.get(
            f"{self.endpoint}/_local/mailbox",
            params={"to": self.email},
            headers={"Authorization": f"Bearer {self.mailbox_key}"},
            timeout=PATIENCE,
        )
        mailbox.raise_for_status()
        return mailbox.json()[0]["code"]

    def begin_with_password(self):
        """Begins a sign-in with the password, which is proven and not sent."""
        srp = AWSSRP(
            username=self.email,
            password=self.password,
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
            ClientMetadata={"bindingSecret": self.secret},
        )

    def begin_without_password(self):
        """Begins a sign-in by face alone."""
        return self.cognito.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="CUSTOM_AUTH",
            AuthParameters={"USERNAME": self.email},
        )

    def answer(self, challenge, answer):
        """Answers a custom challenge."""
        return self.cognito.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName=challenge["ChallengeName"],
            Session=challenge["Session"],
            ChallengeResponses={
                "USERNAME": challenge["ChallengeParameters"]["USERNAME"],
                "ANSWER": answer,
            },
            ClientMetadata={"passNonce": self.nonce},
        )

    def carry_on(self, reply, rounds, answers):
        """Answers challenge after challenge, until there are tokens.

        `answers` holds for each step the answers that are left to give, each a function of the
        challenge's parameters. What was asked for is added to `rounds`, and why once more.
        """
        # Only this sign-in gets the tokens.
        self.nonce = secrets.token_hex(32)
        while "AuthenticationResult" not in reply:
            parameters = reply["ChallengeParameters"]
            step, reason = parameters["step"], parameters.get("reason")
            rounds.append({"step": step, "reason": reason})
            if reason == "PENDING":
                # The picture lies there and is still being looked at.
                answer = "uploaded"
            elif answers.get(step):
                answer = answers[step].pop(0)(parameters)
            else:
                raise RuntimeError(f"there is no picture left for {step} (last reason: {reason})")
            reply = self.answer(reply, answer)
        return reply["AuthenticationResult"]

    def signed_in(self, rounds, tokens):
        """What a completed sign-in shows, and what it may ask about its own account."""
        return {
            "rounds": rounds,
            "identityToken": tokens["IdToken"],
            "accessToken": tokens["AccessToken"],
            "account": self.account(tokens),
        }

    def account(self, tokens):
        """The account, asked with the access token; none where the token does not open it."""
        try:
            user = self.cognito.get_user(AccessToken=tokens["AccessToken"])
        except self.cognito.exceptions.NotAuthorizedException:
            return None
        attributes = {each["Name"]: each["Value"] for each in user["UserAttributes"]}
        return {"sub": attributes["sub"], "email": attributes["email"]}

    def sign_out(self, tokens):
        """Signs out; whether the access token is refused from then on."""
        self.cognito.global_sign_out(AccessToken=tokens["AccessToken"])
        try:
            self.cognito.get_user(AccessToken=tokens["AccessToken"])
        except self.cognito.exceptions.NotAuthorizedException:
            return True
        return False


def uploaded(picture):
    """The answer that puts a picture where the challenge wants it."""

    def answer(parameters):
        response = requests.post(
            parameters["uploadUrl"],
            data=json.loads(parameters["uploadFields"]),
            files={"file": picture.read_bytes()},
            timeout=PATIENCE,
        )
        response.raise_for_status()
        return "uploaded"

    return answer


def inline(picture):
    """The answer that is the picture itself."""

    def answer(_parameters):
        return "data:image/jpeg;base64," + base64.b64encode(picture.read_bytes()).decode()

    return answer


def main():
    parser = argparse.ArgumentParser(description="Signs in with boto3.")
    parser.add_argument("outputs", type=Path)
    parser.add_argument("document", type=Path)
    parser.add_argument("live", type=Path)
    parser.add_argument("live_again", type=Path)
    parser.add_argument("impostor", type=Path, nargs="+")
    arguments = parser.parse_args()

    app = App(json.loads(arguments.outputs.read_text()))
    app.sign_up()

    rounds = []
    answers = {"ENROL": [uploaded(arguments.document)], "FACE": [inline(arguments.live)]}
    tokens = app.carry_on(app.begin_with_password(), rounds, answers)
    enrolment = app.signed_in(rounds, tokens)
    signed_out = app.sign_out(tokens)

    rounds = []
    answers = {"FACE": [uploaded(arguments.live_again)]}
    tokens = app.carry_on(app.begin_without_password(), rounds, answers)
    face_alone = app.signed_in(rounds, tokens)
    # A face alone has no right to sign out everywhere.
    app.cognito.revoke_token(Token=tokens["RefreshToken"], ClientId=app.client_id)

    impostor = {"rounds": [], "refusal": None}
    answers = {"FACE": [inline(picture) for picture in arguments.impostor]}
    try:
        app.carry_on(app.begin_without_password(), impostor["rounds"], answers)
    except app.cognito.exceptions.NotAuthorizedException:
        impostor["refusal"] = "NotAuthorizedException"

    print(
        json.dumps(
            {
                "email": app.email,
                "enrolment": enrolment,
                "signedOut": signed_out,
                "faceAlone": face_alone,
                "impostor": impostor,
            }
        )
    )


if __name__ == "__main__":
    main()

"""Signs up, enrols and signs in with the boto3 example, then tries to sign in as an impostor.

Each picture is used once.

    boto3_client.py OUTPUTS ID_PHOTO LIVE LIVE_AGAIN IMPOSTOR...

The last line on stdout is a JSON object with the results; tests/tests/clients.rs reads it.
"""

import argparse
import json
import secrets
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "examples/boto3"))

from face_sign_in import FaceSignIn, mailed_code  # noqa: E402

# The version of the consent text that the user agrees to: the template's default.
CONSENT = "1"


def uploaded(path):
    return path.read_bytes(), True


def inline(path):
    return path.read_bytes(), False


def taking(rounds, **pictures):
    """Returns the remaining pictures of a step, one for each challenge. Each challenge's step and
    reason are added to `rounds`."""

    def take(parameters):
        step, reason = parameters["step"], parameters.get("reason")
        rounds.append({"step": step, "reason": reason})
        if reason == "PENDING":
            return None
        if not pictures.get(step):
            raise RuntimeError(f"there is no picture left for {step} (last reason: {reason})")
        return pictures[step].pop(0)

    return take


def signed_in(app, rounds, tokens):
    """What a completed sign-in shows: its tokens, and what they can read of the account."""
    return {
        "rounds": rounds,
        "identityToken": tokens["IdToken"],
        "accessToken": tokens["AccessToken"],
        "account": app.account(tokens),
    }


def main():
    parser = argparse.ArgumentParser(description="Signs in with boto3.")
    parser.add_argument("outputs", type=Path)
    parser.add_argument("document", type=Path)
    parser.add_argument("live", type=Path)
    parser.add_argument("live_again", type=Path)
    parser.add_argument("impostor", type=Path, nargs="+")
    arguments = parser.parse_args()

    outputs = json.loads(arguments.outputs.read_text())
    app = FaceSignIn(outputs)
    email = f"boto3-{secrets.token_hex(8)}@example.com"
    password = secrets.token_urlsafe(24)
    secret = app.open_account(email, password, CONSENT)
    app.confirm_account(email, mailed_code(outputs, email), secret)

    rounds = []
    pictures = {"ENROL": [uploaded(arguments.document)], "FACE": [inline(arguments.live)]}
    begun = app.begin_with_password(email, password, secret)
    tokens = app.answer_all(begun, taking(rounds, **pictures))
    enrolment = signed_in(app, rounds, tokens)
    app.sign_out(tokens)
    # The access token of a revoked session can no longer read the account.
    signed_out = app.account(tokens) is None

    rounds = []
    pictures = {"FACE": [uploaded(arguments.live_again)]}
    tokens = app.answer_all(app.begin_by_face(email), taking(rounds, **pictures))
    face_alone = signed_in(app, rounds, tokens)
    app.sign_out(tokens)

    impostor = {"rounds": [], "refusal": None}
    pictures = {"FACE": [inline(picture) for picture in arguments.impostor]}
    try:
        app.answer_all(app.begin_by_face(email), taking(impostor["rounds"], **pictures))
    except app.cognito.exceptions.NotAuthorizedException:
        impostor["refusal"] = "NotAuthorizedException"

    print(
        json.dumps(
            {
                "email": email,
                "enrolment": enrolment,
                "signedOut": signed_out,
                "faceAlone": face_alone,
                "impostor": impostor,
            }
        )
    )


if __name__ == "__main__":
    main()

"""Opens an account, enrols with an ID photo and a live picture, and signs in by face alone.

    python main.py OUTPUTS EMAIL ID_PHOTO LIVE ANOTHER_LIVE

OUTPUTS is a JSON file with the stack's outputs: `.local/outputs.json` after `cargo xtask up`. The
pictures are JPEGs of one person; no picture passes twice.
"""

import argparse
import json
import secrets
from pathlib import Path

from face_sign_in import FaceSignIn, claims, mailed_code


def pictures(**by_step):
    """Answers each step with its picture, once. An app would show the reason and take another."""

    def take(challenge):
        step, reason = challenge["step"], challenge.get("reason")
        after = f" after {reason}" if reason else ""
        print(f"{step} is due{after}, {challenge['attemptsLeft']} attempts left.")
        if reason not in (None, "PENDING"):
            raise SystemExit(f"The picture for {step} did not pass: {reason}")
        path, upload = by_step[step]
        return path.read_bytes(), upload

    return take


def main():
    parser = argparse.ArgumentParser(description="Signs up and signs in with a face.")
    parser.add_argument("outputs", type=Path)
    parser.add_argument("email")
    parser.add_argument("id_photo", type=Path)
    parser.add_argument("live", type=Path)
    parser.add_argument("another_live", type=Path)
    arguments = parser.parse_args()

    outputs = json.loads(arguments.outputs.read_text())
    app, email = FaceSignIn(outputs), arguments.email
    # A program asks the user for a password, or generates one if people sign in by face alone.
    password = secrets.token_urlsafe(24)

    secret = app.open_account(email, password, outputs.get("ConsentVersion", "1"))
    app.confirm_account(email, mailed_code(outputs, email), secret)
    print(f"{email} has an account.")

    tokens = app.answer_all(
        app.begin_with_password(email, password, secret),
        pictures(ENROL=(arguments.id_photo, True), FACE=(arguments.live, False)),
    )
    print(f"Signed in by {claims(tokens['IdToken'])['signin_steps']}.")
    app.sign_out(tokens)

    by_face = outputs.get("SignInChains", "FACE") == "FACE"
    begun = app.begin_by_face(email) if by_face else app.begin_with_password(email, password)
    tokens = app.answer_all(begun, pictures(FACE=(arguments.another_live, False)))
    print(f"Signed in by {claims(tokens['IdToken'])['signin_steps']}.")
    app.sign_out(tokens)


if __name__ == "__main__":
    main()

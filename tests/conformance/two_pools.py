"""Plays the same calls to the local user pool and to MiniStack's own, and compares the answers.

    two_pools.py OUTPUTS

A pool of its own is made in the stack, with app clients of several settings; the local user pool
serves it as it serves any that is deployed, and MiniStack has it as its own. Compared are the HTTP
status, the name of the error, and the names of the answer's members. Each difference is in the table
DIFFERENCES with its reason, and nothing else is; the errors of ours are also held to those that the
API model gives each operation.

The last line on stdout is a JSON object: how many calls were compared, and what did not go as this
table has it.
"""

import base64
import hashlib
import hmac
import json
import secrets
import sys
from pathlib import Path

from pool import Server, is_signed, model
from pycognito.aws_srp import AWSSRP

PASSWORD = "correct-horse-1A"
ANOTHER = "another-horse-2B"

# Errors that every operation may have, beside its own in the model ("Common errors").
COMMON = {
    "AccessDeniedException",
    "IncompleteSignature",
    "MissingAuthenticationTokenException",
    "SerializationException",
    "UnknownOperationException",
}


class Pool:
    """One of the two, with what its users have got from it so far."""

    def __init__(self, server, ids, theirs):
        self.server = server
        self.ids = ids
        self.theirs = theirs
        self.kept = {}

    def play(self, step):
        """Plays a step; its outcome in one line."""
        operation, request = step.operation, step.request(self)
        # The gate lets through to MiniStack only what is signed.
        signed = self.theirs or is_signed(operation)
        status, answer = self.server.call(operation, request, signed)
        if status == 200:
            if step.keep:
                self.kept[step.keep] = answer
            return " ".join(["ok", *sorted(set(names(answer)))])
        return f"{status} {answer.get('__type')}"

    def code(self, name, reset):
        """The code that was mailed to somebody."""
        if self.theirs:
            # MiniStack sends no mail; its codes are these.
            return "654321" if reset else "123456"
        headers = {"Authorization": f"Bearer {self.server.key.secret_key}"}
        _, letters = self.server.exchange("GET", f"/_local/mailbox?to={name}", None, headers)
        return json.loads(letters)[0]["code"]

    def token(self, kept, name):
        return self.kept.get(kept, {}).get("AuthenticationResult", {}).get(name, "none")


def names(answer, within=""):
    """The names of an answer's members, with those of structures and lists within."""
    for name, value in answer.items():
        yield f"{within}{name}"
        if name in ("ChallengeParameters", "Attributes", "UserAttributes"):
            continue
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                yield from names(one, f"{within}{name}.")


def members(api, operation):
    """The names of all members that the API model gives an operation's answer."""
    def of(name, within):
        shape = api["shapes"][name]
        if shape["type"] == "list":
            yield from of(shape["member"]["shape"], within)
        for member, reference in shape.get("members", {}).items():
            yield f"{within}{member}"
            yield from of(reference["shape"], f"{within}{member}.")

    output = api["operations"].get(operation, {}).get("output")
    return of(output["shape"], "") if output else ()


class Step:
    def __init__(self, name, operation, request, keep=None):
        self.name = name
        self.operation = operation
        self.request = request if callable(request) else lambda _: request
        self.keep = keep


def steps(ids):
    """All calls, in their order. Each has a name of its own."""
    ada, bob, eve, ivy, max_, una, nobody = (
        fresh(name) for name in ("ada", "bob", "eve", "ivy", "max", "una", "nobody"))
    app, hiding, secret, narrow = (ids[name] for name in ("app", "hiding", "secret", "narrow"))
    srp = AWSSRP(ada, PASSWORD, ids["pool"], app, client=object())
    srp_a = f"{srp.large_a_value:x}"

    def of_app(client=app, **members):
        return {"ClientId": client, **members}

    def of_pool(**members):
        return {"UserPoolId": ids["pool"], **members}

    def begin(flow, client=app, **parameters):
        return {"ClientId": client, "AuthFlow": flow, "AuthParameters": parameters}

    def with_token(kept, **members):
        return lambda pool: {"AccessToken": pool.token(kept, "AccessToken"), **members}

    def attributes(**values):
        return [{"Name": name, "Value": value} for name, value in values.items()]

    def hashed(name):
        message = f"{name}{secret}".encode()
        digest = hmac.digest(ids["secret of secret"].encode(), message, hashlib.sha256)
        return base64.b64encode(digest).decode()

    # What no request may be.
    for name, operation, request in [
        ("no JSON", "SignUp", "{"),
        ("a list", "SignUp", "[]"),
        ("no members: SignUp", "SignUp", {}),
        ("no members: InitiateAuth", "InitiateAuth", {}),
        ("no members: AdminGetUser", "AdminGetUser", {}),
        ("no members: GetUser", "GetUser", {}),
        ("a number for a name", "SignUp", of_app(Username=1, Password=PASSWORD)),
        ("a name with a space", "SignUp", of_app(Username="a b@example.org", Password=PASSWORD)),
        ("a name too long", "SignUp", of_app(Username="a" * 129, Password=PASSWORD)),
        ("a password with a space before", "SignUp", of_app(Username=fresh(), Password=f" {PASSWORD}")),
        ("a password with a space behind", "SignUp", of_app(Username=fresh(), Password=f"{PASSWORD} ")),
        ("a password too long", "SignUp", of_app(Username=fresh(), Password=PASSWORD * 20)),
        ("a client of another pattern", "SignUp", of_app("a b", Username=fresh(), Password=PASSWORD)),
        ("an attribute too long", "SignUp", of_app(
            Username=fresh(), Password=PASSWORD, UserAttributes=attributes(name="x" * 2_049))),
        ("metadata too long", "SignUp", of_app(
            Username=fresh(), Password=PASSWORD, ClientMetadata={"a": "x" * 131_073})),
        ("a code with a space", "ConfirmSignUp", of_app(Username=fresh(), ConfirmationCode="12 34")),
        ("a pool of another pattern", "AdminGetUser", {"UserPoolId": "nonsense", "Username": fresh()}),
        ("a token of another pattern", "GetUser", {"AccessToken": "a b"}),
        ("a session too short", "RespondToAuthChallenge", of_app(
            ChallengeName="PASSWORD_VERIFIER", Session="short", ChallengeResponses={})),
        ("a flow that there is not", "InitiateAuth", begin("NO_SUCH", USERNAME=fresh())),
        ("a challenge that there is not", "RespondToAuthChallenge", of_app(
            ChallengeName="NO_SUCH", Session="x" * 20)),
        ("an operation that there is not", "NoSuchOperation", {}),
    ]:
        yield Step(name, operation, request)

    # What is not there.
    for name, operation, request in [
        ("an unknown client", "SignUp", of_app("unknown", Username=ada, Password=PASSWORD)),
        ("an unknown pool", "AdminGetUser", {"UserPoolId": "us-east-1_None", "Username": ada}),
        ("an unknown user: ConfirmSignUp", "ConfirmSignUp",
         of_app(Username=nobody, ConfirmationCode="1")),
        ("an unknown user: ResendConfirmationCode", "ResendConfirmationCode",
         of_app(Username=nobody)),
        ("an unknown user: ForgotPassword", "ForgotPassword", of_app(Username=nobody)),
        ("an unknown user: ConfirmForgotPassword", "ConfirmForgotPassword",
         of_app(Username=nobody, ConfirmationCode="1", Password=PASSWORD)),
        ("an unknown user: password", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", USERNAME=nobody, PASSWORD=PASSWORD)),
        ("an unknown user: SRP", "InitiateAuth",
         begin("USER_SRP_AUTH", USERNAME=nobody, SRP_A=srp_a)),
        ("a hidden user: ConfirmSignUp", "ConfirmSignUp",
         of_app(hiding, Username=nobody, ConfirmationCode="1")),
        ("a hidden user: ResendConfirmationCode", "ResendConfirmationCode",
         of_app(hiding, Username=nobody)),
        ("a hidden user: ForgotPassword", "ForgotPassword", of_app(hiding, Username=nobody)),
        ("a hidden user: ConfirmForgotPassword", "ConfirmForgotPassword",
         of_app(hiding, Username=nobody, ConfirmationCode="1", Password=PASSWORD)),
        ("a hidden user: password", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", hiding, USERNAME=nobody, PASSWORD=PASSWORD)),
        ("a hidden user: SRP", "InitiateAuth",
         begin("USER_SRP_AUTH", hiding, USERNAME=nobody, SRP_A=srp_a)),
        *((f"an unknown user: {operation}", operation, of_pool(Username=nobody, **more))
          for operation, more in [
              ("AdminGetUser", {}), ("AdminDeleteUser", {}), ("AdminDisableUser", {}),
              ("AdminEnableUser", {}), ("AdminConfirmSignUp", {}), ("AdminUserGlobalSignOut", {}),
              ("AdminSetUserPassword", {"Password": PASSWORD}),
              ("AdminUpdateUserAttributes", {"UserAttributes": attributes(name="N")}),
          ]),
    ]:
        yield Step(name, operation, request)

    # From sign-up to a confirmed account.
    for name, operation, request in [
        ("no address", "SignUp", of_app(Username="ada", Password=PASSWORD)),
        ("no password", "SignUp", of_app(Username=fresh())),
        ("a password too short", "SignUp", of_app(Username=fresh(), Password="aA1-")),
        ("a password without a number", "SignUp", of_app(Username=fresh(), Password="correct-Horse")),
        ("another address", "SignUp", of_app(
            Username=fresh(), Password=PASSWORD, UserAttributes=attributes(email=bob))),
        ("sub is given", "SignUp", of_app(
            Username=fresh(), Password=PASSWORD, UserAttributes=attributes(sub="1"))),
        ("email_verified is given", "SignUp", of_app(
            Username=fresh(), Password=PASSWORD, UserAttributes=attributes(email_verified="true"))),
        ("an attribute that there is not", "SignUp", of_app(
            Username=fresh(), Password=PASSWORD, UserAttributes=attributes(no_such="1"))),
        ("sign-up", "SignUp", of_app(
            Username=ada, Password=PASSWORD, UserAttributes=attributes(name="Ada"))),
        ("sign-up again", "SignUp", of_app(Username=ada, Password=PASSWORD)),
        ("unconfirmed: password", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", USERNAME=ada, PASSWORD=PASSWORD)),
        ("unconfirmed: wrong password", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", USERNAME=ada, PASSWORD=ANOTHER)),
        ("unconfirmed: SRP", "InitiateAuth", begin("USER_SRP_AUTH", USERNAME=ada, SRP_A=srp_a)),
        ("unconfirmed: ForgotPassword", "ForgotPassword", of_app(Username=ada)),
        ("unconfirmed: ForgotPassword where users are hidden", "ForgotPassword",
         of_app(hiding, Username=ada)),
        ("unconfirmed: a wrong code", "ConfirmSignUp",
         of_app(Username=ada, ConfirmationCode="wrong")),
        ("ResendConfirmationCode", "ResendConfirmationCode", of_app(Username=ada)),
        ("ConfirmSignUp", "ConfirmSignUp", lambda pool: of_app(
            Username=ada, ConfirmationCode=pool.code(ada, reset=False))),
        ("confirmed: ConfirmSignUp", "ConfirmSignUp",
         of_app(Username=ada, ConfirmationCode="123456")),
        ("confirmed: ResendConfirmationCode", "ResendConfirmationCode", of_app(Username=ada)),
        ("confirmed: AdminConfirmSignUp", "AdminConfirmSignUp", of_pool(Username=ada)),
        ("another user", "SignUp", of_app(hiding, Username=eve, Password=PASSWORD)),
        ("AdminConfirmSignUp", "AdminConfirmSignUp", of_pool(Username=eve)),
        ("an unverified address: ForgotPassword", "ForgotPassword", of_app(Username=eve)),
        ("a third user", "SignUp", of_app(Username=una, Password=PASSWORD)),
        ("AdminConfirmSignUp once more", "AdminConfirmSignUp", of_pool(Username=una)),
    ]:
        yield Step(name, operation, request)

    # Signing in.
    for name, operation, request, keep in [
        ("password", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", USERNAME=ada, PASSWORD=PASSWORD), "tokens"),
        ("password, in other letters", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", USERNAME=ada.upper(), PASSWORD=PASSWORD), None),
        ("a wrong password", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", USERNAME=ada, PASSWORD=ANOTHER), None),
        ("no name", "InitiateAuth", begin("USER_PASSWORD_AUTH", PASSWORD=PASSWORD), None),
        ("an empty name", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", USERNAME="", PASSWORD=PASSWORD), None),
        ("a name with a space to sign in", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", USERNAME=f"{ada} ", PASSWORD=PASSWORD), None),
        ("no password to sign in", "InitiateAuth", begin("USER_PASSWORD_AUTH", USERNAME=ada), None),
        ("no SRP_A", "InitiateAuth", begin("USER_SRP_AUTH", USERNAME=ada), None),
        ("a flow that the client has not", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", narrow, USERNAME=ada, PASSWORD=PASSWORD), None),
        ("another flow that the client has not", "InitiateAuth",
         begin("USER_SRP_AUTH", narrow, USERNAME=ada, SRP_A=srp_a), None),
        ("an administrator's flow without one", "InitiateAuth",
         begin("ADMIN_USER_PASSWORD_AUTH", USERNAME=ada, PASSWORD=PASSWORD), None),
        ("SRP", "InitiateAuth", begin("USER_SRP_AUTH", USERNAME=ada, SRP_A=srp_a), "srp"),
        ("SRP: an unreadable time", "RespondToAuthChallenge", lambda pool: of_app(
            ChallengeName="PASSWORD_VERIFIER", Session=pool.kept["srp"].get("Session"),
            ChallengeResponses={**proof(srp, pool), "TIMESTAMP": "now"}), None),
        ("SRP: no signature", "RespondToAuthChallenge", lambda pool: of_app(
            ChallengeName="PASSWORD_VERIFIER", Session=pool.kept["srp"].get("Session"),
            ChallengeResponses={"USERNAME": ada}), None),
        ("SRP: the proof", "RespondToAuthChallenge", lambda pool: of_app(
            ChallengeName="PASSWORD_VERIFIER", Session=pool.kept["srp"].get("Session"),
            ChallengeResponses=proof(srp, pool)), "srp tokens"),
        ("SRP again", "InitiateAuth", begin("USER_SRP_AUTH", USERNAME=ada, SRP_A=srp_a), "srp"),
        ("SRP: another password's proof", "RespondToAuthChallenge", lambda pool: of_app(
            ChallengeName="PASSWORD_VERIFIER", Session=pool.kept["srp"].get("Session"),
            ChallengeResponses={**proof(srp, pool), "PASSWORD_CLAIM_SIGNATURE": "AQID"}), None),
        ("a session that there is not", "RespondToAuthChallenge", of_app(
            ChallengeName="CUSTOM_CHALLENGE", Session="x" * 20,
            ChallengeResponses={"USERNAME": ada, "ANSWER": "a"}), None),
        ("an administrator's password flow", "AdminInitiateAuth", of_pool(
            **begin("ADMIN_USER_PASSWORD_AUTH", USERNAME=ada, PASSWORD=PASSWORD)), None),
        ("an administrator's wrong password", "AdminInitiateAuth", of_pool(
            **begin("ADMIN_USER_PASSWORD_AUTH", USERNAME=ada, PASSWORD=ANOTHER)), None),
        ("an administrator and an unknown client", "AdminInitiateAuth", of_pool(
            **begin("ADMIN_USER_PASSWORD_AUTH", "unknown", USERNAME=ada, PASSWORD="a")), None),
    ]:
        yield Step(name, operation, request, keep)

    # Secrets.
    for name, operation, request in [
        *((f"a secret hash without a secret: {operation}", operation,
           of_app(Username=bob, SecretHash="AQID", **more)) for operation, more in [
               ("SignUp", {"Password": PASSWORD}), ("ConfirmSignUp", {"ConfirmationCode": "1"}),
               ("ResendConfirmationCode", {}), ("ForgotPassword", {}),
               ("ConfirmForgotPassword", {"ConfirmationCode": "1", "Password": PASSWORD}),
           ]),
        ("a secret hash without a secret: InitiateAuth", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", USERNAME=ada, PASSWORD=PASSWORD, SECRET_HASH="AQID")),
        ("a secret hash without a secret: a refresh", "InitiateAuth", lambda pool: begin(
            "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=pool.token("tokens", "RefreshToken"),
            SECRET_HASH="AQID")),
        ("a secret hash without a secret: RespondToAuthChallenge", "RespondToAuthChallenge", of_app(
            ChallengeName="CUSTOM_CHALLENGE", Session="x" * 20,
            ChallengeResponses={"USERNAME": ada, "ANSWER": "a", "SECRET_HASH": "AQID"})),
        ("a secret and no hash", "SignUp", of_app(secret, Username=bob, Password=PASSWORD)),
        ("a secret and a wrong hash", "SignUp",
         of_app(secret, Username=bob, Password=PASSWORD, SecretHash="AQID")),
        ("a secret and a hash that is none", "SignUp",
         of_app(secret, Username=bob, Password=PASSWORD, SecretHash="a b")),
        ("a secret and its hash", "SignUp",
         of_app(secret, Username=bob, Password=PASSWORD, SecretHash=hashed(bob))),
        ("a secret and no hash: InitiateAuth", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", secret, USERNAME=ada, PASSWORD=PASSWORD)),
        ("a secret and its hash: InitiateAuth", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", secret, USERNAME=ada, PASSWORD=PASSWORD,
               SECRET_HASH=hashed(ada))),
        ("a secret that is not shown: RevokeToken", "RevokeToken", of_app(secret, Token="none")),
    ]:
        yield Step(name, operation, request)

    # Invitations.
    for name, operation, request, keep in [
        ("AdminCreateUser", "AdminCreateUser", of_pool(
            Username=ivy, TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"), None),
        ("AdminCreateUser again", "AdminCreateUser", of_pool(Username=ivy), None),
        ("AdminCreateUser with another action", "AdminCreateUser", of_pool(
            Username=fresh(), MessageAction="WHISPER"), None),
        ("AdminCreateUser with a weak password", "AdminCreateUser", of_pool(
            Username=fresh(), TemporaryPassword="weak"), None),
        ("AdminCreateUser with an unknown medium", "AdminCreateUser", of_pool(
            Username=fresh(), DesiredDeliveryMediums=["PIGEON"]), None),
        ("AdminCreateUser without an address", "AdminCreateUser", of_pool(Username="ivy"), None),
        ("an invitation to nobody again", "AdminCreateUser", of_pool(
            Username=nobody, MessageAction="RESEND"), None),
        ("an invitation to a confirmed user again", "AdminCreateUser", of_pool(
            Username=ada, MessageAction="RESEND"), None),
        ("a temporary password: ForgotPassword", "ForgotPassword", of_app(Username=ivy), None),
        ("a temporary password, set again", "AdminSetUserPassword",
         of_pool(Username=ivy, Password=PASSWORD), None),
        ("another invitation", "AdminCreateUser", of_pool(
            Username=max_, TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"), None),
        ("a temporary password", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", USERNAME=max_, PASSWORD=PASSWORD), "invited"),
        ("a weak password of one's own", "RespondToAuthChallenge", lambda pool: of_app(
            ChallengeName="NEW_PASSWORD_REQUIRED", Session=pool.kept["invited"].get("Session"),
            ChallengeResponses={"USERNAME": max_, "NEW_PASSWORD": "weak"}), None),
        ("a temporary password again", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", USERNAME=ivy, PASSWORD=PASSWORD), "invited"),
        ("a password of one's own", "RespondToAuthChallenge", lambda pool: of_app(
            ChallengeName="NEW_PASSWORD_REQUIRED", Session=pool.kept["invited"].get("Session"),
            ChallengeResponses={"USERNAME": ivy, "NEW_PASSWORD": ANOTHER}), None),
        ("AdminSetUserPassword with a weak one", "AdminSetUserPassword",
         of_pool(Username=ivy, Password="weak", Permanent=True), None),
        ("AdminSetUserPassword", "AdminSetUserPassword",
         of_pool(Username=ivy, Password=PASSWORD, Permanent=True), None),
        ("AdminGetUser", "AdminGetUser", of_pool(Username=ivy), None),
        ("AdminUpdateUserAttributes", "AdminUpdateUserAttributes",
         of_pool(Username=ivy, UserAttributes=attributes(name="Ivy")), None),
        ("AdminUpdateUserAttributes of sub", "AdminUpdateUserAttributes",
         of_pool(Username=max_, UserAttributes=attributes(sub="1")), None),
        ("AdminUpdateUserAttributes to an address that is taken", "AdminUpdateUserAttributes",
         of_pool(Username=max_, UserAttributes=attributes(email=eve)), None),
        ("ListUsers", "ListUsers", of_pool(Filter=f'email = "{ivy}"'), None),
        ("ListUsers, a page", "ListUsers", of_pool(Limit=1), None),
        ("ListUsers, too long a page", "ListUsers", of_pool(Limit=61), None),
        ("ListUsers, no filter", "ListUsers", of_pool(Filter="nonsense"), None),
    ]:
        yield Step(name, operation, request, keep)

    # Accounts of one's own.
    for name, operation, request in [
        ("GetUser", "GetUser", with_token("tokens")),
        ("GetUser without a token of the pool", "GetUser", {"AccessToken": "a.b.c"}),
        ("GetUser with an identity token", "GetUser",
         lambda pool: {"AccessToken": pool.token("tokens", "IdToken")}),
        ("UpdateUserAttributes", "UpdateUserAttributes",
         with_token("tokens", UserAttributes=attributes(name="A."))),
        ("DeleteUserAttributes", "DeleteUserAttributes",
         with_token("tokens", UserAttributeNames=["name"])),
        ("VerifyUserAttribute without a code", "VerifyUserAttribute",
         with_token("tokens", AttributeName="email", Code="1")),
        ("GetUserAttributeVerificationCode", "GetUserAttributeVerificationCode",
         with_token("tokens", AttributeName="email")),
        ("ChangePassword without the old one", "ChangePassword",
         with_token("tokens", ProposedPassword=ANOTHER)),
        ("ChangePassword with a wrong one", "ChangePassword",
         with_token("tokens", PreviousPassword=ANOTHER, ProposedPassword=ANOTHER)),
        ("ChangePassword to a weak one", "ChangePassword",
         with_token("tokens", PreviousPassword=PASSWORD, ProposedPassword="weak")),
        ("ChangePassword with a wrong one to a weak one", "ChangePassword",
         with_token("tokens", PreviousPassword=ANOTHER, ProposedPassword="weak")),
        ("ChangePassword", "ChangePassword",
         with_token("tokens", PreviousPassword=PASSWORD, ProposedPassword=ANOTHER)),
    ]:
        yield Step(name, operation, request)

    # What nobody may change; MiniStack lets them, and their tokens are no good after it.
    yield Step("one who changes much", "InitiateAuth",
               begin("USER_PASSWORD_AUTH", USERNAME=eve, PASSWORD=PASSWORD), "changing")
    for name, changes in [
        ("of email_verified", {"email_verified": "true"}),
        ("of none", {"no_such": "1"}),
        ("to no address", {"email": "nowhere"}),
        ("to an address that is taken", {"email": bob}),
        ("of sub", {"sub": "1"}),
    ]:
        yield Step(f"UpdateUserAttributes {name}", "UpdateUserAttributes",
                   with_token("changing", UserAttributes=attributes(**changes)))

    # A forgotten password.
    for name, operation, request in [
        ("ConfirmForgotPassword without a code", "ConfirmForgotPassword",
         of_app(Username=una, ConfirmationCode="654321", Password=PASSWORD)),
        ("ForgotPassword", "ForgotPassword", of_app(Username=ada)),
        ("ConfirmForgotPassword with a wrong code", "ConfirmForgotPassword",
         of_app(Username=ada, ConfirmationCode="wrong", Password=PASSWORD)),
        ("ConfirmForgotPassword to a weak password", "ConfirmForgotPassword", lambda pool: of_app(
            Username=ada, ConfirmationCode=pool.code(ada, reset=True), Password="weak")),
        ("ConfirmForgotPassword", "ConfirmForgotPassword", lambda pool: of_app(
            Username=ada, ConfirmationCode=pool.code(ada, reset=True), Password=PASSWORD)),
        ("ConfirmForgotPassword once more", "ConfirmForgotPassword", of_app(
            Username=ada, ConfirmationCode="654321", Password=PASSWORD)),
    ]:
        yield Step(name, operation, request)

    # Until the end.
    for name, operation, request, keep in [
        ("a refresh", "InitiateAuth", lambda pool: begin(
            "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=pool.token("tokens", "RefreshToken")), None),
        ("GetTokensFromRefreshToken", "GetTokensFromRefreshToken", lambda pool: of_app(
            RefreshToken=pool.token("tokens", "RefreshToken")), None),
        ("a refresh without a token", "InitiateAuth", begin("REFRESH_TOKEN_AUTH"), None),
        ("a refresh with none of the pool", "InitiateAuth",
         begin("REFRESH_TOKEN_AUTH", REFRESH_TOKEN="none"), None),
        ("another client's refresh", "InitiateAuth", lambda pool: begin(
            "REFRESH_TOKEN_AUTH", hiding,
            REFRESH_TOKEN=pool.token("tokens", "RefreshToken")), None),
        ("a sign-in for once", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", USERNAME=una, PASSWORD=PASSWORD), "once"),
        ("RevokeToken of an access token", "RevokeToken", lambda pool: of_app(
            Token=pool.token("once", "AccessToken")), None),
        ("RevokeToken of another client's", "RevokeToken", lambda pool: of_app(
            hiding, Token=pool.token("once", "RefreshToken")), None),
        ("RevokeToken of none", "RevokeToken", of_app(Token="none"), None),
        ("RevokeToken", "RevokeToken", lambda pool: of_app(
            Token=pool.token("tokens", "RefreshToken")), None),
        ("revoked: a refresh", "InitiateAuth", lambda pool: begin(
            "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=pool.token("tokens", "RefreshToken")), None),
        ("revoked: GetUser", "GetUser", with_token("tokens"), None),
        ("another sign-in", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", USERNAME=ada, PASSWORD=PASSWORD), "tokens"),
        ("GlobalSignOut", "GlobalSignOut", with_token("tokens"), None),
        ("signed out: GetUser", "GetUser", with_token("tokens"), None),
        ("signed out: GlobalSignOut", "GlobalSignOut", with_token("tokens"), None),
        ("GlobalSignOut with no token of the pool", "GlobalSignOut", {"AccessToken": "a"}, None),
        ("one more sign-in", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", USERNAME=ada, PASSWORD=PASSWORD), "tokens"),
        ("AdminDisableUser", "AdminDisableUser", of_pool(Username=ada), None),
        ("disabled: password", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", USERNAME=ada, PASSWORD=PASSWORD), None),
        ("disabled: a wrong password", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", USERNAME=ada, PASSWORD=ANOTHER), None),
        ("disabled: GetUser", "GetUser", with_token("tokens"), None),
        ("disabled: ForgotPassword", "ForgotPassword", of_app(Username=ada), None),
        ("disabled: ForgotPassword where users are hidden", "ForgotPassword",
         of_app(hiding, Username=ada), None),
        ("AdminEnableUser", "AdminEnableUser", of_pool(Username=ada), None),
        ("the last sign-in", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", USERNAME=ada, PASSWORD=PASSWORD), "tokens"),
        ("AdminUserGlobalSignOut", "AdminUserGlobalSignOut", of_pool(Username=ivy), None),
        ("DeleteUser", "DeleteUser", with_token("tokens"), None),
        ("deleted: GetUser", "GetUser", with_token("tokens"), None),
        ("deleted: password", "InitiateAuth",
         begin("USER_PASSWORD_AUTH", USERNAME=ada, PASSWORD=PASSWORD), None),
        ("AdminDeleteUser", "AdminDeleteUser", of_pool(Username=ivy), None),
        ("deleted: AdminGetUser", "AdminGetUser", of_pool(Username=ivy), None),
    ]:
        yield Step(name, operation, request, keep)


def fresh(name="zoe"):
    """An address that nobody has used. Each request that is to be refused has its own: where it is
    taken all the same, it does not stand in the way of the next."""
    return f"{name}-{secrets.token_hex(8)}@example.org"


def proof(srp, pool):
    """The answer to `PASSWORD_VERIFIER`, as pycognito makes it."""
    parameters = pool.kept["srp"].get("ChallengeParameters", {})
    return srp.process_challenge(parameters, {"USERNAME": parameters.get("USERNAME", "none")})


# What the outcomes in the table below have in common.
DELIVERED = (
    "ok CodeDeliveryDetails CodeDeliveryDetails.AttributeName CodeDeliveryDetails.DeliveryMedium "
    "CodeDeliveryDetails.Destination"
)
SIGNED_UP = f"{DELIVERED} UserConfirmed UserSub"
REFRESHED = (
    "ok AuthenticationResult AuthenticationResult.AccessToken AuthenticationResult.ExpiresIn "
    "AuthenticationResult.IdToken AuthenticationResult.TokenType"
)
SIGNED_IN = REFRESHED.replace(
    "AuthenticationResult.TokenType",
    "AuthenticationResult.RefreshToken AuthenticationResult.TokenType",
)
INVALID = "400 InvalidParameterException"
NOT_AUTHORIZED = "400 NotAuthorizedException"
NOT_FOUND = "400 UserNotFoundException"
UNREADABLE = "400 SerializationException"
NO_RESOURCE = "400 ResourceNotFoundException"
NO_ACTION = "400 InvalidAction"
CHANGED = "ok CodeDeliveryDetailsList"
ACCOUNT = ["Enabled", "UserCreateDate", "UserLastModifiedDate", "UserStatus", "Username"]
OF_MFA = ["MFAOptions", "PreferredMfaSetting", "UserMFASettingList"]


def ok(*members):
    return " ".join(["ok", *sorted(members)])


def user(within, *more):
    """An account as administrators see it, in some member of the answer."""
    members = [f"{within}.{member}" for member in ["Attributes", *ACCOUNT, *more]]
    return ok(within, *members)


# Where the two differ and why ours is right: the reason, then our outcome, MiniStack's, and the
# steps. Reasons name rules of the pool's own tests (local/cognito/tests/user_pool) and AWS's
# documents: the API model, which botocore carries, the API reference and the developer guide.
REASONS = [
    (
        "Rule 24: the API model is looked at before anything else.",
        [
            (INVALID, NO_RESOURCE, [
                "no members: SignUp", "no members: InitiateAuth", "no members: AdminGetUser",
                "a client of another pattern", "a pool of another pattern",
            ]),
            (INVALID, NOT_AUTHORIZED, [
                "no members: GetUser", "a token of another pattern",
                "a secret and a hash that is none",
            ]),
            (INVALID, SIGNED_UP, [
                "a password with a space before", "a password with a space behind",
                "a password too long", "an attribute too long", "metadata too long",
            ]),
            (INVALID, NOT_FOUND, ["a code with a space"]),
            (INVALID, user("User", "MFAOptions"), [
                "AdminCreateUser with another action", "AdminCreateUser with an unknown medium",
            ]),
            (INVALID, user("Users", "MFAOptions"), ["ListUsers, too long a page"]),
        ],
    ),
    (
        "The protocol (AWS JSON 1.1) answers SerializationException to a body of another shape.",
        [(UNREADABLE, "500 InternalError", ["a list", "a number for a name"])],
    ),
    (
        "The protocol answers UnknownOperationException to an operation that there is not.",
        [("400 UnknownOperationException", NO_ACTION, ["an operation that there is not"])],
    ),
    (
        "MiniStack does not have these operations.",
        [
            ("ok", NO_ACTION, ["DeleteUserAttributes"]),
            ("400 ExpiredCodeException", NO_ACTION, ["VerifyUserAttribute without a code"]),
            (DELIVERED, NO_ACTION, ["GetUserAttributeVerificationCode"]),
        ],
    ),
    (
        "Rule 24: a name to sign in with is held to what user names are ('Value at 'userName' "
        "failed …; Value at 'userAlias' failed …': aws-amplify/amplify-flutter#933), and a "
        "parameter that a flow needs is missed ('Missing required parameter USERNAME').",
        [
            (INVALID, NOT_FOUND, [
                "no name", "an empty name", "a name with a space to sign in",
            ]),
            (INVALID, NOT_AUTHORIZED, ["no password to sign in", "a refresh without a token"]),
        ],
    ),
    (
        "The developer guide has no unknown user for ConfirmSignUp behind "
        "PreventUserExistenceErrors; one for whom no code was ever sent is answered like one whose "
        "code has expired.",
        [("400 ExpiredCodeException", "400 CodeMismatchException", [
            "a hidden user: ConfirmSignUp",
        ])],
    ),
    (
        "SignUp, API reference: a user may go without a password only where the pool has another "
        "way to sign in, and the pool misses the parameter rather than its strength.",
        [(INVALID, "400 InvalidPasswordException", ["no password"])],
    ),
    (
        "Developer guide, 'User pool attributes': an app writes the attributes that it may, of "
        "those that the pool has; sub, and whether an address is verified, are none of them.",
        [
            (NOT_AUTHORIZED, SIGNED_UP, ["email_verified is given"]),
            (INVALID, SIGNED_UP, ["an attribute that there is not"]),
            (NOT_AUTHORIZED, CHANGED, ["UpdateUserAttributes of email_verified"]),
            (INVALID, CHANGED, [
                "UpdateUserAttributes of none", "UpdateUserAttributes to no address",
                "UpdateUserAttributes of sub",
            ]),
            (INVALID, "ok", ["AdminUpdateUserAttributes of sub"]),
        ],
    ),
    (
        "API reference: an address is one account's alone (AliasExistsException).",
        [
            ("400 AliasExistsException", CHANGED, [
                "UpdateUserAttributes to an address that is taken",
            ]),
            ("400 AliasExistsException", "ok", [
                "AdminUpdateUserAttributes to an address that is taken",
            ]),
        ],
    ),
    (
        "Rules 21 and 27: only a verified address gets a code to reset a password, no temporary "
        "password is reset, and no disabled user's.",
        [
            (INVALID, DELIVERED, [
                "unconfirmed: ForgotPassword", "an unverified address: ForgotPassword",
            ]),
            (NOT_AUTHORIZED, DELIVERED, [
                "a temporary password: ForgotPassword", "disabled: ForgotPassword",
            ]),
        ],
    ),
    (
        "Rule 26: who is confirmed is not confirmed again.",
        [
            (INVALID, DELIVERED, ["confirmed: ResendConfirmationCode"]),
            (NOT_AUTHORIZED, "ok", ["confirmed: AdminConfirmSignUp"]),
        ],
    ),
    (
        "API reference, AdminCreateUser: RESEND is for who has not come yet "
        "(UnsupportedUserStateException).",
        [("400 UnsupportedUserStateException", user("User", "MFAOptions"), [
            "an invitation to a confirmed user again",
        ])],
    ),
    (
        "API reference, InitiateAuth: tokens come with ChallengeParameters, which are empty.",
        [
            (f"{SIGNED_IN} ChallengeParameters", SIGNED_IN, [
                "password", "SRP: the proof", "an administrator's password flow",
                "a secret and its hash: InitiateAuth", "a password of one's own",
                "one who changes much", "a sign-in for once", "another sign-in",
                "one more sign-in", "the last sign-in",
            ]),
            (f"{REFRESHED} ChallengeParameters", REFRESHED, ["a refresh"]),
        ],
    ),
    (
        "Developer guide, 'Case sensitivity': in a pool that is not case sensitive, names in other "
        "letters are the same.",
        [(f"{SIGNED_IN} ChallengeParameters", NOT_FOUND, ["password, in other letters"])],
    ),
    (
        "Rule 8: a session that there is not is refused.",
        [(NOT_AUTHORIZED, INVALID, ["a session that there is not"])],
    ),
    (
        "Rule 25, and stricter than MiniStack says that AWS is: it has that AWS overlooks a secret "
        "hash from a client without a secret in a refresh and in the answer to a challenge. An app "
        "that sends one is wrong all the same.",
        [
            (INVALID, REFRESHED, ["a secret hash without a secret: a refresh"]),
        ],
    ),
    (
        "Rules 15 and 18: a client with a secret shows it, and only refresh tokens of one's own "
        "are revoked (RevokeToken's exceptions in the API model).",
        [
            ("400 UnauthorizedException", "ok", [
                "a secret that is not shown: RevokeToken", "RevokeToken of another client's",
            ]),
            ("400 UnsupportedTokenTypeException", "ok", ["RevokeToken of an access token"]),
        ],
    ),
    (
        "Rule 16: a password of one's own is held to the pool's policy like any other.",
        [("400 InvalidPasswordException", SIGNED_IN, ["a weak password of one's own"])],
    ),
    (
        "API model: what says nothing without MFA need not be there (and MFAOptions 'is no longer "
        "supported').",
        [
            (user("User"), user("User", "MFAOptions"), ["AdminCreateUser", "another invitation"]),
            (user("Users"), user("Users", "MFAOptions"), ["ListUsers"]),
            (f"{user('Users').replace('ok', 'ok PaginationToken', 1)}",
             f"{user('Users', 'MFAOptions').replace('ok', 'ok PaginationToken', 1)}",
             ["ListUsers, a page"]),
            (ok("UserAttributes", *ACCOUNT), ok("UserAttributes", *ACCOUNT, *OF_MFA),
             ["AdminGetUser"]),
        ],
    ),
    (
        "API model: an account's own view has its name and attributes, and not how administrators "
        "see it.",
        [(ok("UserAttributes", "Username"), ok("UserAttributes", *ACCOUNT, *OF_MFA), ["GetUser"])],
    ),
    (
        "API reference, ListUsers: a filter that cannot be read is an invalid parameter.",
        [(INVALID, user("Users", "MFAOptions"), ["ListUsers, no filter"])],
    ),
]
DIFFERENCES = {
    name: (ours, theirs, reason)
    for reason, outcomes in REASONS
    for ours, theirs, of_steps in outcomes
    for name in of_steps
}


def made(stack):
    """Makes the pool in the stack, and its clients."""
    policy = {"MinimumLength": 12, "RequireNumbers": True, "RequireLowercase": True,
              "RequireUppercase": True, "RequireSymbols": False}
    pool = must(stack, "CreateUserPool", {
        "PoolName": "conformance", "UsernameAttributes": ["email"],
        "AutoVerifiedAttributes": ["email"], "UsernameConfiguration": {"CaseSensitive": False},
        "Policies": {"PasswordPolicy": policy},
    })["UserPool"]["Id"]
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH",
             "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_CUSTOM_AUTH"]
    ids = {"pool": pool}
    for name, settings in {
        "app": {},
        "hiding": {"PreventUserExistenceErrors": "ENABLED"},
        "secret": {"GenerateSecret": True},
        "narrow": {"ExplicitAuthFlows": ["ALLOW_CUSTOM_AUTH"]},
    }.items():
        request = {"UserPoolId": pool, "ClientName": name, "ExplicitAuthFlows": flows, **settings}
        client = must(stack, "CreateUserPoolClient", request)["UserPoolClient"]
        ids[name] = client["ClientId"]
        ids[f"secret of {name}"] = client.get("ClientSecret")
    return ids


def must(stack, operation, request):
    status, answer = stack.call(operation, request, signed=True)
    if status != 200:
        raise RuntimeError(f"{operation}: {status} {answer}")
    return answer


def main():
    outputs = json.loads(Path(sys.argv[1]).read_text())
    stack = Server(outputs["S3Endpoint"], outputs)
    ids = made(stack)
    api = model()
    operations = api["operations"]
    try:
        ours = Pool(Server(outputs["CognitoEndpoint"], outputs), ids, theirs=False)
        theirs = Pool(stack, ids, theirs=True)
        seen, wrong = {}, []
        for step in steps(ids):
            if step.name in seen:
                wrong.append(f"two steps are called {step.name!r}")
            seen[step.name] = own, other = ours.play(step), theirs.play(step)
            expected = DIFFERENCES.get(step.name)
            if expected is None and own != other:
                wrong.append(f"{step.name} ({step.operation}):\n    ours   {own}\n    theirs {other}")
            elif expected is not None and (own, other) != tuple(expected[:2]):
                wrong.append(
                    f"{step.name} ({step.operation}) is no longer as DIFFERENCES has it:\n"
                    f"    ours   {own}\n    theirs {other}"
                )
            errors = {shape["shape"] for shape in operations.get(step.operation, {}).get("errors", [])}
            code = own.split(" ")[1] if own.startswith("4") else None
            if code and code not in errors | COMMON:
                wrong.append(f"{step.name}: {step.operation} has no {code} in the API model")
            unknown = set(own.split(" ")[1:] if not code else []) - set(members(api, step.operation))
            if unknown:
                wrong.append(f"{step.name}: {step.operation} has no {unknown} in the API model")
        wrong.extend(f"DIFFERENCES has {name!r}, which is no step" for name in DIFFERENCES
                     if name not in seen)
    finally:
        must(stack, "DeleteUserPool", {"UserPoolId": ids["pool"]})
    print(json.dumps({"compared": len(seen), "wrong": wrong}))


if __name__ == "__main__":
    main()

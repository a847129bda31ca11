"""Posts forms to a bucket, good and bad, and holds what comes back to what S3 answers.

    forms.py OUTPUTS

S3's answers are those of its own documentation ("POST policy", "Error responses") and of what is
recorded of the service where that says more: LocalStack's snapshots of S3 (tests/aws/services/s3,
TestS3PresignedPost), and answers quoted in issues. The last line on stdout is a JSON object with
what did not go as S3 has it, and with how many forms were posted.
"""

import base64
import datetime
import hashlib
import hmac
import http.client
import json
import secrets
import sys
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

BOUNDARY = "edge"
FILE = b"a picture"

# S3's limit of what comes before the file ("The form data and boundaries (excluding the contents of
# the file) cannot exceed 20 KB").
MOST_BEFORE_THE_FILE = 20_480


class Bucket:
    """A bucket, and whose key its forms are signed with."""

    def __init__(self, outputs):
        self.endpoint = urlsplit(outputs["S3Endpoint"])
        self.name = outputs["SignInBucket"]
        self.region = outputs["Region"]
        self.key_id = outputs["AccessKeyId"]
        self.secret = outputs["SecretAccessKey"]

    def policy(self, fields, **changes):
        """A policy that names these fields, and whatever is changed about it."""
        in_a_minute = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1)
        policy = {
            "expiration": in_a_minute.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "conditions": [
                {"bucket": self.name},
                ["content-length-range", 1, 1_000],
                *({name: value} for name, value in fields.items()),
            ],
        }
        policy.update(changes)
        return policy

    def fields(self, key, extra=None, unnamed=None, **changes):
        """The fields of a form for a key, signed. `unnamed` are not in the policy."""
        date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        scope = [date[:8], self.region, "s3", "aws4_request"]
        fields = {
            "key": key,
            "x-amz-algorithm": "AWS4-HMAC-SHA256",
            "x-amz-credential": "/".join([self.key_id, *scope]),
            "x-amz-date": date,
            **(extra or {}),
        }
        policy = json.dumps(self.policy(fields, **changes)).encode()
        return {**fields, **(unnamed or {}), **self.signed(policy, scope)}

    def signed(self, policy, scope):
        """A policy's own two fields."""
        policy = base64.b64encode(policy).decode()
        signing_key = ("AWS4" + self.secret).encode()
        for part in scope:
            signing_key = hmac.digest(signing_key, part.encode(), hashlib.sha256)
        signature = hmac.new(signing_key, policy.encode(), hashlib.sha256).hexdigest()
        return {"policy": policy, "x-amz-signature": signature}

    def post(self, body, content_type=f"multipart/form-data; boundary={BOUNDARY}"):
        """Posts a body: the status, and the error's members where there is one."""
        status, answer = self.exchange(
            "POST", f"/{self.name}", body, {"Content-Type": content_type}
        )
        error = {}
        if status >= 400:
            error = {child.tag: child.text or "" for child in ElementTree.fromstring(answer)}
        return status, error

    def stored(self, key):
        """What lies at a key; None where nothing does."""
        url = f"{self.endpoint.geturl()}/{self.name}/{key}"
        request = AWSRequest(method="GET", url=url, headers={"Host": self.endpoint.netloc})
        request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(b"").hexdigest()
        SigV4Auth(Credentials(self.key_id, self.secret), "s3", self.region).add_auth(request)
        status, answer = self.exchange("GET", f"/{self.name}/{key}", None, dict(request.headers))
        return answer if status == 200 else None

    def exchange(self, method, path, body, headers):
        connection = http.client.HTTPConnection(self.endpoint.netloc, timeout=30)
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        return response.status, answer


def part(name, value, more=""):
    """One part of a form."""
    value = value if isinstance(value, bytes) else value.encode()
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + value + b"\r\n"


def file(content=FILE):
    return part("file", content, '; filename="picture"\r\nContent-Type: image/jpeg')


def form(*parts):
    """A form of parts, of which those that are dictionaries are fields."""
    end = f"--{BOUNDARY}--\r\n".encode()
    pieces = []
    for one in parts:
        if isinstance(one, dict):
            pieces.extend(part(name, value) for name, value in one.items())
        else:
            pieces.append(one)
    return b"".join(pieces) + end


def without(fields, *names):
    return {name: value for name, value in fields.items() if name not in names}


def only(fields, *names):
    return {name: fields[name] for name in names}


def named_in(fields):
    """The fields that a policy names: all but its own two."""
    return without(fields, "policy", "x-amz-signature")


def missing(name):
    """How S3 says that a field is not there, or not before the file."""
    return (
        400,
        "InvalidArgument",
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the "
        "order of the fields.",
    )


def not_one_file(count):
    return 400, "InvalidArgument", "POST requires exactly one file upload per request.", {
        "ArgumentName": "file",
        "ArgumentValue": str(count),
    }


def refused_forms(bucket, key):
    """What is wrong with each form, the form, and S3's answer: status, code, a part of the message
    and, where known, further members."""
    fields = bucket.fields(key)
    yield "the file before everything", form(file(), fields), missing("key")
    yield "the key after the file", form(without(fields, "key"), file(), only(fields, "key")), \
        missing("key")
    yield "no key", form(without(fields, "key"), file()), missing("key")
    for name, shown in [
        ("x-amz-algorithm", "X-Amz-Algorithm"),
        ("x-amz-credential", "X-Amz-Credential"),
        ("x-amz-date", "X-Amz-Date"),
        ("x-amz-signature", "X-Amz-Signature"),
        ("policy", "Policy"),
    ]:
        yield f"{name} after the file", form(without(fields, name), file(), only(fields, name)), \
            missing(shown)
        yield f"no {name}", form(without(fields, name), file()), missing(shown)
    yield "nothing that signs", form(only(fields, "key"), file(), without(fields, "key")), \
        (403, "AccessDenied", "Access Denied")
    yield "a policy that nobody signed", form(only(fields, "key", "policy"), file()), \
        (403, "AccessDenied", "Access Denied")
    yield "no file", form(fields), not_one_file(0)
    yield "a file by another name", form(fields, part("picture", FILE, '; filename="p"')), \
        not_one_file(0)
    yield "two files", form(fields, file(), file()), not_one_file(2)
    padding = {"x-ignore-padding": "x" * MOST_BEFORE_THE_FILE}
    yield "more than 20 KB before the file", form(fields, padding, file()), (
        400,
        "MaxPostPreDataLengthExceeded",
        "Your POST request fields preceeding the upload file was too large.",
        {"MaxPostPreDataLengthBytes": str(MOST_BEFORE_THE_FILE)},
    )
    yield "a field that the policy does not name", \
        form(bucket.fields(key, unnamed={"success_action_status": "201"}), file()), \
        (403, "AccessDenied", "Invalid according to Policy: Extra input fields: ")
    named = bucket.policy(named_in(fields))["conditions"]
    yield "a policy that does not name the bucket", \
        form(bucket.fields(key, conditions=named[1:]), file()), \
        (403, "AccessDenied", "Invalid according to Policy: Extra input fields: bucket")
    yield "another key", form({**fields, "key": f"{key}-2"}, file()), \
        (403, "AccessDenied", "Invalid according to Policy: Policy Condition failed: ")
    absent = [*named, ["starts-with", "$Content-Type", ""]]
    yield "a field that is not there", form(bucket.fields(key, conditions=absent), file()), \
        (403, "AccessDenied", "Invalid according to Policy: Policy Condition failed: ")
    yield "too much", form(fields, file(b"x" * 1_001)), (400, "EntityTooLarge", "exceeds")
    yield "too little", form(fields, file(b"")), (400, "EntityTooSmall", "smaller")
    yield "an expired policy", \
        form(bucket.fields(key, expiration="2026-01-01T00:00:00.000Z"), file()), \
        (403, "AccessDenied", "Invalid according to Policy: Policy expired.")
    yield "a policy that expires with an offset", \
        form(bucket.fields(key, expiration="2099-01-01T00:00:00+02:00"), file()), \
        (400, "InvalidPolicyDocument",
         "Invalid Policy: Invalid 'expiration' value: '2099-01-01T00:00:00+02:00'")
    for what, conditions, message in [
        ("two fields in one condition",
         [{"bucket": bucket.name, "key": key}, *named[3:]],
         "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one "
         "property specified."),
        ("a number where a string belongs", [*named, {"Content-Length": 9}],
         "Invalid Policy: Invalid Simple-Condition: value must be a string."),
        ("no operation", [*named, []],
         "Invalid Policy: Invalid Condition: missing operation identifier."),
        ("a bound with a fraction", [*named, ["content-length-range", 0, 512.0]],
         "Invalid Policy: Invalid JSON."),
    ]:
        yield what, form(bucket.fields(key, conditions=conditions), file()), \
            (400, "InvalidPolicyDocument", message)
    yield "a policy of another kind", form(bucket.fields(key, Statement=[]), file()), \
        (400, "InvalidPolicyDocument", "Invalid Policy: Unexpected: 'statement'")
    scope = fields["x-amz-credential"].split("/")[1:]
    no_json = {**fields, **bucket.signed(b"{", scope)}
    yield "a policy that is no JSON", form(no_json, file()), \
        (400, "InvalidPolicyDocument", "Invalid Policy: Invalid JSON.")
    yield "an altered policy", form({**fields, "policy": fields["policy"][:-2]}, file()), \
        (403, "SignatureDoesNotMatch", "The request signature we calculated does not match")
    unknown = fields["x-amz-credential"].replace(bucket.key_id, "AKIAUNKNOWN")
    yield "an unknown key", form({**fields, "x-amz-credential": unknown}, file()), (
        403,
        "InvalidAccessKeyId",
        "The AWS Access Key Id you provided does not exist in our records.",
    )


def refused_bodies(bucket, key):
    """The same of bodies that are no form."""
    good = form(bucket.fields(key), file())
    enclosure = {"Condition": "Bucket POST must be of the enclosure-type multipart/form-data"}
    for content_type in ["text/html", "application/x-www-form-urlencoded"]:
        yield content_type, good, content_type, (
            412,
            "PreconditionFailed",
            "At least one of the pre-conditions you specified did not hold",
            enclosure,
        )
    malformed = (
        400,
        "MalformedPOSTRequest",
        "The body of your POST request is not well-formed multipart/form-data.",
    )
    yield "no boundary", good, "multipart/form-data", malformed
    yield "another boundary", good, "multipart/form-data; boundary=other", malformed
    yield "a form that breaks off", good[:-20], None, malformed


def fits(answer, expected):
    status, error = answer
    expected_status, code, message, *more = expected
    return (
        status == expected_status
        and error.get("Code") == code
        and message in error.get("Message", "")
        and all(error.get(name) == value for name, value in (more[0] if more else {}).items())
    )


def taken_forms(bucket):
    """Forms that S3 takes, the key of each, and what it then has there."""

    def fresh(**more):
        key = fresh_key()
        return key, bucket.fields(key, **more)

    key, fields = fresh()
    yield "a good form", key, form(fields, file()), FILE
    key, fields = fresh()
    titled = {name.title(): value for name, value in fields.items()}
    yield "names in other letters", key, form(titled, file()), FILE
    key, fields = fresh(unnamed={"x-ignore-me": "1"})
    yield "a field to ignore", key, form(fields, file()), FILE
    key, fields = fresh()
    later = {"key": f"{key}-2", "success_action_status": "201", "x": "y"}
    yield "fields after the file", key, form(fields, file(), later), FILE
    key, fields = fresh()
    disguised = FILE + part("key", f"{key}-2")
    yield "a file that has a form in it", key, form(fields, file(disguised)), disguised
    key, fields = fresh()
    unquoted = form(fields, file()).replace(b'name="key"', b"name=key")
    yield "a name without quotes", key, unquoted, FILE
    key, fields = fresh()
    conditions = bucket.policy(named_in(fields))["conditions"]
    conditions[1] = ["content-length-range", "1", "9"]
    yield "bounds as strings", key, form(bucket.fields(key, conditions=conditions), file()), FILE


def fresh_key():
    return f"conformance/{secrets.token_hex(8)}"


def main():
    bucket = Bucket(json.loads(Path(sys.argv[1]).read_text()))
    wrong, posted = [], 0
    key = fresh_key()
    refused = [(what, body, None, answer) for what, body, answer in refused_forms(bucket, key)]
    refused.extend(refused_bodies(bucket, key))
    for what, body, content_type, expected in refused:
        posted += 1
        answer = bucket.post(body, content_type) if content_type else bucket.post(body)
        if not fits(answer, expected):
            wrong.append(f"{what}: expected {expected}, got {answer}")
    for at in [key, f"{key}-2"]:
        if bucket.stored(at) is not None:
            wrong.append(f"something lies at {at}, though every form was to be refused")
    for what, key, body, expected in taken_forms(bucket):
        posted += 1
        answer = bucket.post(body)
        if answer != (204, {}):
            wrong.append(f"{what}: expected to be taken, got {answer}")
        elif bucket.stored(key) != expected or bucket.stored(f"{key}-2") is not None:
            wrong.append(f"{what}: what lies at the key is {bucket.stored(key)}")
    print(json.dumps({"posted": posted, "wrong": wrong}))


main()

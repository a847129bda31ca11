"""What the programs beside this one share: how user pools are called, over the bare wire."""

import http.client
import json
from urllib.parse import urlsplit

import botocore.loaders
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

TARGET = "AWSCognitoIdentityProviderService"

# Seconds; a server that takes longer has failed.
PATIENCE = 30


def model():
    """The service's API model, as botocore carries it."""
    return botocore.loaders.Loader().load_service_model("cognito-idp", "service-2")


def is_signed(operation):
    """Whether an operation is an administrator's, who signs it; apps do not sign theirs."""
    return operation.startswith("Admin") or operation == "ListUsers"


class Server:
    """A server that speaks Cognito's protocol, and the key that signs requests to it."""

    def __init__(self, endpoint, outputs):
        self.endpoint = endpoint.rstrip("/")
        self.region = outputs["Region"]
        self.key = Credentials(outputs["AccessKeyId"], outputs["SecretAccessKey"])
        self.connection = None

    def call(self, operation, request, signed):
        """Calls an operation: the status and the answer. A request that is no text becomes JSON."""
        body = request if isinstance(request, str) else json.dumps(request)
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"{TARGET}.{operation}",
            "Host": urlsplit(self.endpoint).netloc,
        }
        if signed:
            aws = AWSRequest("POST", f"{self.endpoint}/", headers=headers, data=body.encode())
            SigV4Auth(self.key, "cognito-idp", self.region).add_auth(aws)
            headers = dict(aws.headers)
        status, answer = self.exchange("POST", "/", body.encode(), headers)
        return status, json.loads(answer or "{}")

    def exchange(self, method, path, body, headers):
        """One request over a connection that is kept; opened again where the server closed it."""
        for _ in range(2):
            if self.connection is None:
                netloc = urlsplit(self.endpoint).netloc
                self.connection = http.client.HTTPConnection(netloc, timeout=PATIENCE)
            try:
                self.connection.request(method, path, body, headers)
                response = self.connection.getresponse()
                return response.status, response.read()
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                self.connection.close()
                self.connection = None
        raise ConnectionError(f"{self.endpoint} closes every connection")

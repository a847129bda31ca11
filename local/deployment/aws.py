"""Runs MiniStack as the local stack wants it: on a Unix socket, with keys that nobody can guess.

The gate (local/gate) stands before the socket. Four things are changed that MiniStack has no
settings for. The first and the last are looked for, so that a new version which has them elsewhere
does not start:

- the keys of functions' roles follow from the stack's secret, not from the functions' public names
  (local/guard makes the same of a key's id);
- Lambda's runtime interface, a port for each function, refuses what a web page can send;
- it sends an event at once, where it would wait 40 ms for the function to acknowledge the headers;
- SES's SendEmail, which local/cognito serves and asks about here, is authorised as AWS does: for the
  identity that it names, and with the address that it is from for `ses:FromAddress`.
"""

import argparse
import asyncio
import functools
import hashlib
import hmac
import http.server
import json
import logging
import os
import resource

from hypercorn.asyncio import serve
from hypercorn.config import Config

# Before anything of MiniStack takes the function that is replaced.
from ministack.core import lambda_runtime


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--socket", required=True, help="the Unix socket to listen on")
    socket = parser.parse_args().socket
    derive_role_keys(os.environ["AWS_SECRET_ACCESS_KEY"].encode())
    close_runtime_interface()
    send_events_at_once()
    authorise_senders()
    from ministack.app import LOG_LEVEL, app

    # A connection for each request: more than the usual limit allows in a busy second.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    config = Config()
    config.bind = [f"unix:{socket}"]
    config.umask = 0o177
    # Room for a burst of requests: a Unix socket refuses connections while its queue is full.
    config.backlog = 1024
    config.loglevel = LOG_LEVEL.upper()
    logging.getLogger("hypercorn.access").setLevel(logging.WARNING)
    asyncio.run(serve(app, config))


def derive_role_keys(secret):
    """Has the credentials of functions' roles made from the stack's secret."""

    def derived(what):
        return hmac.new(secret, what.encode(), hashlib.sha256).hexdigest()

    @functools.wraps(lambda_runtime.execution_credentials)
    def execution_credentials(config):
        from ministack.services import sts

        function, role = config["FunctionArn"], config.get("Role", "")
        account = function.split(":")[4]
        access_key = "ASIA" + derived(f"function:{function}:{role}")[:16].upper()
        credentials = {
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": derived(f"secret:{access_key}"),
            "AWS_SESSION_TOKEN": derived(f"token:{access_key}"),
        }
        role_name = role.rsplit("/", 1)[-1]
        session_name = config["FunctionName"][:64]
        sts.register_session(
            access_key,
            {
                "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{session_name}",
                "UserId": f"{role_name}:{session_name}",
                "SecretAccessKey": credentials["AWS_SECRET_ACCESS_KEY"],
                "SessionToken": credentials["AWS_SESSION_TOKEN"],
            },
        )
        return credentials

    lambda_runtime.execution_credentials = execution_credentials
    from ministack.services import lambda_svc

    if lambda_svc.execution_credentials is not execution_credentials:
        raise SystemExit("MiniStack makes the keys of roles elsewhere than it did")


def close_runtime_interface():
    """Refuses what is for another host, or marked by a browser, on every port that is opened."""
    original = http.server.BaseHTTPRequestHandler.parse_request

    def parse_request(self):
        if not original(self):
            return False
        host, port = self.server.server_address[:2]
        own = self.headers.get_all("Host", []) == [f"{host}:{port}"]
        if own and not any(name in self.headers for name in ("Origin", "Sec-Fetch-Site")):
            return True
        # What is left of the request must not be read as another.
        self.close_connection = True
        self.send_error(403)
        return False

    http.server.BaseHTTPRequestHandler.parse_request = parse_request


def send_events_at_once():
    """Sends headers and body, which are written one after the other, without a pause between."""
    http.server.BaseHTTPRequestHandler.disable_nagle_algorithm = True


def authorise_senders():
    """Has SendEmail authorised by identity and sender, where MiniStack knows neither of a request."""
    from ministack import app

    original = app._enforce_ses_v2

    @functools.wraps(original)
    def enforce(method, path, headers, body, query_params, request_id):
        if (method, path) != ("POST", "/v2/email/outbound-emails"):
            return original(method, path, headers, body, query_params, request_id)
        try:
            request = json.loads(body)
            identity, sender = request["FromEmailAddressIdentityArn"], request["FromEmailAddress"]
        except (ValueError, TypeError, KeyError):
            # Then it is for no identity in particular.
            return original(method, path, headers, body, query_params, request_id)
        return app._enforce_data_plane(
            "sesv2",
            "ses:SendEmail",
            headers,
            query_params,
            request_id,
            resource_arn=identity,
            service_context={"ses:FromAddress": sender},
            named_resource=identity,
        )

    app._enforce_ses_v2 = enforce


if __name__ == "__main__":
    main()

"""Holds the local user pool to the API model of Cognito, constraint by constraint.

    constraints.py OUTPUTS

From the model that botocore carries, requests are made for every operation that the pool serves:
for each member, at whatever depth, one that is missing, one of another type, ones beyond each bound
and ones at it. The pool must refuse the first kinds as Cognito does (InvalidParameterException
"1 validation error detected: …", SerializationException for another type), and the last for anything
but that. Nothing of the pool's own table of constraints is known here.

The last line on stdout is a JSON object: the operations, how many requests were sent, and what did
not go as the model has it.
"""

import copy
import json
import sys
from pathlib import Path

from pool import Server, is_signed, model

# Of each pattern: a text of any length that it takes (from the fewest characters that it can take),
# and texts that it does not take.
PATTERNS = {
    r"[\w-]+_[0-9a-zA-Z]+": (3, lambda n: "a" * (n - 2) + "_a", ["a", "_a", "a_", "a_a!", "a_ä"]),
    r"[\w-]+_[0-9a-f-]+": (3, lambda n: "a" * (n - 2) + "_0", ["a", "a_g", "a_0 "]),
    r"[\p{L}\p{M}\p{S}\p{N}\p{P}]+": (1, lambda n: "é" * n, ["a b", "a ", " a", "a\t", "a\u200b"]),
    r"[\p{L}\p{M}\p{S}\p{N}\p{P}\t\n\r ]+": (1, lambda n: "a" * (n - 1) + " ", ["a\u200b", "\x0b"]),
    r"[\w+]+": (1, lambda n: "_" * (n - 1) + "+", ["a-b", "a b", "ä"]),
    r"[\w+=/]+": (1, lambda n: "a" * n, ["a-b", "a b"]),
    r"[\S]+": (1, lambda n: "ä" * n, ["a b", "a\t", "\n"]),
    r"[A-Za-z0-9-_=.]+": (1, lambda n: "a" * n, ["a+b", "a b", "ä"]),
    # What the service itself says of passwords, in place of the model's pattern.
    r"^[\S]+.*[\S]+$": (2, lambda n: "a" + " " * (n - 2) + "a", ["a", " a", "a ", "a\nb", "\ta b"]),
}

# Where the service's own refusals quote another pattern than the model has: by the name of the
# shape, and where that has been seen.
OTHER_PATTERNS = {
    # "Value at 'password' failed to satisfy constraint: Member must satisfy regular expression
    # pattern: ^[\S]+.*[\S]+$": aws-amplify/amplify-js, cds-snc/platform-forms-client#5635.
    "PasswordType": r"^[\S]+.*[\S]+$",
}

# Characters of a text that has no bound of its own, where one must be long.
LONG = 3_000


class Shapes:
    """The model's shapes, and values of them; `known` are good ones by the names of shapes."""

    def __init__(self, shapes, known):
        self.shapes = shapes
        self.known = known

    def __getitem__(self, name):
        return self.shapes[name]

    def pattern(self, name):
        return OTHER_PATTERNS.get(name, self[name].get("pattern"))

    def text(self, name, length):
        """A text of a length that is otherwise good."""
        pattern = self.pattern(name)
        return PATTERNS[pattern][1](length) if pattern else "a" * length

    def fewest(self, name):
        """The fewest characters of a good text."""
        pattern = self.pattern(name)
        own = PATTERNS[pattern][0] if pattern else 0
        return max(self[name].get("min", 0), own)

    def good(self, name):
        """A value that is good, as small as can be."""
        if name in self.known:
            return self.known[name]
        shape = self[name]
        kind = shape["type"]
        if kind == "structure":
            return {member: self.good(shape["members"][member]["shape"])
                    for member in shape.get("required", [])}
        if kind == "string":
            return shape["enum"][0] if "enum" in shape else self.text(name, self.fewest(name))
        return {"list": [], "map": {}, "boolean": False, "integer": shape.get("min", 0)}[kind]

    def other_types(self, name):
        """Values of other types."""
        values = {"string": "a", "integer": 1, "boolean": True, "list": [], "map": {}}
        kind = self[name]["type"]
        kind = {"structure": "map"}.get(kind, kind)
        return [value for other, value in values.items() if other != kind]

    def broken(self, name):
        """Texts and numbers that break one constraint, and what the refusal says of it."""
        shape = self[name]
        if "enum" in shape:
            words = ", ".join(shape["enum"])
            for word in ["", "NO_SUCH", shape["enum"][0].lower()]:
                yield word, f"Member must satisfy enum value set: [{words}]"
            return
        if shape["type"] == "integer":
            low, high = shape["min"], shape["max"]
            yield low - 1, f"Member must have value greater than or equal to {low}"
            yield high + 1, f"Member must have value less than or equal to {high}"
            return
        if shape.get("min", 0) > 0:
            few = self.text(name, self.fewest(name))[: shape["min"] - 1]
            yield few, f"Member must have length greater than or equal to {shape['min']}"
        if "max" in shape:
            many = self.text(name, shape["max"] + 1)
            yield many, f"Member must have length less than or equal to {shape['max']}"
        if pattern := self.pattern(name):
            for bad in PATTERNS[pattern][2]:
                yield bad, f"Member must satisfy regular expression pattern: {pattern}"

    def at_the_bounds(self, name):
        """Texts and numbers that only just satisfy each constraint."""
        shape = self[name]
        if "enum" in shape:
            yield from shape["enum"]
        elif shape["type"] == "integer":
            yield from (shape["min"], shape["max"])
        elif shape["type"] == "string":
            yield self.text(name, self.fewest(name))
            yield self.text(name, shape.get("max", LONG))


class Case:
    """A request that must be refused, how, and the words of the refusal."""

    def __init__(self, request, code, words=()):
        self.request = request
        self.code = code
        self.words = words


class Allowed:
    """A request that must not be refused for its form, on account of the value at a path."""

    def __init__(self, request, path):
        self.request = request
        self.path = path


def changed(request, path, value):
    """A copy of a request with another value at a path; without it, for `...`."""
    request = copy.deepcopy(request)
    place = request
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return request


def camel(name):
    return name[0].lower() + name[1:]


def cases(shapes, base, name, path, place):
    """The cases of a value in a request, which is good as it is."""
    shape = shapes[name]
    for value in shapes.other_types(name):
        yield Case(changed(base, path, value), "SerializationException")
    kind = shape["type"]
    if kind in ("string", "integer"):
        for value, words in shapes.broken(name):
            shown = "" if shape.get("sensitive") else f"'{value}' "
            words = f"Value {shown}at '{place}' failed to satisfy constraint: {words}"
            yield Case(changed(base, path, value), "InvalidParameterException", [words])
        for value in shapes.at_the_bounds(name):
            yield Allowed(changed(base, path, value), path)
    elif kind == "structure":
        yield from members(shapes, base, name, path, place)
    elif kind == "list":
        element = shape["member"]["shape"]
        if shapes[element]["type"] == "structure":
            filled = changed(base, path, [shapes.good(element)])
            yield from cases(shapes, filled, element, [*path, 0], f"{place}.1.member")
        else:
            yield from elements(shapes, base, element, path, place, "Member", lambda v: [v])
    elif kind == "map":
        key, value = shape["key"]["shape"], shape["value"]["shape"]
        yield from elements(shapes, base, key, path, place, "Map keys", lambda v: {v: "a"})
        yield from elements(shapes, base, value, path, place, "Map value", lambda v: {"a": v})


def elements(shapes, base, name, path, place, what, filled):
    """The cases of texts in a list or a map, of which refusals say the list or the map."""
    for value, words in shapes.broken(name):
        said = f"at '{place}' failed to satisfy constraint: {what} must satisfy constraint: ["
        request = changed(base, path, filled(value))
        yield Case(request, "InvalidParameterException", [said, words])
    for value in shapes.at_the_bounds(name):
        yield Allowed(changed(base, path, filled(value)), path)
    if what != "Map keys":
        yield Case(changed(base, path, filled({})), "SerializationException")


def members(shapes, base, name, path=(), place=""):
    """The cases of a structure's members."""
    shape = shapes[name]
    for member, reference in shape["members"].items():
        at = [*path, member]
        called = f"{place}.{camel(member)}" if place else camel(member)
        filled = changed(base, at, shapes.good(reference["shape"]))
        if member in shape.get("required", []):
            words = [f"Value null at '{called}' failed", "Member must not be null"]
            for nothing in [..., None]:
                yield Case(changed(filled, at, nothing), "InvalidParameterException", words)
        yield from cases(shapes, filled, reference["shape"], at, called)


def together(good, allowed):
    """As few requests as have every value that is allowed: these go all the way through the pool,
    which takes long. What is wrong with one of them its refusal tells."""
    by_path = {}
    for one in allowed:
        by_path.setdefault(tuple(one.path), []).append(one)
    for turn in range(max(map(len, by_path.values()), default=0)):
        request = copy.deepcopy(good)
        for path, ones in by_path.items():
            place, source = request, ones[turn % len(ones)].request
            for step in path[:-1]:
                if isinstance(place, dict) and place.get(step) in (None, [], {}):
                    place[step] = copy.deepcopy(source[step])
                place, source = place[step], source[step]
            place[path[-1]] = source[path[-1]]
        yield request


def taken(status, answer):
    """What is wrong with the answer to a request that is good; `None` if nothing is."""
    code, message = answer.get("__type"), answer.get("message", "")
    if code == "SerializationException" or "validation error" in message:
        return f"is refused for its form: {code}: {message[:300]}"
    return None if status in (200, 400) else f"gets {status}"


def verdict(case, status, answer):
    """What is wrong with the answer to a request that is not; `None` if nothing is."""
    code, message = answer.get("__type"), answer.get("message", "")
    if status != 400 or code != case.code:
        return f"expected {case.code}, got {status} {code}: {message[:300]}"
    missing = [words for words in case.words if words not in message]
    return f"{missing} is not in: {message[:300]}" if missing else None


def shortened(request):
    text = json.dumps(request, ensure_ascii=False)
    return text if len(text) < 300 else f"{text[:140]} … {text[-140:]}"


def main():
    outputs = json.loads(Path(sys.argv[1]).read_text())
    server = Server(outputs["CognitoEndpoint"], outputs)

    def call(operation, request):
        return server.call(operation, request, is_signed(operation))

    api = model()
    # Those of the stack, since the pool looks long for a client that it does not know. Nobody there
    # has a name or a token as the requests have them.
    known = {"UserPoolIdType": outputs["UserPoolId"], "ClientIdType": outputs["UserPoolClientId"]}
    shapes = Shapes(api["shapes"], known)
    operations, sent, wrong = [], 0, []
    for operation, described in api["operations"].items():
        _, answer = call(operation, "")
        if answer.get("__type") == "UnknownOperationException":
            continue
        operations.append(operation)
        name = described["input"]["shape"]
        good = shapes.good(name)
        allowed = []
        for case in members(shapes, good, name):
            if isinstance(case, Allowed):
                allowed.append(case)
                continue
            sent += 1
            status, answer = call(operation, case.request)
            if complaint := verdict(case, status, answer):
                wrong.append(f"{operation} {shortened(case.request)}: {complaint}")
        optional = set(shapes[name]["members"]) - set(shapes[name].get("required", []))
        nulls = {**good, **dict.fromkeys(optional)}
        for request in [good, nulls, *together(good, allowed)]:
            sent += 1
            status, answer = call(operation, request)
            if complaint := taken(status, answer):
                wrong.append(f"{operation} {shortened(request)}: {complaint}")
        for request in ["[]", "\"text\"", "1", "null"]:
            sent += 1
            status, answer = call(operation, request)
            if complaint := verdict(Case(request, "SerializationException"), status, answer):
                wrong.append(f"{operation} {request}: {complaint}")
    print(json.dumps({"operations": operations, "sent": sent, "wrong": wrong}))


if __name__ == "__main__":
    main()

"""Expands template.yaml as CloudFormation's SAM transform does, for tools that check resources."""

import json
import sys

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """The template names none of AWS's own policies."""

    def load(self):
        return {}


def main():
    source, target = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        template = yaml_parse(file.read())
    # Where the code lies is known only when it is uploaded.
    template["Globals"]["Function"]["CodeUri"] = {"Bucket": "artifacts", "Key": "bootstrap.zip"}
    expansion = transform(template, {}, NoManagedPolicies())
    with open(target, "w", encoding="utf-8") as file:
        json.dump(expansion, file, indent=2)


if __name__ == "__main__":
    main()

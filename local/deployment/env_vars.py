"""Checks that `sam local invoke --env-vars` passes certain variables to every function.

The SAM CLI passes no variable that the template does not name for a function, and says nothing
about it. What it would pass is asked of its own code, since the rest of it needs a container
runtime.

    env_vars.py TEMPLATE VARIABLE...
"""

import sys

from samcli.commands.local.lib.local_lambda import LocalLambdaRunner
from samcli.lib.providers.sam_function_provider import SamFunctionProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider


def main(template, *names):
    stacks, _ = SamLocalStackProvider.get_stacks(template)
    provider = SamFunctionProvider(stacks, ignore_code_extraction_warnings=True)
    functions = list(provider.get_all())
    wanted = {name: f"http://127.0.0.1/{name}" for name in names}
    runner = LocalLambdaRunner(
        None, provider, ".", ".", env_vars_values={f.name: wanted for f in functions}
    )
    missing = []
    for function in functions:
        passed = runner._make_env_vars(function).resolve()
        missing += [f"{function.name}: {n}" for n in names if passed.get(n) != wanted[n]]
    if missing or not functions or not names:
        sys.exit(f"sam local passes not all of {names} to {len(functions)} functions: {missing}")


if __name__ == "__main__":
    main(*sys.argv[1:])

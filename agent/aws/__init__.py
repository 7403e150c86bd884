"""On AWS: places in S3, a store in DynamoDB, and the Lambda functions (``agent.aws.handler`` codes one encounter)."""

from typing import Any

FUNCTIONS = {
    "handler": "agent.aws.functions",
    "fetch": "agent.aws.functions",
    "submit": "agent.aws.functions",
    "notify": "agent.aws.functions",
    "member": "agent.aws.members",
    "reserve": "agent.aws.members",
    "review": "agent.aws.deciding",
    "decide": "agent.aws.deciding",
}


def __getattr__(name: str) -> Any:
    """The functions are loaded when they are first asked for: Lambda asks for one, the command line for none."""
    if name not in FUNCTIONS:
        raise AttributeError(f"module 'agent.aws' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(FUNCTIONS[name]), name)

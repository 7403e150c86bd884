"""On AWS: places in S3, a store in DynamoDB, and the Lambda functions (``agent.aws.handler`` codes one encounter)."""

from typing import Any

FUNCTIONS = ("handler", "fetch", "member", "review", "decide", "submit", "notify", "reserve")


def __getattr__(name: str) -> Any:
    """The functions are loaded when they are first asked for: Lambda asks for one, the command line for none."""
    if name not in FUNCTIONS:
        raise AttributeError(f"module 'agent.aws' has no attribute {name!r}")
    from agent.aws import functions

    return getattr(functions, name)

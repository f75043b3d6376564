#!/usr/bin/env python3
"""An interpreter of one's own: greets whom the command names.

courier-runner starts it once per attempt, writes one JSON document to its standard input and reads one from its
standard output. Exit code 0 is success, everything else failure, with the answer's "error" as the reason.
"""

import json
import sys

VERSION = "1.2.0"


def greet(invocation):
    name = invocation["command"].get("greet", "")
    if not name:
        raise ValueError('the command needs "greet", a name')
    greeting = invocation["inputs"].get("greeting", "Hello")
    return f"{greeting}, {name}!"


def main():
    invocation = json.load(sys.stdin)
    answer = {"command": invocation["command"], "runContext": {"version": VERSION}}
    try:
        text = greet(invocation)
    except ValueError as problem:
        answer |= {"output": {"rawInterpreterOutput": ""}, "error": str(problem), "status": "failure"}
        code = 1
    else:
        answer |= {"output": {"greeting": text, "rawInterpreterOutput": text}, "error": "", "status": "success"}
        code = 0
    json.dump(answer, sys.stdout)
    return code


if __name__ == "__main__":
    sys.exit(main())

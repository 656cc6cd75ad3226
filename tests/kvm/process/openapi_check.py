#!/usr/bin/python3
"""openapi_check.py SOCKET: holds the server behind a VM's control socket to its own description.

Every path and method of GET /v1/openapi.yaml is asked; the status must be a described one, and a JSON body
must fit its schema. What is not described must be refused. The VM has ended afterwards.
"""
import http.client
import json
import socket
import sys

import jsonschema
import yaml

complaints = []
# Asked at the end, by name: they are the guest's end, or may be.
LATER = ("/v1/nmi", "/v1/stop", "/v1/wait")


class Connection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self.path)


def ask(method, target, body=None, headers=None):
    connection = Connection(sys.argv[1])
    connection.request(method, target, body, headers or {})
    answer = connection.getresponse()
    # A stream of events does not end: its first line is enough.
    is_stream = answer.getheader("Content-Type", "").startswith("application/x-ndjson")
    text = b"" if answer.status == 101 else answer.readline() if is_stream else answer.read()
    connection.close()
    return answer, text


def plain(schema):
    """OpenAPI 3.0's `nullable` in JSON Schema's words."""
    if isinstance(schema, list):
        return [plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: plain(value) for key, value in schema.items()}
    if out.pop("nullable", False):
        out["type"] = [out["type"], "null"]
    return out


def resolve(document, node):
    while "$ref" in node:
        found = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def check(document, method, path, operation, body=None, target=None):
    name = f"{method.upper()} {target or path}"
    answer, text = ask(method.upper(), target or path, body)
    responses = operation["responses"]
    if str(answer.status) not in responses:
        return complaints.append(f"{name}: status {answer.status} is not described: {text!r}")
    described = resolve(document, responses[str(answer.status)]).get("content", {})
    kind = answer.getheader("Content-Type", "").split(";")[0]
    if kind not in described:
        return complaints.append(f"{name}: type {kind!r} is not described")
    if "json" in kind:
        schema = {**described[kind]["schema"], "components": document["components"]}
        validator = jsonschema.Draft7Validator(plain(schema))
        for error in validator.iter_errors(json.loads(text)):
            complaints.append(f"{name}: {'/'.join(map(str, error.path))}: {error.message}")
    print(f"{name}: {answer.status}")


def main():
    document = yaml.safe_load(ask("GET", "/v1/openapi.yaml")[1])
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            if path in LATER:
                continue
            check(document, method, path, operation, target=path.replace("{name}", "no-such"))
        unused = next(each for each in ("DELETE", "PUT") if each.lower() not in item)
        answer, _ = ask(unused, path.replace("{name}", "x"))
        if answer.status != 405 or not answer.getheader("Allow"):
            complaints.append(f"{unused} {path}: {answer.status}, not 405 with Allow")
    # A paused guest gets it when it runs on, which it does not.
    check(document, "post", "/v1/pause", document["paths"]["/v1/pause"]["post"])
    check(document, "post", "/v1/nmi", document["paths"]["/v1/nmi"]["post"])
    stop = document["paths"]["/v1/stop"]["post"]
    for body in ('{"force": "yes"}', "{", "[]", '{"faster": true}', '{"timeout": -1}'):
        answer, text = ask("POST", "/v1/stop", body)
        if answer.status != 400 or not json.loads(text).get("field"):
            complaints.append(f"POST /v1/stop {body}: {answer.status} {text!r}")
        check(document, "post", "/v1/stop", stop, body)
    if ask("GET", "/v1/nothing")[0].status != 404:
        complaints.append("GET /v1/nothing is not 404")
    # The end, with somebody who waits for it.
    waiting = Connection(sys.argv[1])
    waiting.request("GET", "/v1/wait")
    check(document, "post", "/v1/stop", stop, '{"force": true}')
    ended = json.loads(waiting.getresponse().read())
    schema = {"$ref": "#/components/schemas/Vm", "components": document["components"]}
    jsonschema.validate(ended, plain(schema), jsonschema.Draft7Validator)
    if ended["state"] != "ended" or ended["exit_status"] != 143:
        complaints.append(f"GET /v1/wait: {ended}")
    print("\n".join(complaints))
    return 1 if complaints else 0


sys.exit(main())

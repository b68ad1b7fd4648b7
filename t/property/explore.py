"""Every operation of openapi.yaml, with as many made-up calls as are asked for.

    explore.py openapi.yaml --cases 500 --workers 2 --seed 1 URL...

Schemathesis makes the calls, good ones and bad ones, and holds each answer
against the document.  An operation is called by nobody, and, where a token
counts, by somebody who is signed in.  What is made up alone would meet nobody
but 404: half of the calls name an article, a comment or a user there is.

Prints a line of JSON for each operation and caller as it is done:

    {"operation": "GET /api/tags", "caller": "anybody", "cases": 500,
     "statuses": {"200": 500}, "failures": []}
"""

import argparse
import json
import multiprocessing
import sys
import traceback
from collections import Counter
from urllib.parse import parse_qsl, urlsplit

import hypothesis
import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from world import World

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]

# Who sends bad input without a token may be told of the token first.
REJECTED = ["400", "401", "403", "404", "413", "414", "415", "422"]

# More than one kind of failure is shown, but not each of hundreds.
FAILURES = 5

MEMBERS = (
    "username", "email", "password", "bio", "image",
    "title", "description", "body", "tagList",
)

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
FIELDS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=80).map(str.strip)

# Headers that any call may have.
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "X-Request-Id": FIELDS,
        "traceparent": st.one_of(st.just(TRACE), FIELDS),
        "Accept": st.one_of(st.sampled_from(["application/json", "text/html", "*/*;q=0"]), FIELDS),
        "If-None-Match": st.one_of(st.sampled_from(["*", '"1"', 'W/"1", "2"']), FIELDS),
        "If-Match": st.one_of(st.sampled_from(["*", '"1"', 'W/"1", "2"']), FIELDS),
        "If-Modified-Since": st.just("Sat, 21 Nov 2026 00:00:00 GMT"),
        "If-Unmodified-Since": st.just("Sat, 21 Nov 2020 00:00:00 GMT"),
        "Range": st.sampled_from(["bytes=0-9", "bytes=5-2,-1", "x"]),
        "Expect": st.just("100-continue"),
    },
)

# Bodies that are not what they say.
BODIES = st.one_of(
    st.binary(min_size=1, max_size=200),
    st.sampled_from([b"{", b"[]", b"null", b'{"user":1}', b'{"article":{"title":"a\\u0000"}}']),
)


@st.composite
def calls(draw, operation, mode):
    """A case, the headers besides, a body in place of its own or None, and
    whether it shall meet what there is: then that of the body's members which
    stays as it was made up."""
    case = draw(operation.as_strategy(generation_mode=mode))
    headers = draw(HEADERS)
    body = None
    if operation.body.items and draw(st.integers(0, 15)) == 7:
        body = draw(BODIES)
    return case, headers, body, draw(st.none() | st.integers(0, 5))


def can_be_wrong(operation):
    """Does it have something that a bad value can be put in place of?"""
    parameters = (*operation.query.items, *operation.headers.items, *operation.path_parameters.items)
    return bool(operation.body.items or parameters)


class Explorer:
    """One operation, called by one kind of caller."""

    def __init__(self, operation, signed, world):
        self.operation = operation
        self.secured = "security" in operation.definition.raw
        self.signed = signed
        self.world = world
        self.statuses = Counter()
        self.failures = {}

    def run(self, cases, seed):
        bad = cases // 2 if can_be_wrong(self.operation) else 0
        self.run_mode(GenerationMode.POSITIVE, cases - bad, seed)
        if bad:
            try:
                self.run_mode(GenerationMode.NEGATIVE, bad, seed)
            except hypothesis.errors.Unsatisfiable:
                # Whatever is put in place of any text is one.
                self.run_mode(GenerationMode.POSITIVE, bad, seed + 1)

    def run_mode(self, mode, cases, seed):
        settings = hypothesis.settings(
            max_examples=cases,
            deadline=None,
            database=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        strategy = calls(self.operation, mode)
        hypothesis.seed(seed)(settings(hypothesis.given(strategy)(self.call)))()

    def call(self, call):
        case, headers, body, kept = call
        if kept is not None:
            self.meet(case, kept)
        if self.signed:
            headers = {**headers, "Authorization": self.world.authorization()}
        options = {"headers": headers, "session": self.world.session, "allow_redirects": False}
        if body is not None:
            options |= {"data": body, "json": None}
        response = case.call(**options)
        self.statuses[response.status_code] += 1
        self.check(case, response, body)
        self.world.changed(self.operation.label, response)

    def meet(self, case, kept):
        """Names what there is, where the case does not want to be wrong."""
        meta = case.meta
        if case.path_parameters and not meta.is_negative_at(ParameterLocation.PATH):
            case.path_parameters = {
                name: self.world.known(name) for name in case.path_parameters
            }
        if "cursor" in case.query and not meta.is_negative_at(ParameterLocation.QUERY):
            case.query = {**case.query, "cursor": self.world.cursor()}
        if self.operation.body.items and not meta.is_negative_at(ParameterLocation.BODY):
            case.body = {
                name: self.mend(value, kept) if isinstance(value, dict) else value
                for name, value in case.body.items()
            }

    def mend(self, members, kept):
        """All members but one as good as can be."""
        known = [name for name in members if name in MEMBERS]
        return members | {
            name: self.world.good(self.operation.label, name)
            for number, name in enumerate(known)
            if number != kept
        }

    def check(self, case, response, body):
        # A body of bytes is neither good nor bad data of the document's, and an
        # empty value in a query string is as good as none.
        query = parse_qsl(urlsplit(response.request.url).query, keep_blank_values=True)
        unfit = body is not None or any(not value for _, value in query)
        skipped = [negative_data_rejection] if unfit else []
        try:
            case.validate_response(response, checks=CHECKS, excluded_checks=skipped)
        except FailureGroup as group:
            for failure in group.exceptions:
                self.fail(failure.title, f"{failure.message}\n{describe(response)}")
        except Failure as failure:
            self.fail(failure.title, f"{failure.message}\n{describe(response)}")
        if response.status_code == 401 and self.signed and "token" in response.json()["errors"]:
            self.fail("a good token is refused", describe(response))
        if not self.signed and self.secured and response.status_code < 400:
            self.fail("served without a token", describe(response))

    def fail(self, title, text):
        """The shortest of each kind is the one to look at."""
        if title not in self.failures or len(text) < len(self.failures[title]):
            self.failures[title] = text


def describe(response):
    """What was sent and what came back, as curl's -v would show it."""
    sent = response.request
    lines = [f"> {sent.method} {sent.url[:600]}"]
    lines += [
        f"> {name}: {str(value)[:200]}"
        for name, value in sent.headers.items()
        if name not in ("Authorization", "User-Agent", "Connection")
    ]
    if sent.body:
        lines.append(f"> {sent.body[:600]!r}")
    lines.append(f"< {response.status_code}")
    lines += [f"< {name}: {value}" for name, value in response.headers.items()]
    lines.append(f"< {response.text[:600]}")
    return "\n".join(lines)


def load(path, url):
    schema = schemathesis.openapi.from_path(path)
    schema.config.update(base_url=url)
    schema.config.generation.with_security_parameters = False
    # A NUL in any text is 400, which no schema can say: BODIES has one.
    schema.config.generation.allow_x00 = False
    schema.config.checks.negative_data_rejection.expected_statuses = REJECTED
    return schema


def operations(schema):
    return [result.ok() for result in schema.get_all_operations()]


def begin(options):
    """In each worker: the document, and a world at a node of its own."""
    global OPERATIONS, OPTIONS
    number = multiprocessing.current_process()._identity[0]
    url = options.urls[number % len(options.urls)]
    OPERATIONS = {o.label: o for o in operations(load(options.document, url))}
    OPTIONS = options


def explore(job):
    number, label, signed = job
    operation = OPERATIONS[label]
    explorer = Explorer(operation, signed, World(operation.schema.config.base_url))
    try:
        explorer.run(OPTIONS.cases, OPTIONS.seed + 2 * number + signed)
    except Exception:
        explorer.fail("the calls came to an end", traceback.format_exc())
    return {
        "operation": label,
        "caller": "somebody" if signed else "anybody",
        "cases": sum(explorer.statuses.values()),
        "statuses": dict(sorted(explorer.statuses.items())),
        "failures": [
            {"title": title, "text": text}
            for title, text in list(explorer.failures.items())[:FAILURES]
        ],
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("document")
    parser.add_argument("urls", nargs="+")
    parser.add_argument("--cases", type=int, default=500)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="operations that have this in them")
    options = parser.parse_args()

    labels = [o.label for o in operations(load(options.document, options.urls[0]))]
    jobs = [
        (number, label, signed)
        for number, label in enumerate(labels)
        for signed in ((False, True) if "/api/" in label else (False,))
        if options.only in label
    ]
    with multiprocessing.Pool(options.workers, begin, (options,)) as pool:
        for result in pool.imap_unordered(explore, jobs):
            print(json.dumps(result), flush=True)


if __name__ == "__main__":
    sys.exit(main())

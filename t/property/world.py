"""A user with an article and a comment, so that made-up calls meet something."""

import random
import string

import requests

PASSWORD = "correct horse battery"

GOOD = {
    "password": PASSWORD,
    "bio": "I write.",
    "image": "https://example.com/a.png",
    "title": "Hello",
    "description": "First words",
    "body": "**Hello**, world",
    "tagList": ["hello", "world"],
}

# What ends a session: the next call needs another account, or another token.
ENDS = (
    "POST /api/users/logout",
    "DELETE /api/sessions",
    "DELETE /api/sessions/{session}",
    "PUT /api/user",
    "DELETE /api/user",
)

LOGINS = ("POST /api/users/login", "POST /api/sessions")


def unique():
    return "".join(random.SystemRandom().choices(string.ascii_lowercase, k=14))


class World:
    def __init__(self, url):
        self.url = url
        self.session = requests.Session()
        self.user = self.other = self.article = self.comment = self.point = None
        self.tokens = None

    def authorization(self):
        return f"Token {self.somebody()['token']}"

    def known(self, name):
        """A path parameter's value that names something."""
        if name == "username":
            return self.another()["username"]
        if name == "slug":
            return self.some_article()["slug"]
        if name == "session":
            return self.some_tokens()["session"]
        if name == "id":
            return self.some_comment()["id"]
        raise ValueError(f"no {name} is known")

    def somebody(self):
        if self.user is None:
            self.user = self.register()
        return self.user

    def another(self):
        if self.other is None:
            self.other = self.register()
        return self.other

    def register(self):
        name = unique()
        user = {"username": name, "email": f"{name}@example.com", "password": PASSWORD}
        return self.post("/api/users", {"user": user}, "user")

    def some_tokens(self):
        if self.tokens is None:
            login = {"email": self.somebody()["email"], "password": PASSWORD}
            reply = self.session.post(self.url + "/api/sessions", json={"session": login})
            assert reply.status_code == 201, f"/api/sessions: {reply.status_code} {reply.text}"
            self.tokens = reply.json()
        return self.tokens

    def some_article(self):
        if self.article is None:
            self.article = self.post(
                "/api/articles",
                {"article": {"title": unique(), "description": "x", "body": "x", "tagList": ["x"]}},
                "article",
            )
        return self.article

    def some_comment(self):
        if self.comment is None:
            slug = self.some_article()["slug"]
            self.comment = self.post(
                f"/api/articles/{slug}/comments", {"comment": {"body": "x"}}, "comment"
            )
        return self.comment

    def cursor(self):
        """Where the second of two articles begins a page."""
        if self.point is None:
            name = self.somebody()["username"]
            self.article = None
            self.some_article()
            self.article = None
            self.some_article()
            reply = self.session.get(
                f"{self.url}/api/articles", params={"author": name, "limit": 1}
            )
            self.point = reply.headers["Link"].partition("cursor=")[2].partition(">")[0]
        return self.point

    def good(self, operation, member):
        """A member of a body that is taken whatever the others are."""
        if operation in LOGINS and member == "email":
            return self.somebody()["email"]
        if member == "transport":
            return "body"
        if member == "refresh_token":
            return self.some_tokens()["refresh_token"]
        if member == "username":
            return unique()
        if member == "email":
            return f"{unique()}@example.com"
        return GOOD[member]

    def post(self, path, body, member):
        headers = {"Authorization": self.authorization()} if path != "/api/users" else {}
        reply = self.session.post(self.url + path, json=body, headers=headers)
        assert reply.status_code == 201, f"{path}: {reply.status_code} {reply.text}"
        return reply.json()[member]

    def changed(self, operation, response):
        """What is gone or has another name now is made anew when it is needed."""
        if response.status_code not in (200, 204):
            return
        if operation in ENDS:
            self.user = self.article = self.comment = self.point = self.tokens = None
        elif operation == "POST /api/sessions/refresh":
            self.tokens = None
        elif operation == "DELETE /api/articles/{slug}":
            self.article = self.comment = None
        elif operation == "PUT /api/articles/{slug}":
            self.article = self.comment = None
        elif operation == "DELETE /api/articles/{slug}/comments/{id}":
            self.comment = None

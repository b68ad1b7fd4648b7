"""Users as they are: readers, signed-in readers, writers, and people who log
in.  Every answer is held against what this user has done so far.

How many of each follows from weights, settings of the environment:

    DEVTALK_READERS   60    read the front page, articles and their comments
    DEVTALK_SIGNED    25    the same, signed in, with a feed; they like and
                            follow
    DEVTALK_WRITERS   10    publish, edit, comment
    DEVTALK_LOGINS    5     come only to log in

It needs the people that the bench fills in (data.py): "./devtalk locust".
"""

import itertools
import math
import os
import random
import time
import uuid

from locust import HttpUser, between, task

from bench import data

ARTICLES = int(os.environ.get('DEVTALK_ARTICLES', '10000'))
TAG = 'devtalk'
RENEW = 600              # seconds; a token lives 900

# Each simulated person is somebody else, so that nobody's favorites change
# behind his back.
people = itertools.count(1)


def weight(kind: str, default: int) -> int:
    return int(os.environ.get(f'DEVTALK_{kind}', default))


class Person(HttpUser):

    abstract = True
    wait_time = between(0.1, 1)

    def on_start(self) -> None:
        self.number = 1 + (next(people) - 1) % data.USERS
        self.headers: dict[str, str] = {}
        self.renew_at = math.inf

    def ask(self, method: str, path: str, name: str, status: int = 200,
            right=None, body=None):
        """The answer's JSON; None if it is not what it has to be."""
        if time.monotonic() > self.renew_at:
            self.renew_at = math.inf
            self.log_in()
        with self.client.request(method, path, name=f'{method} {name}',
                                 headers=self.headers, json=body,
                                 catch_response=True) as reply:
            if reply.status_code != status:
                reply.failure(f'{reply.status_code} instead of {status}: '
                              + reply.text[:200])
                return None
            try:
                answer = reply.json() if reply.content else {}
            except ValueError:
                reply.failure('no JSON')
                return None
            wrong = right(answer) if right else None
            if wrong:
                reply.failure(wrong)
                return None
            return answer

    def log_in(self) -> None:
        answer = self.ask(
            'POST', '/api/users/login', '/api/users/login',
            body={'user': {'email': data.email(self.number),
                           'password': data.PASSWORD}},
            right=lambda reply: unlike(reply['user'], {
                'username': data.username(self.number),
                'email': data.email(self.number)}))
        if answer:
            self.headers = {'Authorization':
                            'Token ' + answer['user']['token']}
            self.renew_at = time.monotonic() + RENEW


def unlike(found: dict, wanted: dict) -> str | None:
    """What differs, as a sentence."""
    for name, value in wanted.items():
        if found.get(name) != value:
            return f'{name} is {found.get(name)!r}, not {value!r}'
    return None


def well_known() -> int:
    """An article: few are read often, all now and then."""
    return 1 + int(ARTICLES * random.random() ** 3)


class Reader(Person):

    weight = weight('READERS', 60)

    @task(5)
    def front(self) -> None:
        self.ask('GET', '/api/articles?limit=20', '/api/articles',
                 right=self.page)

    @task(10)
    def article(self) -> None:
        n = well_known()
        self.ask('GET', f'/api/articles/{data.slug(n)}',
                 '/api/articles/{slug}', right=lambda reply: self.of(reply, n))

    @task(3)
    def comments(self) -> None:
        self.ask('GET', f'/api/articles/{data.slug(well_known())}/comments',
                 '/api/articles/{slug}/comments',
                 right=lambda reply: None if len(reply['comments'])
                 >= data.COMMENTS else 'comments are missing')

    @task(2)
    def by_tag(self) -> None:
        self.ask('GET', f'/api/articles?limit=20&tag={TAG}',
                 '/api/articles?tag=', right=self.page)

    @task(1)
    def tags(self) -> None:
        self.ask('GET', '/api/tags', '/api/tags',
                 right=lambda reply: None if TAG in reply['tags']
                 else f'no {TAG}')

    def page(self, reply: dict) -> str | None:
        if len(reply['articles']) != 20:
            return f'{len(reply["articles"])} articles'
        if reply['articlesCount'] < ARTICLES:
            return f'articlesCount is {reply["articlesCount"]}'
        dates = [one['createdAt'] for one in reply['articles']]
        return None if dates == sorted(dates, reverse=True) else 'order'

    def of(self, reply: dict, n: int) -> str | None:
        article = reply['article']
        return unlike(article, {'slug': data.slug(n),
                                'favorited': self.likes(n)}) \
            or unlike(article['author'], {
                'username': data.username(data.author(n)),
                'following': self.follows(data.author(n))})

    def likes(self, n: int) -> bool:
        return False

    def follows(self, other: int) -> bool:
        return False


class SignedReader(Reader):

    weight = weight('SIGNED', 25)

    def on_start(self) -> None:
        super().on_start()
        self.liked: dict[int, bool] = {}      # what he has changed
        self.followed: dict[int, bool] = {}
        self.log_in()

    def likes(self, n: int) -> bool:
        return self.liked.get(n, data.favorited(self.number, n))

    def follows(self, other: int) -> bool:
        return self.followed.get(other, data.following(self.number, other))

    @task(3)
    def feed(self) -> None:
        self.ask('GET', '/api/articles/feed', '/api/articles/feed',
                 right=lambda reply: None if all(
                     one['author']['following'] for one in reply['articles'])
                 else 'somebody in the feed is not followed')

    @task(2)
    def favorite(self) -> None:
        n = well_known()
        like = not self.likes(n)
        if self.ask('POST' if like else 'DELETE',
                    f'/api/articles/{data.slug(n)}/favorite',
                    '/api/articles/{slug}/favorite',
                    right=lambda reply: unlike(reply['article'],
                                               {'favorited': like})):
            self.liked[n] = like

    @task(1)
    def follow(self) -> None:
        other = 1 + random.randrange(data.USERS)
        if other == self.number:
            return
        follow = not self.follows(other)
        if self.ask('POST' if follow else 'DELETE',
                    f'/api/profiles/{data.username(other)}/follow',
                    '/api/profiles/{username}/follow',
                    right=lambda reply: unlike(reply['profile'],
                                               {'following': follow})):
            self.followed[other] = follow


class Writer(Person):

    weight = weight('WRITERS', 10)

    def on_start(self) -> None:
        super().on_start()
        self.log_in()
        self.mine: list[str] = []

    @task(5)
    def comment(self) -> None:
        said = f'Well said ({uuid.uuid4()})'
        slug = data.slug(well_known())
        if self.ask('POST', f'/api/articles/{slug}/comments',
                    '/api/articles/{slug}/comments', 201,
                    right=lambda reply: unlike(reply['comment'],
                                               {'body': said}),
                    body={'comment': {'body': said}}):
            self.ask('GET', f'/api/articles/{slug}/comments',
                     '/api/articles/{slug}/comments',
                     right=lambda reply: None if said in (
                         one['body'] for one in reply['comments'])
                     else 'his own comment is not there')

    @task(2)
    def publish(self) -> None:
        title = f'News of the day {uuid.uuid4()}'
        answer = self.ask(
            'POST', '/api/articles', '/api/articles', 201,
            right=lambda reply: unlike(reply['article'], {'title': title}),
            body={'article': {'title': title, 'description': 'What happened',
                              'body': 'Nothing much. ' * 100,
                              'tagList': [TAG, 'news']}})
        if answer:
            self.mine.append(answer['article']['slug'])

    @task(2)
    def edit(self) -> None:
        if not self.mine:
            return
        slug = random.choice(self.mine)
        body = f'On second thought: {uuid.uuid4()}'
        path = f'/api/articles/{slug}'
        if self.ask('PUT', path, '/api/articles/{slug}',
                    body={'article': {'body': body}},
                    right=lambda reply: unlike(reply['article'],
                                               {'body': body})):
            self.ask('GET', path, '/api/articles/{slug}',
                     right=lambda reply: unlike(reply['article'],
                                                {'body': body}))


class Visitor(Person):

    weight = weight('LOGINS', 5)
    wait_time = between(1, 5)

    @task
    def login(self) -> None:
        self.headers = {}
        self.log_in()
        self.ask('GET', '/api/user', '/api/user',
                 right=lambda reply: unlike(reply['user'], {
                     'username': data.username(self.number)}))

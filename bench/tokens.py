"""Tokens of sessions that are there, signed with the stack's own key: as many
logins would take minutes of Argon2id."""

import glob
import os
import re
import time
import uuid

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from psycopg2.extras import execute_values

from bench import data
from bench.stack import Stack

LIFETIME = 890            # seconds; the service takes 900


def make(stack: Stack, conf: str, count: int) -> list[tuple[int, str]]:
    """(user, token), each of a session of its own."""
    name = sorted(glob.glob(os.path.join(stack.home, 'secrets/jwt/*.pem')))[-1]
    with open(name, 'rb') as file:
        key = load_pem_private_key(file.read(), None)
    kid = os.path.basename(name).removesuffix('.pem')
    issuer, audience = re.search(
        r'devtalk_jwt\s+issuer=(\S+)\s+audience=(\S+)', conf).groups()
    now = int(time.time())
    expires = now + LIFETIME
    sessions = [(str(uuid.uuid4()), 1 + i % data.USERS) for i in range(count)]
    with stack.db.cursor() as cursor:
        execute_values(
            cursor, 'INSERT INTO auth.sessions (id, user_id, expires_at)'
            ' VALUES %s', [(sid, user, expires) for sid, user in sessions],
            template='(%s, %s, to_timestamp(%s))', page_size=1000)
    return [(user, jwt.encode(
        {'iss': issuer, 'aud': audience, 'sub': str(user), 'sid': sid,
         'username': data.username(user), 'role': 'reader', 'iat': now,
         'exp': expires, 'jti': uuid.uuid4().hex[:22]},
        key, 'ES256', headers={'kid': kid, 'typ': 'at+jwt'}))
        for sid, user in sessions]

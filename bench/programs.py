"""The bench's own programs in C, and the null service."""

import os
import subprocess

from bench.failure import Failure
from bench.stack import Stack

FOLDER = os.path.dirname(os.path.abspath(__file__))


def build(stack: Stack, name: str, *libraries: str) -> str:
    """The program's path."""
    out = os.path.join(stack.build, 'bench', name)
    os.makedirs(os.path.dirname(out), exist_ok=True)
    compile_('-O2', '-W', '-Wall', '-Wextra', '-Werror', '-o', out,
             f'{FOLDER}/{name}.c', *libraries)
    return out


def build_null(stack: Stack) -> str:
    """Against the tree in which the modules were built."""
    out = os.path.join(stack.build, 'bench', 'ngx_devtalk_null_module.so')
    os.makedirs(os.path.dirname(out), exist_ok=True)
    tree = os.path.join(stack.made, 'nginx')
    parts = ('src/core', 'src/event', 'src/event/modules', 'src/os/unix',
             'src/http', 'src/http/modules', 'src/http/v2', 'objs',
             'objs/devtalk')
    compile_('-O2', '-g', '-fPIC', '-shared', '-o', out, f'{FOLDER}/null.c',
             '-I/usr/include/postgresql',
             f'-I{stack.root}/ngx_devtalk_core',
             *(f'-I{tree}/{part}' for part in parts))
    return out


def compile_(*words: str) -> None:
    said = subprocess.run(['cc', *words], capture_output=True, text=True)
    if said.returncode:
        raise Failure(f'cc {" ".join(words)}: {said.stderr[:2000]}')

"""From the commit of a write to a consumer of its event."""

import time
from datetime import datetime

from confluent_kafka import OFFSET_END, Consumer, TopicPartition

from bench.failure import Failure
from bench.ground import Ground

RATE = 1000              # writes a second
PARTITIONS = 6


def delays(ground: Ground, targets: str, port: int,
           seconds: int) -> dict[str, float]:
    """Milliseconds.  An event is as old as the moment in which its statement
    wrote it down, a little before the commit."""
    consumer = Consumer({'bootstrap.servers': ground.stack.kafka,
                         'group.id': 'devtalk-bench',
                         'enable.auto.commit': False,
                         'fetch.wait.max.ms': 100})
    consumer.assign([TopicPartition('devtalk.comments', i, OFFSET_END)
                     for i in range(PARTITIONS)])
    # Assigned and at the end of each partition.
    consumer.consume(1, 1.0)
    writer = ground.openloop.start(port, targets, RATE, seconds)
    found = collect(consumer, writer, seconds)
    load = ground.openloop.end('1,000 comments a second', writer, RATE)
    consumer.close()
    if len(found) < load.answered:
        raise Failure(f'{load.answered} comments, but {len(found)} events')
    found.sort()
    return {'rate': RATE, 'events': len(found),
            'p50': found[len(found) // 2],
            'p99': found[int(len(found) * 0.99)], 'max': found[-1]}


def collect(consumer, writer, seconds: int) -> list[float]:
    found: list[float] = []
    wanted = RATE * seconds
    end = time.monotonic() + seconds + 30
    while len(found) < wanted and time.monotonic() < end:
        message = consumer.poll(0.1)
        now = time.time()
        if message is None:
            if writer.poll():
                break                    # it says why
            continue
        if message.error():
            raise Failure(f'Kafka: {message.error()}')
        found.append((now - written(message)) * 1000)
    return found


def written(message) -> float:
    for name, value in message.headers() or ():
        if name == 'ce_time':
            return datetime.fromisoformat(value.decode()).timestamp()
    raise Failure('an event without ce_time')

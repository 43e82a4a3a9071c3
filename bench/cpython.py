#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A table's work in CPython, in the form that report.py reads.

cpython.py REPETITIONS TABLE
"""
import json
import queue
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

NAME = "CPython"


def nanoseconds(work, count):
    start = time.perf_counter_ns()
    work(count)
    return (time.perf_counter_ns() - start) / count


def lock(count):
    it = threading.Lock()
    for _ in range(count):
        it.acquire()
        it.release()


def rlock(count):
    it = threading.RLock()
    for _ in range(count):
        it.acquire()
        it.release()


def semaphore(count):
    it = threading.Semaphore(2)
    for _ in range(count):
        it.acquire()
        it.release()


def hand_over(count):
    turn = [threading.Event(), threading.Event()]

    def answer():
        for _ in range(count):
            turn[1].wait()
            turn[1].clear()
            turn[0].set()

    other = threading.Thread(target=answer)
    other.start()
    for _ in range(count):
        turn[1].set()
        turn[0].wait()
        turn[0].clear()
    other.join()


def one_to_one(count):
    items = queue.Queue(1024)

    def produce():
        for i in range(count):
            items.put(i)

    producer = threading.Thread(target=produce)
    producer.start()
    for _ in range(count):
        items.get()
    producer.join()


def start_and_join(count):
    for _ in range(count):
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()


def tasks(count):
    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(int) for _ in range(count)]:
            future.result()


def one_task(count):
    with ThreadPoolExecutor(2) as pool:
        for _ in range(count):
            pool.submit(int).result()


JOBS = (
    ("lock/uncontended", lock, 200000),
    ("rlock/uncontended", rlock, 200000),
    ("semaphore/uncontended", semaphore, 50000),
    ("hand-over/2 threads", hand_over, 2000),
    ("queue/1 producer, 1 consumer", one_to_one, 20000),
    ("thread/start and join", start_and_join, 500),
    ("executor/10000 tasks, then their results", tasks, 10000),
    ("executor/one task, its result, the next", one_task, 1000),
)


def main():
    runs = []
    for _ in range(int(sys.argv[1])):
        for table, work, count in JOBS:
            if table != sys.argv[2]:
                continue
            before = time.process_time_ns()
            took = nanoseconds(work, count)
            cpu = (time.process_time_ns() - before) / count
            runs.append({"run_name": f"{table}/{NAME}", "real_time": took, "cpu_time": cpu})
    json.dump({"benchmarks": runs}, sys.stdout)


main()

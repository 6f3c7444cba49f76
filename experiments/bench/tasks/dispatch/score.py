"""The cost of a week in a workshop of four machines under the dispatcher that settings.toml describes."""

import json
import random
import tomllib

SETUP = 2.5
MACHINES = 4
JOBS = 130


def jobs():
    random.seed(20)
    now, made = 0.0, []
    for number in range(JOBS):
        now += random.expovariate(1 / 1.55)
        kind = random.choices("abcd", (5, 3, 2, 1))[0]
        size = random.lognormvariate(1.1, 0.7)
        weight = random.choice((1, 1, 1, 4))
        made.append((now, number, kind, size, weight, now + size * random.uniform(2, 9) + 3))
    return made


class Machine:
    def __init__(self):
        self.queue, self.free_at, self.kind, self.streak, self.work = [], 0.0, "", 0, 0.0


def choose_machine(job, machines, turn, settings):
    routing, reserve = settings["routing"], int(settings["reserve"])
    pool = machines if job[4] > 1 else machines[: MACHINES - reserve]
    if routing == "in-turn":
        return pool[turn % len(pool)]
    if routing == "shortest-queue":
        return min(pool, key=lambda each: len(each.queue))
    if routing == "hash":
        return pool[ord(job[2]) % len(pool)]
    load = {id(each): each.work + max(0.0, each.free_at - job[0]) for each in pool}
    if routing == "least-work":
        return min(pool, key=lambda each: load[id(each)])
    if routing == "same-kind":
        last = {id(each): each.queue[-1][2] if each.queue else each.kind for each in pool}
        return min(
            pool, key=lambda each: load[id(each)] + (last[id(each)] != job[2]) * float(settings["loyalty"])
        )
    raise SystemExit(f"no such routing: {routing}")


def key_of(job, now, settings):
    order, (arrival, _, _, size, weight, due) = settings["order"], job
    keys = {
        "arrival": arrival,
        "latest": -arrival,
        "shortest": size,
        "due": due,
        "weighted": size / weight,
        "slack": due - now - size,
    }
    urgent = settings["urgent_first"] and weight > 1
    return (not urgent, keys[order] - float(settings["ageing"]) * (now - arrival))


def choose_job(machine, now, settings):
    same = [job for job in machine.queue if job[2] == machine.kind]
    if same and machine.streak < int(settings["batch"]):
        return min(same, key=lambda job: key_of(job, now, settings))
    return min(machine.queue, key=lambda job: key_of(job, now, settings))


def cost(settings):
    machines, waiting, total, turn = [Machine() for _ in range(MACHINES)], jobs(), 0.0, 0
    waiting.reverse()
    while waiting or any(each.queue for each in machines):
        busy = [each for each in machines if each.queue]
        next_free = min((each.free_at for each in busy), default=float("inf"))
        if waiting and waiting[-1][0] <= next_free:
            job = waiting.pop()
            machine = choose_machine(job, machines, turn, settings)
            turn += 1
            if not machine.queue and machine.free_at < job[0]:
                idle_wait = float(settings["patience"]) if job[2] != machine.kind else 0.0
                machine.free_at = job[0] + idle_wait
            machine.queue.append(job)
            machine.work += job[3]
            continue
        machine = min(busy, key=lambda each: each.free_at)
        now = machine.free_at
        job = choose_job(machine, now, settings)
        machine.queue.remove(job)
        machine.work -= job[3]
        changes = job[2] != machine.kind
        machine.streak = 1 if changes else machine.streak + 1
        machine.kind = job[2]
        machine.free_at = now + job[3] + SETUP * changes
        late = max(0.0, machine.free_at - job[5])
        total += job[4] * late + 0.2 * (machine.free_at - job[0]) + 0.5 * SETUP * changes
    return total / JOBS


with open("settings.toml", "rb") as file:
    given = tomllib.load(file)
print(json.dumps({"cost": round(cost({**given["queue"], **given["machines"]}), 9)}))

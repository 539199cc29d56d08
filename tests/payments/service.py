"""The shop as a service that runs in the current directory, and its commands: at its door, or as a person types them.

    service = Service(shop, "--fail-rate", "0.1")
    service.start()
    said = service.ask("orders", "place", "17", "--line", "tea:1:2.55", "--no-wait")   # None: it died meanwhile
    service.kill()
    orders = typed(shop, "orders", "list")
"""
import json
import os
import socket
import subprocess
import sys
import time

DATA = "data"
PATIENCE_SECONDS = 240


class Said:
    def __init__(self, exit_code, out, err):
        self.exit_code = exit_code
        self.json = json.loads(out) if out else None
        self.code = json.loads(err)["error"]["code"] if exit_code else None
        self.err = err


class Service:
    def __init__(self, shop, *options):
        self.command = [shop, "serve", "--json", "--data", DATA, *options]
        self.process = None

    def start(self):
        """Does not wait until it is ready."""
        with open("log", "ab") as log:
            self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=log)

    def when_ready(self):
        require(self.process.stdout.readline(), "the service does not start; its log: " + tail_of_log())

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        require(self.process.wait() == 0, "the service did not end well; its log: " + tail_of_log())

    def ask(self, *words):
        """A command at the door. None: nobody was there, or it died before the command had ended."""
        body = json.dumps({"arguments": [*words, "--json"]})
        answer = request("POST /command", body)
        if answer is None:
            return None
        out, err = "", ""
        for line in answer.splitlines():
            try:
                reply = json.loads(line)
            except ValueError:
                return None  # cut off
            out += reply.get("out", "")
            err += reply.get("err", "")
            if "exit" in reply:
                return Said(reply["exit"], out, err)
        return None

    def activity(self, name):
        status = json.loads(request("GET /status"))
        return next(one for one in status["activities"] if one["activity"] == name)


def request(what, body=""):
    head = f"{what} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    try:
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(os.path.join(DATA, "admin.sock"))
            door.sendall((head + body).encode())
            answer = b""
            while part := door.recv(65536):
                answer += part
    except OSError:
        return None
    return answer.partition(b"\r\n\r\n")[2].decode()


def typed(shop, *words):
    """What the command answers. It must succeed."""
    done = subprocess.run([shop, *words, "--data", DATA, "--json"], capture_output=True, text=True)
    require(done.returncode == 0, f"{' '.join(words)}: {done.stderr}")
    return json.loads(done.stdout)


def await_that(condition, what, looks_every=0.2):
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        require(time.monotonic() < give_up, f"in vain waited that {what}")
        time.sleep(looks_every)


def require(condition, complaint):
    if not condition:
        sys.exit(complaint)


def tail_of_log():
    with open("log", errors="replace") as log:
        return "".join(log.readlines()[-10:])

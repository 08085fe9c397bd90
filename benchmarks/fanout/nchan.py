"""nginx with nchan: one worker, one channel, its messages posted by a process beside it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from benchmarks.fanout.publisher import HOST
from benchmarks.fanout.server import NCHAN, Server
from benchmarks.scan.processes import STOP_SECONDS, environment, module, running

MODULE = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
_SEARCH = f"{os.defpath}{os.pathsep}/usr/sbin{os.pathsep}/usr/local/sbin"
_START_SECONDS = 10.0
_PUBLISH, _SUBSCRIBE = "/publish", "/subscribe"

# Everything that it writes is in the benchmark's directory. One worker, as proxyd is one process;
# no ping, as by default; a history as short as a reader needs that was gone for a moment.
_CONFIGURATION = """\
daemon off;
{user}
load_module {module};
worker_processes 1;
worker_rlimit_nofile {files};
pid {directory}/nginx.pid;
error_log {directory}/error.log warn;
events {{ worker_connections {files}; }}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    tcp_nodelay on;
    nchan_shared_memory_size 256M;
    server {{
        listen {host}:{port} backlog=4096;
        location = {publish} {{
            nchan_publisher;
            nchan_channel_id feed;
            nchan_message_buffer_length 500;
            nchan_message_timeout 60s;
        }}
        location = {subscribe} {{
            nchan_subscriber eventsource;
            nchan_channel_id feed;
            nchan_subscriber_first_message newest;
        }}
    }}
}}
"""


def executable() -> str | None:
    """Return nginx's path, if it is there."""
    return shutil.which("nginx", path=_SEARCH)


@contextmanager
def serving(directory: Path, files: int) -> Generator[Server]:
    """Run nginx for the time of the block; `files` may it have open."""
    port = _free_port()
    configuration = directory / "nginx.conf"
    configuration.write_text(_configuration(directory, port, files))
    command: list[str | Path] = [
        executable() or "nginx",
        "-e",
        directory / "error.log",
        "-c",
        configuration,
    ]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with running(command, environment(directory), **quiet) as process:
        _await(process, port, directory / "error.log")
        publishing = partial(_publishing, directory, port)
        yield Server(NCHAN, process.pid, port, _SUBSCRIBE, (), publishing)


@contextmanager
def _publishing(directory: Path, port: int, rate: float) -> Generator[None]:
    if not rate:
        yield
        return
    command = module(
        "benchmarks.fanout.publisher",
        *("--port", str(port), "--path", _PUBLISH, "--rate", str(rate)),
    )
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with running(command, environment(directory), **pipes) as process:
        yield
        process.terminate()
        said, _ = process.communicate(timeout=STOP_SECONDS)
    told = json.loads(said or "{}")
    if not told or told["good"] != told["answered"]:
        raise RuntimeError(f"nchan did not take what was posted: {told}")


def _configuration(directory: Path, port: int, files: int) -> str:
    return _CONFIGURATION.format(
        # A worker that root starts would be another user, who may not read the directory.
        user="user root;" if os.geteuid() == 0 else "",
        module=MODULE,
        files=files,
        directory=directory,
        host=HOST,
        port=port,
        publish=_PUBLISH,
        subscribe=_SUBSCRIBE,
    )


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _await(process: subprocess.Popen[str], port: int, log: Path) -> None:
    last = time.monotonic() + _START_SECONDS
    while time.monotonic() < last and process.poll() is None:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    said = log.read_text() if log.exists() else "it said nothing"
    raise RuntimeError(f"nginx does not serve:\n{said}")

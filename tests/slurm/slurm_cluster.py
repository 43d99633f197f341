"""A Slurm of one node on loopback, run by the present user in the foreground: munged, slurmctld and slurmd, no
accounting.

``with Cluster(folder) as cluster: subprocess.run(["sinfo"], env=cluster.environment)``. The node pretends to have the
cores, the memory and the two GPUs that a GPU node has (``config_overrides``; ``/dev/null`` and ``/dev/zero`` stand for
the devices), so that jobs are asked for as on a real cluster. No control groups, no services, nothing outside
``folder``.
"""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol", "scancel", "sinfo")
SEARCH = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin"))
PARTITION = "gpu"
REQUEUE_S = 5
"""How long Slurm keeps a requeued job waiting (the life of its credential; 120 s by default)."""
CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.sock,cred_expire={requeue}
SlurmctldPort={controller}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=2
MpiDefault=none
ReturnToService=2
KillWait=5
GresTypes=gpu
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={node} CPUs=16 RealMemory=128000 Gres=gpu:2
PartitionName={partition} Nodes=n1 Default=YES MaxTime=600 State=UP
"""
GRES = "NodeName=n1 Name=gpu File=/dev/null\nNodeName=n1 Name=gpu File=/dev/zero\n"


def missing() -> str:
    """Why no Slurm can be started here; empty where one can."""
    gone = [name for name in PROGRAMS if shutil.which(name, path=SEARCH) is None]
    return f"{', '.join(gone)} not found; install Debian's package slurm-wlm" if gone else ""


class Cluster:
    """See the module's text.

    Args:
        folder: keeps keys, sockets, state and logs; its path must be short (a socket lies in it).

    Raises:
        RuntimeError: a daemon ended or the node did not come up, with the last lines of the logs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "PATH": SEARCH, "SLURM_CONF": str(folder / "slurm.conf")}
        self._daemons: list[subprocess.Popen] = []

    def __enter__(self) -> Cluster:
        for name in ("state", "spool"):
            (self.folder / name).mkdir(parents=True)
        self.folder.chmod(0o755)
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(1024))
        key.chmod(0o600)
        controller, node = _free_ports(2)
        (self.folder / "gres.conf").write_text(GRES)
        (self.folder / "slurm.conf").write_text(
            CONF.lstrip().format(
                host=socket.gethostname().split(".")[0],
                user=getpass.getuser(),
                folder=self.folder,
                requeue=REQUEUE_S,
                controller=controller,
                node=node,
                partition=PARTITION,
            )
        )
        try:
            self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run(
            ["scancel", "--full", "--signal=KILL", f"--user={getpass.getuser()}"],
            env=self.environment,
            capture_output=True,
        )
        self._stop()

    def output(self, *command: str) -> str:
        """What a command of Slurm prints; empty where it fails."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=60)
        return done.stdout.strip() if done.returncode == 0 else ""

    def logs(self) -> str:
        """The last lines of all logs."""
        return "\n".join(
            f"{p.name}:\n{p.read_text(errors='replace')[-1500:]}" for p in sorted(self.folder.glob("*.log"))
        )

    def _start(self) -> None:
        f = self.folder
        self._daemon(
            "munged",
            "--foreground",
            "--force",
            f"--key-file={f}/munge.key",
            f"--socket={f}/munge.sock",
            f"--pid-file={f}/munged.pid",
            f"--log-file={f}/munged.log",
            f"--seed-file={f}/munge.seed",
        )
        self._until("munged", lambda: (f / "munge.sock").exists())
        self._daemon("slurmctld", "-D", "-i")
        self._until("slurmctld", lambda: "is UP" in self.output("scontrol", "ping"))
        self._daemon("slurmd", "-D", "-N", "n1")
        self._until("slurmd", lambda: self.output("sinfo", "--noheader", "--Node", "--format=%T") == "idle")

    def _daemon(self, name: str, *arguments: str) -> None:
        with open(self.folder / f"{name}.out.log", "wb") as log:
            self._daemons.append(
                subprocess.Popen(
                    [shutil.which(name, path=SEARCH) or name, *arguments],
                    env=self.environment,
                    cwd=self.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            )

    def _until(self, name: str, true) -> None:
        until = time.monotonic() + 60
        while not true():
            if self._daemons[-1].poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{name} did not come up\n{self.logs()}")
            time.sleep(0.2)

    def _stop(self) -> None:
        for daemon in reversed(self._daemons):
            daemon.terminate()
            try:
                daemon.wait(15)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self._daemons.clear()


def _free_ports(count: int) -> list[int]:
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports

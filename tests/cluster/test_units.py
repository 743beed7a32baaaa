"""Units for other schedulers, checked by the programs that read them where these are there."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from cluster.cron import Cron
from cluster.units import Rerun, cron, kubernetes, slurm, systemd
from pipeline.config import RunConfig, load_config, override
from tests.cluster.commands import ZPOINTS, zpoints

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


def rerun(root: str = "/data/runs/faces", **changes: object) -> Rerun:
    config = override(RunConfig(), ["ingest.source=/data/CelebA", "cluster.jobs.walltime=04:00:00"])
    facts = {
        "name": "My faces",
        "config": config,
        "root": root,
        "program": "/opt/zpoints/bin/zpoints",
        "arguments": ["run", "/home/me/100% faces/My faces.yaml", "--root", root],
        "folder": "/home/me/100% faces",
        "cron": Cron.parse("30 3 * * 1-5"),
    }
    return Rerun(**{**facts, **changes})  # type: ignore[arg-type]


def files(text: str) -> dict[str, str]:
    parts = re.split(r"^# ~/.config/systemd/user/(\S+)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd__its_own_check_finds_nothing_wrong(tmp_path: Path) -> None:
    folder = tmp_path / "100% my faces"
    folder.mkdir()
    arguments = ["run", f"{folder}/faces.yaml", "--set", 'report.title="$a"']
    units = files(systemd(rerun(folder=str(folder), program=str(ZPOINTS), arguments=arguments)))
    for name, text in units.items():
        (tmp_path / name).write_text(text)

    checked = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", *(tmp_path / name for name in units)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert list(units) == ["zpoints-my-faces.service", "zpoints-my-faces.timer"]
    complaints = [line for line in checked.stderr.splitlines() if "zpoints" in line]
    assert complaints == [], checked.stderr
    assert "OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 3:30:00" in units["zpoints-my-faces.timer"]


def test_systemd__words_reach_the_program_as_they_are() -> None:
    service = files(systemd(rerun()))["zpoints-my-faces.service"]

    line = re.search(r"^ExecStart=(.*)$", service, re.MULTILINE)
    assert line is not None
    words = [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(line[1])]
    assert words == ["/opt/zpoints/bin/zpoints", *rerun().arguments]


def test_cron__is_one_line_that_a_shell_reads_back() -> None:
    line = cron(rerun()).splitlines()[-1]

    times, command = line.split(" ", 5)[:5], line.split(" ", 5)[5]
    assert times == ["30", "3", "*", "*", "1-5"]
    assert re.search(r"(?<!\\)%", command) is None
    words = shlex.split(command.replace("\\%", "%"))
    program = words.index("/opt/zpoints/bin/zpoints")
    assert words[:3] == ["cd", "/home/me/100% faces", "&&"]
    assert words[program + 1 : program + 5] == list(rerun().arguments)


def test_slurm__asks_for_what_the_configuration_says() -> None:
    text = slurm(rerun())

    lines = [line for line in text.splitlines() if line.startswith("#SCRON")]
    directives = shlex.split(" ".join(line.removeprefix("#SCRON ") for line in lines))
    assert "--time=04:00:00" in directives
    assert "--chdir=/home/me/100% faces" in directives
    assert text.splitlines()[-1].startswith("30 3 * * 1-5 /opt/zpoints/bin/zpoints run ")


@pytest.mark.parametrize("root", ["/data/runs/faces", "s3://bucket/faces"])
def test_kubernetes__is_a_cron_job_with_its_configuration(root: str, tmp_path: Path) -> None:
    settings, job = yaml.safe_load_all(kubernetes(rerun(root)))

    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    assert DNS_LABEL.fullmatch(job["metadata"]["name"])
    assert len(job["metadata"]["name"]) <= 52
    spec = job["spec"]
    assert spec["schedule"] == "30 3 * * 1-5"
    assert spec["concurrencyPolicy"] == "Forbid"
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Never"
    volumes = {volume["name"] for volume in pod["volumes"]}
    (container,) = pod["containers"]
    assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
    mounted = [mount["mountPath"] for mount in container["volumeMounts"]]
    assert "/data/CelebA" in mounted
    assert ("/data/runs" in mounted) == (root == "/data/runs/faces")
    assert container["args"][:2] == ["zpoints", "run"]
    file = container["args"][2]
    assert Path(file).parent == Path(mounted[0])
    (tmp_path / "faces.yaml").write_text(settings["data"][Path(file).name])
    assert load_config(str(tmp_path / "faces.yaml")) == rerun().config


def test_print__writes_a_unit_and_starts_nothing(tmp_path: Path) -> None:
    command = ["schedule", "demo", "--cron", "0 3 * * *", "--root", "runs/x", "--print", "cron"]

    done = zpoints(*command, "--set", "ingest.source=faces", folder=tmp_path)

    assert done.returncode == 0, done.stderr
    assert f"{tmp_path}/runs/x" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("0 3 * * * cd ")
    assert list(tmp_path.iterdir()) == []

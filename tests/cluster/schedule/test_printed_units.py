"""Units for other schedulers, checked by the programs that read them if these are installed."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.cluster.cli.commands import ZPOINTS, zpoints
from zpoints.cluster.schedule.cron import Cron
from zpoints.cluster.schedule.printed_units import UNITS, Rerun, cron, kubernetes, slurm, systemd
from zpoints.pipeline.config.run import RunConfig, load_config, override
from zpoints.pipeline.errors import ConfigError

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
CONFIG_MAP_KEY = re.compile(r"[-._a-zA-Z0-9]+")


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
def test_systemd__its_own_check_finds_no_errors(tmp_path: Path) -> None:
    folder = tmp_path / "100% my faces"
    folder.mkdir()
    arguments = ["run", f"{folder}/faces.yaml", "--set", 'report.title="$a"']
    units = files(systemd(rerun(folder=str(folder), program=str(ZPOINTS), arguments=arguments)))

    assert list(units) == ["zpoints-my-faces.service", "zpoints-my-faces.timer"]
    assert systemd_check(units, tmp_path) == (0, "")
    assert "OnCalendar=Mon,Tue,Wed,Thu,Fri *-*-* 3:30:00" in units["zpoints-my-faces.timer"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize(
    ("name", "line", "bad", "message"),
    [
        ("zpoints-my-faces.service", "ExecStart", "ExecStart=/absent", "/absent is not executable"),
        ("zpoints-my-faces.service", "Type", "Typ=oneshot", "Unknown key"),
        ("zpoints-my-faces.timer", "OnCalendar", "OnCalendar=at night", "calendar"),
    ],
)
def test_systemd__its_own_check_would_find_errors(
    name: str, line: str, bad: str, message: str, tmp_path: Path
) -> None:
    units = files(systemd(rerun(folder=str(tmp_path), program=str(ZPOINTS))))
    units[name] = re.sub(rf"^{line}=.*$", bad, units[name], flags=re.MULTILINE)

    code, errors = systemd_check(units, tmp_path)

    assert (code, errors) != (0, "")
    assert message in errors


def systemd_check(units: dict[str, str], folder: Path) -> tuple[int, str]:
    """Exit code and errors of systemd's check of units."""
    for name, text in units.items():
        (folder / name).write_text(text)
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--user", "--man=no", *(folder / name for name in units)],
        env={**os.environ, "XDG_RUNTIME_DIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    errors = [line for line in checked.stderr.splitlines() if "zpoints" in line]
    return checked.returncode, "\n".join(errors)


def test_systemd__words_reach_the_program_unchanged() -> None:
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
    assert words[program - 3 : program] == ["cd", "/home/me/100% faces", "&&"]
    assert words[program + 1 : program + 5] == list(rerun().arguments)


@pytest.mark.parametrize("secret", ["a secret", None])
@pytest.mark.parametrize("unit", [cron, slurm])
def test_unit__its_command_reads_the_variables_in_the_users_file(
    unit: Callable[[Rerun], str], secret: str | None, tmp_path: Path
) -> None:
    variables, program = tmp_path / ".config/zpoints/environment", tmp_path / "zpoints"
    if secret is not None:
        variables.parent.mkdir(parents=True)
        variables.write_text(f'AWS_SECRET_ACCESS_KEY="{secret}"\n')
    program.write_text('#!/bin/sh\necho $$ "$AWS_SECRET_ACCESS_KEY" "$@" >$HOME/seen\n')
    program.chmod(0o755)
    text = unit(rerun(folder=str(tmp_path), program=str(program), arguments=["run", "100%"]))
    command = text.splitlines()[-1].split(" ", 5)[5].replace("\\%", "%")

    shell = subprocess.Popen(["/bin/sh", "-c", command], env={"HOME": str(tmp_path)})
    assert shell.wait(timeout=30) == 0

    number, *words = (tmp_path / "seen").read_text().split()
    assert words == [*(secret or "").split(), "run", "100%"]
    assert "~/.config/zpoints/environment" in text.splitlines()[1]
    if unit is slurm:  # --signal=B: signals only the shell, which the program has replaced
        assert number == str(shell.pid)


def test_slurm__requests_what_is_configured() -> None:
    text = slurm(rerun())

    lines = [line for line in text.splitlines() if line.startswith("#SCRON")]
    directives = shlex.split(" ".join(line.removeprefix("#SCRON ") for line in lines))
    assert "--time=04:00:00" in directives
    assert "--chdir=/home/me/100% faces" in directives
    assert text.splitlines()[-1].startswith("30 3 * * 1-5 ")


@pytest.mark.parametrize("root", ["/data/runs/faces", "s3://bucket/faces"])
def test_kubernetes__is_a_cron_job_with_its_configuration(root: str, tmp_path: Path) -> None:
    unit = kubernetes(rerun(root))
    settings, job = yaml.safe_load_all(unit)

    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
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
    assert f"docker build -t {container['image']} ." in unit
    file = container["args"][2]
    assert Path(file).parent == Path(mounted[0])
    (tmp_path / "faces.yaml").write_text(settings["data"][Path(file).name])
    assert load_config(str(tmp_path / "faces.yaml")) == rerun().config


@pytest.mark.parametrize(
    "name", ["My faces", "faces_v1.2", "Gesichter über Nacht", "顔", "x" * 300]
)
def test_kubernetes__names_and_keys_are_valid(name: str) -> None:
    settings, job = yaml.safe_load_all(kubernetes(rerun(name=name)))

    label = job["metadata"]["name"]
    assert DNS_LABEL.fullmatch(label)
    assert len(label) <= 52
    assert settings["metadata"]["name"] == label
    (key,) = settings["data"]
    assert CONFIG_MAP_KEY.fullmatch(key)
    assert len(key) <= 253
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["containers"][0]["args"][2] == f"/etc/zpoints/{key}"
    assert pod["volumes"][0]["configMap"]["name"] == label


def test_kubernetes__a_source_in_the_home_folder_is_mounted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    config = override(RunConfig(), ["ingest.source=~/faces"])

    settings, job = yaml.safe_load_all(kubernetes(rerun("s3://bucket/faces", config=config)))

    (content,) = settings["data"].values()
    assert yaml.safe_load(content)["ingest"]["source"] == "/home/me/faces"
    pod = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    mounted = [mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]]
    assert mounted == ["/etc/zpoints", "/home/me/faces"]


@pytest.mark.parametrize(("root", "source"), [("/store", "/data/faces"), ("/data/store", "/")])
def test_kubernetes__refuses_to_mount_the_root_of_a_disk(root: str, source: str) -> None:
    config = override(RunConfig(), [f"ingest.source={source}"])

    with pytest.raises(ConfigError, match=f"below /.*source is {source}, --root is {root}"):
        kubernetes(rerun(root, config=config))


@pytest.mark.parametrize("kind", UNITS)
def test_print__refuses_a_configuration_without_photographs(kind: str, tmp_path: Path) -> None:
    done = zpoints("schedule", "demo", "--cron", "0 3 * * *", "--print", kind, folder=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert "ingest.source is not set" in done.stderr


def test_print__writes_a_unit_and_starts_nothing(tmp_path: Path) -> None:
    command = ["schedule", "demo", "--cron", "0 3 * * *", "--root", "runs/x", "--print", "cron"]

    done = zpoints(*command, "--set", "ingest.source=faces", folder=tmp_path)

    assert done.returncode == 0, done.stderr
    assert f"{tmp_path}/runs/x" in done.stdout
    assert re.match(r"0 3 \* \* \* .* && \S+/zpoints run demo ", done.stdout.splitlines()[-1])
    assert list(tmp_path.iterdir()) == []

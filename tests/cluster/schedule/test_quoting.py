"""What printed units carry is read back as it was, or refused: one line stays one line."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.cluster.cli.commands import zpoints
from tests.cluster.schedule.test_printed_units import files, rerun, systemd_check
from tests.cluster.slurm import Slurm, command
from zpoints.cluster.schedule.cron import Cron
from zpoints.cluster.schedule.printed_units import UNITS, Rerun, cron, kubernetes, slurm, systemd
from zpoints.cluster.schedule.quoting import slurm_option
from zpoints.pipeline.config.run import RunConfig, override
from zpoints.pipeline.errors import ConfigError

INJECTED = "x\nExecStartPre=/bin/touch /tmp/owned\n* * * * * touch /tmp/owned\n#SCRON --uid=0"
NAMES = st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=12) | st.text(
    "\\ %$'\"`;#~*?:{}[]&|<>\n\r\t=äé顔-", min_size=1, max_size=8
)


def units_of(name: str) -> Rerun:
    """A run whose name, folder, configuration, settings and store have a name in them."""
    root, file = f"/data/{name}/store", f"/home/{name}/{name}.yaml"
    config = override(RunConfig(), ["ingest.source=/data/faces", "cluster.jobs.walltime=04:00:00"])
    return rerun(
        root,
        name=name,
        folder=f"/home/{name}",
        arguments=["run", file, "--root", root, "--set", f"report.title={name}"],
        config=config,
    )


def systemd_values(unit: str) -> list[tuple[str, str]]:
    """Keys and values of a unit as systemd reads them: see systemd.syntax(7)."""
    joined = re.sub(r"\\[\n\r]", " ", unit)
    lines = [line.strip() for line in re.split(r"[\n\r\0]", joined)]
    return [
        (key.strip(), value.strip())
        for key, sign, value in (it.partition("=") for it in lines if it[:1] not in ("#", ";", ""))
        if sign
    ]


def systemd_words(value: str) -> list[str]:
    """Words of ExecStart: double quotes, escapes, specifiers, variables."""
    return [word.replace("%%", "%") for word in shlex.split(value)]


def fits(function: Callable[[Rerun], str], run: Rerun) -> str | None:
    """The unit; None if it is refused."""
    try:
        return function(run)
    except ConfigError:
        return None


def quick(test: Any) -> Any:
    return settings(max_examples=25, suppress_health_check=list(HealthCheck))(
        given(NAMES)(example("a b")(example(INJECTED)(example("end\\")(example("\\%")(test)))))
    )


@quick
def test_systemd__reads_back_what_was_printed(name: str) -> None:
    run = units_of(name)
    text = fits(systemd, run)
    if text is None:
        return
    service = dict(systemd_values(next(iter(files(text).values()))))

    plain = systemd_values(next(iter(files(systemd(units_of("plain"))).values())))
    assert list(service) == [key for key, _ in plain]
    assert service["Description"].replace("%%", "%") == f"zpoints run {name}"
    assert service["WorkingDirectory"].replace("%%", "%") == run.folder
    program, *words = systemd_words(service["ExecStart"])
    assert program == run.program
    assert [word.replace("$$", "$") for word in words] == list(run.arguments)


@quick
def test_cron__reads_back_what_was_printed(name: str) -> None:
    run = units_of(name)
    text = fits(cron, run)
    if text is None:
        return
    lines = text.split("\n")

    assert len(lines) == len(cron(units_of("plain")).split("\n"))
    command = lines[-2].split(" ", 5)[5]
    assert re.search(r"(?<!\\)%", command) is None
    words = shlex.split(command.replace("\\%", "%"))
    start = words.index(run.program)
    assert words[start - 2] == run.folder
    assert words[start + 1 : start + 1 + len(run.arguments)] == list(run.arguments)


@quick
def test_slurm__reads_back_what_was_printed(name: str) -> None:
    run = units_of(name)
    text = fits(slurm, run)
    if text is None:
        return
    lines = text.split("\n")

    assert len(lines) == len(slurm(units_of("plain")).split("\n"))
    options = [line.removeprefix("#SCRON ") for line in lines if line.startswith("#SCRON")]
    words = [shlex.split(option)[0].replace("\\\\", "\\") for option in options]
    assert f"--chdir={run.folder}" in words
    assert shlex.split(lines[-2])[-len(run.arguments) :] == list(run.arguments)


@quick
def test_kubernetes__reads_back_what_was_printed(name: str) -> None:
    run = units_of(name)
    text = fits(kubernetes, run)
    if text is None:
        return
    settings_, job = yaml.safe_load_all(text)

    spec = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert container["args"][-1].replace("$$", "$") == run.root
    mounted = [mount["mountPath"] for mount in container["volumeMounts"]]
    assert str(Path(run.root).parent) in mounted
    assert set(settings_) == {"apiVersion", "kind", "metadata", "data"}


@pytest.mark.parametrize("kind", UNITS)
@pytest.mark.parametrize("name", [INJECTED, "a\rb", "a\x1b[2Jb", "a\x85b", "a\u2028b", "\udcff"])
def test_print__refuses_a_character_that_no_format_can_hold(kind: str, name: str) -> None:
    with pytest.raises(ConfigError, match=r"The unit cannot be printed: .*Rename the file"):
        UNITS[kind](units_of(name))


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("cron", "a\\b"),
        ("cron", "a\\%b"),
        ("systemd", "end\\"),
        ("systemd", "end "),
        ("kubernetes", "a:b"),
    ],
)
def test_print__refuses_a_character_that_its_format_cannot_hold(kind: str, name: str) -> None:
    with pytest.raises(ConfigError, match="The unit cannot be printed"):
        UNITS[kind](units_of(name))


def test_systemd__refuses_a_variable_in_the_path_of_the_program() -> None:
    with pytest.raises(ConfigError, match="a dollar sign"):
        systemd(rerun(program="/opt/$HOME/zpoints"))


@pytest.mark.parametrize("kind", ["systemd", "cron", "slurm"])
def test_schedule__refuses_a_setting_with_a_newline(kind: str, tmp_path: Path) -> None:
    setting = "ingest.source=my\nfaces"  # sound YAML: the newline is a space
    command = ["schedule", "demo", "--cron", "0 3 * * *", "--root", "x", "--print", kind]

    done = zpoints(*command, "--set", setting, folder=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert "The unit cannot be printed" in done.stderr


@pytest.mark.parametrize(
    ("text", "shown"),
    [("0 3 * * *", "0 3 * * *"), ("0\t3  * *\n*", "0 3 * * *"), ("05 3 * * mon", "05 3 * * mon")],
)
def test_cron__the_times_are_on_one_line(text: str, shown: str) -> None:
    assert Cron.parse(text).text == shown


@pytest.mark.parametrize(
    "text",
    ["٣ 3 * * *", "*/٣ 3 * * *", "0 3 * * *\n@reboot x", f"*/{'9' * 5000} * * * *", "² * * * *"],
)
def test_cron__refuses_other_digits_and_lines(text: str) -> None:
    with pytest.raises(ConfigError, match="--cron"):
        Cron.parse(text)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("name", ["100% my faces", "a;b", "it's", 'a "b"', "$HOME", "#x", "Jörg"])
def test_systemd__its_own_check_accepts_odd_names(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    program = shutil.which("true")
    arguments = ["run", f"{folder}/{name}.yaml", "--set", f"report.title={name}"]
    units = files(
        systemd(rerun(name=name, folder=str(folder), program=program, arguments=arguments))
    )

    assert systemd_check(units, tmp_path) == (0, "")


@pytest.mark.services
@pytest.mark.parametrize(
    "name", ["a b", "it's", 'a"b', "100%j", "#x", "$HOME", "Jörg", "a\\b", "a\\'b", "a,b=c"]
)
def test_slurm__reads_the_quoted_folder_as_it_is(name: str, tmp_path: Path, slurm: Slurm) -> None:
    folder = tmp_path / name
    folder.mkdir()
    script = tmp_path / "script"
    option = slurm_option(f"--chdir={folder}")
    script.write_text(f"#!/bin/sh\n#SBATCH {option}\n#SBATCH --hold\ntrue\n")

    number = command("sbatch", "--parsable", str(script)).strip()
    shown = command("scontrol", "show", "job", number)
    subprocess.run(["scancel", number], check=True)

    assert f"WorkDir={folder}\n" in shown

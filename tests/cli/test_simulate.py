"""`pileus simulate`, as an operator uses it: no cloud runs, and there need not be any."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from pileus.__main__ import pileus
from pileus.cli import simulate_screen
from pileus.kit.settings import SettingInvalid
from pileus.replay.outcome import Failure, Fragmentation, Latency, Outcome, Sample, Use
from pileus.replay.request import Size, TraceInvalid

TRACE = """\
id,start_s,end_s,vcpus,memory_mb,disk_gb,availability_zone
a,0,3600,2,2048,10,
b,0,,2,2048,10,
c,60,,64,2048,10,
d,7200,,2,2048,10,east
"""


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    file = tmp_path / "trace.csv"
    file.write_text(TRACE)
    return file


def simulate(trace: Path, *words: str, **environment: str) -> Result:
    state = trace.with_name("state")
    result = CliRunner().invoke(pileus, ["simulate", str(trace), "--state", str(state), *words], env=environment)
    assert not state.exists()
    return result


def document(trace: Path, *words: str, **environment: str) -> dict[str, Any]:
    result = simulate(trace, "--json", *words, **environment)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def test_an_operator_reads_how_full_hosts_are_how_long_it_took_and_who_found_none(trace: Path) -> None:
    result = simulate(trace, "--hosts", "2")
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.output.splitlines()]
    assert "trace.csv: 4 servers within 2 hours, 2 hosts" in result.output
    assert "2 placed, 2 found no host; replayed in" in result.output
    assert ["hosts", "in", "use", "2", "1", "███░░░", "50%", "100%"] in lines
    assert ["VCPU", "512", "2", "░░░░░░", "0%", "1%"] in lines
    assert [line[0] for line in lines if len(line) == 6 and line[1][0].isdigit()][-4:] == [
        "candidates", "choice", "claim", "decision",
    ]  # fmt: skip
    assert "AvailabilityZoneFilter        1      2  d: it is in the availability zone nova, not east" in result.output
    assert "placement                     1    all  c: no host is large enough in VCPU" in result.output
    assert "without a host" in result.output


def test_a_program_gets_a_document(trace: Path) -> None:
    found = document(trace, "--hosts", "3", "--host-shape", "4,8192,100", "--cpu-allocation-ratio", "2")
    assert (found["servers"], found["placed"], found["failed"], found["hosts"]) == (4, 2, 2, 3)
    assert found["uses"][0] == {"resource_class": "VCPU", "capacity": 24, "used": 2, "most_used": 4}
    assert {one["by"]: one["servers"] for one in found["failures"]} == {"AvailabilityZoneFilter": 1, "placement": 1}
    assert found["fragmentations"][0]["size"] == {"vcpus": 2, "memory_mb": 2048, "disk_gb": 10}
    assert [one["at_s"] for one in found["samples"]] == [0, 0, 60, 7200]


def test_zones_and_a_limit_are_options(trace: Path) -> None:
    assert document(trace, "--zone", "west", "--zone", "east")["placed"] == 3
    assert document(trace, "--limit", "2")["failures"] == []


def test_filters_and_weighers_are_those_of_the_settings(trace: Path, tmp_path: Path) -> None:
    settings = tmp_path / "pileus.toml"
    settings.write_text(
        '[compute.scheduler]\nenabled_filters = ["NumInstancesFilter"]\nmax_instances_per_host = 1\n'
        "[compute]\nram_allocation_ratio = 1.0\n"
    )
    found = document(trace, "--settings", str(settings), "--hosts", "1")
    assert found["uses"][1]["capacity"] == 65536 - 512
    assert "NumInstancesFilter" in {one["by"] for one in found["failures"]}
    assert document(trace, PILEUS_COMPUTE__CPU_ALLOCATION_RATIO="1.0")["uses"][0]["capacity"] == 1600


def test_a_weigher_on_the_command_line_goes_before_the_settings(trace: Path) -> None:
    packing = ("--weigher", "ram=-1", "--weigher", "cpu=-1", "--weigher", "disk=-1")
    assert document(trace, "--limit", "2")["hosts_in_use"] == 2
    assert document(trace, "--limit", "2", *packing)["hosts_in_use"] == 1


def test_the_same_seed_has_the_same_outcome(trace: Path) -> None:
    one, again = (document(trace, "--seed", "7", "--sample", "0.7") for _ in range(2))
    for times in ("latencies", "replay_s"):
        one.pop(times), again.pop(times)
    assert one == again


def test_what_is_left_to_chance_is_the_same_with_the_same_seed(trace: Path, tmp_path: Path) -> None:
    settings = tmp_path / "pileus.toml"
    settings.write_text("[compute.scheduler]\nhost_subset_size = 64\n")
    trace.write_text("id,start_s,end_s,vcpus,memory_mb,disk_gb\n" + "".join(f"{n},{n},,2,2048,10\n" for n in range(40)))
    words = ("--settings", str(settings), "--hosts", "64", "--cpu-allocation-ratio", "1", "--weigher", "ram=0")

    def course(seed: str) -> Any:
        return [sample["hosts_share"] for sample in document(trace, "--seed", seed, *words)["samples"]]

    assert course("1") == course("1")
    assert course("1") != course("2")


def test_it_is_drawn_into_a_file(trace: Path, tmp_path: Path) -> None:
    assert simulate(trace, "--plot", str(tmp_path / "plot.svg")).exit_code == 0
    svg = ET.parse(tmp_path / "plot.svg").getroot()  # noqa: S314 (our own)
    title = svg.find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text == "trace.csv: 2 of 4 servers on 100 hosts"
    assert simulate(trace, "--plot", str(tmp_path / "plot.html")).exit_code == 0
    page = (tmp_path / "plot.html").read_text()
    assert "<svg " in page
    assert "no host is large enough in VCPU" in page


def test_a_bad_trace_is_told_by_file_line_and_field(trace: Path) -> None:
    trace.write_text(TRACE.replace("c,60,,64", "c,60,,some"))
    refused = simulate(trace).exception
    assert isinstance(refused, TraceInvalid)
    assert refused.reason == f"{trace}, line 4, vcpus: 'some' is no whole number"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--host-shape", "4,8192"), "'4,8192' is no VCPUS,RAM_MB,DISK_GB, such as 64,262144,4000"),
        (("--host-shape", "0,8192,1"), "a host has a CPU, some memory"),
        (("--weigher", "rm=1"), "there is no weigher 'rm'; known are: ram, cpu, disk"),
        (("--weigher", "ram"), "'ram' is no NAME=MULTIPLIER, such as ram=-1"),
        (("--weigher", "ram=nan"), "'ram=nan' is no NAME=MULTIPLIER, such as ram=-1"),
        (("--plot", "plot.png"), "'plot.png' ends in none of .svg, .html"),
        (("--hosts", "0"), "0 is not in the range"),
        (("--cpu-allocation-ratio", "0"), "0.0 is not in the range"),
        (("--ram-allocation-ratio", "nan"), "nan is no ratio"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_read(
    trace: Path, words: tuple[str, ...], reason: str
) -> None:
    trace.write_text("no trace")
    result = simulate(trace, *words)
    assert result.exit_code == 2
    assert reason in " ".join(result.output.split())


def test_a_filter_that_nobody_knows_is_an_error(trace: Path, tmp_path: Path) -> None:
    (tmp_path / "pileus.toml").write_text('[compute.scheduler]\nenabled_filters = ["RamFilters"]\n')
    refused = simulate(trace, "--settings", str(tmp_path / "pileus.toml")).exception
    assert isinstance(refused, SettingInvalid)
    assert "did you mean 'RamFilter'?" in refused.reason


def test_a_row_of_blocks_ends_with_the_last_and_is_no_wider_than_the_screen() -> None:
    assert simulate_screen.blocks([0.0, 0.5, 1.0, 2.0]) == " ▄██"
    row = simulate_screen.blocks([number / 199 for number in range(200)])
    assert (len(row), row[-1]) == (simulate_screen.COLUMNS, "█")


def test_names_out_of_a_trace_are_no_markup(trace: Path) -> None:
    trace.write_text("id,start_s,vcpus,memory_mb\n[red]x,0,999,1\n")
    assert "[red]x: no host is large enough in VCPU" in simulate(trace).output


def test_the_screen_fits_on_80_columns() -> None:
    shares = {"VCPU": 1.0, "MEMORY_MB": 0.5, "DISK_GB": 0.1}
    outcome = Outcome(
        servers=10**7, placed=10**6, left_out=3, hosts=10**6, hosts_in_use=2, most_hosts_in_use=3, trace_s=1e7,
        replay_s=1e5, uses=[Use("MEMORY_MB", 10**12, 10**11, 10**12)], failures=[Failure("F" * 30, "no " * 50, "s")],
        fragmentations=[Fragmentation("the most frequent", Size(128, 10**6, 10**4), 10**9, 10**9)],
        latencies=[Latency("candidates", *[12345.67] * 5)],
        samples=[Sample(number, 1.0, shares, 1.0, 1.0, 1) for number in range(1, 300)],
    )  # fmt: skip
    file = io.StringIO()
    Console(file=file, width=80).print(simulate_screen.as_screen("trace.csv", outcome))
    lines = file.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert {"VCPU", "hosts in use", "without a host"} <= {line[:14].strip() for line in lines if line.endswith("%  ")}

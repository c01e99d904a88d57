"""Traces in every format, and what is said of those that cannot be understood."""

from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pileus.replay.request import Request, Size, TraceInvalid
from pileus.replay.trace.file import Trace, read

HOST = Size(40, 100_000, 1000)
TABLE = """\
id,start_s,end_s,vcpus,memory_mb,disk_gb,project,availability_zone,group,group_policy,extra_specs
late,20,,2,2048,,p,,,,
web,0,100,1,1024,20,p,east,g,affinity,"{""trait:HW_CPU_X86_AVX2"": ""required""}"
"""
AZURE = """\
/Ab=,sub,dep,300,2591700,90.5,3.2,60,Delay-insensitive,2,3.5
cD+,sub,dep,0,600,90.5,3.2,60,Unknown,>24,>64
"""


def trace_of(path: Path, text: str, name: str = "trace.csv", **options: float | None) -> Trace:
    file = path / name
    file.write_text(text)
    return read(file, HOST, **options)  # type: ignore[arg-type]


def ids(trace: Trace) -> list[str]:
    return [one.id for one in trace.requests]


# --- formats --------------------------------------------------------------------------------------


def test_a_table_is_read_by_its_titles_and_comes_in_the_order_of_time(tmp_path: Path) -> None:
    first, second = trace_of(tmp_path, TABLE).requests
    assert first == Request(
        id="web", start_s=0, end_s=100, size=Size(1, 1024, 20), project="p", availability_zone="east", group="g",
        group_policy="affinity", extra_specs={"trait:HW_CPU_X86_AVX2": "required"},
    )  # fmt: skip
    assert second == Request(id="late", start_s=20, size=Size(2, 2048), project="p")
    assert first.ask().required_traits == {"HW_CPU_X86_AVX2"}
    assert first.ask().resources == {"VCPU": 1, "MEMORY_MB": 1024, "DISK_GB": 20}


def test_a_server_without_an_id_is_called_after_its_line(tmp_path: Path) -> None:
    assert ids(trace_of(tmp_path, "start_s,vcpus,memory_mb\n0,1,1\n\n0,1,1\n")) == ["line-2", "line-4"]


@pytest.mark.parametrize("is_list", [True, False])
def test_documents_are_read_one_after_the_other_or_from_a_list(tmp_path: Path, *, is_list: bool) -> None:
    one = {"id": "a", "start_s": 1.5, "end_s": None, "vcpus": 1, "memory_mb": 512, "hints": {"query": ["<", 1, 2]}}
    two = {"id": "b", "start_s": 0, "vcpus": 2, "memory_mb": 512, "disk_gb": 3}
    text = json.dumps([one, two], indent=1) if is_list else f"{json.dumps(one)}\n{json.dumps(two)}\n"
    last, first = trace_of(tmp_path, text, "trace.json").requests[::-1]
    assert (first.id, first.size, first.end_s) == ("b", Size(2, 512, 3), None)
    assert (last.start_s, last.hints) == (1.5, {"query": ["<", 1, 2]})


def test_a_packed_file_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "trace.csv.gz").write_bytes(gzip.compress(TABLE.encode()))
    assert ids(read(tmp_path / "trace.csv.gz", HOST)) == ["web", "late"]


def test_azures_table_has_no_titles_and_buckets(tmp_path: Path) -> None:
    first, second = trace_of(tmp_path, AZURE, "vmtable.csv").requests
    assert (first.id, first.start_s, first.end_s, first.size) == ("cD+", 0, 600, Size(32, 128 * 1024))
    assert (second.size, second.project, second.flavor) == (Size(2, 3584), "sub", "2 cores, 3.5 GiB")


def test_azures_table_may_have_got_titles(tmp_path: Path) -> None:
    titles = "vmid,subscriptionid,deploymentid,vmcreated,vmdeleted,maxcpu,avgcpu,p95maxcpu,vmcategory,"
    assert len(trace_of(tmp_path, f"{titles}vmcorecountbucket,vmmemorybucket\n{AZURE}").requests) == 2


def packing(file: Path, *, share: object = 0.25) -> Path:
    with closing(sqlite3.connect(file)) as database:
        database.executescript(
            "CREATE TABLE vm (vmId, tenantId, vmTypeId, priority, starttime, endtime);"
            "CREATE TABLE vmType (id, vmTypeId, machineId, core, memory, hdd, ssd, nic);"
            "INSERT INTO vm VALUES (1, 7, 10, 0, 0.5, 1.5), (2, 7, 10, 0, -1.0, NULL), (3, 8, 11, 1, 0.25, 2.0);"
            "INSERT INTO vmType VALUES (2, 10, 5, 0.5, 0.5, NULL, 0.5, 0), (3, 11, 4, 1, 1, 0, 1, 0);"
        )
        database.execute("INSERT INTO vmType VALUES (1, 10, 4, ?, 0.1, NULL, 0.002, 0)", (share,))
        database.execute("DELETE FROM vmType WHERE id = 2")
        database.execute("INSERT INTO vm VALUES (4, 8, 12, 0, 0, 1)")
        database.commit()
    return file


def test_azures_trace_for_packing_speaks_of_shares_of_a_host(tmp_path: Path) -> None:
    trace = read(packing(tmp_path / "packing.sqlite"), HOST)
    assert [(one.id, one.start_s, one.end_s) for one in trace.requests] == [
        ("2", -86_400, None),
        ("3", 21_600, 172_800),
        ("1", 43_200, 129_600),
    ]
    assert [one.size for one in trace.requests] == [Size(10, 10_000, 2), Size(40, 100_000, 1000), Size(10, 10_000, 2)]
    assert trace.left_out == 1  # its type is for no machine of that kind


# --- a part of it ---------------------------------------------------------------------------------

CROWD = "id,start_s,vcpus,memory_mb\n" + "".join(f"{number},{number // 50},1,1\n" for number in range(200))


def test_a_limit_takes_the_first_of_time(tmp_path: Path) -> None:
    assert ids(trace_of(tmp_path, TABLE, limit=1)) == ["web"]


def test_the_same_seed_takes_the_same_sample(tmp_path: Path) -> None:
    one, again = (ids(trace_of(tmp_path, CROWD, share=0.5, seed=1)) for _ in range(2))
    assert one == again
    assert one != ids(trace_of(tmp_path, CROWD, share=0.5, seed=2))
    assert 60 < len(one) < 140


def test_a_seed_shuffles_those_that_come_at_the_same_moment_and_no_others(tmp_path: Path) -> None:
    assert ids(trace_of(tmp_path, CROWD)) == [str(number) for number in range(200)]
    shuffled = trace_of(tmp_path, CROWD, seed=1)
    assert ids(shuffled) != [str(number) for number in range(200)]
    assert [one.start_s for one in shuffled.requests] == [number // 50 for number in range(200)]


# --- what is wrong with it ------------------------------------------------------------------------

TITLES = "start_s,vcpus,memory_mb"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"{TITLES}\n0,1,1\n0,two,1\n", "line 3, vcpus: 'two' is no whole number"),
        (f"{TITLES}\n0,0,1\n", "line 2, vcpus: 0 is not between 1 and 2147483647"),
        (f"{TITLES}\n0,1,9999999999\n", "line 2, memory_mb: 9999999999 is not between 1 and 2147483647"),
        (f"{TITLES}\nnan,1,1\n", "line 2, start_s: 'nan' is no number of seconds"),
        (f"{TITLES}\n0,1\n", "line 2: it has 2 fields, and the first line has 3"),
        (f"{TITLES}\n,1,1\n", "line 2, start_s: it is missing"),
        (f"{TITLES},end_s\n9,1,1,8\n", "line 2, end_s: it ends before it starts"),
        (f"{TITLES},hints\n0,1,1,{{\n", "line 2, hints: it is no JSON"),
        (f"{TITLES},hints\n0,1,1,[]\n", "line 2, hints: it is no object"),
        (f"{TITLES},group_policy\n0,1,1,near\n", "line 2, group_policy: 'near' is none of affinity"),
        ("start_s,vcpu,memory_mb\n", "line 1, vcpu: did you mean 'vcpus'?"),
        ("start_s,vcpus\n0,1\n", "line 1, memory_mb: there is no such column"),
        (f'{TITLES}\n0,1,"1\n', "line 2: unexpected end of data"),
        (f"{TITLES}\n", "from beginning to end: there is no server in it"),
        ("", "line 1, start_s: there is no such column"),
        ('[{"start_s": 0, "vcpus": true, "memory_mb": 1}]', "line 1, vcpus: True is no whole number"),
        ('{"start_s": 0,\n"vcpus": 1, "memory_mb": 1}\n{"vcpus": 1}', "line 3, start_s: it is missing"),
        ('{"start_s": 0, "vcpus": 1, "memory_mb": 1}\n{"vcpus"', "line 2: no JSON"),
        ('[{"start_s": 0, "vcpus": 1, "memory_mb": 1},\n', "line 2: no JSON"),
        ("[1]", "line 1: it is no object"),
        (AZURE.replace(",600,", ",later,"), "line 2, vmdeleted: 'later' is no number of seconds"),
        (AZURE.replace(",3.5", ",0"), "line 1, vmmemorybucket: '0' is not greater than 0"),
        (AZURE.replace(">24", ">lots"), "line 2, vmcorecountbucket: "),
        (AZURE + "x,y\n", "line 3: it has 2 fields, not 11"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, reason: str) -> None:
    with pytest.raises(TraceInvalid) as refused:
        trace_of(tmp_path, text)
    assert refused.value.reason.startswith(f"{tmp_path / 'trace.csv'}, {reason}")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\xff\xfe\x00", "as text: "),
        (gzip.compress(TABLE.encode())[:-20], "as text: "),
        (b"SQLite format 3\x00" + bytes(100), "as Azure's trace for packing: "),
    ],
)
def test_a_file_that_is_no_trace_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "trace").write_bytes(content)
    with pytest.raises(TraceInvalid, match=f"trace, {reason}"):
        read(tmp_path / "trace", HOST)


def test_a_share_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TraceInvalid, match=r"vmType 10, core: 1.5 is no share of a machine"):
        read(packing(tmp_path / "packing.sqlite", share=1.5), HOST)

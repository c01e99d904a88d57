"""The suite's fixtures, re-expressed as Placement REST calls.

Upstream's fixtures write the database in-process.  These make the same world
over HTTP: the same providers in the same order, the same number of generation
bumps (one per inventory record, one per trait set, none for aggregates) and
the same environment variables.  A fixture is a function ``(world)`` that
fills ``world.env``.

The suite names which fixture a file wants; ``HINTS`` says which of them also
need the *server* configured differently, which only the start command can do.
"""

import json
import uuid

# Microversions the fixtures speak; all predate anything version-dependent
# that the tests look at.
V_AGGREGATES = "1.1"  # list body, does not bump the generation
V_PROVIDER = "1.14"  # parent_provider_uuid
V_CUSTOM = "1.7"  # bodiless PUT of custom classes and traits
V_ALLOCATION = "1.28"  # consumer generation, no consumer type

HINTS = {
    "OpenPolicyFixture": "policy-open",
    "SecureRBACPolicyFixture": "policy-secure",
    "LegacyRBACPolicyFixture": "policy-legacy",
    "CORSFixture": "cors",
}

SHARING = "MISC_SHARES_VIA_AGGREGATE"


class FixtureError(Exception):
    pass


def new_uuid():
    return str(uuid.uuid4())


class World:
    """Builds providers, inventories and allocations on a live server."""

    def __init__(self, http, base_url, identity=None):
        self.http = http
        self.base = base_url
        self.env = {}
        self.identity = identity or {}

    # -- plumbing ---------------------------------------------------------

    def call(self, method, path, version, body=None, ok=(200, 201, 204)):
        headers = {
            "x-auth-token": "admin",
            "accept": "application/json",
            "openstack-api-version": "placement " + version,
        }
        data = b""
        if body is not None:
            headers["content-type"] = "application/json"
            data = json.dumps(body).encode()
        response, content = self.http.request(self.base + path, method=method, headers=headers, body=data)
        if int(response["status"]) not in ok:
            raise FixtureError(
                "%s %s (%s) answered %s: %s"
                % (method, path, version, response["status"], content[:300].decode("utf-8", "replace"))
            )
        return json.loads(content) if content.strip() else None

    def generation(self, rp):
        return self.call("GET", "/resource_providers/" + rp, V_PROVIDER)["generation"]

    # -- vocabulary -------------------------------------------------------

    def provider(self, name, *aggregates, parent=None, rp=None):
        rp = rp or new_uuid()
        body = {"name": name, "uuid": rp}
        if parent:
            body["parent_provider_uuid"] = parent
        self.call("POST", "/resource_providers", V_PROVIDER, body)
        if aggregates:
            self.aggregates(rp, *aggregates)
        return rp

    def aggregates(self, rp, *aggregates):
        self.call("PUT", "/resource_providers/%s/aggregates" % rp, V_AGGREGATES, list(aggregates))

    def custom_class(self, name):
        self.call("PUT", "/resource_classes/" + name, V_CUSTOM)

    def inventory(self, rp, resource_class, total, **fields):
        if resource_class.startswith("CUSTOM_"):
            self.custom_class(resource_class)
        body = {"resource_class": resource_class, "total": total, "max_unit": total}
        body.update(fields)
        self.call("POST", "/resource_providers/%s/inventories" % rp, V_PROVIDER, body)

    def traits(self, rp, *names):
        for name in names:
            if name.startswith("CUSTOM_"):
                self.call("PUT", "/traits/" + name, V_CUSTOM)
        self.call(
            "PUT",
            "/resource_providers/%s/traits" % rp,
            V_CUSTOM,
            {"resource_provider_generation": self.generation(rp), "traits": list(names)},
        )

    def allocation(self, rp, resources, user, project):
        consumer = new_uuid()
        self.call(
            "PUT",
            "/allocations/" + consumer,
            V_ALLOCATION,
            {
                "allocations": {rp: {"resources": resources}},
                "consumer_generation": None,
                "user_id": user,
                "project_id": project,
            },
        )
        return consumer


# -- fixtures -------------------------------------------------------------

_RANDOM_VARIABLES = (
    "RP_UUID",
    "RP_NAME",
    "RP_UUID1",
    "RP_NAME1",
    "RP_UUID2",
    "RP_NAME2",
    "PROJECT_ID",
    "ADMIN_PROJECT_ID",
    "SERVICE_PROJECT_ID",
    "USER_ID",
    "PROJECT_ID_ALT",
    "USER_ID_ALT",
    "INSTANCE_UUID",
    "MIGRATION_UUID",
    "CONSUMER_UUID",
    "PARENT_PROVIDER_UUID",
    "ALT_PARENT_PROVIDER_UUID",
)


def base(world):
    for name in _RANDOM_VARIABLES:
        # With Keystone the project ids have to be ids Keystone handed out.
        world.env[name] = world.identity.get(name) or new_uuid()
    for suffix in ("", "1", "2"):
        world.env["CUSTOM_RES_CLASS" + suffix] = "CUSTOM_IRON_NFV" + suffix


def allocation(world):
    base(world)
    env = world.env
    env["ALT_USER_ID"] = new_uuid()
    rp = world.provider(env["RP_NAME"], rp=env["RP_UUID"])
    world.inventory(rp, "DISK_GB", 2048, step_size=10, min_unit=10, max_unit=1000)
    world.inventory(rp, "VCPU", 10, max_unit=10)
    project = env["PROJECT_ID"]
    env["CONSUMER_0"] = world.allocation(rp, {"DISK_GB": 1000}, env["USER_ID"], project)
    env["CONSUMER_ID"] = world.allocation(rp, {"VCPU": 6}, env["USER_ID"], project)
    env["ALT_CONSUMER_ID"] = world.allocation(rp, {"DISK_GB": 20, "VCPU": 1}, env["ALT_USER_ID"], project)
    env["ALT_RP_UUID"] = new_uuid()
    env["ALT_RP_NAME"] = new_uuid()


def shared_storage(world):
    base(world)
    env = world.env
    agg = env["AGG_UUID"] = new_uuid()
    rps = {}
    for name in ("cn1", "cn2", "ss", "ss2"):
        rps[name] = world.provider(name, agg)
    for name in ("numa1_1", "numa1_2", "numa2_1", "numa2_2"):
        rps[name] = world.provider(name, parent=rps["cn" + name[4]])
    for name in ("pf1_1", "pf1_2", "pf2_1", "pf2_2"):
        rps[name] = world.provider(name, parent=rps["numa" + name[2:]])
    for name, rp in rps.items():
        env[name.upper() + "_UUID"] = rp
    for name in ("cn1", "cn2"):
        world.inventory(rps[name], "VCPU", 24, allocation_ratio=16.0)
        world.inventory(rps[name], "MEMORY_MB", 128 * 1024, allocation_ratio=1.5)
    world.traits(rps["cn1"], "HW_CPU_X86_SSE", "HW_CPU_X86_SSE2")
    world.inventory(rps["cn2"], "DISK_GB", 2000, reserved=100, allocation_ratio=1.0)
    for name in ("ss", "ss2"):
        world.inventory(rps[name], "DISK_GB", 2000, reserved=100, allocation_ratio=1.0)
        world.traits(rps[name], SHARING)
    for name in ("pf1_1", "pf1_2", "pf2_1", "pf2_2"):
        world.inventory(rps[name], "SRIOV_NET_VF", 8, allocation_ratio=1.0)


def numa_aggregate(world):
    base(world)
    env = world.env
    agg = {letter: new_uuid() for letter in "ABC"}
    for letter, value in agg.items():
        env["AGG%s_UUID" % letter] = value
    rps = {}
    for name, letters, parent in (
        ("cn1", "A", None),
        ("cn2", "AB", None),
        ("ss1", "A", None),
        ("ss2", "C", None),
        ("numa1_1", "C", "cn1"),
        ("numa1_2", "", "cn1"),
        ("numa2_1", "", "cn2"),
        ("numa2_2", "", "cn2"),
    ):
        rps[name] = world.provider(name, *[agg[x] for x in letters], parent=rps.get(parent))
        env[name.upper() + "_UUID"] = rps[name]
    for name in ("numa1_1", "numa1_2", "numa2_1", "numa2_2"):
        world.inventory(rps[name], "VCPU", 24, allocation_ratio=16.0)
    for name in ("ss1", "ss2"):
        world.inventory(rps[name], "DISK_GB", 2000, reserved=100, allocation_ratio=1.0)
        world.traits(rps[name], SHARING)


def numa_network(world, above=()):
    """Two very different compute trees plus shared storage.

    ``above`` holds (cn1, cn2) already made by the deep variant.
    """
    if not above:
        base(world)
    env = world.env
    agg = env["AGGA_UUID"] = new_uuid()

    def make(variable, name, parent, traits=(), **inventory):
        rp = world.provider(name, parent=parent)
        env[variable] = rp
        if traits:
            world.traits(rp, *traits)
        for resource_class, total in inventory.items():
            world.inventory(rp, resource_class, total)
        return rp

    ss1 = env["SS1_UUID"] = world.provider("ss1", agg)
    world.traits(ss1, SHARING)
    world.inventory(ss1, "DISK_GB", 2000)

    # cn1: resources live in NUMA nodes and network agents below it.
    cn1 = above[0] if above else world.provider("cn1")
    world.aggregates(cn1, agg)
    world.traits(cn1, "COMPUTE_VOLUME_MULTI_ATTACH")
    env["CN1_UUID"] = cn1
    numa0 = make("NUMA0_UUID", "numa0", cn1, ["HW_NUMA_ROOT"], VCPU=4)
    numa1 = make("NUMA1_UUID", "numa1", cn1, ["HW_NUMA_ROOT", "CUSTOM_FOO"], VCPU=4)
    world.inventory(numa0, "MEMORY_MB", 2048, min_unit=512, step_size=256)
    world.inventory(numa1, "MEMORY_MB", 2048, min_unit=256, max_unit=1024)
    owner = ("numafx-user", "numafx-project")
    world.allocation(numa0, {"VCPU": 2}, *owner)
    make("FPGA0_UUID", "fpga0", numa0, FPGA=1)
    make("PGPU0_UUID", "pgpu0", numa0, VGPU=8)
    make("FPGA1_0_UUID", "fpga1_0", numa1, FPGA=1)
    make("FPGA1_1_UUID", "fpga1_1", numa1, FPGA=1)
    sriov = make("SRIOV_AGENT_UUID", "sriov_agent", cn1, ["CUSTOM_VNIC_TYPE_DIRECT"])
    for i in (1, 2):
        make("ESN%d_UUID" % i, "esn%d" % i, sriov, ["CUSTOM_PHYSNET%d" % i], NET_BW_EGR_KILOBIT_PER_SEC=10000 * i)
    ovs = make("OVS_AGENT_UUID", "ovs_agent", cn1, ["CUSTOM_VNIC_TYPE_NORMAL"])
    make("BR_INT_UUID", "br_int", ovs, ["CUSTOM_PHYSNET0"], NET_BW_EGR_KILOBIT_PER_SEC=1000)

    # cn2: a plain compute node with NICs below it.
    cn2 = above[1] if above else world.provider("cn2")
    world.aggregates(cn2, agg)
    env["CN2_UUID"] = cn2
    world.inventory(cn2, "VCPU", 8)
    world.allocation(cn2, {"VCPU": 3}, *owner)
    world.inventory(cn2, "MEMORY_MB", 2048, min_unit=1024, step_size=128)
    world.inventory(cn2, "DISK_GB", 1000)
    world.traits(cn2, "CUSTOM_FOO")
    nics = [make("NIC%d_UUID" % i, "nic%d" % i, cn2, ["CUSTOM_HW_NIC_ROOT"]) for i in (1, 2, 3)]
    # (nic, function) -> (physical network, virtual functions)
    for nic, function, physnet, count in (
        (1, 1, 1, 4),
        (1, 2, 2, 4),
        (2, 1, 1, 2),
        (2, 2, 2, 2),
        (2, 3, 1, 2),
        (2, 4, 2, 2),
        (3, 1, 1, 8),
    ):
        name = "pf%d_%d" % (nic, function)
        make(name.upper() + "_UUID", name, nics[nic - 1], ["CUSTOM_PHYSNET%d" % physnet], CUSTOM_VF=count)


def deep_numa_network(world):
    base(world)
    top = world.provider("gp1")
    middle = [world.provider(name, parent=top) for name in ("p1", "p2")]
    numa_network(world, above=[world.provider(name, parent=parent) for name, parent in zip(("cn1", "cn2"), middle)])


def non_shared_storage(world):
    base(world)
    for letter in "ABC":
        world.env["AGG%s_UUID" % letter] = new_uuid()
    rps = []
    for name in ("cn1", "cn2", "cn3"):
        rps.append(world.provider(name))
        world.env[name.upper() + "_UUID"] = rps[-1]
    for rp in rps:
        world.inventory(rp, "VCPU", 24)
        world.inventory(rp, "MEMORY_MB", 128 * 1024)
        world.inventory(rp, "DISK_GB", 2000)


def granular(world):
    base(world)
    env = world.env
    world.custom_class("CUSTOM_NET_MBPS")
    agg = {letter: new_uuid() for letter in "ABC"}
    for letter, value in agg.items():
        env["AGG" + letter] = value

    def make(name, letters, inventories, *traits):
        rp = env[name.upper()] = world.provider(name, *[agg[x] for x in letters])
        for resource_class, total, fields in inventories:
            world.inventory(rp, resource_class, total, **fields)
        world.traits(rp, *traits)

    def inv(resource_class, total, **fields):
        return resource_class, total, fields

    compute = [inv("VCPU", 8), inv("MEMORY_MB", 4096)]
    make(
        "cn_left",
        "A",
        compute + [inv("DISK_GB", 500), inv("VGPU", 8), inv("SRIOV_NET_VF", 8), inv("CUSTOM_NET_MBPS", 4000)],
        "HW_CPU_X86_AVX",
        "HW_CPU_X86_AVX2",
        "HW_GPU_API_DXVA",
        "HW_NIC_DCB_PFC",
        "CUSTOM_FOO",
    )
    make(
        "cn_middle",
        "AB",
        compute + [inv("SRIOV_NET_VF", 8), inv("CUSTOM_NET_MBPS", 4000)],
        "HW_CPU_X86_AVX",
        "HW_CPU_X86_AVX2",
        "HW_CPU_X86_SSE",
        "HW_NIC_ACCEL_TLS",
    )
    make(
        "cn_right",
        "BC",
        compute + [inv("DISK_GB", 500), inv("VGPU", 8, max_unit=2)],
        "HW_CPU_X86_MMX",
        "HW_GPU_API_DXVA",
        "CUSTOM_DISK_SSD",
    )
    make("shr_disk_1", "A", [inv("DISK_GB", 1000)], SHARING, "CUSTOM_DISK_SSD")
    make("shr_disk_2", "AB", [inv("DISK_GB", 1000)], SHARING)
    make("shr_net", "C", [inv("SRIOV_NET_VF", 16), inv("CUSTOM_NET_MBPS", 40000)], SHARING)


def neutron_qos_multi_segment(world):
    base(world)
    env = world.env
    s1, s2 = "MSN_S1", "MSN_S2"
    # compute -> bridge kbps, bridges, physical-function kbps, functions
    for host, bridge_bw, bridges, pf_bw, functions in (
        ("compute0", 5000, ["OTHER"], 10000, ["OTHER"]),
        ("compute1", 5000, [s1], 10000, [s1]),
        ("compute2", 5000, [s2], 10000, [s2]),
        ("compute3", 1000, [s1, s2], 1000, [s1, s2]),
    ):
        root = env[host] = world.provider(host)
        world.inventory(root, "VCPU", 8)
        world.inventory(root, "MEMORY_MB", 4096)
        world.inventory(root, "DISK_GB", 500)

        def bandwidth(rp, kbps):
            world.inventory(rp, "NET_BW_EGR_KILOBIT_PER_SEC", kbps)
            world.inventory(rp, "NET_BW_IGR_KILOBIT_PER_SEC", kbps)

        agent_name = host + ":Open vSwitch agent"
        agent = world.provider(agent_name, parent=root)
        env[host + ":ovs_agent"] = agent
        world.inventory(agent, "NET_PACKET_RATE_KILOPACKET_PER_SEC", 1000)
        world.traits(agent, "CUSTOM_VNIC_TYPE_NORMAL")
        for i, physnet in enumerate(bridges):
            suffix = "" if i == 0 else str(i + 1)
            bridge = world.provider("%s:br-ex%s" % (agent_name, suffix), parent=agent)
            env["%s:br_ex%s" % (host, suffix)] = bridge
            bandwidth(bridge, bridge_bw)
            world.traits(bridge, "CUSTOM_VNIC_TYPE_NORMAL", "CUSTOM_PHYSNET_" + physnet)

        direct = ["CUSTOM_VNIC_TYPE_" + kind for kind in ("DIRECT", "DIRECT_PHYSICAL", "MACVTAP")]
        agent_name = host + ":NIC Switch agent"
        agent = world.provider(agent_name, parent=root)
        env[host + ":sriov_agent"] = agent
        world.traits(agent, *direct)
        for i, physnet in enumerate(functions):
            pf = world.provider("%s:enp129s0f%d" % (agent_name, i), parent=agent)
            env["%s:pf%d" % (host, i)] = pf
            bandwidth(pf, pf_bw)
            world.traits(pf, *direct, "CUSTOM_PHYSNET_" + physnet)


FIXTURES = {
    "APIFixture": base,
    "OpenPolicyFixture": base,
    "SecureRBACPolicyFixture": base,
    "LegacyRBACPolicyFixture": base,
    "CORSFixture": base,
    "AllocationFixture": allocation,
    "SharedStorageFixture": shared_storage,
    "NUMAAggregateFixture": numa_aggregate,
    "NUMANetworkFixture": numa_network,
    "DeepNUMANetworkFixture": deep_numa_network,
    "NonSharedStorageFixture": non_shared_storage,
    "GranularFixture": granular,
    "NeutronQoSMultiSegmentFixture": neutron_qos_multi_segment,
}

"""The history of the Compute API, a line a change. Code says the name of a change, never its number."""

from __future__ import annotations

from pileus.kit.http.message import Reply, Request
from pileus.kit.versions import History, Version

HISTORY = History("compute", oldest=(2, 1))

KEYPAIR_TYPES = HISTORY.at(2, 2, "a key pair is for ssh or x509; it is made with 201 and deleted with 204")
MORE_SERVER_ATTRIBUTES = HISTORY.at(2, 3, "administrators see how a server was made; volumes say delete_on_termination")
FIXED_IP_RESERVED = HISTORY.at(2, 4, "a fixed address says whether it is reserved")
FILTER_BY_IP6 = HISTORY.at(2, 5, "everybody may filter servers by ip6")
REMOTE_CONSOLES = HISTORY.at(2, 6, "one call makes a console of any protocol, and the four actions are gone")
PUBLIC_FLAVOR_ACCESS_REFUSED = HISTORY.at(2, 7, "nobody is given access to a public flavor")
MKS_CONSOLES = HISTORY.at(2, 8, "the console protocol mks")
LOCKED = HISTORY.at(2, 9, "a server says whether it is locked")
KEYPAIR_USER = HISTORY.at(2, 10, "administrators manage the key pairs of others")
SERVICE_FORCED_DOWN = HISTORY.at(2, 11, "a service says forced_down, and may be")
VIRTUAL_INTERFACE_NETWORK = HISTORY.at(2, 12, "a virtual interface says its network")
SERVER_GROUP_OWNER = HISTORY.at(2, 13, "a server group says its project and user")
EVACUATE_FINDS_STORAGE = HISTORY.at(2, 14, "evacuate takes no onSharedStorage and gives no password")
SOFT_AFFINITY = HISTORY.at(2, 15, "soft policies of server groups")
HOST_STATUS = HISTORY.at(2, 16, "a server says how its host is")
CRASH_DUMP = HISTORY.at(2, 17, "trigger_crash_dump")
PROJECT_OUT_OF_PATH = HISTORY.at(2, 18, "no project is needed in a path")
SERVER_DESCRIPTION = HISTORY.at(2, 19, "a server has a description")
SHELVED_VOLUMES = HISTORY.at(2, 20, "volumes of shelved servers are attached and detached")
DELETED_SERVERS_ACTIONS = HISTORY.at(2, 21, "the actions of deleted servers are shown")
FORCE_COMPLETE_MIGRATION = HISTORY.at(2, 22, "a live migration is forced to complete")
SERVER_MIGRATIONS = HISTORY.at(2, 23, "the live migrations of one server; a migration says its type")
ABORT_MIGRATION = HISTORY.at(2, 24, "a running live migration is aborted")
AUTO_BLOCK_MIGRATION = HISTORY.at(2, 25, "block_migration may be auto, and disk_over_commit is gone")
SERVER_TAGS = HISTORY.at(2, 26, "tags of servers")
SERVICE_VERSION_HEADER = HISTORY.at(2, 27, "the header openstack-api-version")
CPU_INFO_OBJECT = HISTORY.at(2, 28, "a hypervisor's cpu_info is an object")
EVACUATE_FORCE = HISTORY.at(2, 29, "evacuate asks the scheduler about its host, unless forced")
LIVE_MIGRATE_FORCE = HISTORY.at(2, 30, "live migration asks the scheduler about its host, unless forced")
ANY_CONSOLE_TOKEN = HISTORY.at(2, 31, "the connection of a console of any protocol is shown")
DEVICE_TAGS_AT_CREATE = HISTORY.at(2, 32, "networks and block devices of a new server have tags")
HYPERVISOR_PAGES = HISTORY.at(2, 33, "hypervisors are listed in pages")
NO_BLOCK_DEVICE_TAGS = HISTORY.at(2, 33, "block devices of a new server take no tag, by mistake")
LIVE_MIGRATE_CHECKS_LATER = HISTORY.at(2, 34, "live migration is checked after the answer")
KEYPAIR_PAGES = HISTORY.at(2, 35, "key pairs are listed in pages, by name")
NO_PROXIES = HISTORY.at(2, 36, "other services' resources are gone, and the network's quotas with them")
NETWORKS_REQUIRED = HISTORY.at(2, 37, "a new server names its networks, or auto, or none")
NO_NETWORK_TAGS = HISTORY.at(2, 37, "networks of a new server take no tag, by mistake")
KNOWN_STATUS = HISTORY.at(2, 38, "servers are not listed by a status that there is not")
NO_IMAGE_METADATA = HISTORY.at(2, 39, "the metadata of images is gone, and its limit with it")
USAGE_PAGES = HISTORY.at(2, 40, "usage comes in pages")
AGGREGATE_UUID = HISTORY.at(2, 41, "an aggregate has a uuid")
DEVICE_TAGS_AGAIN = HISTORY.at(2, 42, "networks and block devices of a new server have tags again")
NO_HOSTS = HISTORY.at(2, 43, "os-hosts is gone")
NO_ADDRESS_ACTIONS = HISTORY.at(2, 44, "actions on fixed and floating addresses are gone, and virtual interfaces")
IMAGE_ID_IN_BODY = HISTORY.at(2, 45, "createImage and createBackup give the image's id in a body")
REQUEST_ID_HEADER = HISTORY.at(2, 46, "the header x-openstack-request-id")
EMBEDDED_FLAVOR = HISTORY.at(2, 47, "a server shows what its flavor is, instead of its id")
STANDARD_DIAGNOSTICS = HISTORY.at(2, 48, "diagnostics are the same of every driver")
DEVICE_TAGS_AT_ATTACH = HISTORY.at(2, 49, "interfaces and volumes are attached with a tag")
QUOTA_CLASS_GROUPS = HISTORY.at(2, 50, "quota classes know server groups, and networks no more")
ACTION_EVENTS = HISTORY.at(2, 51, "an action shows its events to everybody who sees it")
VOLUME_EXTENDED = HISTORY.at(2, 51, "the event volume-extended")
TAGS_AT_CREATE = HISTORY.at(2, 52, "a new server has tags")
SERVICE_UUIDS = HISTORY.at(2, 53, "services are named by uuid and changed by one PUT")
HYPERVISOR_UUIDS = HISTORY.at(2, 53, "hypervisors are named by uuid; search and servers are query parameters")
REBUILD_KEY = HISTORY.at(2, 54, "rebuild changes the key pair")
FLAVOR_DESCRIPTION = HISTORY.at(2, 55, "a flavor has a description, which may change")
MIGRATE_HOST = HISTORY.at(2, 56, "migrate names a host")
NO_PERSONALITY = HISTORY.at(2, 57, "files are injected no more, nor limited; rebuild takes user_data")
ACTION_PAGES = HISTORY.at(2, 58, "actions are listed in pages, by changes-since, and say when they changed")
MIGRATION_PAGES = HISTORY.at(2, 59, "migrations are listed in pages, by changes-since, and have a uuid")
MULTIATTACH = HISTORY.at(2, 60, "one volume is attached to several servers")
FLAVOR_SHOWS_SPECS = HISTORY.at(2, 61, "a flavor shows its extra specs")
ACTION_HOST = HISTORY.at(2, 62, "the events of an action say their host")
TRUSTED_CERTIFICATES = HISTORY.at(2, 63, "certificates that an image's signature is verified with")
SERVER_GROUP_RULES = HISTORY.at(2, 64, "a server group has one policy, with rules")
ABORT_QUEUED_MIGRATION = HISTORY.at(2, 65, "a live migration that only waits is aborted")
CHANGES_BEFORE = HISTORY.at(2, 66, "changes-before")
VOLUME_TYPE = HISTORY.at(2, 67, "a block device says the type of the volume that it makes")
NO_FORCE = HISTORY.at(2, 68, "live migration and evacuate are forced no more")
DOWN_CELLS = HISTORY.at(2, 69, "what is out of reach is listed by what is known of it")
DEVICE_TAGS_SHOWN = HISTORY.at(2, 70, "attached interfaces and volumes show their tags")
SERVER_GROUPS_SHOWN = HISTORY.at(2, 71, "a server shows its server groups")
PORT_RESOURCES = HISTORY.at(2, 72, "a new server has ports that ask for resources")
LOCK_REASON = HISTORY.at(2, 73, "a server is locked for a reason, and listed by locked")
REQUESTED_HOST = HISTORY.at(2, 74, "a new server asks for a host or hypervisor")
STRICT_LISTS = HISTORY.at(2, 75, "unknown parameters of most lists and bodies are refused")
SAME_SERVER_VIEW = HISTORY.at(2, 75, "a server looks the same when it is shown, updated and rebuilt")
SWAP_NUMBER = HISTORY.at(2, 75, "a flavor without swap says 0")
HYPERVISOR_SERVERS_ALWAYS = HISTORY.at(2, 75, "a hypervisor without servers says so")
POWER_UPDATE = HISTORY.at(2, 76, "the event power-update")
UNSHELVE_ZONE = HISTORY.at(2, 77, "unshelve names an availability zone")
SERVER_TOPOLOGY = HISTORY.at(2, 78, "a server's topology")
VOLUME_DELETE_ON_TERMINATION = HISTORY.at(2, 79, "a volume is attached to be deleted with the server")
MIGRATION_OWNER = HISTORY.at(2, 80, "migrations say their user and project, and are listed by them")
AGGREGATE_IMAGES = HISTORY.at(2, 81, "images are cached on the hosts of an aggregate")
ACCELERATOR_BOUND = HISTORY.at(2, 82, "the event accelerator-request-bound")
MORE_FILTERS = HISTORY.at(2, 83, "everybody filters servers by what only administrators could")
EVENT_DETAILS = HISTORY.at(2, 84, "an action's event that failed says how")
UPDATE_VOLUME_ATTACHMENT = HISTORY.at(2, 85, "delete_on_termination of an attached volume changes")
VALID_EXTRA_SPECS = HISTORY.at(2, 86, "extra specs that are known are checked")
RESCUE_VOLUME = HISTORY.at(2, 87, "servers that boot from a volume are rescued")
HYPERVISOR_FACTS_GONE = HISTORY.at(2, 88, "a hypervisor says its uptime, and no more what placement knows better")
ATTACHMENT_IDS = HISTORY.at(2, 89, "an attached volume says attachment_id and bdm_uuid, and no id")
HOSTNAME = HISTORY.at(2, 90, "a server's hostname may be set, and everybody sees it")
UNSHELVE_HOST = HISTORY.at(2, 91, "unshelve names a host, and pins to an availability zone or unpins")
KEYPAIR_IMPORT_ONLY = HISTORY.at(2, 92, "key pairs are imported only; '@' and '.' stand in their names")
REBUILD_VOLUME = HISTORY.at(2, 93, "servers that boot from a volume are rebuilt")
HOSTNAME_FQDN = HISTORY.at(2, 94, "a hostname may have a domain")
EVACUATE_STOPS = HISTORY.at(2, 95, "an evacuated server is stopped")
PINNED_ZONE = HISTORY.at(2, 96, "a server says to which availability zone it is pinned")
SERVER_SHARES = HISTORY.at(2, 97, "shares are attached to servers")
IMAGE_PROPERTIES = HISTORY.at(2, 98, "a server shows its image's properties")
SPICE_DIRECT = HISTORY.at(2, 99, "the console type spice-direct, and its tls_port")
SCHEDULER_HINTS = HISTORY.at(2, 100, "a server shows its scheduler hints")
ATTACH_VOLUME_LATER = HISTORY.at(2, 101, "a volume is attached after the answer")
STRICT_QUERIES = HISTORY.at(2, 102, "unknown query parameters are refused everywhere")
FLAVOR_NAME_FILTER = HISTORY.at(2, 102, "flavors are listed by name")
NO_RXTX_FACTOR = HISTORY.at(2, 102, "a flavor has no rxtx_factor, and is not disabled")
NO_VOLUMES_BOOT = HISTORY.at(2, 103, "os-volumes_boot is gone")
UPDATE_PINNED_ZONE = HISTORY.at(2, 104, "a server is pinned to its zone, or unpinned, by PUT")

_OLD_HEADER = "x-openstack-nova-api-version"
_HEADER = "openstack-api-version"
_PREFIX = "/v2.1/"


def read_version(request: Request, history: History) -> Version:
    """Return the microversion that a request asks for. Raises VersionInvalid, VersionUnacceptable."""
    text = _asked(request) if request.path.startswith(_PREFIX) else None
    return history.oldest if text is None else history.parse(text)


def _asked(request: Request) -> str | None:
    for part in request.headers.get(_HEADER, "").split(","):
        service, _, version = part.strip().partition(" ")
        if service.lower() == HISTORY.service_type and version:
            return version.strip()
    return request.headers.get(_OLD_HEADER)


def decorate(request: Request, reply: Reply) -> None:
    """Give a reply the headers that every one of this API has."""
    reply.headers["x-compute-request-id"] = request.id
    if request.path.startswith(_PREFIX) and request.version is not None:
        reply.headers[_HEADER] = f"{HISTORY.service_type} {request.version}"
        reply.headers[_OLD_HEADER] = str(request.version)
        reply.headers["vary"] = "OpenStack-API-Version, X-OpenStack-Nova-API-Version"

# SPDX-License-Identifier: GPL-2.0
"""The YAML description of the family says what the uapi header and the module say."""
import re

import pytest
import yaml

from fakesys import TOP, UAPI, uapi

SPEC = yaml.safe_load(UAPI.with_suffix(".yaml").read_text(encoding="utf-8"))
HEADER = UAPI.read_text(encoding="utf-8")
MODULE = (TOP / "kmod/netlink.c").read_text(encoding="utf-8")
SETS = {entry["name"]: entry for entry in SPEC["attribute-sets"]}
DEFINITIONS = {entry["name"]: entry for entry in SPEC["definitions"]}
OPERATIONS = SPEC["operations"]["list"]
LIMITS = re.compile(r"__\w+_MAX$")


def upper(text):
    """As C spells it."""
    return text.replace("-", "_").upper()


def header_enum(name):
    """name -> number, in the header's order, without the limit at its end."""
    body = re.search(rf"enum {name} \{{(.*?)\}};", re.sub(r"/\*.*?\*/", "", HEADER, flags=re.S), re.S)
    names = [n.strip() for n in body[1].split(",") if n.strip()]
    return {n: number for number, n in enumerate(names) if not LIMITS.match(n)}


def header_types(name):
    """Attribute -> what the header's comment says first: its type, or "" where it has none."""
    body = re.search(rf"enum {name} \{{(.*?)\n\n", HEADER, re.S)[1]
    return {n: (re.search(r"/\* (nest|binary|string|[us]\d+)\b", rest) or ["", ""])[1]
            for n, rest in re.findall(r"^\t(\w+),(.*)", body, re.M)}


def numbered(prefix, names, first):
    """C's names of these entries, counted from the first."""
    return {upper(prefix + name): number for number, name in enumerate(names, first)}


def define(name):
    """The text of a constant of the header."""
    return re.search(rf"^#define {name}\s+(\S+)$", HEADER, re.M)[1].strip('"')


def test_family():
    """Name, version, header, group, and how many events there are."""
    assert define(upper(SPEC["c-family-name"])) == SPEC["name"]
    assert define(upper(SPEC["c-version-name"])) == str(SPEC["version"])
    assert SPEC["uapi-header"] == f"linux/{UAPI.name}"
    assert define("NET_FAILOVER_EVENTS_KEPT") == str(DEFINITIONS["events-kept"]["value"])
    groups = [group["name"] for group in SPEC["mcast-groups"]["list"]]
    assert {f"NET_FAILOVER_MCGRP_{upper(group)}": group for group in groups} == \
        dict(re.findall(r'^#define (NET_FAILOVER_MCGRP_\w+)\s+"(.*)"', HEADER, re.M))


def test_nothing_is_left_out():
    """Each enum of the header is in the description, and the other way round."""
    ours = {f"net_failover_{d['name']}" for d in DEFINITIONS.values() if d["type"] == "enum"}
    ours |= {entry["enum-name"].replace("-", "_") for entry in SETS.values()}
    ours.add(SPEC["operations"]["enum-name"].replace("-", "_"))
    assert ours == set(re.findall(r"^enum (\w+) \{", HEADER, re.M))


@pytest.mark.parametrize("name", [d["name"] for d in DEFINITIONS.values() if d["type"] == "enum"])
def test_enum(name):
    """Same names and numbers; only what may grow has a limit."""
    entries = [entry["name"] for entry in DEFINITIONS[name]["entries"]]
    assert numbered(f"net-failover-{name}-", entries, 0) == header_enum(f"net_failover_{name}")
    assert DEFINITIONS[name].get("render-max", False) == \
        (f"#define NET_FAILOVER_{upper(name)}_MAX " in HEADER)


def test_flags():
    """The same bits."""
    flags = DEFINITIONS["lower-state"]
    bits = {upper(flags["name-prefix"] + entry["name"]): 1 << bit
            for bit, entry in enumerate(flags["entries"])}
    defined = re.findall(r"^#define (\w+)\s+\(1 << \d+\)", HEADER, re.M)
    assert bits == {name: uapi()[name] for name in defined}


@pytest.mark.parametrize("name", SETS)
def test_attributes(name):
    """Same names, numbers and types; those whose values have names say so."""
    attributes = SETS[name]["attributes"]
    enum = SETS[name]["enum-name"].replace("-", "_")
    prefix = SETS[name]["name-prefix"]
    theirs, types = header_enum(enum), header_types(enum)
    assert theirs.pop(upper(prefix + "unspec")) == 0
    assert numbered(prefix, [a["name"] for a in attributes], 1) == theirs
    for attribute in attributes:
        constant = upper(prefix + attribute["name"])
        assert attribute["type"] == (types[constant] or "pad"), constant
        comment = re.search(rf"^\t{constant},\s*/\* (.*) \*/", HEADER, re.M)
        said = re.search(r"enum net_failover_(\w+)|NET_FAILOVER_(LOWER)_\* bits", comment[1]) if comment else None
        assert attribute.get("enum") == (said and (said[1] or "lower-state")), constant
        if attribute["type"] == "nest":
            assert SETS[attribute["nested-attributes"]]["name-prefix"] == f"{prefix}{attribute['name']}-"
            assert attribute.get("multi-attr", False) == ("one a lower" in comment[1])


def test_operations():
    """Same names and numbers."""
    theirs = header_enum(SPEC["operations"]["enum-name"].replace("-", "_"))
    prefix = SPEC["operations"]["name-prefix"]
    assert theirs.pop(upper(prefix + "unspec")) == 0
    assert numbered(prefix, [op["name"] for op in OPERATIONS], 1) == theirs


def test_operations_of_the_module():
    """What may be asked how, and what takes privilege, is what the module registers."""
    registered = {}
    for body in re.findall(r"\{\s*(\.cmd = .*?)\}", MODULE, re.S):
        command = re.search(r"\.cmd = (\w+)", body)[1]
        registered[command] = {kind for kind in ("doit", "dumpit") if f".{kind}" in body}
        registered[command] |= {"privileged"} if "GENL_UNS_ADMIN_PERM" in body else set()
    described = {}
    for op in OPERATIONS:
        said = {kernel for key, kernel in (("do", "doit"), ("dump", "dumpit")) if key in op}
        said |= {"privileged"} if op.get("flags") == ["uns-admin-perm"] else set()
        if said:
            described[upper(SPEC["operations"]["name-prefix"] + op["name"])] = said
    assert described == registered


def test_requests_and_answers_of_the_module():
    """Requests take what the module's policy names; answers carry all that it puts."""
    policy = set(re.findall(r"\[NET_FAILOVER_A_(\w+)\] =", MODULE))
    sent = set()
    for op in OPERATIONS:
        names = {a["name"] for a in SETS[op["attribute-set"]]["attributes"]}
        for part in (op.get("do", {}), op.get("dump", {}), {"reply": op.get("event", {})}):
            asked = part.get("request", {}).get("attributes", [])
            told = part.get("reply", {}).get("attributes", [])
            assert set(asked) | set(told) <= names
            assert not asked or {upper(name) for name in asked} == policy
            sent |= {upper(name) for name in told}
    sets = {name for name in sent if re.search(rf"\bNET_FAILOVER_A_{name}\b", MODULE)}
    assert sent == sets == {upper(a["name"]) for a in SETS["pair"]["attributes"]} - {"PAD"}
    for name in ("lower", "event"):
        for attribute in SETS[name]["attributes"]:
            assert re.search(rf"\b{upper(SETS[name]['name-prefix'] + attribute['name'])}\b", MODULE) or \
                attribute["type"] == "pad", attribute

# SPDX-License-Identifier: GPL-2.0
"""A strict reader of OpenMetrics text, of the part of it that failoverctl writes."""
import re

LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(rf'([a-zA-Z_:][a-zA-Z0-9_:]*)(\{{(?:{LABEL}(?:,{LABEL})*)?\}})? (-?[0-9.]+(?:e[+-]?\d+)?)')
SUFFIXES = {"gauge": "", "counter": "_total"}       # those that node_exporter takes, too


def check_openmetrics(text):
    """name{labels} -> value; fails at the first line that breaks a rule."""
    assert text.endswith("# EOF\n") and text.count("# EOF") == 1, "it must end with # EOF"
    family, kind, said, families, values = None, None, set(), set(), {}
    for line in text.splitlines()[:-1]:
        meta = re.fullmatch(r"# (TYPE|HELP|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)", line)
        if meta:
            word, name, rest = meta.groups()
            if name != family:
                assert word == "TYPE" and name not in families, f"a family in pieces: {line}"
                family, kind, said = name, rest, set()
                families.add(name)
                assert kind in SUFFIXES, f"a type that not every reader knows: {line}"
                assert not name.endswith("_total"), line
            assert word not in said, f"said twice: {line}"
            said.add(word)
            if word == "UNIT":
                assert name.endswith("_" + rest), f"the unit must end the name: {line}"
            continue
        sample = SAMPLE.fullmatch(line)
        assert sample, f"no sample: {line}"
        name, labels, value = sample.groups()
        assert family and name == family + SUFFIXES[kind], f"of another family: {line}"
        assert {"TYPE", "HELP"} <= said, f"without help: {line}"
        names = re.findall(r'([a-zA-Z0-9_]+)="', labels or "")
        assert len(names) == len(set(names)), f"a label twice: {line}"
        key = name + (labels or "")
        assert key not in values, f"twice: {line}"
        values[key] = float(value)
        assert kind == "gauge" or values[key] >= 0, line
    return values

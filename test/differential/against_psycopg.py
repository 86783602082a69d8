#!/usr/bin/python3
"""Compares coropg with psycopg 3: both read the same random values, which the server makes from the same seed.

usage: against_psycopg.py DIFFERENTIAL [OPTION OF DIFFERENTIAL...]

`differential receive` says each query and prints what coropg read, one canonical line a value; here psycopg runs the
query, once in text and once in binary, and its values are printed alike.
"""

import datetime
import decimal
import enum
import functools
import ipaddress
import itertools
import os
import struct
import subprocess
import sys
import uuid

SKIP = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../support/skip")

try:
    import psycopg
    import psycopg.types.composite
    import psycopg.types.enum
    import psycopg.types.hstore
    import psycopg.types.multirange
    import psycopg.types.range
except ImportError:
    os.execv(SKIP, [SKIP, "differential.psycopg", "psycopg 3 is missing (python3-psycopg)"])

try:
    import psycopg.types.shapely
    from shapely.geometry.base import BaseGeometry, BaseMultipartGeometry
except ImportError:
    BaseGeometry = None

TOLD = 5  # differences that are printed, of each type
FLOAT4 = 700, 1021
JSON = 114, 3802
DAY = datetime.timedelta(days=1)
MICROSECOND = datetime.timedelta(microseconds=1)


# --- one line for each value, as sample<T>::print of test/support/samples -------------------------------------------

@functools.singledispatch
def line(value, oid):
    raise TypeError(f"no line for {type(value)}")


@line.register
def _(value: None.__class__, oid):
    return "NULL"


@line.register
def _(value: bool, oid):
    return "true" if value else "false"


@line.register
def _(value: int, oid):
    return str(value)


@line.register
def _(value: float, oid):
    if value != value:
        return "nan"
    if oid in JSON and value == int(value):
        return str(int(value))
    return struct.pack(">f" if oid in FLOAT4 else ">d", value).hex()


@line.register
def _(value: decimal.Decimal, oid):
    sign, digits, exponent = value.as_tuple()
    if not value.is_finite():
        return "NaN" if value.is_nan() else "-Infinity" if sign else "Infinity"
    return f"{'-' if sign else '+'}{''.join(map(str, digits)).lstrip('0')} {-exponent}"


@line.register
def _(value: str, oid):
    return f"'{value.encode().hex()}'"


@line.register
def _(value: bytes, oid):
    return f"\\x{value.hex()}"


@line.register
def _(value: uuid.UUID, oid):
    return str(value)


@line.register
def _(value: datetime.date, oid):
    return str((value - datetime.date(1970, 1, 1)).days)


@line.register
def _(value: datetime.datetime, oid):
    return str((value - datetime.datetime(1970, 1, 1, tzinfo=value.tzinfo)) // MICROSECOND)


@line.register
def _(value: datetime.time, oid):
    midnight = datetime.datetime.min
    micros = str((datetime.datetime.combine(midnight, value.replace(tzinfo=None)) - midnight) // MICROSECOND)
    return micros if value.tzinfo is None else f"{micros} {value.utcoffset().total_seconds():.0f}"


@line.register
def _(value: datetime.timedelta, oid):
    return f"0 {value // DAY} {value % DAY // MICROSECOND}"


@line.register(ipaddress.IPv4Address)
@line.register(ipaddress.IPv6Address)
def _(value, oid):
    # an IPv4Interface is an IPv4Address
    prefix = value.network.prefixlen if hasattr(value, "network") else value.max_prefixlen
    return f"{value.packed.hex()}/{prefix}"


@line.register(ipaddress.IPv4Network)
@line.register(ipaddress.IPv6Network)
def _(value, oid):
    return f"{value.network_address.packed.hex()}/{value.prefixlen}"


@line.register
def _(value: psycopg.types.range.Range, oid):
    if value.isempty:
        return "empty"
    lower, upper = ("" if bound is None else line(bound, oid) for bound in (value.lower, value.upper))
    return f"{value.bounds[0]}{lower},{upper}{value.bounds[1]}"


@line.register
def _(value: psycopg.types.multirange.Multirange, oid):
    return "{" + ",".join(line(part, oid) for part in value) + "}"


@line.register
def _(value: list, oid):
    return "[" + ",".join(line(item, oid) for item in value) + "]"


@line.register
def _(value: dict, oid):
    return "{" + ",".join(sorted(f"{line(key, oid)}={line(item, oid)}" for key, item in value.items())) + "}"


@line.register
def _(value: tuple, oid):
    return "(" + ",".join(line(item, oid) for item in value) + ")"


@line.register
def _(value: enum.Enum, oid):
    return value.name


def outline(shape):
    """The coordinates of a shape of Shapely's."""
    if isinstance(shape, BaseMultipartGeometry):
        return "(" + ",".join(outline(part) for part in shape.geoms) + ")"
    if shape.geom_type == "Polygon":
        rings = [] if shape.is_empty else [shape.exterior, *shape.interiors]
        return "(" + ",".join(outline(ring) for ring in rings) + ")"
    points = [" ".join(line(float(number), None) for number in point) for point in shape.coords]
    return points[0] if shape.geom_type == "Point" else "(" + ",".join(points) + ")"


if BaseGeometry is not None:
    @line.register
    def _(value: BaseGeometry, oid):
        return "0;" + outline(value)


# -----------------------------------------------------------------------------------------------------------------------

def register(conn, setup):
    """Has psycopg know the types that the database has of its own."""
    types = psycopg.types
    conn.execute(setup)
    types.enum.register_enum(types.enum.EnumInfo.fetch(conn, "sampled_mood"), conn)
    types.composite.register_composite(types.composite.CompositeInfo.fetch(conn, "sampled_person"), conn)
    if hstore := types.TypeInfo.fetch(conn, "hstore"):
        types.hstore.register_hstore(hstore, conn)
    if BaseGeometry is not None and (geometry := types.TypeInfo.fetch(conn, "geometry")):
        types.shapely.register_shapely(geometry, conn)


def is_known(name):
    return name != "geometry" or BaseGeometry is not None


def differing(conn, name, formats, setseed, query, lines):
    """How many values psycopg reads otherwise than coropg, in each format."""
    count = 0
    for how in formats.split():
        conn.execute(setseed)
        cursor = conn.cursor(binary=how == "binary")
        cursor.execute(query)
        oid = cursor.description[0].type_code
        for number, (ours, row) in enumerate(itertools.zip_longest(lines, cursor)):
            theirs = None if row is None else line(row[0], oid)
            if ours != theirs:
                count += 1
                if count <= TOLD:
                    print(f"{name}, value {number}: coropg {ours}, psycopg {theirs}", file=sys.stderr)
    return count


def sections(text):
    """(name, formats, setseed, query, lines) of each type."""
    for section in text.removesuffix("\n").split("\n= "):
        head, *lines = section.split("\n")
        yield *head.split("\t"), lines


def main():
    options = sys.argv[2:]
    received = subprocess.run([sys.argv[1], "receive", *options], check=True, stdout=subprocess.PIPE, text=True).stdout
    setup, _, rest = received.partition("\n= ")
    types = skipped = values = problems = 0
    with psycopg.connect(os.environ["COROPG_DSN"], autocommit=True) as conn:
        conn.execute("SET TIME ZONE 'UTC'")
        register(conn, setup)
        for name, formats, setseed, query, lines in sections(rest):
            if not is_known(name):
                skipped += 1
                subprocess.run([SKIP, f"differential.psycopg/{name}", "Shapely is missing (python3-shapely)"],
                               check=False)
                continue
            found = differing(conn, name, formats, setseed, query, lines)
            if found:
                print(f"{name}: {found} differences; {setseed}; {query}", file=sys.stderr)
            types, values, problems = types + 1, values + len(lines), problems + found
    print(f"{types} types, {values} values read by coropg and psycopg {psycopg.__version__}, {problems} differ; "
          f"{skipped} types skipped for want of Shapely")
    sys.exit(1 if problems or not types else 0)


main()

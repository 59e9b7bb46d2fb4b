#!/usr/bin/env python3
"""Verifies an export of Potter's audit log without Potter: `verify-audit.py [file] [--key PUBLIC_KEY_HEX]`.

With --key only checkpoints of that key count, so a log begun anew under another key is found. Exit code 0, 1 or 2 (usage).
"""
import hashlib
import json
import sys

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if x2 == 0:
        return None if sign else 0
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * ROOT % P
    if (x * x - x2) % P:
        return None
    return P - x if x & 1 != sign else x


def point(data):
    y = int.from_bytes(data, "little")
    sign = y >> 255
    y &= (1 << 255) - 1
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(s, p):
    q = (0, 1, 1, 0)
    while s:
        if s & 1:
            q = add(q, p)
        p = add(p, p)
        s >>= 1
    return q


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def ed25519_verify(public, message, signature):
    """RFC 8032, section 5.1.7."""
    a, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = multiply(s, BASE), add(r, multiply(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


def canonical(row, names):
    picked = {name: row[name] for name in names}
    return json.dumps(picked, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


ENTRY = ("at", "callId", "caller", "result", "route", "seq", "subject")
CHECKPOINT = ("at", "hash", "keyId", "previous", "seq")
BEGINNING = "0" * 64


def entry_fault(entries):
    before, expected = BEGINNING, 1
    for row in entries:
        if row["seq"] < expected:
            return "inserted", row["seq"]
        if row["seq"] > expected:
            return ("reordered" if any(r["seq"] == expected for r in entries) else "missing"), expected
        names = ENTRY if row["payload"] is None else ENTRY + ("payload",)
        digest = hashlib.sha256(bytes.fromhex(before) + canonical(row, names)).hexdigest()
        if digest != row["hash"]:
            return "edited", expected
        before, expected = row["hash"], expected + 1
    return None


def is_signed(checkpoint, keys):
    try:
        public = bytes.fromhex(keys[checkpoint["keyId"]])
        signature = bytes.fromhex(checkpoint["signature"])
    except (KeyError, ValueError):
        return False
    if len(public) != 32 or len(signature) != 64 or hashlib.sha256(public).hexdigest()[:16] != checkpoint["keyId"]:
        return False
    return ed25519_verify(public, canonical(checkpoint, CHECKPOINT), signature)


def checkpoint_fault(entries, checkpoints, keys):
    previous, seen = BEGINNING, set()
    for checkpoint in checkpoints:
        seq = checkpoint["seq"]
        if not is_signed(checkpoint, keys):
            return "checkpoint-forged", seq
        digest = hashlib.sha256(canonical(checkpoint, CHECKPOINT) + checkpoint["signature"].encode()).hexdigest()
        if digest in seen:
            return "checkpoint-replayed", seq
        if checkpoint["previous"] != previous:
            return "checkpoint-missing", seq
        if seq > len(entries):
            return "cut", len(entries) + 1
        if entries[seq - 1]["hash"] != checkpoint["hash"]:
            return "rewritten", seq
        seen.add(digest)
        previous = digest
    if not checkpoints and keys:
        return "checkpoint-missing", 1
    return None


def main(arguments):
    pinned = None
    if "--key" in arguments:
        at = arguments.index("--key")
        pinned = arguments[at + 1]
        del arguments[at : at + 2]
    source = open(arguments[0], encoding="utf-8") if arguments else sys.stdin
    with source:
        header, *lines = [json.loads(line) for line in source if line.strip()]
    keys = header["keys"] if pinned is None else {hashlib.sha256(bytes.fromhex(pinned)).hexdigest()[:16]: pinned}
    entries = [line["entry"] for line in lines if "entry" in line]
    checkpoints = [line["checkpoint"] for line in lines if "checkpoint" in line]
    fault = entry_fault(entries) or checkpoint_fault(entries, checkpoints, keys)
    if fault:
        print(f"{fault[0]} {fault[1]}")
        return 1
    covered = checkpoints[-1]["seq"] if checkpoints else 0
    print(f"ok {len(entries)} entries, {len(checkpoints)} checkpoints, {len(entries) - covered} uncovered")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        print(f"not an export that can be read: {error!r}", file=sys.stderr)
        sys.exit(2)

"""Which kind of disk a directory lies on: a store on a network disk loses its locks and its commits."""

from __future__ import annotations

from pathlib import Path

MOUNTS = Path("/proc/mounts")
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "glusterfs", "lustre", "gpfs", "ncpfs", "davfs"}
)


def network_disk(directory: Path, mounts: Path = MOUNTS) -> str | None:
    """The kind of network disk a directory lies on; None for a local one, and where that cannot be told."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    real = directory.resolve()
    best, kind = -1, ""
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        place = Path(fields[1].replace("\\040", " "))
        if (real == place or place in real.parents) and len(place.parts) > best:
            best, kind = len(place.parts), fields[2]
    remote = kind in NETWORK or (
        kind.startswith("fuse.") and any(n in kind for n in ("ssh", "rclone", "s3", "gluster"))
    )
    return kind if remote else None

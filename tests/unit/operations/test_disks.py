"""Doctor tells a network disk from a local one by the longest mount a directory lies under."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.operations.network_disk import network_disk

MOUNTS = """/dev/sda1 / ext4 rw 0 0
server:/home /mnt/home nfs4 rw 0 0
/dev/sdb1 /mnt/home/fast xfs rw 0 0
me@box: /mnt/ssh fuse.sshfs rw 0 0
//box/share /mnt/two\\040words cifs rw 0 0
nonsense
"""


@pytest.mark.parametrize(
    ("directory", "kind"),
    [
        ("/var/lib/forkjoin", None),
        ("/mnt/home/mia/store", "nfs4"),
        ("/mnt/home/fast/store", None),
        ("/mnt/ssh/store", "fuse.sshfs"),
        ("/mnt/two words/store", "cifs"),
    ],
)
def test_the_nearest_mount_decides(directory: str, kind: str | None, tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS)
    assert network_disk(Path(directory), mounts) == kind


def test_where_it_cannot_be_told_nothing_is_claimed(tmp_path: Path) -> None:
    assert network_disk(tmp_path, tmp_path / "no such file") is None

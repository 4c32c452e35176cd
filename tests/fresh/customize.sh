#!/bin/sh
# Turn a root file system into a machine that boots: customize.sh ROOT (a hook of mmdebstrap).
# $OUT holds key.pub and authorities/*.crt; the disk of $SIZE, kernel, initial RAM disk and host key go to $MADE.
set -eu
root=$1 out=${OUT:?} made=${MADE:?} user=${MACHINE_USER:?} size=${SIZE:?}

echo fresh >"$root/etc/hostname"
printf '127.0.0.1 localhost fresh\n::1 localhost fresh\n' >"$root/etc/hosts"
printf '/dev/vda / ext4 rw,noatime 0 1\n' >"$root/etc/fstab"
mkdir -p "$root/etc/systemd/network"
printf '[Match]\nName=en* eth*\n[Network]\nDHCP=yes\n' >"$root/etc/systemd/network/lan.network"

mkdir -p "$root/usr/local/share/ca-certificates"
for authority in "$out"/authorities/*.crt; do
  [ -e "$authority" ] && cp "$authority" "$root/usr/local/share/ca-certificates/added-${authority##*/}"
done
chroot "$root" update-ca-certificates

chroot "$root" useradd --create-home --shell /bin/bash --groups docker "$user"
for home in "/root" "/home/$user"; do
  mkdir -p "$root$home/.ssh"
  cp "$out/key.pub" "$root$home/.ssh/authorized_keys"
  chmod 700 "$root$home/.ssh"
done
chroot "$root" chown -R "$user:$user" "/home/$user/.ssh"
chroot "$root" systemctl enable systemd-networkd ssh docker

cp "$root"/boot/vmlinuz-* "$made/vmlinuz"
cp "$root"/boot/initrd.img-* "$made/initrd.img"
cp "$root/etc/ssh/ssh_host_ed25519_key.pub" "$made/host_key.pub"
# mmdebstrap still has the kernel's file systems mounted there: the disk must not hold them.
mkdir "$made/root"
mount --bind "$root" "$made/root"
trap 'umount "$made/root" && rmdir "$made/root"' EXIT
mke2fs -q -t ext4 -d "$made/root" "$made/disk.img" "$size"
chmod 0644 "$made/vmlinuz" "$made/initrd.img" "$made/host_key.pub" "$made/disk.img"

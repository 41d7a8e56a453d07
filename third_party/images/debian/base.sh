#!/usr/bin/env bash
# base.sh SUITE MIRROR FOLDER REFERENCE: a minimal Debian, debootstrapped into FOLDER and imported as image REFERENCE.
# MIRROR "" is debootstrap's own default. Needs root: debootstrap makes device nodes and changes root.
set -euo pipefail
suite=$1 mirror=${2:-http://deb.debian.org/debian} root=$3 reference=$4

# debootstrap holds back when another one died in the same folder, so the caller gives a fresh one.
debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" "$mirror"

cat >"$root/etc/apt/sources.list" <<EOF
deb $mirror $suite main
deb $mirror $suite-updates main
deb ${mirror%/}-security $suite-security main
EOF
# Layers keep no packages and no lists; dpkg need not flush a file system that is thrown away when the build fails.
cat >"$root/etc/apt/apt.conf.d/99docker" <<'EOF'
DPkg::Post-Invoke {"rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true";};
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
Acquire::Retries "5";
APT::Install-Recommends "false";
EOF
printf 'force-unsafe-io\npath-exclude=/usr/share/%s/*\npath-exclude=/usr/share/%s/*\n' doc man locale info \
    >"$root/etc/dpkg/dpkg.cfg.d/99docker"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/cache/apt/*.bin "$root"/var/lib/apt/lists/* \
    "$root"/usr/share/{doc,man,locale,info}/*
# OpenJDK's postinst fails without these folders.
mkdir -p "$root"/usr/share/man/man{1..8}
# Services start in an image as they would anyway: by the entry point, not by a package's postinst.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"

echo "importing $reference"
tar -C "$root" --numeric-owner -c . |
    docker import --change 'ENV LANG=C.UTF-8' --change 'CMD ["bash"]' - "$reference"

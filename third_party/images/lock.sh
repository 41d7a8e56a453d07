#!/usr/bin/env bash
# lock.sh FOLDER…: writes FOLDER/artifacts.lock anew for the jars that FOLDER/pom.xml asks for; lines that are not from
# the pom (archives, wheels) stay. Needs Maven, which building does not. The property `lock.folder` of the pom is where
# the jars stand in the build context; file names that match `lock.skip` are left out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
plugin=org.apache.maven.plugins:maven-dependency-plugin:3.8.1
for folder in "$@"; do
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    mvn -q -B -f "$folder/pom.xml" "$plugin:copy-dependencies" -DincludeScope=runtime -DoutputDirectory="$work/jars"
    mvn -q -B -f "$folder/pom.xml" "$plugin:list" -DincludeScope=runtime -DoutputFile="$work/list"
    python3 - "$folder" "$work" <<'PY'
import hashlib, os, re, sys

folder, work = sys.argv[1:]
pom = open(f"{folder}/pom.xml").read()
asked = lambda name, default: (re.findall(f"<{name}>(.*?)</{name}>", pom) or [default])[0]
target, skip = asked("lock.folder", "libs"), asked("lock.skip", "$^")
lock = f"{folder}/artifacts.lock"
head, kept, jars = [], [], []
if os.path.exists(lock):
    lines = open(lock).read().splitlines()
    head = [line for line in lines if line.startswith("#")]
    kept = [line for line in lines if line and not line.startswith("#") and not line.split()[3].startswith(target + "/")]
for line in open(f"{work}/list"):
    parts = re.sub(r"\x1b\[[0-9;]*m", "", line).strip().split(" ")[0].split(":")
    if len(parts) not in (5, 6):
        continue
    group, artifact, extension, version = parts[0], parts[1], parts[2], parts[-2]
    classifier = parts[3] if len(parts) == 6 else ""
    name = f"{artifact}-{version}{'-' + classifier if classifier else ''}.{extension}"
    if re.search(skip, name):
        continue
    data = open(f"{work}/jars/{name}", "rb").read()
    source = f"maven:{group}:{artifact}:{version}" + (f":{classifier}" if classifier else "")
    source += f"@{extension}" if extension != "jar" else ""
    jars.append(f"{hashlib.sha256(data).hexdigest()}  {len(data)}  {source}  {target}/{name}")
jars.sort(key=lambda line: line.split()[3])
open(lock, "w").write("\n".join(head + jars + kept) + "\n")
PY
    rm -rf "$work"
done

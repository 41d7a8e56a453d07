#!/usr/bin/env bash
# relocate.sh TREE PREFIX: copies Bazel, its libraries, jars and JDK out of a tree of unpacked sid packages into PREFIX,
# so that they run on an older Debian: ELF files get the tree's own loader and libraries, the rest is paths in text.
set -euo pipefail
tree=$1 prefix=$2

rm -rf "$prefix"
mkdir -p "$prefix"/{bin,lib,share,jdk}
cp -L "$tree/usr/bin/bazel" "$prefix/bin/bazel"
# Some links in these two folders dangle, and nothing needs them.
cp -rL "$tree/usr/share/bazel" "$prefix/share/bazel" || true
cp -rL "$tree/usr/share/java" "$prefix/share/java" || true

# The JDK: its conf/ links point into /etc of the tree, so they are resolved from inside.
cp -a "$tree"/usr/lib/jvm/java-25-openjdk-amd64/. "$prefix/jdk"
rm -rf "$prefix"/jdk/{lib/src.zip,jmods}
find "$prefix/jdk" -type l -lname '/*' | while read -r link; do
    target=$tree$(readlink "$link")
    rm "$link"
    [ ! -e "$target" ] || cp -rL "$target" "$link"
done

elf=("$prefix/bin/bazel" "$prefix"/share/bazel/{build-runfiles,daemonize,linux-sandbox,process-wrapper})
loader=$tree/usr/lib64/ld-linux-x86-64.so.2 libraries=$tree/usr/lib/x86_64-linux-gnu
for file in "${elf[@]}"; do "$loader" --library-path "$libraries" --list "$file"; done |
    grep -oE "$libraries/[^ ]+" | sort -u | while read -r library; do cp -L "$library" "$prefix/lib/"; done
cp -L "$loader" "$libraries/libz.so.1" "$prefix/lib/"
for file in "${elf[@]}"; do
    chmod u+wx "$file"
    patchelf --set-interpreter "$prefix/lib/ld-linux-x86-64.so.2" --force-rpath --set-rpath "$prefix/lib" "$file"
done
for file in "$prefix"/jdk/bin/java "$prefix"/jdk/lib/jspawnhelper; do
    patchelf --set-interpreter "$prefix/lib/ld-linux-x86-64.so.2" --force-rpath \
        --set-rpath "$prefix/jdk/lib:$prefix/lib" "$file"
done

# Debian's jars name each other by absolute paths in their manifests: list the whole closure instead.
python3 - "$prefix" <<'PY'
import os, re, sys, zipfile

jars = sys.argv[1] + "/share/java"
listing = sys.argv[1] + "/share/bazel/bazel_classpath_debian_depends.txt"
todo = [jars + "/" + os.path.basename(path) for path in open(listing).read().split()]
seen = []
while todo:
    jar = todo.pop(0)
    if jar in seen or not os.path.exists(jar):
        continue
    seen.append(jar)
    try:
        manifest = zipfile.ZipFile(jar).read("META-INF/MANIFEST.MF").decode("utf8", "ignore")
    except KeyError:
        continue
    found = re.search(r"^Class-Path: (.*)$", re.sub(r"\r?\n ", "", manifest), re.M)
    if found:
        todo += [jars + "/" + os.path.basename(entry) for entry in found.group(1).split()]
open(listing, "w").write("\n".join(seen) + "\n")
PY

# Debian's system bazelrc (install base, its own module overrides), with the new prefix.
sed "s#/usr/share/bazel#$prefix/share/bazel#g; /try-import/d; /sandbox_debug/d; /host_javabase/d" \
    "$tree/etc/bazel/bazelrc" >"$prefix/debian.bazelrc"

#!/usr/bin/env bash
# modules.sh PREFIX CACHE PATCHES NAME: writes PREFIX/NAME.bazelrc, which lets MODULE.bazel, written for the central
# registry, resolve from what Debian packages. Nothing of this is seen where Bazel reaches its registry.
set -euo pipefail
prefix=$1 cache=$2 patches=$3 name=$4
modules=$prefix/$name

# Modules that Debian lacks and that are only named, never used, by what we build.
stub() {
    mkdir -p "$modules/$1"
    printf 'module(name = "%s")\n' "$1" >"$modules/$1/MODULE.bazel"
    : >"$modules/$1/BUILD.bazel"
}
rm -rf "$modules"
for module in apple_support protobuf aspect_rules_js buildozer zlib; do stub "$module"; done
cat >"$modules/buildozer/buildozer_binary.bzl" <<'BZL'
def _empty_impl(repository_ctx):
    repository_ctx.file("BUILD.bazel", "")

_empty = repository_rule(implementation = _empty_impl)
buildozer_binary = module_extension(implementation = lambda _: _empty(name = "buildozer_binary"))
BZL
mkdir -p "$modules/registry"
echo '{}' >"$modules/registry/bazel_registry.json"

# rules_rust with the patches that single_version_override in MODULE.bazel applies elsewhere.
cp -r "$prefix/share/bazel/rules/rust" "$modules/rules_rust"
for patch in "$patches"/rules_rust-*.patch; do
    patch -d "$modules/rules_rust" -p1 <"$patch"
done

# Bazel's JVM trusts what the machine trusts: its certificates as a Java key store. (The format is a header, entries and
# a digest; Debian's own copy comes only with a JDK, and keytool takes a process per certificate.)
python3 - "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" "$modules/cacerts" <<'PY'
import base64, hashlib, re, struct, sys

pem = open(sys.argv[1]).read()
certificates = [base64.b64decode(body) for body in
                re.findall(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", pem, re.S)]
text = lambda s: struct.pack(">H", len(s)) + s.encode()
store = struct.pack(">III", 0xFEEDFEED, 2, len(certificates))
for number, der in enumerate(certificates):
    store += struct.pack(">I", 2) + text(f"ca{number}") + struct.pack(">Q", 0) + text("X.509")
    store += struct.pack(">I", len(der)) + der
digest = hashlib.sha1("changeit".encode("utf-16-be") + b"Mighty Aphrodite" + store).digest()
open(sys.argv[2], "wb").write(store + digest)
PY

{
    cat "$prefix/debian.bazelrc"
    cat <<RC
startup --server_javabase=$prefix/jdk
startup --host_jvm_args=-Djavax.net.ssl.trustStore=$modules/cacerts
startup --output_user_root=$cache/bazel
common --registry=file://$modules/registry
common --noenable_workspace
common --override_module=rules_rust=$modules/rules_rust
common --override_module=apple_support=$modules/apple_support
common --override_module=protobuf=$modules/protobuf
common --override_module=aspect_rules_js=$modules/aspect_rules_js
common --override_module=buildozer=$modules/buildozer
common --override_module=zlib=$modules/zlib
# Checkouts share what they download and what they build.
common --repository_cache=$cache/repositories
build --disk_cache=$cache/disk
build --experimental_disk_cache_gc_max_size=30G
# A cache or checkout under /tmp would be hidden by the sandbox's own /tmp.
build --noincompatible_sandbox_hermetic_tmp
RC
} >"$prefix/$name.bazelrc"

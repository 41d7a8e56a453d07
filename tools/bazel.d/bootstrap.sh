# Sourced by tools/bazel: makes the pinned Bazel run on a Debian machine that reaches nothing but package registries.
#
# Debian sid packages Bazel and rules_rust. We unpack them (nothing of sid is installed), give the few ELF files sid's
# own loader, and run the result as it is; compilers, libraries and Rust remain the machine's. Each step leaves a stamp
# when it is done, so an interrupted bootstrap goes on where it stopped, and a lock lets checkouts share the cache.

# Raise when a step below changes: the number is part of the folder's name, so old and new never mix.
bootstrap_revision=1
bootstrap_steps=7

bazel_cache=${IBB_CACHE:-}
if [ -z "$bazel_cache" ]; then
    if [ "$(id -u)" = 0 ]; then bazel_cache=/var/cache/ibb; else bazel_cache=${XDG_CACHE_HOME:-$HOME/.cache}/ibb; fi
fi

# say STEP MESSAGE…
say() {
    printf '[bazel-bootstrap %s/%s] %s (%d s)\n' "$1" "$bootstrap_steps" "${*:2}" "$((SECONDS - bootstrap_start))" >&2
}

# quietly NUMBER LOG COMMAND…: runs with its output in LOG, says every 15 s where it is, shows the end if it fails.
quietly() {
    local step=$1 log=$2 pid shown=0; shift 2
    "$@" >"$log" 2>&1 9>&- & pid=$!
    trap 'kill "$pid" 2>/dev/null' EXIT
    while kill -0 "$pid" 2>/dev/null; do
        sleep 1 9>&-
        if [ $((++shown)) -ge 15 ]; then
            shown=0; say "$step" "… $(tail -c 200 "$log" | tr '\r' '\n' | grep -v '^$' | tail -1 | cut -c1-100)"
        fi
    done
    trap - EXIT
    wait "$pid" || { tail -30 "$log" >&2; die "step $step failed: ${*:1:3} … (whole log: $log)"; }
}

# The machine's packages: a C toolchain and headers for native crates (librdkafka, zstd, OpenSSL), and what unpacking
# needs.
machine_packages=(
    ca-certificates curl g++ gcc git libssl-dev make patch patchelf pkg-config python3 python3-pip unzip zip zlib1g-dev
)

install_machine_packages() {
    local missing=() package as_root=()
    for package in "${machine_packages[@]}"; do
        dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ]; then
        sudo -n true 2>/dev/null || die "these Debian packages are missing: ${missing[*]}" \
            "Install them ('apt-get install ${missing[*]}' as root), then run this again."
        as_root=(sudo -n)
    fi
    say 1 "installing ${missing[*]} with apt-get"
    quietly 1 "$bazel_cache/log/apt-update.log" "${as_root[@]}" apt-get update
    quietly 1 "$bazel_cache/log/apt-install.log" "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y --no-install-recommends "${missing[@]}"
}

# sid_apt COMMAND…: apt-get or apt-cache with lists, status and cache of its own. It sees sid as an empty machine
# would, and changes nothing here.
sid_apt() {
    local sid=$bazel_cache/sid command=$1; shift
    "$command" -q -o Dir::State::lists="$sid/lists" -o Dir::State::status="$sid/status" -o Dir::Cache="$sid/cache" \
        -o Dir::Etc::sourcelist="$sid/sources.list" -o Dir::Etc::sourceparts=- -o Dir::Etc::preferencesparts=/dev/null \
        -o Acquire::Check-Valid-Until=false -o Acquire::Retries=5 -o APT::Sandbox::User=root -o Debug::NoLocking=1 \
        -o APT::Install-Recommends=false -o Dpkg::Use-Pty=0 "$@"
}

download_sid() {
    local version=$1 sid=$bazel_cache/sid mirror carried
    mkdir -p "$sid"/{lists,cache/archives}/partial
    : >"$sid/status"
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Component: main' |
        grep -E '/debian/?$' | head -1) || true
    [ -n "$mirror" ] || die "no Debian mirror found in this machine's apt sources"
    printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s sid main\n' "$mirror" >"$sid/sources.list"
    quietly 2 "$bazel_cache/log/sid-update.log" sid_apt apt-get update
    # An interrupted download of another day may have left packages that sid has replaced since.
    sid_apt apt-get autoclean >/dev/null
    carried=$(sid_apt apt-cache policy bazel-bootstrap | sed -n 's/^ *Candidate: //p')
    case $carried in
        "$version"[+-]*) ;;
        *) die "Debian sid now carries Bazel '${carried:-none}', and .bazelversion pins $version." \
            "Install bazelisk, or raise .bazelversion together with the modules in MODULE.bazel." ;;
    esac
    say 3 "downloading Bazel $carried and what it needs (about 630 MB) into $sid"
    quietly 3 "$bazel_cache/log/sid-download.log" \
        sid_apt apt-get install -y --download-only bazel-bootstrap bazel-rules-rust bazel-rules-shell
}

unpack_sid() {
    local sid=$bazel_cache/sid deb
    rm -rf "$sid/tree"; mkdir -p "$sid/tree"
    for deb in "$sid"/cache/archives/*.deb; do echo "${deb##*/}"; dpkg -x "$deb" "$sid/tree"; done
}

done_before() { [ -e "$bazel_prefix/stamp/$1" ]; }
mark_done() { mkdir -p "$bazel_prefix/stamp"; : >"$bazel_prefix/stamp/$1"; }

# bootstrap CHECKOUT VERSION: makes Bazel ready once, then only sets bazel_prefix and bazel_startup.
bootstrap() {
    local checkout=$1 version=$2 patches=$1/third_party/rust/patches ready
    bazel_prefix=$bazel_cache/bazel-$version-r$bootstrap_revision
    # What the generated setup depends on names it, so checkouts of different commits can share the cache.
    ready=modules-$(cat "$patches"/rules_rust-*.patch "$checkout"/tools/bazel.d/modules.sh \
        "${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}" <(echo "$bazel_cache") | sha256sum | cut -c1-12)
    if ! done_before "$ready"; then
        mkdir -p "$bazel_cache/log"
        exec 9>"$bazel_cache/bootstrap.lock"
        flock -n 9 || { echo "[bazel-bootstrap] another checkout is bootstrapping; waiting for it …" >&2; flock 9; }
        done_before "$ready" || run_steps "$checkout" "$version" "$patches" "$ready"
        exec 9>&-
    fi
    # rustup installs the toolchain of rust-toolchain.toml when it is first asked for.
    (cd "$checkout" && rustc --version >/dev/null) ||
        die "rustc does not run: see rust-toolchain.toml and 'rustup show'"
    link_cargo_index
    forget_gone_checkouts
    # rules_rust takes a generator that is not its own release from this variable only.
    export CARGO_BAZEL_GENERATOR_URL=file://$bazel_prefix/bin/cargo-bazel
    bazel_startup=(--nosystem_rc --bazelrc="$bazel_prefix/$ready.bazelrc")
}

run_steps() {
    local checkout=$1 version=$2 patches=$3 ready=$4
    bootstrap_start=$SECONDS
    say 1 "no Bazel $version here: preparing one in $bazel_prefix"
    install_machine_packages
    if ! done_before relocated; then
        say 2 "reading the package lists of Debian sid"
        download_sid "$version"
        say 4 "unpacking $(ls "$bazel_cache"/sid/cache/archives/*.deb | wc -l) packages"
        quietly 4 "$bazel_cache/log/unpack.log" unpack_sid
        say 5 "relocating Bazel"
        quietly 5 "$bazel_cache/log/relocate.log" \
            bash "$checkout/tools/bazel.d/relocate.sh" "$bazel_cache/sid/tree" "$bazel_prefix"
        mark_done relocated
        rm -rf "$bazel_cache/sid"
    fi
    if ! done_before generator; then
        say 6 "building crate_universe's generator (about 4 min)"
        quietly 6 "$bazel_cache/log/generator.log" build_generator "$checkout"
        mark_done generator
    fi
    say 7 "writing the offline module setup"
    quietly 7 "$bazel_cache/log/modules.log" bash "$checkout/tools/bazel.d/modules.sh" \
        "$bazel_prefix" "$bazel_cache" "$patches" "$ready"
    mark_done "$ready"
    say 7 "done"
}

# rules_rust's own source of the generator, as Debian packages it, with the lock file it comes with.
build_generator() {
    local source=$bazel_prefix/share/bazel/rules/rust/crate_universe target=$bazel_cache/generator-target
    (cd "$1" && cargo build --release --locked --bin cargo-bazel \
        --manifest-path "$source/Cargo.toml" --target-dir "$target")
    cp "$target/release/cargo-bazel" "$bazel_prefix/bin/cargo-bazel"
    rm -rf "$target"
}

# The generator reads Cargo's index cache under the folder name that Cargo used until 1.85 (the hash of a registry
# changed then); today's Cargo writes the second one. Without the link every crate is "not found in index".
link_cargo_index() {
    local now then
    for now in "${CARGO_HOME:-$HOME/.cargo}"/registry/index/*-1949cf8c6b5b557f; do
        then=${now%-*}-6f17d22bba15001f
        if [ -d "$now" ] && [ ! -e "$then" ]; then ln -sfn "${now##*/}" "$then"; fi
    done
}

# Bazel keeps a folder of some GB per checkout, which says whose it is. What was built there is in the shared cache.
forget_gone_checkouts() {
    local owner base checkout
    for owner in "$bazel_cache"/bazel/*/DO_NOT_BUILD_HERE; do
        [ -f "$owner" ] || continue
        base=${owner%/*} checkout=$(<"$owner")
        if [ ! -d "$checkout" ] && ! kill -0 "$(cat "$base/server/server.pid.txt" 2>/dev/null)" 2>/dev/null; then
            echo "tools/bazel: removing what Bazel kept for $checkout, which is gone" >&2
            chmod -R u+w "$base" && rm -rf "$base"
        fi
    done
}

"""The rustup toolchain that rust-toolchain.toml names, as a Bazel toolchain and as the host tools of crate_universe."""

_BUILD = """\
load("@rules_rust//rust:toolchain.bzl", "rust_stdlib_filegroup", "rust_toolchain", "rustfmt_toolchain")

package(default_visibility = ["//visibility:public"])

exports_files(glob(["bin/*"]))

filegroup(
    name = "rustc_lib",
    srcs = glob(
        [
            "lib/*.so*",
            "lib/rustlib/{triple}/bin/gcc-ld/*",
            "lib/rustlib/{triple}/bin/rust-lld",
            "lib/rustlib/{triple}/codegen-backends/*.so",
            "lib/rustlib/{triple}/lib/*.so",
        ],
        allow_empty = True,
    ),
)

rust_stdlib_filegroup(
    name = "rust_std",
    # Since 1.9x an rlib of the standard library is only a stub without its .rmeta.
    srcs = glob(
        [
            "lib/rustlib/{triple}/lib/*.a",
            "lib/rustlib/{triple}/lib/*.rlib",
            "lib/rustlib/{triple}/lib/*.rmeta",
            "lib/rustlib/{triple}/lib/*.so",
            "lib/rustlib/{triple}/lib/self-contained/**",
        ],
        allow_empty = True,
    ),
)

rust_toolchain(
    name = "rust_impl",
    binary_ext = "",
    cargo = "bin/cargo",
    cargo_clippy = "bin/cargo-clippy",
    clippy_driver = "bin/clippy-driver",
    default_edition = "2024",
    dylib_ext = ".so",
    exec_triple = "{triple}",
    extra_rustc_flags_for_crate_types = {link_flags},
    rust_doc = "bin/rustdoc",
    rust_std = ":rust_std",
    rustc = "bin/rustc",
    rustc_lib = ":rustc_lib",
    rustfmt = "bin/rustfmt",
    staticlib_ext = ".a",
    stdlib_linkflags = ["-lpthread", "-ldl"],
    target_triple = "{triple}",
)

rustfmt_toolchain(
    name = "rustfmt_impl",
    rustc = "bin/rustc",
    rustc_lib = ":rustc_lib",
    rustfmt = "bin/rustfmt",
)

toolchain(
    name = "rust",
    exec_compatible_with = ["@platforms//os:linux", "@platforms//cpu:{cpu}"],
    target_compatible_with = ["@platforms//os:linux", "@platforms//cpu:{cpu}"],
    toolchain = ":rust_impl",
    toolchain_type = "@rules_rust//rust:toolchain_type",
)

toolchain(
    name = "rustfmt",
    toolchain = ":rustfmt_impl",
    toolchain_type = "@rules_rust//rust/rustfmt:toolchain_type",
)
"""

def _local_rust_impl(repository_ctx):
    pinned = repository_ctx.path(repository_ctx.attr.toolchain_file)
    repository_ctx.watch(pinned)
    rustc = repository_ctx.which("rustc")
    if not rustc:
        fail("rustc is not on the PATH: install rustup, which reads rust-toolchain.toml")

    # rustup's rustc reads rust-toolchain.toml of the folder it runs in, and installs what is named there.
    found = repository_ctx.execute([rustc, "--print", "sysroot"], working_directory = str(pinned.dirname))
    if found.return_code:
        fail("rustc --print sysroot: " + found.stderr)
    sysroot = found.stdout.strip()
    repository_ctx.symlink(sysroot + "/bin", "bin")
    repository_ctx.symlink(sysroot + "/lib", "lib")
    cpu = {"amd64": "x86_64", "arm64": "aarch64"}.get(repository_ctx.os.arch, repository_ctx.os.arch)
    triple = cpu + "-unknown-linux-gnu"

    # Bazel's C++ toolchain asks for gold, which Rust warns about. Where Rust brings its own lld, that links, and faster.
    lld = "{}/lib/rustlib/{}/bin/gcc-ld".format(sysroot, triple)
    link_flags = {}
    if repository_ctx.path(lld + "/ld.lld").exists:
        flags = ["-Clink-arg=-B" + lld, "-Clink-arg=-fuse-ld=lld"]
        link_flags = {"bin": flags, "proc-macro": flags}
    repository_ctx.file("BUILD.bazel", _BUILD.format(cpu = cpu, link_flags = repr(link_flags), triple = triple))

local_rust = repository_rule(
    implementation = _local_rust_impl,
    attrs = {"toolchain_file": attr.label(mandatory = True)},
    environ = ["PATH", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"],
)

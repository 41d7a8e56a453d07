"""Clippy as a test: its findings are in the test's log, and any finding fails it.

The aspect checks a crate against the metadata of its dependencies as the build made them, so nothing compiles twice.
`--@rules_rust//:capture_clippy_output` (.bazelrc) has it write its findings to a file instead of failing the build.
"""

load("@rules_rust//rust:defs.bzl", "rust_clippy_aspect", "rust_common")

_SCRIPT = """\
#!/bin/sh
found=0
for findings in {files}; do
    if [ -s "$findings" ]; then cat "$findings"; found=1; fi
done
exit $found
"""

def _clippy_test_impl(ctx):
    findings = depset(transitive = [
        target[OutputGroupInfo].clippy_checks
        for target in ctx.attr.targets
        if hasattr(target[OutputGroupInfo], "clippy_checks")
    ])
    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    files = " ".join(["'{}'".format(file.short_path) for file in findings.to_list()])
    ctx.actions.write(script, _SCRIPT.format(files = files), is_executable = True)
    return [DefaultInfo(executable = script, runfiles = ctx.runfiles(transitive_files = findings))]

_clippy_test = rule(
    implementation = _clippy_test_impl,
    attrs = {
        "targets": attr.label_list(
            aspects = [rust_clippy_aspect],
            providers = [[rust_common.crate_info], [rust_common.test_crate_info]],
        ),
    },
    test = True,
)

def clippy_test(name, targets):
    _clippy_test(name = name, size = "small", targets = targets)

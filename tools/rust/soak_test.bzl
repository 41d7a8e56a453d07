"""`soak_test()`: the ignored cases of a test, one after the other, under a name of their own."""

_SCRIPT = """\
#!/usr/bin/env bash
exec {} --ignored --nocapture --test-threads=1
"""

def _impl(ctx):
    script = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.write(script, _SCRIPT.format(ctx.executable.cases_of.short_path), is_executable = True)
    cases_of = ctx.attr.cases_of
    return [
        DefaultInfo(executable = script, runfiles = cases_of[DefaultInfo].default_runfiles),
        # The test's own, so that it finds its programs.
        cases_of[RunEnvironmentInfo],
    ]

soak_test = rule(
    implementation = _impl,
    test = True,
    attrs = {"cases_of": attr.label(executable = True, cfg = "target", mandatory = True)},
)

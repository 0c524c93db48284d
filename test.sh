#!/usr/bin/env bash
# All tests, on a fresh machine with Rust's toolchain, a C compiler and Debian's package manager. What the browser tests
# need is installed where it is missing; every server that the tests start listens on loopback.
set -euo pipefail
cd "$(dirname "$0")"
tests/browser/install.sh
cargo test --locked "$@"

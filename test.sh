#!/usr/bin/env bash
# All tests, on a fresh machine with Rust's toolchain, a C compiler and Debian's package manager.
# The tests need nothing else: every server they start is part of the program and listens on loopback.
set -euo pipefail
cd "$(dirname "$0")"
cargo test --locked "$@"

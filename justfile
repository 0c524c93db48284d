# The same names as in CONTRIBUTING.md. `just` alone lists them.

default:
    @just --list

# Everything CI checks
ci:
    .ci/run

# All tests; installs what they need
test:
    ./test.sh

lint:
    cargo fmt --check
    cargo clippy --all-targets --locked -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items --locked

# Schema and page of the mapping anew, of what src/mapping/schema says
mapping-docs:
    THREADLIFT_WRITE_DOCS=1 cargo test --lib schema

# Licences, sources, bans, advisories (needs cargo-deny)
deny:
    cargo deny check

# The main job on samples
rehearse:
    cargo run --release -- rehearse mappings/demo.toml

# How much of Front's limit an import uses, over real minutes, with answers after 50 ms and after 5 s
utilisation *ARGS:
    cargo run --release --example utilisation -- {{ARGS}}

# Opening, marking, memory and disk of a ledger with a million entries
ledger-bench:
    cargo run --release --example ledger_bench

# How fast an import sends when Front does not limit it, beside the same client without a ledger
bench-sending *ARGS:
    cargo run --release --example sending -- {{ARGS}}

# Kills while Front fails in every way: until 500 have landed, with a table of what happened
chaos KILLS="500":
    THREADLIFT_CHAOS_KILLS={{KILLS}} cargo test --test chaos -- --nocapture

# How fast `plan` is beside the least it could cost, and beside others; how time and memory grow (`growth`, `huge`)
bench *ARGS:
    cargo build --release
    cargo run --profile floor --example bench -- {{ARGS}}

# Pieces of the engine by themselves
bench-pieces:
    cargo bench --bench pieces

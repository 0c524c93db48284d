#!/usr/bin/env bash
# What the browser tests need and a machine may lack: Debian's Chromium, and axe-core, which looks for what people with
# disabilities would stumble over. Does nothing where both are there.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=4.14.0
digest=20c09fe157a8a34a30e241aaa1fcdade657734f08ab379ecfbeb7d45cc46e878
axe=target/browser/axe-core-$version.min.js

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_package() {
    echo "installing $1, which the browser tests need"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

command -v chromium > /dev/null || install_package chromium fonts-dejavu-core

if [ ! -f "$axe" ]; then
    command -v npm > /dev/null || install_package npm ca-certificates
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    npm pack "axe-core@$version" --silent --pack-destination "$scratch" > /dev/null
    tar -xzf "$scratch/axe-core-$version.tgz" -C "$scratch" package/axe.min.js
    mkdir -p "$(dirname "$axe")"
    mv "$scratch/package/axe.min.js" "$axe"
fi
echo "$digest  $axe" | sha256sum --check --quiet || {
    rm "$axe"
    echo "axe-core $version is not the one that is expected, and was removed" >&2
    exit 1
}

# Shared by the entry scripts: what to install, how to fail. Sourced, never run.
set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
JOBS=${JOBS:-$(nproc)}

BUILD_PACKAGES=(g++ cmake ninja-build pkg-config libssl-dev openssl libyaml-cpp-dev nlohmann-json3-dev libcli11-dev libfmt-dev
                libsqlite3-dev libpugixml-dev libarchive-dev libjemalloc-dev)
TEST_PACKAGES=(clang-16 lld-16 clang-tidy-16 clang-format-16 libclang-rt-16-dev llvm-16 libgtest-dev libgmock-dev libcpp-httplib-dev libbenchmark-dev git curl python3
               python3-jsonschema python3-asn1crypto python3-cryptography libxml2-utils softhsm2 libengine-pkcs11-openssl strongswan-pki libstrongswan-standard-plugins libstrongswan-extra-plugins)

say() { printf '== %s\n' "$*"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 4; }

missing_packages() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s ' "$package"
  done
}

# Installs what is missing, or says in one line what is missing and how to get it.
need_packages() {
  command -v dpkg-query >/dev/null || die "this script installs Debian packages and finds no dpkg; install by hand: $*"
  local missing log as_root=()
  missing=$(missing_packages "$@")
  [ -z "$missing" ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "not root and no sudo; have root run: apt-get install $missing"
    as_root=(sudo)
    [ -t 0 ] || as_root=(sudo -n)  # nobody there to type a password
    "${as_root[@]}" true 2>/dev/null || die "sudo does not let you install packages; run: sudo apt-get install $missing"
  fi
  say "installing: $missing"
  log=$(mktemp)
  # shellcheck disable=SC2086
  if ! { "${as_root[@]}" apt-get update && "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
    missing=$(missing_packages "$@")
    tail -n 5 "$log" >&2
    rm -f "$log"
    die "could not install: $missing(see the lines above; run: apt-get update && apt-get install $missing)"
  fi
  rm -f "$log"
}

# configure PRESET [cmake options...]
configure() {
  local preset=$1
  shift
  cd "$TOP"
  cmake --preset "$preset" "$@" >"/tmp/estspec-configure-$$" 2>&1 || {
    tail -n 20 "/tmp/estspec-configure-$$" >&2
    rm -f "/tmp/estspec-configure-$$"
    die "cmake could not configure the preset $preset (see the lines above)"
  }
  rm -f "/tmp/estspec-configure-$$"
}

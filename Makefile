# Edge. `make run` and `make test` set up what they need and say what they install.
.DEFAULT_GOAL := help
.PHONY: help run test check cases bench golden build setup setup-test clean

EDGE       := build/edge
CONFIG     := Release
DOTNET     := DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 dotnet
SOLUTION   := Edge.sln
EDGE_GOLDEN ?= tests/golden:../shared
BENCH      ?=

help: ## show this list
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' Makefile

run: setup $(EDGE) ## set up, build, and run the main job: visit sites, decide, move on; leaves out/visit/report.html
	$(EDGE) run examples/visit.yaml

test: setup-test build ## set up, build, and run every test; the last line counts them
	@tests/run.sh all

check: setup-test build ## the quick part of the tests, under 4 minutes
	@tests/run.sh quick

cases: setup-test $(EDGE) ## run every case below the folders in EDGE_GOLDEN (default: tests/golden and ../shared)
	@EDGE_GOLDEN=$(EDGE_GOLDEN) python3 tests/cases/run.py --edge $(EDGE)

bench: setup-test build ## measure the figures of docs/measurements.md; BENCH="jet site" chooses sections
	$(DOTNET) run --project tests/bench -c $(CONFIG) --no-build -- $(BENCH) --out docs/measurements.md

golden: ## make the generated cases in tests/golden again (their diff is to be read)
	bash tools/setup.sh train
	/usr/bin/python3 tests/golden/make_models.py

build: setup $(EDGE) ## build everything; leaves build/edge
	$(DOTNET) build $(SOLUTION) -c $(CONFIG) -v quiet

$(EDGE): $(shell find host rtl sim -type f -not -path '*/bin/*' -not -path '*/obj/*') Directory.Build.props Directory.Packages.props
	$(DOTNET) build host/Edge.Cli -c $(CONFIG) -v quiet
	@mkdir -p build
	@printf '#!/bin/sh\nexec "%s/host/Edge.Cli/bin/$(CONFIG)/net10.0/%s/edge" "$$@"\n' "$(CURDIR)" "$$(ls host/Edge.Cli/bin/$(CONFIG)/net10.0 | head -n 1)" > $(EDGE)
	@chmod +x $(EDGE)

setup:
	@bash tools/setup.sh run

setup-test:
	@bash tools/setup.sh test

clean: ## remove what was built here; the cache of simulations stays in ~/.cache/edge
	rm -rf build out
	find host tests -type d \( -name bin -o -name obj \) -prune -exec rm -rf {} +

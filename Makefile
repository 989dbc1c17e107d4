# Two commands do everything: make demo runs the product, make test proves it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: bugs vuln test-deploy chaos random help demo build module test test-go test-wasm test-browser test-flex plugin flex deps-flex check bench fuzz deps fmt clean npm chromium
.NOTPARALLEL: # tests wait and use all cores: no part runs beside another, nor beside a build

BIN     := bin/flex-transfer
E2E     := web/e2e
PLUGIN  := plugin-shim
FLEX_UI := server/sandbox/flexui/ui
FLEX_E2E := server/sandbox/flexui/e2e
SDK_E2E := server/sandbox/flexui/twilsock/e2e
GOFLAGS_WASM := GOOS=js GOARCH=wasm
# A path, also where it is missing and make installs it: the tests do not look for a name.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome || echo /usr/bin/chromium)
export CHROMIUM

help: ## Show this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: build ## Run the demo at http://127.0.0.1:8080 (ADDR=host:port for another address); needs Go alone
	@exec $(BIN) sandbox

# Compressing the module takes one core for a while: all that does not hold the module is compiled meanwhile. Listing the
# packages has what is missing of them downloaded, while the builder of the module is compiled.
build: ## Build the program with everything embedded into bin/
	@mkdir -p bin
	go list -deps -f '{{if not .Standard}}{{.ImportPath}}{{end}}' ./server >bin/packages & listed=$$!; \
	  go build -trimpath -o bin/build-module ./wasm/build && wait $$listed
	grep -vE '/(wasm/dist|server|server/app)$$' bin/packages | xargs go build -trimpath & besides=$$!; \
	  bin/build-module && wait $$besides
	go build -trimpath -o $(BIN) ./server

module: ## Build the WebAssembly module, compressed, into wasm/dist/files
	go run -trimpath ./wasm/build

# make test builds everything once, then runs part after part; each part can be run alone too, and then sees to what it
# needs. What a part prints is kept in artifacts/test-PART.txt; where one fails, the last lines say what failed. One way of
# building (-trimpath, as for what is shipped) lets all parts share what is compiled.
PARTS := check test-wasm test-browser test-flex test-go test-deploy
once = $(if $(BUILT),,$(1))

test: ## Run every test: rules, module, sandbox, ledger, backend, browser, the real Flex UI
	@export GOFLAGS="$${GOFLAGS:-} -trimpath"; \
	.ci/step build $(MAKE) --no-print-directory deps build plugin deps-flex; \
	for part in $(PARTS); do .ci/step $$part $(MAKE) --no-print-directory BUILT=1 $$part; done

check: ## Formatting and vet, for both targets
	.ci/check
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { echo "gofmt would change:"; gofmt -l $$(git ls-files '*.go'); exit 1; }
	go vet ./...
	$(GOFLAGS_WASM) go vet ./wasm/...

# Much of these tests is waiting, so more run at once than there are cores. vet has been run by then. The short chaos,
# with processes of its own that are killed by the clock, has the machine to itself.
test-go: ## Go tests under the race detector; races and random games also without it, as many as matter
	go test -race -vet=off -timeout 15m -p 3 -parallel 6 $$(go list ./... | grep -v /server/chaos$$)
	go test -race -vet=off -timeout 20m ./server/chaos
	go test -vet=off -timeout 15m ./server/coordinator -run 'TestPairs|TestCancelAndAccept|TestRandom' -rapid.checks=$${GAMES:-1000}
	go test -vet=off -timeout 15m ./server/simulate

test-wasm: $(call once,module) ## The same rules compiled to WebAssembly, and the loader, under Node
	PATH="$$PATH:$$(go env GOROOT)/lib/wasm" $(GOFLAGS_WASM) go test ./wasm/transfer ./wasm/directory ./wasm/json ./wasm/wire
	node --test --test-reporter=spec wasm/js/*.test.mjs

test-browser: $(call once,build deps) ## The demo in a real Chromium; screenshots in artifacts/
	cd $(E2E) && node --test --test-concurrency=2 --test-reporter=spec *.test.mjs

plugin: $(PLUGIN)/node_modules/.package-lock.json ## Build the Flex plugin into plugin-shim/build; FLEX_TRANSFER_BACKEND_URL sets its backend
	cd $(PLUGIN) && npm run --silent check && npm run --silent build

.PHONY: plugin-official
plugin-official: build plugin deps-flex chromium $(PLUGIN)/official/node_modules/.package-lock.json ## Build the Flex plugin with Twilio's own scripts too, for the Twilio CLI, and try it in the real Flex UI
	cd $(PLUGIN)/official && node sources.mjs && CI=1 npm run --silent build
	node --test --test-concurrency=1 --test-reporter=spec $(PLUGIN)/official/check.mjs

flex: build plugin deps-flex ## Run the real Flex UI with the plugin: two agents and a customer, no Twilio account
	@exec node $(PLUGIN)/open.mjs

test-flex: $(call once,build plugin deps deps-flex) ## The Flex plugin's parts, then the real Flex UI in Chromium, without and with it; screenshots in artifacts/
	cd $(PLUGIN) && npm test --silent
	cd $(FLEX_E2E) && node --test --test-concurrency=1 --test-reporter=spec *.test.mjs
	cd $(PLUGIN) && node --test --test-concurrency=1 --test-reporter=spec e2e/*.test.mjs

deps-flex: $(FLEX_UI)/node_modules/.package-lock.json $(FLEX_E2E)/node_modules/.package-lock.json ## Install the Flex UI and bundle it
	go run ./server/sandbox/flexui/start -bundle

# What npm installs is never committed, Twilio's Flex UI least of all.
%/node_modules/.package-lock.json: %/package-lock.json | npm
	cd $* && npm ci --no-audit --no-fund --ignore-scripts --fetch-retries=5
	@touch $@

bench: deps build plugin deps-flex ## Measure: sizes, decisions, transfers, memory, the plugin in Flex; each beside its baseline
	go run ./server/bench
	cd $(E2E) && node bench.mjs
	cd $(PLUGIN) && node e2e/bench.mjs

random: ## Play 100,000 random games of all that agents do, and print what was taken how often (GAMES=… of each of three)
	GOGC=400 go test ./server/coordinator -run TestRandom -timeout 24h -v -rapid.checks=$${GAMES:-34000} -at-least $${AT_LEAST:-1000}

chaos: ## 20,000 transfers and 1,000 of each race under faults, kills and cuts; a report with plots in artifacts/ (CHAOS="-late -seed 7" for more)
	@mkdir -p bin && go build -trimpath -o bin/chaos ./server/chaos
	bin/chaos $(CHAOS)

simulate: ## Simulate a busy floor for FOR=10m, or HOURS=… of its time, from SEED=…; prints what was found (ARGS=… see -help)
	@go run ./server/simulate/run $(if $(HOURS),-hours $(HOURS),-for $${FOR:-10m}) -seed $${SEED:-1} -parallel $$(nproc) $(ARGS)

bugs: ## Put faults that somebody else chose into a copy, one after the other, and simulate until each is found
	@sh server/simulate/testdata/bugs/try.sh

vuln: ## Check what is built against Go's vulnerability database (GOVULNDB=URL for a mirror); fails where it cannot be had
	go run golang.org/x/vuln/cmd/govulncheck@v1.1.4 ./...

test-deploy: ## Hold the example deployment to Kubernetes' types and the Compose specification
	cd deploy/check && go test ./...

fuzz: ## Fuzz every parser of outside data for a while (FUZZTIME=30s each)
	@for p in $$(go list -f '{{if .TestGoFiles}}{{.ImportPath}}{{end}}' ./... ) ; do \
	  for f in $$(go test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
	    echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f$$" -fuzztime $${FUZZTIME:-30s} $$p; done; done

deps: chromium $(E2E)/node_modules/.package-lock.json $(SDK_E2E)/node_modules/.package-lock.json ## Install what the tests need: npm packages by lock file, Chromium and Node where they are missing and we are root

chromium:
	@if ! command -v "$(CHROMIUM)" >/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -y -qq chromium >/dev/null; \
	  else echo "Chromium is missing: install it (Debian: apt-get install chromium), or set CHROMIUM to its path." >&2; exit 1; fi; fi

npm:
	@if ! command -v npm >/dev/null; then \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -y -qq nodejs npm >/dev/null; \
	  else echo "Node.js and npm are missing: install them (Debian: apt-get install nodejs npm)." >&2; exit 1; fi; fi
	@node -e 'if (parseInt(process.versions.node) < 20) { console.error(`Node.js $${process.versions.node} is too old: 20 or later is needed.`); process.exit(1); }'

fmt: ## Format the Go sources
	gofmt -w $$(git ls-files '*.go')

clean: ## Remove what was built
	rm -rf bin artifacts $(PLUGIN)/build $$(git ls-files -o -i --exclude-standard wasm/dist/files)

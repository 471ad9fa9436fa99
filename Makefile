# The front door. Meson does the building; every target here also works by hand.
#
#   make            build the binary (needs no root; names the package that is missing)
#   make deps       install what is missing from Debian packages; lists what and why first
#   make test       deps, then all tests; ends with "N passed, N failed" (STRICT=1: no second attempts)
#   make demo       deps, build, then the reference incident on a real Laravel and PostgreSQL
#   make help       the heavier tiers

BUILD      ?= build
TEST_BUILD ?= build-test
TSAN_BUILD ?= build-tsan
FUZZ_BUILD ?= build-fuzz
PYTHON     := /usr/bin/python3
SEED       ?= 1
JOBS       ?= 2
# Optimized across files: a tenth fewer instructions for each query that is observed.
RELEASE    := -Db_lto=true

.PHONY: all browser picture bench-console deps test unit peer tsan fuzz fuzz-coverage demo corners schemas recipes shop-tests kills bench bench-fingerprint fingerprints regress cuts soak linking check deb install clean help

all: $(BUILD)/build.ninja
	@ninja -C $(BUILD)
	@test -f $(BUILD)/web/console_assets.c || \
	    echo "built without the console: 'make deps' installs nodejs and npm, then 'make clean all'"

$(BUILD)/build.ninja:
	@tools/deps --check build
	@meson setup $(BUILD) $(RELEASE) -Dtests=false >/dev/null || \
	    (meson setup $(BUILD) $(RELEASE) -Dtests=false; exit 1)

$(TEST_BUILD)/build.ninja:
	@meson setup $(TEST_BUILD) -Db_sanitize=address,undefined --werror >/dev/null

deps:
	@tools/deps

test: deps $(TEST_BUILD)/build.ninja
	@ninja -C $(TEST_BUILD)
	@$(PYTHON) tools/run_tests.py $(TEST_BUILD) unit property peer

unit: $(TEST_BUILD)/build.ninja
	@ninja -C $(TEST_BUILD)
	@$(PYTHON) tools/run_tests.py $(TEST_BUILD) unit property

peer: $(TEST_BUILD)/build.ninja
	@ninja -C $(TEST_BUILD)
	@$(PYTHON) tools/run_tests.py $(TEST_BUILD) peer

# The ring, the queues and the workers under ThreadSanitizer.
tsan:
	@test -f $(TSAN_BUILD)/build.ninja || meson setup $(TSAN_BUILD) -Dconsole=disabled -Db_sanitize=thread --werror >/dev/null
	@ninja -C $(TSAN_BUILD)
	@$(PYTHON) tools/run_tests.py $(TSAN_BUILD) unit property

# Ten minutes for each decoder: make fuzz, or SECONDS=60 make fuzz.
fuzz:
	@tools/deps --check build fuzz
	@test -f $(FUZZ_BUILD)/build.ninja || CC=clang meson setup $(FUZZ_BUILD) -Dconsole=disabled -Dfuzz=true -Dtests=false \
	    -Db_sanitize=address,undefined -Db_lundef=false >/dev/null
	@ninja -C $(FUZZ_BUILD)
	@$(PYTHON) tools/run_fuzz.py $(FUZZ_BUILD) $${SECONDS:-600}

# What the seeds, and what make fuzz has found, reach of src/proto.
COV_BUILD ?= build-cov
REPLAYS   := $(patsubst test/fuzz/fuzz_%.c,test/fuzz/replay_%,$(wildcard test/fuzz/fuzz_*.c))
fuzz-coverage:
	@tools/deps --check build fuzz
	@test -f $(COV_BUILD)/build.ninja || CC=clang CFLAGS='-fprofile-instr-generate -fcoverage-mapping' \
	    LDFLAGS=-fprofile-instr-generate LLVM_PROFILE_FILE=/dev/null meson setup $(COV_BUILD) -Dconsole=disabled -Dfuzz=true -Dtests=false \
	    -Db_lundef=false >/dev/null
	@ninja -C $(COV_BUILD) $(REPLAYS)
	@$(PYTHON) tools/fuzz_coverage.py $(COV_BUILD) $(FUZZ_BUILD)/corpus

demo: deps all
	@$(PYTHON) -m examples.demo story --binary $(BUILD)/src/slowburn --out $(BUILD)/demo $(if $(KEEP),--keep)

corners: deps all
	@$(PYTHON) -m examples.demo corners --binary $(BUILD)/src/slowburn

# Twenty generated schemas and applications with planted faults, JOBS at a time: make schemas SEED=7
schemas: deps all
	@$(PYTHON) -m test.schemas --binary $(BUILD)/src/slowburn --seed $(SEED) --jobs $(JOBS)

# Faults planted in the real shop on a real PostgreSQL, alone and in random pairs, each with a control:
# prints what was found as Markdown, writes build/recipes.json. ONLY=lock-holder,lost-cache+slow-upstream:
# these; SEED=n PAIRS=n: other pairs; CONTROLS=0: none.
recipes: deps all
	@$(PYTHON) -m test.recipes --binary $(BUILD)/src/slowburn --seed $(SEED) --out $(BUILD)/recipes \
	    --json $(BUILD)/recipes.json $(if $(ONLY),--only $(ONLY)) $(if $(PAIRS),--pairs $(PAIRS)) \
	    $(if $(CONTROLS),--controls $(CONTROLS))

# The slow tier with the real shop: nothing disturbed, controls, burns without a deploy.
shop-tests: deps all
	@SLOWBURN_BINARY=$(BUILD)/src/slowburn $(PYTHON) -m pytest -q test/shop

# The analyzer killed 50 times at random moments, where make test does it a few times.
kills: deps all
	@SLOWBURN_KILLS=50 SLOWBURN_BINARY=$(BUILD)/src/slowburn $(PYTHON) -m pytest -q test/peer/test_store.py -k death

FAST_BUILD ?= build-fast

WORLDS       ?= 120
DELAY_WORLDS ?= 40
JOBS         ?= 2
JUDGE         = $(FAST_BUILD)/test/sim/card --jobs $(JOBS) $(if $(RESULTS),--results $(RESULTS))

# The card of the detectors on held-out simulated worlds: false incidents on months without a fault, delays
# on injected ones, what a minute's feed costs. JOBS processes play the worlds. RESULTS=FILE keeps what has
# come of each world, so that a run that was ended goes on where it was; a file belongs to one build.
.PHONY: judge
judge:
	@tools/deps --check build
	@test -f $(FAST_BUILD)/build.ninja || meson setup $(FAST_BUILD) $(RELEASE) >/dev/null
	@ninja --quiet -C $(FAST_BUILD) test/sim/card
	@$(FAST_BUILD)/test/sim/card --cost
	@$(JUDGE) --worlds $(WORLDS) --delay-worlds 0 --verbose
	@$(JUDGE) --worlds 0 --delay-worlds $(DELAY_WORLDS)
	@$(JUDGE) --worlds 0 --delay-worlds $(DELAY_WORLDS) --advisor

# Beside PgBouncer, nginx, HAProxy, a bytes-only relay and nothing at all: prints Markdown, writes
# build/bench.json; about 23 minutes. ONLY=queries,tracing,connect,bulk,idle,http,observe,kills,fingerprint: parts;
# BENCH=quick: little time, and little said.
bench:
	@tools/deps build test bench
	@test -f $(FAST_BUILD)/build.ninja || meson setup $(FAST_BUILD) $(RELEASE) >/dev/null
	@ninja --quiet -C $(FAST_BUILD) src/slowburn bench-programs
	@$(PYTHON) -m test.bench --build $(FAST_BUILD) --json $(BUILD)/bench.json \
	    $(if $(ONLY),--only $(ONLY)) $(if $(filter quick,$(BENCH)),--quick)

# Bytes of SQL a second on one core, beside libpg_query, and instructions a byte.
bench-fingerprint:
	@$(MAKE) --no-print-directory bench ONLY=fingerprint

# Which statements are one statement: beside pg_stat_statements over the statements of real
# applications, and beside libpg_query over PostgreSQL's regression suite, which it fetches.
fingerprints: deps $(TEST_BUILD)/build.ninja
	@ninja -C $(TEST_BUILD) test/corpus/prints
	@test/regress/fetch $(TEST_BUILD)/regress
	@$(PYTHON) test/corpus/agree.py $(TEST_BUILD)/test/corpus/prints --regress $(TEST_BUILD)/regress/sql

# PostgreSQL's own regression suite, direct and through slowburn: the same output of every test.
regress: deps all
	@test/regress/fetch $(TEST_BUILD)/regress
	@$(PYTHON) -m test.regress.regress --binary $(BUILD)/src/slowburn --suite $(TEST_BUILD)/regress

# The console in Debian's Chromium, with a daemon of its own; pictures of every screen in
# build/browser. Not part of make test: it needs a browser.
browser: all
	@tools/deps build console test browser
	@cd test/browser && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@SLOWBURN_BINARY=$(abspath $(BUILD))/src/slowburn SCREENSHOTS=$(abspath $(BUILD))/browser \
	    node --test test/browser/console.test.mjs

# The differential oracle with the bytes of either side cut at every position, where make test takes as
# many of the longer scripts' as it has time for. Ten minutes.
cuts: deps $(TEST_BUILD)/build.ninja
	@ninja -C $(TEST_BUILD)
	@SLOWBURN_CUTS=all SLOWBURN_BINARY=$(TEST_BUILD)/src/slowburn $(PYTHON) -m pytest -q test/peer/test_oracle.py

# Sessions of five drivers with deaths, restarts, and delay and loss in a network namespace of its own
# (it says by what: netem, a TUN device, or relays without root): SECONDS=60 SESSIONS=50 make soak
soak: deps all
	@$(PYTHON) -m test.soak --binary $(BUILD)/src/slowburn --modules $(BUILD)/node \
	    --seconds $${SECONDS:-600} --sessions $${SESSIONS:-200} --seed $(SEED)

# Which request a query belongs to: three real applications, by tags, by values, by time alone; 1, 5 and
# 20 requests at a time. About 35 minutes: make linking, or LINKING="--modes time --at 5" make linking
linking: deps all
	@$(PYTHON) -m test.linking --binary $(BUILD)/src/slowburn --modules $(BUILD)/node \
	    --seed $(SEED) --json $(BUILD)/linking.json $(LINKING)
# Answers, and Home in Chromium, on a store of 30 days, 1,000 routes and 10,000 statements; 100 consoles open at once.
bench-console: deps all
	@tools/deps build console test browser
	@cd test/browser && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@$(PYTHON) -m test.bench.console --binary $(BUILD)/src/slowburn

# The picture in the README, as make browser has just taken it.
picture: browser
	@cp $(BUILD)/browser/readme.png doc/incident.png

check:
	@tools/deps --check check
	@tools/layers src
	@git ls-files 'src/*.[ch]' 'test/*.[ch]' | xargs clang-format --dry-run --Werror

deb:
	@tools/deps build console deb
	@tools/make-deb

install: all
	@meson install -C $(BUILD) --no-rebuild

clean:
	rm -rf $(BUILD) $(TEST_BUILD) $(TSAN_BUILD) $(FUZZ_BUILD) $(FAST_BUILD) $(COV_BUILD)

help:
	@sed -n '3,8s/^# *//p' Makefile
	@echo 'make unit | peer       parts of make test'
	@echo 'make tsan              unit and property tests under ThreadSanitizer'
	@echo 'make fuzz              libFuzzer on every decoder, SECONDS each (600)'
	@echo 'make fuzz-coverage     what its seeds reach of the decoders, and what it has found'
	@echo 'make corners           the 8 combinations of the fixes: predicted against measured'
	@echo 'make schemas SEED=n    20 generated applications with planted faults'
	@echo 'make recipes           faults planted in the real shop, alone and in pairs, with controls; ONLY=stampede: one'
	@echo 'make shop-tests        the slow tests with the real shop'
	@echo 'make linking           which request a query belongs to, with three real applications'
	@echo 'make kills             the store through 50 deaths of its writer'
	@echo 'make browser           the console in Chromium, with pictures of every screen'
	@echo 'make picture           the same, and its incident page becomes the README'"'"'s picture'
	@echo 'make bench             beside PgBouncer, nginx, HAProxy, a bare relay and direct; ONLY=bulk: a part'
	@echo 'make bench-console     the console on a large store, and 100 of them open'
	@echo 'make bench-fingerprint MB/s of SQL beside libpg_query'
	@echo 'make fingerprints      grouping beside pg_stat_statements and libpg_query'
	@echo 'make regress           PostgreSQL'"'"'s regression suite, direct and through slowburn'
	@echo 'make cuts              the same bytes and records as direct, cut at every position of every script'
	@echo 'make soak              200 sessions of five drivers, deaths, restarts, a bad network; SECONDS (600)'
	@echo 'make judge             the detectors on simulated worlds: false incidents, delays, cost; WORLDS=n RESULTS=file'
	@echo 'make check             include directions and formatting'
	@echo 'make deb               a Debian package'

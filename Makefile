# postigo: build, install, test and lint. GNU make; see the list under "help".
#
#   make                  programs into build/bin/
#   make SANITIZE=1       the same with address and undefined sanitizers, into build/sanitize/bin/
#   make CC=clang WERROR=1 BUILD=build/clang
#   make install PREFIX=/usr DESTDIR=/tmp/package
#
# A layer is a directory below lib/ and one static archive; a new .c file needs no line here.

VERSION := 1.0.0

PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
LOCALSTATEDIR ?= /var
DESTDIR ?=

# ---------------------------------------------------------------- how it is built

SHELL := /bin/sh
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

JOBS ?= $(shell nproc 2>/dev/null || echo 2)
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif
MAKEFLAGS += --no-print-directory --no-builtin-rules

ifeq ($(V),1)
say := @:
quiet :=
else
say := @printf '  %-8s %s\n'
quiet := @
endif

ifeq ($(origin CC),default)
CC := gcc
endif
AR ?= ar
BUILD ?= build$(if $(filter 1,$(SANITIZE)),/sanitize)

compiler := $(if $(findstring clang,$(shell $(CC) --version 2>/dev/null)),clang,gcc)
machine := $(shell $(CC) -dumpmachine 2>/dev/null)

warnings_both := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wwrite-strings \
	-Wpointer-arith -Wundef -Wvla -Wformat=2 -Wnull-dereference -Wimplicit-fallthrough \
	-Wunused-macros -Walloca -Wframe-larger-than=65536 -fno-common
warnings_gcc := -Wcast-align=strict -Wformat-signedness -Wduplicated-cond -Wduplicated-branches \
	-Wlogical-op -Wjump-misses-init -Wformat-truncation=1 -Wstringop-overflow=4 \
	-Warith-conversion -Wtrampolines -Wbidi-chars=any
warnings_clang := -Wcomma -Wstring-conversion -Wmissing-variable-declarations -Wunreachable-code
warnings := $(warnings_both) $(warnings_$(compiler)) $(if $(filter 1,$(WERROR)),-Werror)

hardening_both := -fstack-protector-strong -fstack-clash-protection -fPIE \
	-fno-strict-overflow -fno-delete-null-pointer-checks
hardening_gcc := -ftrivial-auto-var-init=zero -fzero-call-used-regs=used-gpr
hardening_clang :=
hardening := $(hardening_both) $(hardening_$(compiler)) \
	$(if $(filter x86_64%,$(machine)),-fcf-protection=full)
optimise := -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
hardening_link := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code

# The sanitizers replace the fortified libc calls: both at once hide each other's findings.
sanitize := -O1 -g -U_FORTIFY_SOURCE -fno-sanitize-recover=all -fno-omit-frame-pointer
ifeq ($(SANITIZE),1)
instrument := $(sanitize) -fsanitize=address,undefined
instrument_link := -fsanitize=address,undefined
else ifeq ($(FUZZ),1)
instrument := $(sanitize) -fsanitize=fuzzer-no-link,address,undefined
instrument_link := -fsanitize=address,undefined
else
instrument := $(optimise)
endif
ifeq ($(ANALYZE),1)
analyze := -fanalyzer
endif

definitions := -D_GNU_SOURCE \
	-DPOSTIGO_VERSION='"$(VERSION)"' \
	-DPOSTIGO_CONFIG_DIRECTORY='"$(SYSCONFDIR)/postigo"' \
	-DPOSTIGO_STATE_DIRECTORY='"$(LOCALSTATEDIR)/lib/postigo"' \
	-DPOSTIGO_HELPER='"$(PREFIX)/libexec/postigo/postigo-drop"' \
	-DPOSTIGO_LOCALE_DIRECTORY='"$(PREFIX)/share/locale"'

packages := libcjson libidn2 smartcols libcrypto lmdb libcdb sqlite3 libmariadb libxcrypt
package_flags := $(shell pkg-config --cflags $(packages) 2>/dev/null)
common_flags := -std=c17 $(definitions) -Ilib $(package_flags) -MMD -MP \
	-ffunction-sections -fdata-sections $(warnings) $(hardening)

compile := $(CC) $(common_flags) $(instrument) $(analyze) $(CFLAGS) $(CPPFLAGS)
link := $(CC) $(hardening_link) $(instrument_link) -Wl,--gc-sections -Wl,--as-needed $(LDFLAGS)

# The setgid helper is never sanitized: those runtimes obey environment variables.
helper_compile := $(CC) $(common_flags) $(optimise) $(analyze) $(CFLAGS) $(CPPFLAGS)
helper_link := $(CC) $(hardening_link) -Wl,--gc-sections -Wl,--as-needed $(LDFLAGS)

# ---------------------------------------------------------------- what is built

# Link order: a layer stands before those it may include.
LAYERS := cli service storage network system format base

layer_sources := $(wildcard $(LAYERS:%=lib/%/*.c))
layer_objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard lib/$(1)/*.c))
archives = $(patsubst %,$(BUILD)/lib/%.a,$(1))

# Everything of the helper, by name: what is not in this list cannot get into the setgid program.
DROP_OBJECTS := member-bin/postigo_drop.o member-bin/drop_process.o member-bin/drop_queue.o \
	lib/format/request_record.o lib/format/email_address.o \
	lib/format/timestamp.o lib/format/username.o

member_sources := $(filter-out member-bin/postigo_drop.c,$(wildcard member-bin/postigo*.c))
helper_sources := $(if $(wildcard member-bin/postigo_drop.c),$(DROP_OBJECTS:.o=.c))
admin_sources := $(wildcard admin-bin/*.c)

libraries = $(shell pkg-config --libs $(1) 2>/dev/null)
member_libraries := $(call libraries,libcjson libidn2 smartcols) -lunistring
admin_libraries := $(call libraries,$(packages) libcares) -lunistring -lacl -lresolv -lcsv -ldb-5.3

PROGRAMS := $(if $(member_sources),$(BUILD)/bin/postigo) \
	$(if $(helper_sources),$(BUILD)/bin/postigo-drop) \
	$(if $(admin_sources),$(BUILD)/bin/postigo-admin)

unit_sources := $(wildcard tests/unit/test_*.c)
unit_programs := $(unit_sources:tests/unit/%.c=$(BUILD)/tests/unit/%)
unit_libraries := $(admin_libraries) $(call libraries,check)
support_programs := $(patsubst tests/support/%.c,$(BUILD)/tests/support/%,$(wildcard tests/support/*.c))
bench_programs := $(patsubst tests/bench/%.c,$(BUILD)/tests/bench/%,$(wildcard tests/bench/*.c))
fuzz_sources := $(wildcard tests/fuzz/fuzz_*.c)
fuzz_programs := $(fuzz_sources:tests/fuzz/%.c=$(BUILD)/tests/fuzz/%)
translations := $(patsubst po/%.po,$(BUILD)/po/%.mo,$(wildcard po/*.po))

completions := $(foreach shell,bash zsh fish,$(BUILD)/completions/postigo.$(shell) \
	$(BUILD)/completions/postigo-admin.$(shell))

.PHONY: all install install-units check demo bench soak lint fuzz po clean help FORCE
all: $(PROGRAMS) $(translations) $(completions)

help:
	@echo 'all install install-units check demo bench soak lint fuzz po clean'
	@echo 'check-unit check-e2e check-scripts (parts of check)'
	@echo 'variables: PREFIX DESTDIR SYSCONFDIR LOCALSTATEDIR CC SANITIZE=1 WERROR=1 V=1 JOBS=N'

# A change of flags or paths rebuilds everything, a file that came or went relinks.
flag_text := $(compile) | $(link) | $(helper_compile) | $(helper_link)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(subst ','\'',$(flag_text))' | cmp -s - $@ || \
		printf '%s\n' '$(subst ','\'',$(flag_text))' >$@

$(BUILD)/sources: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(sort $(layer_sources) $(member_sources) $(admin_sources)) | cmp -s - $@ || \
		printf '%s\n' $(sort $(layer_sources) $(member_sources) $(admin_sources)) >$@

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	$(say) CC $<
	@mkdir -p $(@D)
	$(quiet)$(compile) -c -o $@ $<

$(BUILD)/helper/%.o: %.c $(BUILD)/flags
	$(say) CC '$< (helper)'
	@mkdir -p $(@D)
	$(quiet)$(helper_compile) -c -o $@ $<

.SECONDEXPANSION:
$(BUILD)/lib/%.a: $$(call layer_objects,$$*) $(BUILD)/sources
	$(say) AR $@
	@mkdir -p $(@D)
	@rm -f $@
	$(quiet)$(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/bin/postigo: $(member_sources:%.c=$(BUILD)/obj/%.o) $(call archives,cli system format base)
	$(say) LD $@
	@mkdir -p $(@D)
	$(quiet)$(link) -o $@ $(filter %.o %.a,$^) $(member_libraries)

$(BUILD)/bin/postigo-drop: $(helper_sources:%.c=$(BUILD)/helper/%.o)
	$(say) LD $@
	@mkdir -p $(@D)
	$(quiet)$(helper_link) -o $@ $(filter %.o,$^)

$(BUILD)/bin/postigo-admin: $(admin_sources:%.c=$(BUILD)/obj/%.o) $(call archives,$(LAYERS))
	$(say) LD $@
	@mkdir -p $(@D)
	$(quiet)$(link) -o $@ $(filter %.o %.a,$^) $(admin_libraries)

$(BUILD)/tests/unit/%: $(BUILD)/obj/tests/unit/%.o $(call archives,$(LAYERS))
	$(say) LD $@
	@mkdir -p $(@D)
	$(quiet)$(link) -o $@ $(filter %.o %.a,$^) $(unit_libraries)

$(BUILD)/tests/bench/%: $(BUILD)/obj/tests/bench/%.o $(call archives,$(LAYERS))
	$(say) LD $@
	@mkdir -p $(@D)
	$(quiet)$(link) -o $@ $(filter %.o %.a,$^) $(admin_libraries)

$(BUILD)/tests/support/%: $(BUILD)/helper/tests/support/%.o
	$(say) LD $@
	@mkdir -p $(@D)
	$(quiet)$(helper_link) -o $@ $(filter %.o,$^)

$(BUILD)/tests/fuzz/%: $(BUILD)/obj/tests/fuzz/%.o $(call archives,$(LAYERS))
	$(say) LD $@
	@mkdir -p $(@D)
	$(quiet)$(CC) -fsanitize=fuzzer,address,undefined -o $@ $(filter %.o %.a,$^) $(admin_libraries)

$(BUILD)/po/%.mo: po/%.po
	$(say) MSGFMT $<
	@mkdir -p $(@D)
	$(quiet)msgfmt -c -o $@ $<

# The programs know what can be typed. Leaks are not what is looked for here.
$(completions): $(BUILD)/completions/%: $$(BUILD)/bin/$$(basename $$*)
	$(say) WORDS $@
	@mkdir -p $(@D)
	$(quiet)ASAN_OPTIONS=detect_leaks=0 $< __dump $(patsubst .%,%,$(suffix $*)) >$@

po:
	$(quiet)scripts/update-po

.SECONDARY:
-include $(shell find $(BUILD)/obj $(BUILD)/helper -name '*.d' 2>/dev/null)

# ---------------------------------------------------------------- install

# An example names the paths that were chosen; it is written for the standard ones.
put_example = put_example() { \
	install -d "$(DESTDIR)$${2%/*}"; \
	sed -e 's|/usr/local/|$(PREFIX)/|g' -e 's|/etc/postigo|$(SYSCONFDIR)/postigo|g' \
		-e 's|/var/lib/postigo|$(LOCALSTATEDIR)/lib/postigo|g' "$$1" >"$(DESTDIR)$$2"; \
	chmod 0644 "$(DESTDIR)$$2"; \
}

# Copies files and nothing else: users, groups, queue and the setgid bit are `postigo-admin setup`.
install: all
	$(quiet)set -e; \
	$(put_example); \
	put() { install -D -m "$$1" "$$2" "$(DESTDIR)$$3"; }; \
	bin=$(BUILD)/bin; \
	[ ! -f $$bin/postigo ] || put 0755 $$bin/postigo $(PREFIX)/bin/postigo; \
	[ ! -f $$bin/postigo-drop ] || \
		put 0755 $$bin/postigo-drop $(PREFIX)/libexec/postigo/postigo-drop; \
	[ ! -f $$bin/postigo-admin ] || put 0755 $$bin/postigo-admin $(PREFIX)/sbin/postigo-admin; \
	put 0755 scripts/compat/runv-email-alias $(PREFIX)/bin/runv-email-alias; \
	put 0755 scripts/compat/runv-admin-email-alias $(PREFIX)/sbin/runv-admin-email-alias; \
	for page in $(wildcard man/*.1 man/*.5 man/*.8); do \
		put 0644 $$page $(PREFIX)/share/man/man$${page##*.}/$${page##*/}; \
	done; \
	for catalogue in $(translations); do \
		language=$${catalogue##*/}; \
		put 0644 $$catalogue \
			$(PREFIX)/share/locale/$${language%.mo}/LC_MESSAGES/postigo.mo; \
	done; \
	for program in postigo postigo-admin; do \
		words=$(BUILD)/completions/$$program; share=$(PREFIX)/share; \
		put 0644 $$words.bash $$share/bash-completion/completions/$$program; \
		put 0644 $$words.zsh $$share/zsh/vendor-completions/_$$program; \
		put 0644 $$words.fish $$share/fish/vendor_completions.d/$$program.fish; \
	done; \
	(cd config-examples && find . -type f) | while read -r file; do \
		put_example config-examples/$$file $(PREFIX)/share/doc/postigo/examples/$${file#./}; \
	done

# Units, users and directories where systemd looks for them. Nothing is enabled or started.
install-units: install
	$(quiet)set -e; \
	$(put_example); \
	for file in config-examples/systemd/*; do \
		put_example $$file $(PREFIX)/lib/systemd/system/$${file##*/}; \
	done; \
	for kind in sysusers.d tmpfiles.d; do \
		put_example config-examples/$$kind/postigo.conf $(PREFIX)/lib/$$kind/postigo.conf; \
	done

# ---------------------------------------------------------------- tests

.PHONY: check-all check-unit check-e2e check-scripts stage unit-programs fuzz-programs fuzz-build

export CC
run_tests := BUILD=$(abspath $(BUILD)) SANITIZE=$(SANITIZE) JOBS=$(JOBS) scripts/run-tests

script_checks := $(wildcard scripts/check-* tests/scripts/*.sh)
e2e_tests := $(wildcard tests/e2e/[0-9]*.sh)
fuzz_checks := $(if $(filter 1,$(SANITIZE)),,$(if $(shell command -v clang), \
	$(fuzz_sources:tests/fuzz/%.c=%)))
fuzz_build := $(BUILD)/fuzz

stage: $(BUILD)/stage.stamp
$(BUILD)/stage.stamp: $(PROGRAMS) $(translations) $(wildcard man/* scripts/compat/*) $(shell find config-examples -type f 2>/dev/null)
	$(say) STAGE $(BUILD)/stage
	@rm -rf $(BUILD)/stage
	$(quiet)$(MAKE) install DESTDIR=$(abspath $(BUILD))/stage
	@mkdir -p $(BUILD)/stage
	@touch $@

unit-programs: $(unit_programs) $(support_programs) $(bench_programs)
fuzz-programs: $(fuzz_programs)
fuzz-build:
	$(quiet)$(if $(fuzz_sources),$(MAKE) BUILD=$(fuzz_build) CC=clang FUZZ=1 SANITIZE= fuzz-programs,:)

check:
	$(quiet)scripts/install-deps all
	$(quiet)$(MAKE) check-all

check-all: all stage unit-programs $(if $(strip $(fuzz_checks)),fuzz-build)
	@$(run_tests) $(script_checks) $(unit_programs) \
		$(patsubst %,"scripts/run-fuzz $(fuzz_build)/tests/fuzz/% 2",$(strip $(fuzz_checks))) \
		$(e2e_tests)

check-scripts: all
	@$(run_tests) $(script_checks)
check-unit: unit-programs
	@$(run_tests) $(unit_programs)
check-e2e: all stage unit-programs
	@$(run_tests) $(e2e_tests)

FUZZ_SECONDS ?= 60
fuzz: fuzz-build
	@TIMEOUT=$$(($(FUZZ_SECONDS) + 120)) $(run_tests) $(patsubst tests/fuzz/%.c, \
		"scripts/run-fuzz $(fuzz_build)/tests/fuzz/% $(FUZZ_SECONDS)",$(fuzz_sources))

# Random work against a model until SOAK operations are done or SOAK_SECONDS are over; SOAK_ROUNDS times 170 decisions; SOAK_CYCLES of asking and withdrawing;
# SOAK_POWER power failures a file system; SOAK_CROWD seconds of a crowd; syncs into a database that are killed; then every system call of SWEEPS is killed or
# fails, without sampling. SEED repeats what is random.
.PHONY: soak
SOAK_ROUNDS ?= 59
SWEEPS ?= 0106-helper-swept 0315-sync-swept 0603-approve-killed 0609-bait-and-switch 0705-killed 2105-user-killed
SOAK ?= 20000
SOAK_SECONDS ?= 1800
SOAK_CYCLES ?= 10000
SOAK_POWER ?= 1000
SOAK_CROWD ?= 600
SEED ?= $(shell date +%s)
soak: all stage unit-programs
	@TIMEOUT=$$(($(SOAK_SECONDS) + 300)) VERBOSE=1 $(run_tests) \
		"tests/e2e/1303-model.sh $(SOAK) $(SOAK_SECONDS) $(SEED)" \
		"tests/e2e/0706-many.sh $(SOAK_ROUNDS)" \
		"tests/e2e/0906-races.sh $(SOAK_CYCLES)" \
		"tests/e2e/1501-power.sh $(SOAK_POWER) $(SEED)" \
		"tests/e2e/1502-crowd.sh $(SOAK_CROWD)" \
		"tests/e2e/0321-sync-mariadb-killed.sh $$(($(SOAK) / 20)) $$(($(SEED) % 32768))"
	@$(if $(filter-out no,$(SWEEPS)),SWEEP=all TIMEOUT=14400 VERBOSE=1 $(run_tests) \
		$(patsubst %,tests/e2e/%.sh,$(SWEEPS)),:)

demo:
	$(quiet)scripts/install-deps build test
	$(quiet)$(MAKE) stage
	@BUILD=$(abspath $(BUILD)) scripts/demo

bench: all stage unit-programs
	@BUILD=$(abspath $(BUILD)) tests/bench/run

.PHONY: bench-million
bench-million: all stage unit-programs
	@BUILD=$(abspath $(BUILD)) ROWS=1000000 ROUNDS=1 tests/bench/run

# ---------------------------------------------------------------- lint

# One stamp a file and tool below build/lint, so that only what changed is looked at again.
.PHONY: lint-programs lint-objects lint-stamps

lint_build ?= $(BUILD)/lint
lint_sources := $(sort $(layer_sources) $(member_sources) $(helper_sources) $(admin_sources))
shell_scripts := $(shell grep -lsE '^\#(! ?/(usr/)?bin/(env )?(sh|bash)| shellcheck shell=)' scripts/* scripts/*/* .ci/* tests/*/* \
	config-examples/* 2>/dev/null)

lint_stamps := $(lint_sources:%=$(lint_build)/tidy/%.ok) \
	$(lint_sources:%=$(lint_build)/cppcheck/%.ok) \
	$(shell_scripts:%=$(lint_build)/shellcheck/%.ok)

# Goes through all of it and fails at the end.
lint: lint_make = $(MAKE) -k WERROR=1 SANITIZE= lint_build=$(lint_build) BUILD=$(lint_build)
lint:
	+@status=0; \
	$(lint_make)/gcc CC=gcc lint-programs || status=1; \
	$(lint_make)/clang CC=clang lint-programs || status=1; \
	$(lint_make)/analyzer CC=gcc ANALYZE=1 lint-objects || status=1; \
	$(lint_make)/gcc CC=gcc lint-stamps || status=1; \
	exit $$status

lint-programs: all unit-programs
lint-objects: $(lint_sources:%.c=$(BUILD)/obj/%.o)
lint-stamps: $(lint_stamps)

# The object of the gcc build knows the headers of a source: newer object, stale stamp.
tidy_flags := -std=c17 $(definitions) -Ilib $(package_flags)
$(lint_build)/tidy/%.c.ok: $(lint_build)/gcc/obj/%.o .clang-tidy
	$(say) TIDY $*.c
	@mkdir -p $(@D)
	$(quiet)clang-tidy --quiet --warnings-as-errors='*' $*.c -- $(tidy_flags) >$@.log 2>&1 || \
		{ cat $@.log; exit 1; }
	@touch $@

$(lint_build)/cppcheck/%.c.ok: $(lint_build)/gcc/obj/%.o
	$(say) CPPCHECK $*.c
	@mkdir -p $(@D)
	$(quiet)cppcheck --quiet --enable=warning,performance,portability --std=c11 \
		--suppress=memleak --inline-suppr --error-exitcode=1 \
		'-D_Noreturn=__attribute__((noreturn))' $(definitions) -Ilib $*.c
	@touch $@

$(lint_build)/shellcheck/%.ok: %
	$(say) SHELL $*
	@mkdir -p $(@D)
	$(quiet)shellcheck $*
	@touch $@

clean:
	rm -rf build

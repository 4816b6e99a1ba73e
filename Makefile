# What there is to do. Each target is one line into scripts/; docs/operations.md and CONTRIBUTING.md explain them.
.PHONY: run setup test check format bench bench-history fuzz torture measure bare-machine clean

run:      ; @scripts/run.sh
setup:    ; @scripts/setup.sh dev
test:     ; @scripts/test.sh
check:    ; @scripts/check.sh
format:   ; @scripts/format.sh
bench:    ; @scripts/with_python.sh $(if $(AGAINST),-m bench.against $(AGAINST) $(if $(CELLS),--cells $(CELLS)) $(if $(ROUNDS),--rounds $(ROUNDS)),-m bench.run)
bench-history: ; @scripts/with_python.sh -m bench.history
fuzz:     ; @scripts/fuzz.sh && scripts/fuzz_rest.sh
torture:  ; @scripts/with_python.sh -m teahouse torture --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))
measure:  ; @scripts/with_python.sh scripts/measure.py
bare-machine: ; @python3 scripts/bare_machine.py
clean:    ; @scripts/clean.sh

// A machine for one program of `skiff bench`.
#pragma once

#include <string>
#include <vector>

#include "tests/kvm/bench/bench_lines.h"
#include "tests/kvm/process/skiff_process.h"

namespace skiff::test {

// What `skiff` is started with to run `program` with the words of its command line and `devices`,
// sections of a configuration.
std::vector<std::string> bench_arguments(const TemporaryFolder& folder, const std::string& program,
                                         const std::string& words, const std::string& devices);

struct BenchRun {
  BenchLines lines;
  std::string said;  // for whoever wants to know why
};
// Runs it to its end and expects a clean one.
BenchRun run_bench(const TemporaryFolder& folder, const std::string& program,
                   const std::string& words, const std::string& devices);

// True once the guest has sent so many `!`: measured loops that are over.
bool wait_for_marks(SkiffProcess& process, unsigned marks,
                    std::chrono::milliseconds patience = kPatience);

// A name for a test: letters, digits and underscores.
std::string test_name(std::string text);

}  // namespace skiff::test

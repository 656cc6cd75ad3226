#include "tests/kvm/bench/bench_machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <chrono>

namespace skiff::test {

std::vector<std::string> bench_arguments(const TemporaryFolder& folder, const std::string& program,
                                         const std::string& words, const std::string& devices) {
  // The programs keep large data from 32 MiB on.
  std::string text = "[machine]\nmemory = \"64M\"\nvcpus = 2\n[boot]\nkernel = \"" +
                     guest_path(program) + "\"\ncmdline = \"" + words + "\"\n";
  if (devices.find("virtio-mmio") != std::string::npos) text += "virtio_mmio_cmdline = true\n";
  return {"run", folder.write("machine.toml", text + devices)};
}

BenchRun run_bench(const TemporaryFolder& folder, const std::string& program,
                   const std::string& words, const std::string& devices) {
  const Finished finished = run_skiff(bench_arguments(folder, program, words, devices));
  BenchRun run{.lines = read_bench_lines(finished.out, program),
               .said = finished.out + finished.err};
  EXPECT_EQ(finished.ending, 0) << run.said;
  EXPECT_EQ(run.lines.error, "") << run.said;
  EXPECT_TRUE(run.lines.ended) << run.said;
  EXPECT_GT(run.lines.tsc_khz, 100'000U);
  EXPECT_EQ(finished.err, "");
  return run;
}

bool wait_for_marks(SkiffProcess& process, unsigned marks, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (std::ranges::count(process.out(), '!') < static_cast<std::ptrdiff_t>(marks)) {
    if (std::chrono::steady_clock::now() >= end) return false;
    process.run_for(10ms);
  }
  return true;
}

std::string test_name(std::string text) {
  for (char& c : text)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return text;
}

}  // namespace skiff::test

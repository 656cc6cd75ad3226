#include "vmm/cli/bench_linux.h"

#include <fmt/format.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "vmm/cli/command_line.h"
#include "vmm/machine/config_paths.h"

namespace skiff {
namespace {

namespace fs = std::filesystem;

constexpr const char* kInitramfs = "bench.cpio.gz";

// Whole, because each machine's configuration lies elsewhere.
std::string readable(std::string_view what, const std::string& path, std::string_view hint = {}) {
  const auto size = readable_file_size(path);
  if (!size) throw UsageError(fmt::format("{} {}{}", what, size.error(), hint));
  return fs::absolute(path).string();
}

}  // namespace

void check_bench_linux(const Arguments& arguments) {
  const bool is_linux = arguments.operand == "linux";
  for (const char* const option : {"--vs", "--vs-path", "--instructions", "--guests"}) {
    if (is_linux && arguments.has(option)) {
      throw UsageError(fmt::format("`bench linux` has no {}", option));
    }
  }
  for (const char* const option : {"--kernel", "--initramfs"}) {
    if (!is_linux && arguments.has(option)) {
      throw UsageError(fmt::format("{} is of `skiff bench linux`", option));
    }
  }
}

BenchLinux bench_linux(const Arguments& arguments) {
  const auto kernel = arguments.last("--kernel");
  if (!kernel) {
    throw UsageError(
        "bench linux needs --kernel FILE; `make bench-linux` fetches one, with an initramfs for "
        "it");
  }
  BenchLinux found{.kernel = readable("--kernel", *kernel), .initramfs = {}};
  if (const auto initramfs = arguments.last("--initramfs")) {
    found.initramfs = readable("--initramfs", *initramfs);
    return found;
  }
  const fs::path beside = fs::path(found.kernel).replace_filename(kInitramfs);
  found.initramfs = readable("the initramfs", beside.string(),
                             "; guest/linux/build.sh makes it, --initramfs names another");
  return found;
}

}  // namespace skiff

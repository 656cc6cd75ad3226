#include "vmm/boot/x86_64/load_guest.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "vmm/base/bits.h"
#include "vmm/base/log.h"
#include "vmm/boot/cmdline.h"
#include "vmm/boot/kernel_image.h"
#include "vmm/boot/x86_64/boot_job.h"

namespace skiff {
namespace {

BootState boot(BootJob& job, BootRequest::Protocol protocol) {
  switch (protocol) {
    case BootRequest::Protocol::linux64:
      return boot_linux64(job);
    case BootRequest::Protocol::linux_direct:
      return boot_linux_direct(job);
    case BootRequest::Protocol::pvh:
      return boot_pvh(job);
    case BootRequest::Protocol::multiboot:
      return boot_multiboot(job);
    case BootRequest::Protocol::flat:
      return boot_flat(job);
    case BootRequest::Protocol::auto_detect:
      break;
  }
  return boot(job, detect_protocol(job));
}

}  // namespace

std::uint64_t BootJob::place_cmdline(const std::string& cmdline, std::uint64_t limit) {
  check_cmdline(cmdline, limit);
  const Range place =
      layout.allocate_low("command line", cmdline.size() + 1, 16, kLast32, kPageSize);
  std::memcpy(layout.bytes(place).data(), cmdline.c_str(), cmdline.size() + 1);
  return place.start;
}

Range BootJob::place_table(std::string_view name, std::uint64_t size, std::uint64_t alignment) {
  const Range place = layout.allocate_low(name, size, alignment, kLast32, kPageSize);
  std::ranges::fill(layout.bytes(place), std::byte{0});
  return place;
}

BootState load_guest(const BootRequest& request, ByteSource& kernel, ByteSource* initrd) {
  BootJob job{request, kernel, initrd,
              BootLayout(request.memory, request.memory_map, request.reserved)};
  BootState state = boot(job, request.protocol);
  state.ranges = job.layout.taken();
  std::ranges::sort(state.ranges, {}, [](const NamedRange& taken) { return taken.range.start; });
  if (log_enabled(LogLevel::debug)) log_message(LogLevel::debug, describe(state));
  return state;
}

BootState load_guest(const BootRequest& request) {
  KernelImage kernel = KernelImage::open(request.kernel, "kernel");
  if (request.initrd.empty()) return load_guest(request, kernel, nullptr);
  KernelImage initrd = KernelImage::open(request.initrd, "initrd");
  return load_guest(request, kernel, &initrd);
}

std::string describe(const BootState& state) {
  std::string text = state.description;
  if (!state.cmdline.empty()) text += fmt::format("\n  command line: {}", state.cmdline);
  for (const NamedRange& taken : state.ranges) {
    text += fmt::format("\n  {:#012x}-{:#012x} {:>9} KiB  {}", taken.range.start,
                        taken.range.last(), (taken.range.size + KiB - 1) / KiB, taken.name);
  }
  return text;
}

}  // namespace skiff

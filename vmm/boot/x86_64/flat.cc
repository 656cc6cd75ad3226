// A flat binary: the file's bytes at an address, entered in a mode. For teaching and measuring.
#include <fmt/format.h>

#include "vmm/base/bits.h"
#include "vmm/base/error.h"
#include "vmm/boot/x86_64/boot_job.h"
#include "vmm/boot/x86_64/descriptor_tables.h"

namespace skiff {
namespace {

constexpr std::uint64_t kStackSize = kPageSize;
constexpr std::uint64_t kRealModeEnd = MiB;  // first address CS:IP cannot name with A20 off

// A segment as real mode makes it: base = selector * 16, limit 64 KiB (Intel SDM vol. 3, 21.1.1).
BootSegment real_segment(std::uint64_t base, bool code) {
  BootSegment segment;
  segment.selector = static_cast<std::uint16_t>(base >> 4);
  segment.base = base;
  segment.limit = 0xffff;
  segment.type = code ? 0xb : 0x3;
  segment.s = true;
  segment.present = true;
  return segment;
}

// CS = 0 below 64 KiB, as a PC's boot sector is entered (0000:7c00); above, CS:0000 to CS:000f.
void enter_real_mode(BootState& state, std::uint64_t address) {
  const std::uint64_t base = address <= 0xffff ? 0 : align_down<std::uint64_t>(address, 16);
  state.cs = real_segment(base, true);
  state.ds = state.es = state.fs = state.gs = real_segment(base, false);
  state.ss = real_segment(0, false);
  state.rip = address - base;
  state.idt = {0, 0x3ff};  // the interrupt vectors at 0, where real mode has them
  state.gdt = {0, 0xffff};
  state.cr0 = kCr0ExtensionType;
  state.tr.type = 0xb;
  state.tr.limit = 0xffff;
  state.tr.present = true;
  state.ldt.type = 0x2;
  state.ldt.limit = 0xffff;
  state.ldt.present = true;
}

void check(const BootJob& job) {
  const BootRequest::Flat& flat = job.request.flat;
  const auto refuse = [](const std::string& why) {
    throw ConfigError("boot.protocol = \"flat\" " + why);
  };
  if (job.initrd != nullptr) refuse("has no way to pass an initrd: remove boot.initrd");
  if (job.request.cmdline && !job.request.cmdline->empty()) {
    refuse("has no way to pass a command line: remove boot.cmdline");
  }
  if (flat.privilege != 0 && flat.privilege != 3) {
    refuse(fmt::format("starts at privilege level 0 or 3, not {}", flat.privilege));
  }
  if (flat.privilege == 3 && flat.mode != BootRequest::Mode::long_mode) {
    refuse("starts at privilege level 3 only in long mode: set boot.flat.mode = \"long\"");
  }
  if (flat.mode == BootRequest::Mode::real && flat.address >= kRealModeEnd) {
    refuse(fmt::format("in real mode needs an address below 1 MiB, not {:#x}", flat.address));
  }
  if (flat.address >= kIdentityMapped) {
    refuse(fmt::format("needs an address below 4 GiB, not {:#x}", flat.address));
  }
}

}  // namespace

BootState boot_flat(BootJob& job) {
  check(job);
  const BootRequest::Flat& flat = job.request.flat;
  const Range image{flat.address, job.kernel.size().value()};
  job.kernel.read(0, job.layout.claim("flat image", image));
  // Real mode's SS is 0, so its stack must lie in the first 64 KiB.
  const bool real = flat.mode == BootRequest::Mode::real;
  const Range stack =
      job.layout.allocate_low("stack", kStackSize, kPageSize, real ? 0xffff : 0xffff'ffff);
  BootState state;
  state.rsp = stack.start + stack.size;
  std::string_view mode = "real";
  switch (flat.mode) {
    case BootRequest::Mode::real:
      enter_real_mode(state, flat.address);
      state.rsp &= 0xffff;
      break;
    case BootRequest::Mode::protected_mode:
      enter_protected_mode(job, state);
      mode = "protected";
      break;
    case BootRequest::Mode::long_mode:
      enter_long_mode(job, state, flat.privilege);
      mode = flat.privilege == 3 ? "long, ring 3" : "long";
      break;
  }
  if (!real) state.rip = flat.address;
  state.description = fmt::format("flat binary at {:#x} ({} mode)", flat.address, mode);
  return state;
}

}  // namespace skiff

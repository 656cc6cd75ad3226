#include "vmm/board/x86_64/pc_boot.h"

#include "vmm/board/x86_64/memory_map.h"
#include "vmm/boot/x86_64/load_guest.h"

namespace skiff {
namespace {

BootRequest::Protocol to_request(BootProtocol protocol) {
  switch (protocol) {
    case BootProtocol::auto_detect:
      return BootRequest::Protocol::auto_detect;
    case BootProtocol::linux64:
      return BootRequest::Protocol::linux64;
    case BootProtocol::linux_direct:
      return BootRequest::Protocol::linux_direct;
    case BootProtocol::pvh:
      return BootRequest::Protocol::pvh;
    case BootProtocol::multiboot:
      return BootRequest::Protocol::multiboot;
    case BootProtocol::flat:
      return BootRequest::Protocol::flat;
  }
  return BootRequest::Protocol::auto_detect;
}

BootRequest::Mode to_request(FlatMode mode) {
  switch (mode) {
    case FlatMode::real:
      return BootRequest::Mode::real;
    case FlatMode::protected_mode:
      return BootRequest::Mode::protected_mode;
    case FlatMode::long_mode:
      return BootRequest::Mode::long_mode;
  }
  return BootRequest::Mode::protected_mode;
}

SegmentState to_segment(const BootSegment& segment) {
  return {
      .base = segment.base,
      .limit = segment.limit,
      .selector = segment.selector,
      .type = segment.type,
      .dpl = segment.dpl,
      .present = segment.present,
      .s = segment.s,
      .l = segment.l,
      .db = segment.db,
      .g = segment.g,
      .avl = segment.avl,
  };
}

Range between(std::uint64_t from, std::uint64_t to) {
  return {from, to > from ? to - from : 0};
}

}  // namespace

std::vector<MemoryMapEntry> pc_memory_map(const GuestMemory& memory) {
  std::vector<MemoryMapEntry> map;
  const auto add = [&map](Range range, MemoryType type) {
    if (!range.empty()) map.push_back({range, type});
  };
  const std::uint64_t low_end = memory.regions().front().range.last() + 1;
  add({0, pc::kEbdaStart}, MemoryType::usable);
  add(between(pc::kEbdaStart, 0xa'0000), MemoryType::reserved);
  // ACPI tables live where firmware keeps them: reserved, so that no kernel ever reclaims them.
  add(pc::kAcpiArea, MemoryType::reserved);
  add(between(pc::kHighMemoryStart, low_end), MemoryType::usable);
  // Linux trusts the ECAM that MCFG names only if the memory map reserves it.
  add(pc::kPciEcam, MemoryType::reserved);
  for (const GuestMemory::Region& region : memory.regions().subspan(1)) {
    add(region.range, MemoryType::usable);
  }
  return map;
}

BootState load_pc_guest(const BoardContext& context, std::uint64_t rsdp,
                        const std::string& added_cmdline) {
  const BootConfig& boot = context.config.boot;
  return load_guest({
      .memory = context.memory,
      .kernel = boot.kernel,
      .initrd = boot.initrd,
      .cmdline = boot.cmdline,
      .added_cmdline = added_cmdline,
      .protocol = to_request(boot.protocol),
      .flat = {.address = boot.flat.address,
               .mode = to_request(boot.flat.mode),
               .privilege = boot.flat.privilege},
      .memory_map = pc_memory_map(context.memory),
      .reserved = {},
      .rsdp = rsdp,
      .memory_is_zero = true,  // every machine gets fresh RAM
  });
}

VcpuState to_vcpu_state(const BootState& boot) {
  VcpuState state;
  state.rax = boot.rax;
  state.rbx = boot.rbx;
  state.rcx = boot.rcx;
  state.rdx = boot.rdx;
  state.rsi = boot.rsi;
  state.rdi = boot.rdi;
  state.rsp = boot.rsp;
  state.rip = boot.rip;
  state.rflags = boot.rflags;
  state.cs = to_segment(boot.cs);
  state.ds = to_segment(boot.ds);
  state.es = to_segment(boot.es);
  state.fs = to_segment(boot.fs);
  state.gs = to_segment(boot.gs);
  state.ss = to_segment(boot.ss);
  state.tr = to_segment(boot.tr);
  state.ldt = to_segment(boot.ldt);
  state.gdt = {boot.gdt.base, boot.gdt.limit};
  state.idt = {boot.idt.base, boot.idt.limit};
  state.cr0 = boot.cr0;
  state.cr3 = boot.cr3;
  state.cr4 = boot.cr4;
  state.efer = boot.efer;
  return state;
}

}  // namespace skiff

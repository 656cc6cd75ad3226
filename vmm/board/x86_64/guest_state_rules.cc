// The rules of VM entry that a boot state or a guest most often breaks.
#include <fmt/format.h>

#include "vmm/board/x86_64/cpu_mode.h"
#include "vmm/board/x86_64/failure_hints.h"

namespace skiff {
namespace {

constexpr std::uint64_t kProtected = 1, kNotWriteThrough = 1ULL << 29, kCacheDisable = 1ULL << 30,
                        kPaging = 1ULL << 31;
constexpr std::uint64_t kPae = 1ULL << 5, kPcid = 1ULL << 17;
constexpr std::uint64_t kLongEnable = 1ULL << 8, kLongActive = 1ULL << 10;
constexpr std::uint64_t kFlagsReserved = 0xffff'ffff'ffc0'8028ULL;

void check_control(const VcpuState& state, std::vector<std::string>& broken) {
  const bool paging = (state.cr0 & kPaging) != 0;
  const bool active = (state.efer & kLongActive) != 0;
  if (paging && (state.cr0 & kProtected) == 0) broken.push_back("CR0.PG is set without CR0.PE");
  if ((state.cr0 & kNotWriteThrough) != 0 && (state.cr0 & kCacheDisable) == 0) {
    broken.push_back("CR0.NW is set without CR0.CD");
  }
  if ((state.cr0 >> 32) != 0) broken.push_back("CR0 has bits above 31");
  if (active && !paging) broken.push_back("EFER.LMA is set without CR0.PG");
  if (active && (state.cr4 & kPae) == 0) broken.push_back("long mode without CR4.PAE");
  if (paging && active != ((state.efer & kLongEnable) != 0)) {
    broken.push_back("EFER.LMA and EFER.LME differ while paging is on");
  }
  if ((state.cr4 & kPcid) != 0 && !active) broken.push_back("CR4.PCIDE outside long mode");
  if ((state.cr3 >> 52) != 0) broken.push_back(fmt::format("CR3 {:#x} is too wide", state.cr3));
}

void check_segments(const VcpuState& state, std::vector<std::string>& broken) {
  if (cpu_mode(state) == CpuMode::real) return;
  const bool active = (state.efer & kLongActive) != 0;
  if (!state.cs.present || !state.cs.s || (state.cs.type & 8) == 0) {
    broken.push_back("CS is not a present code segment");
  }
  if (active && state.cs.l && state.cs.db) broken.push_back("CS has both L and D set");
  if (state.cs.present && !active && state.cs.l) broken.push_back("CS.L is set outside long mode");
  if (!state.tr.present || (state.tr.type != 11 && (active || state.tr.type != 3))) {
    broken.push_back("TR is not a busy task state segment");
  }
  if (state.tr.present && state.tr.s) broken.push_back("TR has S set");
  if (state.ss.present && (state.ss.selector & 3) != (state.cs.selector & 3)) {
    broken.push_back("the privilege levels of the CS and SS selectors differ");
  }
}

}  // namespace

std::vector<std::string> invalid_guest_state(const VcpuState& state) {
  std::vector<std::string> broken;
  check_control(state, broken);
  check_segments(state, broken);
  if ((state.rflags & 2) == 0) broken.push_back("bit 1 of RFLAGS is clear");
  if ((state.rflags & kFlagsReserved) != 0) broken.push_back("RFLAGS has reserved bits set");
  if (cpu_mode(state) != CpuMode::long64 && (state.rip >> 32) != 0) {
    broken.push_back(fmt::format("RIP {:#x} is wider than 32 bits outside 64-bit mode", state.rip));
  }
  return broken;
}

}  // namespace skiff
